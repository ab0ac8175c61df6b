"""What is written, among all that differs from the paper: parts of ink, and which belong to a digit.

Ruled lines and frames are no writing, nor is dust; what is cut off by the edge of the picture cannot
be read. What remains lies together as characters do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .paper import padded, running

SMALLEST_MARK = 0.035
"""Of the picture's shorter side: a mark has to be so large, and 2 pixels, else it is a speck."""
SPECK = 0.12
"""Of a character's size; smaller parts of it are left out, if they are not close to it."""
AS_STRONG = 0.5
"""As the strongest part: fainter ones are of the paper, or of what it lies on."""
LIGHTLY, WIDER = 0.3, 1.4
"""Of a character's size, as much of one stroke may touch the edge; and so much wider it has to be at
half that depth, as a round end is and one that the edge cuts through is not."""
FILLS = 0.6
"""Of the picture's longer side: a character of that size has the picture to itself."""
FLAT = 0.12
"""Of its width: a character is higher."""
_MOST = 300  # parts that are looked at, the largest


class Parts(NamedTuple):
    """Pieces of ink that hang together, by number from 0."""

    labels: np.ndarray
    """(rows, columns): the number of each pixel's part, or -1."""
    boxes: np.ndarray
    """(N, 4): first row, first column, last row, last column."""
    mass: np.ndarray
    """(N,): the sum of their ink."""
    strength: np.ndarray
    """(N,): the mean of their ink, weighted by itself: outlines count for little."""

    @property
    def sizes(self) -> np.ndarray:
        """(N,): the longer sides of their boxes, pixels."""
        sides: np.ndarray = self.boxes[:, 2:] - self.boxes[:, :2] + 1
        return np.asarray(sides.max(1, initial=0))

    @property
    def at_the_edge(self) -> np.ndarray:
        """(N, 4): whether they touch the picture's top, left, bottom, right."""
        last = np.array(self.labels.shape) - 1
        return np.concatenate([self.boxes[:, :2] == 0, self.boxes[:, 2:] == last], 1)

    def box_of(self, parts: Sequence[int] | np.ndarray, margin: int = 0) -> tuple[slice, slice]:
        """Rows and columns around some parts, at least one, and around so many pixels beside them."""
        boxes = self.boxes[parts]
        top, left = (boxes[:, :2].min(0) - margin).clip(0).tolist()
        bottom, right = (boxes[:, 2:].max(0) + 1 + margin).tolist()
        return slice(top, bottom), slice(left, right)

    def are(
        self, parts: Sequence[int] | np.ndarray, box: tuple[slice, ...] = (slice(None),)
    ) -> np.ndarray:
        """Which pixels are of these parts; (rows, columns), or those in a box."""
        wanted = np.zeros(len(self.boxes) + 1, bool)  # the last is that of -1
        wanted[parts] = True
        return np.asarray(wanted[self.labels[box]])


def parts_of(mask: np.ndarray, ink: np.ndarray) -> Parts:
    """The parts of a mask (rows, columns) that hang together, corners included."""
    rows, columns = mask.shape
    wide = columns + 3
    line = np.zeros((rows, wide), bool)
    line[:, 1:-2] = mask
    starts, ends = _runs(line.ravel())  # row by row
    first = np.searchsorted(ends, starts - wide)
    behind = np.searchsorted(starts, ends - wide, "right")
    touching = (behind - first).clip(0)  # runs of the row above that each run touches
    below = np.repeat(np.arange(len(starts)), touching)
    above = np.arange(len(below)) + np.repeat(first - (touching.cumsum() - touching), touching)
    root = np.arange(len(starts))
    while True:
        smaller = np.minimum(root[below], root[above])
        before = root.copy()
        np.minimum.at(root, before[below], smaller)
        np.minimum.at(root, before[above], smaller)
        root = root[root]
        if np.array_equal(root, before):
            break
    _, numbers = np.unique(root, return_inverse=True)
    of, ink = np.repeat(numbers, ends - starts), ink[mask]
    labels = np.full(mask.shape, -1, np.int32)
    labels[mask] = of
    count = numbers.max(initial=-1) + 1
    row, left = np.divmod(starts, wide)
    right = ends % wide - 1
    boxes = np.empty((count, 4), int)
    boxes[:, :2], boxes[:, 2:] = max(mask.shape), -1
    np.minimum.at(boxes[:, 0], numbers, row)
    np.minimum.at(boxes[:, 1], numbers, left)
    np.maximum.at(boxes[:, 2], numbers, row)
    np.maximum.at(boxes[:, 3], numbers, right)
    mass = np.bincount(of, ink, count)
    return Parts(labels, boxes, mass, np.bincount(of, ink**2, count) / mass)


