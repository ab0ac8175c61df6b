"""Oracle: appendix C's recursion on LeNet-5 unrolled, without shared weights, into its connections.

`Unrolled` knows nothing of convolutions or autograd. It is a list of connections, each from one
unit to another by one weight, written out by loops over what section II-B says; eq. 19 and 23 to 27
are sums over that list. The last part compares with exact second derivatives where both must agree.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.func import functional_call, jacrev

from paper_lenet5 import MAPLoss, MSELoss, diagonal_curvature, preprocess
from paper_lenet5.bitmaps import digit_bitmaps
from tests.conftest import CROSSES, draw_digits, random_model

LOSSES = {
    "eq. 8": MSELoss(),
    "half eq. 8": MSELoss(factor=0.5),
    "eq. 9, j = 100": MAPLoss(j=100.0),
    "eq. 9, j = 20": MAPLoss(j=20.0),
    "half eq. 9, j = 30": MAPLoss(j=30.0, factor=0.5),
}
CASES = {name: (loss, None) for name, loss in LOSSES.items()} | {
    "eq. 9, constant at F6": (MAPLoss(j=20.0), 2.0)
}
A, S = 1.7159, 2 / 3
PATTERNS = 3


class Unrolled:
    """LeNet-5 as lists of connections (unit that receives, unit that sends, number of its weight).

    Weights are numbered as in `parameters()`, one after the other; a bias is the weight of a
    connection from unit 0, whose state is 1. Two units of the same layer are never connected, so
    that a layer's sums can be taken at once. `coefficient_input` "each" is the paper's own count of
    five connections to a unit of S2: its four inputs and its bias. For "sum" a unit that adds comes
    between, not squashed and its four connections of weight 1: the last weight, no parameter.
    """

    def __init__(self, coefficient_input):
        self.units, self.layers = 1, []
        self.first_weight = 0
        image = self.grid(1, 32)
        c1 = self.convolution(image, 28, [[0]] * 6)
        s2 = self.subsampling(c1, 14, coefficient_input)
        table = [[i for i in range(6) if CROSSES[i][m] == "X"] for m in range(16)]
        c3 = self.convolution(s2, 10, table)
        s4 = self.subsampling(c3, 5, coefficient_input)
        c5 = self.convolution(s4, 1, [list(range(16))] * 120)
        self.f6 = self.full(c5[:, 0, 0], 84)
        self.image = image.ravel()
        self.weights = self.first_weight

    def grid(self, *shape):
        """Numbers of new units, (maps, size, size) or (units,)."""
        shape = (*shape, shape[-1]) if len(shape) == 2 else shape
        first = self.units
        self.units += int(np.prod(shape))
        return np.arange(first, self.units).reshape(shape)

    def add(self, connections, squashed=True):
        to, of, weight = np.array(connections).T
        self.layers.append(SimpleNamespace(to=to, of=of, weight=weight, squashed=squashed))

    def convolution(self, inputs, size, table):
        maps, connections = self.grid(len(table), size), []
        kernel = self.first_weight
        bias = kernel + 25 * sum(len(row) for row in table)
        for m, row in enumerate(table):
            for r in range(size):
                for c in range(size):
                    unit = maps[m, r, c]
                    weight = kernel
                    for i in row:
                        for y in range(5):
                            for x in range(5):
                                connections.append((unit, inputs[i, r + y, c + x], weight))
                                weight += 1
                    connections.append((unit, 0, bias + m))
            kernel = weight
        self.first_weight = bias + len(table)
        self.add(connections)
        return maps

    def subsampling(self, inputs, size, coefficient_input):
        n = len(inputs)
        sums, maps = self.grid(n, size), self.grid(n, size)
        coefficient, bias = self.first_weight, self.first_weight + n
        self.first_weight += 2 * n
        adding, connections = [], []
        for m in range(n):
            for r in range(size):
                for c in range(size):
                    four = inputs[m, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].ravel()
                    if coefficient_input == "sum":
                        adding += [(sums[m, r, c], one, -1) for one in four]
                        four = [sums[m, r, c]]
                    connections += [(maps[m, r, c], one, coefficient + m) for one in four]
                    connections.append((maps[m, r, c], 0, bias + m))
        if adding:
            self.add(adding, squashed=False)
        self.add(connections)
        return maps

    def full(self, inputs, n):
        units, weight = self.grid(n), self.first_weight
        self.first_weight += n * (len(inputs) + 1)
        connections = []
        for k in range(n):
            connections += [(units[k], one, weight + k * len(inputs) + i)
                            for i, one in enumerate(inputs)]  # fmt: skip
            connections.append((units[k], 0, weight + n * len(inputs) + k))
        self.add(connections)
        return units

    def forward(self, w, image):
        """States x of all units and f'(a), which is 1 where a unit only adds."""
        x, slopes = np.zeros(self.units), np.ones(self.units)
        x[0], x[self.image] = 1, image
        for layer in self.layers:
            a = np.bincount(layer.to, w[layer.weight] * x[layer.of], self.units)
            units = np.unique(layer.to)
            x[units] = A * np.tanh(S * a[units]) if layer.squashed else a[units]
            if layer.squashed:
                slopes[units] = A * S / np.cosh(S * a[units]) ** 2
        return x, slopes

    def back(self, w, x, slopes, at_f6, power):
        """Eq. 19 for power 1, with dE/dx at F6; eq. 23, 25, 27 for power 2, with d2E/dx2 there."""
        of_weights = np.zeros(len(w))
        at_state = np.zeros(self.units)
        at_state[self.f6] = at_f6
        for layer in reversed(self.layers):
            at_sum = slopes**power * at_state
            of_connections = at_sum[layer.to] * x[layer.of] ** power
            np.add.at(of_weights, layer.weight, of_connections)
            np.add.at(at_state, layer.of, w[layer.weight] ** power * at_sum[layer.to])
        return of_weights[:-1]


