"""The networks of `of_1998`, trained one pattern at a time: compiled. Appendix C, eq. 18 to 27.

The same three functions as `paper_lenet5.eager` and `paper_lenet5.compiled`, in the latter's words.
Weights, states and derivatives lie in one flat array each, where `of_1998_layout` says.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

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
from paper_lenet5.eager import check_pass
from paper_lenet5.layers import slope
from paper_lenet5.losses import Loss, MSELoss
from paper_lenet5.preprocess import FIELD
from paper_lenet5.sdlm import SDLM, CoefficientInput, Passed, back_through_layers

from .of_1998 import Layers
from .of_1998_layout import CONVOLUTION, SLAB, SUBSAMPLING, K, layout_of, pack, unpack, workspace

__all__ = ["diagonal_curvature", "penalties", "train_one_pass"]

BLOCK = 8
"""Neighbouring positions of a convolution that are done at a time."""
CLASSES = 10
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


def train_one_pass(
    model: Layers, optimizer: SDLM, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
    batch: int = 1,
) -> int:  # fmt: skip
    """`paper_lenet5.eager.train_one_pass`, for SDLM, eq. 8 and batches of one.

    Raises ValueError for anything else, for labels or an order out of range, and for other images.
    """
    check_pass(model, images, labels, order, batch)
    if not isinstance(optimizer, SDLM) or loss != MSELoss() or batch != 1:
        raise ValueError(f"expected SDLM, eq. 8 and one pattern at a time, got {loss}, {batch}")
    layout = layout_of(model)
    weights = pack(layout, dict(model.named_parameters()))
    errors = _train(
        layout.plan, _rows(model, images), labels.contiguous().numpy(), order.contiguous().numpy(),
        weights, pack(layout, optimizer.step_sizes()), *workspace(layout),
    )  # fmt: skip
    model.load_state_dict(unpack(layout, weights), strict=False)
    return int(errors)


@torch.no_grad()
def diagonal_curvature(
    model: Layers, images: Tensor, labels: Tensor, loss: Loss,
    output_curvature: float | None = None, coefficient_input: CoefficientInput = "sum",
) -> dict[str, Tensor]:  # fmt: skip
    """`paper_lenet5.sdlm.diagonal_curvature`, from a constant at the states of the last layer (D6, D8).

    Raises ValueError without the constant, or if S2's inputs are to be connections of their own.
    """
    if output_curvature is None or coefficient_input != "sum":
        raise ValueError("expected a constant output curvature and coefficient_input 'sum'")
    states = model.states(images)
    layers = [
        Passed(name, layer, inputs, slope(above))
        for name, layer, (inputs, above) in zip(
            model.names, model.layers, pairwise(states), strict=True
        )
    ]
    at_last = torch.full_like(states[-1], output_curvature)
    sums = back_through_layers(layers, at_last, coefficient_input)
    return {name: sums[name] / len(images) for name, _ in model.named_parameters()}


def penalties(model: Layers, images: Tensor) -> Tensor:
    """`paper_lenet5.eager.penalties`, compiled."""
    layout, out = layout_of(model), np.empty((len(images), CLASSES), np.float32)
    weights = pack(layout, dict(model.named_parameters()))
    _last_states(layout.plan, _rows(model, images), weights, out, *workspace(layout))
    return model.penalties(torch.from_numpy(out))


def _rows(model: Layers, images: Tensor) -> np.ndarray:
    """Compiled code looks at no bounds, so the shape is looked at here."""
    if images.dtype != torch.float32 or images.shape[1:] != (1, FIELD, FIELD):
        raise ValueError(
            f"expected float32 images of shape (N, 1, {FIELD}, {FIELD}), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    return model.pixels(images).flatten(1).contiguous().numpy()


# --- many patterns --------------------------------------------------------------------------------


@cached
def _train(plan, images, labels, order, weights, steps, x, slopes, sums, d, turned):
    """Eq. 18 for eq. 8. Returns how many patterns were misclassified when they came."""
    errors, last = 0, plan[len(plan) - 1].above
    for pattern in order:
        _forward(plan, images[pattern], weights, x, slopes, sums)
        errors += np.argmax(x[last : last + CLASSES]) != labels[pattern]
        for i in range(CLASSES):
            target = ONE if i == labels[pattern] else -ONE
            d[last + i] = TWO * (x[last + i] - target) * slopes[last + i]
        for k in range(len(plan) - 1, -1, -1):
            layer, first = plan[k], k == 0
            if layer.kind == CONVOLUTION:
                _convolution_backward(layer, first, weights, steps, x, slopes, d, turned)
            elif layer.kind == SUBSAMPLING:
                _subsampling_backward(layer, weights, steps, slopes, sums, d)
            else:
                _dense_backward(layer, first, weights, steps, x, slopes, d)
    return errors


@cached
def _last_states(plan, images, weights, out, x, slopes, sums, d, turned):
    """Fill out (N, 10) with the states of the last layer."""
    last = plan[len(plan) - 1].above
    for pattern in range(len(images)):
        _forward(plan, images[pattern], weights, x, slopes, sums)
        out[pattern] = x[last : last + CLASSES]


@inline
def _forward(plan, image, weights, x, slopes, sums):
    x[: len(image)] = image
    for k in range(len(plan)):
        layer = plan[k]
        if layer.kind == CONVOLUTION:
            _convolution_forward(layer, weights, x, slopes)
        elif layer.kind == SUBSAMPLING:
            _subsampling_forward(layer, weights, x, slopes, sums)
        else:
            _dense_forward(layer, weights, x, slopes)


# --- one pattern, layer by layer ------------------------------------------------------------------
# A backward function is given dE/da of its own units in `d`, and leaves that of the units below there.
# Every weight is used before its own step.


@inline
def _convolution_forward(layer, weights, x, slopes):
    """weights [ky][kx][input][16 maps]; the last block of a row may overlap the one before it."""
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
            squash(SCALED_TANH, a, x, slopes, above + (r * width + c) * LANES)


@inline
def _convolution_backward(layer, first, weights, steps, x, slopes, d, turned):
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
def _subsampling_forward(layer, weights, x, slopes, sums):
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
            squash(SCALED_TANH, fma(four, coefficient, bias), x, slopes, out)


@inline
def _subsampling_backward(layer, weights, steps, slopes, sums, d):
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
def _dense_forward(layer, weights, x, slopes):
    below, inputs = layer.below, layer.inputs
    for first in range(0, layer.units, SLAB):
        a, at = load(weights, layer.biases + first, LANES, 4), layer.weights + first * inputs
        for i in range(inputs):
            a = add_scaled(a, x[below + i], weights, at + i * SLAB)
        squash(SCALED_TANH, a, x, slopes, layer.above + first)


@inline
def _dense_backward(layer, first, weights, steps, x, slopes, d):
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
