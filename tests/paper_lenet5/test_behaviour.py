"""Behaviour: for each fault of codes that call themselves LeNet-5, a test that it would fail."""

import copy
import dataclasses
import io
import math
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from paper_lenet5 import SDLM, LeNet5, MAPLoss, MSELoss, diagonal_curvature, eager, preprocess
from paper_lenet5.bitmaps import digit_bitmaps
from paper_lenet5.config import LeNet5Config
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.initialisation import PRINTED, Initialisation, initialise
from paper_lenet5.layers import Subsampling, TableConvolution
from paper_lenet5.patterns import Split
from paper_lenet5.rbf import EuclideanRBF
from paper_lenet5.recipe import SCHEDULE, Recipe
from paper_lenet5.strings import SECTION_VII
from paper_lenet5.training import Session
from paper_lenet5.variants import build
from tests.conftest import CROSSES, draw_digits, random_model

LOSSES = [MSELoss(), MSELoss(0.5), MAPLoss(j=1.0), MAPLoss(j=20.0), MAPLoss(j=5.0, factor=0.5)]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def answering(digit):
    """A network that sees nothing and draws one bitmap in F6."""
    model = random_model()
    with torch.no_grad():
        model.f6.weight.zero_()
        model.f6.bias.copy_(digit_bitmaps()[digit])
    return model


def drawn(n, seed=0):
    """n drawn digits as the network's input, and their labels."""
    images, labels = draw_digits(n, seed)
    return preprocess(images), labels


def compiled():
    pytest.importorskip("numba", reason="the compiled pass needs numba")
    from paper_lenet5 import compiled

    return compiled


@pytest.fixture(params=["eager", "compiled"])
def engine(request):
    return eager if request.param == "eager" else compiled()


# The output layer


@pytest.mark.parametrize("digit", range(10))
def test_a_bitmap_has_penalty_0_for_its_own_class(digit):
    bitmaps = digit_bitmaps()
    y = EuclideanRBF(bitmaps)(bitmaps[digit])
    assert y[digit] == 0
    assert y.argmin() == digit
    assert y.sort().values[1] >= 4 * 12  # 6 and 8 are the nearest


def test_penalties_are_squared_distances_without_root_or_half():
    """Each pixel between +1 and -1 counts 4: four times the number of differing pixels."""
    bitmaps = digit_bitmaps()
    y = EuclideanRBF(bitmaps)(bitmaps)
    expected = [[4 * sum(p != q for p, q in zip(a, b, strict=True)) for b in bitmaps.tolist()]
                for a in bitmaps.tolist()]  # fmt: skip
    assert y.tolist() == expected
    assert y[6, 8] == 48
    assert y[1, 4] == 200


def test_rbf_keeps_a_copy_of_its_centers():
    bitmaps = digit_bitmaps()
    rbf = EuclideanRBF(bitmaps)
    bitmaps.zero_()
    assert torch.equal(rbf.centers, digit_bitmaps())


@pytest.mark.parametrize("digit", range(10))
def test_smallest_penalty_wins(engine, digit):
    model, (x, _) = answering(digit), drawn(2)
    y = engine.penalties(model, x)
    assert y.shape == (2, 10)
    assert (y[:, digit] < 1e-3).all()
    assert (y.argmin(1) == digit).all()
    assert model.classify(x).tolist() == [digit, digit]


def test_penalties_come_in_the_order_of_the_images(engine):
    """However many there are: more than the thousand that go through at a time."""
    model, (x, _) = random_model(), drawn(11)
    y = engine.penalties(model, x)
    assert len(y.unique(dim=0)) == 11
    again = engine.penalties(model, x.repeat(100, 1, 1, 1))
    torch.testing.assert_close(again, y.repeat(100, 1), rtol=1e-5, atol=1e-4)


# The layers


def test_subsampling_adds_its_inputs_and_does_not_average_them():
    layer = Subsampling(1)
    with torch.no_grad():
        layer.coefficient.fill_(0.5)
        layer.bias.fill_(0.25)
    out = layer(torch.tensor([[[[1.0, 2.0, 10.0, 20.0], [3.0, 4.0, 30.0, 40.0]]]]))
    assert out.tolist() == [[[[5.25, 50.25]]]]


def test_subsampling_has_a_coefficient_and_a_bias_for_each_map():
    layer = Subsampling(3)
    with torch.no_grad():
        layer.coefficient.copy_(torch.tensor([1.0, -2.0, 3.0]))
        layer.bias.copy_(torch.tensor([10.0, 20.0, 30.0]))
    assert layer(torch.ones(1, 3, 2, 2)).flatten().tolist() == [14, 12, 42]


def test_subsampling_leaves_out_a_last_odd_row_and_column():
    layer = Subsampling(1)
    with torch.no_grad():
        layer.coefficient.fill_(1)
        layer.bias.zero_()
    x = torch.ones(1, 1, 5, 7)
    x[..., 4, :] = x[..., :, 6] = 100
    assert layer(x).tolist() == [[[[4.0] * 3] * 2]]


def test_c3_adds_its_bias_once_for_each_map():
    c3 = LeNet5().c3
    with torch.no_grad():
        c3.weight.zero_()
        c3.bias.copy_(torch.arange(16.0))
    a = c3(torch.randn(1, 6, 14, 14, generator=rng()))
    assert torch.equal(a, torch.arange(16.0).view(1, 16, 1, 1).expand(1, 16, 10, 10))


def test_c3_is_the_loop_over_table_1():
    table = [[i for i in range(6) if CROSSES[i][m] == "X"] for m in range(16)]
    c3 = random_model().double().c3
    x = torch.randn(2, 6, 14, 14, generator=rng(), dtype=torch.float64)
    images, kernels = x.numpy(), c3.weight.detach().numpy()
    expected = np.zeros((2, 16, 10, 10))
    for n in range(2):
        cross = 0
        for m, inputs in enumerate(table):
            expected[n, m] = c3.bias[m].item()
            for i in inputs:
                for row in range(10):
                    for column in range(10):
                        window = images[n, i, row : row + 5, column : column + 5]
                        expected[n, m, row, column] += (window * kernels[cross]).sum()
                cross += 1
    np.testing.assert_allclose(c3(x).detach().numpy(), expected, rtol=1e-12, atol=1e-13)


def test_table_convolution_of_another_table_and_kernel():
    layer = TableConvolution([(1,), (0, 2)], kernel_size=1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, 3.0, 5.0]).view(3, 1, 1))
        layer.bias.copy_(torch.tensor([0.5, 0.25]))
    x = torch.tensor([1.0, 10.0, 100.0]).view(1, 3, 1, 1)
    assert layer(x).flatten().tolist() == [20.5, 503.25]


