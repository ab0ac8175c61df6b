"""What a compiled pass has to know of an optimiser: the step of each parameter, and what Adam keeps.

A parameter is known by itself: an optimiser may hold some of the model's, or have other names for them.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Adam, Optimizer

from ..lenet5 import LeNet5
from ..sdlm import SDLM, trained_parameters
from . import passes

Held = dict[str, tuple[Parameter, dict[str, Any]]]
"""Parameters that an optimiser trains, by the model's names, each with the group that it is in."""

_HEEDED: dict[type[Optimizer], set[str]] = {
    SDLM: {"lr", "mu"},
    SGD: {"lr"},
    Adam: {"lr", "betas", "eps"},
}
"""Options that a compiled pass goes by; all others have to be off."""
_NOT_OF_THE_STEP = {"foreach", "fused", "capturable", "differentiable"}
"""Options that say how PyTorch computes a step, and not which."""
NO_ADAM = passes.Adam(0.0, 0.0, 0.0, 0.0, 0)


def held_by(optimizer: Optimizer, model: LeNet5) -> Held:
    """Those of the model's parameters that require gradients and that the optimiser holds.

    Raises TypeError for an optimiser, or an option of one, that a compiled pass would not heed, and
    ValueError where no parameter requires gradients.
    """
    kind = type(optimizer)
    if kind not in _HEEDED:
        raise TypeError(f"expected SDLM, or plain SGD or Adam, got {kind.__name__}")
    others = optimizer.defaults.keys() - _HEEDED[kind] - _NOT_OF_THE_STEP
    on = sorted({name for name in others for group in optimizer.param_groups if group[name]})
    if on:
        got = f"{kind.__name__} with {', '.join(on)}"
        raise TypeError(f"expected SDLM, or plain SGD or Adam, got {got}")
    groups = {p: group for group in optimizer.param_groups for p in group["params"]}
    return {name: (p, groups[p]) for name, p in trained_parameters(model).items() if p in groups}


def step_sizes(optimizer: Optimizer, held: Held, adam: passes.Adam) -> dict[str, Tensor]:
    """What each parameter's gradient is multiplied by; of Adam's steps, the share of `adam.rate`."""
    if isinstance(optimizer, SDLM):
        return {name: optimizer.step_size(p, group) for name, (p, group) in held.items()}
    whole = adam.rate or 1.0
    return {
        name: torch.full_like(p, float(group["lr"]) / whole) for name, (p, group) in held.items()
    }


def adam_of(optimizer: Optimizer, held: Held) -> passes.Adam:
    """What Adam does, its largest rate in it; NO_ADAM for the other two, and for no parameters.

    Raises TypeError where the parameters differ in more than their rate.
    """
    if not isinstance(optimizer, Adam) or not held:
        return NO_ADAM
    largest = max(float(group["lr"]) for _, group in held.values()) or 1.0
    of_each = {
        passes.Adam(
            largest, float(group["betas"][0]), float(group["betas"][1]), float(group["eps"]),
            int(_state(optimizer, p).get("step", 0)),
        )
        for p, group in held.values()
    }  # fmt: skip
    if len(of_each) > 1:
        raise TypeError("expected Adam with the same betas, eps and steps made for all parameters")
    return of_each.pop()


def moments_of(optimizer: Optimizer, held: Held) -> list[dict[str, Tensor]]:
    """Adam's first and second moments, 0 before its first step."""
    return [
        {name: _state(optimizer, p).get(key, torch.zeros_like(p)) for name, (p, _) in held.items()}
        for key in ("exp_avg", "exp_avg_sq")
    ]


def keep_moments(
    optimizer: Optimizer, held: Held, first: dict[str, Tensor], second: dict[str, Tensor],
    steps: int,
) -> None:  # fmt: skip
    """Put the moments after so many steps where Adam looks for them."""
    for name, (p, _) in held.items():
        optimizer.state[p] = {
            "step": torch.tensor(float(steps)), "exp_avg": first[name], "exp_avg_sq": second[name]
        }  # fmt: skip


def _state(optimizer: Optimizer, p: Parameter) -> dict[str, Any]:
    """What the optimiser keeps of a parameter, empty before its first step."""
    kept: dict[str, Any] = optimizer.state.get(p, {})
    return kept
