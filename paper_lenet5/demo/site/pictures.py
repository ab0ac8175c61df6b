"""The icon, and the picture that stands beside a posted link: drawn from the network's own bitmaps."""

import io

import torch
from PIL import Image, ImageColor, ImageDraw, ImageFont
from torch import Tensor

from paper_lenet5.bitmaps import COLUMNS, ROWS, digit_bitmaps
from paper_lenet5.layers import A

from ..digits import examples
from ..networks import look

PAPER, INK, QUIET, ACCENT = "#faf9f6", "#1f1d1a", "#635d53", "#c2410c"
CARD = (1200, 630)
"""Columns and rows of the card, as those who show it ask for."""
SHOWN = 4
"""The digit on the card."""


def icon(side: int) -> bytes:
    """A PNG: the bitmap of the 5, with as much paper around it as a round mask may take."""
    image = Image.new("RGB", (side, side), PAPER)
    cell = side * 0.62 / ROWS
    corner = (side - cell * COLUMNS) / 2, (side - cell * ROWS) / 2 + cell  # two rows are empty
    _cells(image, (digit_bitmaps()[5] + 1).view(ROWS, COLUMNS) / 2, corner, cell, ACCENT)
    return _png(image)


def card(title: str) -> bytes:
    """A PNG: a digit, what F6 makes of it, and the answer."""
    image = Image.new("RGB", CARD, PAPER)
    pen = ImageDraw.Draw(image)
    seen = look(examples()[SHOWN])
    f6 = (seen.states["f6"].view(ROWS, COLUMNS) / A + 1) / 2
    _cells(image, seen.pattern.float() / 255, (70, 215), 12, INK)
    _cells(image, f6, (560, 215), 28, INK, gap=2)
    for left in (450, 800):
        _arrow(pen, left, 375)
    pen.text((930, 205), str(seen.verdict.closest), ACCENT, _letters(300))
    pen.text((70, 60), title, INK, _letters(68))
    for left, words in ((70, "what it sees"), (560, "what it makes of it"), (930, "what it says")):
        pen.text((left, 572), words, QUIET, _letters(28))
    return _png(image)


def _arrow(pen: ImageDraw.ImageDraw, left: int, middle: int) -> None:
    """Paint an arrow to the right, which the letters lack."""
    tip = left + 52
    pen.line((left, middle, tip, middle), QUIET, 5)
    pen.line((tip - 18, middle - 16, tip, middle, tip - 18, middle + 16), QUIET, 5, "curve")


def _cells(
    image: Image.Image,
    ink: Tensor,
    corner: tuple[float, float],
    cell: float,
    colour: str,
    gap: int = 0,
) -> None:
    """Paint 0 ... 1 (rows, columns) as squares."""
    pen = ImageDraw.Draw(image)
    paper, full = ImageColor.getrgb(PAPER), ImageColor.getrgb(colour)
    for row, column in torch.nonzero(ink > 0.02).tolist():
        share = float(ink[row, column])
        mixed = tuple(round(a + share * (b - a)) for a, b in zip(paper, full, strict=True))
        left, top = corner[0] + column * cell, corner[1] + row * cell
        pen.rectangle((left, top, left + cell - gap - 1, top + cell - gap - 1), mixed)


def _letters(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.quantize(64).save(content, "PNG", optimize=True)
    return content.getvalue()
