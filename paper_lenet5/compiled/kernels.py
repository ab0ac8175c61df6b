"""The layers of the compiled pass, forward and backward, for one pattern.

Where maps are wide and few (the input, C1, S2) the sixteen lanes of a vector are neighbouring
columns, and an array holds [row][map][column]. Where maps are many and small (C3, S4, C5, F6) the
lanes are maps, and an array holds [row][column][map]. C3 reads single columns and writes maps; its
input gradient goes the other way. All arrays are flat, all sizes below in elements.

A backward function subtracts step * gradient from what its `update` holds: in training, the weights
themselves. Given the squares of weights, inputs and slopes, the same functions compute appendix C's
curvature.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from ..layers import A, S
from ..preprocessing import FURTHEST as _FURTHEST
from .lanes import (
    LANES,
    add_convolution,
    add_outer,
    add_products,
    add_scaled,
    add_window,
    broadcast,
    dot,
    fma,
    load,
    maximum,
    minimum,
    pair_copies,
    pair_sums,
    prefetch,
    store,
    store_totals,
    subtract_products,
    zeros,
)
from .registers import REGISTERS

FIELD, C1, S2, C3, S4 = 32, 28, 14, 10, 5  # height and width of the maps
K = 5  # height and width of the kernels
FEW, MANY = 6, LANES  # maps of C1 and S2, of C3 and S4
S4_UNITS, C5_UNITS = S4 * S4 * MANY, 120
C1_VECTORS = 2 * FEW  # a row of all C1 maps
C5_VECTORS, F6_VECTORS = 8, 6  # 120 and 84 units in whole vectors
C1_COLUMNS, S2_COLUMNS = 2 * LANES, LANES  # 28 and 14 columns in whole vectors
C1_ROW, S2_ROW = FEW * C1_COLUMNS, FEW * S2_COLUMNS
C3_ROW = C3 * MANY
C3_KERNELS = K * K * MANY  # C3's weights from one S2 map
PLANE_ROW = 24  # a row of one C3 map by itself: K - 1 zeros, ten columns, zeros
PLANE = C3 * PLANE_ROW

# How much of a layer is in registers at a time: see registers.py.
_BLOCKS = REGISTERS.blocks
_C1_MAPS, _C1_VECTORS = _BLOCKS.c1_maps, _BLOCKS.c1_vectors
_C1_KERNELS, _C1_KERNEL_COLUMNS = _BLOCKS.c1_kernels, _BLOCKS.c1_kernel_columns
_C3_POSITIONS, _C3_KERNEL_ROWS = _BLOCKS.c3_positions, _BLOCKS.c3_kernel_rows
_C1_SUMS, _C1_KERNEL_SUMS = _C1_MAPS * _C1_VECTORS, _C1_KERNELS * _C1_KERNEL_COLUMNS
_C3_KERNEL_SUMS = _C3_KERNEL_ROWS * K

FURTHEST = np.float32(_FURTHEST)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
SCALED_TANH, TANH, RELU, NONE = range(4)  # activations

_OF_COMPILED_CODE = {"nogil": True, "error_model": "numpy", "no_cpython_wrapper": True,
                     "no_cfunc_wrapper": True}  # fmt: skip
inline = njit(**_OF_COMPILED_CODE, forceinline=True)
"""Becomes a part of each function that calls it. LLVM goes over it once by itself, once within each."""
spliced = njit(**_OF_COMPILED_CODE, inline="always")
"""The same by Numba, before LLVM: for the few functions that are large and made of others."""
apart = njit(**_OF_COMPILED_CODE, forceinline=False)
"""Is called, so that it has all registers to itself: for each kernel, and for what is seldom needed.

