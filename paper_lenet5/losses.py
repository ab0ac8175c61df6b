"""What training minimises. Section II-C, eq. 8 and 9; their curvature starts appendix C's recursion."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from .checks import is_false

Reduction = Literal["mean", "sum", "none"]
"""What is made of the patterns' losses: their mean, their sum, or nothing."""


def _check(factor: float, reduction: str) -> None:
    """Raises ValueError unless the factor is positive and finite, and the reduction a known one."""
    if not 0 < factor < math.inf:
        raise ValueError(f"expected a factor above 0, got {factor}")
    if reduction not in get_args(Reduction):
        raise ValueError(f"expected one of {get_args(Reduction)}, got {reduction!r}")


@dataclass(unsafe_hash=True)
class MSELoss(nn.Module):
    """E = y_D, the penalty of the correct class, mean over the patterns (eq. 8).

    All penalties are multiplied by `factor`; 1/2 is what the authors' later code has (D9). The
    `reduction` is as in PyTorch. Raises ValueError for a factor that is not positive. Two losses are
    equal where their numbers are: recipes hold them as values.
    """

    factor: float = 1.0
    reduction: Reduction = "mean"

    def __post_init__(self) -> None:
        super().__init__()
        _check(self.factor, self.reduction)

    def forward(self, penalties: Tensor, labels: Tensor) -> Tensor:
        """Penalties (N, 10) >= 0 and labels (N,) int64 in 0 ... 9 to the loss, a scalar.

        Of wide input (N, 10, rows, columns) and (N, rows, columns). Without a reduction the losses
        come in the shape of the labels. Raises ValueError for what does not belong together.
        """
        return self.factor * _reduced(_correct(penalties, labels), self.reduction)

    def curvature(self, f6: Tensor, centers: Tensor) -> Tensor:
        """d2E / dx_k2 of each pattern's loss at F6, (N, 84): 2 everywhere, times the factor."""
        return torch.full_like(f6, 2 * self.factor)

    def output_curvature(self, penalties: Tensor) -> Tensor:
        """d2E / dy_i2: the loss is linear in the penalties, so 0 everywhere."""
        return torch.zeros_like(penalties)


@dataclass(unsafe_hash=True)
class MAPLoss(nn.Module):
    """E = y_D + log(e^-j + sum_i e^-y_i), the sum over all classes, mean over the patterns (eq. 9).

    The loss is positive. e^-j is the rubbish class: a class whose penalty is well above j is hardly
    pushed up any more. The paper gives no value for j (D7). `factor` and `reduction` as in MSELoss.
    With j infinite there is no rubbish. Raises ValueError for a negative j.
    """

    j: float
    factor: float = 1.0
    reduction: Reduction = "mean"

    def __post_init__(self) -> None:
        super().__init__()
        _check(self.factor, self.reduction)
        if not self.j >= 0:
            raise ValueError(f"expected j >= 0, got {self.j}")

    def forward(self, penalties: Tensor, labels: Tensor) -> Tensor:
        """Penalties (N, 10) >= 0, however large, and labels (N,) int64 to the loss, a scalar.

        Of wide input, without a reduction, and of what does not belong together as MSELoss.
        """
        scaled = self.factor * penalties
        of_patterns = _correct(scaled, labels) + torch.logsumexp(-self._with_rubbish(scaled), 1)
        return _reduced(of_patterns, self.reduction)

    def curvature(self, f6: Tensor, centers: Tensor) -> Tensor:
        """d2E / dx_k2 of each pattern's loss at F6, exact and never negative.

        f6 (N, 84), centers (10, 84) to (N, 84): 2 c p_rubbish + Var_p[2 c (x_k - w_ik)], where c is
        the factor and p the posterior over ten classes and rubbish, whose own penalty does not depend
        on x.
        """
        differences = f6.unsqueeze(1) - centers  # (N, 10, 84)
        penalties = self.factor * differences.square().sum(-1)
        posterior = torch.softmax(-self._with_rubbish(penalties), 1)  # (N, 11)
        p, pulls = posterior[:, :-1, None], 2 * self.factor * differences
        rubbish, mean = posterior[:, -1:], (p * pulls).sum(1)  # rubbish pulls with 0
        variance = (p * (pulls - mean.unsqueeze(1)).square()).sum(1) + rubbish * mean.square()
        return 2 * self.factor * rubbish + variance

    def output_curvature(self, penalties: Tensor) -> Tensor:
        """d2E / dy_i2 of each pattern's loss at penalties (N, 10, ...), in the same shape.

        It is c^2 p_i (1 - p_i), with c the factor and p_i the posterior of class i.
        """
        p = torch.softmax(-self._with_rubbish(self.factor * penalties), 1)[:, :-1]
        return self.factor**2 * p * (1 - p)

    def _with_rubbish(self, penalties: Tensor) -> Tensor:
        """The penalties (N, 10, ...) and, as the eleventh, that of rubbish: (N, 11, ...)."""
        rubbish = torch.full_like(penalties[:, :1], self.j)
        return torch.cat([penalties, rubbish], 1)


Loss = MSELoss | MAPLoss


def _correct(penalties: Tensor, labels: Tensor) -> Tensor:
    """The penalty of each pattern's own class. Raises ValueError where the two do not fit."""
    if (
        penalties.ndim < 2
        or labels.shape != penalties.shape[:1] + penalties.shape[2:]
        or labels.numel() == 0
    ):
        raise ValueError(
            "expected penalties (N, classes) and labels (N,), N at least 1, or of wide input "
            "(N, classes, rows, columns) and (N, rows, columns), "
            f"got {tuple(penalties.shape)} and {tuple(labels.shape)}"
        )
    classes = penalties.shape[1]
    if labels.dtype != torch.int64:
        raise ValueError(f"expected int64 labels in 0 ... {classes - 1}, got {labels.dtype}")
    if is_false(((labels >= 0) & (labels < classes)).all()):
        low, high = labels.aminmax()
        raise ValueError(f"expected int64 labels in 0 ... {classes - 1}, got {low} to {high}")
    return penalties.gather(1, labels.unsqueeze(1)).squeeze(1)


def _reduced(of_patterns: Tensor, reduction: Reduction) -> Tensor:
    """The patterns' losses, (N, ...), as the reduction has them."""
    if reduction == "none":
        return of_patterns
    return of_patterns.mean() if reduction == "mean" else of_patterns.sum()
