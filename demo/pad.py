"""The pad, of plain HTML: gr.Sketchpad starts without a tool in hand and needs WebGL."""

import json
from html import escape
from typing import Any, NamedTuple

import gradio as gr

from .static import text


class Example(NamedTuple):
    """A button under the pad that puts something on it."""

    label: str
    """What screen readers say."""
    picture: str = ""
    """The data URL of a PNG; or none, and then"""
    lines: tuple[tuple[tuple[float, float], ...], ...] = ()
    """lines of points (x, y) in pixels of the pad."""


def pad(
    name: str, size: tuple[int, int], line: int, label: str, hint: str,
    examples: list[Example], first: str = "", **options: Any,
) -> gr.HTML:  # fmt: skip
    """Draws with mouse, finger and pen. Its value is a data URL, or "" where nothing is drawn.

    Whatever is drawn triggers the event that is named like the open tab: draw, inside, then or several.

    A drawing of lines is a PNG of the pad with paper around it; an example's picture is sent as it is.
    """
    width, height = size
    canvas = (
        f'<canvas width="{width}" height="{height}" data-name="{name}" data-line="{line}" '
        f'data-first="{first}" tabindex="0" role="img" aria-label="{escape(label)}"></canvas>'
    )
    buttons = "".join(map(_button, examples))
    return gr.HTML(
        value=first,
        html_template=(
            f'<div class="pad"><div class="paper">{canvas}<p class="hint">{escape(hint)}</p></div>'
            '<div class="tools"><button type="button" data-do="undo">Undo</button>'
            '<button type="button" data-do="clear">Clear</button></div>'
            f'<div class="examples" role="group" aria-label="Examples">{buttons}</div></div>'
        ),
        js_on_load=text("pad.js"),
        apply_default_css=False,
        **options,
    )


def _button(example: Example) -> str:
    label = escape(example.label)
    lines, shown = "", f'<img src="{example.picture}" alt="{label}">'
    if example.lines:
        path = " ".join("M" + " ".join(f"{x:g},{y:g}" for x, y in line) for line in example.lines)
        lines = f'data-lines="{escape(json.dumps(example.lines))}"'
        shown = f'<svg viewBox="0 0 280 280" aria-hidden="true"><path d="{path}"/></svg>'
    return f'<button type="button" title="{label}" aria-label="{label}" {lines}>{shown}</button>'
