"""The benchmarks of pictures: what they draw, and what they count."""

import hashlib
import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image, ImageOps
from scipy import ndimage

from paper_lenet5 import LeNet5, doubt, mnist, preprocess
from paper_lenet5.patterns import Split
from paper_lenet5.pictures import read_lines, read_picture, see
from paper_lenet5.recipe import LOSS
from paper_lenet5.verdict import LEAST, LEAST_BESIDE_DOUBT, RUBBISH, Certainty, Verdict
from reproduce import doubt as training
from reproduce import lines, pad, pictures, refusals, verdicts
from reproduce.baselines import one_sweep, paper_by_the_edge
from reproduce.measures import drawings, scenes
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


def test_a_pen_goes_around_a_loop_that_is_grey_and_through_ink_that_is_uneven():
    nine = np.zeros((28, 28), np.uint8)
    nine[4:12, 9:17] = nine[12:24, 14:17] = 250
    holes = {}
    for inside in (250, 230, 140, 0):
        nine[7:9, 12:14] = inside
        points = scenes.skeleton(nine)
        line = np.zeros((241, 241), bool)
        line[tuple((240 * points).round().astype(int).T)] = True
        line = ndimage.binary_dilation(np.pad(line, 5), iterations=2)
        holes[inside] = ndimage.label(~line)[1] - 1
    assert holes == {250: 0, 230: 0, 140: 1, 0: 1}


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


@pytest.mark.parametrize(
    ("group", "line"), lines.CONDITIONS, ids=lambda of: getattr(of, "title", of)
)
def test_a_page_has_its_lines(digits, group, line):
    drawn = [digits[k % 4] for k in range(line.length * line.lines)]
    page = scenes.line_of(drawn, line, np.random.default_rng(1))
    assert len(read_lines(page)) == len(one_sweep.fields_of(see(page))) == line.lines
    assert paper_by_the_edge.read_line(page).shape[0] == 32
    assert Image.open(io.BytesIO(page)).format == ("PNG" if line.drawn else "JPEG")


