"""Checks of values where there are values, not while a graph is traced; and of what a pass is given."""

from typing import Protocol

import torch
from torch import Tensor


def traced() -> bool:
    """Whether a graph is being traced: by torch.compile, torch.export or torch.jit.trace."""
    tracing: bool = torch.jit.is_tracing()  # type: ignore  # documented, but not in the list of names
    return tracing or torch.compiler.is_compiling()


def is_false(condition: Tensor) -> bool:
    """Whether a condition, (), is known not to hold.

    It is not known while a graph is traced (torch.compile, torch.export, torch.jit.trace), on the meta
    device, for fake tensors, or under `torch.func.vmap`.
    """
    if traced() or condition.is_meta:
        return False
    try:
        return not bool(condition)
    except RuntimeError:  # vmap's, and that of fake tensors
        return False


class WithClasses(Protocol):
    """A network as far as its labels go: they are places in `classes`."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes are called."""


def check_pass(
    model: WithClasses, images: Tensor, labels: Tensor, order: Tensor, batch: int
) -> None:
    """Raises ValueError where these cannot be trained on."""
    check_labels(labels, len(images), model)
    if order.dtype != torch.int64 or order.ndim != 1:
        raise ValueError(f"expected (P,) int64 indices, got {tuple(order.shape)} {order.dtype}")
    if len(order) and not 0 <= order.min() <= order.max() < len(images):
        raise ValueError(f"expected an order of 0 ... {len(images) - 1}, got other indices in it")
    if batch < 1:
        raise ValueError(f"expected at least one pattern in a batch, got {batch}")


def check_labels(labels: Tensor, n: int, model: WithClasses) -> None:
    """Raises ValueError unless there are n labels of classes that the model has."""
    classes = len(model.classes)
    if labels.dtype != torch.int64 or labels.shape != (n,):
        raise ValueError(f"expected ({n},) int64 labels, got {tuple(labels.shape)} {labels.dtype}")
    if n and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"expected labels 0 ... {classes - 1}, got others")
