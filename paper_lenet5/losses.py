"""What training minimises. Section II-C, eq. 8 and 9; their curvature starts appendix C's recursion."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def _check_factor(factor: float) -> None:
    """Raises ValueError unless the factor is positive and finite."""
    if not 0 < factor < math.inf:
        raise ValueError(f"expected a factor above 0, got {factor}")


@dataclass(frozen=True)
class MSELoss:
    """E = y_D, the penalty of the correct class, mean over the patterns (eq. 8).

    All penalties are multiplied by `factor`; 1/2 is what the authors' later code has (D9). Raises
    ValueError for a factor that is not positive.
    """

    factor: float = 1.0

    def __post_init__(self) -> None:
        _check_factor(self.factor)

    def __call__(self, penalties: Tensor, labels: Tensor) -> Tensor:
        """Penalties (N, 10) >= 0 and labels (N,) int64 in 0 ... 9 to the loss, a scalar."""
        return self.factor * _correct(penalties, labels).mean()

    def curvature(self, f6: Tensor, centers: Tensor) -> Tensor:
        """d2E / dx_k2 of each pattern's loss at F6, (N, 84): 2 everywhere, times the factor."""
        return torch.full_like(f6, 2 * self.factor)

    def output_curvature(self, penalties: Tensor) -> Tensor:
        """d2E / dy_i2: the loss is linear in the penalties, so 0 everywhere."""
        return torch.zeros_like(penalties)


@dataclass(frozen=True)
class MAPLoss:
    """E = y_D + log(e^-j + sum_i e^-y_i), the sum over all classes, mean over the patterns (eq. 9).

    The loss is positive. e^-j is the rubbish class: a class whose penalty is well above j is hardly
    pushed up any more. The paper gives no value for j (D7). `factor` as in MSELoss. With j infinite
    there is no rubbish. Raises ValueError for a negative j.
    """

    j: float
    factor: float = 1.0

    def __post_init__(self) -> None:
        _check_factor(self.factor)
        if not self.j >= 0:
            raise ValueError(f"expected j >= 0, got {self.j}")

    def __call__(self, penalties: Tensor, labels: Tensor) -> Tensor:
        """Penalties (N, 10) >= 0, however large, and labels (N,) int64 to the loss, a scalar."""
        scaled = self.factor * penalties
        return (_correct(scaled, labels) + torch.logsumexp(-self._with_rubbish(scaled), 1)).mean()

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
        """d2E / dy_i2 of each pattern's loss at penalties (N, 10), in the same shape.

        It is c^2 p_i (1 - p_i), with c the factor and p_i the posterior of class i.
        """
        p = torch.softmax(-self._with_rubbish(self.factor * penalties), 1)[:, :-1]
        return self.factor**2 * p * (1 - p)

    def _with_rubbish(self, penalties: Tensor) -> Tensor:
        """The penalties (N, 10) and, as an eleventh column, that of rubbish: (N, 11)."""
        return torch.cat([penalties, penalties.new_full((len(penalties), 1), self.j)], 1)


Loss = MSELoss | MAPLoss


def _correct(penalties: Tensor, labels: Tensor) -> Tensor:
    """The penalty of each pattern's own class. Raises ValueError where the two do not fit."""
    if penalties.ndim != 2 or labels.shape != penalties.shape[:1] or len(labels) == 0:
        raise ValueError(
            "expected penalties (N, classes) and labels (N,), N at least 1, "
            f"got {tuple(penalties.shape)} and {tuple(labels.shape)}"
        )
    classes = penalties.shape[1]
    if labels.dtype != torch.int64 or not ((labels >= 0) & (labels < classes)).all():
        raise ValueError(f"expected int64 labels in 0 ... {classes - 1}, got {labels}")
    return penalties.gather(1, labels.unsqueeze(1)).squeeze(1)
