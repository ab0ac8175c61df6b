"""What `paper_lenet5.eager` does, compiled. Needs numba (the extra `train`).

Works on one CPU core with the interpreter's lock released: threads train side by side.
"""

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from ..checks import check_labels, check_pass
from ..lenet5 import LeNet5
from ..losses import Loss, MAPLoss
from ..preprocessing import FIELD, check_values
from ..sdlm import CoefficientInput, check_options, trained_parameters
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
from .optimizers import NO_ADAM, adam_of, held_by, keep_moments, moments_of, step_sizes

__all__ = ["diagonal_curvature", "on_compiling", "penalties", "train_one_pass"]


_NO_CURVATURE = passes.Curvature(False, np.float32(-1), False)


def train_one_pass(
    model: LeNet5, optimizer: Optimizer, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
    batch: int = 1,
) -> int:  # fmt: skip
    """Do what `eager.train_one_pass` does, compiled, for SDLM, torch.optim.SGD and torch.optim.Adam.

    As there, the parameters that the optimiser holds are trained, each by the rate of its group.
    Raises ValueError for labels or an order out of range, for parameters that are not float32 on the
    CPU, and where none is trained; TypeError for another optimiser (a subclass, too), for options of
    SGD or Adam other than the rate, the betas and epsilon, and where parameters differ in Adam's betas,
    epsilon or number of steps.
    """
    check_pass(model, images, labels, order, batch)
    patterns = (_rows(images), labels.contiguous().numpy(), order.contiguous().numpy())
    setting = passes.Setting(
        structure_of(model), _loss(loss), _NO_CURVATURE, *workspace(len(model.classes))
    )
    weights, held = pack_weights(model), held_by(optimizer, model)
    adam = adam_of(optimizer, held)
    steps = pack(model, step_sizes(optimizer, held, adam))
    if batch == 1 and adam is NO_ADAM:
        arrays = passes.Arrays(weights, weights, weights, steps)
        errors = passes.one_by_one(setting, *patterns, arrays)
    else:
        moments = [pack(model, of_all) for of_all in moments_of(optimizer, held)]
        gradients, minus_one = (pack(model, _filled(model, value)) for value in (0, -1))
        arrays = passes.Arrays(weights, weights, gradients, minus_one)
        errors = passes.train_in_batches(setting, *patterns, batch, arrays, steps, adam, *moments)
    _check(images, setting.states)
    learned = {name: value for name, value in unpack(model, weights).items() if name in held}
    model.load_state_dict(learned, strict=False)
    if adam is not NO_ADAM:
        first, second = (unpack(model, packed) for packed in moments)
        keep_moments(optimizer, held, first, second, adam.steps + -(-len(order) // batch))
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
    network, weights = structure_of(model), pack_weights(model)
    sums, minus_one = (pack(model, _filled(model, value)) for value in (0, -1))
    constant = np.float32(-1 if output_curvature is None else output_curvature)
    curvature = passes.Curvature(True, constant, coefficient_input == "each")
    setting = passes.Setting(network, _loss(loss), curvature, *workspace(len(model.classes)))
    passes.one_by_one(
        setting, _rows(images), labels.contiguous().numpy(), np.arange(len(images)),
        passes.Arrays(weights, np.square(weights), sums, minus_one),
    )  # fmt: skip
    _check(images, setting.states)
    return {name: h / len(images) for name, h in unpack(model, sums).items()}


def penalties(model: LeNet5, images: Tensor) -> Tensor:
    """Penalties (N, 10) for images (N, 1, 32, 32), as `eager.penalties`, by the compiled pass."""
    out = np.empty((len(images), len(model.classes)), np.float32)
    states, _ = workspace(len(model.classes))
    passes.penalties_of(
        structure_of(model), _rows(images), pack_weights(model), out, states, workspace_of_images()
    )
    _check(images, states)
    return torch.from_numpy(out)


def _filled(model: LeNet5, value: float) -> dict[str, Tensor]:
    """A value for each parameter that is trained; `pack` leaves 0 for all others."""
    return {name: torch.full_like(p, value) for name, p in trained_parameters(model).items()}


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
