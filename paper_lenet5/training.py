"""Training LeNet-5, pass by pass. Section III-B and Fig. 5."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from . import distort
from .initialisation import Initialisation
from .lenet5 import LeNet5, LeNet5Config
from .losses import Loss, MAPLoss
from .preprocess import BLACK, WHITE, preprocess
from .sdlm import CURVATURE_PATTERNS, MU, SDLM, check_options
from .strings import StringRanges, draw_fields

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

    network: LeNet5Config = LeNet5Config()
    levels: tuple[float, float] = (WHITE, BLACK)
    """Input values of paper and ink."""
    loss: Loss = MAPLoss(j=10.0)
    initialisation: Initialisation = Initialisation()
    schedule: tuple[float, ...] = SCHEDULE
    mu: float = MU
    curvature_patterns: int = CURVATURE_PATTERNS
    curvature_memory: str = "mean"
    """How the estimates before this pass and the earlier ones combine: see CURVATURE_MEMORY."""
    output_curvature: float | None = 2.0
    coefficient_input: str = "sum"
    """The last two are arguments of `sdlm.diagonal_curvature`."""
    optimizer: str = "sdlm"
    """Or "sgd", "adam", with eta of the schedule as the learning rate."""
    batch: int = 1
    """Patterns per step, for which their mean gradient is taken."""
    reshuffle: bool = False
    """A new random order for each pass, in place of the paper's constant one."""
    distortions: distort.DistortionRanges | None = None
    """Ranges of the random distortions, or None to train on the originals alone."""
    noise: float = 0.0
    """The probability that a pixel of the field is inverted, drawn anew each pass (section III-E)."""
    strings: StringRanges | None = None
    """Ranges of the fields with several characters (section VII), or None for one in each. With them
    training and test errors after a pass are those on fixed fields, with as much noise."""
    training_patterns: int | None = None
    """How many of the training patterns there are, the first ones; None for all (Fig. 6)."""

    def __post_init__(self):
        """Raises ValueError for numbers out of range and names it does not know."""
        if not (self.schedule and all(0 < eta < math.inf for eta in (*self.schedule, self.mu))):
            raise ValueError(
                "expected a schedule of one eta for each pass, and mu, all finite and above 0, "
                f"got {self.schedule} and mu = {self.mu}"
            )
        counts = (self.batch, self.curvature_patterns, self.training_patterns)
        if not all(count is None or count >= 1 for count in counts):
            raise ValueError(
                "expected batch, curvature_patterns and training_patterns of at least 1, "
                f"got {counts}"
            )
        if not 0 <= self.noise <= 1:
            raise ValueError(f"expected noise in 0 ... 1, got {self.noise}")
        check_options(self.output_curvature, self.coefficient_input)
        if self.output_curvature == math.inf:
            raise ValueError("expected a finite output_curvature, got infinity")
        if self.optimizer not in ("sdlm", "sgd", "adam"):
            raise ValueError(f"expected optimizer sdlm, sgd or adam, got {self.optimizer!r}")
        if self.curvature_memory not in CURVATURE_MEMORY:
            raise ValueError(
                f"expected curvature_memory of {list(CURVATURE_MEMORY)}, got {self.curvature_memory!r}"
            )
        if self.strings and self.distortions:
            raise ValueError(
                "expected strings or distortions: strings are of undistorted characters"
            )

    def build(self, rng: torch.Generator | None) -> LeNet5:
        """The network before its training."""
        return LeNet5(self.network, rng, self.initialisation)

    def session(self, train: "Split", test: "Split", seed: int) -> "Session":
        """A network at the start of its training by the compiled pass, which needs numba."""
        from . import compiled

        return Session(self, seed, train, test, compiled)


@dataclass(frozen=True)
class PassRecord:
    """What one pass did. Errors are counts of patterns, times are seconds of one core."""

    number: int
    eta: float
    smallest_step: float | None
    largest_step: float | None
    """Of all parameters; None where the optimiser has no such thing."""
    step_quantiles: dict[str, list[float]]
    """Of each parameter: see `quantiles`."""
    patterns: int
    errors_during: int
    """Among `patterns`, each judged just before it was learned from, as in Fig. 5 (D13)."""
    train_errors: int
    test_errors: int
    seconds: float
    """For the pass and the curvature before it, without the two evaluations."""


