"""Many patterns in one call, without Python between them: training, curvature, penalties."""

from typing import NamedTuple

import numpy as np

from . import kernels as k
from .cache import cached
from .evaluation import evaluate
from .kernels import (
    C5_UNITS,
    C5_VECTORS,
    F6_VECTORS,
    FIELD,
    FURTHEST,
    ONE,
    S4_UNITS,
    TWO,
    ZERO,
    inline,
    spliced,
)
from .lanes import LANES, fma, load, load_like, outside_of, parts, store, total, zeros
from .layout import DERIVATIVES, STATES, Derivatives, Packed, States, Structure

_F6 = F6_VECTORS * LANES
_SQUARED = STATES[States._fields.index("f6")], STATES[States._fields.index("f6_slopes")]
"""From where to where the states are squared for the curvature."""


class Loss(NamedTuple):
    """`losses.MSELoss` or `losses.MAPLoss`, in numbers."""

    j: np.float32
    competition: np.float32
    """1 for eq. 9, 0 for eq. 8, which has no other classes in it."""
    factor: np.float32


class Curvature(NamedTuple):
    """Whether a pass adds up the curvature in place of training, and how."""

    wanted: bool
    constant: np.float32
    """d2E / dx2 at the output, if it is >= 0; else the loss's own is taken (D6)."""
    each: bool
    """Each of the four inputs of a subsampling unit has a connection of its own (D8)."""


class Adam(NamedTuple):
    """What torch.optim.Adam has to know; with a rate of 0 it is not Adam that steps."""

    rate: float
    """The largest there is, of which each parameter has its share."""
    beta: float
    squared_beta: float
    epsilon: float
    steps: int
    """How many it has made already."""


class Setting(NamedTuple):
    """What stays the same from pattern to pattern, and room for what each of them leaves."""

    network: Structure
    loss: Loss
    curvature: Curvature
    states: np.ndarray
    derivatives: np.ndarray


class Arrays(NamedTuple):
    """Four arrays as `Packed` has them: what a pattern meets on its way forward and back."""

    weights: np.ndarray
    factors: np.ndarray
    """What is multiplied by on the way back: the weights, or for the curvature their squares."""
    into: np.ndarray
    """What step * gradient is subtracted from: the weights, or a sum."""
    steps: np.ndarray


@cached
def one_by_one(setting, images, labels, order, arrays):
    """The patterns one by one, in the given order, `through` the network: a pass, or the curvature.

    images (N, 1024) float32, labels (N,) int64, order (P,) int64. Returns how many of the patterns were
    misclassified when they came.
    """
    errors = 0
    for pattern in order:
        errors += through(setting, images[pattern], labels[pattern], arrays)
    return errors


@cached
def train_in_batches(
    setting, images, labels, order, batch, arrays, weight_steps, adam, moments, squared_moments
):
    """A pass of `one_by_one`, but with one step for the mean gradient of every `batch` patterns.

    The step is that of eq. 18 by `weight_steps`; or Adam's, if `adam` has a rate > 0, from its two kinds
    of moments: of that each parameter makes the share in `weight_steps`. `arrays` has a sum to subtract
    from, and steps of -1 where there is a parameter.
    """
    errors, taken = 0, adam.steps
    weights, gradients = arrays.weights, arrays.into
    for start in range(0, len(order), batch):
        # By index here and below: whole arrays would be new ones in memory, for each batch.
        for i in range(len(gradients)):
            gradients[i] = ZERO
        patterns = order[start : start + batch]
        for pattern in patterns:
            errors += through(setting, images[pattern], labels[pattern], arrays)
        share = ONE / np.float32(len(patterns))  # the last batch may have fewer
        if adam.rate > ZERO:
            taken += 1
            step_of_adam(adam, taken, share, arrays, weight_steps, moments, squared_moments)
        else:
            for i in range(len(weights)):
                weights[i] -= weight_steps[i] * (share * gradients[i])
    return errors


