"""Training on one's own: whatever the images come in, a network that is saved, resumed and loaded."""

import copy
import itertools
import json
import os
import re
import shutil
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image, UnidentifiedImageError
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset, random_split

from paper_lenet5 import LeNet5, own, train
from paper_lenet5.__main__ import main, pictures_of
from paper_lenet5.bitmaps import bitmaps
from paper_lenet5.config import LeNet5Config
from paper_lenet5.images import pattern_in
from paper_lenet5.initialisation import PRINTED
from paper_lenet5.labelled import labelled
from paper_lenet5.own import recipe_for
from paper_lenet5.patterns import Split
from paper_lenet5.pictures import read_picture
from paper_lenet5.recipe import SCHEDULE, Recipe
from paper_lenet5.strings import SECTION_VII
from paper_lenet5.training import Session
from tests.conftest import draw_digits

IMAGES, LABELS = draw_digits(60)
NAMES = "ABCDEFGHIJ"

compiled = pytest.importorskip("paper_lenet5.compiled", reason="the compiled pass needs numba")


def same(one, other):
    one, other = one.state_dict(), other.state_dict()
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The digits as pictures of 28x28, in folders that are called A to J."""
    folder = tmp_path_factory.mktemp("own") / "letters"
    for number, (image, label) in enumerate(zip(IMAGES, LABELS.tolist(), strict=True)):
        path = folder / NAMES[label] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.numpy()).save(path)
    return folder


# --- images and their classes ---------------------------------------------------------------------


class Pairs:
    """A dataset as torchvision has them."""

    classes = ("0 - zero", "1 - one", "2 - two", *map(str, range(3, 10)))

    def __len__(self):
        return len(IMAGES)

    def __getitem__(self, number):
        return Image.fromarray(IMAGES[number].numpy()), int(LABELS[number])


class Table:
    """As pandas has them: `to_numpy`, and items by the names of columns."""

    def __init__(self, values):
        self.values, self.shape = values, values.shape

    def __len__(self):
        return len(self.values)

    def __getitem__(self, column):
        raise KeyError(column)

    def to_numpy(self):
        return self.values


class Things:
    """A dataset whose classes are not in the order of their names, one picture for each label."""

    classes = ("shirt", "bag", "coat")

    def __init__(self, labels, target_transform=None):
        self.labels, self.target_transform = labels, target_transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, number):
        label = self.labels[number]
        return IMAGES[number], self.target_transform(label) if self.target_transform else label


class Stream(IterableDataset):
    """Pairs without a length."""

    def __iter__(self):
        return iter([(IMAGES[0], 0), (IMAGES[1], 1)])


ALIKE = {
    "tensors": (IMAGES, LABELS),
    "arrays": (IMAGES.numpy(), LABELS.numpy().astype(np.uint8)),
    "floats": (IMAGES[:, None] / 255, LABELS.tolist()),
    "with a margin": (torch.nn.functional.pad(IMAGES, [2] * 4), LABELS),
    "images of Pillow": ([Image.fromarray(image.numpy()) for image in IMAGES], LABELS),
    "names": (IMAGES, [str(int(label)) for label in LABELS]),
    "a dataset": (Pairs(), None),
    "a dataset of tensors": (TensorDataset(IMAGES, LABELS), None),
    "rows": ([{"image": image, "label": label} for image, label in Pairs()], None),
    "columns": ({"image": IMAGES.numpy(), "label": LABELS.tolist()}, None),
    "images and labels": ((IMAGES, LABELS), None),
    "tables": (Table(IMAGES.flatten(1).numpy()), Table(LABELS.numpy())),
    "any objects": (np.array([*IMAGES.numpy()], object), np.array(LABELS.tolist(), object)),
    "16 bits": (IMAGES.numpy().astype(np.uint16) * 257, LABELS),
    "16 bits of 8": (IMAGES.numpy().astype(np.uint16), LABELS),
    "the network's input": (LeNet5.transforms()(IMAGES), LABELS),
    "a dataset of the network's input": (TensorDataset(LeNet5.transforms()(IMAGES), LABELS), None),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_the_images_are_the_same_whatever_they_come_in(kind):
    found = labelled(*ALIKE[kind])
    assert torch.equal(found.images, IMAGES)
    assert torch.equal(found.labels, LABELS)
    assert found.classes == tuple("0123456789")


def test_a_folder_has_a_class_in_each_folder(folder):
    found = labelled(folder)
    assert found.classes == tuple(NAMES)
    order = sorted(range(60), key=lambda number: (int(LABELS[number]), number))
    assert torch.equal(found.images, IMAGES[order])
    assert torch.equal(found.labels, LABELS[order])
    with pytest.raises(ValueError, match="a folder without labels"):
        labelled(folder, LABELS)


def test_classes_that_do_not_occur_are_left_out_and_names_are_in_order():
    found = labelled(IMAGES[:4], [7, 3, 26, 3])
    assert (found.classes, found.labels.tolist()) == (("3", "7", "26"), [1, 0, 2, 0])


def test_classes_stand_in_the_order_of_the_dataset_if_it_names_them():
    found = labelled(Things([2, 0, 1, 0]))
    assert (found.classes, found.labels.tolist()) == (("shirt", "bag", "coat"), [2, 0, 1, 0])
    assert labelled(Things([2, 0])).classes == ("shirt", "coat")
    of_names = labelled(Things(["coat", "shirt"]))
    assert (of_names.classes, of_names.labels.tolist()) == (("shirt", "coat"), [1, 0])
    assert labelled(Things([0, 1, 2], lambda label: label % 2)).classes == ("0", "1")
    assert labelled(Things([0, 9])).classes == ("0", "9"), "numbers that its names are not for"


def test_a_part_of_a_dataset_has_the_names_of_its_classes():
    whole = Things([2, 0, 1, 0])
    assert labelled(Subset(whole, [0, 1])).classes == ("shirt", "coat")
    for part in random_split(whole, [2, 2], torch.Generator().manual_seed(0)):
        found = labelled(Subset(part, [1, 0]))
        expected = [whole.classes[label] for _, label in (part[1], part[0])]
        assert [found.classes[label] for label in found.labels] == expected


def test_rows_with_features_have_the_names_of_their_classes():
    class Rows(list):
        features, shape = MappingProxyType({"label": SimpleNamespace(names=Things.classes)}), (2, 2)

    rows = Rows({"image": image, "label": label} for image, label in Things([2, 0]))
    assert labelled(rows).classes == ("shirt", "coat")


def test_pictures_of_other_sizes_and_colours_are_seen_first(tmp_path):
    large = Image.fromarray(255 - IMAGES[0].numpy()).resize((280, 280))
    assert torch.equal(pattern_in(large), read_picture(large))
    dark = Image.fromarray(255 - IMAGES[0].numpy())
    assert torch.equal(pattern_in(dark), IMAGES[0])
    found = labelled([np.asarray(large), np.asarray(large.convert("RGB"))], ["a", "b"])
    assert torch.equal(found.images[0], found.images[1])
    assert torch.equal(found.images[0], pattern_in(large))


def coloured(pictures):
    """Pictures (N, rows, columns) as (N, 3, rows, columns): the first in red, the second in blue."""
    colours = torch.zeros(len(pictures), 3, *pictures.shape[1:], dtype=torch.uint8)
    colours[0, 0], colours[1, 2] = pictures[0], pictures[1]
    return colours


@pytest.mark.parametrize("size", [28, 32, 90])
def test_colours_are_seen_whether_they_come_first_or_last_or_as_an_image(size):
    large = torch.nn.functional.interpolate(IMAGES[:2, None].float(), (size, size))[:, 0]
    first = coloured(large.round().byte())
    last = first.movedim(1, -1).contiguous().numpy()
    expected = torch.stack([read_picture(Image.fromarray(picture)) for picture in last])
    assert expected[:, 4:24, 4:24].any((1, 2)).all()
    for given in (first, list(first), first / 255, last, list(last),
                  [Image.fromarray(picture) for picture in last]):  # fmt: skip
        assert torch.equal(labelled(given, [0, 1]).images, expected)
    pairs = [(picture, number) for number, picture in enumerate(first)]
    assert torch.equal(labelled(pairs).images, expected)


@pytest.mark.parametrize("alike", [IMAGES[:3, None].expand(-1, 3, -1, -1), IMAGES[:3]])
def test_three_patterns_and_three_channels_that_are_alike_are_in_grey(alike):
    assert torch.equal(labelled(alike, [0, 1, 2]).images, IMAGES[:3])
    assert torch.equal(labelled(list(alike), [0, 1, 2]).images, IMAGES[:3])


def test_what_cannot_be_read_is_left_out_and_named(folder, tmp_path):
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
        Image.fromarray(IMAGES[0].numpy()).save(tmp_path / name / "good.png")
    (tmp_path / "A" / "bad.png").write_bytes(b"no picture")
    (tmp_path / "A" / "notes.txt").write_text("no picture either", encoding="utf-8")
    found = labelled(tmp_path)
    assert len(found.images) == 2
    assert list(found.left_out) == [str(tmp_path / "A" / "bad.png")]


BLANK = Image.new("L", (99, 99))


def test_one_bad_image_is_left_out_of_an_array_a_list_and_a_dataset():
    images = [Image.fromarray(image.numpy()) for image in IMAGES]
    images[17] = BLANK
    inverted, unknown = IMAGES.clone(), IMAGES.double().numpy() / 255
    inverted[17], unknown[17, 0, 0] = 255 - inverted[17], np.nan
    expected = [number for number in range(60) if number != 17]

    class Opened(Pairs):
        def __getitem__(self, number):
            if number == 17:
                raise UnidentifiedImageError("cannot identify image file")
            return super().__getitem__(number)

    for given, why in (
        ((inverted, LABELS), "give 255 - image"),
        ((unknown, LABELS), "no numbers"),
        ((images, LABELS), "nothing is drawn"),
        ((list(zip(images, LABELS.tolist(), strict=True)),), "nothing is drawn"),
        ((Opened(),), "cannot identify image file"),
    ):
        found = labelled(*given)
        assert torch.equal(found.images, IMAGES[expected])
        assert torch.equal(found.labels, LABELS[expected])
        assert list(found.left_out) == ["image 17"]
        assert why in found.left_out["image 17"]


def test_a_class_without_a_picture_that_can_be_read_is_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "own")
    (tmp_path / "own/Z").mkdir()
    (tmp_path / "own/Z/bad.png").write_bytes(b"no picture")
    (tmp_path / "own/notes").mkdir()
    found = labelled(tmp_path / "own")
    assert (found.classes, found.empty) == (tuple(NAMES), ("Z", "notes"))
    assert list(found.left_out) == [str(tmp_path / "own/Z/bad.png")]
    images = [*IMAGES[:2], BLANK]
    found = labelled(images, ["b", "c", "a"])
    assert (found.classes, found.empty) == (("b", "c"), ("a",))


def test_pictures_may_lie_deeper_in_the_folder_of_a_class(folder, tmp_path):
    for number, name in enumerate("AB"):
        shutil.copytree(folder / name, tmp_path / "own" / name / f"writer {number}" / "1998")
    shutil.copytree(folder / "A", tmp_path / "own/B/.hidden")
    flat, deep = labelled(folder), labelled(tmp_path / "own")
    assert torch.equal(deep.images, flat.some(flat.labels < 2).images)
    assert torch.equal(deep.labels, flat.some(flat.labels < 2).labels)


def test_folders_that_are_linked_are_looked_into_once_and_no_loop_is_followed(folder, tmp_path):
    for name, batch in (("A", "C"), ("B", "D")):
        (tmp_path / "own" / name).mkdir(parents=True)
        for link in ("batch1", "batch2"):
            (tmp_path / "own" / name / link).symlink_to(folder / batch, target_is_directory=True)
        (tmp_path / "own" / name / "loop").symlink_to(tmp_path / "own", target_is_directory=True)
    flat, linked = labelled(folder), labelled(tmp_path / "own")
    assert torch.equal(linked.images, flat.some((flat.labels == 2) | (flat.labels == 3)).images)
    assert len(list(pictures_of([tmp_path / "own"]))) == len(linked.images)


def test_splits_are_no_classes(folder, tmp_path):
    for split in ("train", "test", "val"):
        shutil.copytree(folder, tmp_path / "split" / split)
    with pytest.raises(ValueError, match=rf"one folder deeper: give {tmp_path}/split/train"):
        labelled(tmp_path / "split")
    assert labelled(tmp_path / "split/train").classes == tuple(NAMES)


REFUSED = {
    "no labels": (
        (IMAGES,),
        r"a dataset of pairs .*, or images and labels, got Tensor \(60, 28, 28\)",
    ),
    "other labels": ((IMAGES, LABELS[:5]), "as many labels as images, 60, got 5"),
    "floats as labels": ((IMAGES, LABELS.float()), "whole numbers or all of them names"),
    "one class": ((IMAGES, [0] * 60), "only one class, '0': two are needed"),
    "no images": ((IMAGES[:0], []), "two classes at least, got no images"),
    "labels mixed": ((IMAGES[:2], [1, "1"]), "all of them names, got (1 and '1'|'1' and 1)"),
    "labels of a batch": (([(IMAGES, LABELS)],), r"a label for each image, got Tensor \(60,\)"),
    "one of ten": ((IMAGES[:2], [[0, 1], [1, 0]]), "a label for each image, got list"),
    "other rows": (([{"img": 0, "label": 1}],), "got dict with 'img', 'label'"),
    "splits": (({"train": [], "test": []},), "got dict with 'train', 'test'"),
    "a stream": ((Stream(),), "got Stream: give a list of what it yields"),
    "a loader": ((DataLoader(TensorDataset(IMAGES, LABELS)),), "got DataLoader: give its dataset"),
    "an empty name": (("",), "no folder ''"),
    "most inverted": (
        (torch.cat([255 - IMAGES[:55], IMAGES[55:]]), LABELS),
        "^expected bright ink",
    ),
    "normalised": ((2 * IMAGES / 255 - 1, LABELS), "normalises by mean"),
    "blank": (([Image.new("L", (99, 99))] * 2, [0, 1]), "image 0: nothing is drawn"),
    "five channels": ((torch.zeros(2, 5, 99, 99), [0, 1]), r"got Tensor \(5, 99, 99\)"),
    "no pairs": (([1, 2, 3],), "pairs"),
    "no folder": (("/nowhere",), "no folder /nowhere"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_data_is_refused_in_words(kind):
    given, complaint = REFUSED[kind]
    with pytest.raises(ValueError, match=complaint):
        labelled(*given)


def test_a_folder_without_classes_is_refused_with_what_is_expected(folder):
    with pytest.raises(ValueError, match=r"at least two folders .*B/two.png, got 0"):
        labelled(folder / "A")


# --- training -------------------------------------------------------------------------------------


def test_the_recipe_is_the_papers_stretched_over_the_passes():
    assert recipe_for(60_000).schedule == SCHEDULE
    assert recipe_for(60_000, 20).schedule == SCHEDULE
    assert recipe_for(60_000, 40).schedule[::2] == recipe_for(60_000, 40).schedule[1::2] == SCHEDULE
    assert recipe_for(1000, 5).schedule == SCHEDULE[::4]
    assert [len(recipe_for(n).schedule) for n in (10, 100, 200, 201, 1000)] == [
        1000, 1000, 1000, 996, 200,
    ]  # fmt: skip
    assert recipe_for(1000).distortions is not None


def test_a_network_that_was_trained_goes_on_as_in_the_last_passes():
    assert recipe_for(60_000, 12, trained=True).schedule == SCHEDULE[8:]
    assert [len(recipe_for(n, trained=True).schedule) for n in (10, 20, 200, 1000, 2000)] == [
        1000, 1000, 100, 20, 20,
    ]  # fmt: skip
    assert recipe_for(200, trained=True).distortions == recipe_for(200).distortions


def test_a_few_hundred_digits_from_a_trained_network_keep_nearly_all_others_right(digits):
    images, labels = digits
    before = LeNet5.from_pretrained()
    model = train(images[:200], labels[:200], start=before, held_out=0, progress=False).model
    other, right = before.transforms()(images[200:]), labels[200:]
    assert (before.classify(other) == right).float().mean() > 0.99
    assert (model.classify(other) == right).float().mean() > 0.98


def test_it_is_a_session_on_what_is_not_held_out():
    trained = train(IMAGES, LABELS, passes=2, held_out=0.0, progress=False)
    split = Split(IMAGES, LABELS)
    session = Session(recipe_for(60, 2), 0, split, split, compiled)
    assert [record.test_errors for record in session.passes()] == [
        record.test_errors for record in trained.records
    ]
    assert same(session.model, trained.model)
    assert not trained.model.training


def test_it_trains_in_one_thread_and_leaves_their_number_as_it_was(monkeypatch):
    seen, passes = [], Session.passes

    def watched(session):
        seen.append(torch.get_num_threads())
        return passes(session)

    monkeypatch.setattr(Session, "passes", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        train(IMAGES, LABELS, passes=1, progress=False)
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)


def test_a_share_of_each_class_is_held_out_and_not_trained_on():
    trained = train(IMAGES, LABELS, passes=1, held_out=0.25, progress=False)
    counts = LABELS.bincount()
    expected = [round(0.25 * n) for n in counts.tolist()]
    assert trained.held_out.labels.bincount(minlength=10).tolist() == expected
    learned = {image.numpy().tobytes() for image in trained.learned.images}
    held = {image.numpy().tobytes() for image in trained.held_out.images}
    assert len(learned) + len(held) == 60
    assert not learned & held
    answers = trained.model.classify(trained.model.transforms()(trained.held_out.images))
    wrong = int((answers != trained.held_out.labels).sum())
    assert trained.records[-1].test_errors == wrong
    assert f"{wrong} of {sum(expected)} held out are wrong" in str(trained)


def test_one_of_each_class_is_trained_on_however_much_is_held_out():
    classes = [0] * 9 + [1]
    trained = train(IMAGES[:10], classes, passes=1, held_out=0.99, progress=False)
    assert trained.learned.labels.bincount().tolist() == [1, 1]
    assert trained.held_out.labels.bincount().tolist() == [8]
    assert trained.records[-1].patterns == 2
    alone = train(IMAGES[:2], [0, 1], passes=1, held_out=0.99, progress=False)
    assert (len(alone.learned.labels), len(alone.held_out.labels)) == (2, 0)


def test_errors_are_said_to_be_of_the_held_out_only_if_something_was(monkeypatch):
    shown = []
    monkeypatch.setattr(own.tqdm, "set_postfix_str", lambda bar, words: shown.append(words))
    for share, n, kind in ((0.0, 60, "trained on"), (0.25, 14, "held out")):
        trained = train(IMAGES, LABELS, passes=1, held_out=share)
        wrong = trained.records[-1].test_errors
        assert f"pass: {wrong} of {n} {kind} are wrong" in str(trained)
        assert shown.pop() == f"{wrong} of {n} {kind} wrong"


def test_characters_get_their_bitmaps_and_other_names_random_codes():
    letters = train(IMAGES, [NAMES[k] for k in LABELS], passes=1, progress=False).model
    assert torch.equal(letters.rbf.centers, bitmaps(NAMES))
    names = train(IMAGES, [f"sign {k}" for k in LABELS], passes=1, progress=False).model
    assert names.classes[3] == "sign 3"
    assert set(names.rbf.centers.unique().tolist()) == {-1.0, 1.0}


def test_codes_are_taken_as_tensors_arrays_and_lists():
    codes = bitmaps(NAMES)
    for given in (codes, codes.numpy().astype(np.int64), codes.tolist()):
        model = train(IMAGES, LABELS, codes=given, passes=1, progress=False).model
        assert torch.equal(model.rbf.centers, codes)
        assert model.rbf.centers.dtype == torch.float32
    for wrong, complaint in (
        (codes[:9].tolist(), r"codes \(10, 84\), got \(9, 84\)"),
        ("ABC", r"codes \(classes, 84\) of \+1 and -1"),
        ([[1], [1, 2]], r"codes \(classes, 84\) of \+1 and -1"),
        (np.full((10, 84), np.nan), "finite codes"),
        (np.ones((10, 84)), "no two are alike"),
    ):
        with pytest.raises(ValueError, match=complaint):
            train(IMAGES, LABELS, codes=wrong, progress=False)


@pytest.mark.parametrize("classes", ["0123456789", "9876543210"])
def test_a_network_to_start_from_keeps_its_classes_and_is_left_as_it_was(classes):
    before = LeNet5(torch.Generator().manual_seed(0), classes=classes)
    as_it_was, some = copy.deepcopy(before), LABELS >= 5
    trained = train(IMAGES[some], LABELS[some], start=before, passes=1, progress=False)
    assert trained.model.config == before.config
    assert same(before, as_it_was)
    names = {
        image.numpy().tobytes(): str(int(of)) for image, of in zip(IMAGES, LABELS, strict=True)
    }
    learned = [classes.index(names[image.numpy().tobytes()]) for image in trained.learned.images]
    assert trained.learned.labels.tolist() == learned
    split = Split(trained.learned.images, torch.tensor(learned))
    recipe = recipe_for(len(learned), 1, trained=True)
    session = Session(recipe, 0, split, split, compiled, as_it_was)
    list(session.passes())
    assert same(session.model, trained.model)


@pytest.mark.parametrize("kept", [True, False])
def test_input_is_at_the_levels_of_the_network_to_start_from(kept):
    start = Recipe(levels=(0.0, 1.0)).build(torch.Generator().manual_seed(0))
    labels = LABELS if kept else [NAMES[k] for k in LABELS]
    trained = train(IMAGES, labels, start=start, passes=1, held_out=0, progress=False)
    assert trained.model.transforms().levels == (0.0, 1.0)
    expected = LeNet5(classes="0123456789" if kept else NAMES)
    layers = {n: t for n, t in start.state_dict().items() if n != "rbf.centers"}
    expected.load_state_dict(expected.state_dict() | layers)
    split = Split(IMAGES, LABELS)
    recipe = replace(recipe_for(60, 1, trained=True), levels=(0.0, 1.0))
    list(Session(recipe, 0, split, split, compiled, expected).passes())
    assert same(expected, trained.model)


def test_other_classes_than_those_of_the_start_keep_its_layers(monkeypatch):
    monkeypatch.setattr(own, "_run", lambda *_: None)  # as it is before the first pass
    before, letters = LeNet5.from_pretrained(), [NAMES[k] for k in LABELS]
    model = train(IMAGES, letters, start="lenet5-1998", progress=False).model
    assert model.classes == tuple(NAMES)
    assert torch.equal(model.rbf.centers, bitmaps(NAMES))
    assert torch.equal(model.c5.weight, before.c5.weight)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_a_start_of_other_floats_is_trained_in_float32(kind):
    start = LeNet5.from_pretrained().to(kind)
    model = train(IMAGES, LABELS, start=start, passes=1, progress=False).model
    rounded = LeNet5.from_pretrained().to(kind).float()
    expected = train(IMAGES, LABELS, start=rounded, passes=1, progress=False).model
    assert {p.dtype for p in start.parameters()} == {kind}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert same(model, expected)


def test_a_start_that_is_no_lenet5_or_no_longer_one_is_refused():
    for start in (torch.compile(LeNet5()), torch.nn.Linear(2, 2)):
        with pytest.raises(ValueError, match=rf"got {type(start).__name__}: .* the LeNet5 itself"):
            train(IMAGES, LABELS, start=start, progress=False)
    relu = Recipe(LeNet5Config(activation="relu")).build(None)
    assert train(IMAGES, LABELS, start=relu, passes=1, progress=False).model.config == relu.config
    with pytest.raises(ValueError, match=r"as printed, got .*relu"):
        train(IMAGES, [NAMES[k] for k in LABELS], start=relu, passes=1, progress=False)


OF_ANOTHER_NETWORK = {
    "network": LeNet5Config(activation="relu", pooling="max"),
    "levels": (0.0, 1.0),
    "initialisation": PRINTED,
}


@pytest.mark.parametrize("option", OF_ANOTHER_NETWORK)
def test_a_recipe_of_another_network_is_refused(option):
    recipe = replace(recipe_for(60, 1), **{option: OF_ANOTHER_NETWORK[option]})
    with pytest.raises(ValueError, match=rf"the standard {option}, .* Recipe\.session"):
        train(IMAGES, LABELS, recipe=recipe, progress=False)


def test_what_is_no_engine_is_refused():
    with pytest.raises(ValueError, match=r"paper_lenet5\.eager .* got 'eager'"):
        train(IMAGES, LABELS, engine="eager", progress=False)


def test_a_recipe_for_strings_is_refused():
    with pytest.raises(ValueError, match=r"without strings: .* by Recipe\.session"):
        train(IMAGES, LABELS, recipe=Recipe(strings=SECTION_VII), progress=False)


def test_a_recipe_may_be_that_of_the_network_to_start_from():
    recipe = replace(
        recipe_for(60, 1), levels=(0.0, 1.0), network=LeNet5Config(classes="9876543210")
    )
    start = recipe.build(None)
    model = train(IMAGES, LABELS, start=start, recipe=recipe, progress=False).model
    assert (model.config, model.transforms().levels) == (recipe.network, (0.0, 1.0))


def test_passes_are_given_once_and_one_at_least():
    with pytest.raises(
        ValueError, match="passes, or a recipe with an eta for each in its schedule"
    ):
        train(IMAGES, LABELS, passes=7, recipe=recipe_for(60, 1), progress=False)
    with pytest.raises(ValueError, match=r"at least one pass, .* got 0"):
        train(IMAGES, LABELS, passes=0, progress=False)
    with pytest.raises(ValueError, match="held_out from 0 to less than 1, got 1"):
        train(IMAGES, LABELS, held_out=1, progress=False)
    with pytest.raises(ValueError, match=r"whole ones, got 1\.5"):
        train(IMAGES, LABELS, passes=1.5, progress=False)


WITHOUT_DATA = {
    "passes": ({"passes": 0}, "at least one pass"),
    "held_out": ({"held_out": 2}, "held_out from 0 to less than 1"),
    "seed": ({"seed": -1}, "non-negative"),
    "start": ({"start": "lenet5-1999"}, "lenet5-1999"),
    "codes": ({"codes": [[1]]}, r"codes \(1, 84\), got \(1, 1\)"),
    "codes alike": ({"codes": np.ones((10, 84))}, "no two are alike"),
    "out": ({"out": "over"}, "training is over"),
}


@pytest.mark.parametrize("what", WITHOUT_DATA)
def test_what_cannot_work_is_said_before_the_data_are_read(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    LeNet5().save_pretrained("over")
    monkeypatch.setattr(own, "labelled", lambda *_: pytest.fail("data were read"))
    options, complaint = WITHOUT_DATA[what]
    with pytest.raises(ValueError, match=complaint):
        train(IMAGES, LABELS, progress=False, **options)


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_what_a_recipe_leaves_out_of_the_training_patterns_is_not_reported(share):
    recipe = replace(recipe_for(60, 1), training_patterns=20)
    trained = train(IMAGES, LABELS, recipe=recipe, held_out=share, progress=False)
    everything = train(IMAGES, LABELS, passes=1, held_out=share, progress=False)
    found = (everything.learned.images[:, None] == trained.learned.images).all(-1).all(-1)
    assert found.any(0).all()
    assert found.any(1).sum() == len(trained.learned.images) == 20
    assert str(trained).startswith("20 patterns of ")
    judged = trained.held_out if share else trained.learned
    assert f" of {len(judged.labels)} " in str(trained)
    answers = trained.model.classify(trained.model.transforms()(judged.images))
    assert trained.records[-1].test_errors == int((answers != judged.labels).sum())


def test_the_training_patterns_of_a_recipe_are_of_all_classes_in_whatever_order_they_stand():
    order = torch.argsort(LABELS, stable=True)
    recipe = replace(recipe_for(60, 1), training_patterns=20)
    for seed in range(3):
        few = train(IMAGES[order], LABELS[order], recipe=recipe, seed=seed, progress=False)
        present = len(few.learned.labels.unique())
        assert present > 5
        assert str(few).startswith(f"20 patterns of {present} classes, ")


RECIPE = Recipe(schedule=SCHEDULE[::5])
"""Of four passes."""


def interrupted(after):
    """The compiled pass; Ctrl-C ends the pass after so many, when the weights have changed already."""
    number = itertools.count()

    def train_one_pass(*given):
        errors = compiled.train_one_pass(*given)
        if next(number) == after:
            raise KeyboardInterrupt
        return errors

    return SimpleNamespace(**vars(compiled) | {"train_one_pass": train_one_pass})


def test_ctrl_c_leaves_what_is_there_and_the_same_call_goes_on(tmp_path):
    given = {"recipe": RECIPE, "out": tmp_path / "mine", "progress": False}
    stopped = train(IMAGES, LABELS, engine=interrupted(2), **given)
    assert (len(stopped.records), stopped.passes) == (2, 4)
    assert "stopped after 2 of 4 passes" in str(stopped)
    two = replace(RECIPE, schedule=RECIPE.schedule[:2])
    assert same(stopped.model, train(IMAGES, LABELS, recipe=two, progress=False).model)
    assert same(LeNet5.from_pretrained(tmp_path / "mine"), stopped.model)
    whole = train(IMAGES, LABELS, **given)
    at_once = train(IMAGES, LABELS, recipe=RECIPE, progress=False)
    assert len(whole.records) == 4
    assert same(whole.model, at_once.model)
    assert not same(whole.model, stopped.model)
    assert same(LeNet5.from_pretrained(tmp_path / "mine"), whole.model)
    with pytest.raises(ValueError, match=r"training is over.*--from .*mine"):
        train(IMAGES, LABELS, **given)


def test_what_is_compiled_is_said_on_the_bar_or_in_one_line(monkeypatch, capsys):
    told = []
    engine = SimpleNamespace(**vars(compiled) | {
        "on_compiling": lambda tell: nullcontext(told.append(tell)),
        "train_one_pass": lambda *given: (told[-1]("a"), told[-1]("b"), told[-1](None),
                                          compiled.train_one_pass(*given))[-1],
    })  # fmt: skip
    for terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal, raising=False)
        train(IMAGES, LABELS, recipe=RECIPE, engine=engine)
        said = capsys.readouterr().err
        assert said.count("Compiling for this processor, once ...") == (not terminal)
        assert ("compiling, once: b: " in said) == terminal
    train(IMAGES, LABELS, recipe=RECIPE, engine=engine, progress=False)
    assert not capsys.readouterr().err


def test_ctrl_c_before_a_pass_is_copied_leaves_the_records_of_the_weights(monkeypatch):
    number, state = itertools.count(), Session.state

    def interrupting(session):
        if next(number) == 2:
            raise KeyboardInterrupt
        return state(session)

    monkeypatch.setattr(Session, "state", interrupting)
    stopped = train(IMAGES, LABELS, recipe=RECIPE, progress=False)
    one = train(IMAGES, LABELS, recipe=replace(RECIPE, schedule=SCHEDULE[:1]), progress=False)
    assert len(stopped.records) == 1
    assert same(stopped.model, one.model)


class Killed(BaseException):
    """Stands for the end of the process."""


DISK = SimpleNamespace(folder=None, changes=0)
"""So many changes of a folder are made before the process is killed; none after that."""


def before_a_change(event, given):
    """Called by Python before whatever it does, until its end."""
    if DISK.folder is None or event not in ("open", "os.rename", "os.remove"):
        return
    writes = event != "open" or set("wxa") & set(given[1] or "")
    if writes and DISK.folder in Path(os.fspath(given[0])).parents:
        DISK.changes -= 1
        if DISK.changes < 0:
            raise Killed


@pytest.fixture(scope="module")
def changes_are_seen():
    sys.addaudithook(before_a_change)


@pytest.mark.usefixtures("changes_are_seen")
@pytest.mark.parametrize("every", [-1, 1000])
def test_a_training_killed_between_two_changes_of_its_folder_goes_on(every, tmp_path, monkeypatch):
    """With a save after each pass, and with one at the end, which the network's card ends."""
    monkeypatch.setattr(own, "EVERY", every)
    given = {"recipe": RECIPE, "progress": False}
    at_once = train(IMAGES, LABELS, **given)
    for changes in itertools.count():
        out = tmp_path / str(changes)
        DISK.folder, DISK.changes = out, changes
        try:
            train(IMAGES, LABELS, out=out, **given)
            break
        except Killed:
            pass
        finally:
            DISK.folder = None
        all_but_its_card = every > 0 and (out / "config.json").exists()
        over = pytest.raises(ValueError, match="training is over")
        with over if all_but_its_card else nullcontext():
            train(IMAGES, LABELS, out=out, **given)
        assert same(LeNet5.from_pretrained(out), at_once.model)
        files = {path.name for path in out.iterdir()}
        assert files - {"README.md"} == {"config.json", "model.safetensors"}
    assert changes > (20 if every < 0 else 4)


