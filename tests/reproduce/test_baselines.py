"""What circulates as LeNet-5 and how it is trained: as described, and so that it can be repeated."""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.modern import ModernNet
from paper_lenet5.patterns import Split
from paper_lenet5.preprocessing import preprocess
from reproduce import cifar10 as cifar10_command
from reproduce.baselines import networks
from reproduce.baselines.augmented import Affine, Augmented
from reproduce.baselines.captured import Captured
from reproduce.baselines.minibatch import (
    MinibatchRecipe,
    MinibatchSession,
    constant,
    decay,
    one_cycle,
)
from reproduce.measures import costs
from tests.conftest import draw_digits
from tests.paper_lenet5.test_devices import ON_GPU


def split(n, seed):
    return Split(*draw_digits(n, seed))


NETWORKS = {  # parameters, multiply-adds
    networks.textbook: (61_706, 416_520),
    networks.textbook_rgb: (62_006, 416_520 + 2 * 25 * 6 * 784),
    networks.tanh_average: (60_856, 415_680),
    networks.tanh_average_ten: (61_706, 416_520),
    networks.linear_cnn: (61_610, 54 * 784 + 240_000 + 48_000 + 10_080 + 840),
    networks.wide: (3_274_634, 800 * 784 + 51_200 * 196 + 3136 * 1024 + 10_240),
    networks.sigmoid_max: (44_426, 150 * 576 + 2_400 * 64 + 256 * 120 + 10_080 + 840),
    networks.mlp: (59_635, 784 * 75 + 750),
    networks.linear: (7_850, 7_840),
}


@pytest.mark.parametrize(
    ("network", "counts"), NETWORKS.items(), ids=[of.__name__ for of in NETWORKS]
)
def test_parameters_and_multiply_adds(network, counts):
    model = network()
    assert (costs.parameters(model), costs.multiply_adds(model)) == counts


@pytest.mark.parametrize("network", [*NETWORKS, ModernNet])
def test_every_network_takes_the_same_input(network):
    model = network().eval()
    scores = model(preprocess(draw_digits(3, 0)[0]))
    assert scores.shape == (3, 84 if network is networks.tanh_average else 10)
    assert scores.isfinite().all()


def test_the_modern_network_is_no_larger_than_lenet5():
    assert costs.parameters(ModernNet()) <= 60_000


def test_without_activations_all_but_the_poolings_is_linear():
    layers = [layer for layer in networks.linear_cnn() if not isinstance(layer, nn.MaxPool2d)]
    assert all(type(k) in (networks.UnitRange, nn.Conv2d, nn.Linear, nn.Flatten) for k in layers)


def test_colour_pictures_keep_their_channels_and_grey_ones_get_three():
    """A picture of CIFAR-10's format, 32x32 in three channels, goes in as it is."""
    model = networks.textbook_rgb()
    grey, colour = torch.rand(2, 1, 32, 32), torch.rand(2, 3, 32, 32)
    assert torch.equal(model[0](grey)[:, 2], grey[:, 0])
    assert torch.equal(model[0](colour), colour)
    assert model(colour).shape == (2, 10)
    assert not torch.allclose(model(colour), model(colour.flip(1)))


def test_first_values_of_the_wide_network_are_its_authors():
    for layer in networks.wide():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert (layer.bias == 0.1).all()
            assert layer.weight.abs().max() <= 0.2
            assert layer.weight.std().item() == pytest.approx(0.088, abs=0.01)  # 0.1, cut at 0.2


def test_unit_range_is_the_28x28_image_from_0_to_1():
    images, _ = draw_digits(2, 0)
    torch.testing.assert_close(
        networks.UnitRange()(preprocess(images)), images[:, None].float() / 255, atol=1e-6, rtol=0
    )


def test_dropout_leaves_the_mean_and_is_idle_in_evaluation():
    layer, x = networks.Dropout(0.5), torch.ones(100, 1000)
    dropped = layer.train()(x)
    assert dropped.unique().tolist() == [0, 2]
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)
    assert layer.eval()(x) is x