It has to be said: otherwise Numba passes `forceinline` on to what an inlined function calls.
"""

# tanh(y) / y as a quotient of two polynomials in y^2, fitted for |y| < 9 with a relative error of
# 1.5e-7; beyond, tanh is 1 in float32. For A tanh(S a) of eq. 6, S and A go into the coefficients.
_NUMERATOR = (9.99999918e-01, 1.33909645e-01, 3.50496144e-03, 2.06552176e-05, 1.32061999e-08)
_DENOMINATOR = (1.0, 4.67243141e-01, 2.59191150e-02, 3.29639682e-04, 7.76091932e-07)
_FLAT = 9
_LARGE = np.float32(3e38)


def _coefficients(amplitude, slope):
    """The coefficients of both polynomials, and the argument beyond which the function is flat."""
    numerator = (amplitude * slope * p * slope ** (2 * k) for k, p in enumerate(_NUMERATOR))
    denominator = (q * slope ** (2 * k) for k, q in enumerate(_DENOMINATOR))
    return tuple(map(np.float32, (*numerator, *denominator, _FLAT / slope)))


def _slope(amplitude, slope):
    """The two numbers of f'(a) = first + second * f(a)^2."""
    return np.float32(slope * amplitude), np.float32(-slope / amplitude)


_SCALED_TANH, _TANH = _coefficients(A, S), _coefficients(1, 1)
_SCALED_TANH_SLOPE, _TANH_SLOPE = _slope(A, S), _slope(1, 1)


@inline
def squash(activation, x, slopes, first, vectors):
    """Put the states f(a) in the place of the weighted sums a in x, and the slopes f'(a) beside (eq. 6).

    A vector at a time: of more, the polynomials would not fit the registers.
    """
    end = first + vectors * LANES
    if activation == SCALED_TANH:
        for at in range(first, end, LANES):
            state = rational(_SCALED_TANH, load(x, at, 0, 1))
            store(state, x, at, 0)
            slope = fma(state * state, _SCALED_TANH_SLOPE[1], _SCALED_TANH_SLOPE[0])
            store(slope, slopes, at, 0)
    else:
        squash_otherwise(activation, x, slopes, first, end)


@apart
def squash_otherwise(activation, x, slopes, first, end):
    """`squash` with the activations of table 2, and with none."""
    for at in range(first, end, LANES):
        state = activate(activation, load(x, at, 0, 1))
        store(state, x, at, 0)
        if activation == TANH:
            slope = fma(state * state, _TANH_SLOPE[1], _TANH_SLOPE[0])
        elif activation == RELU:
            slope = minimum(state * _LARGE, ONE)  # 1 above 0, and 0 at it: no branch for each lane
        else:
            slope = state * ZERO + ONE  # a block of the state's size
        store(slope, slopes, at, 0)


@inline
def activate(activation, a):
    """f(a) for a block of weighted sums."""
    if activation == SCALED_TANH:
        state = rational(_SCALED_TANH, a)
    elif activation == TANH:
        state = rational(_TANH, a)
    elif activation == RELU:
        state = maximum(a, ZERO)
    else:
        state = a
    return state


@inline
def rational(coefficients, a):
    """The quotient of both polynomials at a, an activation for every lane."""
    p0, p1, p2, p3, p4, q0, q1, q2, q3, q4, flat = coefficients
    # Beyond, the quotient leaves the function; cut off, a gets the value that f has from there on.
    a = maximum(minimum(a, flat), -flat)
    t = a * a
    numerator = fma(fma(fma(fma(t, p4, p3), t, p2), t, p1), t, p0)
    denominator = fma(fma(fma(fma(t, q4, q3), t, q2), t, q1), t, q0)
    return a * numerator / denominator


class Update(NamedTuple):
    """Where a layer's gradients go: its weights and biases, or what stands for them, and their steps."""

    weight: np.ndarray
    bias: np.ndarray
    weight_step: np.ndarray
    bias_step: np.ndarray


@inline
def descend(into, step, at, gradient):
    """Eq. 18 for as many consecutive vectors of weights as the gradient has."""
    subtract_products(gradient, into, step, at)


# --- C1 and S2: the lanes are columns -------------------------------------------------------------


