"""Any picture of a digit, or of a line of them, to what the network sees. Sections III-A and VII.

MNIST's digits were fitted into 20x20 pixels, their proportions kept, grey where a pixel is partly
covered; then their centre of mass was put into the middle of 28x28. Its patterns come out of this as
they go in, but for a grey level here and there.
"""

import os
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import torch
from torch import Tensor

from .preprocessing import FIELD, PATTERN
from .strings import STRIDE

if TYPE_CHECKING:
    from PIL.Image import Image

BOX = 20
"""Side of the box that the digit is fitted into, and height of a line of digits, pixels."""
LONGEST, BESIDE = 320, 12
"""Of a line of digits: most columns, and columns of paper on either side, at least."""
MIDDLE = 14
"""Row and column of the centre of mass, rounded, in every pattern of MNIST."""
MAX_PIXELS = 50_000_000
"""More than any camera has that people carry; a picture of that size takes 0.5 GB while it is read."""
CONTRAST = 0.1
"""Between ink and paper, at least; 1 is that of black and white."""
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
"""What is read. Others, EPS for one, would run programs."""
_WORKING_SIZE = 400  # longest side that is worked on, pixels


def read_picture(
    source: "str | os.PathLike[str] | bytes | BinaryIO | Image", max_pixels: int = MAX_PIXELS
) -> Tensor:
    """The pattern in a picture: uint8 (28, 28), ink 255, as `preprocess` takes it.

    `source` is a path, the bytes of a file, an open one, or an image of Pillow. The paper has the
    colour that prevails along the edge, or is what is transparent; ink is whatever differs.
    Raises ValueError for what cannot be read as a picture, has more than `max_pixels`, or has nothing
    drawn on it; OSError for a path that cannot be opened.
    """
    return normalise(_ink_in(source, max_pixels))


def read_line(
    source: "str | os.PathLike[str] | bytes | BinaryIO | Image", max_pixels: int = MAX_PIXELS
) -> Tensor:
    """The line of digits in a picture: uint8 (32, columns), ink 255, to be swept over (section VII).

    `source`, paper, ink and errors are those of `read_picture`.
    """
    return normalise_line(_ink_in(source, max_pixels))


def _ink_in(
    source: "str | os.PathLike[str] | bytes | BinaryIO | Image", max_pixels: int
) -> np.ndarray:
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            return ink(pixels(file, max_pixels))
    return ink(pixels(source, max_pixels))


def pixels(source: "bytes | BinaryIO | Image", max_pixels: int) -> np.ndarray:
    """(rows, columns, 4) float32 in 0 ... 1: red, green, blue, opacity. Smaller if it is large.

    `source` is the bytes of a file, an open one, or an image of Pillow. Raises ValueError for what
    cannot be read as a picture, or has more than `max_pixels`.
    """
    from PIL import Image, ImageOps

    try:
        if not isinstance(source, Image.Image):
            file = BytesIO(source) if isinstance(source, bytes) else source
            source = Image.open(file, formats=FORMATS)
        within = source.width * source.height <= max_pixels
        if within:
            image = _eight_bits(source)
            image.thumbnail((_WORKING_SIZE, _WORKING_SIZE), Image.Resampling.BOX)
            image = ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        within = False
    except Exception as error:  # of any kind: decoders raise what they like
        words = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"cannot be read as a picture ({words})") from error
    if not within:
        raise ValueError(f"the picture has more than {max_pixels:,} pixels: make it smaller")
    return np.asarray(image, np.float32) / 255


def _eight_bits(image: "Image") -> "Image":
    """As RGBA. What has more bits, one channel always, is stretched from its least to its largest."""
    from PIL import Image

    image.draft("RGB", (_WORKING_SIZE, _WORKING_SIZE))  # a large JPEG is decoded as a smaller one
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGBA")
    grey = np.asarray(image, np.float64)
    low, high = grey.min(), grey.max()
    if not np.isfinite(high - low):
        raise ValueError("not all of its pixels are numbers")
    grey = (grey - low) * (255 / max(high - low, 1))
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGBA")