def mask_of(ink: np.ndarray, unrest: float) -> np.ndarray:
    """Where ink is strong: above the unrest of the paper, and nearer to the pen than to its like.

    Lines of a printed paper are fainter than the pen, mostly: of two kinds of ink (Otsu, 1979) the
    strong one is meant, and of the other what continues it for a few pixels, so that a thin stroke
    stays whole.
    """
    some = ink[ink > unrest]
    if not len(some):
        return np.zeros(ink.shape, bool)
    strong = ink > max(unrest, min(between(some), 0.6 * float(np.quantile(some, 0.98))))
    return grown(strong, max(1, min(ink.shape) // 100)) & (ink > unrest)


def between(values: np.ndarray) -> float:
    """The level that parts values in 0 ... 1 best into two kinds, by the variance between them."""
    counts, edges = np.histogram(values, 64, (0, 1))
    levels = (edges[:-1] + edges[1:]) / 2
    below, sums = counts.cumsum(), (counts * levels).cumsum()
    above = below[-1] - below
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nanargmax(np.where(above > 0, apart, 0))])


def without_lines(mask: np.ndarray) -> np.ndarray:
    """Without ruled lines: those that go from one edge of the picture to the other, both ways.

    Where a stroke crosses a line it stays.
    """
    return _without_rows(_without_rows(mask).T).T


