"""Images of one's own and their classes: from arrays, a dataset, or a folder of class folders."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .config import class_names
from .pictures import pattern_of, written
from .pictures.files import ENDINGS, pixels
from .preprocessing import FIELD, MARGIN, PATTERN, inverted_patterns
from .transform import grey_levels, patterns_of

if TYPE_CHECKING:
    from .pictures.files import Source

Counted = Callable[[Sequence[Any]], Iterable[Any]]
"""Gives the items of a sequence one by one, and shows how far they are."""


@dataclass(frozen=True)
class Labelled:
    """Patterns and the classes that they are of."""

    images: Tensor
    """uint8 (N, 28, 28), ink 255, as MNIST has them."""
    labels: Tensor
    """int64 (N,), places in `classes`."""
    classes: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why a picture is not among them, by its file."""

    def some(self, which: Tensor) -> "Labelled":
        """Those that `which` (N,) names or marks."""
        return replace(self, images=self.images[which], labels=self.labels[which])

    def renamed(self, classes: Sequence[str]) -> "Labelled":
        """The same with the labels of these classes, in their order. Raises ValueError if one lacks."""
        lacking = [name for name in self.classes if name not in classes]
        if lacking:
            raise ValueError(f"expected classes of {tuple(classes)}, got {lacking} too")
        places = torch.tensor([classes.index(name) for name in self.classes])
        return replace(self, labels=places[self.labels], classes=tuple(classes))


def labelled(data: Any, labels: Any = None, counted: Counted = iter) -> Labelled:
    """Images and their classes, whatever they come in.

    `data` is a folder with a folder of pictures for each class; or a dataset of pairs (image, label), as
    torchvision has them; or images, and then `labels` are their classes, by number or by name. Images
    are what `LeNet5.transforms()` takes, or pictures of any size and colours, the latter first or last,
    through `paper_lenet5.pictures`.
    Classes stand in the order of their numbers, or of their names. Raises ValueError for what is none of
    these, or of one class alone; OSError for a folder that cannot be read.
    """
    if isinstance(data, (str, Path)):
        return _of_folder(Path(data), counted)
    if labels is not None:
        return _named(patterns(data, counted), labels)
    if not hasattr(data, "__getitem__") or hasattr(data, "shape"):
        raise ValueError(f"expected a folder, a dataset, or images and labels, got {_what(data)}")
    pairs = [data[number] for number in counted(range(len(data)))]
    if not pairs or not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
        raise ValueError("expected a dataset of pairs (image, label), or images and labels")
    numbers = [label.item() if isinstance(label, Tensor) else label for _, label in pairs]
    names = getattr(data, "classes", None)
    if names is not None:
        # torchvision's MNIST calls its classes "0 - zero", "1 - one", ...
        numbers = [str(names[int(number)]).partition(" - ")[0] for number in numbers]
    return _named(patterns([image for image, _ in pairs]), numbers)


def patterns(images: Any, counted: Counted = iter) -> Tensor:
    """The images as uint8 (N, 28, 28): patterns as they are, other pictures through `pictures`.

    Raises ValueError as `Transform` and `pictures.read_picture` do, with the number of the image.
    """
    if hasattr(images, "shape") and _is_pattern(images[0] if len(images) else images):
        return _without_margin(patterns_of(images)[0])
    found = []
    for number, image in enumerate(counted(images)):
        try:
            found.append(_pattern(image))
        except ValueError as error:
            raise ValueError(f"image {number}: {error}") from None
    if not found:
        raise ValueError("expected at least one image")
    return torch.stack(found)


def pattern_in(source: "Source") -> Tensor:
    """The pattern in a picture, uint8 (28, 28): one of 28x28 in grey as it is, ink 255; others as seen.

    Dark ink on bright paper is taken, too. Raises ValueError and OSError as `read_picture` does.
    """
    seen = pixels(source)
    grey = not np.ptp(seen[..., :3], -1).any() and bool((seen[..., 3] == 1).all())
    if seen.shape[:2] != (PATTERN, PATTERN) or not grey:
        return pattern_of(written(seen))
    pattern = torch.from_numpy(np.rint(seen[..., 0] * 255).astype(np.uint8))
    return 255 - pattern if inverted_patterns(pattern[None])[0] else pattern


# --- what it is made of ---------------------------------------------------------------------------


def _of_folder(folder: Path, counted: Counted) -> Labelled:
    """The pictures in each folder of this one, whose names are those of the classes."""
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    files = [
        file
        for inner in sorted(folder.iterdir())
        if inner.is_dir() and not inner.name.startswith(".")
        for file in sorted(inner.iterdir())
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".")
    ]
    if len({file.parent for file in files}) < 2:
        raise ValueError(
            f"expected a folder for each class in {folder}, as in {folder}/A/one.png and "
            f"{folder}/B/two.png, got pictures in {len({file.parent for file in files})}"
        )
    found, names, left_out = [], [], {}
    for file in counted(files):
        try:
            found.append(pattern_in(file))
            names.append(file.parent.name)
        except (OSError, ValueError) as error:
            left_out[str(file)] = getattr(error, "strerror", None) or str(error)
    if len({*names}) < 2:
        first = next(iter(left_out.items()), ("", ""))
        raise ValueError(f"hardly a picture in {folder} can be read: {first[0]}: {first[1]}")
    read = _named(torch.stack(found), names)
    return Labelled(read.images, read.labels, read.classes, left_out)


def _named(images: Tensor, given: Any) -> Labelled:
    """The images with their classes, given by number or by name, in the order of these."""
    labels = np.asarray(given).tolist()
    if len(labels) != len(images):
        raise ValueError(f"expected as many labels as images, {len(images)}, got {len(labels)}")
    if not (all(type(one) is int for one in labels) or all(type(one) is str for one in labels)):
        raise ValueError("expected labels (N,), all of them whole numbers or all of them names")
    kinds = sorted({*labels})
    place = {kind: number for number, kind in enumerate(kinds)}
    return Labelled(
        images, torch.tensor([place[one] for one in labels]), class_names(map(str, kinds))
    )


def _pattern(image: Any) -> Tensor:
    """One image as (28, 28)."""
    if hasattr(image, "getbands"):
        return pattern_in(image)
    from PIL import Image

    levels = _colours_last(grey_levels(image))
    if _is_pattern(levels):
        return _without_margin(patterns_of(levels)[0])[0]
    if not (levels.ndim == 2 or (levels.ndim == 3 and 2 <= levels.shape[2] <= 4)):
        raise ValueError(
            "expected a picture (rows, columns), (rows, columns, 3) or (3, rows, columns), "
            f"got {_what(image)}"
        )
    return pattern_in(Image.fromarray(levels.numpy()))


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


def _what(data: Any) -> str:
    shape = getattr(data, "shape", None)
    kind = type(data).__name__
    return kind if shape is None else f"{kind} {tuple(shape)} {getattr(data, 'dtype', '')}"
