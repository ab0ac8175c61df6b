"""How today's networks are trained: cross entropy, in batches, in a new random order each pass."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paper_lenet5.config import check_names
from paper_lenet5.distort import DistortionRanges
from paper_lenet5.patterns import Distorted, Originals, Split, generator
from paper_lenet5.training import Training

from .networks import Dropout


def constant(done: float) -> float:
    """A schedule that leaves the learning rate as it is."""
    return 1.0


def decay(done: float) -> float:
    """A schedule that falls from 1 to 0 along half a cosine."""
    return (1 + math.cos(math.pi * done)) / 2


def one_cycle(done: float) -> float:
    """A schedule that rises from 1/25 in the first fifth, then falls to 0 along half a cosine."""
    return (1 + 24 * done / 0.2) / 25 if done < 0.2 else decay((done - 0.2) / 0.8)


@dataclass(frozen=True)
class MinibatchRecipe:
    """A network, and all of its training but the data and the seed."""

    network: Callable[[], nn.Module]
    """Makes the network. Its answer is the largest of its scores."""
    passes: int = 20
    batch: int = 64
    learning_rate: float = 1e-3
    """The optimiser's, per batch, times `schedule`."""
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    weight_decay: float = 0.0
    schedule: Callable[[float], float] = constant
    """The factor of the learning rate when this part of the training is done, 0 ... 1."""
    reduction: Literal["mean", "sum"] = "mean"
    """How the cross entropies of a batch become its loss."""
    label_smoothing: float = 0.0
    steps: int | None = None
    """Batches in each pass, or None for all of them."""
    distortions: DistortionRanges | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a reduction it does not know."""
        check_names(self)

    def build(self, rng: torch.Generator | None) -> nn.Module:
        """The network before its training; PyTorch's layers draw from the global stream, not `rng`."""
        return self.network()

    def session(self, train: Split, test: Split, seed: int) -> "MinibatchSession":
        """A network at the start of its training."""
        return MinibatchSession(self, seed, train, test)

    @torch.no_grad()
    def penalties(self, model: nn.Module, split: Split) -> Tensor:
        """Minus the scores of a trained network, (N, 10): the smallest is its answer."""
        model.eval()
        return -torch.cat([model(some) for some in split.inputs.split(1000)])


@dataclass(frozen=True)
class MinibatchPass:
    """What one pass did. Errors are counts of patterns, times are seconds of one core."""

    number: int
    patterns: int
    errors_during: int
    """Among `patterns`, each judged just before the step that it was part of."""
    loss_during: float
    """The mean loss over these patterns."""
    test_errors: int
    seconds: float


class MinibatchSession(Training[MinibatchPass]):
    """One network that is trained in batches, in a new random order each pass."""

    def __init__(self, recipe: MinibatchRecipe, seed: int, train: Split, test: Split):
        self.recipe, self.seed, self.train, self.test = recipe, seed, train, test
        with torch.random.fork_rng(devices=[]):  # PyTorch's layers draw from the global stream
            torch.manual_seed(generator(seed, "parameters").initial_seed())
            # The layout in which PyTorch convolves a third faster on a CPU.
            self.model = recipe.build(None).to(memory_format=torch.channels_last)
        self.optimizer = recipe.optimizer(
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.length, self.records = recipe.passes, []
        self.patterns = (
            Originals(train, seed, reshuffle=True)
            if recipe.distortions is None
            else Distorted(train, seed, True, recipe.distortions)
        )

    def _one_pass(self, number: int) -> MinibatchPass:
        started = time.thread_time()
        recipe = self.recipe
        patterns, errors, loss_during = 0, 0, 0.0
        inputs, of_inputs, order = self.patterns.of_pass(number)
        batches = order.split(recipe.batch)[: recipe.steps]
        self.model.train()
        for layer in self.model.modules():
            if isinstance(layer, Dropout):
                layer.generator = generator(self.seed, "dropout", number)
        for index, batch in enumerate(batches):
            done = (number - 1 + index / len(batches)) / recipe.passes
            for group in self.optimizer.param_groups:
                group["lr"] = recipe.learning_rate * recipe.schedule(done)
            labels = of_inputs[batch]
            scores = self.model(inputs[batch])
            loss = cross_entropy(scores, labels, reduction=recipe.reduction,
                                 label_smoothing=recipe.label_smoothing)  # fmt: skip
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            patterns += len(batch)
            errors += int((scores.argmax(1) != labels).sum())
            loss_during += loss.item() * (len(batch) if recipe.reduction == "mean" else 1)
        seconds = time.thread_time() - started
        return MinibatchPass(
            number, patterns, errors, loss_during / patterns, self.errors(self.test), seconds
        )

    def answers(self, split: Split) -> Tensor:
        """The label of the largest score for every pattern of the split, (N,)."""
        return self.recipe.penalties(self.model, split).argmin(1)

    def state(self) -> dict[str, Tensor]:
        """The network and what the optimiser keeps: model.NAME and optimizer.INDEX.NAME."""
        tensors = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{index}.{name}": t for name, t in moments.items() if t is not None
            }
        return {key: tensor.contiguous() for key, tensor in tensors.items()}

    def restore(self, state: dict[str, Tensor], records: list[dict[str, Any]]) -> None:
        """Go on from `state()` and the records that belong to it."""
        model = {k.removeprefix("model."): t for k, t in state.items() if k.startswith("model.")}
        self.model.load_state_dict(model)
        optimizer = self.optimizer.state_dict()
        for key, tensor in state.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".")
                optimizer["state"].setdefault(int(index), {})[name] = tensor
        self.optimizer.load_state_dict(optimizer)
        self.records = [MinibatchPass(**record) for record in records]
