"""Patterns that are distorted afresh in every pass, as networks are trained today."""

import math
from dataclasses import astuple, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from paper_lenet5.patterns import Split, generator
from paper_lenet5.preprocessing import BLACK, FIELD, PATTERN, WHITE

CHUNK = 4096
"""Patterns that are distorted at a time: it changes nothing but the memory that this takes."""


@dataclass(frozen=True)
class Affine:
    """How far patterns are turned, sheared, scaled and shifted: each uniform from minus to plus.

    Raises ValueError for a range below 0, or scales that do not stay above 0.
    """

    degrees: float
    shear: float
    """Pixels to the right for each pixel upwards."""
    scale: float
    """Rows and columns each come out 1 - scale ... 1 + scale times as large."""
    shift: float
    """Pixels, of rows and columns each."""

    def __post_init__(self) -> None:
        if min(astuple(self)) < 0 or self.scale >= 1:
            raise ValueError(f"expected ranges of 0 or more, scale below 1, got {self}")

    def maps(self, n: int, rng: torch.Generator) -> Tensor:
        """n maps (n, 2, 3) from a place in the field to the place in the pattern that it shows."""
        drawn = 2 * torch.rand(n, 6, generator=rng) - 1
        ends = [math.radians(self.degrees), self.shear, *[self.scale] * 2, *[self.shift] * 2]
        angle, shear, *others = (drawn * torch.tensor(ends)).unbind(1)
        columns, rows, right, down = others
        cos, sin, wide, high = angle.cos(), angle.sin(), 1 / (1 + columns), 1 / (1 + rows)
        x = torch.stack([cos - shear * sin, sin + shear * cos], 1) * wide[:, None]
        y = torch.stack([-sin, cos], 1) * high[:, None]
        linear = torch.stack([x, y], 1) * (FIELD / PATTERN)
        return torch.cat([linear, torch.stack([right, down], 1)[:, :, None] * (2 / PATTERN)], 2)


class Augmented:
    """Every pattern once in each pass, in a new order and distorted in a new way."""

    def __init__(self, train: Split, seed: int, ranges: Affine, device: torch.device):
        self.seed, self.ranges = seed, ranges
        self.images = train.images.to(device, torch.float32)[:, None] / 255
        self.labels = train.labels.to(device)

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs (N, 1, 32, 32), labels (N,), and the order (N,) to present them in."""
        n, device = len(self.labels), self.labels.device
        order = torch.randperm(n, generator=generator(self.seed, "order", number))
        maps = self.ranges.maps(n, generator(self.seed, "augmentation", number)).to(device)
        fields = [self._moved(start, maps) for start in range(0, n, CHUNK)]
        return torch.cat(fields) * (BLACK - WHITE) + WHITE, self.labels, order.to(device)

    def _moved(self, start: int, maps: Tensor) -> Tensor:
        """Fields (M, 1, 32, 32) of a chunk's patterns, from 0 (paper) to 1 (ink)."""
        some, part = self.images[start : start + CHUNK], maps[start : start + CHUNK]
        grid = F.affine_grid(part, [len(some), 1, FIELD, FIELD], align_corners=False)
        return F.grid_sample(some, grid, align_corners=False)
