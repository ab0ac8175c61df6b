"""How far a character may be changed: scaled, turned, shifted, made noisy. Section III-E.

What figure13 measures; any network can be asked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paper_lenet5 import LeNet5, compiled
from paper_lenet5.changes import moved
from paper_lenet5.patterns import generator, inverted


@dataclass(frozen=True)
class Change:
    """One way to change the test images, by growing amounts."""

    title: str
    amounts: tuple[float, ...]
    same: float
    """The amount that changes nothing."""
    digits: int
    """Decimal places of an amount, as people read it."""
    apply: Callable[[Tensor, float], Tensor]
    """Inputs (N, 1, 32, 32) changed by an amount."""


def noisy(inputs: Tensor, percent: float) -> Tensor:
    """The inputs with this percentage of their pixels inverted, the same ones for every network."""
    return inverted(inputs, percent / 100, generator(0, "figure 13"))


SHIFTS = tuple(float(pixels) for pixels in range(-12, 13, 2))
CHANGES = {
    "scale": Change("scale", (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0), 1.0, 2,
                    lambda x, a: moved(x, scale=a)),
    "rotation": Change("rotation, degrees", tuple(map(float, range(-60, 61, 10))), 0.0, 0,
                       lambda x, a: moved(x, degrees=a)),
    "shift_y": Change("shift down, pixels", SHIFTS, 0.0, 1, lambda x, a: moved(x, down=a)),
    "shift_x": Change("shift right, pixels", SHIFTS, 0.0, 1, lambda x, a: moved(x, right=a)),
    "noise": Change("pixels inverted, %", (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0), 0.0, 0, noisy),
}  # fmt: skip


@torch.no_grad()
def answers(model: nn.Module, inputs: Tensor) -> Tensor:
    """Labels (N,): the smallest penalty of a LeNet5, the largest score of another network."""
    if isinstance(model, LeNet5):
        return compiled.penalties(model, inputs).argmin(1)
    return torch.cat([model(some).argmax(1) for some in inputs.split(200)])


def measure_changes(
    models: Mapping[tuple[str, int], nn.Module],
    inputs: Tensor,
    labels: Tensor,
    changes: Mapping[str, Change] = CHANGES,
) -> Iterator[dict[str, object]]:
    """Errors of each network, named by its row and seed, on the inputs changed by each amount."""
    for name, change in changes.items():
        for amount in change.amounts:
            changed = change.apply(inputs, amount)
            for (network, seed), model in models.items():
                errors = int((answers(model, changed) != labels).sum())
                yield {"network": network, "seed": seed, "change": name, "amount": amount,
                       "errors": errors, "patterns": len(labels)}  # fmt: skip
