"""Drawings on the pad: digits in many forms, and what is no digit, as lines drawn with its own pen.

A form is one or more lines through a few points (x, y), y downwards, in a box that is 1 high; a style
is how a hand draws it. Those with an even place are there to settle things on, those with an odd one to
report on. Nothing here is anybody's drawing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

SIDE, MARGIN = 280, 22
"""Of the pad, and of the paper around it, in pixels."""
PEN, THINNEST, THICKEST = 0.135, 4.0, 40.0
"""Width of the pen beside what is drawn, and its ends in pixels (site/drawing.js of the demo)."""
FINE = 4

Line = tuple[tuple[float, float], ...]
Form = tuple[Line, ...]


class Drawing(NamedTuple):
    """What somebody drew."""

    kind: str
    """digits, letters, signs or scribbles."""
    name: str
    lines: list[np.ndarray]
    """Points (N, 2) of each line, x and y in pixels of the pad."""


def _round(x: float, y: float, across: float, down: float, start: float, end: float) -> Line:
    """Points of an ellipse around (x, y); degrees from the right, clockwise."""
    angles = np.deg2rad(np.linspace(start, end, max(4, int(abs(end - start) // 30) + 1)))
    return tuple((x + across * float(np.cos(a)), y + down * float(np.sin(a))) for a in angles)


DIGITS: dict[str, tuple[Form, ...]] = {
    "0": (
        (_round(0.35, 0.5, 0.35, 0.5, -90, 270),),
        (_round(0.3, 0.5, 0.28, 0.5, -60, -425),),
        (_round(0.42, 0.5, 0.42, 0.5, -120, -470),),
        (((0.45, 0.03), (0.15, 0.1), (0, 0.5), (0.12, 0.9), (0.35, 1), (0.6, 0.85), (0.66, 0.45),
          (0.55, 0.1), (0.3, 0)),),
    ),
    "1": (
        (((0, 0), (0, 0.35), (0, 0.7), (0, 1)),),
        (((0, 0.25), (0.15, 0.14), (0.28, 0), (0.28, 0.01), (0.28, 0.5), (0.28, 1)),),
        (((0.2, 0), (0.14, 0.35), (0.07, 0.7), (0, 1)),),
        (((0, 0.2), (0.2, 0), (0.2, 0.01), (0.2, 0.5), (0.2, 1)), ((0, 1), (0.2, 1), (0.42, 1))),
    ),
    "2": (
        ((*_round(0.33, 0.28, 0.31, 0.28, 190, 395), (0.3, 0.72), (0, 1), (0, 1), (0.3, 1),
          (0.68, 1)),),
        (((0.02, 0.22), (0.15, 0.05), (0.38, 0), (0.6, 0.12), (0.58, 0.36), (0.3, 0.72),
          (0.04, 0.92), (0.1, 0.8), (0.22, 0.84), (0.36, 0.98), (0.52, 1), (0.66, 0.92)),),
        (((0, 0.1), (0.25, 0), (0.52, 0.06), (0.6, 0.28), (0.44, 0.56), (0.2, 0.8), (0, 0.97),
          (0.01, 0.98), (0.3, 0.96), (0.62, 0.98)),),
        (((0.04, 0.3), (0.12, 0.06), (0.36, 0), (0.56, 0.16), (0.5, 0.45), (0.25, 0.8), (0.02, 1),
          (0.03, 1), (0.25, 0.92), (0.45, 0.98), (0.7, 0.94)),),
    ),
    "3": (
        (_round(0.3, 0.25, 0.27, 0.25, 200, 445) + _round(0.3, 0.74, 0.32, 0.26, -85, 160),),
        (((0, 0), (0.3, 0), (0.56, 0), (0.55, 0.01), (0.4, 0.2), (0.24, 0.4), (0.26, 0.4),
          (0.5, 0.46), (0.6, 0.68), (0.5, 0.92), (0.28, 1), (0, 0.92)),),
        (((0.05, 0.1), (0.28, 0), (0.5, 0.1), (0.5, 0.3), (0.36, 0.44), (0.2, 0.48), (0.22, 0.48),
          (0.46, 0.54), (0.6, 0.74), (0.46, 0.95), (0.2, 1), (0, 0.9)),),
        (((0, 0.08), (0.24, 0), (0.46, 0.08), (0.48, 0.28), (0.34, 0.42), (0.16, 0.5),
          (0.28, 0.44), (0.46, 0.5),
          (0.56, 0.7), (0.46, 0.92), (0.22, 1), (0.02, 0.94)),),
    ),
    "4": (
        (((0.12, 0), (0.1, 0.2), (0.05, 0.45), (0, 0.56), (0.01, 0.57), (0.3, 0.56), (0.66, 0.55)),
         ((0.52, 0.1), (0.5, 0.5), (0.48, 1))),
        (((0.46, 0), (0.25, 0.32), (0, 0.66), (0.01, 0.67), (0.35, 0.66), (0.68, 0.66)),
         ((0.46, 0.01), (0.46, 0.5), (0.46, 1))),
        (((0.04, 0.02), (0.02, 0.25), (0, 0.48), (0.01, 0.5), (0.25, 0.5), (0.52, 0.48)),
         ((0.54, 0), (0.53, 0.5), (0.52, 1))),
        (((0.1, 0.05), (0.04, 0.3), (0, 0.5), (0.01, 0.51), (0.3, 0.5), (0.6, 0.47)),
         ((0.6, 0), (0.5, 0.45), (0.36, 1))),
    ),
    "5": (
        (((0.58, 0), (0.3, 0), (0.08, 0.01), (0.08, 0.02), (0.05, 0.22), (0.03, 0.44), (0.05, 0.44),
          (0.28, 0.36), (0.52, 0.46), (0.6, 0.68), (0.48, 0.93), (0.22, 1), (0, 0.92)),),
        (((0.1, 0), (0.08, 0.22), (0.05, 0.42), (0.06, 0.42), (0.3, 0.38), (0.55, 0.52),
          (0.58, 0.74), (0.4, 0.96), (0.16, 1), (0, 0.92)), ((0.1, 0.01), (0.34, 0.01), (0.6, 0))),
        (((0.62, 0.02), (0.36, 0.03), (0.16, 0.06), (0.15, 0.07), (0.1, 0.26), (0.05, 0.46),
          (0.06, 0.46), (0.3, 0.42), (0.5, 0.54), (0.52, 0.78), (0.34, 0.97), (0.12, 1),
          (0, 0.96)),),
        (((0.14, 0.02), (0.1, 0.24), (0.04, 0.46), (0.05, 0.46), (0.3, 0.44), (0.48, 0.58),
          (0.46, 0.82), (0.28, 0.98), (0, 0.98)), ((0.14, 0.02), (0.36, 0.01), (0.56, 0.03))),
    ),
    "6": (
        (((0.46, 0), (0.22, 0.18), (0.05, 0.45), (0, 0.72), (0.12, 0.95), (0.34, 1), (0.54, 0.88),
          (0.55, 0.66), (0.38, 0.54), (0.16, 0.6), (0.03, 0.78)),),
        (((0.56, 0.06), (0.36, 0), (0.12, 0.18), (0.02, 0.5), (0.06, 0.84), (0.28, 1),
          (0.52, 0.92), (0.58, 0.7),
          (0.44, 0.52), (0.2, 0.54), (0.05, 0.68)),),
        (((0.2, 0), (0.08, 0.25), (0, 0.55), (0.04, 0.86), (0.24, 1), (0.46, 0.9), (0.48, 0.68),
          (0.3, 0.56), (0.08, 0.66)),),
        (((0.5, 0.02), (0.3, 0.1), (0.1, 0.35), (0, 0.68), (0.1, 0.94), (0.36, 1), (0.58, 0.86),
          (0.52, 0.64), (0.3, 0.58), (0.1, 0.7), (0.04, 0.86)),),
    ),
    "7": (
        (((0, 0.02), (0.3, 0), (0.6, 0.01), (0.6, 0.02), (0.45, 0.35), (0.3, 0.7), (0.2, 1)),),
        (((0, 0.03), (0.3, 0), (0.62, 0), (0.61, 0.02), (0.42, 0.4), (0.25, 1)), ((0.14, 0.5),
          (0.36, 0.5), (0.6, 0.48))),
        (((0.02, 0.14), (0.02, 0.02), (0.03, 0.02), (0.3, 0.03), (0.56, 0), (0.56, 0.01),
          (0.44, 0.4), (0.36, 1)),),
        (((0, 0.06), (0.2, 0.08), (0.5, 0.02), (0.64, 0), (0.63, 0.02), (0.4, 0.42), (0.12, 1)),
         ((0.18, 0.54), (0.36, 0.52), (0.54, 0.53))),
    ),
    "8": (
        (((0.52, 0.12), (0.3, 0), (0.08, 0.12), (0.14, 0.36), (0.36, 0.5), (0.58, 0.68),
          (0.54, 0.92), (0.3, 1),
          (0.06, 0.9), (0.06, 0.68), (0.28, 0.5), (0.48, 0.34), (0.52, 0.12)),),
        (_round(0.28, 0.24, 0.24, 0.24, 90, 450) + _round(0.28, 0.74, 0.28, 0.26, -90, 270)[1:],),
        (((0.3, 0.48), (0.06, 0.3), (0.1, 0.06), (0.32, 0), (0.52, 0.1), (0.5, 0.32), (0.28, 0.5),
          (0.04, 0.7), (0.06, 0.92), (0.28, 1), (0.52, 0.92), (0.54, 0.7), (0.3, 0.48)),),
        (_round(0.3, 0.24, 0.22, 0.24, -90, 270), _round(0.28, 0.74, 0.28, 0.27, -90, 270)),
    ),
    "9": (
        (((0.54, 0.22), (0.36, 0), (0.1, 0.06), (0.02, 0.3), (0.18, 0.5), (0.42, 0.44),
          (0.54, 0.22), (0.55, 0.24),
          (0.52, 0.6), (0.48, 1)),),
        (((0.54, 0.16), (0.3, 0), (0.06, 0.1), (0.02, 0.34), (0.2, 0.5), (0.44, 0.42),
          (0.55, 0.2), (0.56, 0.22),
          (0.54, 0.6), (0.44, 0.92), (0.22, 1), (0.04, 0.93)),),
        (((0.5, 0.1), (0.26, 0), (0.04, 0.14), (0.04, 0.38), (0.24, 0.5), (0.46, 0.36),
          (0.5, 0.1), (0.51, 0.12),
          (0.4, 0.6), (0.28, 1)),),
        ((_round(0.26, 0.25, 0.26, 0.25, 0, -360)), ((0.52, 0.1), (0.52, 0.5), (0.5, 1))),
    ),
}  # fmt: skip
"""Four forms of each."""

LETTERS: dict[str, Form] = {
    "A": (((0, 1), (0.35, 0), (0.7, 1)), ((0.14, 0.6), (0.56, 0.6))),
    "E": (((0.6, 0), (0, 0), (0, 1), (0.6, 1)), ((0, 0.5), (0.48, 0.5))),
    "F": (((0.6, 0), (0, 0), (0, 1)), ((0, 0.5), (0.45, 0.5))),
    "H": (((0, 0), (0, 1)), ((0.65, 0), (0.65, 1)), ((0, 0.5), (0.65, 0.5))),
    "K": (((0, 0), (0, 1)), ((0.6, 0), (0, 0.5), (0.62, 1))),
    "M": (((0, 1), (0, 0), (0.4, 0.55), (0.8, 0), (0.8, 1)),),
    "N": (((0, 1), (0, 0), (0.65, 1), (0.65, 0)),),
    "R": (((0, 1), (0, 0), (0.5, 0), (0.58, 0.25), (0.48, 0.5), (0, 0.5), (0.6, 1)),),
    "T": (((0, 0), (0.75, 0)), ((0.38, 0), (0.38, 1))),
    "V": (((0, 0), (0.35, 1), (0.7, 0)),),
    "W": (((0, 0), (0.22, 1), (0.45, 0.3), (0.68, 1), (0.9, 0)),),
    "X": (((0, 0), (0.65, 1)), ((0.65, 0), (0, 1))),
    "Y": (((0, 0), (0.35, 0.48), (0.7, 0)), ((0.35, 0.48), (0.35, 1))),
}  # fmt: skip
"""Those that look like no digit."""

SIGNS: dict[str, Form] = {
    "plus": (((0.5, 0), (0.5, 1)), ((0, 0.5), (1, 0.5))),
    "triangle": (((0.5, 0), (0, 0.9), (1, 0.9), (0.5, 0)),),
    "star": (((0.2, 1), (0.5, 0), (0.8, 1), (0, 0.36), (1, 0.36), (0.2, 1)),),
    "house": (((0, 1), (0, 0.45), (0.45, 0), (0.9, 0.45), (0.9, 1), (0, 1)),),
    "arrow": (((0, 0.5), (1, 0.5)), ((0.65, 0.15), (1, 0.5), (0.65, 0.85))),
    "tick": (((0, 0.6), (0.3, 1), (1, 0)),),
    "hash": (((0.3, 0), (0.3, 1)), ((0.7, 0), (0.7, 1)), ((0, 0.3), (1, 0.3)),
             ((0, 0.7), (1, 0.7))),
    "waves": (((0, 0.5), (0.15, 0.2), (0.3, 0.5), (0.45, 0.8), (0.6, 0.5), (0.75, 0.2), (0.9, 0.5),
               (1, 0.8)),),
    "face": (_round(0.5, 0.5, 0.5, 0.5, -90, 270), ((0.33, 0.36), (0.33, 0.42)),
             ((0.67, 0.36), (0.67, 0.42)),
             _round(0.5, 0.55, 0.25, 0.22, 20, 160)),
    "spiral": (tuple((0.5 + 0.028 * k * float(np.cos(0.7 * k)),
                      0.5 + 0.028 * k * float(np.sin(0.7 * k))) for k in range(19)),),
}  # fmt: skip
"""Of many kinds; a square is an 0 to more than the network."""


@dataclass(frozen=True)
class Style:
    """How a hand draws."""

    height: float = 150
    """In pixels of the pad."""
    width: float = 1
    """Beside that of the form."""
    slant: float = 0
    """Columns a row, to the right, upwards."""
    turn: float = 0
    """In degrees, clockwise."""
    shake: float = 0.015
    """How far points are off, in heights."""
    coarse: int = 12
    """Pixels between two points: a fast hand's lie far apart, and corners are cut."""
    cornered: bool = False
    """Straight from point to point of the form."""


