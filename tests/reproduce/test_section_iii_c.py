"""The classifiers of section III-C: their images, scores and costs, and how they are trained."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from torch import nn

from paper_lenet5 import SDLM, LeNet5, MSELoss, eager, preprocess, sdlm
from paper_lenet5.connections import TABLE_I
from paper_lenet5.initialisation import Initialisation
from paper_lenet5.layers import Subsampling, TableConvolution
from paper_lenet5.patterns import Split
from reproduce.baselines import of_1998_compiled as compiled
from reproduce.baselines.images import VERSIONS, deslanted, in_version, pixels, reduced
from reproduce.baselines.of_1998 import Dense, FullyConnected, Layers, LeNet1, LeNet4
from reproduce.baselines.of_1998_layout import layout_of, pack, unpack
from reproduce.baselines.recipe_1998 import Recipe1998
from reproduce.measures import costs, rejection
from reproduce.rows import datasets, reported
from reproduce.rows.recipes import OF_1998
from reproduce.running.runs import Run, Runs
from reproduce.section_iii_c import classifiers, comparison, methods, neighbours, support_vectors
from reproduce.section_iii_c.boosting import SHARES, Boosted, errors_by_share, half_missed
from reproduce.section_iii_c.fitted import CLASSES, PAIRS, pair_scores
from reproduce.section_iii_c.last_layer import (
    LastLayerLocal,
    LastLayerNeighbours,
    local_outputs,
    trained_states,
)
from reproduce.section_iii_c.neighbours import (
    NearestNeighbours,
    TangentDistance,
    neighbour_scores,
    scores_by_distance,
)
from reproduce.section_iii_c.single_layers import (
    LeastSquares,
    Linear,
    PairwiseLinear,
    Quadratic,
    RadialBasis,
    Squashed,
    one_of_ten,
    one_of_two,
)
from reproduce.section_iii_c.support_vectors import PolynomialSVM, ReducedSetSVM, VirtualSVM
from tests.conftest import draw_digits


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def splits(train=400, test=100):
    return Split(*draw_digits(train)), Split(*draw_digits(test, seed=1))


# --- versions of the images (section III-A) -------------------------------------------------------


def moments(images):
    """Mean column and row, and the slant of the line x = slant * y that fits the ink best."""
    ink = images.double() / images.double().sum((1, 2), keepdim=True)
    at = torch.arange(28.0, dtype=torch.float64)
    column, row = (ink * at).sum((1, 2)), (ink * at[:, None]).sum((1, 2))
    x, y = at - column[:, None, None], at[:, None] - row[:, None, None]
    return column, row, (ink * x * y).sum((1, 2)) / (ink * y * y).sum((1, 2))


def bar(slant):
    """A stroke three pixels wide, through the middle of the image, that leans by `slant` a row."""
    row = torch.arange(28.0)[:, None]
    distance = (torch.arange(28.0) - 13.5 - slant * (row - 13.5)).abs()
    stroke = (255 * (2 - distance).clamp(0, 1)).round().byte()
    return torch.where((row > 5) & (row < 22), stroke, 0).to(torch.uint8)[None]


@pytest.mark.parametrize("slant", [-0.6, -0.25, 0.3, 0.5])
def test_a_leaning_stroke_is_made_upright(slant):
    assert moments(bar(slant))[2].item() == pytest.approx(slant, abs=0.02)
    upright = deslanted(bar(slant))
    assert moments(upright)[2].abs().item() < 0.01
    assert (upright[0] > 127).any(0).sum() <= 4, "a vertical stroke three pixels wide"


def test_deslanting_leaves_the_ink_and_its_centre_and_upright_digits():
    images, _ = draw_digits(50)
    straight = deslanted(images)
    for before, after in zip(moments(images)[:2], moments(straight)[:2], strict=True):
        assert torch.allclose(before, after, atol=0.05)
    assert torch.allclose(straight.double().sum((1, 2)), images.double().sum((1, 2)), rtol=0.01)
    assert moments(straight)[2].abs().max() < 0.05 < moments(images)[2].abs().max()
    assert torch.equal(deslanted(bar(0.0)), bar(0.0))
    empty = torch.zeros(1, 28, 28, dtype=torch.uint8)
    assert torch.equal(deslanted(empty), empty)


def test_a_pixel_counts_as_ink_or_not_where_the_moments_are_binary():
    upright, faint = bar(0.0), (bar(0.5) > 127).byte()
    image = torch.maximum(upright, faint)  # a shadow of grey level 1, that leans
    leaning = moments((image > 0).byte())[2].item()
    assert leaning > 0.1
    by_grey, binary = deslanted(image), deslanted(image, foreground=1)
    assert (by_grey.int() - image.int()).abs().max() < 20, "the shadow weighs next to nothing"
    top, bottom = (binary[0, row].double() @ torch.arange(28.0).double() / binary[0, row].sum()
                   for row in (8, 19))  # fmt: skip
    assert (bottom - top).item() == pytest.approx(-11 * leaning, abs=1.1)


def test_the_box_of_20_pixels_becomes_one_of_16():
    box = torch.zeros(1, 28, 28, dtype=torch.uint8)
    box[:, 4:24, 4:24] = 255
    small = reduced(box)[0] > 127
    assert (small.any(0).sum().item(), small.any(1).sum().item()) == (16, 16)
    assert small[6:22, 6:22].all()


def test_pixels_are_those_in_the_middle():
    split = Split(*draw_digits(3))
    assert torch.equal(pixels(split, 20).view(3, 20, 20) * 255, split.images[:, 4:24, 4:24].float())
    assert set(VERSIONS) == {"regular", "deslanted", "deslanted, binary moments", "16x16"}
    assert in_version(split, "regular") is split


# --- scores ---------------------------------------------------------------------------------------


def test_a_class_is_worth_its_weakest_win():
    outputs = np.array([[1.0 if second == 4 else -1.0 if first == 4 else 0.0
                         for first, second in PAIRS]])  # fmt: skip
    outputs[0, PAIRS.index((4, 9))] = -0.2
    scores = pair_scores(outputs, "weakest win")[0]
    assert scores[4] == pytest.approx(0.2)
    assert scores.argmax() == 4
    assert scores[3] == -1


def test_outputs_are_added_with_the_sign_that_each_has_for_the_class():
    outputs = np.zeros((1, 45))
    outputs[0, PAIRS.index((2, 7))] = 0.5  # for 7, against 2
    outputs[0, PAIRS.index((4, 7))] = -0.2  # for 4, against 7
    outputs[0, PAIRS.index((7, 9))] = -1.0  # for 7, against 9
    scores = pair_scores(outputs, "sum")[0]
    assert scores.tolist() == pytest.approx([0, 0, -0.5, 0, 0.2, 0, 0, 1.3, 0, -1.0])
    assert pair_scores(outputs, "weakest win")[0, 7] == pytest.approx(-0.2)


def test_the_majority_of_the_nearest_wins_and_the_nearest_where_there_is_none():
    distances = np.full((2, CLASSES, 3), 9.0)
    distances[0, 1] = [1, 8, 8.5]  # the nearest of all
    distances[0, 6] = [2, 3, 8]  # but two of the three nearest
    distances[1, 1], distances[1, 6], distances[1, 8] = [3, 8, 8], [2, 8, 8], [4, 8, 8]
    assert neighbour_scores(distances, 3).argmax(1).tolist() == [6, 6]


def test_nearest_neighbours_are_scikit_learns():
    (train, test), recipe = splits(), NearestNeighbours()
    x, shown = (pixels(split, 28).numpy() for split in (train, test))
    ours = recipe.outcome(train, test).scores.argmax(1)
    theirs = KNeighborsClassifier(3, algorithm="brute").fit(x, train.labels.numpy())
    sure = theirs.predict_proba(shown).max(1) > 0.5  # a majority; ties are decided otherwise
    assert sure.mean() > 0.9
    assert (ours == theirs.predict(shown))[sure].all()


# --- one layer of units (sections III-C.1 and 3) --------------------------------------------------


def test_squashed_units_come_to_the_smallest_squared_error_that_squashed_units_have():
    random = np.random.default_rng(0)
    x = random.normal(size=(1000, 3)).astype(np.float32)
    wanted = np.where(x @ [1.0, 2.0, -0.5] + 0.3 + random.normal(size=1000) > 0, 1, -1)[:, None]
    of_units = Squashed(rate=0.1, passes=60).outputs(x, wanted.astype(np.float32), x)
    weights = torch.zeros(4, requires_grad=True)
    best = torch.optim.LBFGS([weights], max_iter=100)

    def squared_error():
        best.zero_grad()
        a = torch.from_numpy(x) @ weights[:3] + weights[3]
        loss = (1.7159 * torch.tanh(2 / 3 * a) - torch.from_numpy(wanted[:, 0])).square().mean()
        loss.backward()
        return loss

    best.step(squared_error)
    error, least = np.mean((of_units - wanted) ** 2), squared_error().item()
    linear = LeastSquares().outputs(x, wanted.astype(np.float32), x)
    assert least - 1e-6 < error < least + 0.002 < np.mean((linear - wanted) ** 2)
    assert np.abs(of_units).max() < 1.7159 < np.abs(linear).max()


@pytest.mark.parametrize("units", [Squashed(), LeastSquares()], ids=["squashed", "linear"])
def test_a_unit_is_not_trained_on_patterns_of_other_classes(units):
    (train, _), others = splits(200), torch.arange(200) % 2 == 0
    x = pixels(train, 28).numpy()
    targets = np.where(others.numpy(), 0, np.where(train.labels.numpy() < 5, 1, -1))[:, None]
    changed = np.where(others.numpy()[:, None], 1 - x, x)  # which nobody is to look at
    one, other = (units.outputs(of, targets.astype(np.float32), x) for of in (x, changed))
    assert np.abs(one).max() > 0.1
    np.testing.assert_array_equal(one, other)


def test_targets_are_those_of_one_class_and_of_a_pair():
    labels = np.array([0, 9])
    assert one_of_ten(labels).tolist() == [[1] + [-1] * 9, [-1] * 9 + [1]]
    of = dict(zip(PAIRS, one_of_two(labels).T.tolist(), strict=True))
    assert (of[0, 9], of[0, 4], of[4, 9], of[4, 5]) == ([-1, 1], [-1, 0], [0, 1], [0, 0])


# --- tangent distance (section III-C.9) -----------------------------------------------------------


def blobs(n, seed=0):
    """n smooth images (n, 20, 20) that are 0 at their edges."""
    spots = np.random.default_rng(seed).random((n, 20, 20)) ** 8
    spots[:, :6] = spots[:, -6:] = spots[:, :, :6] = spots[:, :, -6:] = 0
    return ndimage.gaussian_filter(spots, 1.5, axes=(1, 2)).astype(np.float32) * 5


DISTORTED = {
    "right": lambda image: ndimage.shift(image, (0, 0.5)),
    "down": lambda image: ndimage.shift(image, (0.5, 0)),
    "turned": lambda image: about_the_middle(image, [[1, 0.05], [-0.05, 1]]),
    "larger": lambda image: about_the_middle(image, [[0.95, 0], [0, 0.95]]),
    "squeezed": lambda image: about_the_middle(image, [[0.95, 0], [0, 1.05]]),
    "skewed": lambda image: about_the_middle(image, [[1, 0.05], [0.05, 1]]),
    "thicker": lambda image: image + 0.2 * np.square(np.gradient(image)).sum(0),
}


def about_the_middle(image, matrix):
    middle = np.full(2, 9.5)
    return ndimage.affine_transform(image, matrix, middle - np.array(matrix) @ middle)


def tangent_distance(one, other):
    return neighbours.nearest_planes(other[None], one[None], np.array([[0]])).item()


@pytest.mark.parametrize("distorted", DISTORTED.values(), ids=DISTORTED)
def test_a_small_distortion_leaves_an_image_where_it_is_by_tangent_distance(distorted):
    for image, another in zip(blobs(5), blobs(5, seed=1), strict=True):
        moved = distorted(image)
        euclid = np.square(moved - image).sum()
        assert tangent_distance(moved, image) < 0.03 * euclid
        assert tangent_distance(another, image) > 0.15 * np.square(another - image).sum()


def test_tangent_distance_is_the_least_distance_between_the_planes():
    one, others = blobs(1)[0], blobs(6, seed=1)
    near = np.arange(6)[None]
    squares = neighbours.nearest_planes(others, one[None], near)[0]
    of_one = neighbours.tangents(one[None])[0]
    for other, square in zip(others, squares, strict=True):
        both = np.concatenate([of_one, neighbours.tangents(other[None])[0]]).T.astype(float)
        apart = (one - other).ravel().astype(float)
        left = apart - both @ np.linalg.lstsq(both, apart, rcond=None)[0]
        assert square == pytest.approx(left @ left, rel=0.05)


def test_tangent_distance_finds_a_moved_pattern_where_euclid_takes_a_paler_one():
    ring = torch.zeros(28, 28, dtype=torch.uint8)
    ring[9:19, 11:17] = 255
    ring[11:17, 13:15] = 0
    spread = torch.stack([ring.roll(k, 1) for k in range(-3, 4)]).float().mean(0).byte()
    train = Split(torch.stack([ring, spread, spread]), torch.tensor([4, 7, 7]))
    test = Split(ring.roll(2, 1)[None], torch.tensor([4]))
    euclid, tangent = (NearestNeighbours(k=1), TangentDistance(candidates=3, smoothing=1.5))
    by_pixels = scores_of_the_two(train, test)
    assert by_pixels.argmax() == 7
    assert tangent.outcome(train, test).scores[0].argmax() == 4
    assert euclid.k == tangent.k


def scores_of_the_two(train, test):
    """By Euclidean distance, for classes that are there."""
    x, shown = (pixels(split, 28).numpy() for split in (train, test))
    scores = np.full(10, -np.inf)
    for label, of in zip(train.labels, x, strict=True):
        scores[label] = max(scores[label], -np.square(of - shown[0]).sum())
    return scores


def test_a_class_without_a_candidate_is_as_far_as_the_farthest():
    squares, labels = np.array([[1.0, 4.0, 9.0]]), np.array([[3, 3, 5]])
    distances = neighbours.by_class(squares, labels, 2)
    assert distances[0, 3].tolist() == [1, 2]
    assert distances[0, 5].tolist() == [3, 3]
    assert distances[0, 0].tolist() == [3, 3]


# --- support vectors (section III-C.10) -----------------------------------------------------------


def test_the_machines_are_scikit_learns():
    (train, test), recipe = splits(300, 50), PolynomialSVM(unit_norm=True)
    x, shown = (support_vectors.normed(pixels(split, 28).numpy()) for split in (train, test))
    theirs = SVC(kernel="poly", degree=4, gamma=1.0, coef0=1.0, C=10,
                 decision_function_shape="ovo").fit(x, train.labels.numpy())  # fmt: skip
    expected = pair_scores(-theirs.decision_function(shown), "weakest win")
    outcome = recipe.outcome(train, test)
    np.testing.assert_allclose(outcome.scores, expected, atol=2e-3)
    assert outcome.details["vectors"] == len(theirs.support_)


def test_patterns_are_shifted_by_rows_and_columns_and_lose_what_leaves():
    x = np.arange(1.0, 10)[None]
    assert support_vectors.shifted(x, 1, 0).tolist() == [[0, 0, 0, 1, 2, 3, 4, 5, 6]]
    assert support_vectors.shifted(x, 0, -1).tolist() == [[2, 3, 0, 5, 6, 0, 8, 9, 0]]


def test_virtual_support_vectors_read_moved_digits_better():
    train, test = splits(300, 200)
    moved = Split(test.images.roll(1, 2), test.labels)
    plain, virtual = (
        (kind(unit_norm=True).outcome(train, moved).scores.argmax(1) != moved.labels.numpy()).sum()
        for kind in (PolynomialSVM, VirtualSVM)
    )
    assert virtual < 0.8 * plain


def test_a_reduced_set_does_what_the_machines_do_the_better_the_larger_it_is():
    train, test = splits(300, 100)
    recipe = ReducedSetSVM(unit_norm=True, degree=5, vectors=100, steps=20)
    of_all = VirtualSVM(unit_norm=True, degree=5).outcome(train, test)
    small, large = (replace(recipe, vectors=n).outcome(train, test) for n in (10, 100))
    unmoved = replace(recipe, vectors=10, steps=0).outcome(train, test)

    def away(outcome):
        return np.abs(outcome.scores - of_all.scores).mean()

    assert away(large) < 0.5 * away(small)
    assert away(small) < away(unmoved), "the vectors move to where they serve best"
    assert small.multiply_adds == 10 * (784 + 45) < of_all.multiply_adds


# --- LeNet-4 without its last layer (section III-C.7) ---------------------------------------------


SHORT = Recipe1998(LeNet4(), schedule=(0.0005,) * 3, curvature_patterns=50)


def test_neighbours_are_those_of_the_120_units():
    train, test = splits(200, 60)
    recipe = LastLayerNeighbours(SHORT, k=3)
    outcome = recipe.outcome(train, test)
    model, of_train, of_test = trained_states(SHORT, 0, train, test)
    assert of_train.shape == (200, 120)
    answers = model.layers[-1](torch.from_numpy(of_test)).argmax(1)
    assert torch.equal(answers, model(test.inputs).argmin(1)), "the states below the output"
    expected = scores_by_distance(of_train, train.labels.numpy(), of_test, 3)
    np.testing.assert_array_equal(outcome.scores, expected)
    assert outcome.multiply_adds == 200 * 120 + costs.multiply_adds(model) - 1200
    assert outcome.variables == 200 * 120 + costs.parameters(model) - 1210


def test_a_linear_classifier_is_fitted_to_the_neighbours_of_each_pattern():
    random = np.random.default_rng(0)
    x, shown = random.normal(size=(2, 30, 5)), random.normal(size=(2, 5))
    targets = one_of_ten(random.integers(0, 10, (2 * 30))).reshape(2, 30, 10)
    outputs = local_outputs(x, targets, shown, 3.0)
    for mine, near, of, at in zip(outputs, x, targets, shown, strict=True):
        expected = Ridge(3.0).fit(near, of).predict(at[None])[0]
        np.testing.assert_allclose(mine, expected, rtol=1e-6)


def test_local_learning_looks_at_the_nearest_only():
    train, test = splits(300, 60)
    one, other = (LastLayerLocal(SHORT, k=k).outcome(train, test) for k in (20, 300))
    _, of_train, of_test = trained_states(SHORT, 0, train, test)
    everywhere = Ridge(10.0).fit(of_train, one_of_ten(train.labels.numpy()))
    np.testing.assert_allclose(other.scores, everywhere.predict(of_test), atol=1e-3)
    assert np.abs(one.scores - other.scores).mean() > 0.05
    assert (one.scores.argmax(1) == test.labels.numpy()).mean() > 0.8


# --- the rejection rule (Fig. 10) -----------------------------------------------------------------


def test_the_fewest_patterns_are_rejected_that_leave_half_a_percent_of_errors():
    random = np.random.default_rng(0)
    for _ in range(20):
        labels, scores = random.integers(0, 3, 60), random.normal(size=(60, 3))
        scores[np.arange(60), labels] += 1.5
        margin, wrong = rejection.margins(scores), scores.argmax(1) != labels
        order = margin.argsort()
        expected = next(
            k for k in range(61) if wrong[order[k:]].sum() <= 0.1 * (60 - k)
        )  # one after the other
        assert rejection.rejected(scores, labels, 0.1) == expected


def test_nothing_is_rejected_where_nothing_is_wrong_and_equal_margins_go_together():
    scores = np.eye(4)
    assert rejection.rejected(scores, np.arange(4)) == 0
    assert rejection.rejected(scores, np.array([0, 1, 2, 0])) == 4, "no margin tells them apart"
    scores[3, 3] = 0.5
    assert rejection.rejected(scores, np.array([0, 1, 2, 0])) == 1


# --- costs (Figs. 11 and 12) ----------------------------------------------------------------------


@pytest.mark.parametrize("rated", OF_1998, ids=lambda rated: rated.name)
def test_networks_cost_what_figures_11_and_12_say_but_for_the_memory_of_lenet_4(rated):
    model, bar_of = rated.row.recipe.build(rng()), reported.SECTION_III_C[rated.name]
    parameters = costs.parameters(model)
    assert (parameters == 2_578) == (rated.name == "lenet1")
    if bar_of.memory is None:
        return
    printed = 51 if rated.name == "lenet4" else bar_of.memory  # 17 there, 51 for three of them
    assert round(parameters / 1000) == printed
    assert costs.multiply_adds(model) / 1000 == pytest.approx(bar_of.multiply_adds, rel=0.08)


def test_the_other_classifiers_cost_what_figures_11_and_12_say():
    (train, test), papers = splits(1000, 10), reported.SECTION_III_C
    linear, pairwise = (kind.outcome(train, test) for kind in (Linear(), PairwiseLinear()))
    assert (linear.variables, linear.multiply_adds) == (7_850, 7_840)
    assert Linear("deslanted", 20).outcome(train, test).variables == 4_010
    assert round(pairwise.variables / 1000) == papers["pairwise-linear"].memory
    quadratic = Quadratic().outcome(train, test)
    assert round(quadratic.variables / 1000) == papers["pca-quadratic"].memory
    rbf = RadialBasis(per_class=10).outcome(train, test)
    assert 10 * rbf.multiply_adds / 1000 == papers["rbf"].multiply_adds
    stored = NearestNeighbours("deslanted", 20).outcome(train, test)
    assert 60 * stored.variables / 1000 == papers["k-nn-deslanted"].memory


@pytest.mark.parametrize("recipe", [Linear(), Linear("deslanted", 20), PairwiseLinear(), Quadratic(),
                                    RadialBasis(per_class=5), NearestNeighbours(), PolynomialSVM(),
                                    VirtualSVM(unit_norm=True), TangentDistance("16x16", 20)],
                         ids=lambda recipe: type(recipe).__name__)  # fmt: skip
def test_every_classifier_learns_to_read_drawn_digits(recipe):
    train, test = splits(1000, 100)
    outcome = recipe.outcome(train, test)
    assert outcome.scores.shape == (100, 10)
    assert (outcome.scores.argmax(1) == test.labels.numpy()).mean() > 0.9


# --- networks trained one pattern at a time -------------------------------------------------------

NETWORKS = {"300-100": FullyConnected((70, 30), side=20), "LeNet-1": LeNet1(), "LeNet-4": LeNet4()}


def shaken(network, seed=0):
    """New, its biases and coefficients shaken: fresh ones are 0 and all the same."""
    model = Layers(network, rng(seed), Initialisation())
    with torch.no_grad():
        for name, p in model.named_parameters():
            if not name.endswith("weight"):
                p.add_(0.3 * torch.randn(p.shape, generator=rng(seed)))
    return model


def doubled(model, network):
    copy = Layers(network, None, Initialisation()).double()
    copy.load_state_dict(model.state_dict())
    return copy


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_compiled_pass_is_autograd_in_float64(network):
    model = shaken(network)
    oracle = doubled(model, network)
    images, labels = draw_digits(300)
    x, order = preprocess(images), torch.randperm(300, generator=rng())
    h = {n: 0.1 + torch.rand(p.shape, generator=rng(1)) for n, p in model.named_parameters()}
    errors = []
    for engine, trained, inputs in ((compiled, model, x), (eager, oracle, x.double())):
        optimizer = SDLM(trained.named_parameters(), 0.0005)
        optimizer.set_curvature({n: value.to(inputs.dtype) for n, value in h.items()})
        errors.append(engine.train_one_pass(trained, optimizer, MSELoss(), inputs, labels, order))
    assert errors[0] == errors[1]
    for (name, ours), theirs in zip(model.named_parameters(), oracle.parameters(), strict=True):
        assert (ours - theirs).norm() < 1e-4 * theirs.norm(), name
    assert torch.allclose(compiled.penalties(model, x), oracle(x.double()).float(), atol=1e-4)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_parameters_come_back_from_the_flat_array_as_they_went(network):
    model = shaken(network)
    layout = layout_of(model)
    flat = pack(layout, dict(model.named_parameters()))
    for name, value in unpack(layout, flat).items():
        assert torch.equal(value, model.get_parameter(name)), name
    taken = np.concatenate([places.ravel() for places in layout.places.values()])
    assert len(np.unique(taken)) == len(taken), "no place is given away twice"


def test_the_compiled_pass_refuses_what_it_does_not_do():
    model, (images, labels) = shaken(LeNet1()), draw_digits(4)
    x, order = preprocess(images), torch.arange(4)
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="SDLM"):
        compiled.train_one_pass(model, sgd, MSELoss(), x, labels, order)
    with pytest.raises(ValueError, match=r"\(N, 1, 32, 32\)"):
        compiled.penalties(model, x[..., :28])


@dataclass(frozen=True)
class LeNet5Layers:
    """LeNet-5 up to F6, in the parts of the other networks."""

    side: int = 32

    def layers(self) -> dict[str, nn.Module]:
        return {"c1": nn.Conv2d(1, 6, 5), "s2": Subsampling(6), "c3": TableConvolution(TABLE_I),
                "s4": Subsampling(16), "c5": Dense(400, 120), "f6": Dense(120, 84)}  # fmt: skip


def test_the_curvature_is_that_of_lenet_5_where_the_layers_are():
    theirs = LeNet5(generator=rng())
    ours = Layers(LeNet5Layers(), rng(), Initialisation())
    ours.targets = theirs.rbf.centers
    images, labels = draw_digits(20)
    x = preprocess(images)
    with torch.no_grad():
        for name, p in ours.named_parameters():
            p.copy_(theirs.get_parameter(name).view_as(p))
    expected = sdlm.diagonal_curvature(theirs, x, labels, MSELoss(), 2.0)
    for name, h in compiled.diagonal_curvature(ours, x, labels, MSELoss(), 2.0).items():
        assert torch.allclose(h, expected[name].view_as(h), rtol=1e-4), name


def test_a_map_of_lenet_4_that_feeds_two_is_worth_two_maps_that_feed_one_each():
    @dataclass(frozen=True)
    class EightMaps(LeNet4):
        def layers(self) -> dict[str, nn.Module]:
            return super().layers() | {"c1": nn.Conv2d(1, 8, 5), "s2": Subsampling(8)}

    four = shaken(LeNet4())
    eight = Layers(EightMaps(), None, Initialisation())
    state = four.state_dict()
    twice = {n: state[n].repeat_interleave(2, 0) for n in ("c1.weight", "c1.bias")}
    eight.load_state_dict(state | twice)
    images, labels = draw_digits(10)
    x = preprocess(images)
    assert torch.allclose(four(x), eight(x), atol=1e-5)
    h, of_eight = (compiled.diagonal_curvature(m, x, labels, MSELoss(), 2.0) for m in (four, eight))
    for name, value in h.items():
        other = of_eight[name]
        if name.startswith("c1"):
            other = other.view(4, 2, *value.shape[1:]).sum(1)
        assert torch.allclose(value, other, rtol=1e-4), name


def test_every_map_is_looked_at_and_crosses_are_as_many_as_the_counts_of_1998_ask_for():
    assert sum(map(len, LeNet1.table)) == 20
    assert sum(map(len, LeNet4.table)) == 48
    assert set(np.bincount(np.concatenate(LeNet4.table))) == {6}
    assert set(np.bincount(np.concatenate(LeNet1.table))) == {5}
    assert len(set(LeNet4.table)) == 16, "no two maps look at the same"


@pytest.mark.parametrize(("network", "connections"), [(LeNet1(), 98_442), (LeNet4(), 262_306)])
def test_connections_are_as_many_as_their_authors_counted(network, connections):
    model = Layers(network, rng(), Initialisation())
    counted = 0
    for layer, states in zip(
        model.layers, model.states(torch.zeros(1, 1, 32, 32))[1:], strict=True
    ):
        positions = states[0, 0].numel()
        own = sum(p.numel() for p in layer.parameters())
        counted += positions * (5 * len(layer.bias) if isinstance(layer, Subsampling) else own)
    assert counted == connections


def test_a_session_trains_such_a_network_to_read_drawn_digits():
    row = classifiers.ROWS["lenet1"]
    train, test = splits(300, 100)
    dataset = datasets.Dataset("drawn", "drawn", train, test, {}, comparable=False)
    short = replace(row, recipe=replace(row.recipe, schedule=(0.0005,) * 4))
    session = short.session(dataset, 0)
    *_, last = session.passes()
    assert last.test_errors < 20
    assert torch.equal(session.train.images, reduced(train.images))


# --- boosting -------------------------------------------------------------------------------------


def test_the_second_network_sees_all_that_are_missed_and_as_many_that_are_not():
    missed = torch.rand(1000, generator=rng()) < 0.1
    chosen = half_missed(missed, rng())
    assert len(chosen.unique()) == len(chosen) == 2 * missed.sum()
    assert missed[chosen].sum() == missed.sum()


def test_where_the_first_network_is_least_sure_all_three_are_asked_first():
    """Of 80 patterns the first misses 8, of which it is the least sure; all three miss 2 others."""
    labels = np.zeros(80, int)
    first, together = np.zeros((80, 10)), np.zeros((80, 10))
    first[:, 0], together[:, 0] = np.arange(80) + 100, 1
    first[:8, 1], first[:8, 0] = np.arange(8) + 0.5, 0
    together[[20, 79], 3] = 2
    counts = errors_by_share(first, together, labels)
    assert len(counts) == 1 + SHARES == 41
    assert counts[:6] == [8, 6, 4, 2, 0, 0], "two patterns a step"
    assert counts[11] == 1, "the 21st pattern is among the first 22"
    assert counts[-2:] == [1, 2]


def test_three_networks_are_boosted_and_their_outputs_added():
    short = Recipe1998(LeNet4(), schedule=(0.0005,), curvature_patterns=50)
    recipe = Boosted(replace(Boosted().network, schedule=(0.0005,), curvature_patterns=50), short)
    train, test = splits(150, 60)
    outcome = recipe.outcome(train, test)
    first, second, third = outcome.details["training_patterns"]
    assert first == 150
    assert second % 2 == 0
    assert 0 < third < 1500
    assert outcome.variables == 3 * 50_698
    errors = (outcome.scores.argmax(1) != test.labels.numpy()).sum()
    assert errors <= max(outcome.details["test_errors_of_each"])
    by_share = outcome.details["test_errors_by_share"]
    assert by_share[0] == outcome.details["test_errors_of_each"][0], "the first alone"
    assert by_share[-1] == errors, "all three"


# --- records, and the table of Figs. 9 to 12 ------------------------------------------------------


def test_a_method_leaves_a_record_and_a_changed_recipe_is_noticed(tmp_path):
    train, test = splits()
    dataset = datasets.Dataset("mnist", "drawn", train, test, {"a": "b"}, comparable=True)
    method = methods.METHODS[0]
    assert methods.recorded(method, tmp_path) is None
    record = methods.finish(method, dataset, tmp_path)
    assert methods.recorded(method, tmp_path) == record
    assert record["test_errors"] == len(record["wrong_answers"])
    for index, answer in record["wrong_answers"].items():
        assert answer != test.labels[int(index)]
    assert {"dataset", "versions", "machine", "seconds", "rejected"} <= set(record)
    changed = replace(method, recipe=replace(method.recipe, units=LeastSquares()))
    assert methods.recorded(changed, tmp_path) is None

    table = classifiers.table_of(tmp_path)
    assert list(table["name"]) == [*reported.SECTION_III_C, *reported.IN_THE_TEXT]
    line = table.set_index("name").loc["linear"]
    assert line["error"] == 100 * record["test_errors"] / 100
    assert (line["memory"], line["n"]) == (7.85, 1)
    assert np.isnan(table.set_index("name").loc["lenet4"]["error"])


def test_candidates_are_compared_on_held_out_images_and_leave_records_of_their_own(
    tmp_path, monkeypatch
):
    train, test = splits(10_400, 100)
    dataset = datasets.Dataset("mnist", "drawn", train, test, {"a": "b"}, comparable=True)
    method = replace(methods.METHODS[0], others={"a Rate of 0.5": Linear(units=Squashed(0.5))})
    chosen, other = method.candidates()
    held_out = methods.held_out(method, dataset)
    assert (len(held_out.train.labels), len(held_out.test.labels)) == (400, 10_000)
    records = [methods.finish(of, held_out, tmp_path) for of in (chosen, other)]
    assert [r["recipe"]["units"]["rate"] for r in records] == [method.recipe.units.rate, 0.5]
    names = {path.name for path in (tmp_path / "methods" / "held-out").glob("*.json")}
    assert names == {"linear.json", "linear--a-rate-of-0-5.json"}
    assert methods.recorded(other, tmp_path, held_out.name) == records[1]
    assert methods.recorded(method, tmp_path) is None, "no test image has been looked at"
    monkeypatch.setattr(methods, "CORNER", (300, 200))
    corner = methods.held_out(replace(method, small=True), dataset)
    assert torch.equal(corner.train.images, held_out.train.images[:300])
    assert torch.equal(corner.test.labels, held_out.test.labels[:200])


def test_no_two_candidates_share_a_record():
    names = [of.name for method in methods.METHODS for of in method.candidates()]
    assert len(names) == len(set(names))


def test_every_classifier_that_has_a_recipe_has_a_bar():
    of_paper = reported.SECTION_III_C | reported.IN_THE_TEXT
    assert set(classifiers.ROWS) | set(classifiers.FITTED) == set(of_paper)
    assert not set(classifiers.ROWS) & set(classifiers.FITTED)


def test_the_sentence_says_what_agrees_what_does_not_and_what_is_missing():
    lines = pd.DataFrame({
        "method": ["a", "b", "c", "d"], "paper": [1.0, 2.0, 3.0, 4.0],
        "ours": [1.05, 1.0, 4.0, np.nan], "n": [1, 1, 1, 0], "passes": [0, 10, 20, 0],
    })  # fmt: skip
    said = comparison.sentence(lines, comparison.ERROR)
    assert "Of 3 bars that were made again, 1 lie within 0.1 or 10 % of the paper's." in said
    assert "Ours are lower for 1, and" in said
    assert "higher for c (4.00, 1998 3)" in said
    assert said.endswith("With fewer than twenty passes: b. Not made again: d.")


def test_figure_9_has_lenet_5_by_the_other_reading_too():
    name, error = classifiers.OTHER_ERROR.partition("_")[0], classifiers.OTHER_ERROR
    table = pd.DataFrame(columns=[*classifiers.COLUMNS]).assign(
        name=["lenet4", "lenet5-1998"], method=["LeNet-4", "LeNet-5"]
    )
    table[f"{name}_paper"], table[name], table[error] = [1.1, 0.95], [1.0, 0.94], [np.nan, 1.03]
    lines = comparison.lines_of(table, comparison.ERROR)
    assert "By eq. 8 with ½: LeNet-5 (1.03, 1998 0.95)." in comparison.sentence(
        lines, comparison.ERROR
    )
    of_fig_9 = comparison.draw(lines, comparison.ERROR)
    written = [text.get_text() for text in of_fig_9.axes[0].texts]
    assert written == ["1.1", "0.95", "1998", "1.00", "0.94", "ours", "", "1.03", "eq. 8"]
    places = {text.get_text(): text.xyann[0] for text in of_fig_9.axes[0].texts}
    assert places["1.1"] == places["0.95"] == places["1998"] < places["1.00"] < places["1.03"]
    assert {text.get_ha() for text in of_fig_9.axes[0].texts} == {"right"}


def test_a_number_has_the_papers_digits_or_three_of_ours():
    paper = [comparison.printed(x) for x in (5.0, 0.8, 3.05, 24000.0)]
    assert paper == ["5", "0.8", "3.05", "24,000"]
    ours = [comparison.as_read(x, comparison.MEMORY) for x in (4.01, 15.4567, 640.4, 12609.142)]
    assert ours == ["4.0", "15", "640", "12,600"]
    assert comparison.printed(np.nan) == comparison.as_read(np.nan, comparison.ERROR) == "–"


def test_the_rejection_of_a_network_is_that_of_its_penalties(tmp_path):
    train, test = splits(100, 50)
    dataset = datasets.Dataset("mnist", "drawn", train, test, {}, comparable=True)
    row = classifiers.ROWS["lenet1"]
    short = replace(row, recipe=replace(row.recipe, schedule=(0.0005,)))
    runs = Runs(tmp_path)
    runs.open([f"{row.name}-seed0"])
    record = runs.finish(Run(short, dataset, 0), lambda *_: None)
    weights = runs.folder / f"{row.name}-seed0.safetensors"
    count = classifiers.rejected_by(short, weights, test)
    session = short.session(dataset, 0)
    list(session.passes())
    scores = -compiled.penalties(session.model, session.test.inputs).numpy()
    assert count == rejection.rejected(scores, test.labels.numpy())
    assert (scores.argmax(1) != test.labels.numpy()).sum() == record["test_errors"]
