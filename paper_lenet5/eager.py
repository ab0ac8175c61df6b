"""One pattern at a time in plain PyTorch: what `paper_lenet5.compiled` is tested against.

Both modules have the three functions of a `training.Engine`.
"""

import torch
from torch import Tensor
from torch.optim import Optimizer

from .checks import check_pass
from .lenet5 import LeNet5
from .losses import Loss
from .sdlm import diagonal_curvature

__all__ = ["diagonal_curvature", "penalties", "train_one_pass"]


def train_one_pass(
    model: LeNet5, optimizer: Optimizer, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
    batch: int = 1,
) -> int:  # fmt: skip
    """Present the patterns `order` (P,) of images (N, 1, 32, 32) and labels (N,), one by one.

    The model is updated after each of them (eq. 18), or after every `batch` of them for the mean
    gradient. Returns how many were misclassified when they came: the training error "during the
    pass" of Fig. 5. Raises ValueError for labels or an order out of range, or a batch of less than 1.
    """
    check_pass(model, images, labels, order, batch)
    errors = 0
    for some in order.split(batch) if len(order) else ():
        answer = model(images[some])
        errors += int((answer.argmin(1) != labels[some]).sum())
        optimizer.zero_grad()
        loss(answer, labels[some]).backward()
        optimizer.step()
    return errors


@torch.no_grad()
def penalties(model: LeNet5, images: Tensor) -> Tensor:
    """Penalties (N, 10) for images (N, 1, 32, 32), a thousand at a time."""
    return torch.cat([model(some) for some in images.split(1000)])
