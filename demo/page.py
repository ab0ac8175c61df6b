"""The page: the pad, the tabs, and what happens when one draws."""

import gradio as gr

from . import api, digits, draw, inside, several, then
from .drawings import drawing, ink_of, pattern_of, refuse
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
    live = {
        "trigger_mode": "always_last", "show_progress": "hidden", "concurrency_limit": 4,
        "api_visibility": "private",
    }  # fmt: skip
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
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

        digit_pad.change(_think, [digit_pad, both], [answer, maps, both], **live)
        both.input(_compare, [digit_pad, both], both, **live)
        string_pad.change(_read, string_pad, string, **live)
        api.endpoints()
    return page


def _tab(label: str, name: str) -> gr.Tab:
    tab = gr.Tab(label, id=name, elem_id=f"tab-{name}")
    tab.select(None, js=f"() => lenet.show('{name}')")
    return tab


def _think(drawn: object, both: object) -> tuple:
    """What the open tab shows of the drawing; the others stay as they are."""
    content, tab = _content(drawn), drawn.get("tab")
    seen = None if content is None else look(pattern_of(content))
    return (
        (seen and draw.described(seen)) if tab == "draw" else gr.skip(),
        (seen and inside.described(seen)) if tab == "inside" else gr.skip(),
        _compared(seen and seen.pattern, both) if tab == "then" else gr.skip(),
    )


def _compare(drawn: object, both: object) -> dict:
    """Both answers after a slider has moved."""
    content = _content(drawn)
    return _compared(None if content is None else pattern_of(content), both)


def _compared(pattern, both: object) -> dict:
    try:
        settings = then.settings_of(both)
    except ValueError as error:
        raise refuse(f"The sliders are not as they should be: {error}.") from None
    answers = None if pattern is None else then.described(pattern, settings)
    return {"settings": settings, "answers": answers}


def _read(drawn: object) -> dict | None:
    """The sweep over the string."""
    content = _content(drawn)
    return None if content is None else several.described(several.field_of(ink_of(content)))


def _content(drawn: object) -> bytes | None:
    if not isinstance(drawn, dict):
        raise refuse(
            "A pad sends its drawing and the tab that is open, and this is something else."
        )
    return drawing(drawn.get("drawing"))
