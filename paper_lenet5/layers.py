"""The squashing function and the two layers that no library has. Section II-A, II-B, appendix A."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .recursion import curvature_rule, overridable, through

A = 1.7159
"""Amplitude of the squashing function (appendix A)."""
S = 2 / 3
"""Its slope parameter (appendix A): with these two f(1) = 1, f(-1) = -1, and |f''| is largest there."""


@overridable
def squash(a: Tensor) -> Tensor:
    """f(a) = A tanh(S a), elementwise (eq. 6). Any shape; the result lies in [-A, A]."""
    return A * torch.tanh(S * a)


def slope(x: Tensor) -> Tensor:
    """f'(a) as a function of the state x = f(a): S (A - x^2 / A), in [0, S A]."""
    return S * (A - x * x / A)


@curvature_rule(squash)
def _squash_rule(squash: Callable[[Tensor], Tensor], a: Tensor) -> Tensor:
    """f'(a)^2, by the state."""

    def back(curvature: Tensor, a: Tensor) -> tuple[Tensor]:
        return (slope(squash(a)).square() * curvature,)

    return through(squash, back, a)


class Subsampling(nn.Module):
    """S2 and S4: (sum of four inputs) x coefficient + bias, one pair per map. Section II-B.

    (N, maps, H, W) to (N, maps, H / 2, W / 2) weighted sums; a last odd row or column is left out.
    The four inputs are added, not averaged (D5). Raises ValueError for another number of maps.
    """

    def __init__(self, maps: int):
        super().__init__()
        self.coefficient = nn.Parameter(torch.empty(maps))
        self.bias = nn.Parameter(torch.empty(maps))

    def forward(self, x: Tensor) -> Tensor:
        """The weighted sums (N, maps, H / 2, W / 2) of inputs (N, maps, H, W)."""
        if x.ndim != 4 or x.shape[1] != len(self.bias):
            raise ValueError(f"expected (N, {len(self.bias)}, H, W), got {tuple(x.shape)}")
        return self.sums(x) * self.coefficient[:, None, None] + self.bias[:, None, None]

    @staticmethod
    def sums(x: Tensor) -> Tensor:
        """The sums over non-overlapping 2x2 windows, (N, maps, H / 2, W / 2)."""
        return 4 * functional.avg_pool2d(x, 2)

    def extra_repr(self) -> str:
        """Its size, for print(model)."""
        return str(len(self.bias))


class TableConvolution(nn.Module):
    """C3: each map convolves only the input maps that its table names. Section II-B, Table I.

    (N, inputs, H, W) to (N, maps, H - 4, W - 4) weighted sums. `weight` (crosses, 5, 5) holds one
    kernel per cross of the table, map by map, and within a map input by input; `bias` (maps) is
    added once per map. Another `kernel_size` stands in the place of 5, and one less in that of 4.
    Raises ValueError for a table with an empty, repeated or negative entry.
    """

    def __init__(self, table: Sequence[Sequence[int]], kernel_size: int = 5):
        super().__init__()
        if not table or any(
            not inputs or len({*inputs}) < len(inputs) or min(inputs) < 0 for inputs in table
        ):
            raise ValueError(f"expected for each map the inputs 0, 1, ... it looks at, got {table}")
        crosses = [(m, i) for m, inputs in enumerate(table) for i in inputs]
        self.maps, self.inputs = len(table), 1 + max(i for _, i in crosses)
        self.cross_map, self.cross_input = (list(column) for column in zip(*crosses, strict=True))
        self.weight = nn.Parameter(torch.empty(len(crosses), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(self.maps))

    def forward(self, x: Tensor) -> Tensor:
        """The weighted sums (N, maps, H - 4, W - 4) of inputs (N, inputs, H, W)."""
        return functional.conv2d(x, self.dense_weight(), self.bias)

    def dense_weight(self) -> Tensor:
        """(maps, inputs, 5, 5): the kernels at their crosses, zero where the table has none."""
        dense = self.weight.new_zeros(self.maps, self.inputs, *self.weight.shape[1:])
        return dense.index_put((torch.tensor(self.cross_map), torch.tensor(self.cross_input)),
                               self.weight)  # fmt: skip

    def extra_repr(self) -> str:
        """Its sizes, for print(model)."""
        crosses, *size = self.weight.shape
        return f"{self.inputs}, {self.maps}, crosses={crosses}, kernel_size={tuple(size)}"
