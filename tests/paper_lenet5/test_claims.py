"""Claims: what can be counted in the paper's text, tables and figures, one test for each."""

import dataclasses
import hashlib
import string

import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from paper_lenet5 import LeNet5, MAPLoss, preprocess
from paper_lenet5.bitmaps import COLUMNS, FIGURE_3, ROWS, bitmaps, digit_bitmaps
from paper_lenet5.connections import TABLE_I
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.initialisation import Initialisation
from paper_lenet5.layers import squash
from paper_lenet5.patterns import Distorted, Originals, Split
from paper_lenet5.recipe import SCHEDULE, Recipe
from paper_lenet5.sdlm import CURVATURE_PATTERNS, MU
from tests.conftest import CROSSES, draw_digits, random_model

# Section II-B: maps, their height and width, parameters, connections. The paper's C3 has 151,600
# connections in the preprint; the journal's 156,000 is a misprint, and so is its total, 345,308.
LAYERS = {
    "c1": (6, 28, 156, 122_304),
    "s2": (6, 14, 12, 5_880),
    "c3": (16, 10, 1_516, 151_600),
    "s4": (16, 5, 32, 2_000),
    "c5": (120, 1, 48_120, 48_120),
    "f6": (84, 1, 10_164, 10_164),
    "output": (10, 1, 0, 840),
}
INPUT_OF = {
    "c1": (1, 32, 32),
    "s2": (6, 28, 28),
    "c3": (6, 14, 14),
    "s4": (16, 10, 10),
    "c5": (16, 5, 5),
    "f6": (120,),
}
FAN_IN = {
    "c1": {25: 6 * 784},
    "s2": {4: 6 * 196},
    "c3": {75: 6 * 100, 100: 9 * 100, 150: 100},
    "s4": {4: 16 * 25},
    "c5": {400: 120},
    "f6": {120: 84},
}
# Fig. 3: twelve rows for each digit, seven bits a row, the leftmost pixel highest.
FIG_3 = [
    bytes.fromhex("3E 00 1C 36 63 63 63 63 36 1C 00 00"),
    bytes.fromhex("0C 1C 3C 0C 0C 0C 0C 0C 0C 3F 00 00"),
    bytes.fromhex("3E 00 3E 63 43 06 1C 30 60 7F 00 00"),
    bytes.fromhex("7F 03 06 0C 1E 03 03 03 63 3E 00 00"),
    bytes.fromhex("3E 00 00 33 33 73 63 63 67 3F 03 03"),
    bytes.fromhex("3E 00 7F 60 60 3C 1E 03 63 3E 00 00"),
    bytes.fromhex("1E 30 60 60 7E 73 63 63 73 3E 00 00"),
    bytes.fromhex("7F 03 03 06 0C 0C 18 18 18 18 00 00"),
    bytes.fromhex("3E 63 63 63 3E 63 63 63 63 3E 00 00"),
    bytes.fromhex("3E 67 63 63 67 3F 03 03 06 3C 00 00"),
]


def bits(digit):
    """The 84 pixels of a digit of Fig. 3, row by row, 1 where there is ink."""
    return [row >> (6 - column) & 1 for row in FIG_3[digit] for column in range(7)]


def distances():
    """{(a, b): how many pixels differ} for the 45 pairs of digits a < b."""
    bitmaps = digit_bitmaps()
    return {(a, b): int((bitmaps[a] != bitmaps[b]).sum()) for b in range(10) for a in range(b)}


def dependencies(name):
    """Which inputs move which units of a layer, (units, inputs) bool, by differentiating it."""
    model = random_model()
    x = torch.randn(1, *INPUT_OF[name], generator=torch.Generator().manual_seed(0))
    jacobian = jacrev(getattr(model, name), chunk_size=400)(x)
    return jacobian.flatten(end_dim=-1 - len(x.shape)).flatten(1).detach() != 0


@pytest.fixture(scope="module")
def moves():
    return {name: dependencies(name) for name in INPUT_OF}


def splits(n):
    """A Split of n drawn digits; the label of an image is its number, to know it again."""
    return Split(draw_digits(n)[0], torch.arange(n))


# II-B: the layers


def test_layer_sizes_parameters_and_connections():
    rows = LeNet5().layer_table()
    assert {row.layer: tuple(row[1:]) for row in rows[:-1]} == LAYERS
    assert [row.layer for row in rows] == [*LAYERS, "total"]


def test_60_000_parameters_and_340_908_connections():
    total = LeNet5().layer_table()[-1]
    assert (total.parameters, total.connections) == (60_000, 340_908)


