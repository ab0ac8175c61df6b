"""Endpoints for programs: `gradio_client`, and MCP where its extra is installed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, TypeVar

import torch
from gradio.data_classes import FileData
from gradio.events import api
from gradio.utils import get_upload_folder
from torch import Tensor

from paper_lenet5 import pictures

from .networks import look, read
from .refusals import FOREIGN, refuse

MAX_PIXELS = 25_000_000
"""Of a picture that is sent."""
Seen = TypeVar("Seen", Tensor, list[Tensor])


class Answer(TypedDict):
    """What `classify` gives."""

    digit: int | None
    certainty: str
    closest: int
    margin: float
    penalties: list[float]
    f6: list[list[float]]


class Reading(TypedDict):
    """What `read_string` gives."""

    text: str
    answers: list[int]
    read: list[int]


def endpoints() -> None:
    """/classify and /read_string. One picture at a time: a large one takes 0.3 GB."""
    for endpoint in (classify, read_string):
        api(endpoint, api_name=endpoint.__name__, concurrency_limit=1, concurrency_id="pictures")


def classify(picture: FileData) -> Answer:
    """
    Which digit a picture shows, as LeNet-5 of 1998 sees it.

    Args:
        picture: the file of a picture of one digit, dark on light or light on dark.
    Returns:
        digit, 0 to 9, or null for none of these; certainty, "sure", "probable" or "none", by the
        posterior of eq. 9 and by what speaks against the digit; closest, the digit whose bitmap F6 lies
        closest to; margin, how much larger the second penalty is; penalties of the digits 0 to 9, the
        smallest wins; f6, 12 rows of 7 units, ink about 1 and paper about -1.
    """
    seen = look(_seen(pictures.read_picture, picture))
    said = seen.verdict
    return {
        "digit": None if said.label is None else said.closest,
        "certainty": said.certainty.value,
        "closest": said.closest,
        "margin": said.margin,
        "penalties": seen.penalties,
        "f6": seen.states["f6"].view(12, 7).tolist(),
    }


def read_string(picture: FileData) -> Reading:
    """
    The digits in a picture, line after line, read by one sweep of LeNet-5 (section VII).

    Args:
        picture: the file of a picture of lines of digits, with a little space between them.
    Returns:
        text, the digits from left to right; answers, the raw row, one every 4 pixels, 10 is the blank;
        read, of each answer what the best path reads.
    """
    answers, reading = read(torch.cat(_seen(pictures.read_lines, picture), 1))
    return {"text": reading.text, "answers": answers, "read": list(reading.labels)}


def _seen(way: Callable[[bytes, int], Seen], picture: object) -> Seen:
    """What the network sees of a picture, by one way to look at it. Raises gr.Error."""
    content = _content(picture)
    try:
        return way(content, MAX_PIXELS)
    except ValueError as error:
        several = isinstance(error, pictures.SeveralCharacters)
        words = f"{error}: use /read_string" if several else str(error)
        if error.__cause__:  # what a decoder says helps nobody here
            words = re.sub(r" \(.*\)", "", words)
        raise refuse(f"{words[0].upper()}{words[1:]}.") from None


def _content(picture: object) -> bytes:
    """Of a file that Gradio has fetched. Raises gr.Error for anything else."""
    if not isinstance(picture, dict) or not isinstance(picture.get("path"), str):
        kind = "nothing" if picture is None else f"a value of type {type(picture).__name__}"
        raise refuse(
            "Expected the file of a picture (handle_file of gradio_client makes one of a path), "
            f"got {kind}."
        )
    path = Path(picture["path"]).resolve()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise refuse(FOREIGN)
    try:
        return path.read_bytes()
    except OSError:
        raise refuse("There is no such file: send it again.") from None
