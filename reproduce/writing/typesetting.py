"""A page as a paper: from Markdown to the source of Typst, which sets it."""

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath

from markdown_it import MarkdownIt
from markdown_it.token import Token

PREAMBLE = """\
#set document(title: "{title}", date: none)
#set page(paper: "a4", margin: (x: 2.1cm, y: 2.1cm), numbering: "1")
#set text(font: "Libertinus Serif", size: 10pt, lang: "en")
#set par(justify: true, leading: 0.6em, spacing: 0.9em)
#show heading: set block(above: 1.5em, below: 0.8em)
#show heading.where(level: 1): it => align(center, text(17pt, it.body))
#show heading.where(level: 2): set text(12pt)
#show raw: set text(size: 8.5pt)
#show raw.where(block: true): block.with(fill: luma(245), inset: 7pt, radius: 2pt, width: 100%)
#show link: set text(fill: rgb("#2166ac"))
#set list(indent: 0.5em)
#set figure(placement: auto)
#show figure.caption: set text(size: 9pt)
#let picture(path, alt) = image(path, alt: alt, width: 85%)
#let ahead(words) = block(sticky: true, spacing: 0.9em, par(words))
"""
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
WIDE = 24
"""A table's column with a cell of more characters than that is broken into lines."""
LONG = 40
"""A table of more lines than that is not kept on one page."""


def typst(title: str, markdown: str, folder: str) -> str:
    """The source of a paper with the page's headings, paragraphs, lists, tables, pictures and code.

    `folder` is where the page stands in the project: its pictures are named from the root.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    for token in tokens:
        for child in token.children or []:
            if child.type == "image":
                drawing = str(child.attrs["src"]).replace(".png", ".svg")
                child.attrs["src"] = normpath(f"/{folder}/{drawing}")
    return PREAMBLE.format(title=title) + "".join(_blocks(iter(tokens)))


def _blocks(tokens: Iterator[Token]) -> Iterator[str]:
    """Each block; comments are left out. What ends with a colon stays with what follows it."""
    for token in tokens:
        if token.type == "table_open":
            yield _table(tokens)
        elif token.type == "heading_open":
            yield f"\n{'=' * int(token.tag[1])} "
        elif token.type == "list_item_open":
            yield "\n- "
        elif token.type == "inline":
            words = _words(token.children or [])
            yield f"#ahead[{words}]" if token.content.endswith(":") else words
        elif token.type == "fence":
            yield f"\n#raw({quoted(token.content.rstrip())}, block: true)\n"
        elif token.type in ("heading_close", "paragraph_close", "bullet_list_close"):
            yield "\n\n" if not token.hidden else "\n"


def _table(tokens: Iterator[Token]) -> str:
    """A table with rules above, below, and under its head; wide columns share what the others leave."""
    rows: list[list[Token]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(token)
    widest = [max(len(row[k].content) for row in rows) for k in range(len(rows[0]))]
    columns = "".join(f"{n}fr, " if n > WIDE else "auto, " for n in widest)
    head, *body = ["".join(f"[{_words(cell.children or [])}], " for cell in row) for row in rows]
    lines, breakable = "\n".join(body), str(len(body) > LONG).lower()
    return (
        f"\n#block(width: 100%, breakable: {breakable}, {{\n"
        "set text(size: 7.5pt)\nset par(justify: false, leading: 0.45em)\n"
        f"table(columns: ({columns}), stroke: none, inset: (x: 3pt, y: 2.2pt), table.hline(),\n"
        f"table.header({head}), table.hline(stroke: 0.5pt),\n{lines}\n"
        "table.hline())})\n\n"
    )


def _words(tokens: Sequence[Token]) -> str:
    """What stands in a line: text as Typst's strings, in which no sign has a meaning of its own."""
    text = ""
    for token in tokens:
        if token.type == "text":
            text += f"#{quoted(numbers(token.content))};"
        elif token.type in ("softbreak", "hardbreak"):
            text += " "
        elif token.type == "code_inline":
            text += f"#raw({quoted(token.content)});"
        elif token.type in ("strong_open", "em_open"):
            text += f"#{token.type.removesuffix('_open').replace('em', 'emph')}["
        elif token.type == "link_open":
            target = str(token.attrs["href"])  # a paper has no files beside it
            text += f"#link({quoted(target)})[" if target.startswith("http") else "#["
        elif token.type in ("strong_close", "em_close", "link_close"):
            text += "];"
        elif token.type == "image":
            picture, caption = quoted(str(token.attrs["src"])), _words(token.children or [])
            alt = quoted(token.content)
            text += f"#figure(picture({picture}, {alt}), caption: [{caption}]);"
    return text


def numbers(text: str) -> str:
    """Numbers as print has them: a true minus, powers of ten, and no line broken before % or ±."""
    text = re.sub(r"(?<![\w.])-(?=[\d.])", "−", text)
    text = re.sub(r"(?<=\d)e-0*(\d+)", lambda found: "·10⁻" + found[1].translate(RAISED), text)
    return re.sub(r"(?<=\d) (?=[%±])|(?<=±) (?=\d)", "\N{NO-BREAK SPACE}", text)


def quoted(text: str) -> str:
    """A string of Typst's."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
