"""A pattern scaled, turned, shifted and made noisy. Section III-E."""

from dataclasses import dataclass
from math import cos, isfinite, radians, sin

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from paper_lenet5.preprocess import BLACK, FIELD, WHITE


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


def amounts_of(settings: object) -> dict[str, float]:
    """The settings of all sliders. Raises ValueError for what is not a finite number for each."""
    if not isinstance(settings, dict) or settings.keys() != SLIDERS.keys():
        raise ValueError(f"expected an amount of each of {', '.join(SLIDERS)}")
    amounts = {}
    for name, slider in SLIDERS.items():
        amount = settings[name]
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not isfinite(amount):
            raise ValueError(f"expected a finite number for {name}")
        amounts[name] = min(max(float(amount), slider.low), slider.high)
    return amounts


def changed(field: Tensor, several: list[dict[str, float]]) -> Tensor:
    """The input (1, 1, 32, 32) changed by each of the settings: (N, 1, 32, 32).

    Scaled and turned clockwise about the centre, then shifted, by bilinear interpolation with paper all
    around; then pixels are inverted, more of the same ones the more there are.
    """
    maps = torch.tensor([_field_to_input(**settings) for settings in several])
    grid = affine_grid(maps, [len(several), 1, FIELD, FIELD], align_corners=False)
    ink = (field - WHITE).expand(len(several), -1, -1, -1)
    moved = grid_sample(ink, grid, align_corners=False) + WHITE
    share = torch.tensor([settings["noise"] / 100 for settings in several])
    inverted = _order() < share[:, None, None, None]
    return torch.where(inverted, WHITE + BLACK - moved, moved)


def _field_to_input(scale: float, rotation: float, shift: float, noise: float) -> list[list[float]]:
    c, s = cos(radians(rotation)) / scale, sin(radians(rotation)) / scale
    right = 2 * shift / FIELD
    return [[c, s, -c * right], [-s, c, s * right]]


def _order() -> Tensor:
    """When each pixel is inverted, as the share grows from 0 to 1: (1, 32, 32)."""
    generator = torch.Generator().manual_seed(1998)
    return torch.rand(1, FIELD, FIELD, generator=generator)
