"""How good is appendix C's recursion? Eq. 27 against the exact diagonal of the Gauss-Newton matrix.

Eq. 27 carries the curvature down unit by unit and drops what is off the diagonal in every layer;
eq. 23 drops it between connections that share a weight. The Gauss-Newton matrix keeps both: its
diagonal is J^T H J, with J = dx / dw of F6's 84 states and H the loss's 84x84 Hessian in them.
"""

import argparse
import copy
import json
import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from paper_lenet5 import LeNet5, MAPLoss, MSELoss, diagonal_curvature
from paper_lenet5.losses import Loss
from paper_lenet5.mnist import SHA256, load_mnist
from paper_lenet5.training import Recipe, Session, Split, generator

RECIPE = Recipe()
CHUNK = 4
"""Patterns whose Jacobians, 84 x 60,000 float64 each, are held at once: 160 MB, and as much again."""


class Comparison(NamedTuple):
    """A loss, whose exact diagonal is one side, and where the recursion starts from, the other."""

    title: str
    loss: Loss
    f6_curvature: float | None


COMPARISONS = {
    "eq8": Comparison("Eq. 8, from its own curvature at F6, 2 for every unit", MSELoss(), None),
    "eq9": Comparison("Eq. 9, from its own curvature at F6, the diagonal of H", RECIPE.loss, None),
    "recipe": Comparison("Eq. 9, from the constant 2 (as trained)", RECIPE.loss, RECIPE.f6_curvature),
}


def hessian_at_f6(loss: Loss, f6: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """d2E / dx dx' of each pattern's loss, as `multiple` I + `rows`^T `rows`: never negative.

    f6 (N, 84), centers (10, 84) to multiple (N,) and rows (N, 0 or 11, 84). Eq. 8 has 2 I. Eq. 9
    has 2 p_rubbish I + Cov_p[2 (x - w_i)], p the posterior over ten classes and rubbish, for which
    2 (x - w_i) is 0: the eleven rows are sqrt(p_i) times what it is less its mean.
    """
    if isinstance(loss, MSELoss):
        return f6.new_full((len(f6),), 2.0), f6.new_zeros(len(f6), 0, f6.shape[1])
    differences = f6.unsqueeze(1) - centers  # (N, 10, 84)
    penalties = nn.functional.pad(differences.square().sum(2), (0, 1), value=loss.j)
    p = torch.softmax(-penalties, 1)  # (N, 11)
    gradients = nn.functional.pad(2 * differences, (0, 0, 0, 1))  # (N, 11, 84)
    mean = (p.unsqueeze(2) * gradients).sum(1, keepdim=True)
    return 2 * p[:, -1], p.sqrt().unsqueeze(2) * (gradients - mean)


def exact_diagonals(
    model: LeNet5, images: Tensor, losses: Sequence[Loss], chunk: int = CHUNK
) -> list[dict[str, Tensor]]:
    """The diagonal of J^T H J, mean over images (P, 1, 32, 32), for every parameter; one dict per loss.

    It is the sum over k of multiple (dx_k / dw)^2, and over H's rows r of (r . dx / dw)^2.
    """
    to_f6 = copy.deepcopy(model)
    to_f6.rbf = nn.Identity()
    parameters = {name: p.detach() for name, p in to_f6.named_parameters()}

    def f6_of(parameters: dict[str, Tensor], image: Tensor) -> Tensor:
        return functional_call(to_f6, parameters, image.unsqueeze(0)).squeeze(0)  # (84,)

    jacobians_of = vmap(jacrev(f6_of), (None, 0))
    sums = [{name: torch.zeros_like(p) for name, p in parameters.items()} for _ in losses]
    for some in images.split(chunk):
        with torch.no_grad():
            f6 = to_f6(some)
        hessians = [hessian_at_f6(loss, f6, model.rbf.centers) for loss in losses]
        for name, jacobian in jacobians_of(parameters, some).items():
            jacobian = jacobian.flatten(2)  # (N, 84, parameters)
            squares = jacobian.square().sum(1)
            for into, (multiple, rows) in zip(sums, hessians, strict=True):
                total = multiple @ squares + (rows @ jacobian).square().sum((0, 1))
                into[name] += total.view_as(into[name])
    return [{name: h / len(images) for name, h in of_loss.items()} for of_loss in sums]
