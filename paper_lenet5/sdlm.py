"""Stochastic diagonal Levenberg-Marquardt, for every single parameter. Appendix C, eq. 18 to 27."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, get_args, overload

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parallel import DataParallel, DistributedDataParallel

from .checks import is_false
from .layers import Subsampling
from .losses import MAPLoss, MSELoss
from .rbf import distances
from .recursion import Kind, NoRule, Passed, Rule, forward, through_squares

MU = 0.02
"""mu of eq. 21 (section III-B)."""
CURVATURE_PATTERNS = 500
"""Patterns that the curvature is estimated on before each pass (section III-B)."""
CoefficientInput = Literal["sum", "each"]
"""What feeds the one weight of a subsampling unit (D8)."""
SUBSAMPLING: dict[CoefficientInput, dict[Kind, Rule]] = {
    "sum": {},
    "each": {Subsampling: through_squares},
}
"""The rules for it: none, since its sum and its product each have one; or one for both together."""
LossFunction = Callable[[Tensor, Tensor], Tensor]
"""Outputs and targets to a loss: the mean over the patterns, their sum, or numbers of each of them."""


def diagonal_curvature(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    loss: LossFunction,
    output_curvature: float | None = None,
    coefficient_input: CoefficientInput = "sum",
) -> dict[str, Tensor]:
    """h_kk of eq. 23 for every trainable parameter: {name: tensor of the parameter's shape} >= 0.

    The network may be of any layers for which `recursion` has rules. x (P, ...) are its inputs, y
    (P, ...) their labels or targets, as the loss takes them; the mean over the P patterns is taken
    (eq. 24), whatever the loss's reduction. The recursion starts from d2E / dx2 at the output, or at
    F6, where eq. 7 ends the network; what curves downwards there counts as 0. The constant
    `output_curvature` takes its place in the authors' later code, and in our training too (D6). What
    feeds the one weight of a subsampling unit is the "sum" of its four inputs, or each of the four by a
    connection of its own ("each", D8). While it runs no other thread may use the model.

    Raises NoRule, a ValueError, for networks that are more than linear layers and functions of single
    numbers, and for parameters that the output does not depend on; ValueError for what is no network,
    inputs that it does not take, none at all or several tensors of them, losses that tie patterns
    together, or unknown options.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"expected a network, an nn.Module, got {type(model).__name__}")
    if not (isinstance(x, Tensor) and isinstance(y, Tensor)):
        raise ValueError(
            f"expected inputs and labels in one tensor each, got {type(x).__name__} and "
            f"{type(y).__name__}: several inputs go side by side in one, for `forward` to part"
        )
    if x.ndim == 0 or y.ndim == 0 or not 1 <= len(x) == len(y):
        n, m = (len(t) if t.ndim else "a single number" for t in (x, y))
        raise ValueError(f"expected P >= 1 inputs and labels, got {n} and {m}")
    check_options(output_curvature, coefficient_input)
    trained = trained_parameters(model)
    passed = forward(_inside(model), x, SUBSAMPLING[coefficient_input])
    curvature = _at_states(passed, y, loss)
    if output_curvature is not None:
        curvature = torch.full_like(curvature, output_curvature)
    sums = torch.autograd.grad(passed.states, list(trained.values()), curvature, allow_unused=True)
    unused = [name for name, h in zip(trained, sums, strict=True) if h is None]
    if unused:
        raise NoRule(
            f"no curvature comes to {', '.join(unused)}: the output does not depend on it; if it is not "
            "to be trained, call its requires_grad_(False)"
        )
    return {name: h / len(x) for name, h in zip(trained, sums, strict=True)}


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are trained, by name. Raises ValueError where there is none."""
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not trained:
        raise ValueError("no parameter is trained: call model.requires_grad_() before")
    return trained


def check_options(output_curvature: float | None, coefficient_input: CoefficientInput) -> None:
    """Raises ValueError for options that `diagonal_curvature` does not know, in either engine."""
    known = get_args(CoefficientInput)
    if coefficient_input not in known:
        raise ValueError(f"expected one of {known}, got {coefficient_input!r}")
    if output_curvature is not None and not output_curvature >= 0:
        raise ValueError(f"expected output_curvature >= 0 or None, got {output_curvature}")


def _inside(model: nn.Module) -> nn.Module:
    """The network itself, without what runs it in parallel or compiles it."""
    if isinstance(model, DataParallel | DistributedDataParallel):
        return _inside(model.module)
    compiled = getattr(model, "_orig_mod", None)
    return _inside(compiled) if isinstance(compiled, nn.Module) else model


def _at_states(passed: Passed, y: Tensor, loss: LossFunction) -> Tensor:
    """d2E / dx2 of each pattern's loss, at the states that the recursion starts from."""
    again = _unchanged(loss)
    with torch.enable_grad():
        of_batch = loss(passed.output, y)
    if isinstance(loss, MSELoss | MAPLoss):
        # that one pattern has: more than one if it is wide
        answers = y[0].numel() if loss.reduction == "mean" else 1
        if passed.ending is None:
            return loss.output_curvature(passed.output.detach()) / answers
        if passed.ending.function is distances and passed.ending.is_moved_to(passed.output):
            f6, (centers,) = passed.start.detach(), passed.ending.args
            return loss.curvature(f6.flatten(0, -2), centers).view_as(f6) / answers
    times, v = _second_derivatives(of_batch, passed.start), _random_like(passed.start)
    along = times(v)
    curvature = _diagonal(times, v, along).clamp(min=0)
    if len(y) == 1 or (of_batch.ndim and len(of_batch) == len(y)):
        return curvature
    return curvature * len(y) if _is_mean(v, along, passed, y, again) else curvature


