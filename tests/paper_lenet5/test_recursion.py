"""The curvature of networks that are not LeNet-5: random ones, against the sum over their connections.

`Units` knows nothing of tensors or autograd: units, each with its connections, made one by one in
loops over what a layer is said to do; eq. 23, 25 and 27 are sums over them.
"""

import functools
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from paper_lenet5 import MAPLoss, MSELoss, diagonal_curvature
from paper_lenet5.layers import Subsampling, TableConvolution, squash
from paper_lenet5.rbf import EuclideanRBF
from paper_lenet5.recursion import RULES, NoRule, curvature_rule, through_slopes, through_squares

PATTERNS = 2
A, S = 1.7159, 2 / 3


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


def bell(a):
    return math.exp(-a * a / 2) / math.sqrt(2 * math.pi)


def below(a):
    return (1 + math.erf(a / math.sqrt(2))) / 2


ACTIVATIONS = {
    "tanh": (nn.Tanh(), math.tanh, lambda a: 1 / math.cosh(a) ** 2),
    "relu": (nn.ReLU(), lambda a: max(a, 0), lambda a: float(a > 0)),
    "sigmoid": (nn.Sigmoid(), sigmoid, lambda a: sigmoid(a) * sigmoid(-a)),
    "gelu": (nn.GELU(), lambda a: a * below(a), lambda a: below(a) + a * bell(a)),
    "silu": (nn.SiLU(), lambda a: a * sigmoid(a),
             lambda a: sigmoid(a) * (1 + a * sigmoid(-a))),
    "leaky relu": (nn.LeakyReLU(0.1), lambda a: max(a, 0.1 * a), lambda a: 1 if a > 0 else 0.1),
    "elu": (nn.ELU(), lambda a: a if a > 0 else math.expm1(a), lambda a: min(1, math.exp(a))),
    "softplus": (nn.Softplus(), lambda a: math.log1p(math.exp(a)), sigmoid),
    "logsigmoid": (nn.LogSigmoid(), lambda a: -math.log1p(math.exp(-a)), lambda a: sigmoid(-a)),
    "rrelu": (nn.RReLU(0.1, 0.3), lambda a: max(a, 0.2 * a), lambda a: 1 if a > 0 else 0.2),
    "softsign": (nn.Softsign(), lambda a: a / (1 + abs(a)), lambda a: 1 / (1 + abs(a)) ** 2),
    "eq. 6": (SimpleNamespace(), lambda a: A * math.tanh(S * a),
              lambda a: A * S / math.cosh(S * a) ** 2),
}  # fmt: skip