@dataclass(frozen=True)
class Split:
    """Images (N, 28, 28) uint8, labels (N,) int64, and the same images as the network's input.

    Raises ValueError for other shapes or types, no images, or negative labels.
    """

    images: Tensor
    labels: Tensor
    levels: tuple[float, float] = (WHITE, BLACK)
    """Input values of paper and ink."""
    inputs: Tensor = field(init=False, repr=False)
    """(N, 1, 32, 32) float32."""

    def __post_init__(self):
        images, labels = self.images, self.labels
        if images.ndim == 0 or labels.dtype != torch.int64 or labels.ndim != 1:
            raise ValueError(
                "expected images (N, 28, 28) and int64 labels (N,), "
                f"got {tuple(images.shape)} and {tuple(labels.shape)} {labels.dtype}"
            )
        if len(images) != len(labels) or len(images) == 0:
            raise ValueError(
                "expected at least one image and as many labels, "
                f"got {len(images)} images and {len(labels)} labels"
            )
        if labels.min() < 0:
            raise ValueError(f"expected labels 0, 1, ..., got {labels.min()}")
        object.__setattr__(self, "inputs", preprocess(self.images, self.levels))

    def __reduce__(self):
        """Pickled without the inputs, which are five times as large and follow from the rest."""
        return Split, (self.images, self.labels, self.levels)


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
        return preprocess(images, self.train.levels), self.train.labels[chosen % n], torch.arange(n)


class Strings:
    """Each pattern in the middle of a field with others beside it, or a blank; drawn anew each pass."""

    def __init__(self, train: Split, seed: int, reshuffle: bool, ranges: StringRanges):
        self.originals, self.seed, self.ranges = Originals(train, seed, reshuffle), seed, ranges

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        train = self.originals.train
        _, _, order = self.originals.of_pass(number)
        rng = generator(self.seed, "strings", number)
        fields, labels = draw_fields(train.images, train.labels, self.ranges, rng)
        return preprocess(fields, train.levels), labels, order


def fixed_fields(split: Split, ranges: StringRanges, noise: float) -> Split:
    """Fields like those of `Strings`, the same for every seed: what their errors are counted on."""
    rng = generator(0, "fixed fields")
    fields, labels = draw_fields(split.images, split.labels, ranges, rng)
    return Split(inverted(fields, noise, rng, (0, 255)), labels, split.levels)


class Noisy:
    """Other patterns, each pixel inverted with some probability: paper for ink, ink for paper."""

    def __init__(
        self, patterns: Patterns, seed: int, probability: float, levels: tuple[float, float]
    ):
        self.patterns, self.seed, self.probability = patterns, seed, probability
        self.levels = levels

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        inputs, labels, order = self.patterns.of_pass(number)
        rng = generator(self.seed, "noise", number)
        return inverted(inputs, self.probability, rng, self.levels), labels, order


def inverted(
    inputs: Tensor, probability: float, rng: torch.Generator,
    levels: tuple[float, float] = (WHITE, BLACK),
) -> Tensor:  # fmt: skip
    """A copy of the inputs, each pixel mirrored between the levels with the probability (III-E)."""
    flipped = torch.rand(inputs.shape, generator=rng) < probability
    return torch.where(flipped, sum(levels) - inputs, inputs)