def test_a_checkpoint_that_is_not_whole_is_named(tmp_path):
    given = {"recipe": RECIPE, "out": tmp_path, "progress": False}
    train(IMAGES, LABELS, engine=interrupted(1), **given)
    path = tmp_path / own.UNFINISHED
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=f"{re.escape(str(path))} is no whole checkpoint"):
        train(IMAGES, LABELS, **given)


OF_ANOTHER_TRAINING = {
    "images": {"data": IMAGES.flip(2)},
    "labels": {"labels": LABELS.roll(1)},
    "start": {"start": "lenet5-1998-noise"},
    "recipe": {"recipe": Recipe(schedule=SCHEDULE)},
    "seed": {"seed": 1},
    "share held out": {"held_out": 0.2},
}


@pytest.mark.parametrize("what", OF_ANOTHER_TRAINING)
def test_a_training_does_not_go_on_with_other_data_or_options(what, tmp_path):
    given = {"data": IMAGES, "labels": LABELS, "start": "lenet5-1998", "recipe": RECIPE}
    train(**given, out=tmp_path, progress=False, engine=interrupted(1))
    another = rf"another training, with other data or options.* or delete {tmp_path}$"
    with pytest.raises(ValueError, match=another):
        train(**given | OF_ANOTHER_TRAINING[what], out=tmp_path, progress=False)
    assert len(train(**given, out=tmp_path, progress=False).records) == 4


