"""Ink to what the network sees: a pattern as those of MNIST are, or a line. Sections III-A and VII.

MNIST's digits were fitted into 20x20 pixels, their proportions kept, grey where a pixel is partly
covered; then their centre of mass was put into the middle of 28x28. Its patterns come out of this as
they go in, but for a grey level here and there.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from ..preprocessing import MARGIN, PATTERN
from ..strings import STRIDE
from .paper import padded, running

BOX = 20
"""Side of the box that the digit is fitted into, pixels."""
LONGEST, BESIDE = 320, 12
"""Of digits that touch: most columns, and columns of paper on either side."""
WIDE = 1.1
"""Of the height of a line of digits: what is wider is more than one of them."""
LEAST = 0.5
"""Of the height of a line of digits: what is smaller is not made as large as they are."""
STROKE, THIN = 0.1, 0.08
"""How thick strokes are beside a digit's size: in half of MNIST's digits thicker than the first, in nine
of ten thicker than the second."""
FAINT = 0.1
"""Of the strongest ink: columns with less are a gap."""


def normalise(ink: np.ndarray, least: float = 0) -> Tensor:
    """The ink (rows, columns) >= 0 of a digit as a pattern of MNIST: uint8 (28, 28).

    Its strokes are `thickened` where they are thin. What is smaller than `least` pixels comes out
    smaller than MNIST's digits, by as much. Raises ValueError for other shapes or values, or where there
    is no ink.
    """
    digit = _cropped(ink)
    return placed(thickened(digit, max(digit.shape)), least)


def placed(ink: np.ndarray, least: float = 0) -> Tensor:
    """The same with strokes as thin as they are."""
    digit = _cropped(ink)
    longest = max(*digit.shape, least)
    grey = _fitted(digit, *(max(1, round(side * BOX / longest)) for side in digit.shape))
    return _centred(grey, PATTERN)


def normalise_line(ink: np.ndarray) -> Tensor:
    """The ink (rows, columns) >= 0 of a line of digits as a wide field: uint8 (32, columns).

    What paper parts from its neighbours is a pattern as `normalise` makes it, in a field of its own;
    these stand side by side, each where an answer to a sweep has it in its middle. Digits that touch
    stay together in a wider one. Raises what `normalise` does.
    """
    line = _cropped(ink)
    inked = np.pad(line.max(0) > FAINT * line.max(), 1).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(inked) == 1), np.flatnonzero(np.diff(inked) == -1)
    borders = [0, *(ends[:-1] + starts[1:] + 1) // 2, line.shape[1]]  # in the middles of the gaps
    pieces = [_cropped(line[:, start:end]) for start, end in pairwise(borders)]
    height = max(len(piece) for piece in pieces)
    cells = [
        _touching(piece) if piece.shape[1] > WIDE * height else normalise(piece, LEAST * height)
        for piece in pieces
    ]
    return torch.cat([pad(cell, [MARGIN] * 4) for cell in cells], 1)


def _touching(ink: np.ndarray) -> Tensor:
    """The ink of digits that touch, as high as one of MNIST's: uint8 (28, columns)."""
    digits = _cropped(thickened(ink, len(ink)))
    scale = min(BOX / digits.shape[0], LONGEST / digits.shape[1])
    grey = _fitted(digits, *(max(1, round(side * scale)) for side in digits.shape))
    return _centred(grey, STRIDE * -(-(grey.shape[1] + 2 * BESIDE) // STRIDE))


def _centred(grey: np.ndarray, columns: int) -> Tensor:
    """Its centre of mass in the middle of 28 rows and so many columns, as far as there is room."""
    sides, ends = grey.shape, (PATTERN, columns)
    top, left = (
        int(
            np.clip(
                round(end / 2 - np.average(np.arange(side), weights=grey.sum(axis))), 0, end - side
            )
        )
        for side, end, axis in zip(sides, ends, (1, 0), strict=True)
    )
    pattern = np.zeros(ends)
    pattern[top : top + sides[0], left : left + sides[1]] = grey
    return torch.from_numpy((255 * pattern).round().astype(np.uint8))


def thickened(ink: np.ndarray, size: int) -> np.ndarray:
    """The ink (rows, columns) of a digit of that size with strokes at least as thick as MNIST's.

    Thin ones are drawn again with a round pen that makes them as thick as those of most of its digits;
    larger by that pen's radius on every side. What is hardly thinner is as it was.
    """
    radius = (STROKE - stroke(ink > 0.4 * ink.max()) / size) * size / 2
    if radius < (STROKE - THIN) * size / 2 or radius < 0.5:
        return ink
    reach = int(radius)
    around = padded(ink, 2 * reach, 2 * reach)
    rows, columns = (side + 2 * reach for side in ink.shape)
    drawn = np.zeros((rows, columns), ink.dtype)
    for down in range(-reach, reach + 1):
        half = int((radius**2 - down**2) ** 0.5)
        row = running(around[reach + down :][:rows], 2 * half + 1, 1, np.maximum)
        np.maximum(drawn, row[:, reach - half :][:, :columns], out=drawn)
    return drawn


def stroke(mask: np.ndarray) -> float:
    """How thick the strokes in a mask (rows, columns) are, pixels: twice the area by the outline."""
    mask = padded(mask, 1, 1)
    outline = np.count_nonzero(np.diff(mask, axis=0)) + np.count_nonzero(np.diff(mask, axis=1))
    return 2 * np.count_nonzero(mask) / outline


def thickness(pattern: Tensor) -> float:
    """Of the strokes of a pattern (28, 28), beside its longer side; of a filled square 0.5."""
    mask = pattern.numpy() > 100
    return stroke(mask) / max(int(mask.any(0).sum()), int(mask.any(1).sum()))


def _cropped(ink: np.ndarray) -> np.ndarray:
    """The rectangle around the ink."""
    if ink.ndim != 2 or not ink.size or not 0 <= ink.min() <= ink.max() < np.inf:
        raise ValueError(f"expected finite ink (rows, columns) >= 0, got {ink.shape} {ink.dtype}")
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    if not len(rows):
        raise ValueError("nothing is drawn")
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fitted(ink: np.ndarray, height: int, width: int) -> np.ndarray:
    """The ink in another size, its darkest pixel 1: grey where a pixel is partly covered."""
    from PIL import Image

    image = Image.fromarray(ink.astype(np.float32))
    grey: np.ndarray = np.asarray(image.resize((width, height), Image.Resampling.HAMMING)).clip(0)
    return grey / float(grey.max())