def _unchanged(loss: LossFunction) -> LossFunction:
    """The loss as it is now, whatever it keeps in its buffers when it is called."""
    if not isinstance(loss, nn.Module):
        return loss
    kept = {name: value.clone() for name, value in loss.named_buffers()}
    return lambda outputs, y: functional_call(loss, kept, (outputs, y))


@torch.enable_grad()
def _is_mean(v: Tensor, along: Tensor, passed: Passed, y: Tensor, loss: LossFunction) -> bool:
    """Whether a loss, whose second derivatives take v to `along`, is a mean over the patterns.

    Else it is their sum. Among twice as many patterns, each has half its second derivatives in a mean,
    and all in a sum. Raises ValueError for losses of which neither is true.
    """
    outputs, targets = torch.cat([passed.output, passed.output.detach()]), torch.cat([y, y])
    try:
        of_both = loss(outputs, targets)
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            "the loss does not take twice as many patterns, by which a mean over them is told from a "
            "sum: let it give each pattern's own, of shape (P,)"
        ) from error
    among = _second_derivatives(of_both, passed.start)(v)
    atol = torch.finfo(v.dtype).eps ** 0.5 * along.nan_to_num().abs().max().item()
    for share in (0.5, 1):
        if torch.allclose(among, share * along, rtol=0, atol=atol, equal_nan=True):
            return share < 1
    raise ValueError(
        "expected a loss that is the mean or the sum over the patterns, or numbers of each of them: "
        "this one ties patterns together, or draws at random"
    )


def _diagonal(times: Callable[[Tensor], Tensor], v: Tensor, along: Tensor) -> Tensor:
    """The second derivative by every number, (P, ...), where patterns have no part in each other's.

    A matrix of second derivatives that takes v, random numbers, to what its row sums say is diagonal,
    and the sums are the answer; of any other, each column has to be asked for.
    """
    sums, kind = times(torch.ones_like(v)), torch.finfo(v.dtype)
    if torch.allclose(along, sums * v, rtol=64 * kind.eps, atol=kind.tiny):
        return sums
    second = torch.zeros_like(v).reshape(len(v), -1)
    for k in range(second.shape[1]):
        column = torch.zeros_like(second)
        column[:, k] = 1
        second[:, k] = times(column.view_as(v)).reshape(len(v), -1)[:, k]
    return second.view_as(v)


def _second_derivatives(value: Tensor, x: Tensor) -> Callable[[Tensor], Tensor]:
    """What multiplies numbers like x with the matrix of second derivatives of value, or of its sum."""
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)

    def times(v: Tensor) -> Tensor:
        if not gradient.requires_grad:
            return torch.zeros_like(x)
        (product,) = torch.autograd.grad(gradient, x, v, retain_graph=True, materialize_grads=True)
        return product

    return times


def _random_like(x: Tensor) -> Tensor:
    """Numbers from 1 to 2, the same in every call; PyTorch's own random numbers stay as they are."""
    drawn = torch.rand(x.shape, generator=torch.Generator().manual_seed(0), device="cpu")
    return 1 + drawn.to(x)


