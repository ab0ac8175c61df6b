"""Ink to what the network sees: a pattern as those of MNIST are, or a line. Sections III-A and VII.

MNIST's digits were fitted into 20x20 pixels, their proportions kept, grey where a pixel is partly
covered; then their centre of mass was put into the middle of 28x28. Its patterns come out of this as
they go in, but for a grey level here and there.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ..preprocessing import FIELD, PATTERN
from ..strings import STRIDE
from .paper import running

BOX = 20
"""Side of the box that the digit is fitted into, and height of a line of digits, pixels."""
LONGEST, BESIDE = 320, 16
"""Of a line of digits: most columns, and columns of paper on either side, at least: the middle of a 1,
which is narrow, is then in the middle of one of the first windows."""
STROKE, THIN = 0.1, 0.08
"""How thick strokes are beside a digit's size: in half of MNIST's digits thicker than the first, in nine
of ten thicker than the second."""
FAINT = 0.1
"""Of the strongest ink: columns with less are a gap."""
MIDDLE = 14
"""Row and column of the centre of mass, rounded, in every pattern of MNIST."""


def normalise(ink: np.ndarray) -> Tensor:
    """The ink (rows, columns) >= 0 of a digit as a pattern of MNIST: uint8 (28, 28).

    Its strokes are `thickened` where they are thin. Raises ValueError for other shapes or values, or
    where there is no ink.
    """
    digit = _cropped(ink)
    return placed(thickened(digit, max(digit.shape)))


def placed(ink: np.ndarray) -> Tensor:
    """The same with strokes as thin as they are."""
    digit = _cropped(ink)
    grey = _fitted(digit, *(max(1, round(side * BOX / max(digit.shape))) for side in digit.shape))
    pattern = np.zeros((PATTERN, PATTERN))
    top, left = (
        int(
            np.clip(
                round(MIDDLE - np.average(np.arange(side), weights=grey.sum(axis))),
                0,
                PATTERN - side,
            )
        )
        for side, axis in zip(grey.shape, (1, 0), strict=True)
    )
    pattern[top : top + grey.shape[0], left : left + grey.shape[1]] = grey
    return torch.from_numpy((255 * pattern).round().astype(np.uint8))


def normalise_line(ink: np.ndarray) -> Tensor:
    """The ink (rows, columns) >= 0 of a line of digits as a wide field: uint8 (32, columns).

    Fitted to the height of MNIST's digits, as many columns as there are answers to a sweep over it. What
    paper parts from its neighbours has its centre of mass in the middle row, as patterns of MNIST have,
    of which the strings for training are made. Raises what `normalise` does.
    """
    line = _cropped(ink)
    line = _cropped(thickened(line, len(line)))
    scale = min(BOX / line.shape[0], LONGEST / line.shape[1])
    grey = _fitted(line, *(max(1, round(side * scale)) for side in line.shape))
    answers = max(1, 1 + -(-(grey.shape[1] + 2 * BESIDE - FIELD) // STRIDE))
    field = np.zeros((FIELD, FIELD + STRIDE * (answers - 1)))
    left = (field.shape[1] - grey.shape[1]) // 2
    inked = np.pad(grey.max(0) > FAINT, 1).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(inked) == 1), np.flatnonzero(np.diff(inked) == -1)
    borders = [0, *(ends[:-1] + starts[1:] + 1) // 2, grey.shape[1]]  # in the middles of the gaps
    for start, end in pairwise(borders):
        character = grey[:, start:end]
        middle = np.average(np.arange(len(grey)), weights=character.sum(1))
        top = int(np.clip(round(FIELD / 2 - middle), 0, FIELD - len(grey)))
        field[top : top + len(grey), left + start : left + end] = character
    return torch.from_numpy((255 * field).round().astype(np.uint8))


def thickened(ink: np.ndarray, size: int) -> np.ndarray:
    """The ink (rows, columns) of a digit of that size with strokes at least as thick as MNIST's.

    Thin ones are drawn again with a round pen that makes them as thick as those of most of its digits;
    larger by that pen's radius on every side. What is hardly thinner is as it was.
    """
    radius = (STROKE - stroke(ink > 0.4 * ink.max()) / size) * size / 2
    if radius < (STROKE - THIN) * size / 2 or radius < 0.5:
        return ink
    reach = int(radius)
    padded = np.pad(ink, 2 * reach)
    rows, columns = (side + 2 * reach for side in ink.shape)
    drawn = np.zeros((rows, columns), ink.dtype)
    for down in range(-reach, reach + 1):
        half = int((radius**2 - down**2) ** 0.5)
        row = running(padded[reach + down :][:rows], 2 * half + 1, 1, np.maximum)
        np.maximum(drawn, row[:, reach - half :][:, :columns], out=drawn)
    return drawn


def stroke(mask: np.ndarray) -> float:
    """How thick the strokes in a mask (rows, columns) are, pixels: twice the area by the outline."""
    mask = np.pad(mask, 1)
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
