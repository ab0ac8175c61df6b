"""Pictures of digits as people send them: MNIST's test digits written anew with a pen, on paper.

A digit's skeleton is drawn with a pen of any width, in any ink, onto any paper; then light, desk,
scanner and file are what a condition says. Nothing here is anybody's picture or font.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

HEIGHT = 220
"""Longest side of a written digit, between the middles of its strokes, in pixels of a picture."""
PAGE = (480, 400)
"""Rows and columns of most pictures."""
WHITE, INK = (246, 244, 238), (28, 28, 34)
"""Paper and ink where nothing else is said."""
_FINE = 12
"""Pixels of the grid on which a skeleton is found, for each of MNIST's."""
_INKED, _LIGHTER = 60, 30
"""Of 255: what is darker is ink; and what is so much lighter than the ink around it is a loop."""

AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Row and column of a pixel's neighbours, clockwise from above."""

Colour = float | tuple[float, float, float] | np.ndarray
"""Of every pixel alike, or of each, 0 ... 255; a number is a grey."""
Picture = Image.Image | bytes
"""What is read: an image, or the bytes of a file."""


# --- from a pattern of MNIST to a line of a pen -----------------------------------------------------


def skeleton(pattern: np.ndarray) -> np.ndarray:
    """The middle of the strokes of a pattern (28, 28) uint8: points (N, 2), row and column.

    In units of `HEIGHT`: the longer side of what they span is 1, and begins at 0.
    """
    fine = ndimage.zoom(pattern.astype(np.float32), _FINE, order=1)
    fine = ndimage.gaussian_filter(fine, _FINE / 4)
    points = np.argwhere(thinned((fine > _INKED) & ~loops(fine))).astype(np.float64)
    points -= points.min(0)
    return points / max(float(points.max()), 1)


