"""A row of a table: what is trained, and what files and people call it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from paper_lenet5.patterns import Split
from paper_lenet5.training import Training

from . import reported
from .datasets import Dataset

Record = dict[str, Any]
"""What a run of a row leaves on disk as JSON: see `running.runs.Runs.finish` for its keys."""

_GLOBAL_STREAM = Lock()
"""PyTorch's layers draw their first values from one stream that all threads share."""


Model = TypeVar("Model", bound=nn.Module, covariant=True)
AnyModel = TypeVar("AnyModel", bound=nn.Module)


class AnyRecipe(Protocol[Model]):
    """A network and all of its training but the data and the seed: a frozen dataclass."""

    def build(self, rng: torch.Generator | None) -> Model:
        """The network before its training."""

    def session(self, train: Split, test: Split, seed: int) -> Training[Any]:
        """A network at the start of its training."""

    def penalties(self, model: nn.Module, split: Split) -> Tensor:
        """What a trained network makes of the split, (N, classes): the smallest is its answer."""


OfRecipe = TypeVar("OfRecipe", bound=AnyRecipe[nn.Module], covariant=True)


@dataclass(frozen=True)
class Row(Generic[OfRecipe]):
    """A row of a table: `name` is what files call it, `title` what people read."""

    name: str
    title: str
    recipe: OfRecipe
    step_sizes: bool = False
    """Whether the records keep the step sizes of every parameter and pass: most of their bytes."""

    @property
    def paper_error(self) -> float | None:
        """The paper's test error in percent, or None where it has no such row."""
        return reported.TEST_ERROR.get(self.name)

    def session(self, dataset: Dataset, seed: int) -> Training[Any]:
        """A network at the start of its training on that data."""
        with _GLOBAL_STREAM:
            return self.recipe.session(dataset.train, dataset.test, seed)

    def trained(self: "Row[AnyRecipe[AnyModel]]", weights: Path) -> AnyModel:
        """The row's network with the weights of a run (.safetensors), ready to answer."""
        model = self.recipe.build(None)
        model.load_state_dict(load_file(weights))
        return model.eval()


AnyRow = Row[AnyRecipe[nn.Module]]


@dataclass(frozen=True)
class Rated:
    """Something trained as LeNet-5 is, at the learning rate that suits it."""

    name: str
    title: str
    candidates: Mapping[float, AnyRow]
    """The rows to choose from, by the factor that the printed schedule is multiplied with."""
    chosen: float
    """The factor with the smallest mean error on held-out images."""

    @property
    def row(self) -> AnyRow:
        """The chosen candidate, under the title that tables and figures give it."""
        return replace(self.candidates[self.chosen], title=self.title)
