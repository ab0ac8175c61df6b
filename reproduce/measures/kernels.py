"""Each kernel of the compiled pass by itself: how many microseconds of a step are its own."""

from collections.abc import Callable

import torch
from numba import njit

from paper_lenet5 import LeNet5
from paper_lenet5.compiled import kernels as k
from paper_lenet5.compiled.lanes import LANES, load, parts
from paper_lenet5.compiled.layout import (
    DERIVATIVES,
    STATES,
    Derivatives,
    Packed,
    States,
    pack,
    pack_weights,
    structure_of,
    workspace,
)
from paper_lenet5.connections import TABLE_I
from paper_lenet5.patterns import Split, generator

_C5, _F6 = k.C5_VECTORS, k.F6_VECTORS


@k.inline
def named(net, weights, steps, states, derivatives):
    """The parts of the four flat arrays, by their names."""
    w, e = Packed(*parts(weights, net.packed)), Packed(*parts(steps, net.packed))
    return w, e, States(*parts(states, STATES)), Derivatives(*parts(derivatives, DERIVATIVES))


def repeated(kernel):
    """The kernel n times over, compiled by itself: of weights w, steps e, states x, derivatives d."""
    kernel = k.inline(kernel)

    @njit(nogil=True, error_model="numpy")
    def times(n, net, weights, steps, states, derivatives):
        w, e, x, d = named(net, weights, steps, states, derivatives)
        for _ in range(n):
            kernel(net, w, e, x, d)

    return times


@repeated
def _c1_forward(net, w, e, x, d):
    k.c1_forward(net.activation, x.image, w.c1, w.c1_bias, x.c1, x.c1_slopes)


@repeated
def _s2_forward(net, w, e, x, d):
    f = net.pooled_activation
    k.s2_sums(x.c1, x.s2_sums)
    k.s2_forward(f, x.s2_sums, w.s2, w.s2_bias, x.s2, x.s2_slopes)


@repeated
def _c3_forward(net, w, e, x, d):
    k.c3_forward(net.activation, x.s2, w.c3, w.c3_bias, x.c3, x.c3_slopes)


@repeated
def _s4_forward(net, w, e, x, d):
    f = net.pooled_activation
    k.s4_sums(x.c3, x.s4_sums)
    k.s4_forward(f, x.s4_sums, w.s4, w.s4_bias, x.s4, x.s4_slopes)


@repeated
def _c5_forward(net, w, e, x, d):
    k.c5_forward(net.activation, x.s4, k.S4_UNITS, w.c5, w.c5_bias, x.c5, x.c5_slopes)


@repeated
def _f6_forward(net, w, e, x, d):
    k.f6_forward(net.activation, x.c5, k.C5_UNITS, w.f6, w.f6_bias, x.f6, x.f6_slopes)


@repeated
def _f6_backward(net, w, e, x, d):
    k.dense_backward(
        x.c5, k.C5_UNITS, load(d.f6, 0, LANES, _F6), w.f6, x.c5_slopes, d.c5,
        k.Update(w.f6, w.f6_bias, e.f6, e.f6_bias),
    )  # fmt: skip


@repeated
def _c5_backward(net, w, e, x, d):
    k.dense_backward(
        x.s4, k.S4_UNITS, load(d.c5, 0, LANES, _C5), w.c5, x.s4_slopes, d.s4,
        k.Update(w.c5, w.c5_bias, e.c5, e.c5_bias),
    )  # fmt: skip


@repeated
def _s4_backward(net, w, e, x, d):
    update = k.Update(w.s4, w.s4_bias, e.s4, e.s4_bias)
    k.s4_backward(x.s4_sums, d.s4, w.s4, x.c3_slopes, d.c3, update)


@repeated
def _c3_inputs(net, w, e, x, d):
    k.c3_as_planes(d.c3, d.c3_planes)
    k.c3_backward_inputs(d.c3_planes, net.fed, w.c3, x.s2_slopes, d.s2)


@repeated
def _c3_weights(net, w, e, x, d):
    k.c3_backward(x.s2, d.c3, k.Update(w.c3, w.c3_bias, e.c3, e.c3_bias))


@repeated
def _s2_backward(net, w, e, x, d):
    update = k.Update(w.s2, w.s2_bias, e.s2, e.s2_bias)
    k.s2_backward(x.s2_sums, d.s2, w.s2, x.c1_slopes, d.c1, d.gradient, update)


@repeated
def _c1_weights(net, w, e, x, d):
    k.c1_backward(x.image, d.c1, d.gradient, k.Update(w.c1, w.c1_bias, e.c1, e.c1_bias))


KERNELS = {
    "C1 forward": _c1_forward, "S2 forward": _s2_forward, "C3 forward": _c3_forward,
    "S4 forward": _s4_forward, "C5 forward": _c5_forward, "F6 forward": _f6_forward,
    "F6 backward": _f6_backward, "C5 backward": _c5_backward, "S4 backward": _s4_backward,
    "C3 inputs": _c3_inputs, "C3 weights": _c3_weights, "S2 backward": _s2_backward,
    "C1 weights": _c1_weights,
}  # fmt: skip
"""The kernels of the compiled pass, in the order of a step."""


def operations() -> dict[str, int]:
    """Multiply-adds of whole vectors in each kernel, whether their lanes are needed or not.

    On the way back through C5 and F6 there are those of the sums and those of the gradients.
    """
    taps = k.K**2
    of_c3, of_crosses = k.C3**2 * k.FEW * taps, k.C3 * sum(map(len, TABLE_I)) * taps
    of_c5, of_f6 = k.S4_UNITS * _C5, k.C5_UNITS * _F6
    return {
        "C1 forward": k.C1 * k.C1_VECTORS * taps, "C3 forward": of_c3, "C5 forward": of_c5,
        "F6 forward": of_f6, "F6 backward": 2 * of_f6, "C5 backward": 2 * of_c5,
        "C3 inputs": of_crosses, "C3 weights": of_c3, "C1 weights": k.C1 * k.C1_VECTORS * taps,
    }  # fmt: skip


def work(train: Split, times: int) -> dict[str, Callable[[], object]]:
    """Each kernel so many times over, on a pattern's own states; the step sizes are next to 0."""
    model = LeNet5(generator=generator(0, "parameters"))
    tiny = {name: torch.full_like(p, 1e-9) for name, p in model.named_parameters()}
    states, derivatives = workspace(len(model.classes))
    at_image = STATES[States._fields.index("image") - 1]
    states[at_image : at_image + k.FIELD**2] = train.inputs[0].flatten().numpy()
    at_f6 = DERIVATIVES[Derivatives._fields.index("f6") - 1]
    derivatives[at_f6 : at_f6 + 84] = 1e-3
    given = (structure_of(model), pack_weights(model), pack(model, tiny), states, derivatives)
    return {name: lambda kernel=kernel: kernel(times, *given) for name, kernel in KERNELS.items()}
