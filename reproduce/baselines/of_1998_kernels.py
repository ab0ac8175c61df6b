"""The networks of `of_1998` in the vector words of `paper_lenet5.compiled`, layer by layer.

Weights, states and derivatives lie in one flat array each, where `of_1998_layout` says. Their types are
Numba's to find, each time that it compiles.
"""

import numpy as np

from paper_lenet5.compiled.cache import cached
from paper_lenet5.compiled.kernels import SCALED_TANH, descend, inline, squash
from paper_lenet5.compiled.lanes import (
    LANES,
    add_outer,
    add_scaled,
    fma,
    load,
    load_like,
    pair_copies,
    pair_sums,
    store,
    total,
    zeros,
)

CONVOLUTION, SUBSAMPLING, DENSE = range(3)
K = 5
"""Height and width of the kernels."""
SLAB = 4 * LANES
"""Units of a dense layer that are done at a time."""
BLOCK = 8
"""Neighbouring positions of a convolution that are done at a time."""
CLASSES = 10
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


# --- many patterns --------------------------------------------------------------------------------


@cached
def train_in_order(plan, images, labels, order, weights, steps, room):
    """Train on the patterns in this order (eq. 18, for eq. 8). Returns how many were misclassified."""
    x, d, errors, last = room.x, room.d, 0, plan[len(plan) - 1].above
    for pattern in order:
        _forward(plan, images[pattern], weights, room)
        errors += np.argmax(x[last : last + CLASSES]) != labels[pattern]
        for i in range(CLASSES):
            target = ONE if i == labels[pattern] else -ONE
            d[last + i] = TWO * (x[last + i] - target) * room.slopes[last + i]
        for k in range(len(plan) - 1, -1, -1):
            layer, first = plan[k], k == 0
            if layer.kind == CONVOLUTION:
                _convolution_backward(layer, first, weights, steps, room)
            elif layer.kind == SUBSAMPLING:
                _subsampling_backward(layer, weights, steps, room)
            else:
                _dense_backward(layer, first, weights, steps, room)
    return errors


@cached
def last_states(plan, images, weights, room, out):
    """Fill out (N, 10) with the states of the last layer."""
    last = plan[len(plan) - 1].above
    for pattern in range(len(images)):
        _forward(plan, images[pattern], weights, room)
        out[pattern] = room.x[last : last + CLASSES]


@inline
def _forward(plan, image, weights, room):
    room.x[: len(image)] = image
    for k in range(len(plan)):
        layer = plan[k]
        if layer.kind == CONVOLUTION:
            _convolution_forward(layer, weights, room)
        elif layer.kind == SUBSAMPLING:
            _subsampling_forward(layer, weights, room)
        else:
            _dense_forward(layer, weights, room)


# --- one pattern, layer by layer ------------------------------------------------------------------
# A backward function is given dE/da of its own units in `d`, and leaves that of the units below there.
# Every weight is used before its own step.


@inline
def _convolution_forward(layer, weights, room):
    """Weights are [ky][kx][input][16 maps]; the last block of a row may overlap the one before it."""
    x, slopes = room.x, room.slopes
    side, stride, inputs, width = layer.side, layer.stride, layer.inputs, layer.side_above
    below, at_weights, above = layer.below, layer.weights, layer.above
    for r in range(width):
        for start in range(0, width, BLOCK):
            c = min(start, width - BLOCK)
            a = zeros(BLOCK) + load(weights, layer.biases, 0, 1)
            for ky in range(K):
                for kx in range(K):
                    pixel = below + ((r + ky) * side + c + kx) * stride
                    kernel = at_weights + (ky * K + kx) * inputs * LANES
                    for i in range(inputs):
                        w = load(weights, kernel + i * LANES, 0, 1)
                        a = add_outer(a, x, pixel + i, stride, w)
            at = above + (r * width + c) * LANES
            store(a, x, at, LANES)
            squash(SCALED_TANH, x, slopes, at, BLOCK)


