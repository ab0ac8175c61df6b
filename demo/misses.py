"""Fifth tab: the test digits that the network misses, with the paper's 82 marked (Fig. 8)."""

import base64

import gradio as gr

from .digits import COLUMNS, SHEET, Digit, digits
from .static import text


def misses() -> gr.HTML:
    """A button for each digit; it goes onto the pad."""
    known = digits()
    shown = [
        (place, d) for place, d in enumerate(known.digits) if d.missed_by or d.in_1998 is not None
    ]
    ours = sum(d.ours is not None for _, d in shown)
    paper = sum(d.in_1998 is not None for _, d in shown)
    both = sum(d.ours is not None and d.in_1998 is not None for _, d in shown)
    sheet = "data:image/png;base64," + base64.b64encode(SHEET.read_bytes()).decode()
    rows = -(-len(known.digits) // COLUMNS)
    choices = {
        "ours": f"This network’s {ours}",
        "paper": f"The paper’s {paper}",
        "both": f"Both, {both}",
        "all": f"All that any of {known.networks} networks misses",
    }
    radios = "".join(
        f'<label><input type="radio" name="misses" value="{value}"'
        f"{' checked' if value == 'ours' else ''}><span>{label}</span></label>"
        for value, label in choices.items()
    )
    buttons = "".join(_button(place, digit, known.networks) for place, digit in shown)
    return gr.HTML(
        html_template=f"""
<div class="view misses" data-show="ours">
  <p class="about">Of 10,000 test digits. <b>Label → answer</b>; an orange frame marks what the network
  of 1998 missed. Choose one to look at it.</p>
  <fieldset class="choices"><legend class="sr">Which digits</legend>{radios}</fieldset>
  <img class="sheet" src="{sheet}" alt="" hidden>
  <div class="grid" style="--across:{COLUMNS};--down:{rows}">{buttons}</div>
</div>""",
        js_on_load=text("misses.js"),
        apply_default_css=False,
        elem_id="misses",
    )


def _button(place: int, digit: Digit, networks: int) -> str:
    ours, paper = digit.ours is not None, digit.in_1998 is not None
    sets = {"all": True, "ours": ours, "paper": paper, "both": ours and paper}
    words = [f"Test digit {digit.index}, a {digit.label}."]
    words.append(f"Answer {digit.ours}." if ours else "This network is right.")
    if paper:
        words.append(f"1998: {digit.in_1998}.")
    words.append(f"Missed by {digit.missed_by} of {networks} networks.")
    said = " ".join(words)
    now, then = _arrow(digit.label, digit.ours), _arrow(digit.label, digit.in_1998)
    name = (
        f"{now}, in 1998 {then}. {said}" if paper else f"{now}. {said}"
    )  # begins with what is seen
    row, column = divmod(place, COLUMNS)
    return (
        f'<button type="button" data-in="{" ".join(name for name, inside in sets.items() if inside)}" '
        f'title="{said}" aria-label="{name}" data-x="{column}" data-y="{row}" '
        f'style="--x:{column};--y:{row}"><i></i>'
        f'<span class="now">{now}</span>'
        f'<span class="in-1998">{then}</span></button>'
    )


def _arrow(label: int, answer: int | None) -> str:
    return f"{label}→{label if answer is None else answer}"
