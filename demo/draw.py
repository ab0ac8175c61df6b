"""First tab: what the network sees, F6's picture, and how far it lies from each bitmap."""

from typing import Any

import gradio as gr

from paper_lenet5.bitmaps import COLUMNS, digit_bitmaps
from paper_lenet5.preprocessing import PATTERN
from paper_lenet5.verdict import RUBBISH

from . import cells
from .networks import Look
from .static import text


def answer(value: dict[str, Any] | None) -> gr.HTML:
    """Shows `described(look)`, or an invitation where it is None."""
    bitmaps = "".join(
        f'<li data-digit="{digit}">'
        '<div class="bar" aria-hidden="true"><span></span></div>'
        f'<span class="penalty"></span>'
        f"{cells.canvas('', COLUMNS, attributes='data-gap')}"
        f'<span class="name"><span class="sr">Digit </span>{digit}</span></li>'
        for digit in range(10)
    )
    codes = cells.of_codes(digit_bitmaps())
    return gr.HTML(
        value=value,
        html_template=f"""
<div class="view answer" data-bitmaps="{codes}">
  <div class="steps">
    <figure>{cells.canvas("", PATTERN, "The drawing as the network sees it", "data-seen")}
      <figcaption><b>What it sees</b>Cropped, fitted into 20×20, centred by mass.</figcaption>
    </figure>
    <span class="arrow" aria-hidden="true">→</span>
    <figure>{cells.canvas("", COLUMNS, "The state of F6 as a picture", "data-f6 data-gap")}
      <figcaption><b>What F6 draws</b>84 units, a picture of 7×12.</figcaption>
    </figure>
    <span class="arrow" aria-hidden="true">→</span>
    <div class="verdict" role="status" aria-live="polite">
      <p class="lead">The closest bitmap</p>
      <p class="digit"></p>
      <p class="detail"></p>
    </div>
  </div>
  <h2>How far F6 is from each digit</h2>
  <ol class="bitmaps">{bitmaps}</ol>
  <p class="legend"><span class="mark"></span> ink that F6 lacks, <span class="mark pale"></span> ink
  that it has too much. The penalty is the sum of the squared differences (eq. 7), and a bar with a torn
  top goes on beyond; the smallest wins. Above {RUBBISH:g} it is probable only, and far above, none of
  these (eq. 9).</p>
</div>""",
        js_on_load=text("draw.js"),
        apply_default_css=False,
        elem_id="answer",
    )


def described(look: Look) -> dict[str, Any]:
    """What the page needs of a look."""
    return {
        "seen": cells.encoded(look.pattern),
        "f6": [round(x, 3) for x in look.states["f6"].flatten().tolist()],
        "penalties": [round(penalty, 2) for penalty in look.penalties],
        "ranking": look.ranking,
        "certainty": look.certainty.value,
    }
