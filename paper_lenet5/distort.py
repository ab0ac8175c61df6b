"""Random planar affine distortions of the training patterns. Section III-B, Fig. 7.

The paper adds 540,000 distorted patterns, nine of each original, by combining horizontal and
vertical translation, scaling, squeezing and horizontal shearing (no rotation). It prints no
ranges (D10), but the originals of Fig. 7 are in MNIST: its rows show the training images 359, 366, 339,
330, 336, 376, 331, 337, 333 and 334. One affine map with bilinear interpolation, fitted to each of
the 100 drawings, leaves an rms of 1.1 grey levels in 255; the figure itself has only 46 levels.
What follows is read from those 100 maps:

    pattern in the 32x32 field -> shift -> shear about row 19 -> shrink and squeeze about row 26

Row 26 is just below the 20x20 box of the character, so that shrinking and growing leave it on its
foot. The 100 maps leave the rows uncertain by about 0.3 (26) and 1 (19).
"""

import math
from dataclasses import astuple, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .preprocessing import FIELD, MARGIN, PATTERN, check_patterns

CENTRE = 15.5  # of the field, as a row or column index; the column about which things shrink
SHRINK_ROW = 26.0  # this row of the field stays in place when shrinking and squeezing
SHEAR_ROW = 19.0  # and this one when shearing
DISTORTED_VERSIONS = 9  # of each pattern, beside the original: 540,000 / 60,000


@dataclass(frozen=True)
class DistortionRanges:
    """Lowest and highest value of each parameter, which is drawn uniformly between them.

    The fields are the columns of every parameter tensor, in this order. Raises ValueError where a
    lowest value exceeds its highest, one is not finite, or shrink or squeeze may not be positive.
    """

    shrink: tuple[float, float]  # the character comes out 1/shrink times as large
    squeeze: tuple[float, float]  # its width is divided, and its height multiplied, by this
    shear: tuple[float, float]  # pixels to the right for each pixel upwards
    shift_x: tuple[float, float]  # to the right, pixels of the pattern before it is shrunk
    shift_y: tuple[float, float]  # downwards, likewise

    def __post_init__(self) -> None:
        if not all(-math.inf < low <= high < math.inf for low, high in astuple(self)):
            raise ValueError(f"expected finite pairs (low, high) with low <= high, got {self}")
        if not min(self.shrink[0], self.squeeze[0]) > 0:
            raise ValueError(f"expected shrink and squeeze above 0, got {self}")


# Ends of the uniform ranges behind the 100 maps of Fig. 7, rounded: each lies within 0.01 (ratios)
# or 0.1 pixel of the smallest and largest of the 100. Uniform ranges fit (Kolmogorov-Smirnov
# p >= 0.15 for each parameter).
FIG7_RANGES = DistortionRanges(
    shrink=(0.77, 1.40),
    squeeze=(0.90, 1.10),
    shear=(-0.14, 0.14),
    shift_x=(-2.0, 2.0),
    shift_y=(-2.0, 2.0),
)


def draw_distortions(
    n: int, generator: torch.Generator, ranges: DistortionRanges = FIG7_RANGES
) -> Tensor:
    """Draw n distortions, all parameters independent and uniform: (n, 5) float32.

    Columns: shrink, squeeze, shear, shift_x, shift_y, as in DistortionRanges. Raises ValueError for a
    negative n.
    """
    if n < 0:
        raise ValueError(f"expected n >= 0, got {n}")
    low, high = torch.tensor(astuple(ranges), dtype=torch.float32).unbind(1)
    return low + (high - low) * torch.rand(n, len(low), generator=generator)


