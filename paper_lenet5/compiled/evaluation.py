"""Penalties of sixteen images at once: here the sixteen lanes of a vector are images.

Nothing is left of a lane that way: C1 has its 28 columns and no padding, C3 the crosses of Table I and
no others, C5 and F6 read each of their weights once for all images. Training cannot do so, since each
pattern meets the weights that the one before it left. Every sum adds up as in `passes.forward`, so the
penalties are the same, bit by bit.

All arrays are flat, [unit][image]; C1 and C3 are kept for as long as two of their rows are pooled.
"""

from typing import NamedTuple

import numpy as np

from .kernels import (
    C1,
    C3,
    C3_KERNELS,
    C5_UNITS,
    C5_VECTORS,
    F6_VECTORS,
    FEW,
    FIELD,
    FURTHEST,
    MANY,
    ONE,
    S2,
    S4,
    S4_UNITS,
    K,
    activate,
    inline,
)
from .lanes import (
    LANES,
    add_convolution,
    add_outer,
    broadcast,
    fma,
    load,
    maximum,
    outside_of,
    store,
    transposed,
    zeros,
)
from .registers import REGISTERS

# How much is in registers at a time: see registers.py.
_BLOCKS = REGISTERS.blocks
_C1_COLUMNS, _C3_POSITIONS = _BLOCKS.images_c1_columns, _BLOCKS.c3_positions
_UNITS = _BLOCKS.images_units
_C3_INPUTS = _C3_POSITIONS + K - 1
_TO_THE_LEFT = 1 - K
_C1_SUMS = FEW * _C1_COLUMNS
_F6_UNITS = F6_VECTORS * LANES


class Images(NamedTuple):
    """The states of sixteen images."""

    pixels: np.ndarray
    c1: np.ndarray
    """Two rows, in the order in which they are computed: see `c1_rows`."""
    s2: np.ndarray
    """[row][map][column], as C3 reads its rows."""
    c3: np.ndarray
    """Two rows at a time, [row][map][column]."""
    s4: np.ndarray
    """[row][column][map], as C5's weights lie."""
    c5: np.ndarray
    f6: np.ndarray
    squares: np.ndarray


SIZES = (FIELD**2, 2 * FEW * C1, S2 * FEW * S2, 2 * MANY * C3, S4_UNITS, C5_UNITS, _F6_UNITS, LANES)
"""Vectors in each array of `Images`."""


@inline
def evaluate(network, images, first, w, x, outside, penalties):
    """Fill the penalties of images first ... first + 15, and count in `outside` as `forward` does."""
    transpose(images, first, x, outside)
    for r in range(S2):
        c1_rows(network, 2 * r, w, x)
        s2_row(network, r, w, x)
    for r in range(S4):
        c3_rows(network, 2 * r, w, x)
        s4_row(network, r, w, x)
    units(network, x.s4, S4_UNITS, w.c5, C5_VECTORS * LANES, w.c5_bias, C5_UNITS, x.c5)
    units(network, x.c5, C5_UNITS, w.f6, F6_VECTORS * LANES, w.f6_bias, _F6_UNITS, x.f6)
    # One class at a time: x.squares has room for the sixteen lanes of one.
    for i in range(network.classes):
        output(network, i, w, x)
        for lane in range(LANES):
            penalties[first + lane, i] = x.squares[lane]


@inline
def transpose(images, first, x, outside):
    """Turn sixteen images from [image][pixel] into [pixel][image]: the lanes are images from here on."""
    flat, size = images.reshape(-1), FIELD * FIELD
    found = load(outside, 0, 0, 1)
    for pixel in range(0, size, LANES):
        # The same sixteen pixels of sixteen images, a whole image apart.
        square = load(flat, first * size + pixel, size, LANES)
        found = found + outside_of(square, FURTHEST)
        store(transposed(square), x.pixels, pixel * LANES, LANES)
    store(found, outside, 0, 0)


@inline
def squash(activation, x, first, vectors):
    """Put states in the place of so many vectors of weighted sums (eq. 6)."""
    for at in range(first, first + vectors * LANES, LANES):
        store(activate(activation, load(x, at, 0, 1)), x, at, 0)


@inline
def c1_rows(network, r, w, x):
    """Rows r and r + 1 of all C1 maps, [row][block of columns][map][column in the block].

    Two rows are all that an S2 row needs; the whole of C1 would be 301 kB, beyond the first cache.
    """
    for row in range(2):
        for column in range(0, C1, _C1_COLUMNS):
            # An outer product with ones: the bias of each map in all of its columns.
            sums = add_outer(zeros(_C1_SUMS), w.c1_bias, 0, 1, zeros(_C1_COLUMNS) + ONE)
            for ky in range(K):
                for kx in range(K):
                    pixel = (r + row + ky) * FIELD + column + kx
                    pixels = load(x.pixels, pixel * LANES, LANES, _C1_COLUMNS)
                    # The weights of the six maps lie a kernel row apart: w.c1 is [ky][map][kx].
                    sums = add_outer(sums, w.c1, ky * FEW * K + kx, K, pixels)
            # As the block has them, map by map; `c1_place` finds a unit again.
            at = (row * C1 + column) * FEW * LANES
            store(sums, x.c1, at, LANES)
            squash(network.activation, x.c1, at, _C1_SUMS)


