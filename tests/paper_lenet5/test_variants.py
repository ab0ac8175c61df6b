"""LeNet-5 with one of its parts replaced: what each part does, and that it is compiled as it reads."""

import pytest
import torch

from paper_lenet5 import SDLM, LeNet5, MAPLoss, eager, preprocess
from paper_lenet5.config import LeNet5Config
from paper_lenet5.patterns import Split, inverted
from paper_lenet5.recipe import Recipe
from paper_lenet5.strings import SECTION_VII
from paper_lenet5.training import Session
from paper_lenet5.variants import (
    CROSS_ENTROPY,
    AveragePooling,
    MaxPooling,
    Variant,
    build,
)
from tests.conftest import draw_digits

compiled = pytest.importorskip("paper_lenet5.compiled", exc_type=ImportError)

EQ_9 = MAPLoss(10.0)
CONFIGS = {
    "printed": (LeNet5Config(), EQ_9, 2.0),
    "tanh": (LeNet5Config(activation="tanh"), EQ_9, 2.0),
    "relu": (LeNet5Config(activation="relu"), EQ_9, None),
    "average": (LeNet5Config(pooling="average"), EQ_9, 2.0),
    "max": (LeNet5Config(pooling="max"), EQ_9, 2.0),
    "full": (LeNet5Config(table="full"), EQ_9, 2.0),
    "blank": (LeNet5Config(output="bitmaps and blank"), EQ_9, None),
    "random codes": (LeNet5Config(output="random codes"), EQ_9, 2.0),
    "one of ten": (LeNet5Config(output="one of ten"), EQ_9, None),
    "linear": (LeNet5Config(output="linear"), CROSS_ENTROPY, None),
    "linear, constant": (LeNet5Config(output="linear"), CROSS_ENTROPY, 0.25),
    "linear, rubbish": (LeNet5Config(output="linear"), MAPLoss(1.0), None),
    "textbook": (LeNet5Config("relu", "max", "full", "linear"), CROSS_ENTROPY, 0.25),
}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(n, seed=0):
    images, labels = draw_digits(n, seed)
    return preprocess(images), labels


def trained(model):
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def assert_same(ours, expected, tolerance):
    for name, value in expected.items():
        error = (ours[name].detach().double() - value.detach()).norm()
        assert error <= tolerance * value.norm() + 1e-12, name


# What each part does


def test_average_and_max_pooling_are_those_of_pytorch_and_are_not_trained():
    x = torch.randn(2, 3, 8, 8, generator=rng())
    for layer, of_pytorch in (
        (AveragePooling(3), torch.nn.AvgPool2d(2)),
        (MaxPooling(3), torch.nn.MaxPool2d(2)),
    ):
        torch.testing.assert_close(layer(x), of_pytorch(x))
        assert not any(p.requires_grad for p in layer.parameters())


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (LeNet5Config(), 60_000),
        (LeNet5Config(pooling="max"), 60_000 - 12 - 32),
        (LeNet5Config(table="full"), 60_000 + 36 * 25),
        (LeNet5Config(output="linear"), 60_000 + 84 * 10 + 10),
        (LeNet5Config(output="one of ten"), 60_000 - 74 * 121),
        (LeNet5Config("relu", "max", "full", "linear"), 61_706),  # the textbook's
    ],
    ids=str,
)
def test_parameters_of_each_variant(config, parameters):
    model = build(config)
    assert sum(p.numel() for p in trained(model).values()) == parameters
    assert model.layer_table()[-1].parameters == parameters


@pytest.mark.parametrize("blank", [False, True])
def test_with_nothing_replaced_it_is_the_network_as_printed(blank):
    printed = LeNet5(rng(1), blank=blank)
    variant, (x, _) = Variant(printed.config, rng(1)), drawn(20)
    ours, theirs = variant.state_dict(), printed.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert torch.equal(variant(x), printed(x))
    assert type(build(printed.config)) is LeNet5


def test_cross_entropy_is_eq_9_without_rubbish():
    scores, labels = torch.randn(20, 10, generator=rng()), torch.arange(20) % 10
    expected = torch.nn.functional.cross_entropy(scores, labels)
    torch.testing.assert_close(CROSS_ENTROPY(-scores, labels), expected)
    p = torch.softmax(scores, 1)
    torch.testing.assert_close(CROSS_ENTROPY.output_curvature(-scores), p * (1 - p))