class Function(nn.Module):
    """A function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Residual(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.conv = nn.Conv2d(maps, maps, 3, padding=1)

    def forward(self, x):
        return x + torch.tanh(self.conv(x))


class Units:
    """One pattern in a network: units in the order in which they are made.

    A connection is (unit that sends, weight), the weight being a parameter (name, index) or a number.
    """

    def __init__(self, parameters):
        self.w = parameters
        self.x, self.slopes, self.connections = [1.0], [0.0], [[]]  # unit 0 feeds the biases

    def weight(self, weight):
        return weight if isinstance(weight, float) else self.w[weight[0]].flat[weight[1]]

    def unit(self, connections, f=None, slope=None):
        a = sum(self.weight(w) * self.x[of] for of, w in connections)
        self.x.append(f(a) if f else a)
        self.slopes.append(slope(a) if slope else 1.0)
        self.connections.append(connections)
        return len(self.x) - 1

    def back(self, outputs, at_outputs):
        """Eq. 23, 25 and 27: {parameter: h}."""
        h = {name: np.zeros_like(value) for name, value in self.w.items()}
        at_state = np.zeros(len(self.x))
        at_state[outputs] = at_outputs
        for to in range(len(self.x) - 1, 0, -1):
            at_sum = self.slopes[to] ** 2 * at_state[to]
            for of, weight in self.connections[to]:
                at_state[of] += self.weight(weight) ** 2 * at_sum
                if not isinstance(weight, float):
                    h[weight[0]].flat[weight[1]] += at_sum * self.x[of] ** 2
        return h

    def each(self, maps, make):
        """A new unit for each of these."""
        return np.vectorize(make)(maps)

    def activation(self, maps, name):
        _, f, slope = ACTIVATIONS[name]
        return self.each(maps, lambda unit: self.unit([(unit, 1.0)], f, slope))

    def prelu(self, maps, name):
        """What is above 0, and what is below by a weight for each map, or by one for all."""

        def unit(k, one):
            above = self.unit([(one, 1.0)], lambda a: max(a, 0), lambda a: float(a > 0))
            below = self.unit([(one, 1.0)], lambda a: min(a, 0), lambda a: float(a <= 0))
            weight = (f"{name}.weight", k if self.w[f"{name}.weight"].size > 1 else 0)
            return self.unit([(above, 1.0), (below, weight)])

        return np.array([self.each(of_map, lambda one, k=k: unit(k, one))
                         for k, of_map in enumerate(maps)])  # fmt: skip

    def windows(self, maps, size, stride, padding):
        """For each map and place: (the unit, or None beyond the edge, and where it is in the window)."""
        rows, columns = ((n + 2 * padding - size) // stride + 1 for n in maps.shape[1:])
        for m in range(len(maps)):
            for r in range(rows):
                for c in range(columns):
                    window = []
                    for y in range(size):
                        for x in range(size):
                            i, j = r * stride + y - padding, c * stride + x - padding
                            if 0 <= i < maps.shape[1] and 0 <= j < maps.shape[2]:
                                window.append((maps[m, i, j], y * size + x))
                    yield (m, r, c), window

    def convolution(self, maps, name, crosses, kernel_size, stride=1, padding=0):
        """`crosses`: for each map, (input map, number of its kernel)."""
        windows = dict(self.windows(maps, kernel_size, stride, padding))
        _, rows, columns = (max(place[k] for place in windows) + 1 for k in range(3))
        result = np.zeros((len(crosses), rows, columns), int)
        for m, of_map in enumerate(crosses):
            for r in range(rows):
                for c in range(columns):
                    connections = [
                        (unit, (f"{name}.weight", kernel * kernel_size**2 + place))
                        for i, kernel in of_map
                        for unit, place in windows[i, r, c]
                    ]
                    if f"{name}.bias" in self.w:
                        connections.append((0, (f"{name}.bias", m)))
                    result[m, r, c] = self.unit(connections)
        return result

    def pooling(self, maps, kind, size, stride, padding):
        result = {}
        for place, window in self.windows(maps, size, stride, padding):
            if kind == "max":
                largest = max((unit for unit, _ in window), key=lambda unit: self.x[unit])
                result[place] = self.unit([(largest, 1.0)])
            else:
                weight = 1.0 if kind == "sum" else 1 / size**2
                result[place] = self.unit([(unit, weight) for unit, _ in window])
        shape = [max(place[k] for place in result) + 1 for k in range(3)]
        return np.array(list(result.values())).reshape(shape)

    def full(self, units, name, n):
        return np.array([
            self.unit([*((one, (f"{name}.weight", k * len(units) + i)) for i, one in enumerate(units)),
                       (0, (f"{name}.bias", k))])
            for k in range(n)
        ])  # fmt: skip


# --- random networks ------------------------------------------------------------------------------


@st.composite
def networks(draw):
    """Layers, and for each what makes its units: (module, units -> units)."""
    maps, size = draw(st.sampled_from([1, 2, 3])), draw(st.integers(4, 6))
    shape, layers = (maps, size, size), []
    for number in range(draw(st.integers(0, 4))):
        kinds = ["activation", "prelu", "convolution", "residual", "normalisation", "dropout"]
        kinds += ["pooling", "subsampling"] * (size >= 2) + ["table"] * (size >= 3)
        kind, name = draw(st.sampled_from(kinds)), str(number)
        if kind == "activation":
            chosen = draw(st.sampled_from(sorted(ACTIVATIONS)))
            module = Function(squash) if chosen == "eq. 6" else ACTIVATIONS[chosen][0]
            layers.append((module, lambda u, m, chosen=chosen: u.activation(m, chosen)))
        elif kind == "prelu":
            layers.append((nn.PReLU(draw(st.sampled_from([1, maps]))),
                           lambda u, m, name=name: u.prelu(m, name)))  # fmt: skip
        elif kind == "convolution":
            groups = draw(st.sampled_from([g for g in (1, 2, 3) if maps % g == 0]))
            new, kernel = groups * draw(st.integers(1, 2)), draw(st.integers(1, min(3, size)))
            stride, padding = draw(st.integers(1, 2)), draw(st.integers(0, kernel // 2))
            module = nn.Conv2d(maps, new, kernel, stride, padding, groups=groups,
                               bias=draw(st.booleans()))  # fmt: skip
            each, per = maps // groups, new // groups
            crosses = [[(m // per * each + i, m * each + i) for i in range(each)]
                       for m in range(new)]  # fmt: skip
            layers.append((module, lambda u, m, args=(name, crosses, kernel, stride, padding):
                           u.convolution(m, *args)))  # fmt: skip
            maps, size = new, (size + 2 * padding - kernel) // stride + 1
        elif kind == "table":
            table = [sorted(draw(st.sets(st.integers(0, maps - 1), min_size=1)) | {maps - 1}),
                     list(range(maps))]  # fmt: skip
            numbers = iter(range(99))
            crosses = [[(i, next(numbers)) for i in row] for row in table]
            layers.append((TableConvolution(table, 3), lambda u, m, name=name, crosses=crosses:
                           u.convolution(m, name, crosses, 3)))  # fmt: skip
            maps, size = len(table), size - 2
        elif kind == "pooling":
            which = draw(st.sampled_from(["max", "average"]))
            window, padding = 2, draw(st.integers(0, 1))
            stride = draw(st.integers(1, 2))
            module = (nn.MaxPool2d if which == "max" else nn.AvgPool2d)(window, stride, padding)
            layers.append((module, lambda u, m, args=(which, window, stride, padding):
                           u.pooling(m, *args)))  # fmt: skip
            size = (size + 2 * padding - window) // stride + 1
        elif kind == "subsampling":

            def subsampled(u, m, name=name):
                summed = u.pooling(m, "sum", 2, 2, 0)
                return np.array([
                    [[u.unit([(one, (f"{name}.coefficient", k)), (0, (f"{name}.bias", k))])
                      for one in row] for row in of_map]
                    for k, of_map in enumerate(summed)
                ])  # fmt: skip

            layers.append((Subsampling(maps), subsampled))
            size = size // 2
        elif kind == "residual":

            def residual(u, m, name=name, maps=maps):
                crosses = [[(i, k * maps + i) for i in range(maps)] for k in range(maps)]
                change = u.convolution(m, f"{name}.conv", crosses, 3, 1, 1)
                change = u.activation(change, "tanh")
                return np.vectorize(lambda a, b: u.unit([(a, 1.0), (b, 1.0)]))(m, change)

            layers.append((Residual(maps), residual))
        elif kind == "normalisation":

            def normalised(u, m, name=name):
                def unit(k, one):
                    mean, variance = (u.known[f"{name}.running_{of}"][k] for of in ("mean", "var"))
                    factor = float(1 / np.sqrt(variance + 1e-5))
                    ready = u.unit([(one, factor), (0, float(-mean * factor))])
                    return u.unit([(ready, (f"{name}.weight", k)), (0, (f"{name}.bias", k))])

                return np.array([np.vectorize(lambda one, k=k: unit(k, one))(of_map)
                                 for k, of_map in enumerate(m)])  # fmt: skip

            layers.append((nn.BatchNorm2d(maps), normalised))
        else:
            layers.append((nn.Dropout2d(0.3), lambda u, m: m))
    units = maps * size * size
    layers.append((nn.Flatten(), lambda u, m: m.ravel()))
    hidden = draw(st.integers(1, 3))
    first, last = str(len(layers)), str(len(layers) + 2)
    layers.append((nn.Linear(units, hidden), lambda u, m: u.full(m, first, hidden)))
    layers.append((nn.Tanh(), lambda u, m: u.activation(m, "tanh")))
    layers.append((nn.Linear(hidden, 3), lambda u, m: u.full(m, last, 3)))
    return shape, layers


def built(layers, seed):
    """The network in float64, its parameters and what it knows of its inputs drawn at random."""
    torch.manual_seed(seed)
    network = nn.Sequential(*(module for module, _ in layers)).double().eval()
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(torch.randn_like(p) / (1 + p[0].numel() if p.ndim > 1 else 2) ** 0.5)
        for name, value in network.named_buffers():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + (0.5 if name.endswith("var") else -0.5))
    return network


def expected(network, layers, x, at_outputs):
    """{parameter: h}, the mean over the patterns of what `Units` finds for each; and the outputs."""
    arrays = {name: p.detach().numpy() for name, p in network.named_parameters()}
    known = {name: b.numpy() for name, b in network.named_buffers()}
    h, outputs = dict.fromkeys(arrays, 0), []
    for pattern in x.numpy():
        units = Units(arrays)
        units.known = known
        maps = units.each(pattern, lambda level, units=units: units.unit([(0, float(level))]))
        for _, make in layers:
            maps = make(units, maps)
        outputs.append([units.x[unit] for unit in maps])
        for name, of_pattern in units.back(maps, at_outputs(np.array(outputs[-1]))).items():
            h[name] = h[name] + of_pattern / len(x)
    return h, outputs


def of_softmax(scores):
    """d2E / dy2 of the cross entropy: p (1 - p)."""
    p = np.exp(scores - scores.max())
    p /= p.sum()
    return p * (1 - p)


LOSSES = {
    "cross entropy": (nn.CrossEntropyLoss(), of_softmax),
    "cross entropy, summed": (nn.CrossEntropyLoss(reduction="sum"), of_softmax),
    "a function": (functional.cross_entropy, of_softmax),
    "eq. 9 without rubbish": (MAPLoss(math.inf), lambda y: of_softmax(-y)),
}


@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(0, 99), st.sampled_from(sorted(LOSSES)))
def test_curvature_of_any_network_is_the_recursion_over_its_connections(drawn, seed, loss):
    shape, layers = drawn
    network = built(layers, seed)
    x = torch.randn(PATTERNS, *shape, dtype=torch.float64)
    loss, at_outputs = LOSSES[loss]
    h, outputs = expected(network, layers, x, at_outputs)
    np.testing.assert_allclose(network(x).detach().numpy(), outputs, rtol=1e-9, atol=1e-12)
    found = diagonal_curvature(network, x, torch.tensor([0, 2]), loss)
    assert list(found) == list(h)
    for name, value in h.items():
        np.testing.assert_allclose(found[name].numpy(), value, rtol=1e-8, atol=1e-14)


def inside(module, make):
    """The layers of a network with this one between two of weighted sums."""
    first, last = (lambda u, m: u.full(m, "0", 4)), (lambda u, m: u.full(m, "2", 3))
    return [(nn.Linear(5, 4), first), (module, make), (nn.Linear(4, 3), last)]


ONE_BY_ONE = {
    name: (module, lambda u, m, name=name: u.activation(m, name))
    for name, (module, *_) in ACTIVATIONS.items()
    if isinstance(module, nn.Module)
} | {
    "prelu": (nn.PReLU(), lambda u, m: u.prelu(m, "1")),
    "prelu of each map": (nn.PReLU(4), lambda u, m: u.prelu(m, "1")),
}


@pytest.mark.parametrize(("module", "make"), ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_every_activation_is_squared_as_its_slope_is(module, make):
    layers = inside(module, make)
    network, x = built(layers, 0), some(PATTERNS, 5)
    h, outputs = expected(network, layers, x, of_softmax)
    np.testing.assert_allclose(network(x).detach().numpy(), outputs, rtol=1e-9, atol=1e-12)
    found = diagonal_curvature(network, x, torch.tensor([0, 2]), nn.CrossEntropyLoss())
    assert list(found) == list(h)
    for name, value in h.items():
        np.testing.assert_allclose(found[name].numpy(), value, rtol=1e-8, atol=1e-14)


def test_a_function_with_a_rule_takes_its_argument_by_name_too():
    x, labels, linear = some(PATTERNS, 5), torch.tensor([0, 2]), nn.Linear(5, 3).double()
    of = [
        diagonal_curvature(nn.Sequential(linear, Function(f)), x, labels, nn.CrossEntropyLoss())
        for f in (squash, lambda x: squash(a=x))
    ]
    assert torch.equal(of[0]["0.weight"], of[1]["0.weight"])


# --- other ways to write a network ----------------------------------------------------------------


def some(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def curvatures(network, x, loss=None, **options):
    labels = torch.arange(len(x)) % 3
    return list(
        diagonal_curvature(
            network.double(), x, labels, loss or nn.CrossEntropyLoss(), **options
        ).values()
    )


def assert_all_close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-14)


class OfLayers(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.full = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)

    def forward(self, x):
        x = nn.AdaptiveAvgPool2d(1)(nn.AvgPool2d(2)(nn.GELU()(self.conv((x - 0.5) / 2))))
        return self.full(nn.Flatten()(x))


class OfFunctions(OfLayers):
    def forward(self, x):
        maps = functional.conv2d((x - 0.5) / 2, weight=self.conv.weight, bias=self.conv.bias)
        pooled = functional.avg_pool2d(functional.gelu(maps), 2).mean((2, 3))
        return pooled @ self.full.weight.T + self.full.bias


class OfParts(OfLayers):
    """The same by other sums: signs, views and concatenated halves."""

    def forward(self, x):
        first, second = self.conv(x * 0.5 - 0.25).chunk(2, 1)
        maps = torch.cat([first.neg(), 1 - second], 1)
        maps = functional.gelu(torch.cat([-maps[:, :2], 1 - maps[:, 2:]], dim=1))
        sums = maps.unflatten(2, (2, 2)).sum((3,)).unflatten(3, (2, 2)).sum(4) / 4
        return self.full(sums.permute(0, 2, 3, 1).mean((1, 2)))


@pytest.mark.parametrize("written", [OfFunctions, OfParts])
def test_a_network_has_one_curvature_however_it_is_written(written):
    x = some(4, 1, 6, 6)
    torch.testing.assert_close(written().double()(x), OfLayers().double()(x))
    if written is OfParts:  # an average of averages is a sum of more units, not of more weight
        assert_all_close(curvatures(written(), x)[2:], curvatures(OfLayers(), x)[2:])
    else:
        assert_all_close(curvatures(written(), x), curvatures(OfLayers(), x))


def test_a_weight_that_is_used_twice_has_both_uses_curvature():
    torch.manual_seed(0)
    first, last = nn.Linear(4, 4), nn.Linear(4, 3)
    copy = nn.Linear(4, 4)
    copy.load_state_dict(first.state_dict())
    x = some(3, 4)
    once = curvatures(nn.Sequential(first, nn.Tanh(), copy, nn.Tanh(), last), x)
    twice = curvatures(nn.Sequential(first, nn.Tanh(), first, nn.Tanh(), last), x)
    assert_all_close(twice, [once[0] + once[2], once[1] + once[3], *once[4:]])


class Gains(nn.Module):
    """Weights for each place, twice: the first and the last of so many."""

    def __init__(self, n):
        super().__init__()
        self.gains = nn.ParameterList(some(4, seed=1) for _ in range(n))

    def forward(self, x):
        return torch.tanh(x * self.gains[0]) * self.gains[-1]


def test_a_product_may_have_a_weight_that_is_below_it_as_well():
    (both,), apart = curvatures(Gains(1), some(3, 4)), curvatures(Gains(2), some(3, 4))
    assert_all_close([both], [apart[0] + apart[1]])


def test_a_softmax_at_the_end_belongs_to_the_loss():
    network = OfLayers()
    x = some(4, 1, 6, 6)
    with_softmax = nn.Sequential(network, nn.LogSoftmax(1))
    assert_all_close(curvatures(with_softmax, x, nn.NLLLoss()), curvatures(network, x))


def test_a_mean_squared_error_curves_by_two_for_each_target():
    network, x = OfLayers().double(), some(4, 1, 6, 6)
    ours = diagonal_curvature(network, x, some(4, 3), nn.MSELoss())
    constant = diagonal_curvature(network, x, some(4, 3), nn.MSELoss(), output_curvature=2 / 3)
    assert_all_close(ours.values(), constant.values())


class Summed(nn.Module):
    """A loss that says nothing of a reduction, and counts how often it is called."""

    def __init__(self):
        super().__init__()
        self.register_buffer("times", torch.zeros(()))

    def forward(self, outputs, labels):
        self.times += 1
        return self.times * functional.cross_entropy(outputs, labels, reduction="sum")


def weighed(outputs, labels, **options):
    """Class 1 counts three times, 2 not at all."""
    weight = torch.tensor([1.0, 3.0, 5.0]).double()
    return functional.cross_entropy(outputs, labels, weight, ignore_index=2, **options)


OF_PATTERNS = functools.partial(functional.cross_entropy, reduction="none")
REDUCED = {
    "a sum, in part": (functools.partial(functional.cross_entropy, reduction="sum"), OF_PATTERNS),
    "a sum in a function": (lambda a, y: OF_PATTERNS(a, y).sum(), OF_PATTERNS),
    "a mean in a function": (lambda a, y: OF_PATTERNS(a, y).mean(), OF_PATTERNS),
    "each pattern in a row": (lambda a, y: OF_PATTERNS(a, y)[:, None], OF_PATTERNS),
    "a sum in a layer": (Summed(), OF_PATTERNS),
    "a mean of patterns alone": (
        lambda a, y: nn.KLDivLoss(reduction="batchmean")(
            a.log_softmax(1), functional.one_hot(y, 3).double()
        ),
        OF_PATTERNS,
    ),
    "a weighed sum": (
        lambda a, y: weighed(a, y, reduction="sum"), functools.partial(weighed, reduction="none")
    ),
    "a weighed mean, of 1 + 3 + 1": (
        weighed, lambda a, y: weighed(a, y, reduction="none") * 4 / (1 + 3 + 1)
    ),
    "a sum that is 0": (
        lambda a, y: (a - a.detach()).square().sum(), lambda a, y: (a - a.detach()).square()
    ),
    "nothing": (lambda a, y: a.sum() * 0, lambda a, y: a * 0),
}  # fmt: skip


@pytest.mark.parametrize(("loss", "of_patterns"), REDUCED.values(), ids=REDUCED)
def test_whether_a_loss_is_a_mean_or_a_sum_is_asked_of_it(loss, of_patterns):
    network, x = OfLayers(), some(4, 1, 6, 6)
    assert_all_close(curvatures(network, x, loss), curvatures(network, x, of_patterns))
    if isinstance(loss, Summed):
        assert loss.times == 1


NO_MEAN = {
    "a root": (lambda a, y: functional.cross_entropy(a, y).sqrt(), "ties patterns together"),
    "a draw": (lambda a, y: OF_PATTERNS(a, y).sum() * torch.rand(()), "or draws at random"),
    "weights of so many patterns": (
        lambda a, y: (OF_PATTERNS(a, y) * torch.arange(4)).sum(),
        r"does not take twice as many patterns.* of shape \(P,\)",
    ),
}


@pytest.mark.parametrize(("loss", "words"), NO_MEAN.values(), ids=NO_MEAN)
def test_a_loss_that_is_neither_a_mean_nor_a_sum_is_refused(loss, words):
    with pytest.raises(ValueError, match=words):
        curvatures(OfLayers(), some(4, 1, 6, 6), loss)


def test_a_loss_of_each_output_alone_is_not_differentiated_for_each_of_them():
    """Nor does it take random numbers of PyTorch's own to see that it is one."""
    network, x, times = nn.Linear(4, 50).double(), some(3, 4), []

    def loss(outputs, targets):
        outputs = outputs * 1
        outputs.register_hook(times.append)
        return functional.mse_loss(outputs, targets)

    before = torch.random.get_rng_state()
    h = diagonal_curvature(network, x, some(3, 50), loss)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len(times) < 10
    expected = 2 / 50 * x.square().mean(0).expand(50, 4), x.new_full((50,), 2 / 50)
    assert_all_close(h.values(), expected)


