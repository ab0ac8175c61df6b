"""A row of a table: what is trained, and what files and people call it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from paper_lenet5.training import Split

from . import reported
from .datasets import Dataset

Record = dict[str, Any]
"""What a run of a row leaves on disk as JSON: see `running.runs.Runs.finish` for its keys."""

_GLOBAL_STREAM = Lock()
"""PyTorch's layers draw their first values from one stream that all threads share."""


class Session(Protocol):
    """One network in training, whichever way it is trained."""

    model: nn.Module
    train: Split
    test: Split
    records: list

    @property
    def length(self) -> int:
        """How many passes there are in all."""

    def passes(self) -> Iterator:
        """Train the passes that are left, yielding the record of each as it ends."""

    def answers(self, split: Split) -> Tensor:
        """The label of the network's answer for every pattern of the split, (N,)."""

    def errors(self, split: Split) -> int:
        """How many patterns of the split are misclassified."""

    def state(self) -> dict[str, Tensor]:
        """Everything that the next pass depends on, but the record."""

    def restore(self, state: dict[str, Tensor], records: list[dict]) -> None:
        """Go on from `state()` and the records that belong to it."""


class Recipe(Protocol):
    """A network and all of its training but the data and the seed: a frozen dataclass."""

    def build(self, rng: torch.Generator | None) -> nn.Module:
        """The network before its training."""

    def session(self, train: Split, test: Split, seed: int) -> Session:
        """A network at the start of its training."""


@dataclass(frozen=True)
class Row:
    """A row of a table: `name` is what files call it, `title` what people read."""

    name: str
    title: str
    recipe: Recipe
    step_sizes: bool = False
    """Whether the records keep the step sizes of every parameter and pass: most of their bytes."""

    @property
    def paper_error(self) -> float | None:
        """Percent on the test set, where the paper has this row."""
        return reported.TEST_ERROR.get(self.name)

    def session(self, dataset: Dataset, seed: int) -> Session:
        """A network at the start of its training on that data."""
        with _GLOBAL_STREAM:
            return self.recipe.session(dataset.train, dataset.test, seed)

    def trained(self, weights: Path) -> nn.Module:
        """The row's network with the weights of a run (.safetensors), ready to answer."""
        model = self.recipe.build(None)
        model.load_state_dict(load_file(weights))
        return model.eval()


@dataclass(frozen=True)
class Rated:
    """Something trained as LeNet-5 is, at the learning rate that suits it."""

    name: str
    title: str
    candidates: dict[float, Row]
    """By the factor that the printed schedule is multiplied with."""
    chosen: float
    """The factor with the smallest error on held-out images; LeNet-5 keeps the printed schedule."""

    @property
    def row(self) -> Row:
        """The chosen candidate, under the title that tables and figures give it."""
        return replace(self.candidates[self.chosen], title=self.title)