def _without_rows(mask: np.ndarray) -> np.ndarray:
    columns = mask.shape[1]
    piece = max(9, columns // 12)
    if columns < 2 * piece:
        return mask
    end = columns // 100
    ends = mask[:, : piece + end], mask[:, -piece - end :]  # most pictures have no line at both
    for part in (*ends, mask):
        thick = grown(part, 1, axes=(0,))  # a line that is a little turned climbs by steps
        pieces = running(thick, piece, 1, np.logical_and)
        if not pieces.any():
            return mask
    along = running(padded(pieces, 0, piece - 1), piece, 1, np.logical_or) & thick
    lines = parts_of(along, along.astype(float))
    top, left, bottom, right = lines.boxes.T
    through = (left <= end) & (right >= columns - 1 - end)
    ruled = np.flatnonzero(through & (bottom - top < 0.08 * columns))
    if not len(ruled):
        return mask
    on_line = lines.are(ruled) & mask
    heights = _heights(mask)
    if on_line.any():
        on_line &= heights <= 2 * np.median(heights[on_line]) + 1
    without: np.ndarray = mask & ~on_line
    return without


def _heights(mask: np.ndarray) -> np.ndarray:
    """Of the vertical run that each pixel of the mask lies in."""
    starts, ends = _runs(padded(mask, 1, 0).T.ravel())
    heights = np.zeros(mask.T.shape, int)
    heights[mask.T] = np.repeat(ends - starts, ends - starts)
    return heights.T


def grown(mask: np.ndarray, by: int, axes: tuple[int, ...] = (0, 1)) -> np.ndarray:
    """With everything that lies within `by` pixels of it along the axes."""
    mask = padded(mask, *(by if axis in axes else 0 for axis in (0, 1)))
    for axis in axes:
        mask = running(mask, 2 * by + 1, axis, np.logical_or)
    return mask


class Found(NamedTuple):
    """Which parts are writing."""

    parts: Parts
    chosen: np.ndarray
    """Numbers of those that are."""
    at_the_edge: bool
    """Whether something was left out that looks like writing, since the edge cuts it off."""


def writing(mask: np.ndarray, ink: np.ndarray) -> Found:
    """The parts that are writing: no speck, nothing that the edge cuts off, no frame around others."""
    parts = parts_of(mask, ink)
    sizes, touching = parts.sizes, parts.at_the_edge
    large = sizes >= max(2, SMALLEST_MARK * min(mask.shape))
    inside = large & ~touching.any(1)
    whole = inside.copy()
    if not inside.any() and large.any():
        largest = int(np.argmax(np.where(large, parts.mass, 0)))
        whole[largest] = _whole_at_the_edge(parts, largest)
    kept = np.flatnonzero(whole)
    kept = kept[parts.strength[kept] >= AS_STRONG * parts.strength[kept].max(initial=0)]
    kept = kept[np.argsort(-parts.mass[kept], kind="stable")][:_MOST]
    kept = np.array([p for p in kept if not _surrounds(parts, p, kept)], int)
    return Found(parts, kept, bool((large & touching.any(1) & ~whole).any()))


def _whole_at_the_edge(parts: Parts, part: int) -> bool:
    """Whether a part is whole though it touches the edge, as far as can be seen.

    It fills the picture from edge to edge, for then it was cut out along its box; or one stroke
    touches one edge. The picture is then hardly larger than the character, as MNIST's are, some of
    which end in the last row; or that is the stroke's round side, and it is wider further in. One that
    the edge cuts through is not, and where several touch it, more of them may lie beyond.
    """
    first, last = parts.boxes[part, :2], parts.boxes[part, 2:]
    ends = np.array(parts.labels.shape)
    if ((first <= ends // 100 + 1) & (last >= ends - ends // 100 - 2)).any():
        return True
    mask = parts.labels == part
    turned = [mask, mask[::-1], mask.T, mask.T[::-1]]  # each of the edges above
    runs = [(side, *run) for side in turned for run in _pairs(side[0])]
    if len(runs) != 1:
        return False
    ((side, start, end),) = runs
    if end - start > LIGHTLY * parts.sizes[part]:
        return False
    if parts.sizes[part] >= FILLS * max(parts.labels.shape):
        return True
    inner = [
        run for run in _pairs(side[max(1, (end - start) // 2)]) if run[0] < end and start < run[1]
    ]
    return max((stop - begin for begin, stop in inner), default=0) >= WIDER * (end - start)


def _pairs(line: np.ndarray) -> list[tuple[int, int]]:
    """Where a line of a mask is set: from, and up to before."""
    starts, ends = _runs(np.pad(line, 1))
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _runs(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels before each run of a line, and the last ones of each; its own ends are not set."""
    changes = np.flatnonzero(line[1:] != line[:-1])
    return changes[::2], changes[1::2]


def _surrounds(parts: Parts, frame: int, others: np.ndarray) -> bool:
    """Whether a part goes all around another that is not small beside it."""
    top, left, bottom, right = parts.boxes[frame]
    for other in others:
        box = parts.boxes[other]
        if other == frame or parts.sizes[other] < 0.15 * parts.sizes[frame]:
            continue
        if box[0] <= top or box[1] <= left or box[2] >= bottom or box[3] >= right:
            continue
        row, column = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
        same = parts.labels == frame
        if (same[row, :column].any() and same[row, column:].any()
                and same[:row, column].any() and same[row:, column].any()):  # fmt: skip
            return True
    return False


def gap(one: np.ndarray, other: np.ndarray) -> int:
    """Between two boxes, in pixels: the larger of the gaps between their rows and their columns."""
    return int(max(0, *(np.maximum(one[:2], other[:2]) - np.minimum(one[2:], other[2:]) - 1)))


def together(parts: Parts, chosen: np.ndarray) -> list[int]:
    """The largest of the chosen parts, and those that are of the same character."""
    if not len(chosen):
        return []
    rest = sorted(chosen.tolist(), key=lambda part: -parts.mass[part])
    kept = [rest.pop(0)]
    size = parts.sizes[kept[0]]
    found = kept
    while found:
        found = [
            part
            for part in rest
            if (nearest := min(gap(parts.boxes[part], parts.boxes[k]) for k in kept)) <= 0.35 * size
            and parts.sizes[part] >= (SPECK if nearest > 0.06 * size else SPECK / 2) * size
        ]
        kept += found
        rest = [part for part in rest if part not in found]
    return kept


def is_dash(parts: Parts, character: list[int]) -> bool:
    """Whether the parts of a character are together far wider than they are high: no digit is."""
    boxes = parts.boxes[character]
    height, width = boxes[:, 2:].max(0) - boxes[:, :2].min(0) + 1
    return bool(height < FLAT * width)


def side_by_side(found: Found) -> bool:
    """Whether there are two parts of about the same height with paper between them."""
    boxes = found.parts.boxes[found.chosen]
    heights = boxes[:, 2] - boxes[:, 0] + 1
    tall = boxes[heights >= 0.6 * heights.max()]
    tall = tall[np.argsort(tall[:, 1])]
    right = np.maximum.accumulate(tall[:, 3])[:-1]
    return bool((tall[1:, 1] > right + 1).any())