def test_every_layer_up_to_f6_is_squashed():
    """f lies in +-1.7159 and each layer's state is f of its weighted sums."""
    model, (x, _) = random_model().double(), drawn(3)
    states = model.states(x.double())
    below = x.double()
    for name in ("c1", "s2", "c3", "s4", "c5", "f6"):
        a = getattr(model, name)(below.movedim(1, -1) if name == "f6" else below)
        expected = 1.7159 * np.tanh(2 / 3 * a.detach().numpy())
        np.testing.assert_allclose(states[name].detach().numpy(), expected, rtol=1e-12)
        below = states[name]


def test_a_wide_input_gives_the_network_applied_every_four_pixels():
    model = random_model().double()
    x = torch.rand(2, 1, 40, 53, generator=rng(), dtype=torch.float64)
    y = model(x)
    assert y.shape == (2, 10, 3, 6)
    for row in range(3):
        for column in range(6):
            window = x[..., 4 * row : 4 * row + 32, 4 * column : 4 * column + 32]
            torch.testing.assert_close(y[..., row, column], model(window), rtol=1e-10, atol=1e-10)
    assert torch.equal(model.classify(x, check=False), y.argmin(1))


def test_the_network_refuses_pixels_of_another_type_than_its_own():
    with pytest.raises(ValueError, match=r"expected torch.float32, .* got torch.float64"):
        LeNet5()(torch.zeros(1, 1, 32, 32, dtype=torch.float64))


@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (1, 3, 32, 32), (1, 32, 32), (1, 1, 40, 31)])
def test_the_network_refuses_other_inputs(shape):
    with pytest.raises(ValueError, match=r"expected input of shape .* got \(1, "):
        LeNet5()(torch.zeros(shape))


# The losses


def some_penalties(n=6, dtype=torch.float64):
    y = 60 * torch.rand(n, 10, generator=rng(), dtype=dtype)
    return y, torch.tensor([0, 3, 9, 9, 5, 1])[:n]


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_mse_is_the_mean_penalty_of_the_correct_classes(factor):
    y, labels = some_penalties()
    expected = sum(factor * y[n, label].item() for n, label in enumerate(labels)) / 6
    assert MSELoss(factor)(y, labels).item() == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("factor", [1.0, 0.5])
@pytest.mark.parametrize("j", [0.1, 1.0, 20.0, 100.0])
def test_map_is_equation_9_with_the_correct_class_in_the_sum(j, factor):
    y, labels = some_penalties()
    expected = 0.0
    for penalties, label in zip(y.tolist(), labels.tolist(), strict=True):
        scale = math.exp(-j) + sum(math.exp(-factor * v) for v in penalties)
        expected += factor * penalties[label] + math.log(scale)
    assert MAPLoss(j, factor)(y, labels).item() == pytest.approx(expected / 6, rel=1e-12)


def test_losses_have_no_factor_unless_asked():
    assert MSELoss() == MSELoss(factor=1.0)
    assert MAPLoss(3.0) == MAPLoss(j=3.0, factor=1.0)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_are_modules_and_values_at_once(loss):
    assert isinstance(loss, torch.nn.Module)
    same, other = copy.deepcopy(loss).to("cpu").eval(), dataclasses.replace(loss, reduction="sum")
    assert (same, hash(same), repr(same)) == (loss, hash(loss), repr(loss))
    assert other != loss
    assert loss != torch.nn.MSELoss()
    assert not list(loss.parameters())
    with pytest.raises(ValueError, match=r"expected one of .*'none'.*, got 'median'"):
        dataclasses.replace(loss, reduction="median")


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_are_reduced_as_those_of_pytorch(loss):
    y, labels = some_penalties()
    each = dataclasses.replace(loss, reduction="none")(y, labels)
    assert each.shape == (6,)
    torch.testing.assert_close(dataclasses.replace(loss, reduction="sum")(y, labels), each.sum())
    torch.testing.assert_close(loss(y, labels), each.mean())


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_take_the_answers_to_wide_input(loss):
    """Each place has its own label; the network's own answer to two by three of them."""
    model, wide = random_model(), torch.rand(2, 1, 36, 40, generator=rng())
    penalties, labels = model(wide), torch.randint(10, (2, 2, 3), generator=rng())
    rows = penalties.permute(0, 2, 3, 1).reshape(12, 10)
    torch.testing.assert_close(loss(penalties, labels), loss(rows, labels.flatten()))
    each = dataclasses.replace(loss, reduction="none")(penalties, labels)
    assert each.shape == labels.shape


def test_curvature_of_wide_input_is_that_of_all_its_places():
    """Each place is a pattern of its own, whose field the others overlap."""
    model = random_model()
    wide, labels = torch.rand(2, 1, 32, 36, generator=rng()), torch.tensor([[[1, 2]], [[3, 4]]])
    fields = torch.cat([wide[..., :32], wide[..., 4:]])
    for loss in (MSELoss(), MAPLoss(20.0)):
        ours = diagonal_curvature(model, wide, labels, loss)
        theirs = diagonal_curvature(model, fields, torch.tensor([1, 3, 2, 4]), loss)
        for name in ("c5.weight", "f6.weight", "f6.bias"):
            torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_are_means_over_the_patterns(loss):
    y, labels = some_penalties()
    one = [loss(y[n : n + 1], labels[n : n + 1]).item() for n in range(6)]
    assert loss(y, labels).item() == pytest.approx(sum(one) / 6)
    assert loss(y.repeat(3, 1), labels.repeat(3)).item() == pytest.approx(sum(one) / 6)


@pytest.mark.parametrize(
    ("j", "correct", "others", "expected"),
    [
        (20, 0, 0, math.log(10 + math.exp(-20))),
        (20, 0, 1e4, math.log(1 + math.exp(-20))),
        (20, 1e4, 0, 1e4 + math.log(9 + math.exp(-20))),
        (20, 1e4, 1e4, 1e4 - 20),
        (20, 1e30, 1e30, 1e30),
        (20, 0, 1e30, math.log(1 + math.exp(-20))),
        (20, 1e30, 0, 1e30),
        (1e4, 300, 300, math.log(10)),  # e^-300 is 0 in float32
        (1e4, 300, 1e30, 0),
        (300, 1e4, 1e4, 1e4 - 300),
    ],
)
def test_map_stays_finite_for_any_penalty(j, correct, others, expected):
    y = torch.full((1, 10), float(others))
    y[0, 4] = correct
    y.requires_grad_()
    loss = MAPLoss(j)(y, torch.tensor([4]))
    (gradient,) = torch.autograd.grad(loss, y)
    assert loss.item() == pytest.approx(expected, rel=1e-6, abs=1e-6 * max(correct, 1))
    assert gradient.isfinite().all()
    assert (gradient.abs() <= 1).all()