def test_an_uneven_hand_writes_no_digit_like_another(digits):
    even, uneven = scenes.LINES[3], scenes.BY_HAND["drawn with a mouse"][2]
    heights, middles = {}, {}
    for line in (even, uneven):
        page = Image.open(
            io.BytesIO(scenes.line_of([digits[0]] * 4, line, np.random.default_rng(2)))
        )
        boxes = ndimage.find_objects(ndimage.label(np.asarray(page.convert("L")) < 128)[0])
        boxes = [box for box in boxes if box[0].stop - box[0].start > 50]
        assert len(boxes) == 4
        heights[line] = {box[0].stop - box[0].start for box in boxes}
        middles[line] = {(box[0].stop + box[0].start) // 2 for box in boxes}
    assert len(heights[even]) == len(middles[even]) == 1
    assert len(heights[uneven]) == 4
    assert len(middles[uneven]) > 2


def test_a_page_is_read_in_three_ways():
    digit = scenes.Digit(0, 1, np.zeros((28, 28)), np.array([(k / 800, 0.0) for k in range(801)]))
    (border,) = [line for line in scenes.LINES if line.title == "black border of a scan"]
    networks = [LeNet5.from_pretrained(name) for name in lines.NETWORKS]
    read = lines.readings(scenes.line_of([digit] * 4, border, np.random.default_rng(0)), *networks)
    assert [*read] == [*lines.WAYS]
    assert read["now"] == ["1111"]
    assert read["edge"] != ["1111"]


def test_a_page_without_digits_has_no_lines():
    page = np.full((200, 300, 3), 240.0)
    page[60:140] = 20  # a bar from edge to edge
    networks = [LeNet5.from_pretrained(name) for name in lines.NETWORKS]
    read = lines.readings(scenes.jpeg(page), *networks)
    assert read["one sweep"] == read["now"] == []


@pytest.mark.parametrize(
    ("command", "about"),
    [(pictures, scenes.CONDITIONS), (lines, [line for _, line in lines.CONDITIONS])],
)
def test_the_record_is_of_all_conditions_of_test_digits_that_nothing_was_settled_on(command, about):
    name = command.__name__.split(".")[1]
    record = json.loads((ROOT / "results" / f"{name}.json").read_text(encoding="utf-8"))
    assert [line["title"] for line in record["conditions"]] == [of.title for of in about]
    assert record["half"] == 1
    assert record["sha256"] == mnist.SHA256["mnist"]
    assert (
        (ROOT / "results" / f"{name}.md")
        .read_text(encoding="utf-8")
        .endswith(command.words(ROOT / "results"))
    )


def test_the_record_says_what_the_aim_was():
    record = json.loads((ROOT / "results" / "pictures.json").read_text(encoding="utf-8"))
    n = record["pictures"]
    assert n >= 100
    for line in record["conditions"]:
        now = line["now"]
        assert now["right"] + now["refused"] + now["wrong"] == n
        assert now["sure"] <= now["wrong"]
        if line["digit"]:
            assert now["right"] >= 0.9 * n, line["title"]


def test_what_is_no_digit_is_refused_as_was_asked_and_right_answers_are_not():
    record = json.loads((ROOT / "results" / "verdicts.json").read_text(encoding="utf-8"))
    assert record["units"] == hashlib.sha256(doubt.FILE.read_bytes()).hexdigest()
    for of in record["shares"].values():
        assert of[verdicts.RIGHT]["none"] <= 1.2, "chosen on other digits, for 1"
        for kind in ("letters, printed", "letters, drawn", "scribbles", "between two digits"):
            assert of[kind]["none"] >= 80, kind
        for shares in of.values():
            assert sum(shares[kind.value] for kind in Certainty) == pytest.approx(100)
    assert (
        (ROOT / "results" / "verdicts.md")
        .read_text(encoding="utf-8")
        .endswith(verdicts.words(ROOT / "results"))
    )


def test_the_thresholds_are_those_that_were_set_on_digits_held_out():
    record = json.loads((ROOT / "results" / "doubt.json").read_text(encoding="utf-8"))
    assert (record["refused"], record["doubted"]) == (0.01, 0.03)
    assert {*record["networks"]} == {*doubt.shipped()} == {*verdicts.NETWORKS}
    networks = record["networks"].values()
    assert record["networks"]["lenet5-1998"]["least_posterior"] == pytest.approx(LEAST, rel=0.05)
    low, high = sorted(of["least_beside_doubt"] for of in networks)
    assert pytest.approx((low * high) ** 0.5, rel=0.05) == LEAST_BESIDE_DOUBT, "between the two"
    for of in networks:
        assert of["share_of_each"] == pytest.approx(0.006, abs=5e-4), "six in a thousand"


def test_either_measure_refuses_as_many_and_both_together_what_was_asked():
    rng = np.random.default_rng(5)
    odds, posteriors = rng.normal(0, 1, 10_000), np.exp(-rng.exponential(3, 10_000))
    each = training.share_of_each(odds, posteriors)
    by_odds = odds > np.quantile(odds, 1 - each)
    by_posterior = posteriors < np.quantile(posteriors, each)
    assert each == pytest.approx(training.REFUSED / 2, rel=0.05), "hardly any by both"
    assert (by_odds | by_posterior).mean() == pytest.approx(training.REFUSED, abs=2e-4)
    assert training.share_of_each(odds, -odds) == pytest.approx(training.REFUSED, abs=2e-4)
    none = training.beside_eq_9(odds, posteriors)
    refused = (odds > none) | (posteriors < LEAST_BESIDE_DOUBT)
    assert refused.mean() == pytest.approx(training.REFUSED, abs=2e-4)
    assert 0 < (posteriors < LEAST_BESIDE_DOUBT).mean() < training.REFUSED


def test_units_tell_what_they_were_shown_and_have_their_threshold_at_0():
    model = LeNet5.from_pretrained()
    images, labels = draw_digits(200)
    digits, others = Split(images, labels), [verdicts.scribbles(60)]
    units = training.units(model, digits, Split(images[:20], labels[:20]), others)
    answers = model.classify(preprocess(images))
    odds, posteriors = training.right(model, units, Split(images, answers))
    assert len(odds) == len(posteriors) == 200
    none, doubtful = np.quantile(odds, [0.99, 0.97])
    shifted = training.scaled(units, none, doubtful)
    states = model.states(preprocess(images))
    doubts = doubt.doubts(shifted, states, answers).detach()
    assert (doubts > 0).sum() == 2
    assert (doubts > -1).sum() == 6
    inputs, penalties = training.looked_at(model, others[0])
    against = (inputs * units[penalties.argmin(1)]).sum(1)
    assert np.median(against) > np.quantile(odds, 0.9)


def test_curves_begin_and_end_where_the_thresholds_do():
    rng = np.random.default_rng(0)

    def answers(n, shift):
        doubts = rng.normal(shift, 1, n)
        return verdicts.Asked(np.zeros(n), [Certainty.SURE] * n, doubts, np.exp(-doubts))

    found = verdicts.curves(
        answers(10_000, 0), {"far": answers(500, 9), "same": answers(10_000, 0)}
    )
    for way in (verdicts.BOTH, verdicts.BY_EQ_9):
        assert found[way]["far"] == [0] * len(verdicts.GRID)
        assert found[way]["same"] == pytest.approx(100 - np.array(verdicts.GRID), abs=1)


def test_the_figure_of_both_errors_is_that_of_the_record():
    record = json.loads((ROOT / "results" / "verdicts.json").read_text(encoding="utf-8"))
    table = refusals.numbers(record)
    committed = pd.read_csv(ROOT / "results" / "figures" / "refusals.csv")
    pd.testing.assert_frame_equal(committed, table.round(3))
    at = table[table["threshold"] & (table["kind"] == "scribbles")].set_index(["network", "way"])
    for name, of in record["shares"].items():
        assert at.loc[(name, verdicts.BOTH), "accepted"] == 100 - of["scribbles"]["none"]
        assert at.loc[(name, verdicts.BOTH), "refused"] == of[verdicts.RIGHT]["none"]
    panels = refusals.draw(table).axes
    curves = [line for line in panels[0].lines if len(line.get_xdata()) == len(verdicts.GRID)]
    assert len(curves) == 2 * table["kind"].nunique()
    told_apart = {(line.get_marker(), line.get_linestyle()) for line in curves}
    assert len(told_apart) == len(curves), "by more than their colours"
    assert all(axes.get_yscale() == "log" for axes in panels)


@pytest.mark.parametrize("half", [0, 1])
def test_a_form_is_drawn_on_the_pad_with_its_pen_in_every_style(half):
    drawn = list(drawings.digits(half))
    assert len(drawn) == 20 * len(drawings.STYLES) // 2 * drawings.TIMES
    for drawing in drawn[::37]:
        points = np.concatenate(drawing.lines)
        assert points.min() >= 0
        assert points.max() <= drawings.SIDE
        picture = 255 - np.asarray(drawings.picture(drawing.lines))
        assert picture.shape == (324, 324)
        across, down = np.ptp(points, axis=0)
        pen = max(drawings.PEN * max(down, across / 3), drawings.THINNEST)
        rows = np.flatnonzero((picture > 127).any(1))
        assert np.ptp(rows) + 1 == pytest.approx(down + min(pen, drawings.THICKEST), abs=2)
    others = list(drawings.no_digits(half))
    assert {drawing.kind for drawing in others} == {"letters", "signs", "scribbles"}


def test_the_halves_have_no_form_and_no_style_in_common():
    for forms in drawings.DIGITS.values():
        assert len({*map(str, forms)}) == 4
    assert len({*drawings.STYLES}) == len(drawings.STYLES)
    named = [{d.name for d in drawings.no_digits(half) if d.name} for half in (0, 1)]
    assert not named[0] & named[1]
    assert named[0] | named[1] == {*drawings.LETTERS, *drawings.SIGNS}


def test_drawings_are_counted_by_what_is_said_of_them():
    def said(closest, certainty, posterior=0.9):
        return Verdict(closest, str(closest), 1.0, posterior, Certainty(certainty))

    answers = [
        ("3", said(3, "sure")), ("3", said(3, "probable")), ("3", said(3, "none", 0)),
        ("3", said(5, "sure")), ("3", None),
    ]  # fmt: skip
    assert pad.counts(answers) == {
        "drawings": 5, "closest": 3, "shown": 2, "sure": 2, "wrong": 1, "refused": 2,
        "by eq. 9 alone": 2,
    }  # fmt: skip


def test_drawings_on_the_pad_are_read_and_refused_as_was_asked():
    record = json.loads((ROOT / "results" / "pad.json").read_text(encoding="utf-8"))
    assert record["half"] == 1
    assert len(record["lines"]) == len(pad.NETWORKS) * len(pad.KINDS)
    for line in record["lines"]:
        if line["kind"] == "digits":
            assert round(pad.percent(line, "closest")) >= 99
            assert pad.percent(line, "shown") >= 97
        elif line["kind"] in ("letters", "scribbles"):
            assert pad.percent(line, "refused") >= 80, line
    assert (
        (ROOT / "results" / "pad.md")
        .read_text(encoding="utf-8")
        .endswith(pad.words(ROOT / "results"))
    )


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


def test_none_of_these_has_the_penalty_that_the_networks_were_trained_with():
    assert LOSS.j == RUBBISH
