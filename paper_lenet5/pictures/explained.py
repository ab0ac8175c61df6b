"""What is seen in a picture, step by step, as a picture: paper, ink, writing, what the network sees."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import Seen, fields_of, pattern_of

if TYPE_CHECKING:
    from PIL.Image import Image

    Row = tuple[str, dict[str, Image]]

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


def check_place(path: Path) -> None:
    """Raises ValueError where no sheet can be saved."""
    from PIL import Image

    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"{path}: choose a file in a folder that is there")
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"{path}: choose a name that ends in .png")


def row(words: str, seen: Seen | None) -> "Row":
    """Of a sheet: words about a picture, and its steps in the size that they are drawn in, if any."""
    from PIL import Image

    drawn = {}
    for name, step in (steps(seen) if seen else {}).items():
        image = Image.fromarray(step)
        scale = SIDE / max(image.size)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        how = Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
        drawn[name] = image.resize(size, how)
    return words, drawn


def sheet(rows: "Sequence[Row]") -> "Image":
    """The rows, one below the other."""
    from PIL import Image, ImageDraw

    width = GAP + max(4, *(len(steps) for _, steps in rows)) * (SIDE + GAP)
    high = 2 * CAPTION + SIDE + GAP
    drawn = Image.new("RGB", (width, max(1, len(rows)) * high), "white")
    pen = ImageDraw.Draw(drawn)
    for number, (words, steps) in enumerate(rows):
        top = number * high
        pen.text((GAP, top), words.encode("ascii", "backslashreplace").decode(), "black")
        for place, (name, step) in enumerate(steps.items()):
            left = GAP + place * (SIDE + GAP)
            pen.text((left, top + CAPTION), name, "gray")
            drawn.paste(step, (left, top + 2 * CAPTION))
            pen.rectangle((left - 1, top + 2 * CAPTION - 1,
                           left + step.width, top + 2 * CAPTION + step.height),
                          outline="lightgray")  # fmt: skip
    return drawn