def test_map_is_positive():
    y, labels = some_penalties()
    y[:, 0] = 0
    y[0, 1:] = 60  # the first pattern, a 0, is as well classified as can be
    for j in (0.1, 1.0, 20.0):
        assert all(MAPLoss(j)(y[n : n + 1], labels[n : n + 1]) > 0 for n in range(6))


def test_mse_pulls_the_correct_class_down_and_leaves_the_others():
    y, labels = some_penalties()
    (gradient,) = torch.autograd.grad(MSELoss()(y.requires_grad_(), labels), y)
    assert torch.equal(gradient, torch.nn.functional.one_hot(labels, 10).double() / 6)


def test_map_pulls_the_correct_class_down_and_pushes_the_others_up():
    """By delta_iD - e^-y_i / (e^-j + sum e^-y); what is missing to 0 goes to the rubbish class."""
    y, labels = some_penalties()
    j = 10.0
    (gradient,) = torch.autograd.grad(MAPLoss(j)(y.requires_grad_(), labels), y)
    for n, label in enumerate(labels.tolist()):
        weights = [math.exp(-v) for v in y[n].tolist()]
        scale = math.exp(-j) + sum(weights)
        for i in range(10):
            expected = ((i == label) - weights[i] / scale) / 6
            assert gradient[n, i].item() == pytest.approx(expected, rel=1e-9, abs=1e-15)
            assert (gradient[n, i] > 0) == (i == label)


