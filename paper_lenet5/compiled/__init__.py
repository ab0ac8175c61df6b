"""What `paper_lenet5.eager` does, compiled. Needs numba (the extra `train`).

Works on one CPU core with the interpreter's lock released: threads train side by side.
"""

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
from .layout import (
    outside,
    pack,
    pack_weights,
    structure_of,
    unpack,
    workspace,
    workspace_of_images,
)

__all__ = ["diagonal_curvature", "on_compiling", "penalties", "train_one_pass"]


_NO_CURVATURE = passes.Curvature(False, np.float32(-1), False)
_NO_ADAM = passes.Adam(0.0, 0.0, 0.0, 0.0, 0)


def train_one_pass(
    model: LeNet5, optimizer: Optimizer, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
    batch: int = 1,
) -> int:  # fmt: skip
    """Do what `eager.train_one_pass` does, compiled, for SDLM, torch.optim.SGD and torch.optim.Adam.

    Raises ValueError for labels or an order out of range, TypeError for another optimiser, or for
    options of SGD or Adam other than the rate, the betas and epsilon.
    """
    check_pass(model, images, labels, order, batch)
    patterns = (_rows(images), labels.contiguous().numpy(), order.contiguous().numpy())
    setting = passes.Setting(
        structure_of(model), _loss(loss), _NO_CURVATURE, *workspace(model.classes)
    )
    weights, adam = pack_weights(model), _adam_of(optimizer, model)
    steps = pack(model, _step_sizes(optimizer, model))
    if batch == 1 and adam is _NO_ADAM:
        arrays = passes.Arrays(weights, weights, weights, steps)
        errors = passes.one_by_one(setting, *patterns, arrays)
    else:
        moments = [pack(model, of_all) for of_all in _moments(optimizer, model)]
        gradients, minus_one = (pack(model, _filled(model, value)) for value in (0, -1))
        arrays = passes.Arrays(weights, weights, gradients, minus_one)
        errors = passes.train_in_batches(setting, *patterns, batch, arrays, steps, adam, *moments)
    _check(images, setting.states)
    model.load_state_dict(unpack(model, weights), strict=False)
    if adam is not _NO_ADAM:
        _keep_moments(optimizer, model, moments, adam.steps + -(-len(order) // batch))
    return int(errors)


def diagonal_curvature(
    model: LeNet5, images: Tensor, labels: Tensor, loss: Loss,
    output_curvature: float | None = None, coefficient_input: CoefficientInput = "sum",
) -> dict[str, Tensor]:  # fmt: skip
    """Do what `sdlm.diagonal_curvature` does, compiled: {name: h_kk, in the parameter's shape}.

    Raises ValueError for labels out of range, too, which that one does not look at.
    """
    if len(images) == 0:
        raise ValueError("expected at least one image to measure the curvature on")
    check_options(output_curvature, coefficient_input)
    check_labels(labels, len(images), model)
    weights = pack_weights(model)
    sums, minus_one = (pack(model, _filled(model, value)) for value in (0, -1))
    constant = np.float32(-1 if output_curvature is None else output_curvature)
    curvature = passes.Curvature(True, constant, coefficient_input == "each")
    setting = passes.Setting(structure_of(model), _loss(loss), curvature, *workspace(model.classes))
    passes.one_by_one(
        setting, _rows(images), labels.contiguous().numpy(), np.arange(len(images)),
        passes.Arrays(weights, np.square(weights), sums, minus_one),
    )  # fmt: skip
    _check(images, setting.states)
    return {name: h / len(images) for name, h in unpack(model, sums).items()}


def penalties(model: LeNet5, images: Tensor) -> Tensor:
    """Penalties (N, 10) for images (N, 1, 32, 32), as `eager.penalties`, by the compiled pass."""
    out = np.empty((len(images), model.classes), np.float32)
    states, _ = workspace(model.classes)
    passes.penalties_of(
        structure_of(model), _rows(images), pack_weights(model), out, states, workspace_of_images()
    )
    _check(images, states)
    return torch.from_numpy(out)


def _trained(model: LeNet5) -> dict[str, Parameter]:
    """The parameters that are trained, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def _filled(model: LeNet5, value: float) -> dict[str, Tensor]:
    """A value for each parameter that is trained; `pack` leaves 0 for all others."""
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


def _adam_of(optimizer: Optimizer, model: LeNet5) -> passes.Adam:
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
    return passes.Adam(float(group["lr"]), beta, squared_beta, float(group["eps"]), steps.pop())


def _moments(optimizer: Optimizer, model: LeNet5) -> list[dict[str, Tensor]]:
    """Adam's first and second moments, 0 before its first step."""
    return [
        {name: optimizer.state.get(p, {}).get(key, torch.zeros_like(p))
         for name, p in _trained(model).items()}
        for key in ("exp_avg", "exp_avg_sq")
    ]  # fmt: skip


def _keep_moments(
    optimizer: Optimizer, model: LeNet5, moments: list[np.ndarray], steps: int
) -> None:
    """Put the moments after so many steps where Adam looks for them."""
    first, second = (unpack(model, packed) for packed in moments)
    for name, p in _trained(model).items():
        optimizer.state[p] = {
            "step": torch.tensor(float(steps)), "exp_avg": first[name], "exp_avg_sq": second[name]
        }  # fmt: skip


def _rows(images: Tensor) -> np.ndarray:
    """The images as (N, 1024). Raises ValueError for others: compiled code looks at no bounds."""
    if images.dtype != torch.float32 or images.shape[1:] != (1, FIELD, FIELD):
        raise ValueError(
            f"expected float32 images of shape (N, 1, {FIELD}, {FIELD}), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    return images.flatten(1).contiguous().numpy()


def _check(images: Tensor, states: np.ndarray) -> None:
    """Raises ValueError if an image that left these states has a value that no image has.

    The pass itself looks at each value as it reads it: to look before would be to read all images twice.
    """
    if outside(states):
        check_values(images)


def _loss(loss: Loss) -> passes.Loss:
    """The loss in numbers. Raises ValueError for one that is no mean, which a pass steps by."""
    if loss.reduction != "mean":
        raise ValueError(f"expected a loss that is the mean over the patterns, got {loss}")
    j, competition = (loss.j, 1) if isinstance(loss, MAPLoss) else (0.0, 0)
    return passes.Loss(np.float32(j), np.float32(competition), np.float32(loss.factor))
