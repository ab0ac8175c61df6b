"""Several characters in one field: what the replicated network is trained on, and reads. Section VII.

Characters stand side by side, their bounding boxes a few pixels apart or overlapping by one. For
training, a field of 32x32 has a character in its middle and part of one on each side; or none in its
middle, and then it is of an eleventh class, the blank (D15).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .preprocessing import FIELD, MARGIN, PATTERN, check_patterns

BLANK = 10
"""The label of a field with no character in its middle."""
STRIDE = 4
"""Pixels from one answer of a wide sweep to the next: there are two subsamplings by 2."""


@dataclass(frozen=True)
class StringRanges:
    """What is drawn for each training field; whole pixels, both ends included, all equally likely.

    Raises ValueError for an empty range, or shares outside 0 ... 1.
    """

    separation: tuple[int, int]
    """Pixels between neighbouring bounding boxes; negative where they overlap."""
    shift: tuple[int, int]
    """How many pixels what stands in the middle is moved to the right."""
    blanks: float
    """The share of the fields that have no character in their middle."""
    gaps: float
    """The share of the blanks in which two neighbours meet; in the others a character is missing."""

    def __post_init__(self) -> None:
        ends = (*self.separation, *self.shift)
        if not all(isinstance(end, int) and abs(end) <= FIELD for end in ends):
            raise ValueError(f"expected whole pixels in +-{FIELD}, got {self}")
        if not all(low <= high for low, high in (self.separation, self.shift)):
            raise ValueError(f"expected pairs (low, high) with low <= high, got {self}")
        if not all(0 <= share <= 1 for share in (self.blanks, self.gaps)):
            raise ValueError(f"expected shares of blanks and gaps in 0 ... 1, got {self}")


SECTION_VII = StringRanges(separation=(-1, 4), shift=(-2, 2), blanks=1 / 11, gaps=0.5)
"""The separation is the paper's; the rest is D15."""