def test_one_of_ten_codes_differ_in_two_places_and_random_ones_in_about_half():
    codes = Variant(LeNet5Config(output="one of ten")).rbf.centers
    assert torch.equal((codes > 0).float(), torch.eye(10))
    codes = Variant(LeNet5Config(output="random codes"), rng(1)).rbf.centers
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    differ = (codes[:, None] != codes).sum(-1)[~torch.eye(10, dtype=torch.bool)]
    assert 20 < differ.min() < differ.max() < 64
    other = Variant(LeNet5Config(output="random codes"), rng(2)).rbf.centers
    assert not torch.equal(codes, other)


@pytest.mark.parametrize("part", ["activation", "pooling", "table", "output"])
def test_an_unknown_part_is_refused(part):
    with pytest.raises(ValueError, match=f"expected {part} of .*, got 'nonsense'"):
        LeNet5Config(**{part: "nonsense"})


def test_one_pixel_in_ten_is_inverted():
    x = preprocess(torch.randint(256, (50, 28, 28), generator=rng(), dtype=torch.uint8))
    noisy = inverted(x, 0.1, rng(1))
    changed = noisy != x
    assert changed.float().mean().item() == pytest.approx(0.1, abs=0.01)
    torch.testing.assert_close(noisy[changed], -0.1 + 1.175 - x[changed])


# Compiled as it reads


@pytest.mark.parametrize(("config", "loss", "constant"), CONFIGS.values(), ids=CONFIGS)
def test_every_variant_has_the_curvature_of_float64(config, loss, constant):
    model, (x, labels) = build(config, rng(3)), drawn(30)
    ours = compiled.diagonal_curvature(model, x, labels, loss, constant)
    expected = eager.diagonal_curvature(model.double(), x.double(), labels, loss, constant)
    assert set(ours) == set(expected) == set(trained(model))
    nearly_equal_inputs = config.pooling == "max"  # of which either may be the larger in float32
    assert_same(ours, expected, 2e-4 if nearly_equal_inputs else 1e-5)


@pytest.mark.parametrize(("config", "loss", "constant"), CONFIGS.values(), ids=CONFIGS)
def test_every_variant_learns_as_float64_does(config, loss, constant):
    (x, labels), networks = drawn(60), []
    for engine, dtype in ((compiled, torch.float32), (eager, torch.float64)):
        model = build(config, rng(4)).to(dtype)
        inputs = x.to(dtype)
        optimizer = SDLM(model.named_parameters(), 2e-5)
        optimizer.set_curvature(engine.diagonal_curvature(model, inputs, labels, loss, constant))
        errors = engine.train_one_pass(model, optimizer, loss, inputs, labels, torch.arange(60))
        networks.append((trained(model), errors, engine.penalties(model, inputs)))
    (ours, errors, penalties), (expected, expected_errors, expected_penalties) = networks
    assert errors == expected_errors
    assert_same(ours, expected, 1e-5)
    torch.testing.assert_close(penalties.double(), expected_penalties, rtol=1e-4, atol=1e-4)
    before = trained(build(config, rng(4)))
    assert all((before[name] != p).any() for name, p in ours.items()), "all of it learns"


SGD, Adam = torch.optim.SGD, torch.optim.Adam


def sdlm(named):
    """SDLM with a curvature for each of its parameters, of another size for each."""
    made = SDLM(named, lr=5e-4)
    h = {}
    for group in made.param_groups:
        for name, p in zip(group["param_names"], group["params"], strict=True):
            h[name] = torch.full_like(p, 1 / (1 + len(h)))
    made.set_curvature(h)
    return made


def groups(model, *rates):
    """C1 by the first rate, F6 by the second, C5 by the third; the rest is in none."""
    for part, lr in zip(("c1", "f6", "c5"), rates, strict=True):
        yield {"params": model.get_submodule(part).named_parameters(part), "lr": lr}


def with_frozen_c3(model):
    model.c3.requires_grad_(False)
    return model.parameters()


OPTIMISERS = {
    "SDLM": lambda m: sdlm(m.named_parameters()),
    "SDLM with names of its own": lambda m: sdlm(m.named_parameters("net")),
    "SDLM of F6": lambda m: sdlm(m.f6.named_parameters()),
    "SDLM by groups": lambda m: sdlm(groups(m, 5e-4, 2e-3, 1e-4)),
    "SGD": lambda m: SGD(m.parameters(), lr=1e-3),
    "SGD of F6": lambda m: SGD(m.f6.parameters(), lr=1e-3),
    "SGD by groups": lambda m: SGD(groups(m, 1e-3, 4e-3, 0.0), lr=1.0),
    "SGD of another network": lambda m: SGD(LeNet5().parameters(), lr=1e-3),
    "SGD, C3 frozen": lambda m: SGD(with_frozen_c3(m), lr=1e-3),
    "Adam": lambda m: Adam(m.parameters(), lr=1e-4),
    "Adam of F6": lambda m: Adam(m.f6.parameters(), lr=1e-4),
    "Adam by groups": lambda m: Adam(groups(m, 1e-4, 4e-4, 0.0), eps=1e-3),
    "Adam at rest": lambda m: Adam(m.parameters(), lr=0.0),
    "Adam of another network": lambda m: Adam(LeNet5().parameters(), lr=1e-4),
    "Adam, C3 frozen": lambda m: Adam(with_frozen_c3(m), lr=1e-4),
}


