"""Second tab: the maps of every layer, as in Fig. 2 and Fig. 13, with the weights between them."""

from typing import Any

import gradio as gr
import torch.nn.functional as F
from torch import Tensor

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.connections import TABLE_I
from paper_lenet5.lenet5 import LayerRow

from . import cells
from .networks import Look, lenet5
from .static import text

SIZES = {"c1": 28, "s2": 14, "c3": 10, "s4": 5, "c5": 30, "f6": 7}
"""Columns of what is painted of each layer: those of a map; C5's 120 units stand in four rows."""


def inside(value: dict[str, Any] | None) -> gr.HTML:
    """Shows `described(look)`; the weights stand in the page from the beginning."""
    network = lenet5()
    rows = {row.layer: row for row in network.layer_table()}
    return gr.HTML(
        value=value,
        html_template="".join(
            [
                '<div class="view inside">',
                _layer("Input", "32×32 pixels, from −0.1 to 1.175", _map("input", 0, 32)),
                _layer("C1", _facts("maps, 28×28", rows["c1"], "a 5×5 kernel each"), _c1(network)),
                _layer(
                    "S2",
                    _facts("maps, 14×14", rows["s2"], "four inputs added, × coefficient, + bias"),
                    _subsampling(network.s2.coefficient, network.s2.bias, "s2", 6),
                ),
                _layer(
                    "C3",
                    _facts("maps, 10×10", rows["c3"], "Table I, each cross a 5×5 kernel"),
                    _table(network),
                ),
                _layer(
                    "S4",
                    _facts("maps, 5×5", rows["s4"], "as S2"),
                    _subsampling(network.s4.coefficient, network.s4.bias, "s4", 16),
                ),
                _layer("C5", _facts("units", rows["c5"], "each sees all of S4"), _map("c5", 0, 30)),
                _layer("F6", _facts("units", rows["f6"], "a picture of 7×12"), _map("f6", 0, 7)),
                '<p class="legend">Maps: white −1.7, black 1.7. Kernels: black positive, '
                '<span class="mark"></span> negative.</p></div>',
            ]
        ),
        js_on_load=text("inside.js"),
        apply_default_css=False,
        elem_id="inside",
    )


def described(look: Look) -> dict[str, Any]:
    """What the page needs of a look."""
    field = preprocess(look.pattern[None])[0, 0]
    grey = F.pad(look.pattern, [(field.shape[-1] - look.pattern.shape[-1]) // 2] * 4)
    return {"input": cells.encoded(grey), **cells.stack(look.states)}


def _layer(name: str, facts: str, content: str) -> str:
    return (
        f'<section class="layer {name.lower()}"><header><h2>{name}</h2><p>{facts}</p></header>'
        f'<div class="maps">{content}</div></section>'
    )


def _facts(maps: str, row: LayerRow, how: str) -> str:
    return f"{row.maps} {maps}. {row.parameters:,} weights: {how}."


def _map(layer: str, number: int, columns: int, label: str = "") -> str:
    place = f'data-layer="{layer}" data-map="{number}"'
    return cells.canvas("", columns, label, place)


def _kernel(weights: Tensor) -> str:
    """The kernel, already divided by the largest of its layer."""
    ink, accent = cells.of_weights(weights)
    return cells.canvas(ink, 5, attributes='class="kernel"', accent=accent)


def _c1(network: LeNet5) -> str:
    kernels = network.c1.weight.detach()
    return "".join(
        f"<figure>{_map('c1', m, 28, f'C1 map {m}')}<figcaption>{_kernel(kernels[m, 0])}</figcaption>"
        "</figure>"
        for m in range(6)
    )


def _subsampling(coefficient: Tensor, bias: Tensor, layer: str, maps: int) -> str:
    return "".join(
        f"<figure>{_map(layer, m, SIZES[layer], f'{layer.upper()} map {m}')}"
        f"<figcaption><span>× {_signed(coefficient[m])}</span> <span>{_signed(bias[m], True)}</span>"
        "</figcaption></figure>"
        for m in range(maps)
    )


def _signed(number: Tensor, plus: bool = False) -> str:
    sign = "−" if number < 0 else "+" if plus else ""
    return f"{sign}{' ' if plus else ''}{abs(float(number)):.2f}"


def _table(network: LeNet5) -> str:
    """Table I: S2's maps down, C3's across, and at each cross the kernel."""
    c3 = network.c3
    kernels = c3.weight.detach()
    parts = [
        f'<span class="head s2" style="--r:{2 + m};--c:1" data-s2="{m}">'
        f"{_map('s2', m, 14, f'S2 map {m}')}</span>"
        for m in range(6)
    ]
    for m, inputs in enumerate(TABLE_I):
        names = ", ".join(map(str, inputs[:-1])) + f" and {inputs[-1]}"
        parts.append(
            f'<button type="button" class="head" style="--r:1;--c:{2 + m}" data-c3="{m}" '
            f'data-inputs="{" ".join(map(str, inputs))}" aria-pressed="false" '
            f'aria-label="C3 map {m}, looks at S2 maps {names}">{_map("c3", m, 10)}<b>{m}</b></button>'
        )
    for kernel, m, source in zip(kernels, c3.cross_map, c3.cross_input, strict=True):
        parts.append(
            f'<span class="cross" style="--r:{2 + source};--c:{2 + m}" data-c3="{m}">'
            f"{_kernel(kernel)}</span>"
        )
    corner = '<span class="corner" style="--r:1;--c:1" aria-hidden="true">S2 ↓ C3 →</span>'
    return (
        f'<div class="table">{corner}{"".join(parts)}</div>'
        '<p class="looks" role="status" aria-live="polite">Choose a map of C3 to see which maps of S2 '
        "it looks at.</p>"
    )