def test_the_same_seed_gives_the_same_network_and_another_one_another():
    one, again, other = (
        train(IMAGES, LABELS, passes=1, seed=seed, progress=False) for seed in (3, 3, 4)
    )
    assert same(one.model, again.model)
    assert not same(one.model, other.model)


# --- the command ----------------------------------------------------------------------------------


def test_a_folder_to_a_network_that_classifies_by_name(folder, tmp_path, capsys):
    out = tmp_path / "mine"
    assert (
        main(["train", str(folder), "--out", str(out), "--passes", "30", "--held-out", "0.2"]) == 0
    )
    said = capsys.readouterr().out
    assert "patterns of 10 classes, 30 passes" in said
    assert f"classify --weights {out}" in said
    assert json.loads((out / "config.json").read_text(encoding="utf-8"))["classes"] == list(NAMES)
    assert {path.name for path in out.iterdir()} <= {
        "config.json",
        "model.safetensors",
        "README.md",
    }
    picture = tmp_path / "large.png"
    Image.fromarray(IMAGES[0].numpy()).resize((280, 280)).save(picture)
    assert main(["classify", str(picture), "--weights", str(out), "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["names"] == list(NAMES)
    place = answer["penalties"].index(min(answer["penalties"]))
    assert answer["closest"] == NAMES[place] == NAMES[int(LABELS[0])]
    assert main(["classify", str(picture), "--weights", str(out)]) == 0
    head, line = capsys.readouterr().out.splitlines()[-2:]
    assert head.split()[2:] == [*NAMES, "picture"]
    assert line.split()[0].rstrip("?") in (answer["closest"], "none")


def test_the_command_says_in_a_line_what_it_cannot_do(tmp_path, capsys):
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "mine")]) == 1
    assert "expected at least two folders" in capsys.readouterr().err
    assert main(["train", "", "--out", str(tmp_path / "mine")]) == 1
    assert "there is no folder ''" in capsys.readouterr().err
    for option, wrong, expected in (
        ("--passes", "0", "a whole number from 1, got 0"),
        ("--passes", "1.5", "a whole number from 1, got 1.5"),
        ("--seed", "-1", "a whole number from 0, got -1"),
        ("--held-out", "1", "a number from 0 to less than 1, got 1"),
        ("--held-out", "half", "a number from 0 to less than 1, got half"),
        ("--out", "", "a folder, got ''"),
    ):
        with pytest.raises(SystemExit):
            main(["train", str(tmp_path), "--out", "mine", option, wrong])
        assert f"argument {option}: expected {expected}" in capsys.readouterr().err