STYLES = (
    Style(), Style(height=155, shake=0.012),
    Style(height=70), Style(height=80),
    Style(height=240, shake=0.02), Style(height=225, shake=0.02),
    Style(slant=0.25), Style(slant=0.2, height=130),
    Style(slant=-0.1), Style(slant=-0.12, height=170),
    Style(width=1.3), Style(width=1.25, height=130),
    Style(width=0.75), Style(width=0.8, height=180),
    Style(turn=8), Style(turn=7, height=120),
    Style(turn=-8), Style(turn=-7, height=190),
    Style(shake=0.03), Style(shake=0.03, height=180),
    Style(coarse=30), Style(coarse=26, height=170),
    Style(cornered=True, shake=0.02), Style(cornered=True, height=130),
)  # fmt: skip
"""Of a kind two, for either half."""
TIMES = 2
"""How often each form is drawn in each style: each time the hand shakes differently."""


def digits(half: int) -> Iterator[Drawing]:
    """Every form of this half in every style of it."""
    rng = np.random.default_rng([1998, half])
    for name, forms in DIGITS.items():
        for form in forms[half::2]:
            for style in STYLES[half::2] * TIMES:
                yield Drawing("digits", name, drawn(form, style, rng))


def no_digits(half: int, times: int = TIMES) -> Iterator[Drawing]:
    """Letters, signs and scribbles, so many times in every style of this half."""
    rng = np.random.default_rng([1999, half])
    for kind, named in (("letters", LETTERS), ("signs", SIGNS)):
        for name, form in list(named.items())[half::2]:
            for style in STYLES[half::2] * times:
                yield Drawing(kind, name, drawn(form, replace(style, cornered=True), rng))
    for style in STYLES[half::2] * (6 * times):
        yield Drawing("scribbles", "", drawn(scribble(half, rng), style, rng))


