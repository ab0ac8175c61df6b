"""Endpoints for programs: `gradio_client`, and MCP where its extra is installed."""

from pathlib import Path

import gradio as gr
from gradio.data_classes import FileData

from . import several
from .drawings import PREFIX, drawing, ink_of, pattern_of, refuse
from .networks import look

MAX_PIXELS = 25_000_000
"""Of a picture that is sent."""

from gradio.events import Dependency

class Picture(gr.File):
    """A file of the client's; says in one sentence what is wrong with anything else."""

    data_model = None

    def preprocess(self, payload: object) -> bytes:
        """The file's content; a data URL of a PNG is taken as well."""
        if isinstance(payload, str) and payload.startswith(PREFIX):
            return drawing(payload)
        if not isinstance(payload, dict) or not isinstance(payload.get("path"), str):
            raise refuse(
                "Expected the file of a picture (handle_file of gradio_client makes one of a path "
                f"or an address), got {_named(payload)}."
            )
        return Path(payload["path"]).read_bytes()

    def api_info(self) -> dict:
        """As every file's."""
        return FileData.model_json_schema()
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


def endpoints() -> None:
    """/classify and /read_string."""
    for endpoint in (classify, read_string):
        picture = Picture(label="Picture", visible=False)
        answer = gr.JSON(label="Answer", visible=False)
        gr.Button(visible=False).click(
            endpoint, picture, answer, api_name=endpoint.__name__, concurrency_limit=4
        )


def classify(picture: bytes) -> dict:
    """
    Which digit a picture shows, as LeNet-5 of 1998 sees it.

    Parameters:
        picture: a picture of one digit, dark on light or light on dark: PNG, JPEG, GIF, BMP, TIFF or WebP.
    Returns:
        digit: 0 to 9, or null where "none of these" is likelier (the rubbish class of eq. 9);
        closest: the digit whose bitmap F6 lies closest to; margin: how much larger the second penalty is;
        penalties: of the digits 0 to 9, the smallest wins; f6: 12 rows of 7 units, ink about 1, paper about -1.
    """
    seen = look(pattern_of(picture, MAX_PIXELS))
    return {
        "digit": None if seen.rubbish else seen.closest,
        "closest": seen.closest,
        "margin": seen.margin,
        "penalties": seen.penalties,
        "f6": seen.states["f6"].view(12, 7).tolist(),
    }


def read_string(picture: bytes) -> dict:
    """
    The digits in a picture of a line of digits, read by one sweep of LeNet-5 (section VII).

    Parameters:
        picture: a picture of one line of digits, with a little space between them: PNG, JPEG, GIF, BMP, TIFF or WebP.
    Returns:
        text: the digits from left to right; answers: the raw row, one every 4 pixels, 10 is the blank;
        read: of each answer what the best path reads.
    """
    read = several.described(several.field_of(ink_of(picture, MAX_PIXELS)))
    return {"text": read["text"], "answers": read["raw"], "read": read["read"]}


def _named(payload: object) -> str:
    return "nothing" if payload is None else f"a {type(payload).__name__}"