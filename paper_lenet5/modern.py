"""A network of LeNet-5's size by today's means, for comparison; nothing in it is of 1998."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from .preprocessing import BLACK, FIELD, WHITE, check_values
from .pretrained import Answer, Pretrained
from .transform import Transform


@dataclass(frozen=True)
class ModernConfig:
    """What config.json says of a `ModernNet`. Raises ValueError for other than three counts >= 1."""

    maps: tuple[int, int, int] = (16, 32, 52)
    """Of its three stages."""

    def __post_init__(self) -> None:
        maps = self.maps
        counts = isinstance(maps, tuple | list) and all(type(n) is int and n >= 1 for n in maps)
        if not counts or len(maps) != 3:
            raise ValueError(f"expected three numbers of maps, each at least 1, got {maps}")
        object.__setattr__(self, "maps", tuple(maps))


class ModernNet(nn.Sequential, Pretrained):
    """Batch normalisation, residual blocks, global average pooling: 54,434 parameters.

    (N, 1, 32, 32) float32 in -0.1 (paper) ... 1.175 (ink), as `preprocess` gives it, to scores
    (N, 10), the largest wins. In PyTorch's own initialisation; `ModernNet.from_pretrained()` is a
    trained one. Other `maps` of its three stages make it smaller or larger. Raises ValueError for
    other shapes, types or values.
    """

    config: ModernConfig
    options: ClassVar[type] = ModernConfig
    shipped: ClassVar[Mapping[str, str]] = {
        "modern-distortions": "6ba12fa1ab90f78fdb77c1aa0036b95f27defcedec11247dc7f9f2e0d1c80a60"
    }

    preprocessing = Transform()
    answer: ClassVar[Answer] = "largest"

    def __init__(self, maps: tuple[int, int, int] = ModernConfig.maps) -> None:
        config = ModernConfig(maps)
        first, second, third = config.maps
        super().__init__(
            UnitRange(),
            *_normalised(1, first, 5, stride=2),  # (N, 16, 14, 14)
            *_normalised(first, second),
            Residual(second),
            nn.MaxPool2d(2),  # (N, 32, 7, 7)
            *_normalised(second, third),
            Residual(third),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(third, 10),
        )  # fmt: skip
        self.config = config

    @classmethod
    def of(cls, config: ModernConfig | None) -> "ModernNet":
        """A new network that is described so."""
        return cls((config or ModernConfig()).maps)


class UnitRange(nn.Module):
    """The 28x28 pixels inside the field, from 0 (paper) to 1 (ink)."""

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (N, 1, 32, 32) to (N, 1, 28, 28). Raises ValueError for others."""
        if x.shape[1:] != (1, FIELD, FIELD) or not x.is_floating_point():
            raise ValueError(
                f"expected floating-point input of shape (N, 1, {FIELD}, {FIELD}), "
                f"got {x.dtype} of shape {tuple(x.shape)}"
            )
        if not (x.is_cuda and torch.cuda.is_current_stream_capturing()):
            check_values(x)  # which reads them; nothing can be read while a graph is recorded
        return (x[..., 2:-2, 2:-2] - WHITE) / (BLACK - WHITE)


class Residual(nn.Module):
    """x + f(x), f a 3x3 convolution, batch normalisation and ReLU."""

    def __init__(self, maps: int):
        super().__init__()
        self.change = nn.Sequential(*_normalised(maps, maps))

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, maps, H, W) to maps of the same shape."""
        change: Tensor = self.change(x)
        return x + change


def _normalised(inputs: int, maps: int, size: int = 3, stride: int = 1) -> tuple[nn.Module, ...]:
    """A convolution without a bias, batch normalisation, which has one, and ReLU."""
    convolution = nn.Conv2d(inputs, maps, size, stride, padding=size // 2, bias=False)
    return convolution, nn.BatchNorm2d(maps), nn.ReLU()
