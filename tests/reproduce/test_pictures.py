"""The benchmarks of pictures: what they draw, and what they count."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from scipy import ndimage

from paper_lenet5 import LeNet5, mnist, preprocess
from paper_lenet5.pictures import read_lines, read_picture
from paper_lenet5.recipe import LOSS
from paper_lenet5.verdict import LEAST, RUBBISH, verdict
from reproduce import lines, pictures, verdicts
from reproduce.baselines import paper_by_the_edge
from reproduce.measures import scenes
from tests import ROOT
from tests.conftest import draw_digits


@pytest.fixture(scope="module")
def digits():
    images, labels = draw_digits(4)
    return [
        scenes.Digit(number, int(label), image.numpy(), scenes.skeleton(image.numpy()))
        for number, (image, label) in enumerate(zip(images, labels, strict=True))
    ]


def opened(picture):
    if isinstance(picture, bytes):
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(picture)))
    return picture


@pytest.mark.parametrize("number", range(len(scenes.CONDITIONS)))
def test_every_condition_is_a_picture_and_the_same_one_every_time(digits, number):
    condition = scenes.CONDITIONS[number]
    first, second = (
        condition.picture(digits[number % 4], np.random.default_rng(number)) for _ in range(2)
    )
    assert np.array_equal(np.asarray(opened(first)), np.asarray(opened(second)))
    assert min(opened(first).size) >= 28


def test_the_conditions_have_names_of_their_own():
    names = [(condition.group, condition.title) for condition in scenes.CONDITIONS]
    assert len({*names}) == len(names)
    assert sum(condition.digit for condition in scenes.CONDITIONS) >= 30


def test_a_thinned_stroke_is_a_line_and_hangs_together():
    row, column = np.mgrid[:80, :80]
    ring = np.abs(np.hypot(row - 40, column - 40) - 25) < 6
    line = scenes.thinned(ring)
    assert ndimage.label(line, np.ones((3, 3)))[1] == 1
    assert ndimage.label(~line)[1] == 2, "inside and outside"
    assert line.sum() < 2 * np.pi * 25
    assert not (line & ~ring).any()


@pytest.mark.parametrize("pen", [2, 10, 26])
def test_a_pen_is_as_wide_as_it_says(pen):
    stroke = scenes.written(np.array([(row / 800, 0.0) for row in range(801)]), pen)
    assert stroke[240].sum() == pytest.approx(pen, abs=1.1)
    assert stroke[:, 200].sum() == pytest.approx(220 + pen, abs=2)


def test_the_two_halves_have_no_digit_in_common(mnist_test):
    images, labels = (of[:400].numpy() for of in mnist_test)
    for half in (0, 1):
        chosen = scenes.chosen(images, labels, half, 20)
        assert {digit.index % 2 for digit in chosen} == {half}
        assert sorted(digit.label for digit in chosen) == sorted([*range(10)] * 2)
        assert all(labels[digit.index] == digit.label for digit in chosen)


def test_right_refused_and_wrong_are_counted():
    answers = [(3, True), (3, False), (None, True), (5, True), (5, False)]
    assert pictures.counts(answers, [3] * 5) == (2, 1, 2, 1)
    assert pictures.counts(answers, [None] * 5) == (0, 1, 4, 2), "whatever is read is wrong"


def test_a_border_is_what_it_was_before_and_is_not_now(digits):
    model = LeNet5.from_pretrained()
    (black,) = [c for c in scenes.CONDITIONS if c.title == "black, all around"]
    (plain,) = [c for c in scenes.CONDITIONS if c.title == "10 of 220 pixels"]
    rng = np.random.default_rng(0)
    for digit in digits:
        clean = pictures.now(model, plain.picture(digit, rng))[0]
        assert pictures.now(model, black.picture(digit, rng))[0] == clean
    before = paper_by_the_edge.read_picture(black.picture(digits[0], rng))
    now = read_picture(black.picture(digits[0], rng))
    assert (before > 100).float().mean() > 2 * (now > 100).float().mean(), "the sheet was ink"


@pytest.mark.parametrize("line", scenes.LINES, ids=lambda line: line.title)
def test_a_page_has_its_lines(digits, line):
    page = scenes.line_of(digits, line, np.random.default_rng(1))
    assert len(read_lines(page)) == line.lines
    assert paper_by_the_edge.read_line(page).shape[0] == 32


@pytest.mark.parametrize(
    ("command", "about"), [(pictures, scenes.CONDITIONS), (lines, scenes.LINES)]
)
def test_the_record_is_of_all_conditions_of_test_digits_that_nothing_was_settled_on(command, about):
    name = command.__name__.split(".")[1]
    record = json.loads((ROOT / "results" / f"{name}.json").read_text())
    assert [line["title"] for line in record["conditions"]] == [of.title for of in about]
    assert record["half"] == 1
    assert record["sha256"] == mnist.SHA256["mnist"]
    assert command.words(ROOT / "results") == (ROOT / "results" / f"{name}.md").read_text()


def test_the_record_says_what_the_aim_was():
    record = json.loads((ROOT / "results" / "pictures.json").read_text())
    n = record["pictures"]
    assert n >= 100
    for line in record["conditions"]:
        now = line["now"]
        assert now["right"] + now["refused"] + now["wrong"] == n
        assert now["sure"] <= now["wrong"]
        if line["digit"]:
            assert now["right"] >= 0.9 * n, line["title"]


def test_the_threshold_of_none_of_these_is_the_one_that_was_measured():
    record = json.loads((ROOT / "results" / "verdicts.json").read_text())
    assert (
        pytest.approx(record["threshold"], rel=0.05) == LEAST == record["threshold_of_the_package"]
    )
    for of in record["shares"].values():
        assert of["digits, answered rightly"]["none"] <= 1
        for shares in of.values():
            assert sum(shares.values()) == pytest.approx(100)
    assert verdicts.words(ROOT / "results") == (ROOT / "results" / "verdicts.md").read_text()


def test_letters_and_scribbles_are_strokes_of_their_own():
    drawn = torch.cat([verdicts.letters(26), verdicts.scribbles(10)])
    assert drawn.shape == (36, 28, 28)
    assert len({pattern.numpy().tobytes() for pattern in drawn}) == 36
    assert (drawn.flatten(1).amax(1) == 255).all()


def test_between_two_digits_there_is_none_in_the_middle(digits):
    images, labels = draw_digits(50)
    fields = verdicts.between(images, labels, 50)
    assert fields.shape == (50, 32, 32)
    middle = fields[:, :, 14:18].amax((1, 2)).float().mean()
    assert middle < fields.amax((1, 2)).float().mean()


def test_a_threshold_refuses_one_in_a_hundred_right_answers():
    model = LeNet5.from_pretrained()
    images, _ = draw_digits(300)
    labels = model.classify(preprocess(images))
    least = verdicts.threshold(model, images, labels)
    below = [verdict(of).posterior < least for of in model(preprocess(images)).detach()]
    assert sum(below) == 3


def test_none_of_these_has_the_penalty_that_the_networks_were_trained_with():
    assert LOSS.j == RUBBISH