def test_60_000_numbers_are_trainable():
    assert sum(p.numel() for p in LeNet5().parameters() if p.requires_grad) == 60_000


def test_states_have_the_sizes_of_fig_2():
    states = LeNet5().states(torch.zeros(3, 1, 32, 32))
    for name, (maps, size, _, _) in LAYERS.items():
        if name == "f6":
            assert states[name].shape == (3, 1, 1, 84)
        elif name != "output":
            assert states[name].shape == (3, maps, size, size)


@pytest.mark.parametrize("name", INPUT_OF)
def test_connections_that_really_exist(name, moves):
    """As the paper counts: what moves a unit, and its bias."""
    assert int(moves[name].sum()) + len(moves[name]) == LAYERS[name][3]


def test_output_connections_that_really_exist():
    rbf = LeNet5().rbf
    x = torch.randn(84, generator=torch.Generator().manual_seed(0))
    assert int((jacrev(rbf)(x) != 0).sum()) == LAYERS["output"][3]


@pytest.mark.parametrize("name", INPUT_OF)
def test_fan_ins(name, moves):
    inputs, units = moves[name].sum(1).unique(return_counts=True)
    assert dict(zip(inputs.tolist(), units.tolist(), strict=True)) == FAN_IN[name]


@pytest.mark.parametrize("name", ["s2", "s4"])
def test_receptive_fields_of_subsampling_are_two_by_two_and_do_not_overlap(name, moves):
    assert (moves[name].sum(0) == 1).all()
    maps, size, _ = INPUT_OF[name]
    unit = moves[name].view(maps, size // 2, size // 2, maps, size, size)[2, 1, 1]
    expected = torch.zeros(maps, size, size, dtype=torch.bool)
    expected[2, 2:4, 2:4] = True
    assert torch.equal(unit, expected)


def test_names_and_shapes_of_the_parameters():
    assert {name: tuple(p.shape) for name, p in LeNet5().named_parameters()} == {
        "c1.weight": (6, 1, 5, 5),
        "c1.bias": (6,),
        "s2.coefficient": (6,),
        "s2.bias": (6,),
        "c3.weight": (60, 5, 5),
        "c3.bias": (16,),
        "s4.coefficient": (16,),
        "s4.bias": (16,),
        "c5.weight": (120, 16, 5, 5),
        "c5.bias": (120,),
        "f6.weight": (84, 120),
        "f6.bias": (84,),
    }


def test_rbf_centers_are_kept_but_not_trained():
    model = LeNet5()
    assert {name: tuple(b.shape) for name, b in model.named_buffers()} == {"rbf.centers": (10, 84)}
    assert not model.rbf.centers.requires_grad
    assert "rbf.centers" in model.state_dict()


# Table I


def test_table_1_in_words():
    contiguous = [
        [{(start + k) % 6 for k in range(n)} for start in range(6)] for n in (3, 4)
    ]  # going round from map 5 to map 0
    table = [set(inputs) for inputs in TABLE_I]
    assert table[:6] == contiguous[0]
    assert table[6:12] == contiguous[1]
    assert all(len(inputs) == 4 and inputs not in contiguous[1] for inputs in table[12:15])
    assert table[15:] == [set(range(6))]
    assert len({frozenset(inputs) for inputs in table}) == 16


def test_table_1_as_printed():
    printed = [tuple(i for i in range(6) if CROSSES[i][m] == "X") for m in range(16)]
    assert list(TABLE_I) == printed


def test_table_1_has_60_crosses_10_for_each_map_of_s2():
    flat = [i for inputs in TABLE_I for i in inputs]
    assert len(flat) == 60
    assert [flat.count(i) for i in range(6)] == [10] * 6


def test_c3_is_wired_by_table_1(moves):
    seen = moves["c3"].view(16, 100, 6, 196).any(3).any(1)  # (C3 maps, S2 maps)
    assert ["".join(".X"[int(x)] for x in column) for column in seen.T] == CROSSES


# Appendix A: the squashing function


def test_squashing_function_takes_1_to_1_and_minus_1_to_minus_1():
    ends = squash(torch.tensor([1.0, -1.0], dtype=torch.float64))
    torch.testing.assert_close(ends, torch.tensor([1.0, -1.0]).double(), rtol=0, atol=2e-5)


def test_squashing_function_is_bent_most_near_plus_and_minus_1():
    a = torch.linspace(0, 5, 5001, dtype=torch.float64)
    for sign in (1, -1):
        second = vmap(torch.func.grad(torch.func.grad(squash)))(sign * a)
        assert abs(a[second.abs().argmax()] - 1) < 0.02


def test_gain_of_the_squashing_function_is_about_1():
    a = torch.linspace(-1, 1, 201, dtype=torch.float64)
    torch.testing.assert_close(squash(a), a, rtol=0, atol=0.06)


def test_squashing_function_saturates_at_1_7159():
    ends = squash(torch.tensor([60.0, -60.0]))
    torch.testing.assert_close(ends, torch.tensor([1.7159, -1.7159]))


# Fig. 3: the bitmaps


def test_bitmaps_are_those_of_fig_3_ink_plus_1_paper_minus_1():
    assert (ROWS, COLUMNS) == (12, 7)
    expected = torch.tensor([[2.0 * bit - 1 for bit in bits(digit)] for digit in range(10)])
    assert torch.equal(digit_bitmaps(), expected)
    assert torch.equal(LeNet5().rbf.centers, expected)


def test_nearest_bitmaps_are_6_and_8_with_12_pixels_between_them():
    apart = distances()
    assert min(apart.values()) == 12
    assert [pair for pair, d in apart.items() if d == 12] == [(6, 8)]


def test_farthest_bitmaps_are_50_pixels_apart():
    apart = distances()
    assert max(apart.values()) == 50
    assert [pair for pair, d in apart.items() if d == 50] == [(1, 4), (4, 7), (1, 8)]


def test_14_units_of_f6_have_the_same_target_for_all_digits():
    bitmaps = digit_bitmaps()
    always = [int(unit) for unit in (bitmaps == bitmaps[0]).all(0).nonzero()]
    assert always == [3, 4, 65, 66, *range(70, 75), *range(77, 82)]
    assert bitmaps[0, always].tolist() == [1.0] * 4 + [-1.0] * 10


def test_all_96_bitmaps_are_those_of_the_preprint():
    assert "".join(FIGURE_3) == "".join(map(chr, range(0x20, 0x80)))
    cells = "".join(FIGURE_3.values()).encode()
    assert len(cells) == 96 * 84
    expected = "670b0a8aef3f3eb5fbc3a4c18a399c5a5313bce66fd95c6ef60ee291b5c851dd"
    assert hashlib.sha256(cells).hexdigest() == expected


@pytest.mark.parametrize(
    ("characters", "differing"),
    [("Oo", 5), ("O0", 10), ("o0", 15), ("Il", 1), ("1l", 6), ("1I", 7), ("Ff", 3), ("S5", 14)],
)
def test_characters_that_look_alike_have_codes_that_are_alike(characters, differing):
    """Section II-B names O, o and 0, and l, 1 and I; any two drawings are 33 pixels apart on average."""
    first, second = bitmaps(characters)
    assert (first != second).sum() == differing


def test_most_capitals_are_nearest_to_their_small_letters():
    codes = {letter: bitmaps(letter) for letter in string.ascii_letters}
    kin = [
        capital
        for capital in string.ascii_uppercase
        if capital.lower()
        == min(codes.keys() - {capital}, key=lambda c: int((codes[c] != codes[capital]).sum()))
    ]
    assert "".join(kin) == "BCDFJKMNOPQSUVWXYZ"


def test_bitmaps_come_in_the_order_of_the_characters():
    assert torch.equal(bitmaps("7A"), torch.stack([digit_bitmaps()[7], bitmaps("A")[0]]))
    assert torch.equal(bitmaps("0123456789 "), digit_bitmaps(blank=True))
    assert bitmaps("").shape == (0, 84)


@pytest.mark.parametrize(
    ("characters", "why"),
    [("Zoë", "of ASCII.*'ë'"), ("noon", "'n', 'o', 'o', 'n'"), (" a\x7f", r"' ', '\\x7f'")],
)
def test_characters_without_a_drawing_of_their_own_are_refused(characters, why):
    with pytest.raises(ValueError, match=why):
        bitmaps(characters)


# II-B: the input


def test_paper_is_minus_0_1_and_ink_1_175():
    images = torch.zeros(2, 28, 28, dtype=torch.uint8)
    images[1] = 255
    field = preprocess(images)
    assert field.shape == (2, 1, 32, 32)
    assert field.dtype == torch.float32
    torch.testing.assert_close(field[0].unique(), torch.tensor([-0.1]))
    torch.testing.assert_close(field[1, 0, 2:-2, 2:-2].unique(), torch.tensor([1.175]))


def test_two_pixels_of_background_all_around():
    field = preprocess(torch.full((1, 28, 28), 255, dtype=torch.uint8))[0, 0]
    margin = torch.ones(32, 32, dtype=torch.bool)
    margin[2:30, 2:30] = False
    torch.testing.assert_close(field[margin], torch.full((240,), -0.1))


def test_grey_levels_between_are_linear():
    images = torch.arange(256).byte().repeat(4)[: 28 * 28].view(1, 28, 28)
    expected = images.numpy().astype(np.float64) / 255 * 1.275 - 0.1
    field = preprocess(images)[0, :, 2:-2, 2:-2].double().numpy()
    np.testing.assert_allclose(field, expected, rtol=0, atol=1e-6)


def test_mean_of_the_input_is_roughly_0(digits):
    assert abs(preprocess(digits[0]).mean()) < 0.05


# III-B: the training sessions


def test_schedule_of_20_passes():
    expected = [5e-4, 5e-4, 2e-4, 2e-4, 2e-4, 1e-4, 1e-4, 1e-4, 5e-5, 5e-5, 5e-5, 5e-5]
    assert list(SCHEDULE) == expected + [1e-5] * 8
    assert len(SCHEDULE) == 20
    assert Recipe().schedule == SCHEDULE


def test_mu_is_0_02():
    assert MU == 0.02
    assert Recipe().mu == 0.02


def test_curvature_is_estimated_on_500_patterns():
    assert CURVATURE_PATTERNS == 500
    assert Recipe().curvature_patterns == 500


def test_recipe_of_the_paper_is_a_constant_order_of_the_originals():
    recipe = Recipe()
    assert not recipe.reshuffle
    assert recipe.distortions is None


def test_what_the_paper_leaves_open_is_settled_as_deviations_says():
    """D4, D6, D7, D8: a change of these is a change of every table."""
    recipe = Recipe()
    assert recipe.initialisation == Initialisation(scale=1.2, power=0.5, coefficient=0.5)
    assert (recipe.curvature_memory, recipe.output_curvature) == ("mean", 2.0)
    assert recipe.loss == MAPLoss(j=10.0, factor=1.0)
    assert recipe.coefficient_input == "sum"


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().mu = 0.1


def test_order_is_random_and_the_same_in_every_pass():
    train = splits(50)
    orders = [Originals(train, 3, reshuffle=False).of_pass(n)[2].tolist() for n in range(1, 21)]
    assert all(order == orders[0] for order in orders)
    assert sorted(orders[0]) == list(range(50))
    assert orders[0] != list(range(50))
    assert Originals(train, 4, reshuffle=False).of_pass(1)[2].tolist() != orders[0]


def test_reshuffled_order_is_a_new_one_in_every_pass():
    patterns = Originals(splits(50), 3, reshuffle=True)
    orders = [patterns.of_pass(n)[2].tolist() for n in range(1, 21)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 20


def test_originals_are_presented_with_their_labels():
    train = splits(20)
    inputs, labels, order = Originals(train, 0, reshuffle=False).of_pass(1)
    torch.testing.assert_close(inputs[order], preprocess(train.images[order]))
    assert torch.equal(labels[order], order)


def presented(patterns, passes):
    """[(bytes of the image, its label)] in the order of presentation."""
    seen = []
    for number in passes:
        inputs, labels, order = patterns.of_pass(number)
        seen += [(inputs[k].numpy().tobytes(), int(labels[k])) for k in order]
    return seen


@pytest.mark.parametrize("reshuffle", [False, True])
def test_nine_distorted_versions_of_each_and_20_passes_see_each_of_the_ten_twice(reshuffle):
    """540,000 distorted patterns added to 60,000, and as many presentations as without them."""
    n = 7
    train = splits(n)
    seen = presented(Distorted(train, 0, reshuffle, FIG7_RANGES), range(1, 21))
    assert len(seen) == 20 * n
    times = {pattern: seen.count(pattern) for pattern in seen}
    assert len(times) == 10 * n  # all different
    assert set(times.values()) == {2}
    originals = preprocess(train.images)
    for k in range(n):
        assert sum(label == k for _, label in times) == 10
        assert times[originals[k].numpy().tobytes(), k] == 2
    assert set(seen[: 10 * n]) == set(times)  # once in the first ten passes


def test_distorted_patterns_come_in_a_constant_random_order_of_all_600_000():
    train = splits(7)
    patterns = Distorted(train, 0, False, FIG7_RANGES)
    first, second = presented(patterns, range(1, 11)), presented(patterns, range(11, 21))
    assert first == second
    assert [label for _, label in first] != sorted(label for _, label in first)
    counts = [sum(label == k for _, label in first[:7]) for k in range(7)]
    assert counts != [1] * 7  # a tenth of all ten, not one of each
    reshuffled = Distorted(train, 0, True, FIG7_RANGES)
    assert presented(reshuffled, range(11, 21)) != presented(reshuffled, range(1, 11))
