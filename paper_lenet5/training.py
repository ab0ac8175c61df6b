"""Training LeNet-5, pass by pass. Section III-B and Fig. 5."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from . import distort
from .initialisation import Initialisation, initialise
from .lenet5 import LeNet5
from .losses import Loss, MAPLoss
from .preprocess import preprocess
from .sdlm import CURVATURE_PATTERNS, MU, SDLM

SCHEDULE = (0.0005,) * 2 + (0.0002,) * 3 + (0.0001,) * 3 + (0.00005,) * 4 + (0.00001,) * 8
"""eta of eq. 21 for each of the 20 passes, per pattern (section III-B; D12)."""

CURVATURE_MEMORY: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "mean": lambda kept, new, number: kept + (new - kept) / number,
    "latest": lambda kept, new, number: new,
    "first": lambda kept, new, number: kept,
    "largest": lambda kept, new, number: torch.maximum(kept, new),
}
"""The curvature that pass `number` uses, from the one kept so far and the new estimate. The mean over
all patterns sampled so far is the running estimate that keeps the printed schedule stable (D6)."""


@dataclass(frozen=True)
class Recipe:
    """All that a training session is made of, but the data and the seed (D4, D6 to D12)."""

    loss: Loss = MAPLoss(j=10.0)
    initialisation: Initialisation = Initialisation()
    schedule: tuple[float, ...] = SCHEDULE
    mu: float = MU
    curvature_patterns: int = CURVATURE_PATTERNS
    curvature_memory: str = "mean"
    """How the estimates before this pass and the earlier ones combine: see CURVATURE_MEMORY."""
    f6_curvature: float | None = 2.0
    coefficient_input: str = "sum"
    """The last two are arguments of `sdlm.diagonal_curvature`."""
    reshuffle: bool = False
    """A new random order for each pass, in place of the paper's constant one."""
    distortions: distort.DistortionRanges | None = None
    """Ranges of the random distortions, or None to train on the originals alone."""

    def __post_init__(self):
        if self.curvature_memory not in CURVATURE_MEMORY:
            raise ValueError(
                f"expected curvature_memory of {list(CURVATURE_MEMORY)}, got {self.curvature_memory!r}"
            )


@dataclass(frozen=True)
class PassRecord:
    """What one pass did. Errors are counts of patterns, times are seconds."""

    number: int
    eta: float
    smallest_step: float
    largest_step: float
    patterns: int
    errors_during: int
    """Among `patterns`, each judged just before it was learned from, as in Fig. 5 (D13)."""
    train_errors: int
    test_errors: int
    seconds: float
    """For the pass and the curvature before it, without the two evaluations."""


@dataclass(frozen=True)
class Split:
    """Images (N, 28, 28) uint8, labels (N,) int64, and the same images as the network's input."""

    images: Tensor
    labels: Tensor
    inputs: Tensor = field(init=False, repr=False)
    """(N, 1, 32, 32) float32."""

    def __post_init__(self):
        if len(self.images) != len(self.labels) or len(self.images) == 0:
            raise ValueError(
                "expected at least one image and as many labels, "
                f"got {len(self.images)} images and {len(self.labels)} labels"
            )
        object.__setattr__(self, "inputs", preprocess(self.images))


