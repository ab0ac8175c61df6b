"""The test digits that the demo shows: one of each kind, and those that were missed.

`python -m reproduce.demo_digits` writes digits.png and digits.json.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from paper_lenet5.preprocessing import FIELD, PATTERN
from paper_lenet5.strings import bounding_columns, paint, place

SHEET, DESCRIPTION = (Path(__file__).parent / f"digits.{kind}" for kind in ("png", "json"))
COLUMNS = 24
"""Digits in a row of the sheet."""


@dataclass(frozen=True)
class Digit:
    """One pattern of MNIST's test set."""

    index: int
    """In the test set, from 0."""
    label: int
    in_1998: int | None
    """What the network of Fig. 8 answered, where it was wrong."""
    ours: int | None
    """What the demo's network answers, where it is wrong."""
    missed_by: int
    """Of our networks with the same recipe, how many."""


class Digits(NamedTuple):
    """All of them, in the order of the sheet."""

    networks: int
    """How many networks `missed_by` counts."""
    digits: list[Digit]
    images: Tensor
    """uint8 (N, 28, 28), ink 255."""


@cache
def digits() -> Digits:
    """Read both files."""
    content = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    known = [Digit(**line) for line in content["digits"]]
    grid = 255 - np.asarray(Image.open(SHEET))
    cells = grid.reshape(-1, PATTERN, COLUMNS, PATTERN).swapaxes(1, 2).reshape(-1, PATTERN, PATTERN)
    return Digits(content["networks"], known, torch.from_numpy(cells[: len(known)].copy()))


def examples() -> Tensor:
    """One digit of each kind, 0 to 9: uint8 (10, 28, 28), ink 255."""
    return digits().images[:10]


def string(number: str) -> Tensor:
    """The digits of a number side by side, three pixels apart: uint8 (28, columns), ink 255."""
    images = examples()[[int(digit) for digit in number]]
    places = place(bounding_columns(images)[None], torch.full((1, len(number) - 1), 3))
    width = int(places[0, -1]) + FIELD
    return paint(images, torch.arange(len(number))[None], places + 2, width)[0, 2:-2]
