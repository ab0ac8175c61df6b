"""Last tab: table 1 and the figures, from the committed results."""

import json
import os
import re
from html import escape
from pathlib import Path

import gradio as gr

RESULTS = Path(__file__).parent.parent / "results"
COLUMNS = {
    "model": ("trained from scratch on MNIST", "{}"),
    "paper_error": ("paper, test error %", "{:.2f}"),
    "test_error": ("ours, mean", "{:.3f}"),
    "test_sd": ("± sd", "{:.3f}"),
    "n": ("networks", "{}"),
    "parameters": ("weights", "{:,}"),
}
"""Of table 1: heading and form."""


def results() -> None:
    """The table, and below it the sections of results/README.md, to be opened; or where they are."""
    if not RESULTS.is_dir():
        gr.Markdown("Table 1 and the figures are in the repository.", elem_classes="view")
        return
    gr.set_static_paths([RESULTS / "figures"])
    gr.HTML(f'<div class="view results">{table()}</div>', apply_default_css=False)
    with gr.Column(elem_id="figures", elem_classes="view"):
        for title, text in sections():
            with gr.Accordion(title, open=False):
                gr.Markdown(text)


def table() -> str:
    """results/table1.json as HTML; what has no value there is left empty."""
    lines = json.loads((RESULTS / "table1.json").read_text())
    heads = "".join(f'<th scope="col">{heading}</th>' for heading, _ in COLUMNS.values())
    rows = ""
    for line in lines:
        values = [
            "" if line[name] is None else escape(form.format(line[name]))
            for name, (_, form) in COLUMNS.items()
        ]
        rows += f'<tr><th scope="row">{values[0]}</th>'
        rows += "".join(f"<td>{value}</td>" for value in values[1:]) + "</tr>"
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="Table 1"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def sections() -> list[tuple[str, str]]:
    """Title and text of each section of results/README.md that has one."""
    _, *parts = re.split(r"^#+ (.*)$", page(), flags=re.M)
    return [
        (title, text) for title, text in zip(parts[::2], parts[1::2], strict=True) if "![" in text
    ]


def page() -> str:
    """results/README.md with its pictures where this server has them."""
    text = (RESULTS / "README.md").read_text()
    folder = os.path.relpath(RESULTS).replace(os.sep, "/")
    text = re.sub(r"!\[(.*?)\]\((.*?)\)", rf"![\1](gradio_api/file={folder}/\2)", text)
    return re.sub(r"(?<!!)\[(.*?)\]\((?!http)(.*?)\)", r"\1", text)
