"""Fourth tab: the network swept over a string of digits. Section VII, Fig. 25."""

import gradio as gr
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from paper_lenet5.preprocess import BLACK, FIELD, WHITE
from paper_lenet5.reading import read_string
from paper_lenet5.strings import BLANK, STRIDE, bounding_columns, paint, place

from . import cells, digits
from .networks import reader
from .static import text

HEIGHT, MARGIN = 20, 12
"""Of the characters, and the paper left and right of them, pixels."""
LONGEST = 320
"""Pixels, of all characters together."""
EXAMPLES = ("1998", "42", "2345", "70168")


def example(number: str) -> Tensor:
    """The digits of a number side by side, three pixels apart: uint8 (28, columns), ink 255."""
    images = digits.examples()[[int(digit) for digit in number]]
    places = place(bounding_columns(images)[None], torch.full((1, len(number) - 1), 3))
    width = int(places[0, -1]) + FIELD
    return paint(images, torch.arange(len(number))[None], places + 2, width)[0, 2:-2]


def example_field() -> Tensor:
    """What the network sees of the first example."""
    return field_of(example(EXAMPLES[0]).numpy() / 255)


def field_of(ink: np.ndarray) -> Tensor:
    """The ink of a string, (rows, columns), as a wide field: uint8 (32, columns), ink 255.

    Cropped, fitted to the height of MNIST's digits, and put into the middle of the rows, with paper
    left and right. Raises ValueError where there is no ink.
    """
    strong = ink > 0.1 * ink.max()
    rows, columns = (np.flatnonzero(strong.any(axis)) for axis in (1, 0))
    if not len(rows):
        raise ValueError("nothing is drawn")
    string = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(HEIGHT / string.shape[0], LONGEST / string.shape[1])
    height, width = (max(1, round(side * scale)) for side in string.shape)
    fitted = Image.fromarray(string.astype(np.float32)).resize(
        (width, height), Image.Resampling.HAMMING
    )
    grey = np.asarray(fitted).clip(0)
    answers = max(1, 1 + -(-(width + 2 * MARGIN - FIELD) // STRIDE))
    field = np.zeros((FIELD, FIELD + STRIDE * (answers - 1)), np.uint8)
    top, left = ((a - b) // 2 for a, b in zip(field.shape, grey.shape, strict=True))
    field[top : top + height, left : left + width] = (255 * grey / grey.max()).round()
    return torch.from_numpy(field)


@torch.inference_mode()
def described(field: Tensor) -> dict:
    """The sweep over a field, uint8 (32, columns): its answers, F6's pictures, and what is read."""
    network = reader()
    grey = field[None, None].float()
    f6 = network.states(grey * ((BLACK - WHITE) / 255) + WHITE)["f6"]  # (1, 1, answers, 84)
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


def sweep(value: dict | None) -> gr.HTML:
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
