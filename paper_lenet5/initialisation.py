"""The first values of the parameters. Appendix A, and what it leaves open (D4)."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .layers import Subsampling, TableConvolution


@dataclass(frozen=True)
class Initialisation:
    """Weights uniform in +-scale / F^power, F the fan-in of the unit without its bias.

    The paper prints scale 2.4 and power 1. `coefficient` is the constant that S2 and S4 start from,
    or None for the rule of the weights with F = 4. Biases start at 0. Raises ValueError for numbers
    that are not finite, or a scale that is not positive.
    """

    scale: float = 1.2
    power: float = 0.5
    coefficient: float | None = 0.5

    def __post_init__(self) -> None:
        values = (self.scale, self.power, self.coefficient or 0.0)
        if not (all(map(math.isfinite, values)) and self.scale > 0):
            raise ValueError(f"expected finite numbers and a scale above 0, got {self}")

    def bound(self, connections: int, maps: Tensor | None = None) -> Tensor | float:
        """Half the width of the interval that weights are drawn from; F is the number of connections.

        Where a unit has so many with each of several maps, int64 (kernels,), it is a float32 number for
        each kernel, (kernels,). F^power is then the product of the powers of its two factors: of
        their product, PyTorch leaves the root to a library that rounds 75^0.5 one way on processors of
        Intel and another on those of AMD.
        """
        if maps is None:
            return float(self.scale / connections**self.power)
        powers = maps.numpy().astype(np.float32) ** self.power
        return self.scale / torch.from_numpy(powers * np.float32(connections**self.power))


PRINTED = Initialisation(scale=2.4, power=1.0, coefficient=None)
"""Appendix A to the letter: U(-2.4 / F, 2.4 / F). F6 saturates and the network dies (D4)."""


@torch.no_grad()
def initialise(
    model: nn.Module, generator: torch.Generator | None = None, rule: Initialisation | None = None
) -> None:
    """Draw the weights of all layers that are trained anew, one after the other, from one generator.

    Their biases are 0 then. Other parameters stay as they are.
    """
    rule = rule or Initialisation()
    for layer in model.modules():
        own = dict(layer.named_parameters(recurse=False))
        if not any(p.requires_grad for p in own.values()):
            continue
        if isinstance(layer, Subsampling):
            if rule.coefficient is None:
                _uniform(layer.coefficient, rule.bound(4), generator)
            else:
                layer.coefficient.fill_(rule.coefficient)
        elif "weight" in own:
            _uniform(own["weight"], _bound(layer, own["weight"], rule), generator)
        if "bias" in own:
            own["bias"].zero_()


def _uniform(parameter: Tensor, bound: Tensor | float, generator: torch.Generator | None) -> None:
    """Draw the parameter anew, uniform in +-bound."""
    device = generator.device if generator else "cpu"  # the same numbers wherever it lies
    drawn = torch.rand(parameter.shape, generator=generator, device=device)
    parameter.copy_((2 * drawn - 1) * bound)


def _bound(layer: nn.Module, weight: Tensor, rule: Initialisation) -> Tensor | float:
    """F is 25, 400 or 120, and in C3 75, 100 or 150: 25 for each of three, four or six maps."""
    connections = weight[0].numel()
    if not isinstance(layer, TableConvolution):
        return rule.bound(connections)
    maps = torch.tensor([layer.cross_map.count(m) for m in layer.cross_map], device="cpu")
    return torch.as_tensor(rule.bound(connections, maps), device="cpu")[:, None, None]
