"""A pattern scaled, turned, shifted and made noisy. Section III-E."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paper_lenet5.changes import moved
from paper_lenet5.preprocessing import BLACK, FIELD, WHITE


@dataclass(frozen=True)
class Slider:
    """One way to change a pattern, and how far."""

    title: str
    low: float
    high: float
    same: float
    """What changes nothing."""
    step: float

    @property
    def amounts(self) -> list[float]:
        """Thirteen along the slider."""
        return [self.low + (self.high - self.low) * k / 12 for k in range(13)]


SLIDERS = {
    "noise": Slider("Noise: pixels inverted, %", 0, 30, 0, 2.5),
    "rotation": Slider("Rotation, degrees", -60, 60, 0, 5),
    "scale": Slider("Scale", 0.4, 1.6, 1, 0.05),
    "shift": Slider("Shift to the right, pixels", -9, 9, 0, 0.75),
}


def changed(field: Tensor, several: list[dict[str, float]]) -> Tensor:
    """The input (1, 1, 32, 32) changed by each of the settings: (N, 1, 32, 32).

    Scaled, turned and shifted, then pixels are inverted, more of the same ones the more there are.
    """
    inputs = torch.cat(
        [moved(field, one["scale"], one["rotation"], one["shift"]) for one in several]
    )
    share = torch.tensor([one["noise"] / 100 for one in several])
    inverted = order() < share[:, None, None, None]
    return torch.where(inverted, WHITE + BLACK - inputs, inputs)


def order() -> Tensor:
    """When each pixel is inverted, as the share grows from 0 to 1: (1, 32, 32)."""
    generator = torch.Generator().manual_seed(1998)
    return torch.rand(1, FIELD, FIELD, generator=generator)
