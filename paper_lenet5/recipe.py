"""A recipe: the network, its training, and all numbers of both. Section III-B."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

import torch
from torch import Tensor, nn

from . import variants
from .config import LeNet5Config, check_kinds
from .distort import DistortionRanges
from .initialisation import Initialisation
from .lenet5 import LeNet5
from .losses import Loss, MAPLoss
from .patterns import Distorted, Noisy, Originals, Patterns, Split, Strings, fixed_fields
from .preprocessing import BLACK, WHITE, check_levels
from .sdlm import CURVATURE_PATTERNS, MU, SDLM, CoefficientInput, check_options
from .strings import StringRanges
from .training import Engine, Session
from .transform import Transform

SCHEDULE = (0.0005,) * 2 + (0.0002,) * 3 + (0.0001,) * 3 + (0.00005,) * 4 + (0.00001,) * 8
"""eta of eq. 21 for each of the 20 passes, per pattern (section III-B; D12)."""

LOSS = MAPLoss(j=10.0)
"""Eq. 9 with a rubbish class whose penalty is 10 (D7)."""

CurvatureMemory = Literal["mean", "latest", "first", "largest"]
CURVATURE_MEMORY: dict[CurvatureMemory, Callable[[Tensor, Tensor, int], Tensor]] = {
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
    loss: Loss = LOSS
    initialisation: Initialisation = Initialisation()
    schedule: tuple[float, ...] = SCHEDULE
    mu: float = MU
    curvature_patterns: int = CURVATURE_PATTERNS
    curvature_memory: CurvatureMemory = "mean"
    """How the estimates before this pass and the earlier ones combine: see CURVATURE_MEMORY."""
    output_curvature: float | None = 2.0
    """d2E / dx2 at F6, or None for the loss's own: see `sdlm.diagonal_curvature`."""
    coefficient_input: CoefficientInput = "sum"
    """What feeds the one weight of a subsampling unit (D8)."""
    optimizer: Literal["sdlm", "sgd", "adam"] = "sdlm"
    """What steps; "sgd" and "adam" take eta of the schedule as their learning rate."""
    batch: int = 1
    """Patterns per step, for which their mean gradient is taken."""
    reshuffle: bool = False
    """A new random order for each pass, in place of the paper's constant one."""
    distortions: DistortionRanges | None = None
    """Ranges of the random distortions, or None to train on the originals alone."""
    noise: float = 0.0
    """The probability that a pixel of the field is inverted, drawn anew each pass (section III-E)."""
    strings: StringRanges | None = None
    """Ranges of the fields with several characters (section VII), or None for one in each. With them
    training and test errors after a pass are those on fixed fields, with as much noise."""
    training_patterns: int | None = None
    """How many of the training patterns there are, the first ones; None for all (Fig. 6)."""

    def __post_init__(self) -> None:
        """Raises ValueError for parts of other kinds, names not known, and numbers out of range."""
        check_kinds(self)
        check_levels(self.levels)
        object.__setattr__(self, "levels", tuple(self.levels))
        try:
            object.__setattr__(self, "schedule", tuple(self.schedule))
            fit = bool(self.schedule) and all(
                0 < eta < math.inf for eta in (*self.schedule, self.mu)
            )
        except TypeError:  # no sequence, or not of numbers
            fit = False
        if not fit:
            raise ValueError(
                "expected a schedule of one eta for each pass, and mu, all finite and above 0, "
                f"got {self.schedule!r} and mu = {self.mu!r}"
            )
        counts = [self.batch, self.curvature_patterns]
        counts += [] if self.training_patterns is None else [self.training_patterns]
        if not all(isinstance(count, Integral) and count >= 1 for count in counts):
            raise ValueError(
                "expected batch, curvature_patterns and training_patterns, whole and at least 1, "
                f"got {counts}"
            )
        if self.loss.reduction != "mean":
            raise ValueError(f"expected a loss that is the mean over the patterns, got {self.loss}")
        if not 0 <= self.noise <= 1:
            raise ValueError(f"expected noise in 0 ... 1, got {self.noise}")
        check_options(self.output_curvature, self.coefficient_input)
        if self.output_curvature == math.inf:
            raise ValueError("expected a finite output_curvature, got infinity")
        if self.strings and self.distortions:
            raise ValueError(
                "expected strings or distortions: strings are of undistorted characters"
            )

    # --- what it makes ----------------------------------------------------------------------------

    def session(self, train: Split, test: Split, seed: int) -> Session:
        """A network at the start of its training by the compiled pass."""
        return Session(self, seed, train, test, self.engine)

    @property
    def engine(self) -> Engine:
        """The compiled pass for this network, which needs numba."""
        from . import compiled

        return compiled

    def build(self, rng: torch.Generator | None) -> LeNet5:
        """The network before its training, its first values drawn from `rng`."""
        model = variants.build(self.network, rng, self.initialisation)
        model.preprocessing = Transform(self.levels)
        return model

    def build_optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of the network's parameters, at the rate of the first pass."""
        if self.optimizer == "sdlm":
            return SDLM(model.named_parameters(), self.schedule[0], self.mu)
        trained = [p for p in model.parameters() if p.requires_grad]
        if self.optimizer == "sgd":
            return torch.optim.SGD(trained, lr=self.schedule[0])
        return torch.optim.Adam(trained, lr=self.schedule[0])

    def remembered(self, kept: Tensor, new: Tensor, number: int) -> Tensor:
        """The curvature that pass `number` uses, from the one kept so far and the new estimate."""
        return CURVATURE_MEMORY[self.curvature_memory](kept, new, number)

    def seen(self, split: Split) -> Split:
        """The split as the network sees it: with the recipe's input values of paper and ink."""
        return split.at(self.levels)

    def training_set(self, train: Split) -> Split:
        """What is trained on, as the network sees it. Raises ValueError for too few patterns."""
        n = self.training_patterns
        return self.seen(train if n is None else train.first(n))

    def patterns(self, train: Split, seed: int) -> Patterns:
        """What is presented in each pass of a training on this `training_set`."""
        patterns: Patterns
        if self.strings is not None:
            patterns = Strings(train, seed, self.reshuffle, self.strings)
        elif self.distortions is not None:
            patterns = Distorted(train, seed, self.reshuffle, self.distortions)
        else:
            patterns = Originals(train, seed, self.reshuffle)
        return Noisy(patterns, seed, self.noise, self.levels) if self.noise else patterns

    def judged_on(self, split: Split) -> Split:
        """What errors are counted on, of a split as the network sees it: with strings, fixed fields."""
        return fixed_fields(split, self.strings, self.noise) if self.strings else split

    def penalties(self, model: nn.Module, split: Split) -> Tensor:
        """What a trained network makes of the split, (N, classes): the smallest is its answer."""
        inputs = self.judged_on(self.seen(split)).inputs
        return self.engine.penalties(model, inputs)