def test_map_hardly_pushes_a_class_that_is_far_above_j():
    y = torch.tensor([[5.0, 6.0, 7.0, *[50.0] * 7]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(MAPLoss(j=20.0)(y, torch.tensor([0])), y)
    assert (gradient[0, 1:3] < -0.05).all()
    assert (gradient[0, 3:].abs() < 1e-15).all()
    y = torch.tensor([[35.0, 50.0, *[500.0] * 8]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(MAPLoss(j=20.0)(y, torch.tensor([0])), y)
    assert gradient[0, 0].item() == pytest.approx(1, abs=1e-6)  # as eq. 8: rubbish has it all
    assert gradient[0, 1].abs() < 1e-12
    (gradient,) = torch.autograd.grad(MAPLoss(j=1e9)(y, torch.tensor([0])), y)
    assert gradient.sum().item() == pytest.approx(0, abs=1e-12)  # without rubbish: softmax


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_refuse_shapes_that_do_not_belong_together(loss):
    for y, labels in [((4, 10), (3,)), ((4, 10), (4, 1)), ((4, 10, 1, 1), (4,)), ((10,), ())]:
        with pytest.raises(ValueError, match=r"expected penalties \(N, classes\) and labels"):
            loss(torch.zeros(y), torch.zeros(labels, dtype=torch.int64))


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("labels", [[0, 10], [0, 11], [0, -1], [0.0, 1.0]], ids=str)
def test_losses_refuse_labels_that_no_class_has(loss, labels):
    with pytest.raises(ValueError, match=r"expected int64 labels in 0 \.\.\. 9"):
        loss(torch.zeros(2, 10), torch.tensor(labels))


# The first parameters

FAN_IN = {"c1": 25, "c5": 400, "f6": 120}
C3_FAN_IN = [75] * 18 + [100] * 36 + [150] * 6  # six maps of 3, nine of 4, one of 6 inputs


@pytest.mark.parametrize(
    ("rule", "scale", "power"),
    [(None, 1.2, 0.5), (Initialisation(1.7, 0.25), 1.7, 0.25), (PRINTED, 2.4, 1)],
)
def test_weights_are_uniform_in_scale_over_a_power_of_the_fan_in(rule, scale, power):
    model = LeNet5()
    initialise(model, rng(), rule)
    drawn = {name: (getattr(model, name).weight.detach(), n) for name, n in FAN_IN.items()}
    kernels = model.c3.weight.detach()
    for n in (75, 100, 150):
        drawn[f"c3 {n}"] = (kernels[[k for k in range(60) if C3_FAN_IN[k] == n]], n)
    for weights, fan_in in drawn.values():
        unit = weights.flatten() / (scale / fan_in**power)  # should be uniform in +-1
        assert unit.abs().max() <= 1 + 1e-6
        assert unit.max() > 0.95
        assert unit.min() < -0.95
        assert unit.std().item() == pytest.approx(1 / math.sqrt(3), rel=0.12)
        assert unit.mean().abs() < 4 / math.sqrt(3 * len(unit))


def test_layers_within_others_are_drawn_too():
    inner = torch.nn.Linear(100, 50)
    initialise(torch.nn.Sequential(torch.nn.Sequential(inner)), rng())
    assert 0.11 < inner.weight.abs().max() <= 0.12  # 1.2 / sqrt(100)
    assert not inner.bias.any()


@pytest.mark.parametrize(("rule", "value"), [(None, 0.5), (Initialisation(coefficient=0.8), 0.8)])
def test_coefficients_start_from_a_constant(rule, value):
    model = random_model()
    initialise(model, rng(), rule)
    for layer in (model.s2, model.s4):
        assert torch.equal(layer.coefficient, torch.full_like(layer.coefficient, value))


def test_bounds_of_c3_are_the_same_bits_on_every_processor():
    """PyTorch's own root of 75 is 8.6602545 on processors of Intel and 8.6602535 on those of AMD."""
    bounds = Initialisation().bound(25, torch.tensor([3, 4, 6]))
    expected = ["0x1.1bc77cp-3", "0x1.eb852p-4", "0x1.91530cp-4"]
    assert bounds.tolist() == [float.fromhex(digits) for digits in expected]


def test_printed_rule_draws_the_coefficients_with_a_fan_in_of_4():
    model, seen = LeNet5(), []
    for seed in range(20):
        initialise(model, rng(seed), PRINTED)
        seen += [model.s2.coefficient.detach().clone(), model.s4.coefficient.detach().clone()]
    seen = torch.cat(seen)
    assert 0.57 < seen.max() <= 0.6
    assert -0.6 <= seen.min() < -0.57


@pytest.mark.parametrize("rule", [None, PRINTED])
def test_biases_start_at_0(rule):
    model = random_model()
    initialise(model, rng(), rule)
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert len(biases) == 6
    assert not torch.cat(biases).any()


@pytest.mark.parametrize("output", ["bitmaps", "one of ten", "linear"])
def test_a_network_with_a_generator_takes_no_numbers_of_pytorchs_own(output):
    before = torch.random.get_rng_state()
    build(LeNet5Config(output=output), rng())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_network_is_drawn_from_its_generator_alone():
    torch.manual_seed(5)
    one, same, other = LeNet5(generator=rng(1)), LeNet5(generator=rng(1)), LeNet5(generator=rng(2))
    for name, p in one.named_parameters():
        assert torch.equal(p, same.get_parameter(name))
        if name.endswith("weight"):
            assert not torch.equal(p, other.get_parameter(name))
    initialise(one, rng(3))
    initialise(same, rng(3))
    torch.manual_seed(9)
    initialise(other, rng(3))
    for name, p in one.named_parameters():
        assert torch.equal(p, same.get_parameter(name))
        assert torch.equal(p, other.get_parameter(name))


# The input


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(2, 28, 28),
        torch.zeros(2, 28, 28, dtype=torch.int64),
        torch.zeros(28, 28, dtype=torch.uint8),
        torch.zeros(2, 1, 28, 28, dtype=torch.uint8),
        torch.zeros(2, 28, 27, dtype=torch.uint8),
        torch.zeros(2, 32, 28, dtype=torch.uint8),
        torch.zeros(2, 20, 20, dtype=torch.uint8),
    ],
    ids=lambda images: f"{images.dtype}-{tuple(images.shape)}",
)
def test_preprocess_refuses_what_are_no_images(images):
    with pytest.raises(ValueError, match=r"expected images as uint8 .* got torch\.\w+ of shape"):
        preprocess(images)


def test_preprocess_pads_and_does_not_resize():
    images = draw_digits(3)[0]
    field = preprocess(images)
    levels = ((field[:, 0] + 0.1) / 1.275 * 255).round().byte()
    assert torch.equal(levels[:, 2:30, 2:30], images)
    assert levels.sum() == images.sum()


def test_preprocess_only_rescales_a_field_of_32_by_32():
    images = draw_digits(3)[0]
    field = torch.zeros(3, 32, 32, dtype=torch.uint8)
    field[:, 2:30, 2:30] = images
    assert torch.equal(preprocess(field), preprocess(images))


# The optimiser


def curvature_for(model, seed=0):
    return {name: 5 * torch.rand(p.shape, generator=rng(seed)).to(p.dtype) ** 3
            for name, p in model.named_parameters()}  # fmt: skip


def with_gradients(model, seed=1):
    for p in model.parameters():
        p.grad = torch.randn(p.shape, generator=rng(seed)).to(p.dtype)
    return model


def test_a_step_is_eta_over_mu_plus_h_times_the_gradient_for_every_parameter():
    model = with_gradients(random_model().double())
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    h = curvature_for(model)
    optimizer = SDLM(model.named_parameters(), lr=5e-4, mu=0.02)
    optimizer.set_curvature(h)
    for steps in (1, 2):  # h stays as it is
        optimizer.step()
        for name, p in model.named_parameters():
            expected = before[name] - steps * 5e-4 / (0.02 + h[name]) * p.grad
            torch.testing.assert_close(p.detach(), expected, rtol=1e-13, atol=1e-15)


def test_a_step_is_by_the_eta_mu_and_curvature_that_there_are_now():
    """Though what they come to is kept from step to step."""
    model = with_gradients(random_model())
    h, rate = curvature_for(model), torch.tensor(4e-4)
    optimizer = SDLM(model.named_parameters(), lr=5e-4, mu=0.02)
    optimizer.set_curvature(h)
    (group,), begun = optimizer.param_groups, copy.deepcopy(optimizer.state_dict())

    for change in (
        lambda: None,
        lambda: optimizer.set_curvature({name: 2 * value for name, value in h.items()}),
        lambda: [state["curvature"].mul_(0.9) for state in optimizer.state.values()],
        lambda: group.update(lr=rate),
        lambda: rate.mul_(0.5),
        lambda: group.update(mu=0.1),
        lambda: optimizer.load_state_dict(begun),
    ):
        change()
        expected = {
            name: model.get_parameter(name) - size * model.get_parameter(name).grad
            for name, size in optimizer.step_sizes().items()
        }
        optimizer.step()
        for name, p in model.named_parameters():
            assert torch.equal(p, expected[name]), name


def test_a_step_by_the_gradients_of_some_rows_is_that_by_all():
    """As an embedding keeps them if it is asked to, some rows more than once."""
    found = []
    for sparse in (True, False):
        words = torch.nn.Embedding(6, 4, sparse=sparse, _weight=torch.ones(6, 4))
        optimizer = SDLM(words.named_parameters(), lr=1e-3)
        optimizer.set_curvature({"weight": torch.arange(24.0).view(6, 4)})
        words(torch.tensor([1, 4, 1])).sum().backward()
        assert words.weight.grad.is_sparse is sparse
        optimizer.step()
        found.append(words.weight)
    assert not torch.equal(found[0], torch.ones(6, 4))
    torch.testing.assert_close(*found)


def test_step_sizes_are_one_per_parameter_not_per_layer():
    model = random_model()
    h = curvature_for(model)
    optimizer = SDLM(model.named_parameters(), lr=5e-4)
    optimizer.set_curvature(h)
    steps = optimizer.step_sizes()
    assert list(steps) == [name for name, _ in model.named_parameters()]
    for name, p in model.named_parameters():
        assert steps[name].shape == p.shape
        assert len(steps[name].unique()) > 0.9 * p.numel()
        torch.testing.assert_close(steps[name], 5e-4 / (0.02 + h[name]))
        assert steps[name].max() <= 5e-4 / 0.02


def test_a_scheduler_of_pytorch_changes_eta():
    model = random_model()
    optimizer = SDLM(model.named_parameters(), lr=1e-3)
    h = curvature_for(model)
    optimizer.set_curvature(h)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda passes: 0.5)
    for name, steps in optimizer.step_sizes().items():
        torch.testing.assert_close(steps, 5e-4 / (0.02 + h[name]))


def test_one_scheduler_holds_the_papers_five_rates():
    """As LambdaLR takes them, pass by pass; OneCycleLR has no momentum to cycle."""
    optimizer = SDLM(random_model().named_parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda number: SCHEDULE[number])
    seen = []
    for _ in SCHEDULE[:-1]:
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.set_curvature(curvature_for(random_model()))
        optimizer.step()
        scheduler.step()
    assert tuple(seen) == SCHEDULE[:-1]
    with pytest.raises(ValueError, match="momentum"):
        torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=9)
    torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=9, cycle_momentum=False)


