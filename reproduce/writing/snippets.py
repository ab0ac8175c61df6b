"""The code on a page: each block of it, and what its Python prints, which stands below it."""

import contextlib
import io
import os
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt


class CodeBlock(NamedTuple):
    """One block of code on a page."""

    language: str
    code: str
    first: int
    """Line of the page on which its code begins, from 0."""
    after: int
    """The line of the page that closes it."""


def code_blocks(text: str) -> list[CodeBlock]:
    """The blocks of code on a page, in order. Without a fence or a word after it the language is ""."""
    return [
        CodeBlock(token.info.strip(), token.content, token.map[0] + 1, token.map[1] - 1)
        for token in MarkdownIt().parse(text)
        if token.type in ("fence", "code_block") and token.map
    ]


def with_outputs(page: str, text: str, folder: Path) -> str:
    """The page's text, each ```text below Python being what that Python prints.

    All Python of the page is run in `folder`, in order and in one namespace. What it raises is raised,
    with `page` and the line.
    """
    lines, found = text.splitlines(keepends=True), code_blocks(text)
    namespace: dict[str, object] = {"__name__": page}
    printed: dict[CodeBlock, str] = {}
    here = os.getcwd()
    os.chdir(folder)
    try:
        for block, following in zip(found, [*found[1:], None], strict=True):
            if block.language != "python":
                continue
            code = compile("\n" * block.first + block.code, page, "exec")
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(code, namespace)  # nosec B102
            if following and following.language == "text" and adjacent(lines, block, following):
                printed[following] = output.getvalue()
    finally:
        os.chdir(here)
    for block, text in reversed(printed.items()):
        lines[block.first : block.after] = text.splitlines(keepends=True)
    return "".join(lines)


def adjacent(lines: list[str], block: CodeBlock, following: CodeBlock) -> bool:
    """Whether nothing stands between the two."""
    return not "".join(lines[block.after + 1 : following.first - 1]).strip()
