"""The edge of a picture is paper, and ink is whatever differs from it.

That was the package's way before it looked for paper everywhere: simple, and wrong wherever the edge
is a desk, a scanner's lid or a window's bar. `reproduce.pictures` shows what the difference comes to.
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from paper_lenet5.pictures.files import pixels
from paper_lenet5.pictures.normalise import BOX, placed
from paper_lenet5.pictures.paper import CONTRAST
from paper_lenet5.preprocessing import FIELD
from paper_lenet5.strings import STRIDE

LONGEST = 400
"""Side of what was worked on, pixels."""
LONGEST_LINE, BESIDE = 320, 12
"""Of a line: most columns, and columns of paper on either side."""


def read_picture(source: bytes | Image.Image) -> Tensor:
    """The pattern in a picture: uint8 (28, 28). Raises ValueError where nothing is drawn."""
    found = ink(_small(source))
    return placed(np.where(found > _unrest(found), found, 0))


def read_line(source: bytes | Image.Image) -> Tensor:
    """The line of digits in a picture: uint8 (32, columns), its box in the middle of the rows."""
    found = ink(_small(source))
    strong = found > 0.1 * found.max()
    rows, columns = (np.flatnonzero(strong.any(axis)) for axis in (1, 0))
    string = found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(BOX / string.shape[0], LONGEST_LINE / string.shape[1])
    height, width = (max(1, round(side * scale)) for side in string.shape)
    small = Image.fromarray(string.astype(np.float32)).resize(
        (width, height), Image.Resampling.HAMMING
    )
    grey = np.asarray(small).clip(0)
    answers = max(1, 1 + -(-(width + 2 * BESIDE - FIELD) // STRIDE))
    field = np.zeros((FIELD, FIELD + STRIDE * (answers - 1)), np.uint8)
    top, left = ((a - b) // 2 for a, b in zip(field.shape, grey.shape, strict=True))
    field[top : top + height, left : left + width] = (255 * grey / grey.max()).round()
    return torch.from_numpy(field)


def _small(source: bytes | Image.Image) -> np.ndarray:
    """The pixels, in the size that was worked on."""
    seen = pixels(source)
    if max(seen.shape) <= LONGEST:
        return seen
    image = Image.fromarray((seen * 255).round().astype(np.uint8))
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / 255


def ink(pixels: np.ndarray) -> np.ndarray:
    """How much each pixel (rows, columns, 4) differs from the paper: (rows, columns) in 0 ... 1."""
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


def _unrest(ink: np.ndarray) -> float:
    """The strength up to which it is noise, or what JPEG leaves around a stroke; often 0."""
    along_the_edge = min(4 * np.quantile(_edge(ink), 0.75), 0.5)
    faint = np.count_nonzero((ink > 1e-3) & (ink <= CONTRAST))
    few = faint < np.count_nonzero(ink > CONTRAST)
    return max(float(along_the_edge), 1e-3 if few else CONTRAST)


def _edge(array: np.ndarray) -> np.ndarray:
    """The outermost pixels, one after the other."""
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])