def test_an_optimizer_goes_on_from_its_state():
    """Groups, rates and curvature, through a file that holds nothing but tensors and numbers."""
    model, file = random_model(), io.BytesIO()
    named = list(model.named_parameters())
    groups = [{"params": named[:4], "lr": 1e-4}, {"params": named[4:]}]
    optimizer = SDLM(groups, lr=1e-3)
    optimizer.set_curvature(curvature_for(model))
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    other = SDLM(groups, lr=1.0, mu=1.0)
    other.load_state_dict(torch.load(file, weights_only=True))
    for (name, step), (_, theirs) in zip(
        optimizer.step_sizes().items(), other.step_sizes().items(), strict=True
    ):
        assert torch.equal(step, theirs), name


def test_the_curvature_goes_where_its_parameter_lies():
    """And takes its precision: a network of half the bits steps by what was measured of the whole."""
    model = random_model()
    h = curvature_for(model)
    optimizer = SDLM(model.bfloat16().named_parameters(), lr=1e-3)
    optimizer.set_curvature(h)
    assert {step.dtype for step in optimizer.step_sizes().values()} == {torch.bfloat16}


def test_each_group_of_parameters_has_its_own_eta():
    model = with_gradients(random_model())
    named = list(model.named_parameters())
    before = [p.detach().clone() for _, p in named]
    optimizer = SDLM(named[:3], lr=1e-3)
    optimizer.add_param_group({"params": named[3:], "lr": 1e-4, "mu": 0.5})
    optimizer.set_curvature({name: torch.ones_like(p) for name, p in named})
    optimizer.step()
    for k, (_, p) in enumerate(named):
        step = 1e-3 / 1.02 if k < 3 else 1e-4 / 1.5
        torch.testing.assert_close(p.detach(), before[k] - step * p.grad)


def test_the_optimizer_keeps_a_copy_of_the_curvature():
    model = with_gradients(random_model())
    h = curvature_for(model)
    optimizer = SDLM(model.named_parameters(), lr=1e-3)
    optimizer.set_curvature(h)
    steps = optimizer.step_sizes()
    for value in h.values():
        value.zero_()
    assert all(torch.equal(steps[name], step) for name, step in optimizer.step_sizes().items())


def test_parameters_without_a_gradient_stay_and_a_closure_is_called():
    model = random_model()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = SDLM(model.named_parameters(), lr=1e-3)
    optimizer.set_curvature(curvature_for(model))

    def closure():
        loss = model.f6.bias.sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == before["f6.bias"].sum()
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {"f6.bias"}


def test_stepping_before_the_curvature_is_known_is_an_error():
    model = with_gradients(LeNet5())
    before = model.c1.weight.detach().clone()
    optimizer = SDLM(model.named_parameters(), lr=1e-3)
    with pytest.raises(RuntimeError, match="curvature is not known"):
        optimizer.step()
    with pytest.raises(RuntimeError, match="curvature is not known"):
        optimizer.step_sizes()
    assert torch.equal(model.c1.weight, before)


def test_a_step_that_lacks_one_curvature_moves_nothing():
    model = with_gradients(random_model())
    named = list(model.named_parameters())
    before = [p.detach().clone() for _, p in named]
    optimizer = SDLM(named[:4], lr=1e-3)
    optimizer.set_curvature(curvature_for(model))
    optimizer.add_param_group({"params": named[4:]})
    with pytest.raises(RuntimeError, match="curvature is not known"):
        optimizer.step()
    assert all(torch.equal(p, kept) for (_, p), kept in zip(named, before, strict=True))


def test_a_curvature_that_is_refused_changes_none():
    model = random_model()
    optimizer = SDLM(model.named_parameters(), lr=1e-3)
    optimizer.set_curvature(curvature_for(model))
    before = optimizer.step_sizes()
    other = {name: h + 1 for name, h in curvature_for(model).items() if name != "f6.bias"}
    with pytest.raises(ValueError, match=r"for f6\.bias"):
        optimizer.set_curvature(other)
    assert all(torch.equal(steps, before[name]) for name, steps in optimizer.step_sizes().items())


@pytest.mark.parametrize("fault", ["missing", "negative", "misshaped", "nan"])
@pytest.mark.parametrize("name", ["c1.weight", "f6.bias"])
def test_a_faulty_curvature_is_refused_by_name(name, fault):
    model = LeNet5()
    h = curvature_for(model)
    if fault == "missing":
        del h[name]
    elif fault == "misshaped":
        h[name] = h[name].sum()
    else:
        h[name].view(-1)[-1] = {"negative": -1e-6, "nan": math.nan}[fault]
    words = "no curvature is given" if fault == "missing" else "curvature >= 0 of shape .*"
    with pytest.raises(ValueError, match=f"{words} for {name}"):
        SDLM(model.named_parameters(), lr=1e-3).set_curvature(h)


def test_parameters_without_names_are_refused():
    with pytest.raises(ValueError, match="expected named parameters"):
        SDLM(LeNet5().parameters(), lr=1e-3)


def test_a_group_that_is_refused_is_not_kept():
    model = random_model()
    optimizer = SDLM(model.c1.named_parameters("c1"), lr=1e-3)
    for refused, why in (
        ({"params": model.f6.named_parameters("f6"), "lr": -1.0}, "expected lr > 0"),
        ({"params": model.f6.named_parameters("f6"), "mu": 0.0}, "expected lr > 0 and mu > 0"),
        ({"params": model.f6.parameters()}, "with/without names"),
        ({"params": model.f6.named_parameters("c1")}, "got c1.weight, c1.bias more than once"),
    ):
        with pytest.raises(ValueError, match=why):
            optimizer.add_param_group(refused)
        assert [group["param_names"] for group in optimizer.param_groups] == [
            ["c1.weight", "c1.bias"]
        ]


def test_a_name_is_that_of_one_parameter():
    """A curvature is given by name: two parameters of one name could not have one each."""
    model = random_model()
    parts = model.c1, model.f6
    with pytest.raises(ValueError, match=r"got weight, bias more than once.*prefix="):
        SDLM([{"params": part.named_parameters()} for part in parts], lr=1e-3)
    with pytest.raises(ValueError, match="got k more than once"):
        SDLM([("k", model.c1.weight), ("k", model.c1.bias)], lr=1e-3)
    named = zip(("c1", "f6"), parts, strict=True)
    optimizer = SDLM([{"params": part.named_parameters(name)} for name, part in named], lr=1e-3)
    optimizer.set_curvature(curvature_for(model))
    assert list(optimizer.step_sizes()) == ["c1.weight", "c1.bias", "f6.weight", "f6.bias"]