def test_a_relu_in_place_is_a_relu():
    torch.manual_seed(0)
    first, last, x = nn.Linear(4, 4), nn.Linear(4, 3), some(3, 4)
    in_place = curvatures(nn.Sequential(first, nn.ReLU(inplace=True), last), x)
    assert_all_close(in_place, curvatures(nn.Sequential(first, nn.ReLU(), last), x))


def test_without_parameters_that_are_trained_there_is_nothing_to_measure():
    network = OfLayers().requires_grad_(False)
    with pytest.raises(ValueError, match=r"no parameter is trained: call model.requires_grad_\(\)"):
        curvatures(network, some(4, 1, 6, 6))


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), MSELoss(), MAPLoss(j=3.0)])
def test_the_curvature_is_measured_where_gradients_are_off_as_well(loss):
    network, x = OfLayers(), some(4, 1, 6, 6)
    expected = curvatures(network, x, loss)
    with torch.no_grad():
        assert_all_close(curvatures(network, x, loss), expected)


def test_a_head_that_is_not_used_may_be_frozen():
    network, x = Unused(), some(3, 4)
    network.head.requires_grad_(False)
    assert len(curvatures(network, x)) == 2


def test_frozen_parameters_have_no_curvature():
    network = OfLayers()
    network.conv.requires_grad_(False)
    x, labels = some(4, 1, 6, 6), torch.tensor([0, 1, 2, 0])
    all_of_them = diagonal_curvature(OfLayers().double(), x, labels, nn.CrossEntropyLoss())
    found = diagonal_curvature(network.double(), x, labels, nn.CrossEntropyLoss())
    assert list(found) == ["full.weight", "full.bias"]
    assert_all_close(found.values(), [all_of_them[name] for name in found])


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile])
def test_names_are_those_of_the_network_as_it_is_given(wrap):
    network, x, labels = OfLayers().double(), some(4, 1, 6, 6), torch.tensor([0, 1, 2, 0])
    wrapped = wrap(network)
    found = diagonal_curvature(wrapped, x, labels, nn.CrossEntropyLoss())
    assert list(found) == [name for name, _ in wrapped.named_parameters()]
    assert_all_close(found.values(), curvatures(network, x))


