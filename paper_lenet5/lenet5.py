"""LeNet-5. Section II-B, Fig. 2."""

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .bitmaps import digit_bitmaps
from .connections import TABLE_I
from .initialisation import initialise
from .layers import Subsampling, TableConvolution, squash
from .preprocess import FIELD
from .rbf import EuclideanRBF

_WEIGHTS = Path(__file__).parent / "weights"
SHIPPED = ("lenet5-1998", "lenet5-1998-distortions")
"""The trained networks in the package: seed 0 of each row of table 1, whatever its error is."""


class LeNet5(nn.Module):
    """The network of Fig. 2: 60,000 trainable parameters, 340,908 connections.

    (N, 1, 32, 32) float32 in -0.1 (paper) ... 1.175 (ink) to (N, 10) penalties >= 0, the smallest
    wins. Inputs larger than 32x32 give a map of penalties (N, 10, rows, columns), one answer every
    4 pixels, since C5 is a convolution (section VII).

    A new network is drawn from `generator` (torch's own where there is none) by the rule of D4.
    """

    def __init__(self, generator: torch.Generator | None = None):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.s2 = Subsampling(6)
        self.c3 = TableConvolution(TABLE_I)
        self.s4 = Subsampling(16)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.rbf = EuclideanRBF(digit_bitmaps())
        initialise(self, generator)

    @classmethod
    def from_pretrained(cls, name: str = SHIPPED[0]) -> "LeNet5":
        """The trained network of that name, from the package itself: no network is needed.

        Raises ValueError for a name that is not in SHIPPED.
        """
        if name not in SHIPPED:
            raise ValueError(f"no weights named {name!r} in the package; there are {SHIPPED}")
        model = cls()
        model.load_state_dict(load_file(_WEIGHTS / f"{name}.safetensors"))
        return model.eval()

    def forward(self, x: Tensor) -> Tensor:
        penalties = self.rbf(self.states(x)["f6"]).movedim(-1, 1)  # (N, 10, rows, columns)
        return penalties.flatten(1) if x.shape[-2:] == (FIELD, FIELD) else penalties

    def states(self, x: Tensor) -> dict[str, Tensor]:
        """The state (squashed output, D3) of every layer up to F6, by name.

        The shapes are those of a 32x32 input; F6's 84 units stand last. Raises ValueError for an
        input that is not (N, 1, >= 32, >= 32).
        """
        if x.ndim != 4 or x.shape[1] != 1 or min(x.shape[2:]) < FIELD:
            raise ValueError(f"expected input of shape (N, 1, >= 32, >= 32), got {tuple(x.shape)}")
        if x.dtype != self.c1.weight.dtype:
            raise ValueError(
                f"expected {self.c1.weight.dtype}, as preprocess gives it, got {x.dtype}"
            )
        c1 = squash(self.c1(x))  # (N, 6, 28, 28)
        s2 = squash(self.s2(c1))  # (N, 6, 14, 14)
        c3 = squash(self.c3(s2))  # (N, 16, 10, 10)
        s4 = squash(self.s4(c3))  # (N, 16, 5, 5)
        c5 = squash(self.c5(s4))  # (N, 120, 1, 1)
        f6 = squash(self.f6(c5.movedim(1, -1)))  # (N, 1, 1, 84)
        return {"c1": c1, "s2": s2, "c3": c3, "s4": s4, "c5": c5, "f6": f6}

    @torch.no_grad()
    def classify(self, x: Tensor) -> Tensor:
        """The labels 0 ... 9 of the smallest penalties: (N,), or (N, rows, columns) for wide input."""
        return self(x).argmin(1)

    @torch.no_grad()
    def layer_table(self) -> list["LayerRow"]:
        """Size and cost of each layer on one 32x32 input, the totals in a last row named "total"."""
        states = self.states(torch.zeros(1, 1, FIELD, FIELD))
        rows = []
        for name, layer in self.named_children():
            if name == "rbf":
                classes, inputs = layer.centers.shape
                rows.append(LayerRow("output", classes, 1, 0, classes * inputs))
                continue
            parameters = sum(p.numel() for p in layer.parameters())
            maps = len(layer.bias)
            units = states[name].numel() // maps  # per map; each of them has all the connections
            per_unit = 5 * maps if isinstance(layer, Subsampling) else parameters
            rows.append(LayerRow(name, maps, round(units**0.5), parameters, units * per_unit))
        totals = (sum(row.parameters for row in rows), sum(row.connections for row in rows))
        return [*rows, LayerRow("total", None, None, *totals)]


class LayerRow(NamedTuple):
    """One row of `LeNet5.layer_table()`."""

    layer: str
    maps: int | None
    size: int | None
    """Height and width of each map, in units."""
    parameters: int
    """Trainable ones."""
    connections: int
    """Counted as the paper does: each unit's inputs and its bias."""
