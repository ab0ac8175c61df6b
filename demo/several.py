"""Fourth tab: the network swept over a string of digits. Section VII, Fig. 25."""

from typing import Any

import gradio as gr
import torch
from torch import Tensor

from paper_lenet5.pictures.normalise import normalise_line
from paper_lenet5.preprocessing import FIELD, preprocess
from paper_lenet5.reading import read_string
from paper_lenet5.strings import BLANK, STRIDE, bounding_columns, paint, place

from . import cells, digits
from .networks import reader
from .static import text

EXAMPLES = ("1998", "42", "2345", "70168")


def example(number: str) -> Tensor:
    """The digits of a number side by side, three pixels apart: uint8 (28, columns), ink 255."""
    images = digits.examples()[[int(digit) for digit in number]]
    places = place(bounding_columns(images)[None], torch.full((1, len(number) - 1), 3))
    width = int(places[0, -1]) + FIELD
    return paint(images, torch.arange(len(number))[None], places + 2, width)[0, 2:-2]


def example_field() -> Tensor:
    """What the network sees of the first example."""
    return normalise_line(example(EXAMPLES[0]).numpy() / 255)


@torch.inference_mode()
def described(field: Tensor) -> dict[str, Any]:
    """The sweep over a field, uint8 (32, columns): its answers, F6's pictures, and what is read."""
    network = reader()
    f6 = network.states(preprocess(field[None]))["f6"]  # (1, 1, answers, 84)
    penalties = network.rbf(f6)[0, 0].T  # (11, answers)
    reading = read_string(penalties)
    smallest = penalties.min(0)
    return {
        "field": cells.encoded(field),
        "width": field.shape[1],
        "raw": smallest.indices.tolist(),
        "penalties": [round(penalty, 1) for penalty in smallest.values.tolist()],
        "read": list(reading.labels),
        "text": reading.text,
        "f6": [cells.of_codes(code) for code in f6[0, 0]],
    }


def sweep(value: dict[str, Any] | None) -> gr.HTML:
    """Shows `described(field)`."""
    return gr.HTML(
        value=value,
        html_template=f"""
<div class="view sweep" data-blank="{BLANK}">
  <div class="verdict" role="status" aria-live="polite">
    <p class="lead"></p><p class="digit"></p>
  </div>
  <div class="scroll" tabindex="0" role="group" aria-label="The sweep, from left to right">
    <div class="track">
      {cells.canvas("", FIELD, "The string as the network sees it", "data-field")}
      <ol class="answers"></ol>
    </div>
  </div>
  <p class="legend">The network looks at a window of 32×32 pixels every {STRIDE} pixels. Each look gives
  a picture in F6 and an answer: a digit, or · for a blank. Pale answers have a high penalty.
  <span class="mark"></span> is what the best path reads: no digit may follow a digit without a blank
  between them.</p>
</div>""",
        js_on_load=text("sweep.js"),
        apply_default_css=False,
        elem_id="sweep",
    )