@inline
def step_of_adam(adam, taken, share, arrays, weight_steps, moments, squared_moments):
    """Make a step of Adam, as torch.optim.Adam makes it, for the sums of gradients in arrays.into."""
    weights, gradients = arrays.weights, arrays.into
    # The moments begin at 0 and are too small at first: both corrections, once for all weights.
    corrected = np.float32(adam.rate / (1 - adam.beta**taken))
    root = np.float32(1 / np.sqrt(1 - adam.squared_beta**taken))
    new, new_square = np.float32(1 - adam.beta), np.float32(1 - adam.squared_beta)
    epsilon = np.float32(adam.epsilon)
    for i in range(len(weights)):
        g = share * gradients[i]
        moments[i] += new * (g - moments[i])
        squared_moments[i] += new_square * (g * g - squared_moments[i])
        step = corrected * moments[i] / (np.sqrt(squared_moments[i]) * root + epsilon)
        weights[i] -= weight_steps[i] * step  # what is not trained has 0 there


@spliced
def through(setting, image, label, arrays):
    """Take one pattern forward and back. Returns whether it was misclassified.

    Subtracts step * gradient from arrays.into. Backward it is multiplied by arrays.factors: the weights.
    Or, where the curvature is wanted, by their squares: with all other factors squared too, and a step
    of -1, this adds d2E / dw2 (eq. 23 to 27).
    """
    network, loss, curvature = setting.network, setting.loss, setting.curvature
    w = Packed(*parts(arrays.weights, network.packed))
    factor = Packed(*parts(arrays.factors, network.packed))
    to = Packed(*parts(arrays.into, network.packed))
    e = Packed(*parts(arrays.steps, network.packed))
    x = States(*parts(setting.states, STATES))
    d = Derivatives(*parts(setting.derivatives, DERIVATIVES))
    forward(network, image, w, x)
    output(network, x.f6, w, loss.factor, x.penalties)
    smallest = 0  # of equal penalties the first wins, as argmin has it
    for i in range(1, network.classes):
        if x.penalties[i] < x.penalties[smallest]:
            smallest = i
    posterior(network, x.penalties, loss, d.penalties)
    if curvature.wanted:
        at_f6 = curvature_at_output(network, w, factor, to, e, loss, curvature.constant, x, d)
        # Once nothing needs the states themselves: their squares lie in their place from here on.
        square_states(network, curvature.each, setting.states, x)
    else:
        at_f6 = gradient_at_output(network, label, w, to, e, loss, x, d)
    # From states to weighted sums: by f', or for the curvature by its square, which lies there now.
    store(at_f6 * load_like(at_f6, x.f6_slopes, 0), d.f6, 0, LANES)
    backward(network, factor, to, e, x, d)
    return smallest != label


@inline
def gradient_at_output(network, label, weights, into, steps, loss, states, derivatives):
    """dE / dx of F6's states x; a linear output has weights of its own, and their step."""
    f6, at_penalties = load(states.f6, 0, LANES, F6_VECTORS), derivatives.penalties
    # dE/dy of both losses is 1 for the correct class, less each class's posterior (0 for eq. 8).
    for i in range(network.classes):
        at_penalties[i] = -at_penalties[i]
    at_penalties[label] += ONE
    gradient = zeros(F6_VECTORS)
    if network.linear:
        for i in range(network.classes):
            at = loss.factor * at_penalties[i]
            # The weights pass down before their own step changes them.
            gradient = fma(load_like(gradient, weights.output, i * _F6), at, gradient)
            k.descend(into.output, steps.output, i * _F6, f6 * at)
            into.output_bias[i] -= steps.output_bias[i] * at
    else:
        for i in range(network.classes):
            difference = f6 - load_like(gradient, weights.output, i * _F6)
            gradient = fma(difference, TWO * loss.factor * at_penalties[i], gradient)
    return gradient


