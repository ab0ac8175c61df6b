"""A line of digits in one narrow field, read by one sweep over it and nothing else. Section VII.

That was the package's way before it asked what paper parts from its neighbours: the gaps made alike and
as narrow as in training, every answer of the sweep heard. A digit at either end has no neighbour as in
training, and its half by itself is another digit to the network. `reproduce.lines` shows what the
difference comes to.
"""

from itertools import pairwise

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from paper_lenet5.pictures import Seen
from paper_lenet5.pictures.lines import characters_of, levelled, lines_of, slope_of
from paper_lenet5.pictures.normalise import BOX, FAINT, thickened
from paper_lenet5.preprocessing import FIELD
from paper_lenet5.strings import STRIDE

NARROWEST, WIDEST = 0.4, 0.6
"""Of the height of the digits: gaps are made as wide and as narrow as this."""
LONGEST, BESIDE = 320, 16
"""Most columns of a line, and columns of paper on either side."""


def fields_of(seen: Seen) -> list[Tensor]:
    """The lines of digits that are seen, made level: each uint8 (32, columns)."""
    parts, fields = seen.found.parts, []
    for line in lines_of(parts, seen.found.chosen):
        boxes = parts.boxes[line]
        slope, height = slope_of(boxes), (boxes[:, 2] - boxes[:, 0] + 1).max()
        cells, ends = [], []
        for character in characters_of(parts, line):
            ink = levelled(seen.ink_of(character), slope)
            columns = np.flatnonzero(ink.any(0))
            cells.append(ink[:, columns[0] : columns[-1] + 1])
            ends.append((columns[0], columns[-1]))
        joined = [cells[0]]
        for ((_, right), (left, _)), cell in zip(pairwise(ends), cells[1:], strict=True):
            gap = round(np.clip(left - right, NARROWEST * height, WIDEST * height))
            joined += [np.zeros((len(cell), gap), cell.dtype), cell]
        fields.append(_field(np.concatenate(joined, 1)))
    return fields


def _field(ink: np.ndarray) -> Tensor:
    """As high as MNIST's digits, what paper parts moved up or down to where these have their mass."""
    line = _cropped(thickened(_cropped(ink), len(_cropped(ink))))
    scale = min(BOX / line.shape[0], LONGEST / line.shape[1])
    height, width = (max(1, round(side * scale)) for side in line.shape)
    small = Image.fromarray(line.astype(np.float32)).resize(
        (width, height), Image.Resampling.HAMMING
    )
    grey = np.asarray(small).clip(0) / np.asarray(small).max()
    answers = max(1, 1 + -(-(width + 2 * BESIDE - FIELD) // STRIDE))
    field = np.zeros((FIELD, FIELD + STRIDE * (answers - 1)))
    left = (field.shape[1] - width) // 2
    inked = np.pad(grey.max(0) > FAINT, 1).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(inked) == 1), np.flatnonzero(np.diff(inked) == -1)
    for start, end in pairwise([0, *(ends[:-1] + starts[1:] + 1) // 2, width]):
        middle = np.average(np.arange(height), weights=grey[:, start:end].sum(1))
        top = int(np.clip(round(FIELD / 2 - middle), 0, FIELD - height))
        field[top : top + height, left + start : left + end] = grey[:, start:end]
    return torch.from_numpy((255 * field).round().astype(np.uint8))


def _cropped(ink: np.ndarray) -> np.ndarray:
    """The rectangle around the ink."""
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