@apart
def c1_forward(activation, image, weight, bias, x, slopes):
    """C1's states and slopes, a block of a row at a time: some maps, all columns or half of them.

    weight [ky][map][kx].
    """
    for r in range(C1):
        for m in range(0, FEW, _C1_MAPS):
            for column in range(0, C1_COLUMNS, _C1_VECTORS * LANES):
                # An outer product with ones: the bias of each map in all of its columns.
                sums = add_outer(zeros(_C1_SUMS), bias, m, 1, zeros(_C1_VECTORS) + ONE)
                for ky in range(K):
                    for kx in range(K):
                        # Each kernel column shifts the whole row of pixels by one. Columns 28 to 31
                        # read on into the next row, or the vector to spare; on the way back what
                        # they became meets derivatives of 0.
                        pixel = (r + ky) * FIELD + column + kx
                        pixels = load(image, pixel, LANES, _C1_VECTORS)
                        sums = add_outer(sums, weight, (ky * FEW + m) * K + kx, K, pixels)
                at = r * C1_ROW + m * C1_COLUMNS + column
                store(sums, x, at, C1_COLUMNS // _C1_VECTORS)
        squash(activation, x, slopes, r * C1_ROW, C1_ROW // LANES)


@apart
def c1_backward(image, at_sum, gradient, update):
    """C1's own step from dE/da, a row of the kernels of some maps at a time; `gradient` is scratch."""
    for m in range(0, FEW, _C1_KERNELS):
        for ky in range(K):
            for kx in range(0, K, _C1_KERNEL_COLUMNS):
                sums = zeros(_C1_KERNEL_SUMS)
                for r in range(C1):
                    at, pixel = r * C1_ROW + m * C1_COLUMNS, (r + ky) * FIELD + kx
                    # Each lane adds up its own columns; loads one pixel apart are one kx apart.
                    for half in range(0, C1_COLUMNS, LANES):
                        here = load(at_sum, at + half, C1_COLUMNS, _C1_KERNELS)
                        pixels = load(image, pixel + half, 1, _C1_KERNEL_COLUMNS)
                        sums = add_products(sums, here, pixels)
                at = (ky * FEW + m) * K + kx
                store_totals(sums, gradient, at, K // _C1_KERNEL_COLUMNS)
    # 150 weights are no whole number of vectors, and `descend` would step beyond them.
    for k in range(K * K * FEW):
        update.weight[k] -= update.weight_step[k] * gradient[k]

    sums = zeros(C1_VECTORS)
    for r in range(C1):
        sums = sums + load(at_sum, r * C1_ROW, LANES, C1_VECTORS)
    store_totals(sums, gradient, 0, 1)
    for m in range(FEW):
        # A map's row is two vectors, and each of them left a sum of its own.
        update.bias[m] -= update.bias_step[m] * (gradient[2 * m] + gradient[2 * m + 1])


@apart
def s2_sums(x, sums):
    """Add up the four inputs of each S2 unit: two rows, then neighbouring columns."""
    for r in range(S2):
        for m in range(FEW):
            upper = 2 * r * C1_ROW + m * C1_COLUMNS
            rows = load(x, upper, LANES, 2) + load(x, upper + C1_ROW, LANES, 2)
            store(pair_sums(rows), sums, r * S2_ROW + m * S2_COLUMNS, LANES)


@apart
def s2_forward(activation, sums, coefficient, bias, x, slopes):
    """S2's states and slopes from the sums of its inputs."""
    # All six maps at once: their coefficients and biases are read once for all rows.
    c, b = broadcast(coefficient, 0, 1, FEW), broadcast(bias, 0, 1, FEW)
    for r in range(S2):
        store(fma(load(sums, r * S2_ROW, LANES, FEW), c, b), x, r * S2_ROW, LANES)
        squash(activation, x, slopes, r * S2_ROW, FEW)


@apart
def s2_backward(sums, at_sum, coefficient, c1_slopes, at_c1, gradient, update):
    """S2's own step, and dE/da of C1: each S2 unit hands its derivative to its four inputs alike."""
    of_coefficient, of_bias = zeros(FEW), zeros(FEW)
    for r in range(S2):
        here = load(at_sum, r * S2_ROW, LANES, FEW)
        of_coefficient = fma(load(sums, r * S2_ROW, LANES, FEW), here, of_coefficient)
        of_bias = of_bias + here
        for m in range(FEW):
            copies = load(at_sum, r * S2_ROW + m * S2_COLUMNS, 0, 1) * coefficient[m]
            copies = pair_copies(copies)
            # The four inputs of a unit are two neighbours in each of two rows.
            for at in (2 * r * C1_ROW, (2 * r + 1) * C1_ROW):
                at += m * C1_COLUMNS
                store(copies * load(c1_slopes, at, LANES, 2), at_c1, at, LANES)
    store_totals(of_coefficient, gradient, 0, 1)
    store_totals(of_bias, gradient, FEW, 1)
    for m in range(FEW):
        update.weight[m] -= update.weight_step[m] * gradient[m]
        update.bias[m] -= update.bias_step[m] * gradient[FEW + m]


@apart
def s2_maxima(x, maxima):
    """Put the largest of the four inputs of each S2 unit where `s2_sums` puts their sum."""
    for r in range(S2):
        for m in range(FEW):
            upper = 2 * r * C1_ROW + m * C1_COLUMNS
            out = r * S2_ROW + m * S2_COLUMNS
            for c in range(S2):
                at = upper + 2 * c
                maxima[out + c] = max(
                    max(x[at], x[at + 1]), max(x[at + C1_ROW], x[at + C1_ROW + 1])
                )


@apart
def s2_backward_maxima(x, maxima, at_sum, c1_slopes, at_c1):
    """Pass each derivative back to the first of the four inputs that is the largest."""
    # Three of four inputs get nothing, and what lies there is of the pattern before.
    for at in range(0, C1 * C1_ROW, LANES):
        store(zeros(1), at_c1, at, 0)
    for r in range(S2):
        for m in range(FEW):
            upper = 2 * r * C1_ROW + m * C1_COLUMNS
            for c in range(S2):
                unit, at = r * S2_ROW + m * S2_COLUMNS + c, upper + 2 * c
                # In reading order: to the right, then to the left one in the row below, and its right.
                if x[at] != maxima[unit]:
                    at += 1
                    if x[at] != maxima[unit]:
                        at += C1_ROW - 1
                        if x[at] != maxima[unit]:
                            at += 1
                at_c1[at] = at_sum[unit] * c1_slopes[at]


# --- C3: from columns to maps ---------------------------------------------------------------------
# weight [input][ky][kx][map], dense: a cross that Table I lacks has weight 0 and step size 0.


@apart
def c3_forward(activation, inputs, weight, bias, x, slopes):
    """C3's states and slopes, some positions of a row at a time, each a vector of all sixteen maps."""
    for r in range(C3):
        for c in range(0, C3, _C3_POSITIONS):
            sums = zeros(_C3_POSITIONS) + load(bias, 0, 0, 1)
            for ky in range(K):
                for i in range(FEW):
                    # S2 lies by columns and C3 by maps: each number of a row goes, as a factor, to a
                    # whole vector of kernels, so that nothing has to be turned round.
                    row = (r + ky) * S2_ROW + i * S2_COLUMNS + c
                    for kx in range(K):
                        kernels = load(weight, i * C3_KERNELS + (ky * K + kx) * MANY, 0, 1)
                        sums = add_outer(sums, inputs, row + kx, 1, kernels)
            store(sums, x, r * C3_ROW + c * MANY, MANY)
        squash(activation, x, slopes, r * C3_ROW, C3)


@apart
def c3_as_planes(at_sum, planes):
    """Turn dE/da from [row][column][map] into [map][row][column], the columns framed by zeros.

    With the zeros an S2 column near the edge reads as many C3 columns as one in the middle.
    """
    for r in range(C3):
        for c in range(C3):
            for m in range(MANY):
                planes[m * PLANE + r * PLANE_ROW + K - 1 + c] = at_sum[r * C3_ROW + c * MANY + m]


def _c3_backward_input_rows(first, n):
    """The function for rows first ... first + n - 1 of an S2 map: which C3 rows reach them is fixed."""
    lowest, beyond = max(0, first - K + 1), min(C3, first + n)
    reaching, shift = beyond - lowest, lowest - first

    @inline
    def backward(planes, maps, i, weight, s2_slopes, at_s2):
        """dE/da of these rows of S2 map i, from the C3 maps `maps`."""
        sums = zeros(n)
        for m in maps:
            for kx in range(K):
                # Column c of S2 meets column c - kx of C3 in kernel column kx: a start kx to the left,
                # from behind the K - 1 zeros, gives that for all fourteen columns at once.
                at = m * PLANE + lowest * PLANE_ROW + K - 1 - kx
                rows = load(planes, at, PLANE_ROW, reaching)
                # One column of a kernel: its five rows lie K * MANY numbers apart.
                kernels = broadcast(weight, i * C3_KERNELS + kx * MANY + m, K * MANY, K)
                # Row r of C3 came from rows r ... r + 4 of S2, and adds to just these.
                sums = add_convolution(sums, shift, rows, kernels)
        at = first * S2_ROW + i * S2_COLUMNS
        store(sums * load(s2_slopes, at, S2_ROW, n), at_s2, at, S2_ROW)

    return backward


def _in_turn(function, *others):
    """One function that calls them all with the same arguments."""
    if not others:
        return function
    rest = _in_turn(*others)

    @inline
    def all_of_them(*arguments):
        """Call the first function, and then the others."""
        function(*arguments)
        rest(*arguments)

    return all_of_them


_c3_backward_rows = _in_turn(
    *[
        _c3_backward_input_rows(first, min(_BLOCKS.c3_input_rows, S2 - first))
        for first in range(0, S2, _BLOCKS.c3_input_rows)
    ]
)


@apart
def c3_backward_inputs(planes, fed, weight, s2_slopes, at_s2):
    """dE/da of S2, some rows of a map at a time, from the C3 maps that it feeds: fed (6, 10) by Table I.

    The lanes are columns here, so that a C3 map that does not look at this one costs nothing.
    """
    for i in range(FEW):
        _c3_backward_rows(planes, fed[i], i, weight, s2_slopes, at_s2)


@apart
def c3_backward(inputs, at_sum, update):
    """C3's own step, some rows of the kernels from one input map at a time, for all sixteen maps."""
    for i in range(FEW):
        for ky in range(0, K, _C3_KERNEL_ROWS):
            sums = zeros(_C3_KERNEL_SUMS)
            for r in range(C3):
                for c in range(C3):
                    here = load(at_sum, r * C3_ROW + c * MANY, 0, 1)
                    # The inputs of this position are a window: its rows lie a row of all S2 maps apart.
                    at = (r + ky) * S2_ROW + i * S2_COLUMNS + c
                    sums = add_window(sums, inputs, at, S2_ROW, K, here)
            descend(update.weight, update.weight_step, i * C3_KERNELS + ky * K * MANY, sums)
    of_bias = zeros(1)
    for position in range(C3 * C3):
        of_bias = of_bias + load(at_sum, position * MANY, 0, 1)
    descend(update.bias, update.bias_step, 0, of_bias)


# --- S4: the lanes are maps -----------------------------------------------------------------------


@apart
def s4_sums(x, sums):
    """Add up the four inputs of each S4 unit, in the order in which `s2_sums` does."""
    for r in range(S4):
        for c in range(S4):
            # A neighbour to the right is a vector of maps further on, one below a row of positions.
            at = 2 * r * C3_ROW + 2 * c * MANY
            left = load(x, at, 0, 1) + load(x, at + C3_ROW, 0, 1)
            right = load(x, at + MANY, 0, 1) + load(x, at + C3_ROW + MANY, 0, 1)
            store(left + right, sums, (r * S4 + c) * MANY, 0)


@apart
def s4_forward(activation, sums, coefficient, bias, x, slopes):
    """S4's states and slopes from the sums of its inputs."""
    # One vector has the coefficients of all sixteen maps, the same for each position.
    c, b = load(coefficient, 0, 0, 1), load(bias, 0, 0, 1)
    for at in range(0, S4 * S4 * MANY, MANY):
        store(fma(load(sums, at, 0, 1), c, b), x, at, 0)
    squash(activation, x, slopes, 0, S4 * S4)


@apart
def s4_backward(sums, at_sum, coefficient, c3_slopes, at_c3, update):
    """S4's own step, and dE/da of C3: each S4 unit hands its derivative to its four inputs alike."""
    c = load(coefficient, 0, 0, 1)
    of_coefficient, of_bias = zeros(1), zeros(1)
    for r in range(S4):
        for q in range(S4):
            unit = (r * S4 + q) * MANY
            here = load(at_sum, unit, 0, 1)
            of_coefficient = fma(load(sums, unit, 0, 1), here, of_coefficient)
            of_bias = of_bias + here
            for corner in (0, MANY, C3_ROW, C3_ROW + MANY):
                at = 2 * r * C3_ROW + 2 * q * MANY + corner
                store(here * c * load(c3_slopes, at, 0, 1), at_c3, at, 0)
    descend(update.weight, update.weight_step, 0, of_coefficient)
    descend(update.bias, update.bias_step, 0, of_bias)


@apart
def s4_maxima(x, maxima):
    """Put the largest of the four inputs of each S4 unit where `s4_sums` puts their sum."""
    for r in range(S4):
        for c in range(S4):
            at = 2 * r * C3_ROW + 2 * c * MANY
            left = maximum(load(x, at, 0, 1), load(x, at + C3_ROW, 0, 1))
            right = maximum(load(x, at + MANY, 0, 1), load(x, at + C3_ROW + MANY, 0, 1))
            store(maximum(left, right), maxima, (r * S4 + c) * MANY, 0)


@apart
def s4_backward_maxima(x, maxima, at_sum, c3_slopes, at_c3):
    """Pass each derivative back to the first of the four inputs that is the largest."""
    # Three of four inputs get nothing, and what lies there is of the pattern before.
    for at in range(0, C3 * C3_ROW, LANES):
        store(zeros(1), at_c3, at, 0)
    for r in range(S4):
        for q in range(S4):
            # Not by vectors: each map may have its largest input in another corner.
            for m in range(MANY):
                unit, at = (r * S4 + q) * MANY + m, 2 * r * C3_ROW + 2 * q * MANY + m
                if x[at] != maxima[unit]:
                    at += MANY
                    if x[at] != maxima[unit]:
                        at += C3_ROW - MANY
                        if x[at] != maxima[unit]:
                            at += MANY
                at_c3[at] = at_sum[unit] * c3_slopes[at]


# --- C5 and F6: the lanes are units ---------------------------------------------------------------
# weight [input][unit]; how many vectors the units fill is told by the blocks.


def _dense_forward(units, block):
    """The function for a layer of so many vectors of units, a block of them at a time."""

    @apart
    def forward(activation, inputs, n, weight, bias, x, slopes):
        """The layer's states and slopes from n inputs."""
        for first in range(0, units * LANES, block * LANES):
            sums = load(bias, first, LANES, block)
            # An input is a factor for all units: its weights lie side by side and are read in order.
            for i in range(n):
                sums = add_scaled(sums, inputs[i], weight, i * units * LANES + first)
            store(sums, x, first, LANES)
        squash(activation, x, slopes, 0, units)

    return forward


c5_forward = _dense_forward(C5_VECTORS, _BLOCKS.c5_vectors)
f6_forward = _dense_forward(F6_VECTORS, _BLOCKS.f6_vectors)


@apart
def dense_backward(inputs, n, at_sum, weight, slopes_below, at_below, update):
    """Go over the weights once: what passes down to the n inputs, and the weights' own step.

    C5's weights and step sizes, 410 kB, lie in the second cache: they are called two inputs ahead.
    """
    for i in range(n):
        at = i * len(at_sum) * LANES
        prefetch(at_sum, weight, at + 2 * len(at_sum) * LANES)
        prefetch(at_sum, update.weight_step, at + 2 * len(at_sum) * LANES)
        # First what passes down: in training, `weight` is what the step changes.
        at_below[i] = slopes_below[i] * dot(at_sum, weight, at)
        descend(update.weight, update.weight_step, at, at_sum * inputs[i])
    descend(update.bias, update.bias_step, 0, at_sum)