@inline
def curvature_at_output(
    network, weights, squares, into, steps, loss, constant, states, derivatives
):
    """d2E / dx2 of F6's states x, from the loss's own curvature or a `constant` >= 0 in its place.

    Either is taken at F6 itself; where the output is linear, at its weighted sums.
    """
    f6, p = load(states.f6, 0, LANES, F6_VECTORS), derivatives.penalties
    curvature = zeros(F6_VECTORS)
    if network.linear:
        for i in range(network.classes):
            # c^2 p (1 - p), as `MAPLoss.output_curvature` has it.
            of_loss = loss.factor * loss.factor * p[i] * (ONE - p[i])
            at = constant if constant >= ZERO else of_loss
            curvature = fma(load_like(curvature, squares.output, i * _F6), at, curvature)
            k.descend(into.output, steps.output, i * _F6, f6 * f6 * at)
            into.output_bias[i] -= steps.output_bias[i] * at
    elif constant >= ZERO:
        curvature = curvature + constant
    elif not loss.competition:
        curvature = curvature + TWO * loss.factor
    else:
        # As `MAPLoss.curvature`: the variance of all pulls on x, among them that of rubbish, 0.
        mean, rubbish = zeros(F6_VECTORS), ONE
        for i in range(network.classes):
            pull = (f6 - load_like(f6, weights.output, i * _F6)) * (TWO * loss.factor)
            mean = fma(pull, p[i], mean)
            rubbish -= p[i]
        rubbish = max(rubbish, ZERO)  # the sum of the posteriors may be rounded to more than 1
        curvature = mean * mean * rubbish + TWO * loss.factor * rubbish
        for i in range(network.classes):
            pull = (f6 - load_like(f6, weights.output, i * _F6)) * (TWO * loss.factor) - mean
            curvature = fma(pull * pull, p[i], curvature)
    return curvature


@inline
def square_states(network, each, states, x):
    """Square all that the way back multiplies by.

    With `each`, a subsampling unit has four connections and not one (D8): the sums are those of squares.
    """
    square(states, *_SQUARED)
    if each:
        square(states, 0, STATES[1])  # c1 and c3, which lie first
        k.s2_sums(x.c1, x.s2_sums)
        k.s4_sums(x.c3, x.s4_sums)
    if network.maximum:  # compared with the inputs, and no factor
        k.s2_maxima(x.c1, x.s2_sums)
        k.s4_maxima(x.c3, x.s4_sums)


@cached
def penalties_of(network, images, weights, penalties, states, sixteen):
    """Fill penalties (N, classes) for images (N, 1024): sixteen at a time, the rest one by one."""
    w, x = Packed(*parts(weights, network.packed)), States(*parts(states, STATES))
    together = len(images) // LANES * LANES
    # Both ways leave the same bits: it does not matter which images are left over.
    for first in range(0, together, LANES):
        evaluate(network, images, first, w, sixteen, x.outside, penalties)
    for pattern in range(together, len(images)):
        forward(network, images[pattern], w, x)
        output(network, x.f6, w, ONE, penalties[pattern])


@spliced
def forward(network, image, weights, states):
    """Fill the states of one image, from its own copy to F6: section II-B, without the output."""
    w, x = weights, states
    # A copy, since C1 reads beyond the last pixel, and the curvature squares what it read.
    outside = load(x.outside, 0, 0, 1)
    for at in range(0, FIELD * FIELD, LANES):
        pixels = load(image, at, 0, 1)
        outside = outside + outside_of(pixels, FURTHEST)
        store(pixels, x.image, at, 0)
    store(outside, x.outside, 0, 0)
    f, g = network.activation, network.pooled_activation
    k.c1_forward(f, x.image, w.c1, w.c1_bias, x.c1, x.c1_slopes)
    if network.maximum:
        k.s2_maxima(x.c1, x.s2_sums)
    else:
        k.s2_sums(x.c1, x.s2_sums)
    k.s2_forward(g, x.s2_sums, w.s2, w.s2_bias, x.s2, x.s2_slopes)
    k.c3_forward(f, x.s2, w.c3, w.c3_bias, x.c3, x.c3_slopes)
    if network.maximum:
        k.s4_maxima(x.c3, x.s4_sums)
    else:
        k.s4_sums(x.c3, x.s4_sums)
    k.s4_forward(g, x.s4_sums, w.s4, w.s4_bias, x.s4, x.s4_slopes)
    k.c5_forward(f, x.s4, S4_UNITS, w.c5, w.c5_bias, x.c5, x.c5_slopes)
    k.f6_forward(f, x.c5, C5_UNITS, w.f6, w.f6_bias, x.f6, x.f6_slopes)


