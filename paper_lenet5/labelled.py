"""Images of one's own and their classes: from arrays, a dataset, or a folder of class folders."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .config import class_names
from .images import pattern_of_image, patterns_at_once, what
from .pictures.files import pictures_in

Counted = Callable[[Sequence[Any]], Iterable[Any]]
"""Gives the items of a sequence one by one, and shows how far they are."""

SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation"}
"""Folders of these names, and no others beside them, have the folders of the classes in them."""

UNREADABLE = (OSError, SyntaxError, ValueError)
"""What is raised for a picture that cannot be read; Pillow has the second for a damaged PNG."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Patterns and the classes that they are of."""

    images: Tensor
    """uint8 (N, 28, 28), ink 255, as MNIST has them."""
    labels: Tensor
    """int64 (N,), places in `classes`."""
    classes: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why a picture is not among them, by its file, or as "image 17"."""
    empty: tuple[str, ...] = ()
    """Classes that have no picture that could be read; they are not among the others."""

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

    `data` is a folder with a folder of pictures for each class, which may have folders in it; or a
    dataset of pairs (image, label) or of rows with "image" and "label"; or images, and then `labels`
    are their classes, by number or by name; or (images, labels). An image is what `pattern_of_image`
    takes.

    Classes stand in the order of a dataset's own `classes`, if it has them, else in that of their
    numbers or names. Classes without pictures are left out, and so are pictures that cannot be read.
    Raises ValueError for what is none of these, or if fewer than two classes are left; OSError for a
    folder that cannot be read.
    """
    if isinstance(data, (str, Path)):
        if labels is not None:
            raise ValueError("expected a folder without labels: its folders name the classes")
        return _of_folder(data, counted)
    if labels is None and _is_row(data) and isinstance(data, Mapping):
        data, labels = data["image"], data["label"]
    elif labels is None and _is_row(data) and isinstance(data, tuple) and _are_labels(data[1]):
        data, labels = data
    return _of_dataset(data, counted) if labels is None else _of_images(data, labels, counted)


# --- what the data come in ------------------------------------------------------------------------


def _of_folder(folder: str | Path, counted: Counted) -> Labelled:
    """The pictures in each folder of this one, at any depth; the class is called as the folder is."""
    path = Path(folder)
    if not (str(folder) and path.is_dir()):
        raise ValueError(f"there is no folder {str(folder) or repr('')}")
    inner = [one for one in sorted(path.iterdir()) if one.is_dir() and one.name[0] != "."]
    if inner and {one.name.lower() for one in inner} <= SPLITS:
        first = max(inner, key=lambda one: one.name.lower().startswith("train"))
        raise ValueError(
            f"{folder} has {' and '.join(one.name for one in inner)}, and the folders of the classes "
            f"are one folder deeper: give {first}"
        )
    files = {str(file): one.name for one in inner for file in pictures_in(one)}
    of_classes = len({*files.values()})
    if of_classes < 2:
        raise ValueError(
            f"expected at least two folders with pictures in {folder}, one for each class, as in "
            f"{folder}/A/one.png and {folder}/B/two.png, got {of_classes}"
        )
    found = _one_by_one(list(files.items()).__getitem__, list(files), counted)
    return replace(found, empty=tuple(o.name for o in inner if o.name not in found.classes))


def _of_dataset(data: Any, counted: Counted) -> Labelled:
    """The rows of a dataset, one by one."""
    rows = hasattr(data, "__getitem__") and hasattr(data, "__len__")
    is_array = hasattr(data, "dtype") or hasattr(data, "to_numpy")
    if not rows or is_array or isinstance(data, Mapping):
        hint = ": give its dataset" if hasattr(data, "dataset") else ""
        hint = ": give a list of what it yields" if not hasattr(data, "__len__") else hint
        raise ValueError(
            "expected a folder, a dataset of pairs (image, label), or images and labels, "
            f"got {what(data)}{hint}"
        )

    def give(number: int) -> tuple[Any, Any]:
        row = data[number]
        if not _is_row(row):
            raise ValueError(
                f'expected pairs (image, label), or rows with "image" and "label", got {what(row)}'
            )
        image, label = (row["image"], row["label"]) if isinstance(row, Mapping) else row
        return image, _plain(label)

    return _one_by_one(give, _numbered(data), counted, _classes_of(data))


def _of_images(images: Any, labels: Any, counted: Counted) -> Labelled:
    """Images, at once if they are patterns in an array, and a label for each."""
    images = _in_a_row(images)
    given = [_plain(label) for label in _in_a_row(labels)]
    if len(given) != len(images):
        raise ValueError(f"expected as many labels as images, {len(images)}, got {len(given)}")

    def one_by_one() -> Labelled:
        return _one_by_one(
            lambda number: (images[number], given[number]), _numbered(images), counted
        )

    try:
        patterns = patterns_at_once(images)
    except ValueError as error:  # of some of them, or of all
        with suppress(ValueError):
            found = one_by_one()
            if len(found.left_out) <= len(found.images):
                return found
        raise error from None
    if patterns is None:
        return one_by_one()
    return _named(list(zip(patterns, given, strict=True)), {})


