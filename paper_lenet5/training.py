"""Training LeNet-5, pass by pass. Section III-B and Fig. 5."""

import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from .losses import Loss
from .patterns import Split, generator
from .sdlm import SDLM, CoefficientInput

if TYPE_CHECKING:  # for annotations alone: a Recipe makes its Session
    from .recipe import Recipe

AnyRecord = TypeVar("AnyRecord")


@runtime_checkable
class Engine(Protocol):
    """What shows patterns to a network: `paper_lenet5.eager`, `paper_lenet5.compiled`, or another.

    What each of the three takes and gives is said in `paper_lenet5.eager`.
    """

    def train_one_pass(
        self, model: Any, optimizer: Any, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
        batch: int, /,
    ) -> int:  # fmt: skip
        """Train on the patterns in this order, and count those that were misclassified."""

    def diagonal_curvature(
        self, model: Any, images: Tensor, labels: Tensor, loss: Loss, output_curvature: float | None,
        coefficient_input: CoefficientInput, /,
    ) -> dict[str, Tensor]:  # fmt: skip
        """h_kk of each parameter, by name."""

    def penalties(self, model: Any, images: Tensor, /) -> Tensor:
        """What the network makes of the images, (N, classes)."""


class Training(ABC, Generic[AnyRecord]):
    """One network in training, whichever way it is trained: its passes and their records so far."""

    model: nn.Module
    train: Split
    test: Split
    """What errors are counted on."""
    length: int
    """How many passes there are in all."""
    records: list[AnyRecord]

    def passes(self) -> Iterator[AnyRecord]:
        """Train the passes that are left, yielding the record of each as it ends."""
        while len(self.records) < self.length:
            self.records.append(self._one_pass(len(self.records) + 1))
            yield self.records[-1]

    @abstractmethod
    def _one_pass(self, number: int) -> AnyRecord:
        """Train pass `number` = 1, 2, ... and say what it did."""

    @abstractmethod
    def answers(self, split: Split) -> Tensor:
        """The label of the network's answer for every pattern of the split, (N,)."""

    def errors(self, split: Split) -> int:
        """How many patterns of the split are misclassified."""
        return int((self.answers(split) != split.labels).sum())

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """A copy of everything that the next pass depends on, but the records."""

    @abstractmethod
    def restore(self, state: dict[str, Tensor], records: list[dict[str, Any]]) -> None:
        """Go on from `state()` and the records that belong to it."""


@dataclass(frozen=True)
class PassRecord:
    """What one pass did. Errors are counts of patterns, times are seconds of one core."""

    number: int
    eta: float
    smallest_step: float | None
    largest_step: float | None
    """Over all parameters; None for optimisers without step sizes of their own."""
    step_quantiles: dict[str, list[float]]
    """What `quantiles` gives for the step sizes of each parameter, by name."""
    patterns: int
    errors_during: int
    """Among `patterns`, each judged just before it was learned from, as in Fig. 5 (D13)."""
    test_errors: int
    seconds: float
    """What the pass and the curvature before it took, without the evaluation."""


