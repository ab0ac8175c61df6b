"""The versions of the database: regular, deslanted, 16x16. Section III-A."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from paper_lenet5.patterns import Split


def deslanted(images: Tensor, foreground: int | None = None) -> Tensor:
    """Images (N, 28, 28) uint8, each sheared horizontally until its principal axis is vertical.

    From the second moments of the ink: the slant is that of the line x = slant * y which fits the ink
    best, and each row is shifted by slant times its distance from the centre of mass, with linear
    interpolation. An image without ink, or with ink in a single row, stays as it is.

    A pixel counts as 1 in the moments if it is `foreground` or more, and as 0 if not; without that it
    counts by its grey level.
    """
    return torch.cat(
        [_deslanted(some, foreground) for some in images.split(1000)]
    )  # as fit a cache


def _deslanted(images: Tensor, foreground: int | None) -> Tensor:
    shown = images.double()
    ink = shown if foreground is None else (images >= foreground).double()
    n, rows, columns = ink.shape
    y = torch.arange(rows, dtype=ink.dtype).view(1, rows, 1)
    x = torch.arange(columns, dtype=ink.dtype).view(1, 1, columns)
    mass = ink.sum((1, 2)).clamp(min=1).view(n, 1, 1)
    y = y - (ink * y).sum((1, 2), keepdim=True) / mass
    x = x - (ink * x).sum((1, 2), keepdim=True) / mass
    slant = (ink * x * y).sum((1, 2)) / (ink * y * y).sum((1, 2)).clamp(min=1e-9)
    source = torch.arange(columns) + (slant.view(n, 1, 1) * y)  # column that each pixel shows
    left = source.floor()
    share = source - left
    padded = functional.pad(shown, (1, 1))  # paper beyond both edges
    at = (left.long() + 1).clamp(-1, columns + 1)
    near, far = (padded.gather(2, (at + k).clamp(0, columns + 1)) for k in (0, 1))
    return ((1 - share) * near + share * far).round().byte()


def reduced(images: Tensor) -> Tensor:
    """Images (N, 28, 28) uint8, the 20x20 box of the character reduced to 16x16, still in 28x28."""
    size = round(images.shape[1] * 16 / 20)
    small = functional.interpolate(images[:, None].float(), (size, size), mode="bilinear",
                                   align_corners=False, antialias=True)  # fmt: skip
    return functional.pad(small[:, 0].round().byte(), [(images.shape[1] - size) // 2] * 4)


Version = Literal["regular", "deslanted", "deslanted, binary moments", "16x16"]
VERSIONS: dict[Version, Callable[[Tensor], Tensor]] = {
    "regular": lambda images: images,
    "deslanted": deslanted,
    "deslanted, binary moments": partial(deslanted, foreground=1),
    "16x16": reduced,
}


def in_version(split: Split, name: Version) -> Split:
    """The split in one of the versions."""
    if name == "regular":
        return split
    return Split(VERSIONS[name](split.images), split.labels, split.levels)


def pixels(split: Split, side: int) -> Tensor:
    """The central side x side pixels of each image, (N, side * side) float32 in 0 ... 1."""
    margin = (split.images.shape[1] - side) // 2
    inside = slice(margin, margin + side)
    return split.images[:, inside, inside].flatten(1).float() / 255