def test_an_rbf_layer_of_ones_own_ends_a_network():
    """As in LeNet-5; against the exact second derivatives at its input."""
    torch.manual_seed(0)
    body, centers, x = nn.Linear(4, 5), 2.0 * torch.eye(3, 5) - 1, some(3, 4)
    network = nn.Sequential(body, Function(squash), EuclideanRBF(centers))
    by_hand = nn.Sequential(body, Function(squash))
    for loss in (MSELoss(), MAPLoss(j=3.0), nn.CrossEntropyLoss()):

        def energy(states, label, loss=loss):
            return loss((states - centers).square().sum(-1)[None], label[None])

        body.double()
        states = by_hand(x).detach()
        second = torch.stack([
            jacrev(jacrev(energy))(of, label).diagonal()
            for of, label in zip(states, torch.arange(3), strict=True)
        ]).clamp(min=0)  # fmt: skip
        slopes = (2 / 3 * (A - states.square() / A)).square()
        expected = [(second * slopes).T @ x.square() / 3, (second * slopes).mean(0)]
        assert_all_close(curvatures(network, x, loss), expected)


# --- against the exact diagonal -------------------------------------------------------------------


class Between(nn.Module):
    """A function of the states of a layer, of a parameter, and of the inputs."""

    def __init__(self, function, inputs=4, states=4):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.gain = nn.Linear(inputs, states), nn.Parameter(some(states, seed=1))
        self.function = function

    def forward(self, x):
        return self.function(self.layer(x), self.gain, x)