class Patterns(Protocol):
    """What a training session presents in each of its passes."""

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs (N, 1, 32, 32), labels (N,), and the order (P,) to present them in."""


class Originals:
    """The patterns in a constant random order (appendix C, D11), or a new order for each pass."""

    def __init__(self, train: Split, seed: int, reshuffle: bool):
        self.train, self.seed, self.reshuffle = train, seed, reshuffle

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = generator(self.seed, "order", number if self.reshuffle else 0)
        order = torch.randperm(len(self.train.labels), generator=rng)
        return self.train.inputs, self.train.labels, order


class Distorted:
    """Originals and nine distorted versions of each, in a constant random order of all ten.

    Each pass presents the next tenth of them, so that 20 passes see each of them twice.
    """

    def __init__(self, train: Split, seed: int, reshuffle: bool, ranges: distort.DistortionRanges):
        self.train, self.seed, self.reshuffle = train, seed, reshuffle
        added = distort.DISTORTED_VERSIONS * len(train.labels)
        self.parameters = distort.draw_distortions(added, generator(seed, "distortions"), ranges)

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        n, tenths = len(self.train.labels), 1 + distort.DISTORTED_VERSIONS
        session, tenth = divmod(number - 1, tenths)
        rng = generator(self.seed, "order", session if self.reshuffle else 0)
        chosen = torch.randperm(tenths * n, generator=rng)[tenth * n : (tenth + 1) * n]
        images = distort.distorted_patterns(self.train.images, chosen, self.parameters)
        return preprocess(images), self.train.labels[chosen % n], torch.arange(n)


class Session:
    """One network in training: its parameters and the record of its passes so far.

    Everything random is drawn from streams of its own, named by the seed and the pass, so that a
    session that is put back at the end of a pass goes on exactly as it would have. `engine` is the
    module `paper_lenet5.eager` or `paper_lenet5.compiled`.
    """

    def __init__(self, recipe: Recipe, seed: int, train: Split, test: Split, engine: ModuleType):
        self.recipe, self.seed, self.engine = recipe, seed, engine
        self.train, self.test = train, test
        self.model = LeNet5()
        initialise(self.model, generator(seed, "parameters"), recipe.initialisation)
        self.curvature: dict[str, Tensor] = {}
        self.records: list[PassRecord] = []
        self.patterns: Patterns = (
            Originals(train, seed, recipe.reshuffle)
            if recipe.distortions is None
            else Distorted(train, seed, recipe.reshuffle, recipe.distortions)
        )

    @property
    def length(self) -> int:
        """How many passes the recipe has."""
        return len(self.recipe.schedule)

    def passes(self) -> Iterator[PassRecord]:
        """Train the passes that are left, yielding the record of each as it ends."""
        while len(self.records) < self.length:
            self.records.append(self._one_pass(len(self.records) + 1))
            yield self.records[-1]

    def _one_pass(self, number: int) -> PassRecord:
        started = time.perf_counter()
        recipe = self.recipe
        inputs, labels, order = self.patterns.of_pass(number)
        rng = generator(self.seed, "curvature", number)
        some = order[torch.randperm(len(order), generator=rng)[: recipe.curvature_patterns]]
        estimate = self.engine.diagonal_curvature(
            self.model, inputs[some], labels[some], recipe.loss,
            recipe.f6_curvature, recipe.coefficient_input,
        )  # fmt: skip
        combine = CURVATURE_MEMORY[recipe.curvature_memory]
        self.curvature = {
            name: combine(self.curvature.get(name, new), new, number)
            for name, new in estimate.items()
        }
        optimizer = SDLM(self.model.named_parameters(), recipe.schedule[number - 1], recipe.mu)
        optimizer.set_curvature(self.curvature)
        errors = self.engine.train_one_pass(
            self.model, optimizer, recipe.loss, inputs, labels, order
        )
        seconds = time.perf_counter() - started
        if not all(p.isfinite().all() for p in self.model.parameters()):
            raise FloatingPointError(f"the parameters are no longer finite after pass {number}")
        steps = torch.cat([step.flatten() for step in optimizer.step_sizes().values()])
        return PassRecord(
            number=number,
            eta=recipe.schedule[number - 1],
            smallest_step=steps.min().item(),
            largest_step=steps.max().item(),
            patterns=len(order),
            errors_during=errors,
            train_errors=self.errors(self.train),
            test_errors=self.errors(self.test),
            seconds=seconds,
        )

    def answers(self, split: Split) -> Tensor:
        """The label of the smallest penalty for every pattern of the split, (N,)."""
        return self.engine.penalties(self.model, split.inputs).argmin(1)

    def errors(self, split: Split) -> int:
        """How many patterns of the split are misclassified."""
        return int((self.answers(split) != split.labels).sum())

    def state(self) -> dict[str, Tensor]:
        """A copy of everything that the next pass depends on, but the record."""
        model = {f"model.{name}": t.clone() for name, t in self.model.state_dict().items()}
        return model | {f"curvature.{name}": h.clone() for name, h in self.curvature.items()}

    def restore(self, state: dict[str, Tensor], records: list[dict]) -> None:
        """Go on from `state()` and the records that belong to it."""
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "curvature": {}}
        for key, tensor in state.items():
            part, name = key.split(".", 1)
            parts[part][name] = tensor
        self.model.load_state_dict(parts["model"])
        self.curvature = parts["curvature"]
        self.records = [PassRecord(**record) for record in records]


def generator(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """A stream of random numbers of its own for each seed, purpose and number."""
    entropy = [seed, number, *purpose.encode()]
    return torch.Generator().manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))