def _one_by_one(
    give: Callable[[int], tuple[Any, Any]],
    names: Sequence[str],
    counted: Counted,
    classes: Sequence[str] = (),
) -> Labelled:
    """What `give` has under each number, an image and its label, but for what cannot be read."""
    read: list[tuple[Tensor | None, Any]] = []
    left_out = {}
    for number in counted(range(len(names))):
        try:
            image, label = give(number)
            read.append((None, label))
            read[-1] = pattern_of_image(image), label
        except UNREADABLE as error:
            left_out[names[number]] = getattr(error, "strerror", None) or str(error)
    return _named(read, left_out, classes)


def _is_row(data: Any) -> bool:
    """Whether it has an image and a label, or all images and all labels."""
    if isinstance(data, Mapping):
        return {"image", "label"} <= data.keys()
    return isinstance(data, (tuple, list)) and len(data) == 2


def _in_a_row(given: Any) -> Any:
    """Images or labels one after the other, also those of pandas and of arrays of any objects."""
    array = given.to_numpy() if hasattr(given, "to_numpy") else given
    if str(getattr(array, "dtype", "")) == "object":
        return array.tolist()
    return array if hasattr(array, "__getitem__") else list(array)


def _numbered(items: Any) -> list[str]:
    return [f"image {number}" for number in range(len(items))]


# --- classes --------------------------------------------------------------------------------------


def _named(
    read: Sequence[tuple[Tensor | None, Any]],
    left_out: Mapping[str, str],
    classes: Sequence[str] = (),
) -> Labelled:
    """The patterns that could be read, and their classes in order."""
    names = _names([label for _, label in read], classes)
    there = {label for pattern, label in read if pattern is not None}
    if len(there) < 2 and left_out:
        name, why = next(iter(left_out.items()))
        raise ValueError(
            f"expected images of two classes at least, but {len(left_out):,} cannot be read, the first "
            f"is {name}: {why}"
        )
    if len(there) < 2:
        one = f"only one class, {names[there.pop()]!r}: two are needed" if there else "no images"
        raise ValueError(f"expected images of two classes at least, got {one}")
    places = {
        label: place for place, label in enumerate(label for label in names if label in there)
    }
    return Labelled(
        torch.stack([pattern for pattern, _ in read if pattern is not None]),
        torch.tensor([places[label] for pattern, label in read if pattern is not None]),
        class_names(names[label] for label in places),
        left_out,
        tuple(name for label, name in names.items() if label not in there),
    )


def _names(given: Sequence[Any], classes: Sequence[str]) -> dict[Any, str]:
    """What the class of each label is called, in their order. Raises ValueError for mixed labels."""
    labels, kinds = {*given}, {type(label): label for label in given}
    if not ({*kinds} <= {int} or {*kinds} <= {str}):
        raise ValueError(
            "expected labels (N,), all of them whole numbers or all of them names, got "
            + " and ".join(map(repr, kinds.values()))
        )
    by_number = dict(enumerate(classes))
    if labels <= by_number.keys():
        return {label: by_number[label] for label in sorted(labels)}
    if labels <= {*classes}:
        return {name: name for name in classes if name in labels}
    return {label: str(label) for label in sorted(labels)}


def _plain(label: Any) -> Any:
    """A label as Python has it. Raises ValueError for several in one."""
    with suppress(RuntimeError, ValueError):
        label = label.item() if hasattr(label, "item") else label
    if hasattr(label, "__len__") and not isinstance(label, str):
        raise ValueError(f"expected a label for each image, got {what(label)}")
    return label


def _are_labels(given: Any) -> bool:
    """Whether these may be labels, one for each image, and not an image and its label."""
    if hasattr(given, "shape"):
        return len(given.shape) == 1
    return isinstance(given, (list, tuple)) and all(isinstance(one, (int, str)) for one in given)


def _classes_of(data: Any) -> list[str]:
    """What a dataset, or the one that it is a part of, calls its classes; nothing if it does not say."""
    while not hasattr(data, "classes") and hasattr(data, "dataset"):
        data = data.dataset
    features = getattr(data, "features", None)
    of_rows = features.get("label") if isinstance(features, Mapping) else None
    names = getattr(data, "classes", getattr(of_rows, "names", None)) or ()
    if getattr(data, "target_transform", None) is not None:
        names = ()  # its labels are no longer places among them
    return [re.sub(r"^(\d) - .*", r"\1", str(name)) for name in names]  # MNIST's "0 - zero"