def at_f6(loss, x, label):
    """dE/dx and d2E/dx2 of one pattern at F6's state x (84,), derived by hand from eq. 8 and 9."""
    pulls = 2 * loss.factor * (x - digit_bitmaps().double().numpy())  # dy_i / dx_k, (10, 84)
    y = loss.factor * ((x - digit_bitmaps().double().numpy()) ** 2).sum(1)
    first, second = pulls[label], np.full(84, 2 * loss.factor)
    if isinstance(loss, MAPLoss):
        p = np.exp(-y) / (np.exp(-loss.j) + np.exp(-y).sum())
        first = first - p @ pulls
        # d2/dx2 of the logarithm: sum p_i (y'_i)^2 - sum p_i y''_i - (sum p_i y'_i)^2
        second = second + p @ pulls**2 - 2 * loss.factor * p.sum() - (p @ pulls) ** 2
    return first, second


@pytest.fixture(scope="module")
def network():
    """A random network in float64 and three patterns: two between an 8 and a 6, one near nothing.

    A network as it comes is far from all bitmaps: rubbish has every pattern, and eq. 9 is eq. 8.
    """
    model = random_model(1).double()
    images, labels = draw_digits(PATTERNS)
    x = preprocess(images).double()
    with torch.no_grad():
        c5, f6 = (model.states(x)[name].view(PATTERNS, -1) for name in ("c5", "f6"))
        bitmaps = digit_bitmaps().double()
        wanted = torch.stack([0.5 * bitmaps[8] + 0.4 * bitmaps[6],
                              0.4 * bitmaps[8] + 0.44 * bitmaps[6], 0.3 * bitmaps[3]])  # fmt: skip
        missing = 1.5 * (torch.atanh(wanted / A) - torch.atanh(f6 / A))
        model.f6.weight += (torch.linalg.pinv(c5) @ missing).T
    return model, x, labels


@pytest.fixture(scope="module", params=["sum", "each"])
def unrolled(request):
    return request.param, Unrolled(request.param)


def flat(values):
    return np.concatenate([v.detach().numpy().ravel() for v in values])


def expected_curvature(network, net, loss, constant):
    """{name: h} by the recursion over the connections, the mean over the patterns (eq. 24)."""
    model, images, labels = network
    w = np.append(flat(model.parameters()), 1)
    h = np.zeros(len(w) - 1)
    for image, label in zip(images, labels, strict=True):
        x, slopes = net.forward(w, image.numpy().ravel())
        seed = at_f6(loss, x[net.f6], label)[1] if constant is None else constant
        h += net.back(w, x, slopes, seed, power=2) / len(images)
    return by_name(model, h)


