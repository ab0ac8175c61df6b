"""Lines of digits on a page: which parts stand in which line, and each line made level.

The parts of the writing are joined into lines by where they stand; a line's slope is that of the tops
and bottoms of its digits. It is sheared level, and its characters are put side by side.
"""

import numpy as np

from .marks import Parts

SLOPES = np.linspace(-0.25, 0.25, 51)
"""Rows a column, downwards, that a line may have."""
TALL = 0.55
"""Of the tallest digit of a line: what is less tall is part of a digit, or a dash."""
GAP = 2
"""Columns of paper between characters that are parted, whatever lay between them."""
OVER = 0.3
"""Of the narrower of two parts: if so much of it lies over the other, they are of one character."""


def lines_of(parts: Parts, chosen: np.ndarray) -> list[list[int]]:
    """The chosen parts by lines, from top to bottom."""
    if not len(chosen):
        return []
    boxes = parts.boxes[chosen].astype(float)
    middle, column = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    heights = boxes[:, 2] - boxes[:, 0] + 1
    tall = heights >= TALL * np.quantile(heights, 0.9)
    level = middle - _slope_of_page(middle[tall], column[tall], heights[tall]) * column
    lines: list[list[int]] = []
    ends: list[tuple[float, float]] = []
    for at in sorted(np.flatnonzero(tall).tolist(), key=level.__getitem__):
        top, bottom = level[at] - heights[at] / 2, level[at] + heights[at] / 2
        if lines and level[at] < ends[-1][1] and ends[-1][0] < level[at]:
            lines[-1].append(at)
            ends[-1] = min(ends[-1][0], top), max(ends[-1][1], bottom)
        else:
            lines.append([at])
            ends.append((top, bottom))
    for at in np.flatnonzero(~tall).tolist():
        away = [max(top - level[at], level[at] - bottom, 0) for top, bottom in ends]
        nearest = int(np.argmin(away))
        if away[nearest] <= 0.3 * (ends[nearest][1] - ends[nearest][0]):
            lines[nearest].append(at)
    return [[int(chosen[at]) for at in sorted(line, key=column.__getitem__)] for line in lines]


def _slope_of_page(middle: np.ndarray, column: np.ndarray, heights: np.ndarray) -> float:
    """The slope that brings the middles of the digits together into as few rows as possible."""
    if len(middle) < 3:
        return 0.0
    near = np.median(heights) / 4
    costs = []
    for slope in SLOPES:
        level = np.sort(middle - slope * column)
        costs.append(np.minimum(np.diff(level), near).sum() + 0.5 * near * abs(slope))
    return float(SLOPES[int(np.argmin(costs))])


def slope_of(boxes: np.ndarray) -> float:
    """Of a line through boxes (N, 4), rows a column: by the tops and bottoms of the tall ones."""
    heights = boxes[:, 2] - boxes[:, 0] + 1
    boxes = boxes[heights >= TALL * heights.max()].astype(float)
    column = (boxes[:, 1] + boxes[:, 3]) / 2
    if len(boxes) < 3 or np.ptp(column) < heights.max():
        return 0.0
    column -= column.mean()
    slopes = [(column * boxes[:, of]).sum() / (column**2).sum() for of in (0, 2)]
    return float(np.clip(np.mean(slopes), SLOPES[0], SLOPES[-1]))


def levelled(ink: np.ndarray, slope: float) -> np.ndarray:
    """The ink (rows, columns) with each column moved up or down, by whole pixels."""
    rows, columns = ink.shape
    down = np.round(-slope * (np.arange(columns) - columns / 2)).astype(int)
    most = int(np.abs(down).max(initial=0))
    moved = np.zeros((rows + 2 * most, columns), ink.dtype)
    moved[np.arange(rows)[:, None] + most + down, np.arange(columns)] = ink
    return moved


def characters_of(parts: Parts, line: list[int]) -> list[list[int]]:
    """The parts of a line by characters, from left to right: those that lie over each other."""
    characters: list[list[int]] = []
    end = -1
    for part in sorted(line, key=lambda part: parts.boxes[part, 1]):
        _, left, _, right = parts.boxes[part]
        if characters and end - left >= OVER * min(right - left + 1, end - left + 1):
            characters[-1].append(part)
        else:
            characters.append([part])
        end = max(end, right)
    return characters


def spaced(inks: list[np.ndarray]) -> np.ndarray:
    """The ink of several characters (rows, columns) side by side, `GAP` columns of paper around each."""
    columns = [np.flatnonzero(ink.any(0)) for ink in inks]
    cells = [ink[:, inked[0] : inked[-1] + 1] for ink, inked in zip(inks, columns, strict=True)]
    return np.concatenate([np.pad(cell, ((0, 0), (GAP, GAP))) for cell in cells], 1)