class SDLM(torch.optim.Optimizer):
    """w_k <- w_k - eta / (mu + h_kk) dE/dw_k, for one pattern at a time (eq. 18, 21).

    Give it `model.named_parameters()`, or groups of them; those that are not trained are left alone.
    `lr` is eta, the global learning rate per pattern, which schedulers may change. `set_curvature`
    takes the h_kk, which then stay as they are until it is called again, before every pass. Stepping
    before the curvature is known raises RuntimeError.
    """

    def __init__(
        self,
        named_parameters: Iterable[tuple[str, nn.Parameter]] | Iterable[dict[str, Any]],
        lr: float,
        mu: float = MU,
    ):
        super().__init__(named_parameters, {"lr": lr, "mu": mu})
        self._kept: dict[nn.Parameter, tuple[Tensor | None, tuple[Any, ...], Tensor]] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on from a state, whose step sizes are those of its curvature and rates."""
        super().__setstate__(state)
        self._kept = {}

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, {"params": named parameters}, with an "lr" or "mu" of their own if given.

        Raises ValueError for parameters without names, for a name that stands for another parameter
        already, and for rates that are not above 0; the optimiser stays as it was then.
        """
        super().add_param_group(param_group)
        group = self.param_groups.pop()  # until it is known to be in order
        self._check(group)
        self.param_groups.append(group)

    def set_curvature(self, curvature: Mapping[str, Tensor]) -> None:
        """Keep h_kk >= 0 for each parameter, by name, in the parameter's shape and where it lies.

        Raises ValueError for names that are missing, other shapes, and what is not finite or below 0.
        """
        missing = [name for name, *_ in self._named() if name not in curvature]
        if missing:
            raise ValueError(
                f"no curvature is given for {_listed(missing)}, but for {_listed(curvature)}: measure "
                "the very network whose named_parameters() SDLM has, compiled or wrapped alike"
            )
        kept = {}
        for name, p, _ in self._named():
            h = curvature[name]
            if h.shape != p.shape or is_false(((h >= 0) & h.isfinite()).all()):
                raise ValueError(
                    f"expected a finite curvature >= 0 of shape {tuple(p.shape)} for {name}"
                )
            kept[p] = h.detach().to(p, copy=True)
        for p, h in kept.items():
            self.state[p]["curvature"] = h

    def step_sizes(self) -> dict[str, Tensor]:
        """epsilon_k = eta / (mu + h_kk) of eq. 21, by name, each in its parameter's shape."""
        return {name: self.step_size(p, group) for name, p, group in self._named()}

    def step_size(self, p: nn.Parameter, group: dict[str, Any]) -> Tensor:
        """epsilon_k of one parameter of a group. Raises RuntimeError where no curvature is known."""
        if "curvature" not in self.state[p]:
            raise RuntimeError("the curvature is not known yet: call set_curvature() before a pass")
        step: Tensor = group["lr"] / (group["mu"] + self.state[p]["curvature"])
        return step

    def _kept_step_size(self, p: nn.Parameter, group: dict[str, Any]) -> Tensor:
        """That of a step before, unless eta, mu or the curvature is another now, or was changed."""
        h, lr, mu = self.state[p].get("curvature"), float(group["lr"]), float(group["mu"])
        made_of = (lr, mu, None if h is None else h._version)
        kept = self._kept.get(p)
        if kept is None or kept[0] is not h or kept[1] != made_of:
            kept = self._kept[p] = h, made_of, self.step_size(p, group)
        return kept[-1]

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
        moving = [
            (p, p.grad, self._kept_step_size(p, group))
            for _, p, group in self._named()
            if p.grad is not None
        ]
        for p, gradient, size in moving:  # all of them, or, where a curvature is not known, none
            p.sub_(size * gradient)
        return value

    def _check(self, group: dict[str, Any]) -> None:
        """Raises ValueError for a group that cannot stand beside those that there are."""
        if not (0 < group["lr"] < math.inf and 0 < group["mu"] < math.inf):
            raise ValueError(
                f"expected lr > 0 and mu > 0, both finite, got lr={group['lr']}, mu={group['mu']}"
            )
        if "param_names" not in group:
            raise ValueError("expected named parameters: SDLM(model.named_parameters(), ...)")
        names = Counter(name for one in [*self.param_groups, group] for name in one["param_names"])
        twice = ", ".join(name for name, count in names.items() if count > 1)
        if twice:
            raise ValueError(
                f"expected a name of its own for each parameter, got {twice} more than once: "
                'model.part.named_parameters(prefix="part") tells the parts of a model apart'
            )

    def _named(self) -> Iterator[tuple[str, nn.Parameter, dict[str, Any]]]:
        """Name, parameter and group of each parameter that is trained."""
        for group in self.param_groups:
            for name, p in zip(group["param_names"], group["params"], strict=True):
                if p.requires_grad:
                    yield name, p, group


def _listed(names: Iterable[str]) -> str:
    """The names, or the first three of them."""
    first, more = [*names][:3], [*names][3:]
    return ", ".join([*first, *(["..."] if more else [])]) or "nothing"