def scribble(half: int, rng: Generator) -> Form:
    """To and fro; in the one half in a heap, in the other along a row as well."""
    points = rng.uniform(0, 1, (rng.integers(7, 13), 2))
    if half and rng.random() < 0.5:
        points = points[points[:, 0].argsort()]
    return (tuple((float(x), float(y)) for x, y in points),)


def drawn(form: Form, style: Style, rng: Generator) -> list[np.ndarray]:
    """The lines of a form as a hand draws them in the middle of the pad."""
    lines = []
    for line in form:
        points = np.array(line) + rng.normal(0, style.shake, (len(line), 2))
        path = points if style.cornered else curve(points)
        lines.append(resampled(path, style.coarse / style.height))
    angle = np.deg2rad(style.turn)
    by = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    changed = [line @ np.array([[style.width, 0], [-style.slant, 1]]) @ by for line in lines]
    every = np.concatenate(changed)
    low, high = every.min(0), every.max(0)
    scale = min(style.height, (SIDE - 10) / (high - low).max())
    room = (SIDE - scale * (high - low)) / 2
    middle = SIDE / 2 + rng.uniform(-0.7, 0.7, 2) * room
    return [scale * (line - (low + high) / 2) + middle for line in changed]


def curve(points: np.ndarray) -> np.ndarray:
    """A smooth line through points (N, 2): a spline of Catmull and Rom (1974)."""
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        parts.append(
            b + t * (c - a) / 2 + t**2 * (2 * a - 5 * b + 4 * c - d) / 2
            + t**3 * (3 * b - a - 3 * c + d) / 2
        )  # fmt: skip
    return np.concatenate([*parts, points[-1:]])


