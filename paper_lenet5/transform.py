"""Images as datasets and loaders hand them out, to the network's input: its `transforms()`.

It takes what can be understood in one way only, and says of the rest what to do.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .preprocessing import (
    BLACK,
    FIELD,
    MARGIN,
    PATTERN,
    WHITE,
    check_levels,
    inverted_patterns,
    preprocess,
)

STEP = 1e-3
"""How far 255 times a level in 0 ... 1 may lie from a whole number."""


@dataclass(frozen=True)
class Transform:
    """Images to the network's input, like the transforms that torchvision's weights come with.

    Takes an image of Pillow, an array or a tensor: 28x28 with ink 255 on paper 0, as MNIST has them, or
    32x32 and wider with paper around. One image, (28, 28), (1, 28, 28) or (28, 28, 1), gives float32
    (1, 32, 32), so that it works as `transform=` of a dataset; several, (N, 28, 28), (N, 1, 28, 28),
    (N, 28, 28, 1), (N, 784) or a list of images, give (N, 1, 32, 32). Levels are whole numbers in
    0 ... 255, of any type; or floats in 0 ... 1 if they are 255ths, as ToTensor makes them.

    Raises ValueError for all else: other sizes, colours, levels in between or below 0, dark ink on
    bright paper; for floats (3, 28, 28), which ToTensor makes of the colours of one image, but which
    may be three; and for (32, 784), which may be one field or 32 patterns.
    """

    levels: tuple[float, float] = (WHITE, BLACK)
    """Input values of paper and ink."""
    size: int = FIELD
    """Height of the input."""
    padding: int = MARGIN
    """Pixels of paper that are added on every side of a pattern of 28x28."""

    def __post_init__(self) -> None:
        check_levels(self.levels)
        object.__setattr__(self, "levels", tuple(self.levels))
        if (self.size, self.padding) != (FIELD, MARGIN):
            raise ValueError(f"expected size {FIELD}, padding {MARGIN}, got {self}")

    def __call__(self, image: Any) -> Tensor:
        """One image to (1, 32, 32), or several to (N, 1, 32, 32), float32. Raises ValueError."""
        if isinstance(image, (list, tuple)) and image:
            each = [self(one) for one in image]
            if any(one.ndim > 3 for one in each):
                raise ValueError("expected a list of single images, without colours")
            return torch.stack(each)
        patterns, single = patterns_of(image)
        if getattr(image, "shape", None) == (FIELD, PATTERN * PATTERN):
            raise ValueError(
                f"expected one field or several patterns, got {FIELD}x{PATTERN * PATTERN}, which may be "
                f"either: give patterns as ({FIELD}, {PATTERN}, {PATTERN}), or one field as "
                f"(1, {FIELD}, {PATTERN * PATTERN})"
            )
        of_floats = "float" in str(getattr(image, "dtype", ""))
        if of_floats and image.shape == patterns.shape and len(patterns) == 3:
            rows, columns = patterns.shape[1:]
            raise ValueError(
                f"expected one image or several, got floats {_shape(patterns)}, which may be three or "
                f"the colours of one: give three as (3, 1, {rows}, {columns}), or one as "
                f"(1, 3, {rows}, {columns})"
            )
        inputs = preprocess(patterns, self.levels)
        return inputs[0] if single else inputs


def patterns_of(image: Any) -> tuple[Tensor, bool]:
    """The image as uint8 (N, rows, columns), ink 255, and whether it is a single one.

    Raises ValueError as `Transform` does.
    """
    given = grey_levels(image)
    one_by_one = _are_rows(given) and not hasattr(image, "getbands")
    pixels = given.unflatten(-1, (PATTERN, PATTERN)) if one_by_one else given
    if pixels.ndim in (3, 4) and pixels.shape[-1] in (1, 3):
        pixels = _one_channel(pixels, -1)
    elif pixels.ndim == 4 or (pixels.ndim == 3 and len(pixels) == 1):
        pixels = _one_channel(pixels, -3)
    single = pixels.ndim == 2
    patterns = pixels[None] if single else pixels
    rows, columns = patterns.shape[1:] if patterns.ndim == 3 else (0, 0)
    if not (rows == columns == PATTERN or rows == FIELD <= columns):
        raise ValueError(
            f"expected images of {PATTERN}x{PATTERN}, or of {FIELD}x{FIELD} with paper around, got "
            f"{_shape(given)}: paper_lenet5.pictures.read_picture brings any picture to that size"
        )
    if inverted_patterns(patterns).any():
        raise ValueError(
            "expected bright ink (255) on dark paper (0), as MNIST has it, got dark ink on bright "
            "paper: give 255 - image"
        )
    return patterns, single


def grey_levels(image: Any) -> Tensor:
    """The image in its own shape as uint8. Raises ValueError for levels that are open to doubt."""
    if isinstance(image, torch.Tensor):
        numbers = image.detach().cpu()
    else:
        array = np.asarray(_grey(image))
        if array.dtype.kind not in "buif":
            raise ValueError(f"expected an image, an array or a tensor, got {_what(image)}")
        kind = (
            array.dtype if array.dtype.itemsize == 1 else "f8" if array.dtype.kind == "f" else "i8"
        )
        numbers = torch.from_numpy(np.array(array, kind))  # a copy, which torch may write to
    if numbers.is_complex():
        raise ValueError(f"expected grey levels, got {numbers.dtype}")
    if numbers.dtype == torch.bool:
        return numbers.to(torch.uint8) * 255
    if numbers.numel() == 0:
        return numbers.to(torch.uint8)
    if numbers.is_floating_point():
        levels = _in_255ths(numbers.double())
    else:
        levels = numbers if numbers.dtype == torch.uint8 else numbers.long()
    low, high = (float(end) for end in levels.aminmax())
    if not 0 <= low <= high <= 255:
        raise ValueError(f"expected grey levels 0 ... 255, got {low:g} to {high:g}")
    if high == 1:
        raise ValueError("expected grey levels 0 ... 255, got only 0 and 1: multiply them by 255")
    return levels.to(torch.uint8)


def _in_255ths(levels: Tensor) -> Tensor:
    """Levels 0 ... 255 as whole numbers, of levels in 0 ... 1 or in 0 ... 255."""
    low, high = (float(end) for end in levels.aminmax())
    if not math.isfinite(low + high):
        raise ValueError("expected grey levels, got values that are no numbers")
    if low < 0:
        raise ValueError(
            f"expected grey levels 0 ... 255, got {low:.3g} to {high:.3g}: "
            + ("that is the network's input already, give it as it is"
               if abs(low - WHITE) < STEP and high < BLACK + STEP
               else "leave out what normalises by mean and standard deviation")
        )  # fmt: skip
    scaled = levels * 255 if high <= 1 else levels
    whole = scaled.round()
    if (scaled - whole).abs().max() > STEP:
        raise ValueError(
            "expected grey levels 0 ... 255, or 255ths of 1, got levels in between "
            f"({low:.3g} to {high:.3g}): round them, as in (255 * x).round().to(torch.uint8) for 0 ... 1"
        )
    return whole


def _grey(image: Any) -> Any:
    """An image of Pillow as one with a single channel; all else as it is."""
    if not hasattr(image, "getbands"):
        return image
    if image.mode in ("1", "P", "PA", "LA", "RGB", "RGBA", "CMYK"):
        pixels = np.asarray(image.convert("RGBA"))
        if np.ptp(pixels[..., :3], -1).any() or (pixels[..., 3] != 255).any():
            raise ValueError(
                f"expected an image in grey, got colours or transparency ({image.mode}): convert it, "
                "or let paper_lenet5.pictures.read_picture find the ink"
            )
        return pixels[..., 0]
    return image


def _are_rows(pixels: Tensor) -> bool:
    """Whether it is (784,) or (N, 784): patterns whose rows stand one after the other."""
    return pixels.ndim in (1, 2) and pixels.shape[-1] == PATTERN * PATTERN


def _one_channel(pixels: Tensor, at: int) -> Tensor:
    """Without the channels at that place, of which there is one, or three that are equal."""
    first = pixels.narrow(at, 0, 1)
    if pixels.shape[at] not in (1, 3) or not (pixels == first).all():
        raise ValueError(f"expected images in grey, got {_shape(pixels)} in colour")
    return first.squeeze(at)


def _shape(pixels: Tensor) -> str:
    return "x".join(map(str, pixels.shape)) or "a number"


def _what(image: Any) -> str:
    """What was given, in words."""
    name = type(image).__name__
    return f"{name}: open it first, or use pictures.read_picture" if name in (
        "str", "bytes", "PosixPath", "WindowsPath") else name  # fmt: skip
