"""The Euclidean RBF output layer. Section II-B, eq. 7; its centers are the bitmaps of Fig. 3."""

import torch
from torch import Tensor, nn

from .checks import is_false
from .recursion import ENDINGS, overridable


@overridable
def distances(x: Tensor, centers: Tensor) -> Tensor:
    """The squared distances (..., classes) of states (..., units) from centers (classes, units)."""
    return torch.square(x.unsqueeze(-2) - centers).sum(-1)


ENDINGS.add(distances)


class EuclideanRBF(nn.Module):
    """y_i = sum_j (x_j - w_ij)^2: how far F6's state x lies from each class's center (eq. 7).

    (..., 84) to (..., 10) penalties >= 0; the smallest is the answer. There is no square root and
    no 1/2. The centers are a buffer: they are chosen by hand and never trained (D1). Raises ValueError
    for states of another length than the centers'.
    """

    centers: Tensor

    def __init__(self, centers: Tensor):
        super().__init__()
        if centers.ndim != 2 or is_false(centers.isfinite().all()):
            raise ValueError(
                f"expected finite centers (classes, units), got {tuple(centers.shape)}"
            )
        self.register_buffer("centers", centers.clone())

    def forward(self, x: Tensor) -> Tensor:
        """The penalties (..., classes) of states (..., units)."""
        units = self.centers.shape[1]
        if x.shape[-1:] != (units,):
            raise ValueError(f"expected states of shape (..., {units}), got {tuple(x.shape)}")
        return distances(x, self.centers)

    def extra_repr(self) -> str:
        """Its sizes, for print(model)."""
        return "classes={}, units={}".format(*self.centers.shape)