def loops(grey: np.ndarray) -> np.ndarray:
    """Where ink closes around what is lighter, and yet ink, in grey levels (rows, columns): a mask.

    MNIST's pixels are as large as many a loop of a 6, 8 or 9, which then is grey, not white. A pen that
    is led along such a 9 as if it were filled writes a 7.
    """
    found = np.zeros(grey.shape, bool)
    for level in range(_INKED + _LIGHTER, 256, _LIGHTER // 2):
        ink = grey > level
        parts, number = ndimage.label(ndimage.binary_fill_holes(ink) & ~ink)
        lowest = ndimage.minimum(grey, parts, np.arange(1, number + 1))
        grey_ones = (lowest > _INKED) & (lowest < level - _LIGHTER)
        found |= np.isin(parts, 1 + np.flatnonzero(grey_ones))
    return found


def thinned(mask: np.ndarray) -> np.ndarray:
    """The mask thinned to lines of one pixel (Zhang and Suen, 1984)."""
    mask = np.pad(mask, 1)
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            around = [np.roll(mask, (-row, -column), (0, 1)) for row, column in AROUND]
            number = np.sum(around, 0, dtype=np.int8)
            steps = sum((~a & b).astype(np.int8)
                        for a, b in zip(around, around[1:] + around[:1], strict=True))  # fmt: skip
            north, east, south, west = around[::2]
            corner = (
                ~(north & east & south) & ~(east & south & west)
                if first
                else ~(north & east & west) & ~(north & south & west)
            )
            peeled = mask & (number >= 2) & (number <= 6) & (steps == 1) & corner
            changed |= bool(peeled.any())
            mask &= ~peeled
    return mask[1:-1, 1:-1]


def written(
    points: np.ndarray,
    pen: float = 10,
    page: tuple[int, int] = PAGE,
    height: float = HEIGHT,
    middle: tuple[float, float] = (0.5, 0.5),
    slant: float = 0,
    turn: float = 0,
) -> np.ndarray:
    """How far each pixel of a page is covered by the pen's line: (rows, columns) in 0 ... 1.

    `pen` and `height` in pixels, `middle` of the digit as parts of the page, `slant` in columns a row
    (to the right, upwards), `turn` in degrees, clockwise.
    """
    angle = np.deg2rad(turn)
    placed = points @ np.array([[1, -slant], [0, 1]])
    placed = placed @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    placed = (placed - (placed.max(0) + placed.min(0)) / 2) * height + np.multiply(middle, page)
    away = np.ones(page, bool)
    row, column = placed.round().astype(int).T
    inside = (row >= 0) & (row < page[0]) & (column >= 0) & (column < page[1])
    away[row[inside], column[inside]] = False
    away = (
        ndimage.binary_erosion(away, iterations=1) if height > 250 else away
    )  # no holes in a line
    if away.all():
        return np.zeros(page)
    distance: np.ndarray = ndimage.distance_transform_edt(away)
    return np.clip(pen / 2 + 0.5 - distance, 0, 1)


def colours(cover: np.ndarray, paper: Colour = WHITE, ink: Colour = INK) -> np.ndarray:
    """Red, green and blue (rows, columns, 3) in 0 ... 255 of ink on paper; either may be an array."""
    cover = cover[..., None]
    below, above = np.asarray(paper, float), np.asarray(ink, float)
    return np.asarray(below * (1 - cover) + above * cover)


def image(colour: np.ndarray) -> Image.Image:
    """Of red, green and blue, rounded and cut off."""
    return Image.fromarray(colour.clip(0, 255).round().astype(np.uint8))


def jpeg(colour: np.ndarray, quality: int = 85, orientation: int = 1) -> bytes:
    """A file of it."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image(colour).save(file, "JPEG", quality=quality, exif=exif.tobytes())
    return file.getvalue()


# --- what happens to a page -------------------------------------------------------------------------


def grained(colour: np.ndarray, rng: Generator, sigma: float) -> np.ndarray:
    """With the noise of a sensor, in grey levels."""
    return colour + rng.normal(0, sigma, colour.shape)


def places(page: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each pixel, 0 ... 1."""
    row, column = np.meshgrid(*(np.linspace(0, 1, side) for side in page), indexing="ij")
    return row, column


def half_dark(page: tuple[int, int], rng: Generator, soft: float, dark: float) -> np.ndarray:
    """The light on a page with the shadow of something straight, (rows, columns, 1)."""
    row, column = places(page)
    angle = rng.uniform(0, 2 * np.pi)
    along = (row - 0.5) * np.sin(angle) + (column - 0.5) * np.cos(angle) - rng.uniform(-0.1, 0.1)
    light: np.ndarray = 1 - (1 - dark) * (along / soft + 0.5).clip(0, 1)
    return light[..., None]


def corners_dark(page: tuple[int, int], dark: float) -> np.ndarray:
    """The light of a lens that is dark towards the corners, (rows, columns, 1)."""
    row, column = places(page)
    away = np.hypot(row - 0.5, column - 0.5) / np.hypot(0.5, 0.5)
    light: np.ndarray = 1 - (1 - dark) * away**2
    return light[..., None]


def bordered(colour: np.ndarray, sides: str, width: int, of: Colour) -> np.ndarray:
    """With strips along some of the sides (t, b, l, r)."""
    colour = colour.copy()
    views = {"t": colour[:width], "b": colour[-width:], "l": colour[:, :width],
             "r": colour[:, -width:]}  # fmt: skip
    for side in sides:
        views[side][:] = of
    return colour


def ruled(
    page: tuple[int, int], gap: float, line: float, both: bool = False, turn: float = 0
) -> np.ndarray:
    """How far each pixel is covered by lines, (rows, columns) in 0 ... 1; `both` ways: squares."""
    row, column = np.mgrid[: page[0], : page[1]].astype(float)
    angle = np.deg2rad(turn)
    across = row * np.cos(angle) + column * np.sin(angle)
    down = column * np.cos(angle) - row * np.sin(angle)
    cover = np.zeros(page)
    for at in (across, down) if both else (across,):
        away = np.abs((at + gap / 3) % gap - gap / 2)
        cover = np.maximum(cover, (line / 2 + 0.5 - away).clip(0, 1))
    return cover


def on_desk(sheet: np.ndarray, desk: np.ndarray, turn: float, scale: float = 0.72) -> np.ndarray:
    """A sheet lying on a desk, turned by so many degrees, with what lies below it around."""
    rows, columns = desk.shape[:2]
    small = image(sheet).resize(
        (round(columns * scale), round(rows * scale)), Image.Resampling.LANCZOS
    )
    turned = small.convert("RGBA").rotate(turn, Image.Resampling.BICUBIC, expand=True)
    under = image(desk)
    under.paste(turned, ((columns - turned.width) // 2, (rows - turned.height) // 2), turned)
    return np.asarray(under, float)


def wood(page: tuple[int, int], rng: Generator, base: Colour = (120, 84, 52)) -> np.ndarray:
    """A desk with grain."""
    row, column = places(page)
    rings = np.sin(40 * (row + 0.06 * np.sin(9 * column + rng.uniform(0, 6))) + rng.uniform(0, 6))
    grain: np.ndarray = 14 * rings[..., None] + rng.normal(0, 3, (*page, 1))
    return np.asarray(np.asarray(base, float) + grain)


def dusty(colour: np.ndarray, rng: Generator, specks: int, largest: float) -> np.ndarray:
    """With dark specks that are up to so many pixels across."""
    row, column = np.mgrid[: colour.shape[0], : colour.shape[1]]
    colour = colour.copy()
    for _ in range(specks):
        at = rng.uniform(0, colour.shape[:2])
        colour[np.hypot(row - at[0], column - at[1]) <= rng.uniform(0.5, largest / 2)] = 60
    return colour


# --- the conditions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Digit:
    """A test digit: MNIST's index, its pattern (28, 28) uint8, and the middle of its strokes."""

    index: int
    label: int
    pattern: np.ndarray
    points: np.ndarray


@dataclass(frozen=True)
class Condition:
    """One way in which pictures come."""

    group: str
    title: str
    picture: Callable[[Digit, Generator], Picture]
    """Of a digit; whatever else there is, is drawn from the generator."""
    digit: bool = True
    """Whether a person sees one digit in it; else it has to be refused."""


def _pen(width: float) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(grained(colours(written(d.points, width)), rng, 2))


def _inks(paper: Colour, ink: Colour, pen: float = 10) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(grained(colours(written(d.points, pen), paper, ink), rng, 2))


def _lit(light: Callable[[Generator], np.ndarray]) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(grained(colours(written(d.points)) * light(rng), rng, 2))


def _edged(sides: str, width: int, of: Colour) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(
        bordered(grained(colours(written(d.points)), rng, 2), sides, width, of)
    )


def _lines(gap: float, line: float, of: Colour, both: bool = False, turn: float = 0,
           pen: float = 10) -> Callable[[Digit, Generator], Picture]:  # fmt: skip
    return lambda d, rng: jpeg(grained(
        colours(written(d.points, pen), colours(ruled(PAGE, gap, line, both, turn), WHITE, of)),
        rng, 2))  # fmt: skip


def _noisy(sigma: float) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: image(grained(colours(written(d.points)), rng, sigma))


def _as_mnist(side: int, invert: bool) -> Callable[[Digit, Generator], Picture]:
    def made(d: Digit, rng: Generator) -> Picture:
        grey = Image.fromarray(255 - d.pattern if invert else d.pattern)
        return grey.resize((side, side), Image.Resampling.BICUBIC) if side != 28 else grey

    return made


def _desk(
    desk: Callable[[Generator], np.ndarray], turn: float, paper: Colour = WHITE
) -> Callable[[Digit, Generator], Picture]:
    def made(d: Digit, rng: Generator) -> Picture:
        under = desk(rng)
        sheet = colours(written(d.points, page=(len(under), len(under[0]))), paper)
        return jpeg(grained(on_desk(sheet, under, rng.uniform(-turn, turn)), rng, 2))

    return made


def _flat(of: Colour, page: tuple[int, int] = (640, 560)) -> Callable[[Generator], np.ndarray]:
    return lambda rng: np.broadcast_to(np.asarray(of, float), (*page, 3))


def _window(bar: Colour, page_of: Colour, ink: Colour) -> Callable[[Digit, Generator], Picture]:
    def made(d: Digit, rng: Generator) -> Picture:
        colour = bordered(colours(written(d.points), page_of, ink), "t", 28, bar)
        row, column = np.mgrid[: PAGE[0], : PAGE[1]]
        for at, of in ((356, (130, 130, 130)), (376, (220, 70, 60))):
            colour[np.hypot(row - 14, column - at) < 6] = of
        return image(colour)

    return made


def _boxed(d: Digit, rng: Generator) -> Picture:
    cover = written(d.points)
    row, column = places(PAGE)
    away = np.maximum(np.abs(row - 0.5) * PAGE[0] - 175, np.abs(column - 0.5) * PAGE[1] - 140)
    return jpeg(grained(colours(np.maximum(cover, np.abs(away) < 1.5)), rng, 2))


def _ringed(d: Digit, rng: Generator) -> Picture:
    row, column = places(PAGE)
    away = np.hypot((row - 0.5) * PAGE[0], (column - 0.5) * PAGE[1]) - rng.uniform(165, 180)
    return jpeg(grained(colours(np.maximum(written(d.points, 8), np.abs(away) < 4)), rng, 2))


def _letterbox(d: Digit, rng: Generator) -> Picture:
    return image(np.pad(colours(written(d.points)), ((0, 0), (110, 110), (0, 0))))


def _dust(specks: int, largest: float) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(
        dusty(grained(colours(written(d.points)), rng, 2), rng, specks, largest)
    )


def _small(
    height: float, page: tuple[int, int], pen: float
) -> Callable[[Digit, Generator], Picture]:
    def made(d: Digit, rng: Generator) -> Picture:
        row, column = (
            0.5 + rng.uniform(-1, 1) * max(0, 0.5 - 0.8 * height / side) for side in page
        )
        return image(grained(colours(written(d.points, pen, page, height, (row, column))), rng, 2))

    return made


def _camera(d: Digit, rng: Generator) -> Picture:
    cover = written(d.points, 5, (600, 800), 150, (rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)))
    large = image(colours(cover) * half_dark((600, 800), rng, 0.5, 0.6)).resize(
        (2560, 1920), Image.Resampling.BICUBIC
    )
    return jpeg(grained(np.asarray(large, np.float32), rng, 4), 80)


def _blurred(d: Digit, rng: Generator) -> Picture:
    cover = ndimage.gaussian_filter(written(d.points, 12), 5)
    return jpeg(grained(colours(cover), rng, 2))


def _turned(orientation: int, back: Image.Transpose) -> Callable[[Digit, Generator], Picture]:
    def made(d: Digit, rng: Generator) -> Picture:
        stored = image(grained(colours(written(d.points)), rng, 2)).transpose(back)
        return jpeg(np.asarray(stored, float), 85, orientation)

    return made


def _slanted(most: float) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(
        grained(colours(written(d.points, slant=rng.uniform(-most, most))), rng, 2)
    )


def _rotated(most: float) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(
        grained(colours(written(d.points, turn=rng.uniform(-most, most))), rng, 2)
    )


def _transparent(d: Digit, rng: Generator) -> Picture:
    cover = written(d.points)
    rgba = np.zeros((*PAGE, 4), np.uint8)
    rgba[..., :3] = rng.integers(0, 256, 3)
    rgba[..., 3] = (255 * cover).round()
    return Image.fromarray(rgba)


def _beside_a_part(d: Digit, rng: Generator) -> Picture:
    """Part of another stroke comes in at the edge."""
    row, column = np.mgrid[: PAGE[0], : PAGE[1]]
    at, height = rng.uniform(120, 360), rng.uniform(-60, 60)
    other = np.abs(row - at - height * column / 60) < 5
    other &= (column < 45) if rng.random() < 0.5 else (column > PAGE[1] - 30)
    return jpeg(grained(colours(np.maximum(written(d.points, middle=(0.5, 0.52)), other)), rng, 2))


def _crumpled(d: Digit, rng: Generator) -> Picture:
    light = ndimage.gaussian_filter(rng.normal(0, 1, PAGE), 40)
    light = 0.82 + 0.08 * light / light.std()
    return jpeg(grained(colours(written(d.points)) * light[..., None], rng, 3))


def _kraft(d: Digit, rng: Generator) -> Picture:
    fibres = ndimage.gaussian_filter(rng.normal(0, 1, PAGE), (0.7, 4))
    paper = np.asarray((196, 160, 118), float) + 8 * (fibres / fibres.std())[..., None]
    return jpeg(colours(written(d.points), paper, (40, 32, 30)))


# Pictures of no digit, or of more than one


def _empty(colour: Callable[[Generator], np.ndarray]) -> Callable[[Digit, Generator], Picture]:
    return lambda d, rng: jpeg(grained(colour(rng), rng, 2))


def _four(d: Digit, rng: Generator) -> Picture:
    cover = np.zeros((220, 760))
    for place in range(4):
        cover = np.maximum(
            cover, written(d.points, 8, cover.shape, 120, (0.5, 0.17 + 0.22 * place))
        )
    return jpeg(grained(colours(cover), rng, 2))


def _cut_off(d: Digit, rng: Generator) -> Picture:
    side = rng.choice([0.05, 0.95])
    return jpeg(grained(colours(written(d.points, middle=(0.5, side))), rng, 2))


def _filled(d: Digit, rng: Generator) -> Picture:
    row, column = places(PAGE)
    size = rng.uniform(0.1, 0.3)
    inside = np.maximum(np.abs(row - 0.5), np.abs(column - 0.5)) < size
    return jpeg(grained(colours(inside.astype(float)), rng, 2))


_LAMP = _lit(lambda rng: half_dark(PAGE, rng, 1.5, 0.45))
CONDITIONS = (
    Condition("MNIST", "as stored, 28×28, white on black", _as_mnist(28, False)),
    Condition("MNIST", "black on white, 28×28", _as_mnist(28, True)),
    Condition("MNIST", "ten times as large", _as_mnist(280, True)),
    Condition("pen", "2 of 220 pixels", _pen(2)),
    Condition("pen", "4 of 220 pixels", _pen(4)),
    Condition("pen", "10 of 220 pixels", _pen(10)),
    Condition("pen", "18 of 220 pixels", _pen(18)),
    Condition("pen", "26 of 220 pixels", _pen(26)),
    Condition("ink", "blue", _inks(WHITE, (40, 60, 170))),
    Condition("ink", "faint pencil", _inks(WHITE, (188, 187, 184))),
    Condition("ink", "red on yellow paper", _inks((245, 225, 110), (200, 40, 40))),
    Condition("ink", "chalk on a board", _inks((38, 62, 48), (225, 228, 220))),
    Condition("ink", "green on red, equally bright", _inks((200, 60, 60), (60, 138, 60))),
    Condition("ink", "on nothing: transparent", _transparent),
    Condition("paper", "brown, with fibres", _kraft),
    Condition("paper", "uneven", _crumpled),
    Condition("paper", "blue lines", _lines(48, 2, (150, 175, 225))),
    Condition("paper", "blue lines, turned by 2°", _lines(48, 2, (150, 175, 225), turn=2)),
    Condition("paper", "grey squares", _lines(32, 1.5, (175, 178, 182), both=True)),
    Condition("paper", "lines as dark as the ink", _lines(60, 2.5, (40, 40, 46))),
    Condition("border", "black, all around", _edged("tblr", 10, 0)),
    Condition("border", "black, one side", _edged("l", 14, 12)),
    Condition("border", "a line of one pixel at the edge", _edged("tblr", 1, 90)),
    Condition("border", "black bars left and right", _letterbox),
    Condition("frame", "window, light", _window((224, 224, 224), (255, 255, 255), (0, 0, 0))),
    Condition("frame", "window, dark", _window((60, 60, 64), (30, 30, 32), (230, 230, 230))),
    Condition("frame", "box around the digit", _boxed),
    Condition("frame", "ring around the digit", _ringed),
    Condition("desk", "dark", _desk(_flat((70, 50, 36)), 0)),
    Condition("desk", "wood, sheet turned by up to 8°", _desk(lambda rng: wood((640, 560), rng), 8)),
    Condition("desk", "lighter than the sheet", _desk(_flat((240, 240, 240)), 4, (205, 203, 198))),
    Condition("light", "from one side", _LAMP),
    Condition("light", "shadow with a soft edge", _lit(lambda rng: half_dark(PAGE, rng, 0.2, 0.6))),
    Condition("light", "shadow with a sharp edge", _lit(lambda rng: half_dark(PAGE, rng, 0.01, 0.6))),
    Condition("light", "dark corners", _lit(lambda rng: corners_dark(PAGE, 0.45))),
    Condition("noise", "of 8 grey levels", _noisy(8)),
    Condition("noise", "of 15 grey levels", _noisy(15)),
    Condition("noise", "of 30 grey levels", _noisy(30)),
    Condition("noise", "JPEG of quality 15",
              lambda d, rng: jpeg(grained(colours(written(d.points)), rng, 2), 15)),
    Condition("noise", "out of focus", _blurred),
    Condition("dust", "6 specks of up to 4 pixels", _dust(6, 4)),
    Condition("dust", "30 specks of up to 7 pixels", _dust(30, 7)),
    Condition("dust", "a stroke that comes in at the edge", _beside_a_part),
    Condition("size", "16 pixels high, of 40", _small(16, (40, 40), 1.6)),
    Condition("size", "40 pixels high, of 400", _small(40, (400, 400), 3)),
    Condition("size", "photo of 5 megapixels", _camera),
    Condition("form", "turned by EXIF, upside down", _turned(3, Image.Transpose.ROTATE_180)),
    Condition("form", "turned by EXIF, on its side", _turned(6, Image.Transpose.ROTATE_90)),
    Condition("form", "slanted by up to 0.25", _slanted(0.25)),
    Condition("form", "rotated by up to 10°", _rotated(10)),
    Condition("no digit", "empty paper",
              _empty(lambda rng: np.broadcast_to(WHITE, (*PAGE, 3)) * half_dark(PAGE, rng, 0.6, 0.6)),
              digit=False),
    Condition("no digit", "empty lined paper",
              _empty(lambda rng: colours(ruled(PAGE, 48, 2), WHITE, (150, 175, 225))), digit=False),
    Condition("no digit", "empty sheet on wood",
              _empty(lambda rng: on_desk(np.broadcast_to(WHITE, (640, 560, 3)),
                                         wood((640, 560), rng), 4)), digit=False),
    Condition("no digit", "a filled square", _filled, digit=False),
    Condition("no digit", "a digit cut off by the edge", _cut_off, digit=False),
    Condition("no digit", "four digits", _four, digit=False),
)  # fmt: skip


# --- lines of digits --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One way in which lines of digits come."""

    title: str
    gap: int = 20
    """Between the boxes of neighbouring digits, pixels, which are 110 high."""
    slope: float = 0.0
    """Of the baseline, rows a column; to either side."""
    page: Callable[[np.ndarray, Generator], np.ndarray] = lambda colour, rng: colour
    """What happens to red, green and blue."""
    lines: int = 1
    length: int = 4
    """Digits in each line."""
    hand: float = 0.0
    """How uneven it is: sizes and places vary by that part of the height, so much every digit slants;
    gaps are anything from 2 pixels to twice what they are said to be."""
    drawn: bool = False
    """Black on white with a mouse, and no paper at all."""


def _photographed(colour: np.ndarray, rng: Generator) -> np.ndarray:
    shaded = colour * half_dark(colour.shape[:2], rng, 0.1, 0.6)
    return grained(dusty(shaded, rng, 12, 5), rng, 8)


LINES = (
    *(Line(f"{gap} pixel{'s' * (gap > 1)} between digits", gap) for gap in (1, 4, 10, 20, 40, 150)),
    *(Line(f"baseline that climbs or falls by {100 * slope:.0f} %", slope=slope)
      for slope in (0.05, 0.1, 0.15)),
    Line("dust", page=lambda colour, rng: dusty(colour, rng, 12, 5)),
    Line("shadow", page=lambda colour, rng: colour * half_dark(colour.shape[:2], rng, 0.1, 0.6)),
    Line("noise of 15 grey levels", page=lambda colour, rng: grained(colour, rng, 15)),
    Line("lined paper", page=lambda colour, rng: np.minimum(
        colour, colours(ruled(colour.shape[:2], 48, 2), WHITE, (150, 175, 225)))),
    Line("black border of a scan", page=lambda colour, rng: bordered(colour, "tblr", 10, 0)),
    Line("two lines", lines=2),
)  # fmt: skip
"""Of four digits, evenly written."""
BY_HAND = {
    "drawn with a mouse": tuple(Line(f"{n} digits", length=n, hand=0.15, drawn=True)
                                for n in range(2, 7)),
    "photographed": tuple(Line(f"{n} digits", length=n, hand=0.15, slope=0.1, page=_photographed)
                          for n in range(2, 7)),
}  # fmt: skip
"""Of two to six digits, unevenly written. The photographs have dust, a shadow, noise and a slope."""


def line_of(digits: Sequence[Digit], line: Line, rng: Generator) -> bytes:
    """A page with the digits, as many in each of its lines."""
    each, slope = len(digits) // line.lines, line.slope * rng.choice([-1, 1])
    rows = []
    for start in range(0, len(digits), each):
        inks = [_by_hand(d, line.hand, rng) for d in digits[start : start + each]]
        inks = [ink[:, ink.any(0)] for ink in inks]
        gaps = rng.integers(2, 2 * line.gap, each) if line.hand else np.full(each, line.gap)
        width = sum(ink.shape[1] for ink in inks) + sum(gaps[1:].tolist()) + 120
        rise = round(abs(slope) * width / 2) + 1
        row, left = np.zeros((160 + 2 * rise + 60, width)), 60
        for ink, gap in zip(inks, gaps.tolist(), strict=True):
            top = 30 + rise + round(slope * (left + ink.shape[1] / 2 - width / 2))
            row[top : top + 160, left : left + ink.shape[1]] = ink
            left += ink.shape[1] + gap
        rows.append(row)
    widest = max(row.shape[1] for row in rows)
    cover = np.concatenate([np.pad(row, ((0, 0), (0, widest - row.shape[1]))) for row in rows])
    if line.drawn:
        file = io.BytesIO()
        image(colours(cover, (255, 255, 255), (0, 0, 0))).save(file, "PNG")
        return file.getvalue()
    return jpeg(grained(line.page(colours(cover), rng), rng, 2))


def _by_hand(digit: Digit, hand: float, rng: Generator) -> np.ndarray:
    """A digit as a hand writes it that is so uneven: (160, 260)."""
    if not hand:
        return written(digit.points, 9, (160, 260), 110)
    size, place, slant = rng.uniform(-hand, hand, 3)
    return written(digit.points, 9, (160, 260), 110 * (1 + size), (0.5 + place / 2, 0.5), slant)


# --- the digits -------------------------------------------------------------------------------------


def chosen(images: np.ndarray, labels: np.ndarray, half: int, n: int) -> list[Digit]:
    """N digits, as many of each kind, from those with an even (0) or odd (1) index."""
    rng = np.random.default_rng(1998 + half)
    digits = []
    for label in range(10):
        of_kind = np.flatnonzero(labels == label)
        of_kind = of_kind[of_kind % 2 == half]
        for index in rng.choice(of_kind, n // 10, replace=False):
            pattern = images[index]
            digits.append(Digit(int(index), label, pattern, skeleton(pattern)))
    return digits
