"""The words of `paper_lenet5.compiled.lanes` in NumPy: a block is an array (n, 16) of float32.

With them the compiled layers run in Python, where every line can be counted and every address outside of
an array is an error. `compiled_in_python` gives the whole package so.
"""

import importlib
import sys
from itertools import pairwise
from types import ModuleType

import numpy as np

LANES = 16


def zeros(n):
    return np.zeros((n, LANES), np.float32)


def parts(array, ends):
    return [array[begin:end] for begin, end in pairwise((0, *ends))]


def load(array, at, stride, n):
    return np.stack([_vector(array, at + k * stride) for k in range(n)])


def load_like(block, array, at):
    return load(array, at, LANES, len(block))


def broadcast(array, at, stride, n):
    return zeros(n) + _scalars(array, at, stride, n)[:, None]


def store(block, array, at, stride):
    for k, vector in enumerate(block):
        _vector(array, at + k * stride)[:] = vector


def store_totals(block, array, at, stride):
    for k, vector in enumerate(block):
        array[at + k * stride] = vector.sum()


def add_outer(block, array, at, stride, vectors):
    rows = len(block) // len(vectors)
    products = _scalars(array, at, stride, rows)[:, None, None] * vectors
    return block + products.reshape(-1, LANES)


def add_window(block, array, at, stride, width, vector):
    rows = len(block) // width
    window = [_scalars(array, at + row * stride, 1, width) for row in range(rows)]
    return block + np.concatenate(window)[:, None] * vector


def add_products(block, rows, columns):
    return block + (rows[:, None] * columns).reshape(-1, LANES)


def add_convolution(block, first, rows, kernels):
    sums = block.copy()
    for r, row in enumerate(rows, first):
        for k, kernel in enumerate(kernels):
            if 0 <= r + k < len(sums):
                sums[r + k] += row * kernel
    return sums


def add_scaled(block, scalar, array, at):
    return block + scalar * load_like(block, array, at)


def subtract_products(block, array, factors, at):
    store(load_like(block, array, at) - load_like(block, factors, at) * block, array, at, LANES)


def dot(block, array, at):
    return total(block * load_like(block, array, at))


def prefetch(block, array, at):
    pass


def total(block):
    return block.sum(dtype=np.float32)


def fma(x, y, z):
    return x * y + z


def minimum(x, y):
    return np.where(y < x, y, x)


def maximum(x, y):
    return np.where(y > x, y, x)


def outside_of(block, limit):
    return (~(np.abs(block) <= limit)).any(0, keepdims=True).astype(np.float32)


def pair_sums(row):
    return row.reshape(1, LANES, 2).sum(-1)


def pair_copies(row):
    return row.repeat(2).reshape(2, LANES)


def transposed(square):
    return square.T.copy()


def _vector(array, at):
    """The sixteen numbers that begin there, all of them in the array."""
    assert 0 <= at <= len(array) - LANES, f"{at} in an array of {len(array)}"
    return array[at : at + LANES]


def _scalars(array, at, stride, n):
    assert at >= 0
    return array[[at + k * stride for k in range(n)]]


def compiled_in_python(patch) -> ModuleType:
    """A copy of `paper_lenet5.compiled` over these words, never compiled; `patch` is a MonkeyPatch."""
    import numba

    import paper_lenet5

    name = "paper_lenet5.compiled"
    for loaded in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        patch.delitem(sys.modules, loaded)
    patch.setitem(sys.modules, f"{name}.lanes", sys.modules[__name__])
    patch.setattr(numba, "njit", lambda **options: _as_it_is)
    patch.setattr(paper_lenet5, "compiled", None, raising=False)
    return importlib.import_module(name)


def _as_it_is(function):
    function.compile = None  # what is not compiled is not kept either
    return function