def changes(model, before):
    """What training has added to each parameter that it moved."""
    return {
        name: p.detach() - before[name]
        for name, p in model.named_parameters()
        if not torch.equal(p, before[name])
    }


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("optimiser", OPTIMISERS.values(), ids=OPTIMISERS)
def test_every_optimiser_steps_as_pytorchs_does(optimiser, batch):
    """The same parameters by the same steps, whichever of them it holds, and under which names."""
    (x, labels), found = drawn(40), []
    for engine, dtype in ((compiled, torch.float32), (eager, torch.float64)):
        model = LeNet5(generator=rng(5)).to(dtype)
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        made = optimiser(model)
        for rate in (1, 0.5):  # Adam's moments go on from one pass to the next
            for group in made.param_groups:
                group["lr"] *= rate
            engine.train_one_pass(model, made, EQ_9, x.to(dtype), labels, torch.arange(40), batch)
        kept = {name: made.state[p] for name, p in model.named_parameters() if p in made.state}
        found.append((trained(model), changes(model, before), kept))
    (ours, our_changes, our_state), (theirs, their_changes, their_state) = found
    assert_same(ours, theirs, 2e-5)
    assert our_changes.keys() == their_changes.keys()
    assert_same(our_changes, their_changes, 1e-3)
    assert our_state.keys() == their_state.keys()
    for name, state in their_state.items():
        assert our_state[name].keys() == state.keys()
        assert_same(our_state[name], state, 1e-3)


class Otherwise(SDLM):
    """What may have a step of its own."""