def distort(images: Tensor, parameters: Tensor, chunk: int = 128) -> Tensor:
    """Distort images (N, 28, 28) uint8 by parameters (N, 5) into fields (N, 32, 32) uint8.

    Each pixel of the field reads the pattern by bilinear interpolation, with background (0) all
    around it, and is rounded. There is no smoothing before shrinking, as in Fig. 7. `chunk` images
    are done at a time; it bounds the memory and changes nothing else. About 15 microseconds an
    image on one CPU thread. Raises ValueError for other shapes, types or values.
    """
    check_patterns(images)
    if parameters.shape != (len(images), 5) or not parameters.is_floating_point():
        raise ValueError(
            f"expected ({len(images)}, 5) floating-point parameters, one row for each image, "
            f"got {tuple(parameters.shape)} {parameters.dtype}"
        )
    if not (parameters.isfinite().all() and (parameters[:, :2] > 0).all()):
        raise ValueError("expected finite parameters, shrink and squeeze (columns 0, 1) above 0")
    if chunk < 1:
        raise ValueError(f"expected a chunk of at least 1, got {chunk}")
    maps = _field_to_pattern(parameters.float())
    if not maps.isfinite().all():
        raise ValueError("expected parameters whose products are numbers in float32")
    fields = images.new_empty(len(images), FIELD, FIELD)
    for start in range(0, len(images), chunk):
        part = slice(start, start + chunk)
        patterns = images[part, None].float()
        grid = F.affine_grid(maps[part], [len(patterns), 1, FIELD, FIELD], align_corners=False)
        fields[part] = F.grid_sample(patterns, grid, align_corners=False)[:, 0].round_()
    return fields


def distorted_patterns(images: Tensor, indices: Tensor, parameters: Tensor) -> Tensor:
    """The patterns `indices` (M,) of originals and distorted versions: (M, 32, 32) uint8.

    Of images (N, 28, 28) uint8 and parameters (9 * N, 5), index i is version i // N of image i % N:
    version 0 the original, another distorted by row i - N of the parameters. With N = 60,000 these
    are the 600,000 patterns of section III-B, made when asked for. Indices are int64, in any order.
    Raises ValueError for an index outside [0, 10 * N), and as distort does.
    """
    check_patterns(images)
    n, versions = len(images), 1 + DISTORTED_VERSIONS
    if parameters.shape != (DISTORTED_VERSIONS * n, 5):
        raise ValueError(
            f"expected ({DISTORTED_VERSIONS * n}, 5) parameters, {DISTORTED_VERSIONS} for each "
            f"image, got {tuple(parameters.shape)}"
        )
    if indices.ndim != 1 or indices.dtype != torch.int64:
        raise ValueError(f"expected (M,) int64 indices, got {tuple(indices.shape)} {indices.dtype}")
    if len(indices) and not 0 <= indices.min() <= indices.max() < versions * n:
        raise ValueError(
            f"expected indices from 0 to {versions * n - 1}, got {indices.min()} to {indices.max()}"
        )
    fields = F.pad(images[indices % n], [MARGIN] * 4)
    moved = indices >= n
    fields[moved] = distort(images[indices[moved] % n], parameters[indices[moved] - n])
    return fields


def _field_to_pattern(parameters: Tensor) -> Tensor:
    """Maps (N, 2, 3) from a place in the field to the place in the pattern that it shows.

    With x, y from the centre of both: y' = d y + r (1 - d) is the row before shrinking about row r,
    x' = a x + h (y' - s) the column before shearing about row s; then the shift is taken off.
    Both squares are [-1, 1] x [-1, 1], as affine_grid wants them.
    """
    shrink, squeeze, shear, shift_x, shift_y = parameters.unbind(1)
    a, d = shrink * squeeze, shrink / squeeze  # pattern pixels for one field pixel: columns, rows
    row = (SHRINK_ROW - CENTRE) * (1 - d)
    column = shear * (row - (SHEAR_ROW - CENTRE))
    linear = torch.stack([a, shear * d, torch.zeros_like(a), d], 1).view(-1, 2, 2)
    offset = torch.stack([column - shift_x, row - shift_y], 1)
    return torch.cat([linear * (FIELD / PATTERN), offset[:, :, None] * (2 / PATTERN)], 2)