class Session(Training[PassRecord]):
    """LeNet-5 in training by a recipe, from the first values of its parameters on.

    Everything random is drawn from streams of its own, named by the seed and the pass, so that a
    session that is put back at the end of a pass goes on exactly as it would have. `engine` is the
    module `paper_lenet5.eager` or `paper_lenet5.compiled`; a given `model` is trained in place of a new
    one. `passes` raises FloatingPointError once the network is lost.
    """

    optimizer: torch.optim.Optimizer
    """SDLM; or one of PyTorch's, without curvature and step sizes, if the recipe says so."""

    def __init__(
        self, recipe: "Recipe", seed: int, train: Split, test: Split, engine: Engine,
        model: nn.Module | None = None,
    ):  # fmt: skip
        self.recipe, self.seed, self.engine = recipe, seed, engine
        train, test = recipe.training_set(train), recipe.seen(test)
        self.patterns = recipe.patterns(train, seed)
        self.train, self.test = recipe.judged_on(train), recipe.judged_on(test)
        self.model = recipe.build(generator(seed, "parameters")) if model is None else model
        self.optimizer = recipe.build_optimizer(self.model)
        self.length = len(recipe.schedule)
        self.records = []

    def _one_pass(self, number: int) -> PassRecord:
        """Estimate the curvature, train on every pattern of the pass, and count test errors."""
        started = time.thread_time()
        recipe, eta = self.recipe, self.recipe.schedule[number - 1]
        inputs, labels, order = self.patterns.of_pass(number)
        for group in self.optimizer.param_groups:
            group["lr"] = eta
        if isinstance(self.optimizer, SDLM):
            some = self.curvature_patterns(number, order, recipe.curvature_patterns)
            self.optimizer.set_curvature(self._curvature_for(number, inputs[some], labels[some]))
        errors = self.engine.train_one_pass(
            self.model, self.optimizer, recipe.loss, inputs, labels, order, recipe.batch
        )
        seconds = time.thread_time() - started
        if not all(p.isfinite().all() for p in self.model.parameters()):
            raise FloatingPointError(f"the parameters are no longer finite after pass {number}")
        steps = self.optimizer.step_sizes() if isinstance(self.optimizer, SDLM) else {}
        return PassRecord(
            number=number,
            eta=eta,
            smallest_step=min((s.min().item() for s in steps.values()), default=None),
            largest_step=max((s.max().item() for s in steps.values()), default=None),
            step_quantiles={name: quantiles(s) for name, s in steps.items()},
            patterns=len(order),
            errors_during=errors,
            test_errors=self.errors(self.test),
            seconds=seconds,
        )

    def curvature_patterns(self, number: int, order: Tensor, count: int) -> Tensor:
        """Draw `count` of the pass's patterns to estimate the curvature on: indices (count,)."""
        rng = generator(self.seed, "curvature", number)
        return order[torch.randperm(len(order), generator=rng)[:count]]

    def _curvature_for(self, number: int, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The curvature for pass `number`, by parameter, from an estimate on these patterns."""
        recipe, kept = self.recipe, self.curvature
        estimate = self.engine.diagonal_curvature(
            self.model, inputs, labels, recipe.loss,
            recipe.output_curvature, recipe.coefficient_input,
        )  # fmt: skip
        curvature = {
            name: recipe.remembered(kept.get(name, new), new, number)
            for name, new in estimate.items()
        }
        if not all(h.isfinite().all() for h in curvature.values()):
            raise FloatingPointError(f"the curvature is no longer finite before pass {number}")
        return curvature

    @property
    def curvature(self) -> dict[str, Tensor]:
        """The curvature that the last pass used, by parameter; empty before there was one."""
        return self._kept_by_the_optimizer().get("curvature", {})

    def _kept_by_the_optimizer(self) -> dict[str, dict[str, Tensor]]:
        """{"curvature", or one of Adam's moments: {parameter: tensor}}."""
        kept: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for name, p in self.model.named_parameters():
            for kind, tensor in self.optimizer.state.get(p, {}).items():
                kept[kind][name] = tensor
        return kept

    def answers(self, split: Split) -> Tensor:
        """The class of the smallest penalty for every pattern of the split, (N,)."""
        return self.engine.penalties(self.model, split.inputs).argmin(1)

    def state(self) -> dict[str, Tensor]:
        """Copies by name: "model." and a parameter, "curvature." or a moment of Adam and another."""
        parts = {"model": self.model.state_dict(), **self._kept_by_the_optimizer()}
        return {
            f"{part}.{key}": t.clone()
            for part, tensors in parts.items()
            for key, t in tensors.items()
        }

    def restore(self, state: dict[str, Tensor], records: list[dict[str, Any]]) -> None:
        """Put the model and the optimiser where they were, and take over the records."""
        parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for key, tensor in state.items():
            part, name = key.split(".", 1)
            parts[part][name] = tensor
        self.model.load_state_dict(parts.pop("model"))
        self.optimizer.state.clear()
        for kind, tensors in parts.items():
            for name, tensor in tensors.items():
                self.optimizer.state[self.model.get_parameter(name)][kind] = tensor.clone()
        self.records = [PassRecord(**record) for record in records]


def quantiles(values: Tensor) -> list[float]:
    """The smallest, those that 5, 25, 50, 75 and 95 % lie below, and the largest, to four digits."""
    at = torch.tensor([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1], dtype=values.dtype)
    return [float(f"{value:.4g}") for value in torch.quantile(values.flatten(), at).tolist()]
