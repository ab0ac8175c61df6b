"""What `paper_lenet5.eager` does, compiled. Needs numba (the extra `reproduce`).

Works on one CPU core with the interpreter's lock released: threads train side by side.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..lenet5 import LeNet5
from ..losses import Loss, MAPLoss
from ..preprocess import FIELD
from ..sdlm import COEFFICIENT_INPUTS, SDLM
from . import passes
from .cache import is_compiled
from .layout import pack, pack_centers, unpack, workspace

__all__ = ["diagonal_curvature", "is_compiled", "penalties", "train_one_pass"]


class _Loss(NamedTuple):
    j: np.float32
    competition: np.float32
    factor: np.float32


def train_one_pass(
    model: LeNet5, optimizer: SDLM, loss: Loss, images: Tensor, labels: Tensor, order: Tensor
) -> int:
    """`eager.train_one_pass`, compiled. Raises ValueError for labels or an order out of range."""
    _check_labels(labels, len(images), model)
    if order.dtype != torch.int64 or order.ndim != 1:
        raise ValueError(f"expected (P,) int64 indices, got {tuple(order.shape)} {order.dtype}")
    if len(order) and not 0 <= order.min() <= order.max() < len(images):
        raise ValueError(f"expected an order of 0 ... {len(images) - 1}, got other indices in it")
    weights = pack(dict(model.named_parameters()))
    errors = passes.train(
        _rows(images), labels.contiguous().numpy(), order.contiguous().numpy(), weights,
        pack(optimizer.step_sizes()),
        pack_centers(model.rbf.centers), _loss(loss), *workspace(),
    )  # fmt: skip
    model.load_state_dict(unpack(weights), strict=False)
    return int(errors)


def diagonal_curvature(
    model: LeNet5, images: Tensor, labels: Tensor, loss: Loss,
    f6_curvature: float | None = None, coefficient_input: str = "sum",
) -> dict[str, Tensor]:  # fmt: skip
    """`eager.diagonal_curvature`, compiled."""
    if len(images) == 0:
        raise ValueError("expected at least one image to measure the curvature on")
    if coefficient_input not in COEFFICIENT_INPUTS:
        raise ValueError(f"expected one of {COEFFICIENT_INPUTS}, got {coefficient_input!r}")
    if f6_curvature is not None and not f6_curvature >= 0:
        raise ValueError(f"expected f6_curvature >= 0 or None, got {f6_curvature}")
    _check_labels(labels, len(images), model)
    parameters = dict(model.named_parameters())
    squares = pack({name: p.square() for name, p in parameters.items()})
    into = pack({name: torch.zeros_like(p) for name, p in parameters.items()})
    minus_one = pack({name: -torch.ones_like(p) for name, p in parameters.items()})
    passes.add_curvature(
        _rows(images), pack(parameters), squares, into, minus_one,
        pack_centers(model.rbf.centers), _loss(loss),
        np.float32(-1 if f6_curvature is None else f6_curvature), coefficient_input == "each",
        *workspace(),
    )  # fmt: skip
    return {name: h / len(images) for name, h in unpack(into).items()}


def penalties(model: LeNet5, images: Tensor) -> Tensor:
    """`eager.penalties`, compiled."""
    out = np.empty((len(images), 10), np.float32)
    passes.penalties_of(
        _rows(images),
        pack(dict(model.named_parameters())),
        pack_centers(model.rbf.centers),
        out,
        workspace()[0],
    )
    return torch.from_numpy(out)


def _rows(images: Tensor) -> np.ndarray:
    """(N, 1024): compiled code looks at no bounds, so the shape is looked at here."""
    if images.dtype != torch.float32 or images.shape[1:] != (1, FIELD, FIELD):
        raise ValueError(
            f"expected float32 images of shape (N, 1, {FIELD}, {FIELD}), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    return images.flatten(1).contiguous().numpy()


def _check_labels(labels: Tensor, n: int, model: LeNet5) -> None:
    classes = len(model.rbf.centers)
    if labels.dtype != torch.int64 or labels.shape != (n,):
        raise ValueError(f"expected ({n},) int64 labels, got {tuple(labels.shape)} {labels.dtype}")
    if n and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"expected labels 0 ... {classes - 1}, got others")


def _loss(loss: Loss) -> _Loss:
    competition = isinstance(loss, MAPLoss)
    j = loss.j if competition else 0
    return _Loss(np.float32(j), np.float32(competition), np.float32(loss.factor))
