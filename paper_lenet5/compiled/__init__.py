"""What `paper_lenet5.eager` does, compiled. Needs numba (the extra `reproduce`).

Works on one CPU core with the interpreter's lock released: threads train side by side.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from ..eager import check_labels, check_pass
from ..lenet5 import LeNet5
from ..losses import Loss, MAPLoss
from ..preprocessing import FIELD, check_values
from ..sdlm import SDLM, CoefficientInput, check_options
from . import passes
from .cache import on_compiling
from .layout import network_of, pack, pack_weights, unpack, workspace, workspace_of_images

__all__ = ["diagonal_curvature", "on_compiling", "penalties", "train_one_pass"]


class _Loss(NamedTuple):
    j: np.float32
    competition: np.float32
    factor: np.float32


class _Adam(NamedTuple):
    rate: float
    beta: float
    squared_beta: float
    epsilon: float
    steps: int


class _Curvature(NamedTuple):
    wanted: bool
    constant: np.float32
    """Of the loss at the output, if it is >= 0."""
    each: bool


_NO_CURVATURE = _Curvature(False, np.float32(-1), False)
_NO_ADAM = _Adam(0.0, 0.0, 0.0, 0.0, 0)


def train_one_pass(
    model: LeNet5, optimizer: Optimizer, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
    batch: int = 1,
) -> int:  # fmt: skip
    """`eager.train_one_pass`, compiled, for SDLM, torch.optim.SGD and torch.optim.Adam.

    Raises ValueError for labels or an order out of range, TypeError for another optimiser, or for
    options of SGD or Adam other than the rate, the betas and epsilon.
    """
    check_pass(model, images, labels, order, batch)
    patterns = (_rows(images), labels.contiguous().numpy(), order.contiguous().numpy())
    network, weights = network_of(model), pack_weights(model)
    adam = _adam_of(optimizer, model)
    steps = pack(model, _step_sizes(optimizer, model))
    if batch == 1 and adam is _NO_ADAM:
        errors = passes.sweep(
            network, *patterns, weights, weights, weights, steps, _loss(loss), _NO_CURVATURE,
            *workspace(),
        )  # fmt: skip
    else:
        moments = [pack(model, of_all) for of_all in _moments(optimizer, model)]
        errors = passes.train_in_batches(
            network, *patterns, batch, weights, steps, _loss(loss), _NO_CURVATURE, *workspace(),
            pack(model, _filled(model, 0)), pack(model, _filled(model, -1)), adam, *moments,
        )  # fmt: skip
        if adam is not _NO_ADAM:
            _keep_moments(optimizer, model, moments, adam.steps + -(-len(order) // batch))
    model.load_state_dict(unpack(model, weights), strict=False)
    return int(errors)


def diagonal_curvature(
    model: LeNet5, images: Tensor, labels: Tensor, loss: Loss,
    output_curvature: float | None = None, coefficient_input: CoefficientInput = "sum",
) -> dict[str, Tensor]:  # fmt: skip
    """`eager.diagonal_curvature`, compiled."""
    if len(images) == 0:
        raise ValueError("expected at least one image to measure the curvature on")
    check_options(output_curvature, coefficient_input)
    check_labels(labels, len(images), model)
    weights, into = pack_weights(model), pack(model, _filled(model, 0))
    constant = np.float32(-1 if output_curvature is None else output_curvature)
    passes.sweep(
        network_of(model), _rows(images), labels.contiguous().numpy(), np.arange(len(images)),
        weights, np.square(weights), into, pack(model, _filled(model, -1)), _loss(loss),
        _Curvature(True, constant, coefficient_input == "each"), *workspace(),
    )  # fmt: skip
    return {name: h / len(images) for name, h in unpack(model, into).items()}


def penalties(model: LeNet5, images: Tensor) -> Tensor:
    """`eager.penalties`, compiled."""
    out = np.empty((len(images), model.classes), np.float32)
    passes.penalties_of(
        network_of(model), _rows(images), pack_weights(model), out, workspace()[0],
        workspace_of_images(),
    )  # fmt: skip
    return torch.from_numpy(out)


def _trained(model: LeNet5) -> dict[str, Parameter]:
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def _filled(model: LeNet5, value: float) -> dict[str, Tensor]:
    return {name: torch.full_like(p, value) for name, p in _trained(model).items()}


def _step_sizes(optimizer: Optimizer, model: LeNet5) -> dict[str, Tensor]:
    """What each parameter's gradient is multiplied by; Adam's says nothing of that."""
    if isinstance(optimizer, SDLM):
        return optimizer.step_sizes()
    return _filled(model, optimizer.param_groups[0]["lr"])


_PLAIN = {
    torch.optim.SGD: {"momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False},
    torch.optim.Adam: {"weight_decay": 0, "amsgrad": False},
}


def _adam_of(optimizer: Optimizer, model: LeNet5) -> _Adam:
    """What Adam does, or _NO_ADAM for the other two."""
    if isinstance(optimizer, SDLM):
        return _NO_ADAM
    plain, (group, *others) = _PLAIN.get(type(optimizer)), optimizer.param_groups
    if plain is None or others or any(group[name] != value for name, value in plain.items()):
        raise TypeError(f"expected SDLM, or plain SGD or Adam with one group, got {optimizer}")
    if type(optimizer) is torch.optim.SGD:
        return _NO_ADAM
    steps = {int(state["step"]) for state in optimizer.state.values()} or {0}
    beta, squared_beta = map(float, group["betas"])
    return _Adam(float(group["lr"]), beta, squared_beta, float(group["eps"]), steps.pop())


def _moments(optimizer: Optimizer, model: LeNet5) -> list[dict[str, Tensor]]:
    """Adam's first and second moments, 0 before its first step."""
    return [
        {name: optimizer.state[p].get(key, torch.zeros_like(p))
         for name, p in _trained(model).items()}
        for key in ("exp_avg", "exp_avg_sq")
    ]  # fmt: skip


def _keep_moments(
    optimizer: Optimizer, model: LeNet5, moments: list[np.ndarray], steps: int
) -> None:
    first, second = (unpack(model, packed) for packed in moments)
    for name, p in _trained(model).items():
        optimizer.state[p] = {
            "step": torch.tensor(float(steps)), "exp_avg": first[name], "exp_avg_sq": second[name]
        }  # fmt: skip


def _rows(images: Tensor) -> np.ndarray:
    """(N, 1024): compiled code looks at no bounds, so the shape is looked at here."""
    if images.dtype != torch.float32 or images.shape[1:] != (1, FIELD, FIELD):
        raise ValueError(
            f"expected float32 images of shape (N, 1, {FIELD}, {FIELD}), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    check_values(images)
    return images.flatten(1).contiguous().numpy()


def _loss(loss: Loss) -> _Loss:
    j, competition = (loss.j, 1) if isinstance(loss, MAPLoss) else (0.0, 0)
    return _Loss(np.float32(j), np.float32(competition), np.float32(loss.factor))
