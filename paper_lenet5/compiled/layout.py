"""Between the network's parameters and the arrays of the compiled pass."""

from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..layers import squash
from ..lenet5 import LeNet5
from ..variants import MaxPooling, unsquashed
from . import kernels as k
from .evaluation import SIZES, Images
from .lanes import LANES

# One flat float32 array each holds all parameters, all states, all derivatives. Compiled code knows
# their parts by the names below, and where each ends by a tuple of numbers.


class Packed(NamedTuple):
    """One number for every trainable parameter (a weight, a step size, a curvature).

    Places between and after the parameters hold zeros.
    """

    c1: np.ndarray
    c1_bias: np.ndarray
    s2: np.ndarray
    s2_bias: np.ndarray
    c3: np.ndarray
    c3_bias: np.ndarray
    s4: np.ndarray
    s4_bias: np.ndarray
    c5: np.ndarray
    c5_bias: np.ndarray
    f6: np.ndarray
    f6_bias: np.ndarray
    output: np.ndarray
    """The centers of the RBF layer, or the weights of a linear one."""
    output_bias: np.ndarray


class Structure(NamedTuple):
    """What the parts of a LeNet5 or a Variant of it are, in numbers."""

    activation: int
    pooled_activation: int
    """The activation of S2 and S4."""
    maximum: bool
    """Pooling takes the largest input, not their sum."""
    linear: bool
    """The output is ten weighted sums, not distances from centers."""
    classes: int
    packed: tuple[int, ...]
    """Where each part of `Packed` ends."""
    fed: np.ndarray
    """(6, 10) by Table I: the C3 maps that each S2 map feeds."""
    crosses: np.ndarray
    """(6, 16) bool: Table I itself."""


class States(NamedTuple):
    """What one pattern leaves on its way forward: all that the way back multiplies by."""

    c1: np.ndarray
    c3: np.ndarray
    f6: np.ndarray
    image: np.ndarray
    c1_slopes: np.ndarray
    s2_sums: np.ndarray
    s2: np.ndarray
    s2_slopes: np.ndarray
    c3_slopes: np.ndarray
    s4_sums: np.ndarray
    s4: np.ndarray
    s4_slopes: np.ndarray
    c5: np.ndarray
    c5_slopes: np.ndarray
    f6_slopes: np.ndarray
    outside: np.ndarray
    """Above 0 in one of its lanes once an image had a value further from 0 than FURTHEST, or none."""
    penalties: np.ndarray
    """Last, for there are as many as classes, and what lies before is the same for any number."""


class Derivatives(NamedTuple):
    """dE/da of every unit, or d2E/da2, and room to sum gradients in."""

    c1: np.ndarray
    s2: np.ndarray
    c3: np.ndarray
    c3_planes: np.ndarray
    s4: np.ndarray
    c5: np.ndarray
    f6: np.ndarray
    gradient: np.ndarray
    penalties: np.ndarray
    """Last, as in `States`."""


