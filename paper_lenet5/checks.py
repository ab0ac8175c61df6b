"""Checks of values where there are values: not in traced graphs, on the meta device, or under vmap."""

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
