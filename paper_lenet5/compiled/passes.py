"""Many patterns in one call, without Python between them: training, curvature, penalties."""

import numpy as np

from . import kernels as k
from .cache import cached
from .kernels import C5_UNITS, C5_VECTORS, F6_VECTORS, FIELD, ONE, S4_UNITS, TWO, ZERO, inline
from .lanes import LANES, fma, load, load_like, store, total, zeros

CLASSES = 10
_F6 = F6_VECTORS * LANES


@cached
def train(images, labels, order, weights, steps, centers, loss, states, derivatives):
    """One pass, one pattern at a time, in the given order (eq. 18); `weights` change in place.

    images (N, 1024) float32, labels (N,) int64, order (P,) int64. Returns how many of the patterns
    were misclassified when they came.
    """
    errors = 0
    penalties = np.empty(CLASSES, np.float32)
    at_penalties = np.empty(CLASSES, np.float32)
    for pattern in order:
        forward(images[pattern], weights, states)
        output(states.f6, centers, loss.factor, penalties)
        errors += np.argmin(penalties) != labels[pattern]
        posterior(penalties, loss, at_penalties)
        for i in range(CLASSES):
            at_penalties[i] = -at_penalties[i]
        at_penalties[labels[pattern]] += ONE
        gradient = zeros(F6_VECTORS)
        for i in range(CLASSES):
            difference = load_like(gradient, states.f6, 0) - load_like(gradient, centers, i * _F6)
            gradient = fma(difference, TWO * loss.factor * at_penalties[i], gradient)
        store(gradient * load_like(gradient, states.f6_slopes, 0), derivatives.f6, 0, LANES)
        backward(weights, weights, steps, states, derivatives)
    return errors


@cached
def add_curvature(
    images, weights, squares, into, minus_one, centers, loss, constant, each, states, derivatives
):
    """Add d2E / dw2 of every pattern (eq. 23 to 27) to `into`: the way back with all factors squared.

    `squares` are the squares of the weights; a `constant` >= 0 stands for the loss's own curvature
    at F6. `each` says that a subsampling unit's four inputs are four connections (D8).
    """
    penalties = np.empty(CLASSES, np.float32)
    p = np.empty(CLASSES, np.float32)
    for pattern in range(len(images)):
        forward(images[pattern], weights, states)
        curvature = zeros(F6_VECTORS)
        if constant >= ZERO:
            curvature = curvature + constant
        elif not loss.competition:
            curvature = curvature + TWO * loss.factor
        else:
            output(states.f6, centers, loss.factor, penalties)
            posterior(penalties, loss, p)
            f6, rubbish = load(states.f6, 0, LANES, F6_VECTORS), ONE
            mean = zeros(F6_VECTORS)
            for i in range(CLASSES):
                pull = (f6 - load_like(f6, centers, i * _F6)) * (TWO * loss.factor)
                mean = fma(pull, p[i], mean)
                rubbish -= p[i]
            rubbish = max(rubbish, ZERO)
            curvature = mean * mean * rubbish + TWO * loss.factor * rubbish
            for i in range(CLASSES):
                pull = (f6 - load_like(f6, centers, i * _F6)) * (TWO * loss.factor) - mean
                curvature = fma(pull * pull, p[i], curvature)
        for array in states:
            square(array)
        if each:
            k.s2_sums(states.c1, states.s2_sums)
            k.s4_sums(states.c3, states.s4_sums)
        store(curvature * load_like(curvature, states.f6_slopes, 0), derivatives.f6, 0, LANES)
        backward(squares, into, minus_one, states, derivatives)


@cached
def penalties_of(images, weights, centers, penalties, states):
    """Fill penalties (N, 10) for images (N, 1024)."""
    for pattern in range(len(images)):
        forward(images[pattern], weights, states)
        output(states.f6, centers, ONE, penalties[pattern])


@inline
def forward(image, weights, states):
    w, x = weights, states
    for at in range(0, FIELD * FIELD, LANES):
        store(load(image, at, 0, 1), x.image, at, 0)
    k.c1_forward(x.image, w.c1, w.c1_bias, x.c1, x.c1_slopes)
    k.s2_sums(x.c1, x.s2_sums)
    k.s2_forward(x.s2_sums, w.s2, w.s2_bias, x.s2, x.s2_slopes)
    k.c3_forward(x.s2, w.c3, w.c3_bias, x.c3, x.c3_slopes)
    k.s4_sums(x.c3, x.s4_sums)
    k.s4_forward(x.s4_sums, w.s4, w.s4_bias, x.s4, x.s4_slopes)
    c5 = k.dense_forward(x.s4, S4_UNITS, w.c5, load(w.c5_bias, 0, LANES, C5_VECTORS))
    k.squash(c5, x.c5, x.c5_slopes, 0)
    f6 = k.dense_forward(x.c5, C5_UNITS, w.f6, load(w.f6_bias, 0, LANES, F6_VECTORS))
    k.squash(f6, x.f6, x.f6_slopes, 0)


@inline
def backward(weights, into, steps, states, derivatives):
    """From d.f6 down to the input; every weight is used before its own step."""
    w, e, x, d = weights, steps, states, derivatives
    k.dense_backward(
        x.c5, C5_UNITS, load(d.f6, 0, LANES, F6_VECTORS), w.f6, x.c5_slopes, d.c5,
        into.f6, into.f6_bias, e.f6, e.f6_bias,
    )  # fmt: skip
    k.dense_backward(
        x.s4, S4_UNITS, load(d.c5, 0, LANES, C5_VECTORS), w.c5, x.s4_slopes, d.s4,
        into.c5, into.c5_bias, e.c5, e.c5_bias,
    )  # fmt: skip
    k.s4_backward(x.s4_sums, d.s4, w.s4, x.c3_slopes, d.c3, into.s4, into.s4_bias, e.s4, e.s4_bias)
    k.c3_as_planes(d.c3, d.c3_planes)
    k.c3_backward_inputs(d.c3_planes, w.c3, x.s2_slopes, d.s2)
    k.c3_backward(x.s2, d.c3, into.c3, into.c3_bias, e.c3, e.c3_bias)
    k.s2_backward(
        x.s2_sums, d.s2, w.s2, x.c1_slopes, d.c1, d.gradient, into.s2, into.s2_bias, e.s2, e.s2_bias
    )
    k.c1_backward(x.image, d.c1, d.gradient, into.c1, into.c1_bias, e.c1, e.c1_bias)


@inline
def output(f6, centers, factor, penalties):
    """Eq. 7."""
    for i in range(CLASSES):
        difference = load(f6, 0, LANES, F6_VECTORS) - load(centers, i * _F6, LANES, F6_VECTORS)
        penalties[i] = factor * total(difference * difference)


@inline
def posterior(penalties, loss, p):
    """Of each class against all classes and rubbish (section II-C); 0 where there is no competition."""
    lowest = min(np.min(penalties), loss.j)
    scale = np.exp(lowest - loss.j)
    for i in range(CLASSES):
        p[i] = np.exp(lowest - penalties[i])
        scale += p[i]
    scale = loss.competition / scale
    for i in range(CLASSES):
        p[i] *= scale


@inline
def square(array):
    for at in range(len(array)):
        array[at] *= array[at]
