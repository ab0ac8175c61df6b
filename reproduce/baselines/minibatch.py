"""How the modern networks are trained: cross entropy, Adam, batches in a new random order each pass."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paper_lenet5.training import Split, generator


@dataclass(frozen=True)
class MinibatchRecipe:
    """A network, and all of its training but the data and the seed."""

    network: Callable[[], nn.Module]
    """Its answer is the largest of ten scores."""
    passes: int = 20
    batch: int = 64
    learning_rate: float = 1e-3
    """Adam's, per batch."""


@dataclass(frozen=True)
class MinibatchPass:
    """What one pass did. Errors are counts of patterns, times are seconds."""

    number: int
    patterns: int
    errors_during: int
    """Among `patterns`, each judged just before the step that it was part of."""
    test_errors: int
    seconds: float


class MinibatchSession:
    """One network in training: `paper_lenet5.training.Session`, but in batches."""

    def __init__(self, recipe: MinibatchRecipe, seed: int, train: Split, test: Split):
        self.recipe, self.seed, self.train, self.test = recipe, seed, train, test
        with torch.random.fork_rng(devices=[]):  # PyTorch's layers draw from the global stream
            torch.manual_seed(generator(seed, "parameters").initial_seed())
            self.model = recipe.network()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=recipe.learning_rate)
        self.records: list[MinibatchPass] = []

    @property
    def length(self) -> int:
        """How many passes the recipe has."""
        return self.recipe.passes

    def passes(self) -> Iterator[MinibatchPass]:
        """Train the passes that are left, yielding the record of each as it ends."""
        while len(self.records) < self.length:
            self.records.append(self._one_pass(len(self.records) + 1))
            yield self.records[-1]

    def _one_pass(self, number: int) -> MinibatchPass:
        started = time.perf_counter()
        patterns, errors = len(self.train.labels), 0
        self.model.train()
        order = torch.randperm(patterns, generator=generator(self.seed, "order", number))
        for batch in order.split(self.recipe.batch):
            labels = self.train.labels[batch]
            scores = self.model(self.train.inputs[batch])
            errors += int((scores.argmax(1) != labels).sum())
            self.optimizer.zero_grad()
            cross_entropy(scores, labels).backward()
            self.optimizer.step()
        seconds = time.perf_counter() - started
        return MinibatchPass(number, patterns, errors, self.errors(self.test), seconds)

    @torch.no_grad()
    def answers(self, split: Split) -> Tensor:
        """The label of the largest score for every pattern of the split, (N,)."""
        self.model.eval()
        return torch.cat([self.model(some).argmax(1) for some in split.inputs.split(1000)])

    def errors(self, split: Split) -> int:
        """How many patterns of the split are misclassified."""
        return int((self.answers(split) != split.labels).sum())

    def state(self) -> dict[str, Tensor]:
        """Everything that the next pass depends on, but the record."""
        tensors = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{name}": t for name, t in moments.items()}
        return tensors

    def restore(self, state: dict[str, Tensor], records: list[dict]) -> None:
        """Go on from `state()` and the records that belong to it."""
        model = {k.removeprefix("model."): t for k, t in state.items() if k.startswith("model.")}
        self.model.load_state_dict(model)
        optimizer = self.optimizer.state_dict()
        for key, tensor in state.items():
            if key.startswith("adam."):
                _, index, name = key.split(".")
                optimizer["state"].setdefault(int(index), {})[name] = tensor
        self.optimizer.load_state_dict(optimizer)
        self.records = [MinibatchPass(**record) for record in records]
