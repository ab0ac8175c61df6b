"""How the parameters of the networks of `of_1998` lie in the flat arrays of their compiled pass.

Maps are the lanes of a vector: kernels are [ky][kx][map below][16 maps], maps [row][column][16 maps].
Fully connected layers are split into slabs of 64 units, [slab][input][64 units]. What a layer has fewer
of is filled up with zeros, which stay zero since their step sizes are.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from paper_lenet5.compiled.lanes import LANES
from paper_lenet5.compiled.layout import zeros
from paper_lenet5.layers import Subsampling, TableConvolution

from .of_1998 import Dense, Layers, PairedSubsampling
from .of_1998_kernels import CONVOLUTION, DENSE, SLAB, SUBSAMPLING, K

LAYER = np.dtype([
    (name, np.int64) for name in (
        "kind",
        "weights", "biases",  # where its own begin
        "below", "above",  # where the states below it and its own begin
        "side", "stride", "inputs",  # of what is below: pixels, numbers in a pixel; maps or units
        "side_above", "units",  # its own: pixels; lanes, or units in whole slabs
        "paired",  # two lanes at a time are one and the same map below
    )
])  # fmt: skip
"""One line of the plan describes one layer."""


class Layout(NamedTuple):
    """Where each parameter and state of a network lies in the flat arrays."""

    plan: np.ndarray
    """A line of LAYER for each layer, from the input upwards."""
    places: dict[str, np.ndarray]
    """The places in the array of weights of each parameter, by name: (copies, *its shape)."""
    weights: int
    states: int
    """The lengths of the two arrays."""


def layout_of(model: Layers) -> Layout:
    """Where each parameter and state of `model` lies in the flat arrays."""
    plan, places = np.zeros(len(model.names), LAYER), {}
    side, stride, maps = model.side, 1, 1  # of what is below
    begin, below, above = 0, 0, side * side
    paired = [isinstance(layer, PairedSubsampling) for layer in model.layers]
    for k, (name, layer) in enumerate(zip(model.names, model.layers, strict=True)):
        units, copies = (
            len(layer.get_parameter("bias")),
            2 if paired[k + 1 : k + 2] == [True] else 1,
        )
        if isinstance(layer, Dense):
            kind, side_above, lanes = DENSE, 1, -(-units // SLAB) * SLAB
            inputs = side * side * stride
            key, own, length = "weight", _of_dense(units, maps, side, stride), inputs * lanes
        elif isinstance(layer, Subsampling):
            kind, side_above, lanes, inputs = SUBSAMPLING, side // 2, LANES, maps
            key, own, length = "coefficient", np.arange(units)[None], LANES
        else:
            kind, side_above, lanes, inputs = CONVOLUTION, side - K + 1, LANES, maps
            key, own, length = "weight", _of_kernels(layer, maps, copies), K * K * maps * LANES
        biases = begin + length
        places[f"{name}.{key}"] = begin + own
        places[f"{name}.bias"] = biases + copies * np.arange(units) + np.arange(copies)[:, None]
        plan[k] = (
            kind,
            begin,
            biases,
            below,
            above,
            side,
            stride,
            inputs,
            side_above,
            lanes,
            paired[k],
        )
        begin, below, above = biases + lanes, above, above + side_above**2 * lanes
        side, stride, maps = side_above, units if kind == DENSE else LANES, units
    return Layout(plan, places, begin, above)


def _of_kernels(layer: nn.Module, maps: int, copies: int) -> np.ndarray:
    """Places (copies, *shape of the weights): copy c of map m is lane copies * m + c."""
    if isinstance(layer, TableConvolution):
        map_below, lane = np.array(layer.cross_input), np.array(layer.cross_map)
    else:  # of the image, which is one map
        map_count = len(layer.get_parameter("bias"))
        map_below, lane = np.zeros(map_count, int), np.arange(map_count)
    lane = copies * lane + np.arange(copies)[:, None]
    pixel = np.arange(K * K).reshape(K, K)
    own = (pixel * maps + map_below[:, None, None]) * LANES + lane[:, :, None, None]
    places: np.ndarray = own.reshape(copies, *layer.get_parameter("weight").shape)
    return places


def _of_dense(units: int, maps: int, side: int, stride: int) -> np.ndarray:
    """Places (1, units, inputs). PyTorch's inputs are [map][row][column], ours [row][column][stride]."""
    inputs = (np.arange(maps)[:, None] + stride * np.arange(side * side)).ravel()
    unit = np.arange(units)[:, None]
    slab = unit // SLAB * side * side * stride
    return ((slab + inputs) * SLAB + unit % SLAB)[None]


def pack(layout: Layout, values: dict[str, Tensor]) -> np.ndarray:
    """One number for each parameter, at its place; 0 everywhere else."""
    flat = zeros(layout.weights)
    for name, places in layout.places.items():
        flat[places] = values[name].detach().numpy()
    return flat


def unpack(layout: Layout, flat: np.ndarray) -> dict[str, Tensor]:
    """The parameters by name, from an array that `pack` made."""
    return {name: torch.from_numpy(flat[places[0]]) for name, places in layout.places.items()}


class Workspace(NamedTuple):
    """What the compiled pass keeps of the pattern that it is at: flat arrays, as `Layout` says."""

    x: np.ndarray
    """The pixels and the states of every layer."""
    slopes: np.ndarray
    """f'(a) of each unit."""
    sums: np.ndarray
    """What each subsampling unit adds up."""
    d: np.ndarray
    """dE / da of each unit."""
    turned: np.ndarray
    """The kernels of one convolution, [ky][map][kx][16 inputs]."""


def workspace(layout: Layout) -> Workspace:
    """Room for the states of a network; all is 0."""
    x, slopes, sums, d = (zeros(layout.states) for _ in range(4))
    return Workspace(x, slopes, sums, d, zeros(K * K * LANES * LANES))