def draw_fields(
    images: Tensor, labels: Tensor, ranges: StringRanges, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """A field for each image, with it in the middle or a blank: (N, 32, 32) uint8, labels (N,).

    The images are (N, 28, 28) uint8 and their labels (N,) int64 in 0 ... 9; the neighbours are any
    of the images. The labels returned are those of the middle characters, or BLANK. Raises ValueError
    for other labels, and as `bounding_columns` does.
    """
    boxes, n = bounding_columns(images), len(images)
    if labels.dtype != torch.int64 or labels.shape != (n,) or n == 0:
        raise ValueError(
            "expected at least one image and as many int64 labels, "
            f"got {n} images and {tuple(labels.shape)} {labels.dtype}"
        )
    if not 0 <= labels.min() <= labels.max() < BLANK:
        raise ValueError(f"expected labels 0 ... 9, got {labels.min()} to {labels.max()}")
    neighbours = torch.randint(n, (2, n), generator=generator)
    separations = _whole(ranges.separation, (n, 2), generator)
    shift = _whole(ranges.shift, (n,), generator)
    kind = torch.rand(n, generator=generator)
    blank, gap = kind < ranges.blanks, kind < ranges.blanks * ranges.gaps

    chosen = torch.stack([neighbours[0], torch.arange(n), neighbours[1]], 1)
    places = place(boxes[chosen], separations)
    places += (MARGIN + shift - places[:, 1])[:, None]  # where the middle one's pattern belongs

    meeting = place(boxes[chosen[:, ::2]], separations[:, :1])
    edges = meeting + torch.stack([boxes[chosen[:, 0], 1] + 1, boxes[chosen[:, 2], 0]], 1)
    meeting += (FIELD // 2 + shift - edges.sum(1) // 2)[:, None]
    places[:, ::2] = torch.where(gap[:, None], meeting, places[:, ::2])
    places[blank, 1] = FIELD  # out of sight
    return paint(images, chosen, places, FIELD), torch.where(blank, BLANK, labels)


def string_fields(
    images: Tensor, chosen: Tensor, separations: Tensor, shift: Tensor
) -> tuple[Tensor, Tensor]:
    """Strings of K characters: fields (N, 32, columns) uint8, and how many answers each has (N,).

    `chosen` (N, K) are indices into images (M, 28, 28) uint8, `separations` (N, K - 1) whole pixels
    between bounding boxes, `shift` (N,) how far the first character lies to the right of the middle
    of the first answer's field. The last answer is the first one that is not left of the last
    character's place; what is right of that is paper. Raises ValueError for shapes that do not belong
    together, indices out of range, and as `bounding_columns` does.
    """
    n, characters = chosen.shape if chosen.ndim == 2 else (0, 0)
    shapes = ((n, characters - 1), (n,))
    if n == 0 or characters == 0 or (separations.shape, shift.shape) != shapes:
        raise ValueError(
            "expected N >= 1 strings (N, K), separations (N, K - 1), shifts (N,), "
            f"got {tuple(chosen.shape)}, {tuple(separations.shape)}, {tuple(shift.shape)}"
        )
    _check_chosen(chosen, len(images))
    places = place(bounding_columns(images)[chosen], separations)
    places += (MARGIN + shift - places[:, 0])[:, None]
    answers = 1 + -(-(places[:, -1] - MARGIN) // STRIDE)
    return paint(images, chosen, places, FIELD + STRIDE * int(answers.max() - 1)), answers


def bounding_columns(images: Tensor) -> Tensor:
    """First and last column with ink of images (N, 28, 28) uint8: (N, 2) int64.

    Raises ValueError for other shapes or types, or an image without ink.
    """
    check_patterns(images)
    ink = images.amax(1) > 0
    if not ink.any(1).all():
        raise ValueError("expected ink in every image: one without has no bounding box")
    ink = ink.byte()
    return torch.stack([ink.argmax(1), PATTERN - 1 - ink.flip(1).argmax(1)], 1)


def place(boxes: Tensor, separations: Tensor) -> Tensor:
    """The column of each pattern (N, K), the first at 0, for boxes with the given separations.

    `boxes` (N, K, 2) as `bounding_columns` gives them, `separations` (N, K - 1) pixels.
    """
    first, last = boxes.unbind(-1)
    steps = last[:, :-1] + 1 + separations - first[:, 1:]
    return torch.cat([torch.zeros_like(first[:, :1]), steps.cumsum(1)], 1)


def paint(images: Tensor, chosen: Tensor, places: Tensor, width: int, chunk: int = 1000) -> Tensor:
    """Fields (N, 32, width) uint8 with the images `chosen` (N, K) at columns `places` (N, K).

    Two rows of paper above and below; the darker pixel where patterns overlap; what is outside of
    the field is cut off. `chunk` fields are done at a time. Raises ValueError for indices out of
    range.
    """
    _check_chosen(chosen, len(images))
    columns = torch.cat([images.mT.flatten(0, 1), images.new_zeros(1, PATTERN)])  # the last: paper
    fields = images.new_zeros(len(chosen), FIELD, width)
    for part, patterns, at in zip(
        fields.split(chunk), chosen.split(chunk), places.split(chunk), strict=True
    ):
        column = torch.arange(width) - at[:, :, None]  # (n, K, width), of the pattern
        inside = (column >= 0) & (column < PATTERN)
        source = torch.where(inside, PATTERN * patterns[:, :, None] + column, len(columns) - 1)
        part[:, MARGIN:-MARGIN] = columns[source].amax(1).mT
    return fields


def _check_chosen(chosen: Tensor, n: int) -> None:
    """Raises ValueError for an index of none of n images."""
    if chosen.numel() and not 0 <= chosen.min() <= chosen.max() < n:
        raise ValueError(
            f"expected indices from 0 to {n - 1}, got {chosen.min()} to {chosen.max()}"
        )


def _whole(ends: tuple[int, int], shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Whole numbers between these ends, both included."""
    return torch.randint(ends[0], ends[1] + 1, shape, generator=generator)
