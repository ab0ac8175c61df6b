"""Last tab: table 1 and the figures, from the committed results."""

import os
import re

import gradio as gr

from .tables import RESULTS, TABLE_1


def results() -> None:
    """The table, and below it the sections of results/README.md, to be opened; or where they are."""
    if not RESULTS.is_dir():
        gr.Markdown("Table 1 and the figures are in the repository.", elem_classes="view")
        return
    gr.set_static_paths([RESULTS / "figures"])
    gr.HTML(f'<div class="view results">{TABLE_1.html()}</div>', apply_default_css=False)
    with gr.Column(elem_id="figures", elem_classes="view"):
        for title, text in sections():
            with gr.Accordion(title, open=False):
                gr.Markdown(text)


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