@pytest.mark.parametrize(("eta", "mu"), [(0, 0.02), (-1e-3, 0.02), (1e-3, 0), (math.nan, 0.02)])
def test_eta_and_mu_must_be_positive(eta, mu):
    with pytest.raises(ValueError, match="expected lr > 0 and mu > 0"):
        SDLM(LeNet5().named_parameters(), eta, mu)


# The curvature


def test_curvature_is_not_the_squared_gradient():
    """A pattern that the network has already learned has no gradient, but it has curvature."""
    model, (x, _) = answering(3).double(), drawn(1)
    with torch.no_grad():
        model.f6.bias.copy_(1.5 * torch.atanh(digit_bitmaps()[3].double() / 1.7159))
    label = torch.tensor([3])
    loss = MSELoss()(model(x.double()), label)
    (gradient,) = torch.autograd.grad(loss, model.f6.bias)
    assert gradient.abs().max() < 1e-12
    h = diagonal_curvature(model, x.double(), label, MSELoss())
    slope_at_1 = 2 / 3 * (1.7159 - 1 / 1.7159)
    torch.testing.assert_close(h["f6.bias"], torch.full((84,), 2 * slope_at_1**2).double())


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_curvature_is_the_mean_over_the_patterns(engine, loss):
    model, (x, labels) = random_model(), drawn(6)
    h = engine.diagonal_curvature(model, x, labels, loss)
    twice = engine.diagonal_curvature(model, x.repeat(2, 1, 1, 1), labels.repeat(2), loss)
    one = [
        engine.diagonal_curvature(model, x[n : n + 1], labels[n : n + 1], loss) for n in range(6)
    ]
    for name, value in h.items():
        for same in (twice[name], sum(each[name] for each in one) / 6):
            torch.testing.assert_close(same, value, rtol=1e-4, atol=1e-5 * value.max().item())


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_curvature_has_one_value_per_parameter_and_none_is_negative(engine, loss):
    model, (x, labels) = random_model(), drawn(6)
    h = engine.diagonal_curvature(model, x, labels, loss)
    assert list(h) == [name for name, _ in model.named_parameters()]
    for name, p in model.named_parameters():
        assert h[name].shape == p.shape
        assert not h[name].requires_grad
        assert (h[name] >= 0).all()
        assert h[name].max() > h[name].min()


def test_curvature_between_two_bitmaps_is_never_negative(engine):
    """SDLM refuses one that is, be it by rounding alone."""
    bitmaps, (x, labels) = digit_bitmaps(), drawn(1)
    for share in torch.arange(0.3, 0.6, 0.02):
        model = answering(0)
        with torch.no_grad():
            f6 = share * bitmaps[8] + (0.92 - share) * bitmaps[6]
            model.f6.bias.copy_(1.5 * torch.atanh(f6 / 1.7159))
        h = engine.diagonal_curvature(model, x, labels, MAPLoss(100.0))
        SDLM(model.named_parameters(), lr=5e-4).set_curvature(h)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_curvature_does_not_depend_on_the_labels(engine, loss):
    model, (x, labels) = random_model(), drawn(4)
    h = engine.diagonal_curvature(model, x, labels, loss)
    other = engine.diagonal_curvature(model, x, (labels + 1) % 10, loss)
    assert all(torch.equal(h[name], other[name]) for name in h)


def test_a_constant_curvature_at_f6_replaces_that_of_the_loss(engine):
    model, (x, labels) = random_model(), drawn(4)
    of_mse = engine.diagonal_curvature(model, x, labels, MSELoss())
    three = engine.diagonal_curvature(model, x, labels, MAPLoss(1.0), output_curvature=3.0)
    zero = engine.diagonal_curvature(model, x, labels, MAPLoss(1.0), output_curvature=0.0)
    for name, h in of_mse.items():
        torch.testing.assert_close(three[name], 1.5 * h, rtol=1e-5, atol=1e-5)
        assert not zero[name].any()


