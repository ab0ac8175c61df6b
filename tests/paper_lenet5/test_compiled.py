"""Oracle and contract of the compiled pass: the readable loop in float64, and whatever thread it is.

Training amplifies rounding, so a bound on it holds for what it was measured on. Here: 1,000 patterns
that can be learned, at the printed eta of the first pass, 0.0005, with the same step sizes on both
sides. Of 48 such runs (six networks, four losses, drawn digits and MNIST) the worst left a tensor at
3e-5 of its norm from float64, the others at 1e-6 to 8e-6; the tests ask for 1e-4.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from paper_lenet5 import SDLM, LeNet5, MAPLoss, MSELoss, diagonal_curvature, eager, preprocess
from paper_lenet5.bitmaps import digit_bitmaps
from paper_lenet5.config import LeNet5Config
from paper_lenet5.connections import TABLE_I
from paper_lenet5.layers import TableConvolution, squash
from paper_lenet5.recipe import Recipe
from paper_lenet5.variants import CROSS_ENTROPY, Variant
from tests.conftest import draw_digits, random_model

compiled = pytest.importorskip("paper_lenet5.compiled", exc_type=ImportError)

LOSSES = {
    "eq. 8": MSELoss(),
    "half eq. 8": MSELoss(factor=0.5),
    "eq. 9, j = 20": MAPLoss(j=20.0),
    "half eq. 9, j = 5": MAPLoss(j=5.0, factor=0.5),
}
FIRST_ETA = 0.0005


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(n, seed=0):
    images, labels = draw_digits(n, seed)
    return preprocess(images), labels


def double(model):
    copy = LeNet5().double()
    copy.load_state_dict(model.state_dict())
    return copy


def flat(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def with_steps(model, h, eta=FIRST_ETA):
    optimizer = SDLM(model.named_parameters(), eta)
    optimizer.set_curvature({name: value.to(model.f6.bias.dtype) for name, value in h.items()})
    return optimizer


def trained(model, x, labels, order, loss=None, eta=FIRST_ETA):
    """The model after one compiled pass, and its errors; the step sizes depend on nothing else."""
    h = {name: 0.1 + torch.rand(p.shape, generator=rng(1)) for name, p in model.named_parameters()}
    optimizer = with_steps(model, h, eta)
    errors = compiled.train_one_pass(model, optimizer, loss or MAPLoss(20.0), x, labels, order)
    return model, errors


def assert_learns_as_float64_does(model, x, labels, loss):
    order = torch.randperm(len(labels), generator=rng(2))
    reference = double(model)
    output_curvature = 2.0 if isinstance(loss, MAPLoss) else None
    h = diagonal_curvature(reference, x[:200].double(), labels[:200], loss, output_curvature)
    errors = compiled.train_one_pass(model, with_steps(model, h), loss, x, labels, order)
    in_double = with_steps(reference, h)
    expected = eager.train_one_pass(reference, in_double, loss, x.double(), labels, order)
    assert errors == expected
    assert errors < 0.6 * len(labels)  # it did learn: nine in ten would be none
    for name, p in model.named_parameters():
        q = reference.get_parameter(name).detach()
        assert (p.detach().double() - q).norm() <= 1e-4 * q.norm(), name


# Against float64


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_1_000_drawn_digits_leave_the_parameters_of_float64(seed):
    """Another network, another loss and other digits each time."""
    x, labels = drawn(1000, seed)
    loss = list(LOSSES.values())[seed - 1]
    assert_learns_as_float64_does(LeNet5(generator=rng(seed)), x, labels, loss)


@pytest.mark.parametrize("loss", [MSELoss(), Recipe().loss], ids=str)
def test_1_000_digits_of_mnist_leave_the_parameters_of_float64(digits, loss):
    images, labels = digits
    assert_learns_as_float64_does(
        LeNet5(generator=rng(4)), preprocess(images[:1000]), labels[:1000], loss
    )


@pytest.mark.parametrize("loss", [MSELoss(), MAPLoss(0.5), MAPLoss(60.0, factor=0.5)], ids=str)
def test_a_single_step_of_any_network_is_that_of_float64(loss):
    """On noise, from parameters none of which is 0, so that no part of the way back is idle."""
    model, reference = random_model(5), double(random_model(5))
    x = torch.rand(1, 1, 32, 32, generator=rng()) * 1.275 - 0.1
    labels, order = torch.tensor([7]), torch.tensor([0])
    h = {name: torch.rand(p.shape, generator=rng(6)) for name, p in model.named_parameters()}
    compiled.train_one_pass(model, with_steps(model, h), loss, x, labels, order)
    eager.train_one_pass(reference, with_steps(reference, h), loss, x.double(), labels, order)
    before = dict(random_model(5).named_parameters())
    for name, p in model.named_parameters():
        moved = reference.get_parameter(name).detach() - before[name].double()
        error = (p.detach().double() - before[name].double() - moved).norm()
        assert error <= 2e-4 * moved.norm() + 1e-6 * before[name].norm(), name
        assert (moved != 0).all()


def test_penalties_are_those_of_float64():
    model, (x, _) = random_model(), drawn(50)
    y = compiled.penalties(model, x)
    assert y.dtype == torch.float32
    expected = double(model)(x.double()).detach()
    torch.testing.assert_close(y.double(), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    "config",
    [LeNet5Config(), LeNet5Config(activation="relu", pooling="max", output="linear"),
     LeNet5Config("tanh", "average", "full", "one of ten")],
    ids=["1998", "max pooling, linear, ReLU", "average pooling, full table, one of ten, tanh"],
)  # fmt: skip
def test_sixteen_images_at_once_have_the_penalties_of_each_by_itself(config):
    """Bit by bit, although the lanes are images there and columns, maps and units here."""
    model, (x, _) = Variant(config, rng(1)), drawn(300)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=rng(2)))
    one_by_one = torch.cat([compiled.penalties(model, image[None]) for image in x])
    assert torch.equal(compiled.penalties(model, x), one_by_one)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("coefficient_input", ["sum", "each"])
@pytest.mark.parametrize("constant", [None, 2.0])
def test_curvature_is_that_of_float64(loss, coefficient_input, constant):
    model, (x, labels) = random_model(), drawn(20)
    h = compiled.diagonal_curvature(model, x, labels, loss, constant, coefficient_input)
    expected = diagonal_curvature(
        double(model), x.double(), labels, loss, constant, coefficient_input
    )
    for name, value in expected.items():
        assert h[name].dtype == torch.float32
        atol = 2e-6 * value.max().item()
        torch.testing.assert_close(h[name].double(), value, rtol=2e-5, atol=atol)


@pytest.mark.parametrize("loss", [MAPLoss(10.0), MAPLoss(math.inf), MSELoss()], ids=str)
@pytest.mark.parametrize("output", ["random codes", "linear"])
@pytest.mark.parametrize("classes", [16, 17, 33, 300])
def test_any_number_of_classes_is_learned_as_eagerly(classes, output, loss):
    """What is computed of each class has room, and what lies beside it is left alone."""
    config = LeNet5Config(output=output, classes=tuple(map(str, range(classes))))
    x, _ = drawn(20)
    labels = torch.arange(classes - 20, classes) % classes
    if output == "linear":
        loss = CROSS_ENTROPY
    learned = []
    for engine in (compiled, eager):
        model = Variant(config, rng(1))
        h = engine.diagonal_curvature(model, x, labels, loss)
        alike = {name: torch.ones_like(value) for name, value in h.items()}
        engine.train_one_pass(model, with_steps(model, alike), loss, x, labels, torch.arange(20))
        learned.append((model, h))
    (model, h), (expected, of_expected) = learned
    for name, p in expected.named_parameters():
        assert (model.get_parameter(name) - p).norm() <= 1e-4 * p.norm(), name
        assert (h[name] - of_expected[name]).norm() <= 1e-4 * h[name].norm(), name
    assert torch.allclose(compiled.penalties(model, x), eager.penalties(model, x), atol=1e-3)


@pytest.fixture(scope="module")
def squash_of():
    """f of an array of float32, by the compiled pass's own function over its lanes."""
    import numba

    from paper_lenet5.compiled.kernels import SCALED_TANH, squash
    from paper_lenet5.compiled.lanes import LANES
    from paper_lenet5.compiled.layout import zeros

    @numba.njit
    def over_lanes(x, slopes, vectors):
        squash(SCALED_TANH, x, slopes, 0, vectors)

    def apply(values):
        x, slopes = (zeros(len(values) + LANES) for _ in range(2))
        x[: len(values)] = values
        over_lanes(x, slopes, -(-len(values) // LANES))
        return x[: len(values)], slopes[: len(values)]

    return apply


def test_squash_is_1_7159_tanh_of_two_thirds_from_minus_20_to_20(squash_of):
    a = np.linspace(-20, 20, 400_001).astype(np.float32)
    x, slopes = squash_of(a)
    y = 2 / 3 * a.astype(np.float64)
    np.testing.assert_allclose(x, 1.7159 * np.tanh(y), rtol=6e-7, atol=0)
    np.testing.assert_allclose(slopes, 1.7159 * 2 / 3 / np.cosh(y) ** 2, rtol=0, atol=2e-6)


def test_squash_keeps_tiny_numbers_and_takes_huge_ones(squash_of):
    a = np.array([0, 1e-30, -1e-30, 1e-8, 60, -60, 1e20, -1e20, np.inf, -np.inf], np.float32)
    x, slopes = squash_of(a)
    y = 2 / 3 * a.astype(np.float64)
    np.testing.assert_allclose(x, 1.7159 * np.tanh(y), rtol=6e-7, atol=0)
    assert (np.abs(slopes[4:]) < 2e-6).all()


@pytest.mark.parametrize("j", [0.01, 1e4, 1e30])
@pytest.mark.parametrize("scale", [0, 1, 300])
def test_a_step_stays_finite_for_any_j_and_any_penalty(j, scale):
    """F6 at 0, at a bitmap, and beside centers so far that e^-y is 0 in float32."""
    model = random_model()
    with torch.no_grad():
        model.f6.weight.mul_(0.1)
        model.f6.bias.copy_(min(scale, 1) * digit_bitmaps()[3])
        model.rbf.centers.mul_(max(scale, 1))
    reference, (x, labels) = double(model), drawn(2)
    h = {name: torch.ones(p.shape) for name, p in model.named_parameters()}
    for network, optimizer, pixels, train in (
        (model, with_steps(model, h), x, compiled.train_one_pass),
        (reference, with_steps(reference, h, FIRST_ETA), x.double(), eager.train_one_pass),
    ):
        train(network, optimizer, MAPLoss(j), pixels, labels, torch.tensor([1]))
    expected = flat(reference)
    assert (flat(model).double() - expected).norm() <= 1e-5 * expected.norm()


def test_what_is_no_number_stays_none(squash_of):
    """A fault in the parameters shows in the answer; one in the input is refused."""
    assert np.isnan(squash_of(np.array([np.nan, 1], np.float32))[0]).tolist() == [True, False]
    model, (x, _) = random_model(), drawn(2)
    with torch.no_grad():
        model.c1.bias[0] = torch.nan
    assert compiled.penalties(model, x).isnan().all()
    x[1, 0, 16, 16] = torch.nan
    with pytest.raises(ValueError, match="got nan to nan"):
        compiled.penalties(random_model(), x)


@pytest.mark.parametrize("value", [math.nan, math.inf, -10.5])
@pytest.mark.parametrize("image", [0, 15, 17], ids=["first", "last of sixteen", "by itself"])
@pytest.mark.parametrize("pixel", [0, 17, 1023])
def test_a_value_that_no_image_has_is_found_wherever_a_pass_meets_it(value, image, pixel):
    model, (x, labels) = random_model(), drawn(18)
    x.view(18, -1)[image, pixel] = value
    before, order = flat(model), torch.arange(18)
    optimizer = torch.optim.Adam(model.parameters())
    for look in (
        lambda: compiled.penalties(model, x),
        lambda: compiled.diagonal_curvature(model, x, labels, MSELoss()),
        lambda: compiled.train_one_pass(model, optimizer, MSELoss(), x, labels, order),
    ):
        with pytest.raises(ValueError, match="as preprocess gives it"):
            look()
    assert torch.equal(flat(model), before)
    assert not optimizer.state, "a refused pass leaves no moments"
    compiled.train_one_pass(model, optimizer, MSELoss(), x, labels, order[order != image])
    assert flat(model).isfinite().all()


# Always the same numbers


def test_repeated_calls_give_the_same_bits():
    x, labels = drawn(60)
    order = torch.randperm(60, generator=rng())
    model, errors = trained(random_model(), x, labels, order)
    again, same = trained(random_model(), x, labels, order)
    assert errors == same
    assert torch.equal(flat(model), flat(again))
    for function in (
        lambda: compiled.penalties(model, x),
        lambda: torch.cat([h.flatten() for h in compiled.diagonal_curvature(
            model, x, labels, MAPLoss(20.0)).values()]),
    ):  # fmt: skip
        assert torch.equal(function(), function())


def test_any_thread_and_four_at_once_give_the_same_bits():
    """Each thread trains a network of its own on patterns of its own, on and on."""
    cases = [(seed, *drawn(150, seed)) for seed in range(4)]

    def work(case):
        seed, x, labels = case
        order = torch.randperm(len(labels), generator=rng(seed)).repeat(3)
        model, errors = trained(random_model(seed), x, labels, order)
        h = compiled.diagonal_curvature(model, x, labels, MAPLoss(20.0))
        h = torch.cat([value.flatten() for value in h.values()])
        return errors, flat(model), h, compiled.penalties(model, x)

    alone = [work(case) for case in cases]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(work, cases * 2))
    for one, other in zip(alone * 2, together, strict=True):
        assert one[0] == other[0]
        assert all(torch.equal(a, b) for a, b in zip(one[1:], other[1:], strict=True))
    assert not torch.equal(alone[0][1], alone[1][1])


def test_work_of_one_call_does_not_depend_on_the_calls_before():
    """No state of an earlier pattern, pass or network is left over."""
    x, labels = drawn(30)
    model = random_model(1)
    y = compiled.penalties(model, x)
    assert torch.equal(compiled.penalties(model, x[7:8])[0], y[7])
    trained(random_model(2), x, labels, torch.arange(30))
    assert torch.equal(compiled.penalties(model, x), y)
    one, _ = trained(random_model(3), x, labels, torch.tensor([4, 9]))
    half, _ = trained(random_model(3), x, labels, torch.tensor([4]))
    other, _ = trained(half, x, labels, torch.tensor([9]))
    assert torch.equal(flat(one), flat(other))


# What it is given


def images_of_every_kind():
    x, _ = drawn(24)
    wide = torch.zeros(24, 1, 32, 40)
    wide[..., 5:37] = x
    return {
        "every other one": (torch.stack([x, x + 1], 1).flatten(0, 1)[::2], x),
        "a window of a wider field": (wide[..., 5:37], x),
        "transposed": (x.transpose(2, 3).contiguous().transpose(2, 3), x),
        "one image repeated": (x[3:4].expand(24, 1, 32, 32), x[3:4].repeat(24, 1, 1, 1)),
    }


@pytest.mark.parametrize("kind", images_of_every_kind())
def test_images_need_not_be_contiguous(kind):
    x, expected = images_of_every_kind()[kind]
    labels = draw_digits(24)[1]
    assert not x.is_contiguous()
    assert expected.is_contiguous()
    model = random_model()
    assert torch.equal(compiled.penalties(model, x), compiled.penalties(model, expected))
    h = compiled.diagonal_curvature(model, x, labels, MAPLoss(20.0))
    other = compiled.diagonal_curvature(model, expected, labels, MAPLoss(20.0))
    assert all(torch.equal(h[name], other[name]) for name in h)
    order = torch.arange(24)
    one, _ = trained(random_model(), x, labels, order)
    same, _ = trained(random_model(), expected, labels, order)
    assert torch.equal(flat(one), flat(same))


def test_the_order_is_honoured_with_its_repetitions():
    x, labels = drawn(8)
    order = torch.tensor([5, 5, 0, 7, 5, 0])
    model, errors = trained(random_model(), x, labels, order)
    same, expected = trained(random_model(), x[order], labels[order], torch.arange(6))
    assert errors == expected
    assert torch.equal(flat(model), flat(same))
    backwards, _ = trained(random_model(), x, labels, order.flip(0))
    assert not torch.equal(flat(model), flat(backwards))


@pytest.mark.parametrize(
    "x",
    [
        torch.zeros(2, 1, 28, 28),
        torch.zeros(2, 1, 40, 40),
        torch.zeros(2, 1, 64, 16),
        torch.zeros(2, 3, 32, 32),
        torch.zeros(2, 32, 32),
        torch.zeros(2, 1, 32, 32, dtype=torch.float64),
        torch.zeros(2, 1, 32, 32, dtype=torch.uint8),
    ],
    ids=lambda x: f"{x.dtype}-{tuple(x.shape)}",
)
def test_images_that_are_not_float32_of_32_by_32_are_refused(x):
    """Compiled code would read their bytes as if they were, and beyond the last one."""
    model, labels = random_model(), torch.zeros(2, dtype=torch.int64)
    refused = pytest.raises(ValueError, match=r"expected float32 images of shape \(N, 1, 32, 32\)")
    with refused:
        compiled.penalties(model, x)
    with refused:
        compiled.diagonal_curvature(model, x, labels, MSELoss())
    with refused:
        trained(model, x, labels, torch.tensor([0]))


def other_table():
    model = LeNet5()
    model.c3 = TableConvolution([(0, 1, 2, 3), *TABLE_I[1:]])
    return model


class Sine(LeNet5):
    def activation(self, layer):
        return torch.sin if layer == "f6" else squash


def test_the_states_are_what_the_activation_makes_of_the_sums():
    model, (x, _) = Sine(), drawn(3)
    states = model.states(x)
    assert torch.equal(states["f6"], torch.sin(model.f6(states["c5"].movedim(1, -1))))


@pytest.mark.parametrize("other", [other_table, Sine])
def test_what_has_no_kernel_is_left_to_the_readable_pass(other):
    x, labels = drawn(3)
    for work in (
        lambda model: compiled.penalties(model, x),
        lambda model: compiled.diagonal_curvature(model, x, labels, MSELoss()),
        lambda model: trained(model, x, labels, torch.tensor([0])),
    ):
        with pytest.raises(ValueError, match=r"expected .*: paper_lenet5\.eager takes"):
            work(other())


@pytest.mark.parametrize("fault", ["no images", "a label too few", "no such reading"])
def test_curvature_refuses_what_the_readable_one_refuses(fault):
    x, labels = drawn(3)
    n, k = {"no images": (0, 0), "a label too few": (3, 2)}.get(fault, (3, 3))
    reading = "mean" if fault == "no such reading" else "sum"
    for function in (diagonal_curvature, compiled.diagonal_curvature):
        with pytest.raises(ValueError, match="expected"):
            function(LeNet5(), x[:n], labels[:k], MSELoss(), None, reading)


@pytest.mark.parametrize("label", [10, -1, 2**40])
def test_labels_that_no_class_has_are_refused(label):
    """Compiled code would write beside its arrays; the network has been left as it was."""
    x, labels = drawn(3)
    labels[1], model = label, random_model()
    with pytest.raises(ValueError, match=r"expected labels 0 \.\.\. 9"):
        trained(model, x, labels, torch.tensor([0]))
    with pytest.raises(ValueError, match=r"expected labels 0 \.\.\. 9"):
        compiled.diagonal_curvature(model, x, labels, MSELoss())
    with pytest.raises(ValueError, match=r"expected \(3,\) int64 labels"):
        trained(model, x, torch.zeros(3), torch.tensor([0]))
    assert torch.equal(flat(model), flat(random_model()))


@pytest.mark.parametrize("index", [3, -1, 2**40])
def test_an_order_beyond_the_images_is_refused(index):
    x, labels = drawn(3)
    with pytest.raises(ValueError, match=r"expected an order of 0 \.\.\. 2"):
        trained(random_model(), x, labels, torch.tensor([0, index, 1]))


def test_an_empty_order_changes_nothing():
    x, labels = drawn(3)
    model, errors = trained(random_model(), x, labels, torch.zeros(0, dtype=torch.int64))
    assert errors == 0
    assert torch.equal(flat(model), flat(random_model()))


def test_no_images_have_no_penalties():
    assert compiled.penalties(LeNet5(), torch.zeros(0, 1, 32, 32)).shape == (0, 10)


def test_the_network_given_is_trained_in_place_and_the_data_are_left_alone():
    x, labels = drawn(5)
    model = random_model()
    kept = dict(model.named_parameters())
    images, order = x.clone(), torch.tensor([1, 0, 4])
    trained(model, x, labels, order)
    assert torch.equal(x, images)
    assert torch.equal(labels, draw_digits(5)[1])
    assert order.tolist() == [1, 0, 4]
    for name, p in model.named_parameters():
        assert p is kept[name]
        assert p.requires_grad
        assert not torch.equal(p, random_model().get_parameter(name))
    assert torch.equal(model.rbf.centers, digit_bitmaps())


@pytest.mark.parametrize("layer", ["c1", "s2", "c3", "c5", "f6"])
def test_a_layer_that_is_not_trained_stays_as_it_is(layer):
    (x, labels), model = drawn(30), random_model()
    before = flat(model)
    model.get_submodule(layer).requires_grad_(False)
    h = {name: torch.ones_like(p) for name, p in model.named_parameters() if p.requires_grad}
    optimizer = SDLM([(n, p) for n, p in model.named_parameters() if p.requires_grad], 0.01)
    optimizer.set_curvature(h)
    compiled.train_one_pass(model, optimizer, MSELoss(), x, labels, torch.arange(30))
    at = 0
    for name, p in model.named_parameters():
        same = torch.equal(p.detach().flatten(), before[at : at + p.numel()])
        assert same == name.startswith(layer), name
        at += p.numel()


def test_each_parameter_has_its_own_step_size():
    """Only where the step size is not next to 0 does anything move: one parameter of each tensor."""
    x, labels = drawn(1)
    for name, p in LeNet5().named_parameters():
        model, position = random_model(), p.numel() * 2 // 3
        h = {key: torch.full(q.shape, 1e30) for key, q in model.named_parameters()}
        h[name].view(-1)[position] = 0
        compiled.train_one_pass(
            model, with_steps(model, h), MSELoss(), x, labels, torch.tensor([0])
        )
        moved = (flat(model) != flat(random_model())).nonzero().flatten()
        start = sum(q.numel() for q in list(model.parameters())[: list(h).index(name)])
        assert moved.tolist() == [start + position], name
