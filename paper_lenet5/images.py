"""Images of one's own to patterns, whatever they come in: arrays, tensors, Pillow's images, files."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .pictures import pattern_of, written
from .pictures.files import pixels
from .preprocessing import BLACK, FIELD, MARGIN, PATTERN, WHITE, inverted_patterns
from .transform import grey_levels, patterns_of

if TYPE_CHECKING:
    from .pictures.files import Source

BYTE = 255
"""The largest grey level; arrays of 16 bits with larger ones are stretched, as files are."""
STEP = 0.01
"""How far a level of the network's input may lie from a whole number, in grey levels."""


def pattern_in(source: "Source") -> Tensor:
    """The pattern in a picture, uint8 (28, 28): one of 28x28 in grey as it is, ink 255; others as seen.

    Dark ink on bright paper is taken, too. Raises ValueError and OSError as `read_picture` does.
    """
    seen = pixels(source)
    large = seen.shape[:2] != (PATTERN, PATTERN)
    if large or np.ptp(seen[..., :3], -1).any() or seen[..., 3].min() < 1:
        return pattern_of(written(seen))
    pattern = torch.from_numpy(np.rint(seen[..., 0] * BYTE).astype(np.uint8))
    return BYTE - pattern if inverted_patterns(pattern[None])[0] else pattern


def pattern_of_image(image: Any) -> Tensor:
    """The pattern of one image, uint8 (28, 28): what `LeNet5.transforms()` takes or gives, or a picture.

    A picture is a path, an image of Pillow, or an array or tensor of any size, its colours first or
    last. Raises ValueError as `Transform` and `pattern_in` do, and OSError.
    """
    if hasattr(image, "getbands") or isinstance(image, (str, os.PathLike)):
        return pattern_in(image)
    from PIL import Image

    if _is_deep(image):
        return pattern_in(Image.fromarray(np.asarray(image).squeeze()))
    levels = _colours_last(_levels(image))
    if _is_pattern(levels):
        return _without_margin(patterns_of(levels)[0])[0]
    if not (levels.ndim == 2 or (levels.ndim == 3 and 2 <= levels.shape[2] <= 4)):
        raise ValueError(
            "expected a picture (rows, columns), (rows, columns, 3) or (3, rows, columns), "
            f"got {what(image)}"
        )
    return pattern_in(Image.fromarray(levels.numpy()))


def patterns_at_once(images: Any) -> Tensor | None:
    """Those of an array or a tensor of patterns, uint8 (N, 28, 28); None for what is none.

    Raises ValueError as `Transform` does.
    """
    if not hasattr(images, "shape") or not len(images) or not _is_pattern(images[0]):
        return None
    return None if _is_deep(images) else _without_margin(patterns_of(_levels(images))[0])


def what(data: Any) -> str:
    """What was given, in words."""
    shape, kind = getattr(data, "shape", None), type(data).__name__
    if isinstance(data, dict):
        return f"{kind} with {', '.join(map(repr, data))}"
    return kind if shape is None else f"{kind} {tuple(shape)} {getattr(data, 'dtype', '')}".strip()


# --- what it is made of ---------------------------------------------------------------------------


def _levels(image: Any) -> Tensor:
    """The image in its own shape as uint8; of the network's input, the levels that it was made of."""
    if "float" in str(getattr(image, "dtype", "")):
        values = image.detach().cpu() if isinstance(image, Tensor) else np.asarray(image, "f8")
        levels = (torch.as_tensor(values).double() - WHITE) * (BYTE / (BLACK - WHITE))
        whole = levels.round().clamp(0, BYTE)
        if (values < 0).any() and (levels - whole).abs().max() < STEP:
            return whole.to(torch.uint8)
    return grey_levels(image)


def _is_deep(image: Any) -> bool:
    """Whether it has 16 bits and makes use of them."""
    return "uint16" in str(getattr(image, "dtype", "")) and bool((np.asarray(image) > BYTE).any())


def _colours_last(levels: Tensor) -> Tensor:
    """A picture (rows, columns), or (rows, columns, channels) if these are not all alike."""
    if levels.ndim == 3 and len(levels) <= 4 < levels.shape[2]:
        levels = levels.movedim(0, -1)
    grey = levels.ndim == 3 and levels.shape[2] in (1, 3) and (levels == levels[..., :1]).all()
    return levels[..., 0] if grey else levels


def _is_pattern(image: Any) -> bool:
    """Whether it is an array or a tensor in grey, of a size that `patterns_of` takes."""
    shape = [side for side in getattr(image, "shape", ()) if side != 1]
    return shape in ([PATTERN, PATTERN], [FIELD, FIELD], [PATTERN * PATTERN])


def _without_margin(images: Tensor) -> Tensor:
    """Patterns (N, 28, 28) of fields (N, 32, 32) with two pixels of paper on each side."""
    if images.shape[1:] == (PATTERN, PATTERN):
        return images
    inner = images[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    if images.shape[1:] != (FIELD, FIELD) or images.sum() != inner.sum():
        raise ValueError(
            f"expected images of {PATTERN}x{PATTERN}, or with {MARGIN} pixels of paper"
        )
    return inner.contiguous()