def resampled(path: np.ndarray, step: float) -> np.ndarray:
    """Points on a path (N, 2), a step apart, and its end."""
    along = np.append(0, np.cumsum(np.hypot(*np.diff(path, axis=0).T)))
    places = np.append(np.arange(0, along[-1], step), along[-1])
    return np.stack([np.interp(places, along, path[:, axis]) for axis in (0, 1)], 1)


def picture(lines: Sequence[np.ndarray], fine: int = FINE) -> Image.Image:
    """What the pad hands over: grey, with paper around, drawn with a pen that fits the drawing.

    `fine` pixels are drawn for each of the picture's: outlines are grey then, as a browser makes them.
    """
    every = np.concatenate(list(lines))
    across, down = np.ptp(every, axis=0)
    pen = float(np.clip(PEN * max(down, across / 3), THINNEST, THICKEST))
    side = fine * (SIDE + 2 * MARGIN)
    sheet = Image.new("L", (side, side), 255)
    draw, radius = ImageDraw.Draw(sheet), fine * pen / 2
    for line in lines:
        points = [tuple(fine * (point + MARGIN)) for point in line]
        for start, end in pairwise(points):
            draw.line([start, end], 0, round(2 * radius))
        for x, y in points:
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], 0)
    return sheet.resize((SIDE + 2 * MARGIN,) * 2, Image.Resampling.BOX)