@inline
def c1_place(m, column):
    """Where `c1_rows` leaves a unit of its first row."""
    return ((column // _C1_COLUMNS * FEW + m) * _C1_COLUMNS + column % _C1_COLUMNS) * LANES


@inline
def s2_row(network, r, w, x):
    """Row r of all S2 maps, from the two rows of C1 that were computed last."""
    for m in range(FEW):
        for c in range(S2):
            # The two columns of a unit may lie in different blocks, the row below always as far on.
            left, right, below = c1_place(m, 2 * c), c1_place(m, 2 * c + 1), C1 * FEW * LANES
            pooled = pool(network, x.c1, left, right, below)
            state = subsample(network, pooled, w.s2[m], w.s2_bias[m])
            store(state, x.s2, ((r * FEW + m) * S2 + c) * LANES, 0)


@inline
def pool(network, x, left, right, below):
    """The sum or the largest of a unit's four inputs, those of the row below so much further on.

    The sum is that of `kernels.s2_sums`: rows first, then columns.
    """
    upper_left, upper_right = load(x, left, 0, 1), load(x, right, 0, 1)
    lower_left, lower_right = load(x, left + below, 0, 1), load(x, right + below, 0, 1)
    if network.maximum:
        pooled = maximum(maximum(upper_left, upper_right), maximum(lower_left, lower_right))
    else:
        pooled = (upper_left + lower_left) + (upper_right + lower_right)
    return pooled


@inline
def subsample(network, pooled, coefficient, bias):
    """The state of a subsampling unit from what its four inputs were pooled to."""
    return activate(network.pooled_activation, fma(pooled, coefficient, zeros(1) + bias))


@inline
def c3_rows(network, r, w, x):
    """Rows r and r + 1 of all C3 maps, from the S2 maps that Table I gives each."""
    for row in range(2):
        for m in range(MANY):
            for c in range(0, C3, _C3_POSITIONS):
                sums = zeros(_C3_POSITIONS) + w.c3_bias[m]
                for ky in range(K):
                    for i in range(FEW):
                        # A branch for a whole block of sums: where Table I has no cross, that is all.
                        if network.crosses[i, m]:
                            at = (((r + row + ky) * FEW + i) * S2 + c) * LANES
                            inputs = load(x.s2, at, LANES, _C3_INPUTS)
                            # A kernel slides over the inputs from its last column to its first,
                            # so that each sum adds kx = 0 first, as `c3_forward` does.
                            last = i * C3_KERNELS + (ky * K + K - 1) * MANY + m
                            kernels = broadcast(w.c3, last, -MANY, K)
                            sums = add_convolution(sums, _TO_THE_LEFT, inputs, kernels)
                at = ((row * MANY + m) * C3 + c) * LANES
                store(sums, x.c3, at, LANES)
                squash(network.activation, x.c3, at, _C3_POSITIONS)


@inline
def s4_row(network, r, w, x):
    """Row r of all S4 maps, from the two rows of C3 that were computed last."""
    for m in range(MANY):
        for c in range(S4):
            at = (m * C3 + 2 * c) * LANES
            pooled = pool(network, x.c3, at, at + LANES, MANY * C3 * LANES)
            state = subsample(network, pooled, w.s4[m], w.s4_bias[m])
            store(state, x.s4, ((r * S4 + c) * MANY + m) * LANES, 0)


@inline
def units(network, inputs, n, weight, row, bias, count, x):
    """The states of C5 or F6, some units at a time; weight [input][unit], its rows `row` apart."""
    for unit in range(0, count, _UNITS):
        sums = add_outer(zeros(_UNITS), bias, unit, 1, zeros(1) + ONE)
        # Each weight is read once for sixteen images: C5's are more than the first cache holds.
        for i in range(n):
            sums = add_outer(sums, weight, i * row + unit, 1, load(inputs, i * LANES, 0, 1))
        store(sums, x, unit * LANES, LANES)
    squash(network.activation, x, 0, count)


@inline
def output(network, i, w, x):
    """Eq. 7 for class i, or a weighted sum, into the first of x.squares: added up as `total` does."""
    # `total` adds up six vectors of sixteen units, pair by pair, and then the lanes by halves. Here
    # units k, k + 16, ... are six vectors of images: the first loop is its pairs, the second its halves.
    for k in range(LANES):
        a, b = term(network, i, k, w, x), term(network, i, k + LANES, w, x)
        c, d = term(network, i, k + 2 * LANES, w, x), term(network, i, k + 3 * LANES, w, x)
        e, f = term(network, i, k + 4 * LANES, w, x), term(network, i, k + 5 * LANES, w, x)
        store(((a + b) + (c + d)) + (e + f), x.squares, k * LANES, 0)
    half = LANES // 2
    while half > 0:
        for k in range(half):
            both = load(x.squares, k * LANES, 0, 1) + load(x.squares, (k + half) * LANES, 0, 1)
            store(both, x.squares, k * LANES, 0)
        half //= 2
    if network.linear:
        store(load(x.squares, 0, 0, 1) + w.output_bias[i], x.squares, 0, 0)


@inline
def term(network, i, unit, w, x):
    """What one unit of F6 adds to the penalty, or the weighted sum, of class i."""
    state, center = load(x.f6, unit * LANES, 0, 1), w.output[i * _F6_UNITS + unit]
    if network.linear:
        product = state * center
    else:
        difference = state - center
        product = difference * difference
    return product
