"""Where is paper, and where ink? Found locally, for light falls on paper as it likes.

Ink is thin: in any direction but along itself a stroke ends soon. Whatever is darker than its
surroundings and too thin for a square of the size of a digit's half is ink; what holds such a square is
a shadow, a desk, the black border of a scan or the bar of a window, however dark it is (the
morphological closing of Serra, 1982, which leaves the edge of a shadow as sharp as it finds it).
Beyond the edge of the picture all is taken for dark, so that a border belongs to what lies outside.
For light ink on dark paper everything is the other way round.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

CONTRAST = 0.1
"""Between ink and paper, at least; 1 is that of black and white."""
REACH = 0.4
"""Side of the square, as a part of the picture's shorter side: more than any stroke is thick."""
DARKEST_PAPER = 0.25
"""Ink on paper in shadow is measured by how light that paper is, but not beyond this."""
COLOURFUL = 0.15
"""Between a pixel's least and largest channel; with less, grey tells all."""

_LEVELS = np.float32(2**16 - 1)


class Paper(NamedTuple):
    """A channel of a picture, seen as paper with ink on it; all (rows, columns) float32 in 0 ... 1."""

    channel: np.ndarray
    """0 is dark."""
    paper: np.ndarray
    """The channel as it would be without ink."""
    ink: np.ndarray
    """How strong the ink is at each pixel."""
    noise: float
    """Up to where it may be the noise of the paper; 0 for a drawing."""

    @property
    def threshold(self) -> float:
        """How strong ink has to be at least."""
        return max(CONTRAST, self.noise)


def papers(colour: np.ndarray) -> Iterator[Paper]:
    """The ways in which a picture, (rows, columns, 3) float32 in 0 ... 1, can be paper with ink on it.

    Dark on light and light on dark, of its grey; and where it is colourful, of its channels.
    """
    red, green, blue = (np.ascontiguousarray(colour[..., number]) for number in range(3))
    apart = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    if not apart.any():
        channels = [red]  # as it is, to the last bit
    else:
        channels = [0.299 * red + 0.587 * green + 0.114 * blue]
        if (apart > COLOURFUL).mean() > 1e-3:
            channels += [red, green, blue]
    for channel in channels:
        channel = calmed(channel)
        light = closed(channel)
        yield _paper(channel, light, (light - channel) / light.clip(DARKEST_PAPER))
        dark = 1 - closed(1 - channel)
        yield _paper(channel, dark, channel - dark)


def _paper(channel: np.ndarray, paper: np.ndarray, ink: np.ndarray) -> Paper:
    """With what the noise of the paper alone makes of `ink` taken away."""
    some = _some(ink.clip(0))
    bare = median(some)
    spread = median(np.abs(some - bare)[some <= 2 * bare]) if bare else 0.0
    return Paper(channel, paper - bare, (ink - bare).clip(0, 1), 6 * float(spread))


def closed(channel: np.ndarray) -> np.ndarray:
    """Without the dark places that no square of `REACH` fits into."""
    side = max(3, round(REACH * min(channel.shape)))
    levels = (channel * _LEVELS).round().astype(np.uint16)  # twice as fast as floats
    levels = padded(levels, side, side)
    for extreme in (np.maximum, np.minimum):
        for axis in (0, 1):
            levels = running(levels, side, axis, extreme)
    return levels[1:-1, 1:-1].astype(np.float32) / _LEVELS


def running(array: np.ndarray, length: int, axis: int, extreme: np.ufunc) -> np.ndarray:
    """The extreme of each `length` neighbours along the axis, by doubling: shorter by length - 1.

    All rows are one line, which is faster than row by row; what reaches from one row into the next is
    left out in the end.
    """
    rows, columns = array.shape
    stride = columns if axis == 0 else 1
    line, other, reached, valid = array.flatten(), np.empty(array.size, array.dtype), 1, array.size
    while reached < length:
        step = min(reached, length - reached)
        valid -= step * stride
        extreme(line[:valid], line[step * stride :][:valid], out=other[:valid])
        line, other = other, line
        reached += step
    lost = length - 1
    rows, columns = (rows - lost, columns) if axis == 0 else (rows, columns - lost)
    return line.reshape(array.shape)[:rows, :columns]


def padded(array: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """With so many rows and columns of 0 on either side. np.pad does this, too, but slowly."""
    height, width = array.shape
    larger = np.zeros((height + 2 * rows, width + 2 * columns), array.dtype)
    larger[rows : rows + height, columns : columns + width] = array
    return larger


def calmed(channel: np.ndarray) -> np.ndarray:
    """The channel, smoothed as far as it is noisy. A drawing without noise stays as it is."""
    noise = noise_of(channel)
    radius = min(noise / 0.03, min(channel.shape) / 150)
    for _ in range(round(2 * radius**2) if noise >= 0.01 else 0):
        for axis in (0, 1):  # 1, 2, 1: a variance of a half
            pad = [(1, 1) if axis == of else (0, 0) for of in (0, 1)]
            sums = running_sum(running_sum(np.pad(channel, pad, "edge"), axis), axis)
            channel = sums / 4
    return channel


def running_sum(array: np.ndarray, axis: int) -> np.ndarray:
    """Of each two neighbours along the axis: shorter by 1."""
    array = np.moveaxis(array, axis, 0)
    return np.moveaxis(array[:-1] + array[1:], 0, axis)


def noise_of(channel: np.ndarray) -> float:
    """Its standard deviation, from second differences both ways (Immerkaer, 1996), by their median."""
    if min(channel.shape) < 3:
        return 0.0
    second = np.diff(np.diff(channel, 2, 0), 2, 1)
    return float(median(np.abs(_some(second))) / (6 * 0.6745))


def median(values: np.ndarray) -> np.floating:
    """That of numbers; np.median looks for what is none, which takes as long again."""
    values = values.ravel()
    middle = [(len(values) - 1) // 2, len(values) // 2]
    found: np.floating = np.partition(values, middle)[middle].mean()
    return found


def _some(array: np.ndarray) -> np.ndarray:
    """Enough of its values for a median, from all over it."""
    values = array.ravel()
    return values[:: max(1, len(values) // 30_000 | 1)]
