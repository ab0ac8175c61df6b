"""The page of figures, as Gradio shows it: sections of results/README.md, to be opened."""

import os
import re
from pathlib import Path

import gradio as gr

from .tables import RESULTS

HEAD = '<header class="head"><p><a href="./">← Draw a digit</a></p><h1>Figures</h1></header>'


def figures() -> None:
    """All of them; or where they are."""
    gr.HTML(HEAD, apply_default_css=False, padding=False, elem_id="head")
    if not RESULTS.is_dir():
        gr.Markdown("The figures are in the repository.")
        return
    gr.set_static_paths([RESULTS / "figures"])
    with gr.Column(elem_id="figures"):
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
    text = (RESULTS / "README.md").read_text(encoding="utf-8")
    try:
        folder = Path(os.path.relpath(RESULTS)).as_posix()
    except ValueError:  # on Windows no path leads from one drive to another
        folder = RESULTS.as_posix()
    text = re.sub(r"!\[(.*?)\]\((.*?)\)", rf"![\1](gradio_api/file={folder}/\2)", text)
    return re.sub(r"(?<!!)\[(.*?)\]\((?!http)(.*?)\)", r"\1", text)