def by_name(model, values):
    parts, start = {}, 0
    for name, p in model.named_parameters():
        parts[name] = torch.from_numpy(values[start : start + p.numel()]).view(p.shape)
        start += p.numel()
    return parts


# The unrolled network is LeNet-5


def test_the_unrolled_network_has_60_000_weights_and_340_908_connections():
    net = Unrolled("each")
    assert net.weights == 60_000
    counts = [len(layer.to) for layer in net.layers]
    assert counts == [122_304, 5_880, 151_600, 2_000, 48_120, 10_164]
    assert sum(counts) + 840 == 340_908


def test_the_patterns_of_the_oracle_bring_competition(network):
    """Else eq. 9 is eq. 8 and nothing of its own is tested."""
    model, x, _ = network
    with torch.no_grad():
        f6 = model.states(x)["f6"].view(-1, 84)
    h = [MAPLoss(j=100.0).curvature(f6, digit_bitmaps().double()), MSELoss().curvature(f6, None)]
    assert (h[0] - h[1]).abs().max() > 0.1
    assert h[0][:2].max() > 1
    assert h[0].min() < 1e-3


def test_unrolled_states_are_those_of_the_network(network, unrolled):
    model, images, _ = network
    _, net = unrolled
    w = np.append(flat(model.parameters()), 1)
    for n in range(PATTERNS):
        x, _ = net.forward(w, images[n].numpy().ravel())
        f6 = model.states(images)["f6"][n].detach().numpy().ravel()
        np.testing.assert_allclose(x[net.f6], f6, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_unrolled_gradients_are_those_of_autograd(network, unrolled, loss):
    """Eq. 19: the derivative by a shared weight is the sum over its connections."""
    model, images, labels = network
    _, net = unrolled
    w = np.append(flat(model.parameters()), 1)
    expected = np.zeros(60_000)
    for image, label in zip(images, labels, strict=True):
        x, slopes = net.forward(w, image.numpy().ravel())
        expected += net.back(w, x, slopes, at_f6(loss, x[net.f6], label)[0], power=1) / PATTERNS
    gradients = torch.autograd.grad(loss(model(images), labels), model.parameters())
    scale = np.abs(expected).max()
    np.testing.assert_allclose(flat(gradients), expected, rtol=1e-9, atol=1e-12 * scale)


# Appendix C


@pytest.mark.parametrize(("loss", "constant"), CASES.values(), ids=CASES)
def test_curvature_is_the_recursion_over_the_connections(network, unrolled, loss, constant):
    """Eq. 23 to 27, each of the 60,000 parameters."""
    model, images, labels = network
    reading, net = unrolled
    expected = expected_curvature(network, net, loss, constant)
    h = diagonal_curvature(model, images, labels, loss, constant, reading)
    assert list(h) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(h[name], value, rtol=1e-9, atol=1e-13 * value.max().item())


@pytest.mark.parametrize(("loss", "constant"), CASES.values(), ids=CASES)
def test_compiled_curvature_is_the_recursion_over_the_connections(
    network, unrolled, loss, constant
):
    """In float32: where eq. 9 leaves the difference of equal numbers, to 2e-6 of the largest."""
    compiled = pytest.importorskip("paper_lenet5.compiled", exc_type=ImportError)
    model, images, labels = network
    reading, net = unrolled
    expected = expected_curvature(network, net, loss, constant)
    single = random_model()
    single.load_state_dict(model.state_dict())
    h = compiled.diagonal_curvature(single, images.float(), labels, loss, constant, reading)
    for name, value in expected.items():
        atol = 2e-6 * value.max().item()
        torch.testing.assert_close(h[name].double(), value, rtol=2e-5, atol=atol)


def test_readings_differ_in_the_coefficients_alone(network):
    model, images, labels = network
    total = diagonal_curvature(model, images, labels, MSELoss(), None, "sum")
    each = diagonal_curvature(model, images, labels, MSELoss(), None, "each")
    for name in total:
        if name.endswith("coefficient"):
            assert (total[name] > 1.5 * each[name]).all()
        else:
            torch.testing.assert_close(total[name], each[name], rtol=1e-12, atol=0)


# Exact second derivatives, where they must agree


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_curvature_at_f6_is_the_exact_second_derivative(loss):
    """The diagonal of the Hessian, by differentiating the loss twice in float64."""
    centers = digit_bitmaps().double()
    rng = torch.Generator().manual_seed(0)
    mix = torch.softmax(4 * torch.randn(6, 10, generator=rng, dtype=torch.float64), 1)
    x = mix @ centers + 0.2 * torch.randn(6, 84, generator=rng, dtype=torch.float64)
    expected = []
    for state in x:

        def energy(state, label=3):
            penalties = ((state - centers) ** 2).sum(1)
            return loss(penalties[None], torch.tensor([label]))

        expected.append(jacrev(jacrev(energy))(state).diagonal())
    h = loss.curvature(x, centers)
    torch.testing.assert_close(h, torch.stack(expected), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_curvature_at_the_penalties_is_the_exact_second_derivative(loss):
    """What a linear output starts from; with j = 20 rubbish is as likely as any class."""
    rng = torch.Generator().manual_seed(0)
    penalties = 20 + 10 * torch.rand(6, 10, generator=rng, dtype=torch.float64)

    def energy(of_pattern):
        return loss(of_pattern[None], torch.tensor([3]))

    expected = [jacrev(jacrev(energy))(of_pattern).diagonal() for of_pattern in penalties]
    h = loss.output_curvature(penalties)
    torch.testing.assert_close(h, torch.stack(expected), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_curvature_of_f6_is_the_exact_gauss_newton_diagonal(network, loss):
    """J' H J: J is F6's state differentiated by F6's parameters, H the Hessian of the loss."""
    model, images, labels = network
    c5 = model.states(images)["c5"].detach().view(PATTERNS, 120)
    centers = digit_bitmaps().double()

    def state(parameters, c5):
        return A * torch.tanh(S * (parameters["weight"] @ c5 + parameters["bias"]))

    def energy(state, label):
        return loss(((state - centers) ** 2).sum(1)[None], label[None])

    parameters = {name: p.detach() for name, p in model.f6.named_parameters()}
    expected = {name: torch.zeros_like(p) for name, p in parameters.items()}
    for n in range(PATTERNS):
        curvature = jacrev(jacrev(energy))(state(parameters, c5[n]), labels[n])
        for name, jacobian in jacrev(state)(parameters, c5[n]).items():
            flat = jacobian.flatten(1)
            diagonal = (flat * (curvature @ flat)).sum(0)
            expected[name] += diagonal.view(jacobian.shape[1:]) / PATTERNS
    h = diagonal_curvature(model, images, labels, loss)
    for name, value in expected.items():
        torch.testing.assert_close(h[f"f6.{name}"], value, rtol=1e-9, atol=1e-12)


def test_layer_by_layer_the_curvature_is_the_sum_of_squared_derivatives(network):
    """sum_k s_k (da_k / dtheta)^2 for each layer, s_k = d2E / da_k2, the derivatives by torch.func.

    The same sum over the inputs of a layer gives d2E / dx2 of the layer below.
    """
    model, images, labels = network
    image = images[:1]
    states = {name: x.detach() for name, x in model.states(image).items()}
    inputs = {"c1": image, "s2": states["c1"], "c3": states["s2"], "s4": states["c3"],
              "c5": states["s4"], "f6": states["c5"].flatten(1)}  # fmt: skip
    h = diagonal_curvature(model, image, labels[:1], MSELoss())
    at_state = torch.full((84,), 2.0, dtype=torch.float64)
    for name in reversed(inputs):
        layer = getattr(model, name)
        parameters = {key: p.detach() for key, p in layer.named_parameters()}

        def sums(parameters, x, layer=layer):
            return functional_call(layer, parameters, x).flatten()

        at_sum = at_state * (S * (A - states[name].flatten() ** 2 / A)) ** 2
        jacobians = jacrev(sums, chunk_size=200)(parameters, inputs[name])
        for key, jacobian in jacobians.items():
            expected = torch.tensordot(at_sum, jacobian**2, dims=1)
            torch.testing.assert_close(h[f"{name}.{key}"], expected, rtol=1e-9, atol=0)
        if name != "c1":
            of_inputs = jacrev(sums, argnums=1, chunk_size=200)(parameters, inputs[name])
            at_state = torch.tensordot(at_sum, of_inputs**2, dims=1).flatten()
