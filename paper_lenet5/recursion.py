"""Appendix C's recursion through any network: a rule for each kind of layer. Eq. 23, 25, 27.

Where dx/dw is u, a gradient goes back from x to w as u times what it was, and a curvature as u squared
times (eq. 23, 25, 27). So PyTorch's own backward pass is the recursion wherever u is 0 or 1: where
numbers are moved, added, or the largest is taken. While a `Recursion` is entered, every other
function stands there with a backward pass of its rule's making.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from inspect import signature
from itertools import combinations
from traceback import walk_tb
from types import TracebackType
from typing import Any, NamedTuple, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node, disable_saved_tensors_hooks
from torch.func import functional_call
from torch.nn.functional import avg_pool2d, embedding
from torch.overrides import TorchFunctionMode, handle_torch_function, has_torch_function

from .checks import is_false

Kind = str | type[nn.Module] | Callable[..., Any]
"""What a rule is for: PyTorch's functions of that name (of torch, of torch.nn.functional, and methods of
tensors), a class of layers, or an `overridable` function."""
Rule = Callable[..., Tensor]
"""Called with the function or layer that it stands for, and with its arguments, it gives what that
gives: with the derivatives squared in its backward pass."""
RULES: dict[Kind, Rule] = {}
AnyRule = TypeVar("AnyRule", bound=Rule)
Function = TypeVar("Function", bound=Callable[..., Tensor])


def curvature_rule(*kinds: Kind) -> Callable[[AnyRule], AnyRule]:
    """Make what follows the rule for these kinds of layers and functions.

    `through_slopes` is the rule for all that works on each number alone and has nothing trained in it,
    `through_squares` for all that is linear: `curvature_rule(MyActivation)(through_slopes)`.
    """

    def registered(rule: AnyRule) -> AnyRule:
        RULES.update(dict.fromkeys(kinds, rule))
        return rule

    return registered


def overridable(function: Function) -> Function:
    """The function as one that can have a rule, as PyTorch's own can."""
    parameters = signature(function)

    @wraps(function)
    def seen(*args: Any, **names: Any) -> Any:
        args = parameters.bind(*args, **names).args if names else args
        if has_torch_function(args):
            return handle_torch_function(seen, args, *args)
        return function(*args)

    return cast(Function, seen)


class NoRule(ValueError):
    """The recursion does not go through this network; the message names the layer."""


# --- what rules are made of -----------------------------------------------------------------------


class _Through(torch.autograd.Function):
    """function(*inputs), with a backward pass of its own: back(curvature, *inputs)."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., Tensor], back: Any, *inputs: Tensor) -> Tensor:
        ctx.back = back
        ctx.weighted = sum(value.requires_grad or value.numel() > 1 for value in inputs) > 1
        ctx.save_for_backward(*inputs)
        return function(*inputs)

    @staticmethod
    def backward(ctx: Any, *curvature: Any) -> Any:
        return None, None, *ctx.back(*curvature, *ctx.saved_tensors)


def through(function: Callable[..., Tensor], back: Callable[..., Any], *inputs: Tensor) -> Tensor:
    """function(*inputs), through which curvatures go back as `back` says.

    back(d2E / dx2 of the result, *inputs) is a tuple: what the recursion gives each of the inputs.
    """
    result: Tensor = _Through.apply(function, back, *inputs)
    return result


def through_slopes(function: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """x = f(a), each number for itself: f'(a)^2 (eq. 25). Nothing in f is trained."""
    if isinstance(function, nn.Module) and any(map(_needs_curvature, function.parameters())):
        raise NoRule(
            f"{_named(function)} has parameters, to which through_slopes brings no curvature: it needs "
            "a rule of its own, or to be made of functions that have one"
        )
    if any(map(_needs_curvature, (*args, *kwargs.values()))):
        raise NoRule(f"{_named(function)} of two states is not linear: it needs a rule of its own")

    def of(a: Tensor) -> Tensor:
        state = function(a, *args, **kwargs)
        if state.data_ptr() == a.data_ptr() and a.numel():
            raise NoRule(f"{_named(function)} must not work in place here: say inplace=False")
        if state.shape != a.shape:
            raise NoRule(
                f"{_named(function)} makes other numbers than one of each state: expand its input "
                "to the shape of its result"
            )
        return state

    def back(curvature: Tensor, a: Tensor) -> tuple[Tensor]:
        with torch.enable_grad():
            a = a.detach().requires_grad_()
            state = of(a)
        (slope,) = torch.autograd.grad(state, a, torch.ones_like(state))
        return (slope.square() * curvature,)

    return through(of, back, x)


