"""Fields of several characters, the reading of a sweep, and the replicated network. Section VII."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
import torch

from paper_lenet5 import LeNet5, eager, preprocess
from paper_lenet5.config import LeNet5Config
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.patterns import Split, generator
from paper_lenet5.pictures.normalise import normalise_line
from paper_lenet5.reading import characters_in, read_line, read_string, text_of
from paper_lenet5.recipe import Recipe
from paper_lenet5.strings import (
    BLANK,
    SECTION_VII,
    STRIDE,
    StringRanges,
    bounding_columns,
    draw_fields,
    paint,
    place,
    string_fields,
)
from paper_lenet5.training import Session
from tests.conftest import draw_digits, random_model

DIGITS = draw_digits(60)


def fields(seed=0, **ranges):
    images, labels = DIGITS
    rng = torch.Generator().manual_seed(seed)
    return draw_fields(images, labels, replace(SECTION_VII, **ranges), rng)


# --- training fields ------------------------------------------------------------------------------


def test_without_shift_the_middle_character_stands_where_it_stands_alone():
    images, labels = DIGITS
    ranges = {"separation": (20, 20), "shift": (0, 0), "blanks": 0.0}  # neighbours out of sight
    found, of_fields = fields(**ranges)
    alone = torch.nn.functional.pad(images, (2, 2, 2, 2))
    assert found[:, :, 6:26].equal(alone[:, :, 6:26])
    assert of_fields.equal(labels)


def test_neighbours_are_as_far_apart_as_said():
    boxes = torch.tensor([[[4, 23], [10, 13], [6, 20]]])
    (places,) = place(boxes, torch.tensor([[3, -1]]))
    first, last = (boxes[0, :, end] + places for end in (0, 1))
    assert (first[1:] - last[:-1] - 1).tolist() == [3, -1]


def test_where_characters_overlap_the_darker_pixel_shows():
    images = torch.zeros(2, 28, 28, dtype=torch.uint8)
    images[0, :, 5], images[1, :14, 5] = 100, 200
    (field,) = paint(images, torch.tensor([[0, 1]]), torch.tensor([[2, 2]]), 32)
    assert field[2:30, 7].tolist() == [200] * 14 + [100] * 14
    assert field.sum() == field[2:30, 7].sum()


def test_what_lies_outside_of_the_field_is_cut_off():
    images = torch.full((1, 28, 28), 255, dtype=torch.uint8)
    (field,) = paint(images, torch.tensor([[0, 0]]), torch.tensor([[-20, 30]]), 32)
    assert (field[2:30].amin(0) > 0).nonzero().flatten().tolist() == [*range(8), 30, 31]


@pytest.mark.parametrize("label", [-3, 10, 37])
def test_labels_are_those_of_digits(label):
    images, labels = DIGITS
    with pytest.raises(ValueError, match=r"expected labels 0 \.\.\. 9"):
        draw_fields(images, labels.index_fill(0, torch.tensor([7]), label), SECTION_VII, None)


@pytest.mark.parametrize("separation", [0, 1, 3, 4])
def test_a_gap_lies_in_the_middle_of_its_field(separation):
    bars = torch.full((4, 28, 28), 255, dtype=torch.uint8)
    ranges = StringRanges((separation, separation), (0, 0), blanks=1.0, gaps=1.0)
    found, labels = draw_fields(bars, torch.arange(4), ranges, torch.Generator().manual_seed(0))
    assert (labels == BLANK).all()
    paper = (found[:, 16] == 0).nonzero()[:, 1].view(4, separation)
    assert (paper == torch.arange(separation) + 16 - separation // 2).all()


def test_a_missing_character_leaves_its_place_empty():
    places = {"separation": (0, 4), "shift": (0, 0)}
    with_it, labels = fields(blanks=0.0, **places)
    without, blanks = fields(blanks=1.0, gaps=0.0, **places)
    assert (blanks == BLANK).all()
    assert (labels != BLANK).all()
    assert (without <= with_it).all(), "nothing is there that was not there before"
    for field, (first, last) in zip(without, bounding_columns(DIGITS[0]) + 2, strict=True):
        assert (field[:, first : last + 1] == 0).all()


def test_as_many_blanks_as_said():
    images, labels = (t.repeat_interleave(50, 0) for t in DIGITS)
    found = draw_fields(images, labels, SECTION_VII, torch.Generator().manual_seed(0))[1]
    share = (found == BLANK).float().mean().item()
    assert share == pytest.approx(SECTION_VII.blanks, abs=0.04)
    assert found[found != BLANK].equal(labels[found != BLANK])


@pytest.mark.parametrize("kind", [{"blanks": 0.0}, {"blanks": 1.0, "gaps": 1.0}])
def test_the_shift_moves_all_of_a_field(kind):
    still, moved = (fields(shift=(by, by), **kind)[0] for by in (0, 2))
    assert still[:, :, :-2].equal(moved[:, :, 2:])


def test_fields_are_those_of_their_seed_and_pass_and_no_others():
    images, labels = DIGITS
    first, again, next_pass, other_seed = (
        draw_fields(images, labels, SECTION_VII, generator(seed, "strings", number))[0]
        for seed, number in ((0, 1), (0, 1), (0, 2), (1, 1))
    )
    assert first.equal(again)
    assert not first.equal(next_pass)
    assert not first.equal(other_seed)


def test_the_box_is_that_of_the_ink():
    images = torch.zeros(2, 28, 28, dtype=torch.uint8)
    images[0, 3, 5:9], images[1, 20, 27] = 1, 255
    assert bounding_columns(images).tolist() == [[5, 8], [27, 27]]


@pytest.mark.parametrize(
    "images",
    [torch.zeros(1, 28, 28, dtype=torch.uint8), torch.ones(1, 28, 28), DIGITS[0][:, :20]],
    ids=["no ink", "float", "20 rows"],
)
def test_images_that_have_no_box_are_refused(images):
    with pytest.raises(ValueError, match="expected"):
        bounding_columns(images)


@pytest.mark.parametrize(
    "wrong", [{"separation": (4, -1)}, {"shift": (1, 0)}, {"blanks": 1.1}, {"gaps": -0.1}], ids=str
)
def test_ranges_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        replace(SECTION_VII, **wrong)


# --- training -------------------------------------------------------------------------------------


def session(**recipe):
    split = Split(*DIGITS)
    network = LeNet5Config(output="bitmaps and blank")
    made = Recipe(network=network, strings=SECTION_VII, curvature_patterns=10, **recipe)
    return Session(made, 0, split, split, eager)


def test_a_pass_presents_every_pattern_once_in_a_field_of_its_own():
    inputs, labels, order = session().patterns.of_pass(1)
    assert inputs.shape == (60, 1, 32, 32)
    assert order.sort().values.tolist() == list(range(60))
    assert 0 < (labels == BLANK).sum() < 60


def test_errors_are_counted_on_noisy_fields_that_are_the_same_for_every_seed():
    one = session(noise=0.1)
    other = Session(one.recipe, 1, Split(*DIGITS), Split(*DIGITS), eager)
    assert one.test.images.equal(other.test.images)
    assert (one.test.labels == BLANK).any()
    clean = session().test.images
    inverted = one.test.images != clean
    assert inverted.float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert one.test.images[inverted].equal(255 - clean[inverted])


def test_a_session_of_strings_learns():
    of_strings = session(schedule=(0.0005, 0.0002))
    first, last = of_strings.passes()
    assert last.errors_during < first.errors_during
    assert first.patterns == 60


def test_strings_and_distortions_exclude_each_other():
    with pytest.raises(ValueError, match="strings or distortions"):
        Recipe(strings=SECTION_VII, distortions=FIG7_RANGES)


# --- the sweep ------------------------------------------------------------------------------------


def test_one_sweep_is_the_network_at_every_position():
    chosen = torch.arange(12).view(3, 4)
    wide, _ = string_fields(DIGITS[0], chosen, torch.zeros(3, 3).long(), torch.tensor([0, 1, 3]))
    inputs = preprocess(wide)
    model = random_model()
    with torch.no_grad():
        sweep = model(inputs)[:, :, 0]
        for position in range(sweep.shape[-1]):
            start = STRIDE * position
            torch.testing.assert_close(sweep[..., position], model(inputs[..., start : start + 32]))
    assert start + 32 == inputs.shape[-1], "the last answer sees the end of the field"


def test_the_first_answer_sees_the_first_character_in_its_middle_and_the_last_the_last():
    bars = torch.zeros(1, 28, 28, dtype=torch.uint8)
    bars[:, 4:24, 14] = 255
    separations, shift = torch.arange(16).view(8, 2), torch.arange(8) % STRIDE
    wide, answers = string_fields(bars, torch.zeros(8, 3).long(), separations, shift)
    for field, by, gaps, n in zip(wide, shift, separations, answers, strict=True):
        first, second, last = field[15].nonzero().flatten().tolist()
        assert first == 16 + by
        assert [second - first - 1, last - second - 1] == gaps.tolist()
        assert 0 <= 16 + STRIDE * (n - 1) - last < STRIDE


# --- reading --------------------------------------------------------------------------------------


def obeys(labels):
    """Whether a blank lies between any two characters."""
    return all(a == b or BLANK in (a, b) for a, b in pairwise(labels))


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_the_reading_is_the_best_of_all_sequences_that_obey(columns):
    """All 11^n label sequences; penalties near each other, so that the rule decides."""
    sequences = torch.tensor([s for s in product(range(11), repeat=columns) if obeys(s)])
    for seed in range(20):
        rng = torch.Generator().manual_seed(seed)
        penalties = torch.rand(11, columns, generator=rng, dtype=torch.float64)
        penalties[BLANK] += 0.5 * (seed % 2)
        costs = penalties[sequences, torch.arange(columns)].sum(1)
        reading = read_string(penalties)
        assert reading.cost == pytest.approx(costs.min().item())
        assert list(reading.labels) == sequences[costs.argmin()].tolist()
        assert reading.text == text_of(sequences[costs.argmin()].tolist())


def answers(text):
    """Penalties that are smallest for these answers, a space being the blank."""
    labels = torch.tensor([BLANK if c == " " else int(c) for c in text])
    return 30.0 * (1 - torch.nn.functional.one_hot(labels, 11).T.float())


@pytest.mark.parametrize(
    ("raw", "read"),
    [("2 33 4 5", "2345"), ("55 4 0", "540"), ("6 77 88", "678"), ("1 1 1 4", "1114"),
     ("    ", ""), ("7", "7")],
)  # fmt: skip
def test_repeats_merge_unless_a_gap_lies_between(raw, read):
    assert read_string(answers(raw)).text == read


def test_of_two_characters_without_a_gap_the_less_certain_one_goes():
    penalties = answers("3 55 114")
    penalties[1, 6] = 20  # the second 1: a 4 follows at once
    penalties[BLANK, 6] = 21
    assert read_string(penalties).text == "3514"
    assert read_string(penalties).labels == (3, 10, 5, 5, 10, 1, 10, 4)


def test_a_sweep_is_read_as_the_network_gives_it():
    penalties = answers("4 2")
    assert read_string(penalties[:, None]) == read_string(penalties)


@pytest.mark.parametrize(
    "penalties",
    [torch.zeros(10, 4), torch.zeros(11, 0), torch.zeros(11, 2, 4)],
    ids=["ten classes", "no answer", "two rows"],
)
def test_what_is_no_sweep_is_refused(penalties):
    with pytest.raises(ValueError, match=r"expected penalties \(11, columns\)"):
        read_string(penalties)


def test_penalties_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="expected finite penalties"):
        read_string(torch.full((11, 2), torch.nan))


def test_bitmaps_swept_over_are_read_as_their_digits():
    """An F6 that draws the bitmaps one after the other, the space between them."""
    model = LeNet5(blank=True)
    drawn = model.rbf.centers[[8, BLANK, 0, 0, BLANK, 0, BLANK]]
    assert read_string(model.rbf(drawn).T).text == "800"


# --- a line of a picture ----------------------------------------------------------------------------


def bars(*columns, width=96, rows=(6, 26)):
    """A field (32, width) with ink between the first and the last of each pair of columns."""
    field = torch.zeros(32, width, dtype=torch.uint8)
    for first, last in columns:
        field[slice(*rows), first : last + 1] = 255
    return field


def of_digits(text):
    """What a network for single digits says, that knows no blank and is of the same mind."""
    return answers(text)[:BLANK]


def test_what_paper_parts_is_one_character_whatever_the_sweep_says_beside_it():
    field = bars((11, 20), (43, 52), (75, 84))
    sweep = answers("12 5 67 834 71  2")
    assert characters_in(field) == [(0, 0), (8, 8), (16, 16)]
    read = read_line(field, sweep, of_digits("1       8       2"))
    assert read.text == "182"
    assert [label for label in read.labels if label != BLANK] == [1, 8, 2]
    assert read_string(sweep).text != "182"


def test_a_character_that_the_sweep_takes_for_a_blank_is_read():
    assert read_line(bars((14, 17)), answers(" " * 17), of_digits("1" + " " * 16)).text == "1"


def test_both_networks_are_heard_and_the_surer_one_more():
    field, sweep, digits = bars((11, 20), width=32), answers("3"), of_digits("5")
    assert read_line(field, sweep, 1.1 * digits).text == "5"
    assert read_line(field, 1.1 * sweep, digits).text == "3"


def test_what_stands_at_either_end_of_a_field_is_of_its_first_or_last_answer():
    field = bars((0, 8), (71, 79), width=80)
    assert characters_in(field) == [(0, 0), (12, 12)]


def test_digits_that_touch_are_read_by_the_sweep_above_them():
    field = bars((14, 52), (75, 84))
    sweep = answers("9 11 44  3 88 9 7")
    assert characters_in(field) == [(0, 9), (16, 16)]
    assert read_line(field, sweep, of_digits(" " * 16 + "7")).text == "91437"


@pytest.mark.parametrize(("columns", "rows"), [((14, 17), (20, 24)), ((6, 25), (14, 18))])
def test_specks_and_dashes_are_no_characters(columns, rows):
    assert characters_in(bars(columns, rows=rows)) == []


@pytest.mark.parametrize("between", [1, 8, 40])
def test_a_character_is_in_the_middle_of_its_answer_whatever_the_gaps_were(between):
    images = DIGITS[0][:12]
    ink = [image[:, (image > 0).any(0)] / 255 for image in images]
    gap = torch.zeros(28, between)
    field = normalise_line(torch.cat([of for each in ink for of in (gap, each)], 1).numpy())
    assert characters_in(field) == [(8 * k, 8 * k) for k in range(12)]


def test_a_1_by_itself_is_no_blank(mnist_test):
    images, labels = mnist_test
    reader, single = (LeNet5.from_pretrained(f"lenet5-{n}") for n in ("sdnn", "1998-distortions"))
    right = 0
    for image in images[labels == 1][:100]:
        field = normalise_line(image.numpy() / 255)
        with torch.no_grad():
            sweep, digits = (model(preprocess(field[None]))[0] for model in (reader, single))
        right += read_line(field, sweep, digits).text == "1"
    assert right >= 98