def test_curvature_leaves_the_network_as_it_was(engine):
    model, (x, labels) = random_model(), drawn(3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    engine.diagonal_curvature(model, x, labels, MAPLoss(20.0))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("constant", [-1.0, math.nan])
def test_curvature_refuses_a_constant_that_is_negative(engine, constant):
    x, labels = drawn(1)
    with pytest.raises(ValueError, match=r"expected output_curvature >= 0 or None, got (-1|nan)"):
        engine.diagonal_curvature(LeNet5(), x, labels, MSELoss(), constant)


def test_curvature_refuses_what_it_cannot_use():
    model, (x, labels) = LeNet5(), drawn(3)
    with pytest.raises(ValueError, match="expected P >= 1 inputs and labels, got 0 and 0"):
        diagonal_curvature(model, x[:0], labels[:0], MSELoss())
    with pytest.raises(ValueError, match="expected P >= 1 inputs and labels, got 3 and 2"):
        diagonal_curvature(model, x, labels[:2], MSELoss())
    with pytest.raises(ValueError, match="expected P >= 1 inputs and labels, got 2 and 3"):
        diagonal_curvature(model, x[:2], labels, MSELoss())
    with pytest.raises(ValueError, match=r"expected one of \('sum', 'each'\), got 'mean'"):
        diagonal_curvature(model, x, labels, MSELoss(), coefficient_input="mean")
    with pytest.raises(ValueError, match=r"expected penalties \(N, classes\) and labels"):
        diagonal_curvature(model, torch.zeros(3, 1, 36, 36), labels, MSELoss())


# One pass


def train(engine, model, x, labels, order, eta=5e-4, loss=None):
    """One pass; the curvature is the float32 reference's, whatever the engine."""
    loss = loss or MAPLoss(20.0)
    optimizer = SDLM(model.named_parameters(), eta)
    optimizer.set_curvature(diagonal_curvature(model, x, labels, loss, 2.0))
    return engine.train_one_pass(
        model, optimizer, loss, x, labels, torch.tensor(order, dtype=torch.int64)
    )


def test_each_pattern_is_judged_before_it_is_learned_from(engine):
    """One pattern again and again: wrong at first, right once it has been learned."""
    x, _ = drawn(1)
    first = int(random_model().classify(x))
    label = torch.tensor([(first + 1) % 10])
    judged = []  # after each number of presentations, by the network itself
    for n in range(12):
        model = random_model()
        train(engine, model, x, label, [0] * n, eta=1e-3)
        judged.append(int(model.classify(x) != label))
    assert judged[0] == 1
    assert judged[-1] == 0
    assert train(engine, random_model(), x, label, [0] * 12, eta=1e-3) == sum(judged)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_a_pass_is_one_update_for_each_pattern_in_turn(engine, loss):
    """Against plain autograd in float64, one pattern at a time, with the step sizes written out."""
    x, labels = drawn(5)
    order = [3, 0, 3, 4, 1, 2, 2]
    model, reference = random_model(), random_model().double()
    h = curvature_for(model)
    optimizer = SDLM(model.named_parameters(), lr=5e-4)
    optimizer.set_curvature(h)
    engine.train_one_pass(model, optimizer, loss, x, labels, torch.tensor(order))
    for k in order:
        value = loss(reference(x[k : k + 1].double()), labels[k : k + 1])
        gradients = torch.autograd.grad(value, reference.parameters())
        with torch.no_grad():
            for (name, p), g in zip(reference.named_parameters(), gradients, strict=True):
                p.sub_(5e-4 / (0.02 + h[name].double()) * g)
    for name, p in model.named_parameters():
        torch.testing.assert_close(
            p.detach(), reference.get_parameter(name).detach().float(), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_learning_lowers_the_penalty_of_the_correct_class(engine, loss):
    x, labels = drawn(1)
    model = random_model()
    before = model(x)[0, labels[0]].item()
    train(engine, model, x, labels, [0] * 5, loss=loss)
    assert model(x)[0, labels[0]].item() < 0.8 * before


def test_the_centers_are_never_moved(engine):
    model, (x, labels) = random_model(), drawn(10)
    train(engine, model, x, labels, list(range(10)))
    assert torch.equal(model.rbf.centers, digit_bitmaps())


# A training session


def split(n, seed):
    return Split(*draw_digits(n, seed))


def tiny(**changes):
    recipe = Recipe(loss=MSELoss(), schedule=(5e-4, 2e-4, 1e-4, 5e-5), curvature_patterns=12)
    return dataclasses.replace(recipe, **changes)


def untimed(records):
    return [dataclasses.replace(record, seconds=0.0) for record in records]


RECIPES = {
    "originals": tiny(),
    "reshuffled": tiny(reshuffle=True),
    "distorted": tiny(distortions=FIG7_RANGES),
    "largest curvature": tiny(curvature_memory="largest"),
    "eq. 9": tiny(loss=MAPLoss(20.0), output_curvature=None, coefficient_input="each"),
    "Adam": tiny(optimizer="adam"),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_session_put_back_goes_on_as_it_would_have(engine, recipe):
    """Bit for bit, whatever else has drawn random numbers in between."""
    train, test = split(30, 1), split(20, 2)
    whole = Session(recipe, 7, train, test, engine)
    passes = whole.passes()
    next(passes)
    next(passes)
    kept = {name: value.clone() for name, value in whole.state().items()}
    records = [dataclasses.asdict(record) for record in whole.records]
    list(passes)
    torch.manual_seed(123)
    resumed = Session(recipe, 7, train, test, engine)
    resumed.restore(kept, records)
    list(resumed.passes())
    resumed.restore(kept, records)  # and once more, of the same state
    later = list(resumed.passes())
    assert [record.number for record in later] == [3, 4]
    assert untimed(resumed.records) == untimed(whole.records)
    ended, again = whole.state(), resumed.state()
    assert list(ended) == list(again)
    assert all(torch.equal(ended[name], again[name]) for name in ended)
    assert any(not torch.equal(ended[name], kept[name]) for name in ended)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_both_engines_make_the_same_records(recipe):
    recipe = dataclasses.replace(recipe, schedule=(5e-4, 2e-4))
    train, test = split(80, 1), split(40, 2)
    sessions = [Session(recipe, 3, train, test, engine) for engine in (eager, compiled())]
    for session in sessions:
        list(session.passes())
    for one, other in zip(*(session.records for session in sessions), strict=True):
        for name in ("number", "eta", "patterns", "errors_during", "test_errors"):
            assert getattr(one, name) == getattr(other, name), name
        for name in ("smallest_step", "largest_step"):
            this, that = getattr(one, name), getattr(other, name)
            assert this is that is None or this == pytest.approx(that, rel=1e-3), name
    assert torch.equal(sessions[0].answers(test), sessions[1].answers(test))


class Recorder(SimpleNamespace):
    """An engine that answers 3 to everything, learns nothing and remembers what it was asked.

    Of the curvatures that it gives each is the least of a pass: h of the first parameter of all. The
    last one's is twice as large, and no two are the same.
    """

    def __init__(self, curvatures=(1, 1, 1, 1)):
        super().__init__(calls=[], curvatures=iter(curvatures))

    def diagonal_curvature(self, model, images, labels, *options):
        self.calls.append(("curvature", images, labels, options))
        parameters = dict(model.named_parameters())
        sizes = [p.numel() for p in parameters.values()]
        h = (next(self.curvatures) * torch.linspace(1, 2, sum(sizes))).split(sizes)
        return {name: of.view_as(p) for (name, p), of in zip(parameters.items(), h, strict=True)}

    def train_one_pass(self, model, optimizer, loss, images, labels, order, batch):
        assert batch == 1
        (group,) = optimizer.param_groups
        rate, mu = group["lr"], group.get("mu")
        self.calls.append(("train", images, labels, order, loss, rate, mu))
        return 17

    def penalties(self, model, images):
        self.calls.append(("penalties", images))
        return torch.tensor([9.0, 9, 9, 1, 9, 9, 9, 9, 9, 9]).expand(len(images), 10)


@pytest.mark.parametrize("name", [name for name in RECIPES if RECIPES[name].optimizer == "sdlm"])
def test_before_each_pass_the_curvature_is_estimated_anew_on_some_of_its_patterns(name):
    recipe, engine, train = RECIPES[name], Recorder(), split(40, 1)
    list(Session(recipe, 0, train, split(20, 2), engine).passes())
    assert [call[0] for call in engine.calls] == ["curvature", "train", "penalties"] * 4
    subsets = set()
    for number in range(4):
        (_, some, labels, options), (_, images, of_images, order, loss, eta, mu) = engine.calls[
            3 * number : 3 * number + 2
        ]
        assert options == (recipe.loss, recipe.output_curvature, recipe.coefficient_input)
        assert (loss, eta, mu) == (recipe.loss, recipe.schedule[number], recipe.mu)
        assert sorted(order.tolist()) == list(range(40))
        assert (some.shape, labels.shape) == ((12, 1, 32, 32), (12,))
        known = {
            image.numpy().tobytes(): int(k) for image, k in zip(images, of_images, strict=True)
        }
        keys = [image.numpy().tobytes() for image in some]
        assert [known[key] for key in keys] == labels.tolist()
        assert len(set(keys)) == 12
        subsets.add(frozenset(keys))
    assert len(subsets) == 4


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_each_pass_of_sgd_and_adam_has_its_own_learning_rate(optimizer):
    recipe, engine, train = tiny(optimizer=optimizer), Recorder(), split(20, 1)
    list(Session(recipe, 0, train, train, engine).passes())
    assert [call[0] for call in engine.calls] == ["train", "penalties"] * 4
    assert [rate for *_, rate, _ in engine.calls[::2]] == list(recipe.schedule)


DRAWN_ANEW = {
    "noise": tiny(noise=0.1),
    "strings": tiny(strings=SECTION_VII, network=LeNet5Config(output="bitmaps and blank")),
}


@pytest.mark.parametrize("recipe", DRAWN_ANEW.values(), ids=DRAWN_ANEW)
def test_noise_and_the_fields_of_strings_are_drawn_anew_in_each_pass(recipe):
    engine, train = Recorder(), split(40, 1)
    list(Session(recipe, 0, train, train, engine).passes())
    shown = [images for what, images, *_ in engine.calls if what == "train"]
    for one, other in combinations(shown, 2):
        assert (one != other).flatten(1).any(1).all(), "no pattern looks as in another pass"


@pytest.mark.parametrize(
    ("memory", "used"),
    [
        ("mean", (1, 2, 4, 3.5)),
        ("latest", (1, 3, 8, 2)),
        ("first", (1, 1, 1, 1)),
        ("largest", (1, 3, 8, 8)),
    ],
)
def test_how_a_pass_combines_its_estimate_with_the_earlier_ones(memory, used):
    recipe, train = tiny(curvature_memory=memory), split(20, 1)
    session = Session(recipe, 0, train, train, Recorder(curvatures=(1, 3, 8, 2)))
    for record, h in zip(session.passes(), used, strict=True):
        assert record.smallest_step == pytest.approx(record.eta / (0.02 + 2 * h))
        assert record.largest_step == pytest.approx(record.eta / (0.02 + h))


def test_the_steps_on_record_are_quantiles_of_each_parameters_own():
    train = split(20, 1)
    session = Session(tiny(), 0, train, train, Recorder(curvatures=(1, 3, 8, 2)))
    for record in session.passes():
        steps = session.optimizer.step_sizes()
        assert list(record.step_quantiles) == list(steps)
        for name, found in record.step_quantiles.items():
            at = np.quantile(steps[name].numpy(), [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
            assert found == pytest.approx(at.tolist(), rel=1e-3)


def test_a_recipe_refuses_another_curvature_memory():
    with pytest.raises(ValueError, match=r"expected curvature_memory of .* got 'median'"):
        Recipe(curvature_memory="median")


def test_a_session_with_few_patterns_estimates_the_curvature_on_all_of_them():
    engine, train = Recorder(), split(5, 1)
    list(Session(tiny(), 0, train, train, engine).passes())
    assert len(engine.calls[0][1]) == 5


def test_errors_after_a_pass_are_counts_of_the_test_split():
    """The engine says 3 to everything; the test split is judged by its own labels."""
    train, test = split(40, 1), split(25, 2)
    session = Session(tiny(), 0, train, test, Recorder())
    for record in session.passes():
        assert record.errors_during == 17
        assert record.patterns == 40
        assert record.test_errors == sum(label != 3 for label in test.labels.tolist())
        eta = (5e-4, 2e-4, 1e-4, 5e-5)[record.number - 1]
        assert record.eta == eta
        assert record.smallest_step == pytest.approx(eta / 2.02)
        assert record.largest_step == pytest.approx(eta / 1.02)
    assert [record.number for record in session.records] == [1, 2, 3, 4]
    assert list(session.passes()) == []


def test_errors_of_a_pass_are_those_of_the_network_as_the_pass_left_it(engine):
    train, test = split(50, 1), split(30, 2)
    session = Session(tiny(schedule=(5e-4, 2e-4)), 5, train, test, engine)
    for record in session.passes():
        answers = session.model(test.inputs).argmin(1)
        assert record.test_errors == sum(
            a != b for a, b in zip(answers.tolist(), test.labels.tolist(), strict=True)
        )


def test_a_session_stops_when_its_network_is_lost(engine):
    """At the end of the pass, before errors are counted with what are no numbers."""
    train = split(10, 1)
    session = Session(tiny(schedule=(1e39,)), 0, train, train, engine)
    with pytest.raises(FloatingPointError, match="no longer finite after pass 1"):
        list(session.passes())
    assert session.records == []


def test_a_session_stops_when_its_curvature_is_lost():
    train = split(10, 1)
    session = Session(tiny(), 0, train, train, Recorder(curvatures=(1, math.inf)))
    with pytest.raises(FloatingPointError, match="curvature is no longer finite before pass 2"):
        list(session.passes())
    assert len(session.records) == 1


def test_sessions_differ_by_their_seed_alone():
    train, test = split(20, 1), split(10, 2)

    def weights(seed):
        torch.manual_seed(int(torch.randint(1000, ())))
        recipe = tiny(distortions=FIG7_RANGES, schedule=(5e-4, 2e-4))
        session = Session(recipe, seed, train, test, eager)
        list(session.passes())
        return torch.cat([p.detach().flatten() for p in session.model.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_a_split_refuses_labels_that_are_too_few():
    images, labels = draw_digits(4)
    with pytest.raises(ValueError, match="got 4 images and 3 labels"):
        Split(images, labels[:3])
    with pytest.raises(ValueError, match="got 0 images and 0 labels"):
        Split(images[:0], labels[:0])


def test_torch_can_transform_the_network():
    model, (x, _) = random_model(), drawn(3)
    parameters = dict(model.named_parameters())

    def total(parameters, image):
        return torch.func.functional_call(model, parameters, (image[None],)).sum()

    each = torch.func.vmap(torch.func.grad(total), (None, 0))(parameters, x)
    model(x).sum().backward()
    for name, parameter in model.named_parameters():
        assert torch.allclose(each[name].sum(0), parameter.grad, rtol=1e-4, atol=1e-3)
    exported = torch.export.export(model, (x,)).module()
    assert torch.allclose(exported(x), model(x))