def ink(pixels: np.ndarray) -> np.ndarray:
    """How much each pixel differs from the paper: (rows, columns) float32 in 0 ... 1.

    `pixels` (rows, columns, 4) in 0 ... 1. Raises ValueError for others, or where no pixel differs.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 4 or not pixels.size:
        raise ValueError(f"expected pixels (rows, columns, 4), got {pixels.shape}")
    if not 0 <= pixels.min() <= pixels.max() <= 1:
        raise ValueError(f"expected pixels in 0 ... 1, got {pixels.min():g} to {pixels.max():g}")
    colour, opacity = pixels[..., :3], pixels[..., 3]
    drawn = opacity > 0.5
    if drawn.mean() > 0.5:  # else nothing but the digit is opaque
        paper = _paper(colour, drawn)
        differences: np.ndarray = np.abs((colour - paper) * opacity[..., None]).max(-1)
        if differences.max() > CONTRAST:
            return differences
    if np.ptp(opacity) <= CONTRAST:
        raise ValueError("nothing is drawn: the picture is of one colour")
    return opacity


def _paper(colour: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The colour of the paper at every pixel, lit from one side perhaps, by the edge of the picture."""
    along = _edge(drawn)
    paper: np.ndarray
    if not along.any():
        paper = np.median(colour[drawn], 0)
        return paper
    row, column = np.meshgrid(*(np.linspace(-1, 1, n) for n in drawn.shape), indexing="ij")
    places = np.stack([np.ones_like(row), row, column, row * column], -1)
    seen, where = _edge(colour)[along], _edge(places)[along]
    away = np.abs(seen - np.median(seen, 0)).max(-1)
    bare = away <= 3 * np.median(away)
    paper = places @ np.linalg.lstsq(where[bare], seen[bare], rcond=None)[0]
    return paper


def normalise(ink: np.ndarray) -> Tensor:
    """The ink (rows, columns) >= 0 of a digit as a pattern of MNIST: uint8 (28, 28).

    What is no stronger than the unrest of the paper is left out. Raises ValueError for other shapes or
    values, or where nothing is stronger.
    """
    digit = _standing_out(ink)
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

    Fitted to the height of MNIST's digits, in the middle of the field, as many columns as there are
    answers to a sweep over it. Leaves out and raises what `normalise` does.
    """
    line = _standing_out(ink)
    scale = min(BOX / line.shape[0], LONGEST / line.shape[1])
    grey = _fitted(line, *(max(1, round(side * scale)) for side in line.shape))
    answers = max(1, 1 + -(-(grey.shape[1] + 2 * BESIDE - FIELD) // STRIDE))
    field = np.zeros((FIELD, FIELD + STRIDE * (answers - 1)))
    top, left = ((a - b) // 2 for a, b in zip(field.shape, grey.shape, strict=True))
    field[top : top + grey.shape[0], left : left + grey.shape[1]] = grey
    return torch.from_numpy((255 * field).round().astype(np.uint8))


def _standing_out(ink: np.ndarray) -> np.ndarray:
    """The ink that is stronger than the unrest of the paper, and the rectangle around it."""
    if ink.ndim != 2 or not ink.size or not 0 <= ink.min() <= ink.max() < np.inf:
        raise ValueError(f"expected finite ink (rows, columns) >= 0, got {ink.shape} {ink.dtype}")
    ink = np.where(ink > _unrest(ink), ink, 0)
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    if not len(rows):
        raise ValueError("nothing is drawn that stands out from the paper")
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fitted(ink: np.ndarray, height: int, width: int) -> np.ndarray:
    """The ink in another size, its darkest pixel 1: grey where a pixel is partly covered."""
    from PIL import Image

    image = Image.fromarray(ink.astype(np.float32))
    grey: np.ndarray = np.asarray(image.resize((width, height), Image.Resampling.HAMMING)).clip(0)
    return grey / float(grey.max())


def _unrest(ink: np.ndarray) -> float:
    """The strength up to which it is noise, or what JPEG leaves around a stroke; often 0."""
    along_the_edge = min(4 * np.quantile(_edge(ink), 0.75), 0.5)
    faint = np.count_nonzero((ink > 1e-3) & (ink <= CONTRAST))
    return float(
        max(along_the_edge, 1e-3 if faint < np.count_nonzero(ink > CONTRAST) else CONTRAST)
    )


def _edge(array: np.ndarray) -> np.ndarray:
    """The outermost pixels, one after the other."""
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])