def through_squares(function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """Weighted sums: linear in each of the tensors, and in a layer's parameters (eq. 23 and 27).

    With all of them replaced by their squares, the gradient by a weight is the sum of (d2E / da2) x^2
    over the connections that share it, and by an input the sum of u^2 (d2E / da2) over the units that
    it feeds. Factors that are neither tensors nor parameters have to be 0 or 1.
    """
    given: dict[Any, Any] = dict(enumerate(args)) | kwargs
    tensors = {key: value for key, value in given.items() if isinstance(value, Tensor)}
    own = dict(function.named_parameters()) if isinstance(function, nn.Module) else {}

    def of(*values: Tensor) -> Tensor:
        filled = given | dict(zip(tensors, values[len(own) :], strict=True))
        some = tuple(filled[key] for key in range(len(args)))
        named = {key: filled[key] for key in kwargs}
        if not isinstance(function, nn.Module):
            return function(*some, **named)
        result: Tensor = functional_call(
            function, dict(zip(own, values[: len(own)], strict=True)), some, named
        )
        return result

    def back(curvature: Tensor, *values: Tensor) -> Iterator[Tensor | None]:
        with torch.enable_grad():
            squares = [
                value.detach().square().requires_grad_(wanted)
                for value, wanted in zip(values, trained, strict=True)
            ]
            result = of(*squares)
        wanted = [square for square in squares if square.requires_grad]
        found = iter(torch.autograd.grad(result, wanted, curvature))
        return (next(found) if wanted else None for wanted in trained)

    inputs = (*own.values(), *tensors.values())
    trained = [value.requires_grad for value in inputs]
    return through(of, back, *inputs)


# --- the rules ------------------------------------------------------------------------------------

curvature_rule(
    "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "celu", "leaky_relu", "softplus", "softsign",
    "mish", "hardswish", "hardsigmoid", "log_sigmoid", "tanhshrink", "exp", "log", "log1p", "sqrt",
    "square", "pow", "abs", "sin", "cos", "erf", "neg", "negative",
)(through_slopes)  # fmt: skip


@curvature_rule(
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d",
)  # fmt: skip
def _weighted_sum(
    function: Callable[..., Tensor], x: Tensor, weight: Tensor, *args: Any, **kwargs: Any
) -> Tensor:
    """States times weights, which may be made of parameters."""
    _check_factors(function, x, weight)
    return through_squares(function, x, weight, *args, **kwargs)


@curvature_rule("mul", "multiply", "matmul", "mm", "bmm", "einsum")
def _product(function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """A state times a parameter or a constant."""
    factors = [arg for arg in (*args, *kwargs.values()) if isinstance(arg, Tensor)]
    if len(factors) > 2:
        raise NoRule(f"no rule for {_named(function)} of more than two tensors: take two at a time")
    _check_factors(function, *factors)
    numbers = (factors[0].new_tensor(arg) if isinstance(arg, int | float) else arg for arg in args)
    return through_squares(function, *numbers, **kwargs)


@curvature_rule("div", "divide", "true_divide")
def _quotient(function: Callable[..., Tensor], x: Tensor, divisor: Any, **kwargs: Any) -> Tensor:
    """A state divided by a constant."""
    if _needs_curvature(divisor):
        raise NoRule(
            f"{_named(function)} is not linear in its divisor: it needs a rule of its own, or a "
            "factor in the divisor's place"
        )
    divisor = divisor if isinstance(divisor, Tensor) else x.new_tensor(divisor)
    return through_squares(function, x, divisor, **kwargs)


def _check_factors(function: Callable[..., Tensor], *factors: Tensor) -> None:
    """Raises NoRule where two factors depend on the same parameter.

    But for a weight and a sum of such further down: each of its uses has its own curvature.
    """
    for first, second in combinations(factors, 2):
        is_state = _is_state(first), _is_state(second)
        used_twice = is_state[0] != is_state[1] and (_is_weighted(first) or _is_weighted(second))
        if not used_twice and _parameters(first) & _parameters(second):
            kind = "states" if all(is_state) else "factors that share a parameter"
            raise NoRule(
                f"{_named(function)} of two {kind} is not linear: it needs a rule of its own"
            )


def _parameters(value: Tensor) -> set[Tensor]:
    """Those that the value depends on, or is."""
    if value.grad_fn is None:
        return {value} if value.requires_grad else set()
    return {node.variable for node in nodes(value) if hasattr(node, "variable")}


@curvature_rule(embedding)
def _embedding(
    function: Callable[..., Tensor], x: Tensor, weight: Tensor, padding_idx: int | None = None,
    max_norm: float | None = None, norm_type: float = 2.0, *args: Any, **kwargs: Any,
) -> Tensor:  # fmt: skip
    """Rows of weights, whatever gradients are divided by or kept in (scale_grad_by_freq, sparse)."""
    if max_norm is not None:
        function(x, weight.detach(), None, max_norm, norm_type)  # which shortens the rows in place,
        weight = weight.clone()  # and will again
    return through_squares(lambda weight: function(x, weight, padding_idx), weight)


@curvature_rule("__setitem__")
def _assignment(function: Callable[..., None], x: Tensor, place: Any, value: Any) -> Tensor:
    """Numbers in the place of others: what PyTorch makes of parts would hide what was done to them."""

    def of(x: Tensor, value: Any) -> Tensor:
        x = x.clone()
        function(x, place, value)
        return x

    return x.copy_(through_squares(of, x.clone(), value))


@curvature_rule("pad")
def _padding(function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """Numbers beyond the edge, of which circular ones are assigned to parts."""
    is_circular = "circular" in (*args[2:], *kwargs.values())
    return through_squares(function, *args, **kwargs) if is_circular else function(*args, **kwargs)


@curvature_rule("sub", "subtract")
def _difference(function: Callable[..., Tensor], x: Any, y: Any, **kwargs: Any) -> Tensor:
    """x - y as a sum, in which y has the weight -1."""
    if kwargs:
        return function(x, y, **kwargs)  # which has no rule
    minus_y = through_slopes(torch.neg, y) if isinstance(y, Tensor) else -y
    result: Tensor = x + minus_y
    return result


@curvature_rule("rsub", "__rsub__")
def _difference_from(function: Callable[..., Tensor], x: Tensor, y: Any, **kwargs: Any) -> Tensor:
    """y - x."""
    return function(x, y, **kwargs) if kwargs else through_slopes(torch.neg, x) + y


@curvature_rule("mean")
def _mean(function: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A sum, each of whose n inputs has the weight 1 / n."""
    result = function(x, *args, **kwargs)
    return _average(function, result.new_tensor(x.numel() / result.numel()), x, *args, **kwargs)


@curvature_rule("prelu")
def _prelu(function: Callable[..., Tensor], x: Tensor, weight: Tensor) -> Tensor:
    """What is above 0, and what is below with a weight for each map, or one for all."""
    below = through_squares(torch.mul, x.clamp(max=0), _by_map(weight, x))
    return x.relu() + below


@curvature_rule("rrelu")
def _random_relu(
    function: Callable[..., Tensor], x: Tensor, lower: float = 1 / 8, upper: float = 1 / 3,
    training: bool = False, *args: Any, **kwargs: Any,
) -> Tensor:  # fmt: skip
    """A ReLU that leaks, unless its slopes are drawn."""
    if training:
        raise NoRule(
            "rrelu draws slopes, and the curvature would be of one draw: call model.eval()"
        )
    return through_slopes(function, x, lower, upper, training, *args, **kwargs)


@curvature_rule("avg_pool2d", "avg_pool3d")
def _average_pooling(
    function: Callable[..., Tensor], x: Tensor, kernel_size: Any, stride: Any = None,
    padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Sums of so many inputs, divided by their number, or by that of the window's places."""
    options = (kernel_size, stride, padding, ceil_mode, count_include_pad)
    with torch.no_grad():
        ones = torch.ones_like(x[:1])
        divisor = function(ones, *options, 1) / function(ones, *options, divisor_override)
    return _average(function, divisor, x, *options, divisor_override)


@curvature_rule("avg_pool1d")
def _average_pooling_of_rows(
    function: Callable[..., Tensor], x: Tensor, kernel_size: Any, stride: Any = None,
    padding: Any = 0, *args: Any, **kwargs: Any,
) -> Tensor:  # fmt: skip
    """That of maps which are one row high."""
    size, step, margin = (
        (of_rows, *(of if isinstance(of, tuple | list) else [of]))
        for of_rows, of in ((1, kernel_size), (1, stride or kernel_size), (0, padding))
    )
    maps = _average_pooling(avg_pool2d, x.unsqueeze(-2), size, step, margin, *args, **kwargs)
    return maps.squeeze(-2)


@curvature_rule("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def _adaptive_average_pooling(
    function: Callable[..., Tensor], x: Tensor, output_size: Any
) -> Tensor:
    """Averages of windows whose sizes differ by one where they do not fit."""
    with torch.no_grad():
        result, divisor = function(x[:1], output_size), x.new_tensor(1.0)
    for axis in range(2, x.ndim):
        whole, parts = x.shape[axis], result.shape[axis]
        lengths = [-(-(k + 1) * whole // parts) - k * whole // parts for k in range(parts)]
        shape = [-1 if other == axis else 1 for other in range(x.ndim)]
        divisor = divisor * x.new_tensor(lengths).view(shape)
    return _average(function, divisor, x, output_size)


def _average(
    function: Callable[..., Tensor], divisor: Tensor, x: Tensor, *args: Any, **kwargs: Any
) -> Tensor:
    """What `function` makes of x: averages, of so many inputs each."""

    def of(x: Tensor) -> Tensor:
        return function(x, *args, **kwargs)

    def back(curvature: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            averages = of(x)
        return torch.autograd.grad(averages, x, curvature / divisor)

    return through(of, back, x)


@curvature_rule("batch_norm")
def _batch_normalisation(
    function: Callable[..., Tensor], x: Tensor, mean: Tensor | None, variance: Tensor | None,
    weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Where mean and variance are known, a factor and a sum for each map."""
    if mean is None or variance is None:
        raise NoRule(
            "batch normalisation that keeps no mean and variance ties patterns together: make the "
            "layer with track_running_stats=True"
        )
    if training:
        raise NoRule("batch normalisation in training ties patterns together: call model.eval()")

    centred, factor = x + _by_map(-mean, x), (variance + eps).rsqrt()
    result = through_squares(torch.mul, centred, _by_map(factor, x))
    if weight is not None:
        result = through_squares(torch.mul, result, _by_map(weight, x))
    return result if bias is None else result + _by_map(bias, x)


def _by_map(values: Tensor, x: Tensor) -> Tensor:
    """One value for each map of x (P, maps, ...), in a shape that is broadcast over them."""
    return values.view(-1, *[1] * (x.ndim - 2))


@curvature_rule(
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"
)
def _dropout(
    function: Callable[..., Tensor], x: Tensor, p: float = 0.5, training: bool = True,
    inplace: bool = False,
) -> Tensor:  # fmt: skip
    """Nothing, unless it is on."""
    if training and p:
        raise NoRule("dropout is on, and the curvature would be of one draw: call model.eval()")
    return x


ONES = {
    "AccumulateGrad", "AdaptiveMaxPool1D", "AdaptiveMaxPool2D", "AdaptiveMaxPool3D", "Add", "Alias",
    "AsStrided", "BlockDiag", "Cat", "ChannelShuffle", "Clamp", "ClampMax", "ClampMin", "Clone",
    "Col2Im", "ConstantPadNd", "Copy", "Cumsum", "DiagEmbed", "Diagonal", "DiagonalScatter",
    "Expand", "Flip", "Gather", "Hardshrink", "Hardtanh", "Im2Col", "Index", "IndexAdd",
    "IndexCopy", "IndexFill", "IndexPut", "IndexSelect", "MaskedFill", "MaskedScatter",
    "MaskedSelect", "MaxPool2DWithIndices", "MaxPool3DWithIndices", "Permute", "PixelShuffle",
    "PixelUnshuffle", "ReflectionPad1D", "ReflectionPad2D", "ReflectionPad3D", "Relu", "Repeat",
    "ReplicationPad1D", "ReplicationPad2D", "ReplicationPad3D", "ReshapeAlias", "Roll", "Rot90",
    "Scatter", "ScatterAdd", "Select", "SelectScatter", "Slice", "SliceScatter", "Softshrink",
    "Sort", "Split", "SplitWithSizes", "Squeeze", "Stack", "Sum", "T", "Take", "Threshold",
    "ToCopy", "Topk", "Trace", "Transpose", "Tril", "Triu", "Unbind", "Unfold", "UnsafeSplit",
    "UnsafeView", "Unsqueeze", "UpsampleNearest1D", "UpsampleNearest2D", "UpsampleNearest3D",
    "UpsampleNearestExact1D", "UpsampleNearestExact2D", "UpsampleNearestExact3D", "View", "Where",
}  # fmt: skip
"""Steps of PyTorch's backward pass whose derivatives are all 0 or 1: they need no rule."""
ENDINGS: set[Kind] = {"log_softmax", "softmax"}
"""Functions that belong to the loss where they end a network: the curvature is that of both together."""

AGAIN = (
    "what is kept for the way back goes through hooks, as torch.utils.checkpoint has them to compute "
    "layers again, without the rules: measure the network without it"
)
"""What is said where that is so."""
FIRST = ("input", "other")
"""What PyTorch calls the first and second argument of functions that have rules."""


# --- the recursion --------------------------------------------------------------------------------


class Ending(NamedTuple):
    """A function that ends a network and belongs to its loss."""

    function: Callable[..., Tensor]
    states: Tensor
    """Its input, which the network below it has made: there the recursion starts."""
    start: Tensor
    """The same numbers, by which its result can be differentiated."""
    args: tuple[Any, ...]
    result: Tensor

    def is_moved_to(self, output: Tensor) -> bool:
        """Whether the network's output is the result and no more, its classes moved to axis 1."""
        moved = self.result.movedim(-1, 1)
        return moved.numel() == output.numel() and torch.equal(moved.reshape(output.shape), output)


class Passed(NamedTuple):
    """What patterns have made of a network, ready for the way back."""

    states: Tensor
    """Where the recursion starts: the output, or what feeds the network's ending."""
    start: Tensor
    """The same numbers, by which the output can be differentiated."""
    output: Tensor
    ending: Ending | None


class Recursion(TorchFunctionMode):
    """Inside it, curvatures go back through what the network computes where gradients would.

    `rules` are for this network alone. Once an ending has been met, all goes on as always. Until it is
    left, layers whose class has a rule have another `forward`: no other thread may use them.
    """

    def __init__(self, network: nn.Module, rules: Mapping[Kind, Rule] | None = None):
        super().__init__()
        self.rules = RULES | dict(rules or {})
        self.layers = {
            layer: vars(layer).get("forward")
            for layer in network.modules()
            if type(layer) in self.rules
        }
        """Each with the forward pass that it has besides its class's, as some libraries give it."""
        self.ending: Ending | None = None

    def __enter__(self) -> "Recursion":
        for layer in self.layers:
            self._replace(layer)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, at)  # type: ignore[no-untyped-call]
        for layer in self.layers:
            self._restore(layer)

    def _restore(self, layer: nn.Module) -> None:
        """Give the layer the forward pass that it had."""
        del layer.forward
        if (own := self.layers[layer]) is not None:
            layer.forward = own

    def _replace(self, layer: nn.Module) -> None:
        """Put the rule in the place of the layer's forward pass, but where the rule calls it."""

        def forward(*args: Any, **kwargs: Any) -> Tensor:
            self._restore(layer)
            try:
                given = signature(layer.forward).bind(*args, **kwargs)  # rules know no names
                return self.rules[type(layer)](layer, *given.args, **given.kwargs)
            finally:
                layer.forward = forward

        layer.forward = forward

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        wanted = any(map(_needs_curvature, (*args, *kwargs.values())))
        if self.ending or not wanted or not torch.is_grad_enabled():
            return function(*args, **kwargs)
        name = getattr(function, "__name__", "")
        is_ending = function in ENDINGS or name in ENDINGS
        rule = self._end if is_ending else self.rules.get(function) or self.rules.get(name)
        if rule is None:
            return function(*args, **kwargs)
        first = [kwargs[name] for name in FIRST if name in kwargs]
        options = {name: value for name, value in kwargs.items() if name not in FIRST}
        return rule(function, *args, *first, **options)

    def _end(
        self, function: Callable[..., Tensor], states: Tensor, *args: Any, **kwargs: Any
    ) -> Tensor:
        """The rule of endings: there the recursion starts."""
        start = states.detach().requires_grad_()
        result = function(start, *args, **kwargs)
        self.ending = Ending(function, states, start, args, result)
        return result


def forward(network: nn.Module, x: Tensor, rules: Mapping[Kind, Rule] | None = None) -> Passed:
    """Let the inputs x through the network, so that curvatures can go back from its states.

    Raises NoRule where that has steps that are neither linear nor functions of single numbers.
    """
    tying = [
        f"{name!r} ({type(layer).__name__})"
        for name, layer in network.named_modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.training
    ]
    if tying:
        raise NoRule(f"the layers {', '.join(tying)} tie patterns together: call model.eval()")
    not_again = disable_saved_tensors_hooks(AGAIN)
    try:
        with torch.enable_grad(), not_again, Recursion(network, rules) as recursion:
            output = network(x)
    except (NoRule, RuntimeError) as reason:
        if isinstance(reason, RuntimeError) and str(reason) != AGAIN:
            raise
        raise NoRule(f"{_raised_in(network, reason)}{reason}") from reason
    if not isinstance(output, Tensor):
        raise NoRule(f"expected a network that gives a tensor, got {type(output).__name__}")
    ending = recursion.ending
    if ending is None:
        start = output.detach().requires_grad_()
        passed = Passed(output, start, start, None)
    else:
        passed = Passed(ending.states, ending.start, output, ending)
        if any(
            getattr(node, "variable", ending.start) is not ending.start for node in nodes(output)
        ):
            raise NoRule(f"no rule for {_named(ending.function)} but at the end of a network")
    unknown = [node for node in nodes(passed.states) if not _is_known(node)]
    if unknown:
        kind = _kind(unknown[-1])
        raise NoRule(
            f"no rule for {_where(network, x, rules, kind)}: the recursion goes through linear layers "
            "and functions of single numbers; a layer of yours that is one needs a curvature_rule"
        )
    _check_patterns(network, x, output)
    return passed


@torch.no_grad()
def _check_patterns(network: nn.Module, x: Tensor, output: Tensor) -> None:
    """Raises NoRule where the output for the last pattern is another among its own copies.

    Copies, and as many as there were patterns, since then all sums are taken in the same order.
    """
    among_copies = network(x[-1:].repeat_interleave(len(x), 0))
    away = (among_copies[-1] - output[-1]).abs().max()
    differs = away > torch.finfo(output.dtype).eps ** 0.5 * output.abs().max()
    if is_false(~differs):
        raise NoRule(
            "the network ties patterns together, or draws at random: its output for one of them is "
            "another when the others change"
        )


def nodes(result: Tensor) -> Iterator[Node]:
    """The steps of the backward pass from the result, each once."""
    seen, ahead = set(), [result.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is not None and node not in seen:
            seen.add(node)
            ahead += [below for below, _ in node.next_functions]
            yield node


def _kind(node: Node) -> str:
    """What the node differentiates: "Softmax" of SoftmaxBackward0."""
    return type(node).__name__.partition("Backward")[0]


def _is_known(node: Node) -> bool:
    """Whether the node squares, or has nothing to square."""
    of_ones = _kind(node) in ONES and getattr(node, "_saved_alpha", 1) == 1
    return of_ones or _kind(node) == _Through.__name__


def _needs_curvature(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _is_state(value: Tensor) -> bool:
    """Whether a layer has made it; a parameter, however it is folded or cut, is none."""
    return any(_kind(node) == _Through.__name__ for node in nodes(value))


def _is_weighted(state: Tensor) -> bool:
    """Whether two things have been multiplied in it, neither of them a number."""
    return any(getattr(node, "weighted", False) for node in nodes(state))


def _named(function: Any) -> str:
    return type(function).__name__ if isinstance(function, nn.Module) else str(function.__name__)


def _raised_in(network: nn.Module, reason: Exception) -> str:
    """The innermost layer that a rule was called in, by name, as far as there is one."""
    names = {layer: name for name, layer in network.named_modules() if name}
    called = [frame.f_locals.get("self") for frame, _ in walk_tb(reason.__traceback__)]
    layers = [one for one in called if isinstance(one, nn.Module) and one in names]
    return f"in the layer {names[layers[-1]]!r} ({_named(layers[-1])}): " if layers else ""


def _where(network: nn.Module, x: Tensor, rules: Mapping[Kind, Rule] | None, kind: str) -> str:
    """The layer that first has this kind of step, by name, as far as there is one."""
    found: list[str] = []

    def look(name: str, layer: nn.Module, result: Any) -> None:
        tensor = result[0] if isinstance(result, tuple) else result
        if isinstance(tensor, Tensor) and any(_kind(node) == kind for node in nodes(tensor)):
            found.append(f"the layer {name!r} ({type(layer).__name__}, {kind})")

    hooks = [
        layer.register_forward_hook(lambda layer, _, result, name=name: look(name, layer, result))
        for name, layer in network.named_modules()
        if name
    ]
    try:
        with torch.enable_grad(), Recursion(network, rules):
            network(x)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else kind
