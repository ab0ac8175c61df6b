"""The page: the pad, the tabs, and what happens when one draws."""

from typing import Any

import gradio as gr

from . import api, digits, draw, inside, several, then
from .drawings import drawing, field_of, pattern_of, refuse
from .gate import Guarded
from .misses import misses
from .networks import look
from .pad import Example, pad
from .results import results
from .static import text

TITLE = "LeNet-5, 1998"
LETTER = (((70, 60), (210, 220)), ((210, 60), (70, 220)))
"""An X, which is none of the ten: lines on the pad."""
FIRST = 4
"""The digit that is on the pad at first; the string is the first example."""


def build() -> gr.Blocks:
    """The whole page, with something drawn already."""
    pictures = [digits.png(image) for image in digits.examples()]
    strings = {number: digits.png(several.example(number)) for number in several.EXAMPLES}
    first = look(digits.examples()[FIRST])
    live: dict[str, Any] = {
        "trigger_mode": "always_last", "show_progress": "hidden", "concurrency_limit": 4,
        "api_visibility": "private",
    }  # fmt: skip
    page = Guarded(title=TITLE, analytics_enabled=False, fill_width=True)
    with page:
        gr.HTML(text("header.html"), apply_default_css=False, elem_id="header")
        with gr.Row(elem_id="stage"):
            digit_pad = pad(
                "digit", (280, 280), 22, "Pad to draw a digit on. Examples follow.", "Draw a digit",
                [Example(f"Example: {digit}", picture) for digit, picture in enumerate(pictures)]
                + [Example("Example: the letter X", lines=LETTER)],
                first=pictures[FIRST], elem_id="pad",
            )  # fmt: skip
            with gr.Tabs(elem_id="tabs"):
                with _tab("Draw", "draw"):
                    answer = draw.answer(draw.described(first))
                with _tab("Inside", "inside"):
                    maps = inside.inside(inside.described(first))
                with _tab("Then and now", "then"):
                    both = then.then_and_now(then.described(first.pattern, then.UNCHANGED))
                with _tab("Several digits", "several"):
                    string_pad = pad(
                        "string", (840, 280), 20, "Pad to draw several digits on. Examples follow.",
                        "Draw several digits, with a little space between them",
                        [Example(f"Example: {number}", url) for number, url in strings.items()],
                        first=strings[several.EXAMPLES[0]], elem_id="string-pad",
                    )  # fmt: skip
                    string = several.sweep(several.described(several.example_field()))
                with _tab("The misses", "misses"):
                    misses()
                with _tab("Results", "results"):
                    results()

        digit_pad.draw(_draw, digit_pad, answer, **live)
        digit_pad.inside(_inside, digit_pad, maps, **live)
        digit_pad.then(_compare, [digit_pad, both], both, **live)
        both.input(_compare, [digit_pad, both], both, **live)
        string_pad.several(_read, string_pad, string, **live)
        api.endpoints()
    return page


def _tab(label: str, name: str) -> gr.Tab:
    tab = gr.Tab(label, id=name, elem_id=f"tab-{name}")
    tab.select(None, js=f"() => lenet.show('{name}')")
    return tab


def _draw(drawn: object) -> dict[str, Any] | None:
    """The answer to a drawing."""
    content = drawing(drawn)
    return None if content is None else draw.described(look(pattern_of(content)))


def _inside(drawn: object) -> dict[str, Any] | None:
    """All maps of a drawing."""
    content = drawing(drawn)
    return None if content is None else inside.described(look(pattern_of(content)))


def _compare(drawn: object, both: object) -> dict[str, Any]:
    """Both networks' answers to a drawing, as the sliders stand."""
    try:
        settings = then.settings_of(both)
    except ValueError as error:
        raise refuse(f"The sliders are not as they should be: {error}.") from None
    content = drawing(drawn)
    answers = None if content is None else then.described(pattern_of(content), settings)
    return {"settings": settings, "answers": answers}


def _read(drawn: object) -> dict[str, Any] | None:
    """The sweep over a string."""
    content = drawing(drawn)
    return None if content is None else several.described(field_of(content))