@spliced
def backward(network, weights, into, steps, states, derivatives):
    """Take d.f6 down to the input, layer by layer; every weight is used before its own step."""
    w, e, x, d = weights, steps, states, derivatives
    k.dense_backward(
        x.c5, C5_UNITS, load(d.f6, 0, LANES, F6_VECTORS), w.f6, x.c5_slopes, d.c5,
        k.Update(into.f6, into.f6_bias, e.f6, e.f6_bias),
    )  # fmt: skip
    k.dense_backward(
        x.s4, S4_UNITS, load(d.c5, 0, LANES, C5_VECTORS), w.c5, x.s4_slopes, d.s4,
        k.Update(into.c5, into.c5_bias, e.c5, e.c5_bias),
    )  # fmt: skip
    if network.maximum:
        k.s4_backward_maxima(x.c3, x.s4_sums, d.s4, x.c3_slopes, d.c3)
    else:
        update = k.Update(into.s4, into.s4_bias, e.s4, e.s4_bias)
        k.s4_backward(x.s4_sums, d.s4, w.s4, x.c3_slopes, d.c3, update)
    # C3 needs its derivatives twice: by columns for what it passes down, by maps for its own step.
    k.c3_as_planes(d.c3, d.c3_planes)
    k.c3_backward_inputs(d.c3_planes, network.fed, w.c3, x.s2_slopes, d.s2)
    k.c3_backward(x.s2, d.c3, k.Update(into.c3, into.c3_bias, e.c3, e.c3_bias))
    if network.maximum:
        k.s2_backward_maxima(x.c1, x.s2_sums, d.s2, x.c1_slopes, d.c1)
    else:
        update = k.Update(into.s2, into.s2_bias, e.s2, e.s2_bias)
        k.s2_backward(x.s2_sums, d.s2, w.s2, x.c1_slopes, d.c1, d.gradient, update)
    k.c1_backward(x.image, d.c1, d.gradient, k.Update(into.c1, into.c1_bias, e.c1, e.c1_bias))


@inline
def output(network, f6, weights, factor, penalties):
    """Fill the penalties by eq. 7, or where the output is linear by weighted sums, times the factor."""
    x = load(f6, 0, LANES, F6_VECTORS)
    for i in range(network.classes):
        w = load(weights.output, i * _F6, LANES, F6_VECTORS)
        if network.linear:
            penalties[i] = factor * (total(x * w) + weights.output_bias[i])
        else:
            difference = x - w
            penalties[i] = factor * total(difference * difference)


@inline
def posterior(network, penalties, loss, p):
    """Fill p with the posteriors of the classes, against each other and rubbish (section II-C).

    All are 0 where the loss knows no competition.
    """
    # The lowest penalty is taken off all of them: the largest power is 1, and none is infinite.
    lowest = loss.j
    for i in range(network.classes):
        lowest = min(lowest, penalties[i])
    scale = np.exp(lowest - loss.j)
    for i in range(network.classes):
        p[i] = np.exp(lowest - penalties[i])
        scale += p[i]
    scale = loss.competition / scale
    for i in range(network.classes):
        p[i] *= scale


@inline
def square(array, begin, end):
    """Square array[begin:end] in its place."""
    for at in range(begin, end):
        array[at] *= array[at]