@inline
def _convolution_backward(layer, first, weights, steps, room):
    x, slopes, d, turned = room.x, room.slopes, room.d, room.turned
    side, stride, inputs, width = layer.side, layer.stride, layer.inputs, layer.side_above
    below, at_weights, above = layer.below, layer.weights, layer.above
    if not first:
        for ky in range(K):  # to [ky][map][kx][16 inputs]
            for kx in range(K):
                for i in range(inputs):
                    for m in range(LANES):
                        at = ((ky * LANES + m) * K + kx) * LANES + i
                        turned[at] = weights[at_weights + ((ky * K + kx) * inputs + i) * LANES + m]
        d[below : below + side * side * LANES] = ZERO
        for r in range(width):
            for c in range(width):
                unit = above + (r * width + c) * LANES
                for ky in range(K):
                    at = below + ((r + ky) * side + c) * LANES
                    passed = load(d, at, LANES, K)
                    for m in range(LANES):
                        kernels = load(turned, (ky * LANES + m) * K * LANES, LANES, K)
                        passed = fma(kernels, d[unit + m], passed)
                    store(passed, d, at, LANES)
        for at in range(below, below + side * side * LANES, LANES):
            store(load(d, at, 0, 1) * load(slopes, at, 0, 1), d, at, 0)
    row = inputs * LANES
    for ky in range(K):
        for i in range(inputs):
            g = zeros(K)
            for r in range(width):
                for c in range(width):
                    here = load(d, above + (r * width + c) * LANES, 0, 1)
                    g = add_outer(g, x, below + ((r + ky) * side + c) * stride + i, stride, here)
            at = at_weights + ky * K * row + i * LANES
            store(load(weights, at, row, K) - load(steps, at, row, K) * g, weights, at, row)
    of_bias = zeros(1)
    for at in range(above, above + width * width * LANES, LANES):
        of_bias = of_bias + load(d, at, 0, 1)
    descend(weights, steps, layer.biases, of_bias)


@inline
def _subsampling_forward(layer, weights, room):
    x, slopes, sums = room.x, room.slopes, room.sums
    side, width = layer.side, layer.side_above
    coefficient, bias = load(weights, layer.weights, 0, 1), load(weights, layer.biases, 0, 1)
    for r in range(width):
        for c in range(width):
            at = layer.below + (r * side + c) * 2 * LANES
            out = layer.above + (r * width + c) * LANES
            lower = at + side * LANES
            left, right = load(x, at, 0, 1), load(x, at + LANES, 0, 1)
            four = left + right + load(x, lower, 0, 1) + load(x, lower + LANES, 0, 1)
            store(four, sums, out, 0)
            store(fma(four, coefficient, bias), x, out, 0)
    squash(SCALED_TANH, x, slopes, layer.above, width * width)


@inline
def _subsampling_backward(layer, weights, steps, room):
    slopes, sums, d = room.slopes, room.sums, room.d
    side, width = layer.side, layer.side_above
    coefficient = load(weights, layer.weights, 0, 1)
    of_coefficient, of_bias = zeros(1), zeros(1)
    for r in range(width):
        for c in range(width):
            at = layer.below + (r * side + c) * 2 * LANES
            out = layer.above + (r * width + c) * LANES
            here = load(d, out, 0, 1)
            of_coefficient = fma(load(sums, out, 0, 1), here, of_coefficient)
            of_bias = of_bias + here
            for corner in (0, LANES, side * LANES, (side + 1) * LANES):
                store(here * coefficient * load(slopes, at + corner, 0, 1), d, at + corner, 0)
    if layer.paired:
        for at in range(layer.below, layer.below + side * side * LANES, 2 * LANES):
            store(pair_copies(pair_sums(load(d, at, LANES, 2))), d, at, LANES)
    descend(weights, steps, layer.weights, of_coefficient)
    descend(weights, steps, layer.biases, of_bias)


@inline
def _dense_forward(layer, weights, room):
    x, slopes = room.x, room.slopes
    below, inputs = layer.below, layer.inputs
    for first in range(0, layer.units, SLAB):
        a, at = load(weights, layer.biases + first, LANES, 4), layer.weights + first * inputs
        for i in range(inputs):
            a = add_scaled(a, x[below + i], weights, at + i * SLAB)
        store(a, x, layer.above + first, LANES)
        squash(SCALED_TANH, x, slopes, layer.above + first, 4)


@inline
def _dense_backward(layer, first, weights, steps, room):
    x, slopes, d = room.x, room.slopes, room.d
    below, inputs = layer.below, layer.inputs
    if not first:
        d[below : below + inputs] = ZERO
    for unit in range(0, layer.units, SLAB):
        here, slab = load(d, layer.above + unit, LANES, 4), layer.weights + unit * inputs
        for i in range(inputs):
            at = slab + i * SLAB
            if not first:
                d[below + i] += total(load_like(here, weights, at) * here)
            descend(weights, steps, at, here * x[below + i])
        descend(weights, steps, layer.biases + unit, here)
    if not first:
        for i in range(below, below + inputs):
            d[i] *= slopes[i]
