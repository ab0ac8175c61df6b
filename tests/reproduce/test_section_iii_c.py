"""The classifiers of section III-C: their images, scores and costs, and how they are trained."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
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
from reproduce.running.runs import Runs
from reproduce.section_iii_c import classifiers, comparison, methods
from reproduce.section_iii_c.boosting import Boosted, half_missed
from reproduce.section_iii_c.fitted import (
    CLASSES,
    PAIRS,
    Linear,
    NearestNeighbours,
    PairwiseLinear,
    PolynomialSVM,
    Quadratic,
    RadialBasis,
    neighbour_scores,
    weakest_win,
)
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


def test_the_box_of_20_pixels_becomes_one_of_16():
    box = torch.zeros(1, 28, 28, dtype=torch.uint8)
    box[:, 4:24, 4:24] = 255
    small = reduced(box)[0] > 127
    assert (small.any(0).sum().item(), small.any(1).sum().item()) == (16, 16)
    assert small[6:22, 6:22].all()


def test_pixels_are_those_in_the_middle():
    split = Split(*draw_digits(3))
    assert torch.equal(pixels(split, 20).view(3, 20, 20) * 255, split.images[:, 4:24, 4:24].float())
    assert set(VERSIONS) == {"regular", "deslanted", "16x16"}
    assert in_version(split, "regular") is split


# --- scores ---------------------------------------------------------------------------------------


def test_a_class_is_worth_its_weakest_win():
    outputs = np.array([[1.0 if second == 4 else -1.0 if first == 4 else 0.0
                         for first, second in PAIRS]])  # fmt: skip
    outputs[0, PAIRS.index((4, 9))] = -0.2
    scores = weakest_win(outputs)[0]
    assert scores[4] == pytest.approx(0.2)
    assert scores.argmax() == 4
    assert scores[3] == -1


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
                                    RadialBasis(per_class=5), NearestNeighbours(), PolynomialSVM()],
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
    changed = replace(method, recipe=replace(method.recipe, ridge=2.0))
    assert methods.recorded(changed, tmp_path) is None

    table = classifiers.table_of(tmp_path)
    assert list(table["name"]) == list(reported.SECTION_III_C)
    line = table.set_index("name").loc["linear"]
    assert line["error"] == 100 * record["test_errors"] / 100
    assert (line["memory"], line["n"]) == (7.85, 1)
    assert np.isnan(table.set_index("name").loc["lenet4"]["error"])


def test_every_classifier_that_has_a_recipe_has_a_bar():
    assert set(classifiers.ROWS) | set(classifiers.FITTED) <= set(reported.SECTION_III_C)
    assert not set(classifiers.ROWS) & set(classifiers.FITTED)


def test_the_sentence_says_what_agrees_what_does_not_and_what_is_missing():
    lines = pd.DataFrame({
        "method": ["a", "b", "c", "d"], "paper": [1.0, 2.0, 3.0, 4.0],
        "ours": [1.05, 1.0, 4.0, np.nan], "n": [1, 1, 1, 0], "passes": [0, 10, 20, 0],
    })  # fmt: skip
    said = comparison.sentence(lines, comparison.ERROR)
    assert "Of 3 bars that were made again, 1 within" in said
    assert "0.1 or 10 % of the paper's: a." in said
    assert "lower for b (1.00, 1998 2.00)" in said
    assert "higher for c (4.00, 1998 3.00)" in said
    assert said.endswith("With fewer than twenty passes: b. Not made again: d.")


def test_the_rejection_of_a_network_is_that_of_its_penalties(tmp_path):
    train, test = splits(100, 50)
    dataset = datasets.Dataset("mnist", "drawn", train, test, {}, comparable=True)
    row = classifiers.ROWS["lenet1"]
    short = replace(row, recipe=replace(row.recipe, schedule=(0.0005,)))
    runs = Runs(tmp_path)
    runs.open([f"{row.name}-seed0"])
    record = runs.finish(short, dataset, 0, lambda *_: None)
    weights = runs.folder / f"{row.name}-seed0.safetensors"
    count = classifiers.rejected_by(short, weights, test)
    session = short.session(dataset, 0)
    list(session.passes())
    scores = -compiled.penalties(session.model, session.test.inputs).numpy()
    assert count == rejection.rejected(scores, test.labels.numpy())
    assert (scores.argmax(1) != test.labels.numpy()).sum() == record["test_errors"]