REFUSED = {
    "RMSprop": lambda m: torch.optim.RMSprop(m.parameters()),
    "AdamW": lambda m: torch.optim.AdamW(m.parameters()),
    "Otherwise": lambda m: Otherwise(m.named_parameters(), 1e-3),
    "SGD with momentum": lambda m: SGD(m.parameters(), momentum=0.9),
    "SGD with maximize": lambda m: SGD(m.parameters(), maximize=True),
    "SGD with weight_decay": lambda m: SGD(
        [{"params": m.c1.parameters()}, {"params": m.f6.parameters(), "weight_decay": 0.1}]
    ),
    "Adam with amsgrad, weight_decay": lambda m: Adam(
        m.parameters(), weight_decay=0.1, amsgrad=True
    ),
    "Adam with maximize": lambda m: Adam(m.parameters(), maximize=True),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_compiled_is_refused(what):
    model, (x, labels) = LeNet5(), drawn(2)
    with pytest.raises(TypeError, match=f"expected SDLM, or plain SGD or Adam, got {what}$"):
        compiled.train_one_pass(model, REFUSED[what](model), EQ_9, x, labels, torch.arange(2))


@pytest.mark.parametrize("other", [{"eps": 1e-3}, {"betas": (0.9, 0.99)}], ids=str)
def test_groups_of_adam_that_differ_in_more_than_their_rate_are_refused(other):
    model, (x, labels) = LeNet5(), drawn(2)
    optimizer = Adam(model.c1.parameters())
    optimizer.add_param_group({"params": model.f6.parameters(), **other})
    with pytest.raises(TypeError, match="expected Adam with the same betas, eps and steps"):
        compiled.train_one_pass(model, optimizer, EQ_9, x, labels, torch.arange(2))


def test_parameters_that_adam_has_stepped_less_often_are_refused():
    model, (x, labels) = LeNet5(), drawn(2)
    given = model, Adam(with_frozen_c3(model)), EQ_9, x, labels, torch.arange(2)
    compiled.train_one_pass(*given)
    model.requires_grad_(True)
    with pytest.raises(TypeError, match="expected Adam with the same betas, eps and steps"):
        compiled.train_one_pass(*given)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_how_pytorch_would_compute_a_step_does_not_matter(kind):
    learned = []
    for how in ({}, {"foreach": True}, {"fused": True}):
        model, (x, labels) = LeNet5(rng(5)), drawn(2)
        optimizer = kind(model.parameters(), lr=1e-3, **how)
        compiled.train_one_pass(model, optimizer, EQ_9, x, labels, torch.arange(2))
        learned.append(model.f6.weight)
    assert not torch.equal(learned[0], LeNet5(rng(5)).f6.weight)
    assert torch.equal(learned[0], learned[1])
    assert torch.equal(learned[0], learned[2])


NOT_FLOAT32 = {
    "float64": lambda m: m.double(),
    "float16": lambda m: m.half(),
    "meta": lambda m: m.to("meta"),
    "one bias": lambda m: m.c5.double(),
    "centers": lambda m: m.rbf.double(),
}


@pytest.mark.parametrize("spoil", NOT_FLOAT32.values(), ids=NOT_FLOAT32)
def test_parameters_that_are_not_float32_on_the_cpu_are_refused(spoil):
    model, (x, labels) = LeNet5(), drawn(2)
    spoil(model)
    for call in (
        lambda: compiled.train_one_pass(
            model, SGD(model.parameters()), EQ_9, x, labels, torch.arange(2)
        ),
        lambda: compiled.diagonal_curvature(model, x, labels, EQ_9),
        lambda: compiled.penalties(model, x),
    ):
        with pytest.raises(ValueError, match="expected float32 parameters on the CPU, got"):
            call()


def test_a_network_of_which_nothing_is_trained_is_refused():
    model, (x, labels) = LeNet5().requires_grad_(False), drawn(2)
    optimizer = SGD(model.parameters())
    with pytest.raises(ValueError, match="no parameter is trained"):
        compiled.train_one_pass(model, optimizer, EQ_9, x, labels, torch.arange(2))
    with pytest.raises(ValueError, match="no parameter is trained"):
        compiled.diagonal_curvature(model, x, labels, EQ_9)


# Sessions


def split(n, seed):
    return Split(*draw_digits(n, seed))


RECIPES = {
    "sgd": Recipe(schedule=(1e-3, 5e-4, 2e-4), optimizer="sgd"),
    "adam": Recipe(schedule=(1e-4, 5e-5, 2e-5), optimizer="adam", batch=4),
    "noise": Recipe(schedule=(5e-4, 2e-4, 1e-4), noise=0.1),
    "linear": Recipe(network=LeNet5Config("relu", "max", "full", "linear"), loss=CROSS_ENTROPY,
                     output_curvature=0.25, schedule=(1e-5, 5e-6, 2e-6)),
    "standardised": Recipe(schedule=(5e-4, 2e-4, 1e-4), levels=(-0.42, 2.82)),
}  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_session_that_is_put_back_goes_on_in_the_same_bits(recipe):
    train, test = split(60, 1), split(20, 2)
    whole = Session(recipe, 3, train, test, compiled)
    list(whole.passes())
    begun = Session(recipe, 3, train, test, compiled)
    next(begun.passes())
    records = [vars(record) for record in begun.records]
    rest = Session(recipe, 3, train, test, compiled)
    rest.restore(begun.state(), records)
    list(rest.passes())
    for name, p in whole.model.named_parameters():
        assert torch.equal(p, rest.model.get_parameter(name)), name
    errors = [(r.errors_during, r.test_errors) for r in whole.records]
    assert errors == [(r.errors_during, r.test_errors) for r in rest.records]


def test_a_smaller_training_set_is_the_first_patterns():
    session = Session(Recipe(training_patterns=25), 0, split(60, 1), split(20, 2), compiled)
    assert torch.equal(session.train.images, split(60, 1).images[:25])


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(levels=(-0.5, 2.5)),
        Recipe(network=LeNet5Config(output="bitmaps and blank"), strings=SECTION_VII, noise=0.1),
    ],
    ids=["levels", "strings"],
)
def test_a_recipe_shows_a_network_what_its_session_judges_it_on(recipe):
    session = recipe.session(split(30, 1), split(20, 2), 0)
    penalties = recipe.penalties(session.model, split(20, 2))
    assert torch.equal(penalties, compiled.penalties(session.model, session.test.inputs))
    assert not torch.equal(session.test.inputs, split(20, 2).inputs)


def test_levels_are_those_of_paper_and_ink():
    recipe = Recipe(levels=(-0.5, 2.5))
    session = Session(recipe, 0, split(30, 1), split(20, 2), compiled)
    for of_session in (session.train, session.test):
        assert (of_session.inputs.min(), of_session.inputs.max()) == (-0.5, 2.5)
