"""What turns stored digits into the network's input. Section II-B, third and fourth paragraph."""

import torch
from torch import Tensor

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


def preprocess(images: Tensor, levels: tuple[float, float] = (WHITE, BLACK)) -> Tensor:
    """The network's input, float32 (N, 1, 32, 32), from images uint8 (N, 28, 28) with ink 255.

    Each 28x28 image is extended by two pixels of background on every side (D14); grey level g becomes
    g / 255 x 1.275 - 0.1, or what leads from 0 and 255 to the two `levels`. Images that are 32x32
    already (distorted ones), or wider (strings), are only rescaled.
    Raises ValueError for any other shape or dtype, and for levels further from 0 than 10.
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
    margin = (FIELD - rows) // 2
    field = torch.nn.functional.pad(images, [margin] * 4)
    white, black = levels
    if not (abs(white) <= FURTHEST and abs(black) <= FURTHEST):
        raise ValueError(f"expected levels in +-{FURTHEST}, got {levels}")
    return (field.unsqueeze(1).to(torch.float32) * ((black - white) / 255)).add_(white)


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
    tracing = torch.jit.is_tracing()  # type: ignore  # documented, but not in the list of names
    if torch.compiler.is_compiling() or tracing or x.numel() == 0:
        return
    try:
        low, high = x.detach().aminmax()  # read once, and not copied
        within = bool(low >= -FURTHEST) and bool(high <= FURTHEST)
    except RuntimeError:  # vmap's
        return
    if not within:
        raise ValueError(
            f"expected input from {WHITE} (paper) to {BLACK} (ink), as preprocess gives it, "
            f"got {low:g} to {high:g}"
        )
