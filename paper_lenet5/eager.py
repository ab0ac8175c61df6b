"""One pattern at a time in plain PyTorch: what `paper_lenet5.compiled` is tested against.

Both modules have the same three functions, so that `training` works with either.
"""

import torch
from torch import Tensor

from .lenet5 import LeNet5
from .losses import Loss
from .sdlm import SDLM, diagonal_curvature

__all__ = ["diagonal_curvature", "penalties", "train_one_pass"]


def train_one_pass(
    model: LeNet5, optimizer: SDLM, loss: Loss, images: Tensor, labels: Tensor, order: Tensor
) -> int:
    """Present the patterns `order` (P,) of images (N, 1, 32, 32) and labels (N,), one by one.

    The model is updated after each of them (eq. 18). Returns how many were misclassified when they
    came: the training error "during the pass" of Fig. 5.
    """
    errors = 0
    for pattern in order.tolist():
        answer = model(images[pattern : pattern + 1])
        label = labels[pattern : pattern + 1]
        errors += int(answer.argmin(1) != label)
        optimizer.zero_grad()
        loss(answer, label).backward()
        optimizer.step()
    return errors


@torch.no_grad()
def penalties(model: LeNet5, images: Tensor) -> Tensor:
    """Penalties (N, 10) for images (N, 1, 32, 32), a thousand at a time."""
    return torch.cat([model(some) for some in images.split(1000)])
