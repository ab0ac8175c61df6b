"""What is seen in a picture, step by step, as a picture: paper, ink, writing, what the network sees."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import Seen, fields_of, pattern_of

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE, CAPTION, GAP = 240, 16, 8
"""Of each step's picture, the words above it, and the space between two, pixels."""


def steps(seen: Seen) -> dict[str, np.ndarray]:
    """What each step gave, by its name: uint8, (rows, columns) or (rows, columns, 3), ink 0."""
    shown = {
        "picture": seen.picture,
        "paper": seen.paper.paper.clip(0, 1),
        "ink": 1 - seen.paper.ink,
        "writing": 1 - seen.ink_of(seen.found.chosen),
    }
    as_bytes = {name: (255 * step).round().astype(np.uint8) for name, step in shown.items()}
    try:
        return as_bytes | {"pattern": 255 - pattern_of(seen).numpy()}
    except ValueError:  # no single character
        return as_bytes | {
            f"line {number}": 255 - field.numpy() for number, field in enumerate(fields_of(seen), 1)
        }


def sheet(explained: Sequence[tuple[str, Seen | None]]) -> "Image":
    """A row for each: words about it, and the steps, if anything was seen."""
    from PIL import Image, ImageDraw

    rows = [(words, steps(seen) if seen else {}) for words, seen in explained]
    width = GAP + max(4, *(len(of) for _, of in rows)) * (SIDE + GAP)
    high = 2 * CAPTION + SIDE + GAP
    drawn = Image.new("RGB", (width, max(1, len(rows)) * high), "white")
    pen = ImageDraw.Draw(drawn)
    for number, (words, of) in enumerate(rows):
        top = number * high
        pen.text((GAP, top), words.encode("ascii", "backslashreplace").decode(), "black")
        for place, (name, step) in enumerate(of.items()):
            left = GAP + place * (SIDE + GAP)
            pen.text((left, top + CAPTION), name, "gray")
            image = Image.fromarray(step)
            scale = SIDE / max(image.size)
            size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
            small = image.resize(
                size, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
            )
            drawn.paste(small, (left, top + 2 * CAPTION))
            pen.rectangle((left - 1, top + 2 * CAPTION - 1, left + size[0], top + 2 * CAPTION + size[1]),
                          outline="lightgray")  # fmt: skip
    return drawn
