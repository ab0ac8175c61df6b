"""Any picture of a digit, or of a line of them, to what the network sees.

A file becomes pixels, these become ink on paper (paper), of which some is writing (marks), which is
fitted into the network's field as MNIST's digits were (normalise). `see` keeps what every step gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from .files import MAX_PIXELS, pixels
from .lines import characters_of, levelled, lines_of, slope_of, spaced
from .marks import Found, grown, is_dash, mask_of, side_by_side, together, without_lines, writing
from .normalise import normalise, normalise_line, thickness
from .paper import CONTRAST, Paper, median, papers

if TYPE_CHECKING:
    from .files import Source

SMALLEST_DIGIT = 8
"""Of a digit that is read, longer side in pixels: with fewer a 3 is as good as a 5."""
THICK, THICKEST = 0.2, 0.28
"""Of a digit's strokes, as `thickness` measures them. One in a hundred of MNIST's digits has 0.19, one
in a thousand 0.25: what is beyond the first is doubtful, and beyond the second no digit."""


class SeveralCharacters(ValueError):
    """Side by side, where one is to be read."""


def read_picture(source: "Source", max_pixels: int = MAX_PIXELS) -> Tensor:
    """The pattern in a picture: uint8 (28, 28), ink 255, as `preprocess` takes it.

    `source` is a path, the bytes of a file, an open one, or an image of Pillow.
    Raises ValueError for what cannot be read as a picture, has more than `max_pixels`, or where no
    single character is seen; OSError for a path that cannot be opened.
    """
    return pattern_of(see(source, max_pixels))


def read_lines(source: "Source", max_pixels: int = MAX_PIXELS) -> list[Tensor]:
    """The lines of digits in a picture, from top to bottom: each uint8 (32, columns), ink 255.

    They are to be swept over (section VII). `source` and errors are those of `read_picture`.
    """
    return fields_of(see(source, max_pixels))


@dataclass(frozen=True, eq=False)
class Seen:
    """What is seen in a picture, step by step."""

    picture: np.ndarray
    """Red, green, blue (rows, columns, 3) float32 in 0 ... 1, in the size that is worked on."""
    paper: Paper
    """The channel in which ink stands out most from paper, and both of them."""
    found: Found
    """Which parts of the ink are writing: no lines, frames, dust, nothing that the edge cuts off."""

    def ink_of(self, parts: Sequence[int] | np.ndarray) -> np.ndarray:
        """The ink of some parts, (rows, columns) in 0 ... 1, with the grey of their outlines."""
        all_ink, all_parts = self.paper.ink, self.found.parts
        by = max(2, min(all_ink.shape) // 100)
        box = all_parts.box_of(parts, by)
        ink = all_ink[box]
        near = grown(all_parts.are(parts, box), by)
        if others := [part for part in self.found.chosen.tolist() if part not in parts]:
            near &= ~all_parts.are(others, box)
        values = ink[near]
        strong = np.count_nonzero(values > CONTRAST)
        faint = np.count_nonzero(values > 1e-3) - strong
        least = 1e-3 if faint < strong else CONTRAST
        shown = np.zeros_like(all_ink)
        np.copyto(shown[box], ink, where=near & (ink > max(least, self.paper.noise)))
        return shown

    @cached_property
    def character(self) -> list[int]:
        """The parts of the largest character."""
        return together(self.found.parts, self.found.chosen)

    @cached_property
    def pattern(self) -> Tensor:
        """The largest character as MNIST's are: uint8 (28, 28)."""
        return normalise(self.ink_of(self.character))

    @property
    def size(self) -> int:
        """Of the largest part of that character, pixels."""
        return int(self.found.parts.sizes[self.character].max())


def see(source: "Source", max_pixels: int = MAX_PIXELS, page: int = 0) -> Seen:
    """Paper, ink and writing in a picture, as `read_picture` takes it. Raises the same errors.

    `page` is that of a TIFF, from 0.
    """
    return written(pixels(source, max_pixels, page))