def _ends(sizes: Iterable[int]) -> tuple[int, ...]:
    """Where parts of these sizes end, if each begins at a cache line and has a vector to spare."""
    return tuple(accumulate((-(-n // LANES) + 1) * LANES for n in sizes))


_C1, _S2, _C3, _S4 = k.C1 * k.C1_ROW, k.S2 * k.S2_ROW, k.C3 * k.C3_ROW, k.S4_UNITS
_C5, _F6 = k.C5_VECTORS * LANES, k.F6_VECTORS * LANES
STATES = _ends((_C1, _C3, _F6, k.FIELD**2, _C1, _S2, _S2, _S2, _C3, _S4, _S4, _S4,
                _C5, _C5, _F6, LANES, 0))  # fmt: skip
DERIVATIVES = _ends((_C1, _S2, _C3, k.MANY * k.PLANE, _S4, _C5, _F6, k.K**2 * k.FEW, 0))
"""Where each part of `States` and of `Derivatives` ends, without any classes."""
_NAMES = ("c1.weight", "c1.bias", "s2.coefficient", "s2.bias", "c3.weight", "c3.bias",
          "s4.coefficient", "s4.bias", "c5.weight", "c5.bias", "f6.weight", "f6.bias",
          "output.weight", "output.bias")  # fmt: skip
_ACTIVATIONS = {squash: k.SCALED_TANH, torch.tanh: k.TANH, torch.relu: k.RELU, unsquashed: k.NONE}


def structure_of(model: LeNet5) -> Structure:
    """What the parts of this model are. Raises ValueError for parts without a kernel."""
    f, g = (_activation_of(model, layers) for layers in (("c1", "c3", "c5", "f6"), ("s2", "s4")))
    inputs, maps = _crosses(model)
    fed = [maps[inputs == i] for i in range(k.FEW)]
    if (model.c3.inputs, model.c3.maps) != (k.FEW, k.MANY) or len({*map(len, fed)}) > 1:
        raise ValueError(
            f"expected a table in which each of {k.FEW} maps feeds as many of {k.MANY}, got other "
            "crosses: paper_lenet5.eager takes any"
        )
    crosses = np.zeros((k.FEW, k.MANY), bool)
    crosses[inputs, maps] = True
    return Structure(
        f, g, isinstance(model.s2, MaxPooling), not hasattr(model, "rbf"), len(model.classes),
        _packed_ends(model), np.array(fed), crosses,
    )  # fmt: skip


def _activation_of(model: LeNet5, layers: tuple[str, ...]) -> int:
    """The activation that all these layers have, as a number. Raises ValueError for one without."""
    found = {model.activation(layer) for layer in layers}
    if len(found) > 1 or not found <= _ACTIVATIONS.keys():
        raise ValueError(
            f"expected one activation of paper_lenet5.variants for {', '.join(layers)}, got "
            f"{' and '.join(f.__name__ for f in found)}: paper_lenet5.eager takes others"
        )
    return _ACTIVATIONS[found.pop()]


def _packed_ends(model: LeNet5) -> tuple[int, ...]:
    """Where each part of `Packed` ends: it depends on the number of classes alone."""
    few, many, kernels = k.FEW, k.MANY, k.FEW * k.C3_KERNELS
    return _ends((k.K**2 * few, few, few, few, kernels, many, many, many, k.S4_UNITS * _C5, _C5,
                  120 * _F6, _F6, len(model.classes) * _F6, len(model.classes)))  # fmt: skip


def zeros(n: int) -> np.ndarray:
    """n float32 zeros that begin at a cache line, with a vector to spare at the end."""
    room = np.zeros(n + 2 * LANES, np.float32)
    start = -room.ctypes.data // room.itemsize % LANES
    return room[start : start + n + LANES]


def pack(model: LeNet5, values: Mapping[str, Tensor]) -> np.ndarray:
    """{"c1.weight": (6, 1, 5, 5), ...}, in the shapes of the model, to an array of their own.

    Its parts are those of `Packed`. Where a value is missing, 0 stands for it.
    """
    p = {name: np.zeros(of.shape, np.float32) for name, of in model.named_parameters()}
    p |= {name: value.detach().numpy() for name, value in values.items()}
    c3 = np.zeros((k.FEW, k.K, k.K, k.MANY), np.float32)
    c3.transpose(0, 3, 1, 2)[_crosses(model)] = p["c3.weight"]
    c5 = _padded(p["c5.weight"].reshape(120, k.MANY, -1).transpose(2, 1, 0), _C5)
    few, many, output = np.zeros(k.FEW), np.zeros(k.MANY), np.zeros((len(model.classes), _F6))
    arrays = (
        p["c1.weight"][:, 0].swapaxes(0, 1), p["c1.bias"],
        p.get("s2.coefficient", few), p.get("s2.bias", few),
        c3, p["c3.bias"],
        p.get("s4.coefficient", many), p.get("s4.bias", many),
        c5, _padded(p["c5.bias"], _C5),
        _padded(p["f6.weight"].T, _F6), _padded(p["f6.bias"], _F6),
        _padded(p.get("output.weight", output), _F6), p.get("output.bias", output[:, 0]),
    )  # fmt: skip
    ends = _packed_ends(model)
    flat = zeros(ends[-1])
    for array, part in zip(arrays, _parts(flat, ends), strict=True):
        part[: array.size] = array.ravel()
    return flat


def pack_weights(model: LeNet5) -> np.ndarray:
    """The model's parameters, those that are not trained and the centers among them.

    Raises ValueError unless all are float32 on the CPU.
    """
    values: dict[str, Tensor] = dict(model.named_parameters())
    if hasattr(model, "rbf"):
        values["output.weight"] = model.rbf.centers
    for name, value in values.items():
        if value.dtype != torch.float32 or value.device.type != "cpu":
            raise ValueError(
                f"expected float32 parameters on the CPU, got {name} {value.dtype} on {value.device}"
            )
    return pack(model, values)


def unpack(model: LeNet5, flat: np.ndarray) -> dict[str, Tensor]:
    """The inverse of `pack`, for every parameter that is trained."""
    packed = Packed(*_parts(flat, _packed_ends(model)))
    f6_units = len(model.f6.bias)
    c3 = packed.c3[: k.FEW * k.C3_KERNELS].reshape(k.FEW, k.K, k.K, k.MANY).transpose(0, 3, 1, 2)
    c5 = packed.c5[: k.S4**2 * k.MANY * _C5].reshape(-1, k.MANY, _C5)[..., :120].transpose(2, 1, 0)
    arrays = (
        packed.c1[: k.K**2 * k.FEW].reshape(k.K, k.FEW, 1, k.K).transpose(1, 2, 0, 3),
        packed.c1_bias[: k.FEW],
        packed.s2[: k.FEW], packed.s2_bias[: k.FEW],
        c3[_crosses(model)], packed.c3_bias[: k.MANY],
        packed.s4[: k.MANY], packed.s4_bias[: k.MANY],
        c5.reshape(120, k.MANY, k.S4, k.S4), packed.c5_bias[:120],
        packed.f6[: 120 * _F6].reshape(120, _F6)[:, :f6_units].T, packed.f6_bias[:f6_units],
        packed.output[: len(model.classes) * _F6].reshape(-1, _F6)[:, :f6_units],
        packed.output_bias[: len(model.classes)],
    )  # fmt: skip
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    return {
        name: torch.from_numpy(a.copy())
        for name, a in zip(_NAMES, arrays, strict=True)
        if name in trained
    }


def _crosses(model: LeNet5) -> tuple[np.ndarray, np.ndarray]:
    """The S2 maps and the C3 maps of the crosses in C3's table, in the order of its kernels."""
    return np.array(model.c3.cross_input), np.array(model.c3.cross_map)


def workspace(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """States and derivatives of one pattern on its way through; each thread needs its own."""
    return zeros(STATES[-1] + classes), zeros(DERIVATIVES[-1] + classes)


def outside(states: np.ndarray) -> bool:
    """Whether one of all images that came through these states had a value that no image has."""
    return bool(States(*_parts(states, STATES)).outside.any())


def _parts(flat: np.ndarray, ends: tuple[int, ...]) -> list[np.ndarray]:
    """Views of the parts that end at these places."""
    return [flat[begin:end] for begin, end in pairwise((0, *ends))]


def workspace_of_images() -> Images:
    """Arrays for sixteen images at once; each thread needs its own."""
    return Images(*(zeros(vectors * LANES) for vectors in SIZES))


def _padded(a: np.ndarray, columns: int) -> np.ndarray:
    """The array with zeros behind its last axis, up to so many columns."""
    wide = np.zeros((*a.shape[:-1], columns), np.float32)  # for less than np.pad takes
    wide[..., : a.shape[-1]] = a
    return wide