def test_learning_rates_over_the_training():
    assert [constant(t) for t in (0, 0.5, 1)] == [1, 1, 1]
    assert [decay(t) for t in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert [one_cycle(t) for t in (0, 0.1, 0.2, 0.6, 1)] == pytest.approx([0.04, 0.52, 1, 0.5, 0])


def small(**options):
    return MinibatchRecipe(**{"network": networks.textbook, "passes": 3, "batch": 10, **options})


RECIPES = {
    "adam": small(),
    "sgd": small(optimizer=torch.optim.SGD, reduction="sum", learning_rate=1e-2),
    "one cycle": small(optimizer=torch.optim.AdamW, weight_decay=0.1, schedule=one_cycle),
    "distortions": small(distortions=FIG7_RANGES, label_smoothing=0.1),
    "augmented": small(distortions=Affine(10, 0.1, 0.1, 2)),
    "batch normalisation": small(network=ModernNet),
    "dropout": small(network=lambda: nn.Sequential(*networks.mlp(), networks.Dropout(0.3))),
    "few steps": small(steps=2),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_session_that_is_put_back_goes_on_in_the_same_bits(recipe):
    train, test = split(60, 1), split(20, 2)
    whole = MinibatchSession(recipe, 3, train, test)
    list(whole.passes())
    begun = MinibatchSession(recipe, 3, train, test)
    next(begun.passes())
    torch.rand(7)  # whoever else draws from PyTorch's stream
    rest = MinibatchSession(recipe, 3, train, test)
    rest.restore(begun.state(), [vars(record) for record in begun.records])
    list(rest.passes())
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, rest.model.state_dict()[name]), name
    assert [r.errors_during for r in whole.records] == [r.errors_during for r in rest.records]
    assert whole.records[-1].patterns == (20 if recipe.steps else 60)


def test_the_answer_is_the_largest_score_and_the_smallest_penalty():
    recipe, of = MinibatchRecipe(networks.linear), split(30, 1)
    session = recipe.session(of, of, seed=0)
    scores = session.model(of.inputs)
    assert torch.equal(recipe.penalties(session.model, of), -scores)
    assert torch.equal(session.answers(of), scores.argmax(1))


def test_another_reduction_is_refused():
    with pytest.raises(ValueError, match=r"expected reduction of \['mean', 'sum'\], got 'max'"):
        MinibatchRecipe(networks.linear, reduction="max")


def test_loss_and_errors_during_a_pass_are_those_before_each_step():
    """With a rate of 0 nothing is learned: loss and errors are those of the first network."""
    for reduction in ("mean", "sum"):
        recipe = small(passes=1, learning_rate=0.0, batch=25, reduction=reduction)
        session = MinibatchSession(recipe, 0, split(60, 1), split(20, 2))
        (record,) = session.passes()
        expected = nn.functional.cross_entropy(
            session.model(session.train.inputs), session.train.labels
        )
        assert record.loss_during == pytest.approx(expected.item(), rel=1e-5)
        assert record.errors_during == session.errors(session.train)


def test_the_summed_cross_entropy_steps_batch_times_as_far():
    """SGD on the sum at one rate is SGD on the mean at `batch` times that rate."""
    summed = small(passes=1, optimizer=torch.optim.SGD, reduction="sum", learning_rate=1e-3)
    mean = small(passes=1, optimizer=torch.optim.SGD, learning_rate=1e-2)
    models = []
    for recipe in (summed, mean):
        session = MinibatchSession(recipe, 0, split(60, 1), split(20, 2))
        list(session.passes())
        models.append(torch.cat([p.detach().flatten() for p in session.model.parameters()]))
    torch.testing.assert_close(*models, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_follows_its_schedule_batch_by_batch():
    rates = []

    class Recorder(torch.optim.SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    recipe = small(optimizer=Recorder, schedule=decay, learning_rate=0.5, passes=2)
    list(MinibatchSession(recipe, 0, split(60, 1), split(20, 2)).passes())
    assert rates == pytest.approx([0.25 * (1 + math.cos(math.pi * k / 12)) for k in range(12)])


# Pictures in colour


@pytest.fixture
def cifar10(monkeypatch):
    """torchvision's CIFAR10, with pictures whose colour tells their class."""

    class Made:
        def __init__(self, root, train, download):
            n = 200 if train else 100
            self.targets = [k % 10 for k in range(n)]
            self.data = np.zeros((n, 32, 32, 3), np.uint8)
            for picture, label in zip(self.data, self.targets, strict=True):
                picture[3 * label : 3 * label + 4, :, label % 3] = 255

    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "torchvision.datasets", SimpleNamespace(CIFAR10=Made))


def test_the_network_for_colour_learns_pictures_of_cifar_10s_format(cifar10, tmp_path, capsys):
    assert cifar10_command.main(["--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert float(printed.split("CIFAR-10: ")[-1].split(" ")[0]) < 20
    assert (tmp_path / "runs" / "lenet5-textbook-rgb-cifar-10-seed0.json").exists()


def test_without_cifar_10_it_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert cifar10_command.main([]) == 1
    assert "Install torchvision" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pictures", "labels"),
    [
        (np.zeros((2, 32, 32), np.uint8), [0, 1]),
        (np.zeros((2, 32, 32, 3), np.float32), [0, 1]),
        (np.zeros((2, 32, 32, 3), np.uint8), [0]),
        (np.zeros((2, 32, 32, 3), np.uint8), [0, 10]),
    ],
)
def test_other_arrays_are_refused(pictures, labels):
    with pytest.raises(ValueError, match="expected"):
        cifar10_command.ColourSplit(torch.from_numpy(pictures), torch.tensor(labels))


# --- ever new distortions -------------------------------------------------------------------------


def augmented(images, *ranges):
    """The fields of one pass, in the order of the images."""
    labels = torch.zeros(len(images), dtype=torch.int64)
    return Augmented(Split(images, labels), 0, Affine(*ranges), torch.device("cpu")).of_pass(1)[0]


def test_a_pattern_that_is_not_moved_is_as_preprocessed():
    images, _ = draw_digits(3, 0)
    torch.testing.assert_close(augmented(images, 0, 0, 0, 0), preprocess(images), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("ranges", "moves_the_middle"),
    [
        ((20, 0, 0, 0), False),
        ((0, 0.5, 0, 0), False),
        ((0, 0, 0.5, 0), False),
        ((0, 0, 0, 5), True),
    ],
)
def test_the_middle_moves_by_shifts_alone(ranges, moves_the_middle):
    """A dot in the middle of 100 patterns, four pixels of it."""
    images = torch.zeros(100, 28, 28, dtype=torch.uint8)
    images[:, 13:15, 13:15] = 255
    ink = augmented(images, *ranges)[:, 0].clamp(min=0)
    places = torch.arange(32.0) - 15.5
    rows, columns = (torch.einsum(f"nrc,{axis}->n", ink, places)
                     / ink.sum((1, 2)) for axis in "rc")  # fmt: skip
    furthest = max(rows.abs().max(), columns.abs().max())
    assert (furthest > 3) == moves_the_middle
    assert furthest < (6 if moves_the_middle else 0.1)


@pytest.mark.parametrize(
    ("ranges", "seen"),
    [((40, 0, 0, 0), "turned"), ((0, 0.5, 0, 0), "sheared"), ((0, 0, 0.4, 0), "scaled")],
)
def test_a_bar_is_turned_sheared_or_scaled(ranges, seen):
    """By the second moments of an upright bar: its lean, and its height."""
    images = torch.zeros(200, 28, 28, dtype=torch.uint8)
    images[:, 7:21, 12:16] = 255
    ink = augmented(images, *ranges)[:, 0].clamp(min=0)
    places = torch.arange(32.0) - 15.5
    total = ink.sum((1, 2))
    rows2 = torch.einsum("nrc,r,r->n", ink, places, places) / total
    both = torch.einsum("nrc,r,c->n", ink, places, places) / total
    lean, height = both / rows2, rows2.sqrt() / rows2.median().sqrt()
    assert (lean.abs().max() > 0.3) == (seen != "scaled")
    assert (height.max() > 1.25) == (seen == "scaled")
    assert lean.min() < -0.3 or seen == "scaled"  # to both sides


def test_each_pass_distorts_anew_and_each_seed_too():
    train = split(20, 1)
    of = [Augmented(train, seed, Affine(10, 0.1, 0.1, 2), torch.device("cpu")) for seed in (0, 1)]
    passes = [of[seed].of_pass(number) for seed, number in ((0, 1), (0, 2), (1, 1), (0, 1))]
    assert torch.equal(passes[0][0], passes[3][0])
    for one, other in ((0, 1), (0, 2)):
        assert not torch.equal(passes[one][0], passes[other][0])
        assert not torch.equal(passes[one][2], passes[other][2])


@pytest.mark.parametrize("ranges", [(-1, 0, 0, 0), (0, 0, 1, 0)])
def test_ranges_that_make_no_sense_are_refused(ranges):
    with pytest.raises(ValueError, match="expected ranges of 0 or more, scale below 1"):
        Affine(*ranges)


# --- on a GPU -------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", [ON_GPU])
@pytest.mark.parametrize("name", [name for name in RECIPES if name != "dropout"])
def test_a_gpu_trains_the_network_that_a_processor_trains(name, device):
    """Its steps are recorded and replayed; what is left of a pass is taken without."""
    train, test = split(64, 1), split(20, 2)
    of = [MinibatchSession(RECIPES[name], 3, train, test, place) for place in ("cpu", device)]
    for session in of:
        list(session.passes())
    assert of[1].take.graph is not None or RECIPES[name].steps
    for key, value in of[0].state().items():
        torch.testing.assert_close(of[1].state()[key], value, rtol=1e-2, atol=1e-3, msg=key)
    assert of[1].records[-1].loss_during == pytest.approx(of[0].records[-1].loss_during, rel=1e-2)


@pytest.mark.parametrize("device", [ON_GPU])
@pytest.mark.parametrize("name", ["adam", "batch normalisation"])
def test_a_session_that_is_put_back_goes_on_on_a_gpu(name, device):
    """Its moments come back in the layout of the weights, and its steps are recorded anew."""
    train, test = split(64, 1), split(20, 2)
    whole, begun, rest = (MinibatchSession(RECIPES[name], 3, train, test, device) for _ in range(3))
    list(whole.passes())
    next(begun.passes())
    list(rest.passes())  # it has recorded a step when it is put back
    rest.restore(begun.state(), [vars(record) for record in begun.records])
    list(rest.passes())
    for key, value in whole.state().items():
        torch.testing.assert_close(rest.state()[key], value, rtol=1e-2, atol=1e-3, msg=key)


@pytest.mark.parametrize("device", [ON_GPU])
def test_a_recorded_dropout_draws_anew_in_each_step(device):
    layer, drawn = networks.Dropout(0.5), []
    layer.generator = torch.Generator(device).manual_seed(1)
    kept = torch.zeros(1000, device=device)
    take = Captured(lambda x, _: kept.copy_(layer(x)), [layer.generator])
    with torch.cuda.stream(torch.cuda.Stream()):
        for step in range(8):
            if step == 6:
                layer.generator.manual_seed(1)
            take(torch.ones(1000, device=device), torch.zeros(1, device=device))
            drawn.append(kept.cpu())
    assert len({tuple(one.tolist()) for one in drawn[:6]}) == 6
    assert torch.equal(drawn[6], drawn[0])