class Session:
    """One network in training: its parameters and the record of its passes so far.

    Everything random is drawn from streams of its own, named by the seed and the pass, so that a
    session that is put back at the end of a pass goes on exactly as it would have. `engine` is the
    module `paper_lenet5.eager` or `paper_lenet5.compiled`. `passes` raises FloatingPointError once the
    network is lost.
    """

    def __init__(self, recipe: Recipe, seed: int, train: Split, test: Split, engine: ModuleType):
        self.recipe, self.seed, self.engine = recipe, seed, engine
        if recipe.training_patterns is not None:
            n = recipe.training_patterns
            if n > len(train.labels):
                raise ValueError(f"expected {n} training patterns, got {len(train.labels)}")
            train = Split(train.images[:n], train.labels[:n], train.levels)
        if recipe.levels != train.levels:
            train, test = (Split(s.images, s.labels, recipe.levels) for s in (train, test))
        self.train, self.test = train, test
        self.model = recipe.build(generator(seed, "parameters"))
        self.optimizer = self._optimizer()
        self.curvature: dict[str, Tensor] = {}
        self.records: list[PassRecord] = []
        self.patterns: Patterns = (
            Originals(train, seed, recipe.reshuffle)
            if recipe.distortions is None
            else Distorted(train, seed, recipe.reshuffle, recipe.distortions)
        )
        if recipe.strings is not None:
            self.patterns = Strings(train, seed, recipe.reshuffle, recipe.strings)
            self.train, self.test = (
                fixed_fields(split, recipe.strings, recipe.noise) for split in (train, test)
            )
        if recipe.noise:
            self.patterns = Noisy(self.patterns, seed, recipe.noise, recipe.levels)

    @property
    def length(self) -> int:
        """How many passes the recipe has."""
        return len(self.recipe.schedule)

    def _optimizer(self) -> torch.optim.Optimizer:
        recipe = self.recipe
        if recipe.optimizer == "sdlm":
            return SDLM(self.model.named_parameters(), recipe.schedule[0], recipe.mu)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[recipe.optimizer]
        return kind(trained, lr=recipe.schedule[0])

    def passes(self) -> Iterator[PassRecord]:
        """Train the passes that are left, yielding the record of each as it ends."""
        while len(self.records) < self.length:
            self.records.append(self._one_pass(len(self.records) + 1))
            yield self.records[-1]

    def _one_pass(self, number: int) -> PassRecord:
        started = time.thread_time()
        recipe = self.recipe
        inputs, labels, order = self.patterns.of_pass(number)
        some = self.curvature_patterns(number, order, recipe.curvature_patterns)
        self._prepare(number, inputs[some], labels[some])
        errors = self.engine.train_one_pass(
            self.model, self.optimizer, recipe.loss, inputs, labels, order, recipe.batch
        )
        seconds = time.thread_time() - started
        if not all(p.isfinite().all() for p in self.model.parameters()):
            raise FloatingPointError(f"the parameters are no longer finite after pass {number}")
        steps = self.optimizer.step_sizes() if isinstance(self.optimizer, SDLM) else {}
        return PassRecord(
            number=number,
            eta=recipe.schedule[number - 1],
            smallest_step=min((s.min().item() for s in steps.values()), default=None),
            largest_step=max((s.max().item() for s in steps.values()), default=None),
            step_quantiles={name: quantiles(s) for name, s in steps.items()},
            patterns=len(order),
            errors_during=errors,
            train_errors=self.errors(self.train),
            test_errors=self.errors(self.test),
            seconds=seconds,
        )

    def curvature_patterns(self, number: int, order: Tensor, count: int) -> Tensor:
        """So many indices (count,) of those that pass `number` trains on: the curvature's patterns."""
        rng = generator(self.seed, "curvature", number)
        return order[torch.randperm(len(order), generator=rng)[:count]]

    def _prepare(self, number: int, inputs: Tensor, labels: Tensor) -> None:
        """This pass's eta, and for SDLM the curvature on some of its patterns."""
        recipe, (group,) = self.recipe, self.optimizer.param_groups
        if not isinstance(self.optimizer, SDLM):
            group["lr"] = recipe.schedule[number - 1]
            return
        group["eta"] = recipe.schedule[number - 1]
        estimate = self.engine.diagonal_curvature(
            self.model, inputs, labels, recipe.loss,
            recipe.output_curvature, recipe.coefficient_input,
        )  # fmt: skip
        combine = CURVATURE_MEMORY[recipe.curvature_memory]
        self.curvature = {
            name: combine(self.curvature.get(name, new), new, number)
            for name, new in estimate.items()
        }
        if not all(h.isfinite().all() for h in self.curvature.values()):
            raise FloatingPointError(f"the curvature is no longer finite before pass {number}")
        self.optimizer.set_curvature(self.curvature)

    def answers(self, split: Split) -> Tensor:
        """The label of the smallest penalty for every pattern of the split, (N,)."""
        return self.engine.penalties(self.model, split.inputs).argmin(1)

    def errors(self, split: Split) -> int:
        """How many patterns of the split are misclassified."""
        return int((self.answers(split) != split.labels).sum())

    def state(self) -> dict[str, Tensor]:
        """A copy of everything that the next pass depends on, but the record."""
        parts = {"model": self.model.state_dict(), "curvature": self.curvature}
        if isinstance(self.optimizer, torch.optim.Adam):
            for moment in ("step", "exp_avg", "exp_avg_sq"):
                parts[moment] = {
                    name: self.optimizer.state[p][moment]
                    for name, p in self.model.named_parameters()
                    if p in self.optimizer.state
                }
        return {f"{part}.{key}": t.clone() for part, of in parts.items() for key, t in of.items()}

    def restore(self, state: dict[str, Tensor], records: list[dict]) -> None:
        """Go on from `state()` and the records that belong to it."""
        parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for key, tensor in state.items():
            part, name = key.split(".", 1)
            parts[part][name] = tensor
        self.model.load_state_dict(parts.pop("model"))
        self.curvature = parts.pop("curvature", {})
        for moment, of in parts.items():
            for name, tensor in of.items():
                self.optimizer.state[self.model.get_parameter(name)][moment] = tensor
        self.records = [PassRecord(**record) for record in records]


def quantiles(values: Tensor) -> list[float]:
    """The smallest, those that 5, 25, 50, 75 and 95 % lie below, and the largest, to four digits."""
    at = torch.tensor([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1], dtype=values.dtype)
    return [float(f"{value:.4g}") for value in torch.quantile(values.flatten(), at).tolist()]


def generator(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """A stream of random numbers of its own for each seed, purpose and number."""
    entropy = [seed, number, *purpose.encode()]
    return torch.Generator().manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))
