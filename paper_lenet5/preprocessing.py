"""What turns stored digits into the network's input. Section II-B, third and fourth paragraph."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .checks import traced

WHITE, BLACK = -0.1, 1.175
"""Input values of background and ink: they make the mean of the input roughly 0."""
PATTERN = 28
"""Height and width of a pattern of MNIST in pixels; it lies in the middle of the field."""
FIELD = 32
"""Height and width of the input in pixels, so that strokes can lie in the centre of any unit."""
MARGIN = (FIELD - PATTERN) // 2
"""Pixels of background on every side of a pattern (D14)."""
FURTHEST = 10
"""Input values further from 0 are refused: they are grey levels that were not preprocessed."""
SLACK = 0.04
"""How far input may lie outside of its levels, and paper from its own, in parts of their distance."""


def preprocess(images: Tensor, levels: tuple[float, float] = (WHITE, BLACK)) -> Tensor:
    """The network's input, float32 (N, 1, 32, 32), from images uint8 (N, 28, 28) with ink 255.

    Each 28x28 image is extended by two pixels of background on every side (D14); grey level g becomes
    g / 255 x 1.275 - 0.1, or what leads from 0 and 255 to the two `levels`. Images that are 32x32
    already (distorted ones), or wider (strings), are only rescaled.
    Raises ValueError for any other shape or dtype, and for levels that are no levels.
    """
    if not isinstance(images, torch.Tensor):
        raise ValueError(f"expected images as a torch.Tensor, got {type(images).__name__}")
    rows, columns = images.shape[1:] if images.ndim == 3 else (0, 0)
    fits = rows == columns == PATTERN or rows == FIELD <= columns
    if images.dtype != torch.uint8 or not fits:
        raise ValueError(
            "expected images as uint8 of shape (N, 28, 28), (N, 32, 32) or (N, 32, more), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    check_levels(levels)
    margin = (FIELD - rows) // 2
    field = torch.nn.functional.pad(images, [margin] * 4)
    white, black = levels
    return (field.unsqueeze(1).to(torch.float32) * ((black - white) / 255)).add_(white)


def check_levels(levels: Sequence[float]) -> None:
    """Raises ValueError unless these are two numbers, not alike, and not further from 0 than 10."""
    try:
        fit = len(levels) == len({*levels}) == 2 and all(abs(x) <= FURTHEST for x in levels)
    except TypeError:  # no sequence, or not of numbers
        fit = False
    if not fit:
        raise ValueError(f"expected two levels in +-{FURTHEST}, not alike, got {levels!r}")


def check_patterns(images: Tensor) -> None:
    """Raises ValueError for what is not uint8 (N, 28, 28)."""
    if not isinstance(images, torch.Tensor):
        raise ValueError(f"expected images as a torch.Tensor, got {type(images).__name__}")
    if images.shape[1:] != (PATTERN, PATTERN) or images.dtype != torch.uint8:
        raise ValueError(
            f"expected (N, {PATTERN}, {PATTERN}) uint8 images, "
            f"got {tuple(images.shape)} {images.dtype}"
        )


def check_values(x: Tensor) -> None:
    """Raises ValueError where the network's input has values that `preprocess` never gives.

    Not while a graph is traced, or under `torch.func.vmap`, where there are no values to look at.
    """
    ends = _ends(x)
    if ends and not -FURTHEST <= ends[0] <= ends[1] <= FURTHEST:
        raise ValueError(
            f"expected input from {WHITE} (paper) to {BLACK} (ink), as preprocess gives it, "
            f"got {ends[0]:g} to {ends[1]:g}"
        )


def check_input(x: Tensor, levels: tuple[float, float] = (WHITE, BLACK)) -> None:
    """Raises ValueError where input (N, 1, rows, columns) cannot be what `preprocess` gives.

    That is outside of its two levels, an image without any paper, or one of 32x32 whose edge is ink.
    The sentence names the usual mistake. Not where `check_values` sees nothing either.
    """
    mistake = _mistake(x, levels)
    if mistake:
        low, high = (float(end) for end in x.detach().aminmax())
        raise ValueError(
            f"expected input from {levels[0]:g} (paper) to {levels[1]:g} (ink), as transforms() gives "
            f"it, got {low:.3g} to {high:.3g}: {mistake}; check=False takes it all the same"
        )


def _mistake(x: Tensor, levels: tuple[float, float]) -> str | None:
    """What is wrong with the input, in words."""
    ends = _ends(x)
    if not ends:
        return None
    (low, high), (white, black) = ends, levels
    scaled = (x.detach() - white) / (black - white)  # 0 ... 1
    if not (scaled.min() >= -SLACK and scaled.max() <= 1 + SLACK):
        if not low <= high:
            return "not all of it are numbers"
        if high > FURTHEST:
            return "these are grey levels 0 ... 255"
        return "this is normalised by mean and standard deviation" if low < 0 else "rescale it"
    if (scaled.flatten(1).amin(1) > SLACK).any():
        return (
            "this is 0 ... 1, as ToTensor gives it" if low >= 0 else "there is no paper around it"
        )
    if x.shape[-2:] == (FIELD, FIELD) and inverted_patterns(255 * scaled[:, 0]).any():
        return "this is dark ink on bright paper, give 255 - image"
    return None


def inverted_patterns(images: Tensor) -> Tensor:
    """Which of the images (N, rows, columns), ink 255, have ink in place of paper around: (N,) bool.

    Around is the edge of the 28x28 pixels of a pattern, three quarters of which are ink then. MNIST's
    digits have a thirtieth, clothes less than half, and noise that inverts 40 % of the pixels not much
    more.
    """
    margin = (images.shape[1] - PATTERN) // 2 if images.shape[1] == images.shape[2] else 0
    inner = images[:, margin : images.shape[1] - margin, margin : images.shape[2] - margin].float()
    rows, columns = inner[:, [0, -1]], inner[:, 1:-1][:, :, [0, -1]]
    return torch.cat([rows.flatten(1), columns.flatten(1)], 1).mean(1) > 0.75 * 255


def _ends(x: Tensor) -> tuple[float, float] | None:
    """The smallest and the largest value; None where there is none, or none to be seen."""
    if traced() or x.numel() == 0:
        return None
    try:
        low, high = x.detach().aminmax()  # read once, and not copied
        return float(low), float(high)
    except RuntimeError:  # vmap's, and that of meta tensors
        return None
