"""From what a browser or a client sends to a pattern, or one sentence that says what is wrong."""

import base64
import binascii
import logging
import re

import gradio as gr
import torch
from torch import Tensor

from paper_lenet5 import pictures

PREFIX = "data:image/png;base64,"
MAX_CHARACTERS = 200_000
"""Of a drawing; a full pad has a tenth of it."""
MAX_PIXELS = 1_000_000
"""Of a drawing; the pads have 78,400 and 235,200."""

FOREIGN = "Only a file that was sent is looked at, and this is a path on the server."
_log = logging.getLogger("demo")


def refuse(sentence: str) -> gr.Error:
    """An error that the visitor sees, and of which the log has a line."""
    _log.warning("refused: %s", sentence)
    return gr.Error(sentence, print_exception=False, title="That did not work")


def drawing(value: object) -> bytes | None:
    """The PNG in a pad's value, or None where nothing is drawn.

    Raises gr.Error for anything else than a data URL of a PNG.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.startswith(PREFIX):
        raise refuse("A drawing is sent as the data URL of a PNG, and this is something else.")
    if len(value) > MAX_CHARACTERS:
        raise refuse(f"A drawing has at most {MAX_CHARACTERS:,} characters, and this has more.")
    try:
        return base64.b64decode(value[len(PREFIX) :], validate=True)
    except binascii.Error:
        raise refuse("The data URL of the drawing is damaged.") from None


def pattern_of(content: bytes, max_pixels: int = MAX_PIXELS) -> Tensor:
    """What the network sees of a picture: uint8 (28, 28). Raises gr.Error."""
    try:
        return pictures.read_picture(content, max_pixels)
    except ValueError as error:
        raise refuse(_sentence(error)) from None


def field_of(content: bytes, max_pixels: int = MAX_PIXELS) -> Tensor:
    """What the network sees of a picture of lines of digits, one after the other: uint8 (32, columns).

    Raises gr.Error.
    """
    try:
        return torch.cat(pictures.read_lines(content, max_pixels), 1)
    except ValueError as error:
        raise refuse(_sentence(error)) from None


def _sentence(error: ValueError) -> str:
    words = re.sub(r" \(.*\)", "", str(error))  # what a decoder says helps nobody here
    return f"{words[0].upper()}{words[1:]}."
