"""The networks beside LeNet-5 in section III-C: fully connected ones, LeNet-1 and LeNet-4.

Every layer is squashed (eq. 6), and all are trained as LeNet-5 is. The last layer has ten units, whose
targets are +1 for the class and -1 for the others (D18).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from paper_lenet5.bitmaps import DIGITS
from paper_lenet5.initialisation import Initialisation, initialise
from paper_lenet5.layers import Subsampling, TableConvolution, squash
from paper_lenet5.preprocessing import FIELD
from paper_lenet5.rbf import distances
from paper_lenet5.variants import one_of_ten

# --- the three kinds ------------------------------------------------------------------------------


class Architecture(Protocol):
    """Layers by name, from the input upwards, and how many pixels of the field they look at."""

    @property
    def side(self) -> int:
        """The network looks at the central side x side pixels of the field."""

    def layers(self) -> dict[str, nn.Module]:
        """New layers by name, from the input upwards."""


@dataclass(frozen=True)
class FullyConnected:
    """One or two layers of hidden units: 28x28-300-10 is `FullyConnected((300,))`."""

    hidden: tuple[int, ...]
    side: int = 28

    def layers(self) -> dict[str, nn.Module]:
        """The layers f1, f2 ... of hidden units, and the output."""
        sizes = [self.side**2, *self.hidden, 10]
        names = [*(f"f{k}" for k in range(1, len(sizes) - 1)), "output"]
        return {name: Dense(*of) for name, of in zip(names, pairwise(sizes), strict=True)}


@dataclass(frozen=True)
class LeNet1:
    """4 maps, subsampled, 12 maps, subsampled, ten units. 2,578 parameters."""

    side: int = 28
    table: ClassVar[tuple[tuple[int, ...], ...]] = (
        (0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1), (2,), (2, 3), (2, 3), (3,), (2, 3), (2, 3)
    )  # fmt: skip
    """Which S2 maps each C3 map looks at: 20 crosses, as the number of parameters asks for (D18)."""

    def layers(self) -> dict[str, nn.Module]:
        """Five layers, for 28x28 pixels."""
        return {
            "c1": nn.Conv2d(1, 4, 5),  # (N, 4, 24, 24)
            "s2": Subsampling(4),  # (N, 4, 12, 12)
            "c3": TableConvolution(self.table),  # (N, 12, 8, 8)
            "s4": Subsampling(12),  # (N, 12, 4, 4)
            "output": Dense(192, 10),
        }


@dataclass(frozen=True)
class LeNet4:
    """4 maps, 8 subsampling maps, 16 maps, 16 subsampling maps, 120 units, ten. 50,698 parameters."""

    side: int = 32
    table: ClassVar[tuple[tuple[int, ...], ...]] = tuple(
        tuple(sorted((m + k * step) % 8 for k in range(3))) for step in (1, 2) for m in range(8)
    )
    """Three neighbouring S2 maps, or every second one of five: 48 crosses (D18)."""

    def layers(self) -> dict[str, nn.Module]:
        """Six layers, for all of the field."""
        return {
            "c1": nn.Conv2d(1, 4, 5),  # (N, 4, 28, 28)
            "s2": PairedSubsampling(8),  # (N, 8, 14, 14)
            "c3": TableConvolution(self.table),  # (N, 16, 10, 10)
            "s4": Subsampling(16),  # (N, 16, 5, 5)
            "f5": Dense(400, 120),
            "output": Dense(120, 10),
        }


# --- their parts ----------------------------------------------------------------------------------


class PairedSubsampling(Subsampling):
    """S2 of LeNet-4: two subsampling maps for each map below."""

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums: (N, maps / 2, H, W) to (N, maps, H / 2, W / 2)."""
        return super().forward(x.repeat_interleave(2, 1))


class Dense(nn.Linear):
    """A layer whose units are connected to all units of all maps below."""

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums: (N, maps, H, W) or (N, inputs) to (N, units)."""
        return super().forward(x.flatten(1))


class Layers(nn.Module):
    """A network's layers one above the other, all squashed: (N, 1, 32, 32) to (N, 10).

    As in LeNet-5 these are penalties, the smallest wins: (x_i - t_i)^2 summed over the ten units, t the
    targets of each class. The smallest is that of the largest unit.
    """

    targets: Tensor
    """(10, 10): +1 for the class, -1 for the others."""

    def __init__(
        self,
        architecture: Architecture,
        generator: torch.Generator | None,
        initialisation: Initialisation,
    ):
        super().__init__()
        self.side, layers = architecture.side, architecture.layers()
        self.names = list(layers)
        for name, layer in layers.items():
            self.add_module(name, layer)
        initialise(self, generator, initialisation)
        self.register_buffer("targets", one_of_ten(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Penalties (N, 10) for images (N, 1, 32, 32)."""
        return self.penalties(self.states(x)[-1])

    def penalties(self, outputs: Tensor) -> Tensor:
        """Eq. 7 for the ten units (N, 10), with the targets in place of a bitmap."""
        return distances(outputs, self.targets)

    def states(self, x: Tensor) -> list[Tensor]:
        """The pixels that are looked at, and the states of every layer."""
        states = [self.pixels(x)]
        for layer in self.layers:
            states.append(squash(layer(states[-1])))
        return states

    def pixels(self, x: Tensor) -> Tensor:
        """The central side x side pixels of (N, 1, 32, 32)."""
        margin = (FIELD - self.side) // 2
        return x[..., margin : FIELD - margin, margin : FIELD - margin]

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes are called: always ten digits."""
        return tuple(DIGITS)

    @property
    def layers(self) -> list[nn.Module]:
        """The layers from the input upwards."""
        return [self.get_submodule(name) for name in self.names]