def exact(network, x):
    """d2E / dw2 of a mean squared error, which is 2 (dz / dw)^2 where outputs z are linear in w."""
    weights = {name: p.detach() for name, p in network.named_parameters()}
    slopes = jacrev(lambda of: functional_call(network, of, (x,)).flatten(1))(weights)
    return {name: 2 * dz.square().mean(1).mean(0) for name, dz in slopes.items()}


def second(x):
    """Weighted sums that have no weights in common with a layer's."""
    return x @ nn.Parameter(some(4, 4, seed=2))


def nearest(x, size):
    return functional.interpolate(x, size, mode="nearest-exact")


def assigned(first, *others):
    """All of them in the place of some of the first's numbers."""
    result = torch.zeros(len(first), 6, dtype=first.dtype)
    result[:, 1:5] = first
    for n, other in enumerate(others):
        result[:, [n, n + 3]] = other if isinstance(other, float) else other[:, :2]
    return result


PLACES = torch.tensor([3, 0, 5, 1])
MASK = torch.eye(4, dtype=torch.float64).roll(1, 0) * 3
LINEAR = {
    "adaptive pooling of 7 by 3": lambda a, w, x: functional.adaptive_avg_pool1d(
        (a * w)[:, None], output_size=3),
    "adaptive pooling of 7 by 4": lambda a, w, x: nn.AdaptiveAvgPool1d(4)((a * w)[:, None]),
    "pooling of rows": lambda a, w, x: nn.AvgPool1d(2)((a * w)[:, None]),
    "pooling of rows and what pads them": lambda a, w, x: functional.avg_pool1d(
        input=(a * w)[:, None], kernel_size=3, stride=(2,), padding=1, ceil_mode=True),
    "pooling of rows without what pads them": lambda a, w, x: nn.AvgPool1d(
        3, 2, 1, ceil_mode=True, count_include_pad=False)((a * w)[:, None]),
    "a divisor of its own": lambda a, w, x: functional.avg_pool2d(
        (a * w).view(-1, 1, 2, 2), 2, divisor_override=3),
    "pooling by keywords": lambda a, w, x: functional.avg_pool2d(
        input=(a * w).view(-1, 1, 2, 2), kernel_size=(1, 2)),
    "a mean by keywords": lambda a, w, x: torch.mean(input=a * w, dim=1, keepdim=True),
    "a product by keywords": lambda a, w, x: torch.mul(input=a, other=w),
    "a number by keywords": lambda a, w, x: torch.mul(input=a * w, other=3),
    "a difference by keywords": lambda a, w, x: torch.sub(x.sin(), other=a * w),
    "a quotient by keywords": lambda a, w, x: torch.div(input=a * w, other=4),
    "a product of matrices by keywords": lambda a, w, x: torch.mm(input=a * w, mat2=MASK),
    "a quotient": lambda a, w, x: torch.true_divide(torch.divide(a * w, 2), MASK.sum(0)),
    "a gain that is never negative": lambda a, w, x: a * w.exp(),
    "masked weights": lambda a, w, x: functional.linear(a, w * MASK),
    "einsum": lambda a, w, x: torch.einsum("ni,ji->nj", a, w * MASK),
    "circular padding": lambda a, w, x: nn.CircularPad1d((1, 2))((a * w)[:, None]),
    "other padding": lambda a, w, x: nn.ReflectionPad1d(2)((a * w)[:, None]),
    "the nearest of a row": lambda a, w, x: nearest((a * w)[:, None], 7),
    "the nearest of an image": lambda a, w, x: nearest((a * w).view(-1, 1, 2, 2), 5),
    "the nearest of a volume": lambda a, w, x: nearest((a * w).view(-1, 1, 1, 2, 2), 3),
    "patches": lambda a, w, x: nn.Unfold(2, padding=1)((a * w).view(-1, 1, 2, 2)),
    "patches that overlap": lambda a, w, x: nn.Fold((3, 1), (2, 1))((a * w).view(-1, 2, 2)),
    "diagonals": lambda a, w, x: torch.diagonal((a * w).view(-1, 2, 2), 0, 1, 2),
    "numbers on a diagonal": lambda a, w, x: (a * w).diag_embed(1),
    "numbers in place of a diagonal": lambda a, w, x: torch.diagonal_scatter(
        (a * w).view(-1, 2, 2), a[:, :2] * w[2:], 0, 1, 2),
    "weights on a diagonal": lambda a, w, x: a @ torch.block_diag(w[:1, None], w[1:, None]),
    "their trace": lambda a, w, x: a * torch.trace(w.diag_embed()),
    "triangles": lambda a, w, x: (a * w).view(-1, 2, 2).tril() + (a * w).view(-1, 2, 2).triu(1),
    "a turn": lambda a, w, x: (a * w).view(-1, 2, 2).rot90(1, (1, 2)),
    "numbers scattered": lambda a, w, x: x.repeat(1, 2).scatter(1, PLACES.expand_as(a), a * w),
    "numbers scattered and added": lambda a, w, x: x.scatter_add(1, PLACES.expand_as(a) // 2, a * w),
    "a slice scattered": lambda a, w, x: torch.slice_scatter(a * w, a[:, :2] * w[2:], 1, 1, 3),
    "a column scattered": lambda a, w, x: torch.select_scatter(a * w, a[:, 0] * w[1], 1, 2),
    "columns added": lambda a, w, x: x.index_add(1, PLACES // 2, a * w),
    "columns put in": lambda a, w, x: (a * w).index_copy(1, PLACES[:2], a[:, :2] * w[2:]),
    "columns filled": lambda a, w, x: (a * w).index_fill(1, PLACES[:1], 3.0),
    "numbers taken": lambda a, w, x: (a * w).take(torch.arange(a.numel()).view(-1, 4).roll(1, 1)),
    "numbers chosen": lambda a, w, x: (a * w).masked_select(PLACES > 0).view(len(x), -1),
    "numbers put in": lambda a, w, x: (a * w).masked_scatter(PLACES > 0, x[:, :3] * w[1:]),
    "sums so far": lambda a, w, x: (a * w).cumsum(1),
    "numbers in order": lambda a, w, x: (a * w).sort(1).values,
    "the largest two": lambda a, w, x: (a * w).topk(2, 1).values,
    "a copy": lambda a, w, x: torch.zeros_like(x).copy_(a * w),
    "numbers assigned": lambda a, w, x: assigned(a * w, 1.0, x * w),
    "two layers side by side": lambda a, w, x: a * w * second(x),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # of vmap, in what is exact
@pytest.mark.parametrize("function", LINEAR.values(), ids=LINEAR)
def test_what_is_linear_in_each_weight_has_its_exact_diagonal(function):
    inputs = 7 if function in list(LINEAR.values())[:2] else 4
    network, x = Between(function, inputs, inputs).double(), some(3, inputs)
    targets = torch.zeros_like(network(x)).detach()
    h, expected = diagonal_curvature(network, x, targets, nn.MSELoss()), exact(network, x)
    assert_all_close(h.values(), [expected[name] for name in h])


@pytest.mark.parametrize(
    "options",
    [{}, {"scale_grad_by_freq": True}, {"sparse": True}, {"padding_idx": 1}, {"max_norm": 0.5}],
    ids=str,
)
def test_words_are_weights_of_inputs_that_are_0_or_1(options):
    """Those that pad are not trained. Rows that are too long are shortened before they are used."""
    words = torch.randint(6, (9, 3), generator=torch.Generator().manual_seed(0))
    network = nn.Sequential(nn.Embedding(6, 4, **options), nn.Flatten(), nn.Linear(12, 3)).double()
    if options.get("max_norm"):
        network[0](torch.arange(6))
    by_hand = nn.Sequential(nn.Linear(6, 4, bias=False), *network[1:]).double()
    by_hand[0].weight.data = network[0].weight.data.T
    expected = curvatures(by_hand, functional.one_hot(words, 6).double())
    expected[0] = expected[0].T * (torch.arange(6)[:, None] != options.get("padding_idx"))
    assert_all_close(curvatures(network, words), expected)


BY_NAME = {
    "tanh": (torch.tanh, {"input": ...}),
    "softplus": (functional.softplus, {"input": ..., "beta": 2.0}),
    "a power": (torch.pow, {"input": ..., "exponent": 3}),
    "dropout": (functional.dropout, {"input": ..., "training": False}),
}


@pytest.mark.parametrize(("function", "named"), BY_NAME.values(), ids=BY_NAME)
def test_an_input_may_be_given_by_its_name(function, named):
    options = {name: value for name, value in named.items() if value is not ...}
    x = some(3, 4)
    by_name = Between(lambda a, w, x: function(input=a * w, **options)[:, :3])
    by_place = Between(lambda a, w, x: function(a * w, **options)[:, :3])
    assert_all_close(curvatures(by_name, x), curvatures(by_place, x))


def test_the_input_of_an_ending_may_be_given_by_its_name():
    x = some(3, 4)
    ended = Between(lambda a, w, x: torch.log_softmax(input=(a * w)[:, :3], dim=1))
    plain = Between(lambda a, w, x: (a * w)[:, :3])
    assert_all_close(curvatures(ended, x, nn.NLLLoss()), curvatures(plain, x))


@pytest.mark.parametrize("loss", [MSELoss(), MAPLoss(j=3.0)], ids=["eq. 8", "eq. 9"])
def test_a_loss_above_what_is_more_than_distances_is_differentiated_as_it_is(loss):
    """Twice the distances are those that the factor 2 makes."""
    torch.manual_seed(0)
    body, x = nn.Linear(4, 5), some(3, 4)
    network = nn.Sequential(body, Function(squash), EuclideanRBF(2.0 * torch.eye(3, 5) - 1))
    doubled = nn.Sequential(network, Function(lambda distances: 2 * distances))
    assert_all_close(curvatures(doubled, x, loss), curvatures(network, x, replace(loss, factor=2)))


# --- rules ----------------------------------------------------------------------------------------


class Swish(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


class Shifted(nn.Module):
    """A weight for each place, and the place one to the left."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor([0.5, -2.0, 1.5, 1.0], dtype=torch.float64))

    def forward(self, x):
        return torch.fft.irfft(torch.fft.rfft(x.roll(-1, 1) * self.gain), n=4)


@pytest.fixture
def rules():
    """What a test registers is forgotten after it."""
    before = RULES.copy()
    yield
    RULES.clear()
    RULES.update(before)


@pytest.mark.usefixtures("rules")
def test_an_activation_of_ones_own_needs_one_line():
    torch.manual_seed(0)
    first, last = nn.Linear(4, 4), nn.Linear(4, 3)
    x = some(3, 4)
    own = nn.Sequential(first, Swish(), last)
    with pytest.raises(NoRule, match="mul of two states is not linear"):
        curvatures(own, x)
    curvature_rule(Swish)(through_slopes)
    assert_all_close(curvatures(own, x), curvatures(nn.Sequential(first, nn.SiLU(), last), x))
    assert "forward" not in vars(own[1])


@pytest.mark.usefixtures("rules")
def test_parameters_of_ones_own_are_not_passed_over():
    class Steep(nn.PReLU):
        pass

    curvature_rule(Steep)(through_slopes)
    network = nn.Sequential(nn.Linear(4, 4), Steep(), nn.Linear(4, 3))
    with pytest.raises(NoRule, match="Steep has parameters, to which through_slopes brings no"):
        curvatures(network, some(3, 4))
    network[1].requires_grad_(False)
    plain = nn.Sequential(network[0], nn.LeakyReLU(0.25), network[2])
    assert_all_close(curvatures(network, some(3, 4)), curvatures(plain, some(3, 4)))


@pytest.mark.usefixtures("rules")
def test_a_linear_layer_of_ones_own_needs_one_line():
    torch.manual_seed(0)
    layer, last, x = Shifted(), nn.Linear(4, 3), some(3, 4)
    own = nn.Sequential(layer, nn.Tanh(), last)
    with pytest.raises(NoRule, match=r"no rule for the layer '0' \(Shifted, FftR2C\)"):
        curvatures(own, x)
    curvature_rule(Shifted)(through_squares)
    plain = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), last).double()
    with torch.no_grad():
        plain[0].weight.copy_(torch.diag(layer.gain).roll(1, 1))
        plain[0].bias.zero_()
    torch.testing.assert_close(own(x), plain(x))
    h, expected = curvatures(own, x), curvatures(plain, x)
    place = torch.arange(4)
    assert_all_close(h, [expected[0][place, (place + 1) % 4], *expected[2:]])


@pytest.mark.usefixtures("rules")
def test_the_input_of_a_layer_with_a_rule_may_be_given_by_its_name():
    class Named(nn.Module):
        def forward(self, states):
            return states * torch.sigmoid(states)

    curvature_rule(Named)(through_slopes)
    layer, x = Named(), some(3, 4)
    by_name = Between(lambda a, w, x: layer(states=a * w)[:, :3])
    by_name.own = layer
    by_place = Between(lambda a, w, x: functional.silu(a * w)[:, :3])
    assert_all_close(curvatures(by_name, x), curvatures(by_place, x))


@pytest.mark.usefixtures("rules")
def test_a_forward_pass_that_a_layer_was_given_is_measured_and_stays():
    """Some libraries put their own there."""
    curvature_rule(Swish)(through_slopes)
    torch.manual_seed(0)
    first, last, x = nn.Linear(4, 4), nn.Linear(4, 3), some(3, 4)
    own = Swish()
    class_forward = own.forward

    def twice(x):
        return 2 * class_forward(x)

    own.forward = twice
    expected = curvatures(nn.Sequential(first, Function(lambda a: 2 * functional.silu(a)), last), x)
    network = nn.Sequential(first, own, last)
    for _ in range(2):
        assert_all_close(curvatures(network, x), expected)
        assert own.forward is twice
    with pytest.raises(NoRule, match="dropout is on"):
        curvatures(nn.Sequential(network, nn.Dropout()), x)
    assert own.forward is twice


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads, self.last = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(self.heads(x[:, None], x[:, None], x[:, None])[0][:, 0])


class SoftmaxInside(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(self.first(x).softmax(1))


class Unused(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)
        self.head = nn.Linear(4, 2)


class HalfOf(nn.Linear):
    def forward(self, x):
        return torch.add(x, super().forward(x), alpha=0.5)[:, :3]


class Pairs(nn.Module):
    """A bilinear layer of states and inputs."""

    def __init__(self):
        super().__init__()
        self.first, self.both = nn.Linear(4, 4), nn.Bilinear(4, 4, 3)

    def forward(self, x):
        return self.both(self.first(x), x)


def doubled_in_part(a, w, x):
    result = a * w
    result[:, 1:] *= 2
    return result


REFUSED = {
    "attention": (Attention, r"no rule for the layer 'heads' \(MultiheadAttention, \w+\)"),
    "a softmax inside": (SoftmaxInside, "no rule for softmax but at the end of a network"),
    "normalisation of layers": (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 3)),
        r"no rule for the layer '1' \(LayerNorm, NativeLayerNorm\)",
    ),
    "normalisation in training": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)),
        r"the layers '1' \(BatchNorm1d\) tie patterns together: call model.eval\(\)",
    ),
    "dropout": (lambda: nn.Sequential(nn.Linear(4, 3), nn.Dropout()), "dropout is on"),
    "random slopes": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.RReLU()), r"rrelu draws slopes.* model.eval\(\)"
    ),
    "recurrence": (lambda: nn.RNN(4, 3), "a network that gives a tensor, got tuple"),
    "in place": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.SiLU(inplace=True))),
        r"^in the layer '1.0' \(SiLU\): silu must not work in place",
    ),
    "layers that are computed again": (
        lambda: Between(lambda a, w, x: checkpoint(torch.tanh, a * w, use_reentrant=False)),
        "as torch.utils.checkpoint has them to compute layers again",
    ),
    "a parameter without a part": (
        Unused, r"no curvature comes to head.weight, head.bias: .*call its requires_grad_\(False\)"
    ),
    "a weight in a sum": (lambda: HalfOf(4, 4), "no rule for Add"),
    "a weight in a sum of columns": (
        lambda: Between(lambda a, w, x: x.index_add(1, PLACES // 2, a * w, alpha=2)),
        "no rule for IndexAdd",
    ),
    "a product in a part": (lambda: Between(doubled_in_part), "no rule for CopySlices"),
    "a weight in a difference": (
        lambda: Between(lambda a, w, x: torch.sub(a * w, x, alpha=2)), "no rule for Sub"
    ),
    "patterns less their mean": (
        lambda: Between(lambda a, w, x: torch.tanh((a - a.mean(0)) * w)), "ties patterns together"
    ),
    "patterns and those before them": (
        lambda: Between(lambda a, w, x: torch.stack([a[:1].sum(0), *(a[1:] + a[:-1])])),
        "ties patterns together",
    ),
    "noise": (
        lambda: Between(lambda a, w, x: a * w + torch.randn_like(x)), "or draws at random"
    ),
    "normalisation of what is not kept": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, track_running_stats=False)).eval(),
        "make the layer with track_running_stats=True",
    ),
    "a bilinear layer": (Pairs, r"no rule for the layer 'both' \(Bilinear, Trilinear\)"),
    "einsum of three": (
        lambda: Between(lambda a, w, x: torch.einsum("ni,ij,nj->n", a, w * MASK, x)[:, None]),
        "einsum of more than two",
    ),
    "a state by itself": (lambda: Between(lambda a, w, x: a * a), "^mul of two states is not linear"),
    "a state by itself, in a layer": (
        lambda: nn.Sequential(nn.Linear(4, 4), Swish()),
        r"^in the layer '1' \(Swish\): mul of two states is not linear",
    ),
    "a state by itself, by keyword": (
        lambda: Between(lambda a, w, x: torch.mul(a, other=a)), "mul of two states is not linear"
    ),
    "states by themselves": (
        lambda: Between(lambda a, w, x: torch.mm(a, mat2=a.T)), "mm of two states is not linear"
    ),
    "states as weights": (
        lambda: Between(lambda a, w, x: functional.linear(a, weight=a)),
        "linear of two states is not linear",
    ),
    "states as kernels": (
        lambda: Between(lambda a, w, x: functional.conv1d(a[None], a[:, :, None].transpose(0, 2)
                                                         .transpose(1, 2)[:, :3])),
        "conv1d of two states is not linear",
    ),
    "a parameter by itself": (
        lambda: Between(lambda a, w, x: x * (w * w)), "mul of two factors that share a parameter"
    ),
    "a parameter by twice itself": (
        lambda: Between(lambda a, w, x: x * (w * (2 * w))), "mul of two factors that share"
    ),
    "a parameter by a function of it": (
        lambda: Between(lambda a, w, x: x * torch.mul(w, w.exp())), "mul of two factors that share"
    ),
    "a product of pieces of a parameter": (
        lambda: Between(lambda a, w, x: x @ torch.mm(w[:, None], w[None])), "mm of two factors"
    ),
    "a parameter over a state": (
        lambda: Between(lambda a, w, x: w / a), "div is not linear in its divisor"
    ),
    "a state over a parameter": (
        lambda: Between(lambda a, w, x: torch.divide(a, w)), "divide is not linear in its divisor"
    ),
    "a state over a parameter, by keyword": (
        lambda: Between(lambda a, w, x: torch.true_divide(a, other=w)),
        "true_divide is not linear in its divisor",
    ),
    "a state to the power of a parameter": (
        lambda: Between(lambda a, w, x: torch.pow(a.exp(), exponent=w)), "pow of two states"
    ),
    "several powers of one state": (
        lambda: Between(lambda a, w, x: ((a * w).unsqueeze(-1) ** torch.arange(3.0)).flatten(1)),
        "pow makes other numbers than one of each state",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_linear_is_refused_by_name(make, words):
    network = make().double()
    state = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(NoRule, match=words):
        curvatures(network, some(3, 4))
    assert all(vars(layer).get("forward") is None for layer in network.modules())
    assert not any(layer._forward_hooks for layer in network.modules())
    torch.testing.assert_close(dict(network.state_dict()), state)