def written(pixels: np.ndarray) -> Seen:
    """The writing in `pixels` (rows, columns, 4) in 0 ... 1. Raises ValueError where there is none."""
    if pixels.ndim != 3 or pixels.shape[2] != 4 or not pixels.size:
        raise ValueError(f"expected pixels (rows, columns, 4), got {pixels.shape}")
    if not 0 <= pixels.min() <= pixels.max() <= 1:
        raise ValueError(f"expected pixels in 0 ... 1, got {pixels.min():g} to {pixels.max():g}")
    colour = _on_paper(pixels)
    if np.ptp(colour, (0, 1)).max() <= CONTRAST:
        raise ValueError("nothing is drawn: the picture is of one colour")
    best, cut, dash = None, False, False
    for paper in papers(colour):
        strong = without_lines(mask_of(paper.ink, paper.threshold))
        found = writing(strong, paper.ink)
        if not len(found.chosen):
            cut |= found.at_the_edge
            continue
        seen = Seen(colour, paper, found)
        if not _is_paper(paper, found):
            continue
        if is_dash(found.parts, seen.character):
            dash = True
            continue
        mass = found.parts.mass[seen.character].sum()
        if seen.size < SMALLEST_DIGIT or thickness(seen.pattern) > THICK:
            mass /= 100  # a fleck of an outline; or a sheet on a desk, and the writing on it a hole
        if best is None or mass > 1.3 * best[0]:
            best = mass, seen
    if best is None:
        raise ValueError(
            "what is drawn touches the edge of the picture: leave some paper around it"
            if cut
            else "what is drawn is as flat as a dash, and no digit is"
            if dash
            else "nothing that looks like ink on paper"
        )
    return best[1]


def _on_paper(pixels: np.ndarray) -> np.ndarray:
    """The colours, what is transparent on paper: in the middle colour of what is not.

    If most is transparent, what is not is ink: black on white then, whatever its colour.
    """
    colour, opacity = pixels[..., :3], pixels[..., 3:]
    if opacity.min() == 1:
        return colour
    solid = opacity[..., 0] > 0.5
    if solid.mean() <= 0.5:
        return np.repeat(1 - opacity, 3, 2)
    around = np.median(colour[solid], 0)
    laid = colour * opacity + around * (1 - opacity)
    if np.ptp(laid, (0, 1)).max() <= CONTRAST:
        return np.repeat(opacity, 3, 2)
    return np.asarray(laid, np.float32)


def _is_paper(paper: Paper, found: Found) -> bool:
    """Whether what is taken for paper is the colour of most of what lies around the ink.

    Else it is the ink, and what is taken for ink are the bays between strokes.
    """
    rows, columns = found.parts.box_of(found.chosen)
    margin = max(rows.stop - rows.start, columns.stop - columns.start) // 2
    around = found.parts.box_of(found.chosen, margin)
    ink = found.parts.are(found.chosen, around)
    prevails = median(paper.channel[around])
    of_paper = median(paper.paper[around][ink])
    of_ink = median(paper.channel[around][ink])
    return bool(abs(prevails - of_paper) < abs(prevails - of_ink))


def fields_of(seen: Seen) -> list[Tensor]:
    """The lines of digits that are seen, made level: each uint8 (32, columns)."""
    parts, fields = seen.found.parts, []
    for line in lines_of(parts, seen.found.chosen):
        slope = slope_of(parts.boxes[line])
        inks = [levelled(seen.ink_of(each), slope) for each in characters_of(parts, line)]
        fields.append(normalise_line(spaced(inks)))
    return fields


def pattern_of(seen: Seen) -> Tensor:
    """The one character in a picture as a pattern: uint8 (28, 28). Raises ValueError for several."""
    if side_by_side(seen.found):
        raise SeveralCharacters("several characters side by side")
    if seen.size < SMALLEST_DIGIT:
        raise ValueError(
            f"what is drawn is only {seen.size} pixels large, of {SMALLEST_DIGIT} at least"
        )
    if thickness(seen.pattern) > THICKEST:
        raise ValueError("what is drawn is a filled shape and has no strokes")
    return seen.pattern