def test_the_command_names_the_classes_and_those_without_a_picture(folder, tmp_path, capsys):
    shutil.copytree(folder, tmp_path / "own")
    (tmp_path / "own/Z").mkdir()
    (tmp_path / "own/Z/bad.png").write_bytes(b"no picture")
    out = tmp_path / "mine"
    assert main(["train", str(tmp_path / "own"), "--out", str(out), "--passes", "1"]) == 0
    said, complained = capsys.readouterr()
    assert "Classes: A, B, C, D, E, F, G, H, I, J.\n" in said
    assert "No picture that could be read: Z\n" in complained
    assert "Z/bad.png: cannot be read" in complained


def test_a_file_is_no_place_for_a_network(folder, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["train", str(folder), "--out", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path / 'file'} is a file: choose a folder to save the network to\n"
    )
    assert main(["train", str(folder), "--out", str(tmp_path / "file/mine"), "--passes", "1"]) == 1
    assert capsys.readouterr().err.endswith(f"{tmp_path / 'file/mine'}: Not a directory\n")


def test_a_network_of_many_classes_has_no_column_for_each(tmp_path, capsys):
    LeNet5(classes=tuple(f"sign {k}" for k in range(30)),
           codes=torch.eye(84)[:30]).save_pretrained(tmp_path / "signs")  # fmt: skip
    Image.fromarray(IMAGES[0].numpy()).resize((280, 280)).save(tmp_path / "one.png")
    main(["classify", str(tmp_path / "one.png"), "--weights", str(tmp_path / "signs")])
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["label", "margin", "picture"]
    assert "none" in line or "sign" in line
    assert head.index("picture") == line.index(str(tmp_path))
