"""Stochastic diagonal Levenberg-Marquardt, for every single parameter. Appendix C, eq. 18 to 27."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args, overload

import torch
from torch import Tensor, nn
from torch.func import functional_call

from .layers import Subsampling
from .lenet5 import LeNet5
from .losses import Loss
from .preprocessing import FIELD

MU = 0.02
"""mu of eq. 21 (section III-B)."""
CURVATURE_PATTERNS = 500
"""Patterns that the curvature is estimated on before each pass (section III-B)."""
CoefficientInput = Literal["sum", "each"]
"""What feeds the one weight of a subsampling unit (D8)."""


@torch.no_grad()
def diagonal_curvature(
    model: LeNet5,
    images: Tensor,
    labels: Tensor,
    loss: Loss,
    output_curvature: float | None = None,
    coefficient_input: CoefficientInput = "sum",
) -> dict[str, Tensor]:
    """h_kk of eq. 23 for every trainable parameter: {name: tensor of the parameter's shape} >= 0.

    images (P, 1, 32, 32) float32, labels (P,); the plain mean over the P patterns (eq. 24). The
    recursion starts from d2E / dx2 at F6: the loss's own, or the constant `output_curvature` that the
    authors' later code puts in its place, and our training too (D6). What feeds the one weight of a
    subsampling unit is the "sum" of its four inputs, or each of the four by a connection of its own
    ("each", D8).
    Neither loss's curvature depends on the labels; they only have to be as many as the images.
    Raises ValueError for images that the model does not take, none at all, or unknown options.
    """
    if images.ndim == 0 or labels.ndim != 1 or not 1 <= len(images) == len(labels):
        n, m = (len(t) if t.ndim else "a single number" for t in (images, labels))
        raise ValueError(f"expected P >= 1 images and labels, got {n} and {m}")
    check_options(output_curvature, coefficient_input)
    if images.shape[2:] != (FIELD, FIELD):
        raise ValueError(f"expected images of {FIELD}x{FIELD}, got {tuple(images.shape)}")
    states = model.states(images)
    *_, last = states.values()
    last = last.flatten(1)
    if output_curvature is None:
        at_last = model.loss_curvature(loss, last)
    else:
        at_last = torch.full_like(last, output_curvature)
    sums = back_through_layers(passed(model, images, states), at_last, coefficient_input)
    return {
        name: sums[name] / len(images) for name, p in model.named_parameters() if p.requires_grad
    }


def check_options(output_curvature: float | None, coefficient_input: CoefficientInput) -> None:
    """Raises ValueError for options that `diagonal_curvature` does not know, in either engine."""
    known = get_args(CoefficientInput)
    if coefficient_input not in known:
        raise ValueError(f"expected one of {known}, got {coefficient_input!r}")
    if output_curvature is not None and not output_curvature >= 0:
        raise ValueError(f"expected output_curvature >= 0 or None, got {output_curvature}")


class Passed(NamedTuple):
    """A layer that patterns have gone through, its inputs, and f'(a) of its units, by their states."""

    name: str
    layer: nn.Module
    inputs: Tensor
    slopes: Tensor


def passed(model: LeNet5, images: Tensor, states: Mapping[str, Tensor]) -> list[Passed]:
    """Every layer of the model with what its `states` say, from C1 upwards."""
    inputs = dict(zip(states, [images, *states.values()][:-1], strict=True))
    inputs["f6"] = inputs["f6"].movedim(1, -1)
    return [
        Passed(name, getattr(model, name), inputs[name], model.activation(name).slope(state))
        for name, state in states.items()
    ]


def back_through_layers(
    layers: Sequence[Passed], at_state: Tensor, coefficient_input: CoefficientInput
) -> dict[str, Tensor]:
    """Eq. 25 and 27 from the last layer down to the first.

    `at_state` is d2E / dx2 of the last layer's states, in any shape. Returns what eq. 23 sums up of
    each parameter, {"layer.parameter": sum over the patterns}.
    """
    sums: dict[str, Tensor] = {}
    for name, layer, inputs, slopes in reversed(layers):
        at_sum = slopes.square() * at_state.view_as(slopes)
        squares = squared_inputs(layer, inputs, coefficient_input)
        of_parameters, at_state = back_through_squares(layer, squares, at_sum)
        sums |= {f"{name}.{key}": h for key, h in of_parameters.items()}
    return sums


def squared_inputs(layer: nn.Module, x: Tensor, coefficient_input: CoefficientInput) -> Tensor:
    """x_j^2 of eq. 23, for a layer of any kind."""
    if isinstance(layer, Subsampling):
        return layer.squares(x, each=coefficient_input == "each")
    return x.square()


def back_through_squares(
    layer: nn.Module, squared_inputs: Tensor, at_sum: Tensor
) -> tuple[dict[str, Tensor], Tensor]:
    """Eq. 23, 25 and 27 for one layer, by the layer's own backward pass over squares.

    A layer is linear in its inputs and in its weights. With both replaced by their squares, its
    gradient with respect to a weight is the sum of (d2E / da2) x_j^2 over the connections that
    share it, and with respect to an input the sum of u_ki^2 (d2E / da2) over the units it feeds.
    Returns {parameter: sum over the patterns} and d2E / dx2 of the layer's inputs.
    """
    with torch.enable_grad():
        squares = {
            name: p.detach().square().requires_grad_() for name, p in layer.named_parameters()
        }
        squared_inputs = squared_inputs.detach().requires_grad_()
        output = functional_call(layer, squares, squared_inputs)
        *of_parameters, of_inputs = torch.autograd.grad(
            output, [*squares.values(), squared_inputs], at_sum
        )
    return dict(zip(squares, of_parameters, strict=True)), of_inputs


class SDLM(torch.optim.Optimizer):
    """w_k <- w_k - eta / (mu + h_kk) dE/dw_k, for one pattern at a time (eq. 18, 21).

    Give it `model.named_parameters()`; those that are not trained are left alone. `set_curvature`
    takes the h_kk, which then stay as they are until it is called again, before every pass; `eta`,
    the global learning rate per pattern, is each param_group's "lr", as of all optimisers. Stepping
    before the curvature is known raises RuntimeError.
    """

    def __init__(
        self, named_parameters: Iterable[tuple[str, nn.Parameter]], eta: float, mu: float = MU
    ):
        if not (0 < eta < math.inf and 0 < mu < math.inf):
            raise ValueError(f"expected eta > 0 and mu > 0, both finite, got eta={eta}, mu={mu}")
        super().__init__(named_parameters, {"lr": eta, "mu": mu})
        if "param_names" not in self.param_groups[0]:
            raise ValueError("expected named parameters: SDLM(model.named_parameters(), ...)")

    def set_curvature(self, curvature: Mapping[str, Tensor]) -> None:
        """Keep h_kk >= 0 for each parameter, by name, in the parameter's shape."""
        for name, p, _ in self._named():
            h = curvature.get(name)
            if h is None or h.shape != p.shape or not ((h >= 0) & h.isfinite()).all():
                raise ValueError(
                    f"expected a finite curvature >= 0 of shape {tuple(p.shape)} for {name}"
                )
            self.state[p]["curvature"] = h.detach().clone()

    def step_sizes(self) -> dict[str, Tensor]:
        """epsilon_k = eta / (mu + h_kk) of eq. 21, by name, each in its parameter's shape."""
        return {name: self._step_size(p, group) for name, p, group in self._named()}

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Eq. 18, for the gradients that lie in `.grad`. Returns what `closure` returns, if given."""
        value = None
        if closure is not None:
            with torch.enable_grad():
                value = closure()
        for _, p, group in self._named():
            if p.grad is not None:
                p.sub_(self._step_size(p, group) * p.grad)
        return value

    def _step_size(self, p: Tensor, group: dict[str, Any]) -> Tensor:
        """The epsilon_k of one parameter. Raises RuntimeError where its curvature is not known."""
        if "curvature" not in self.state[p]:
            raise RuntimeError("the curvature is not known yet: call set_curvature() before a pass")
        step: Tensor = group["lr"] / (group["mu"] + self.state[p]["curvature"])
        return step

    def _named(self) -> Iterator[tuple[str, nn.Parameter, dict[str, Any]]]:
        """Name, parameter and group of each parameter that is trained."""
        for group in self.param_groups:
            for name, p in zip(group["param_names"], group["params"], strict=True):
                if p.requires_grad:
                    yield name, p, group
