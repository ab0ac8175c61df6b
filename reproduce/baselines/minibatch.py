"""How today's networks are trained: cross entropy, in batches, in a new random order each pass.

On a GPU where PyTorch has one, else on the processor. Both start from the same values and see the same
patterns, but the GPU adds up in another order.
"""

import inspect
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paper_lenet5.config import check_kinds
from paper_lenet5.distort import DistortionRanges
from paper_lenet5.patterns import Distorted, Originals, Patterns, Split, generator
from paper_lenet5.training import Training

from .augmented import Affine, Augmented
from .captured import Captured, Step
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
    distortions: DistortionRanges | Affine | None = None
    """Ten fixed versions of each pattern, a tenth of them in each pass (III-B); or ever new ones."""

    def __post_init__(self) -> None:
        """Raises ValueError for a reduction it does not know."""
        check_kinds(self)

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
        device = next(model.parameters()).device
        return -torch.cat([model(some.to(device)).cpu() for some in split.inputs.split(1000)])


@dataclass(frozen=True)
class MinibatchPass:
    """What one pass did. Errors are counts of patterns, times seconds of one core, or with a GPU."""

    number: int
    patterns: int
    errors_during: int
    """Among `patterns`, each judged just before the step that it was part of."""
    loss_during: float
    """The mean loss over these patterns."""
    test_errors: int
    seconds: float


class MinibatchSession(Training[MinibatchPass]):
    """One network that is trained in batches, in a new random order each pass.

    On `device`; where it is None, on a GPU if PyTorch has one.
    """

    def __init__(
        self, recipe: MinibatchRecipe, seed: int, train: Split, test: Split,
        device: str | None = None,
    ):  # fmt: skip
        self.recipe, self.seed, self.train, self.test = recipe, seed, train, test
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        with torch.random.fork_rng(devices=[]):  # PyTorch's layers draw from the global stream
            torch.manual_seed(generator(seed, "parameters").initial_seed())
            network = recipe.build(None)
        # The layout in which PyTorch convolves a third faster on a CPU.
        self.model = network.to(self.device).to(memory_format=torch.channels_last)
        self.dropouts = [layer for layer in self.model.modules() if isinstance(layer, Dropout)]
        for layer in self.dropouts:
            layer.generator = torch.Generator(self.device)
        self.optimizer = self._build_optimizer()
        self.length, self.records = recipe.passes, []
        self.patterns = self._patterns()
        self.wrong = torch.zeros((), dtype=torch.int64, device=self.device)
        self.loss = torch.zeros((), dtype=torch.float64, device=self.device)
        """Errors and losses of the pass so far, summed up where the network is."""
        self.stream = torch.cuda.Stream(self.device) if self.on_gpu else None
        self.take = self._taken()
        if self.on_gpu:  # all bits of float32; for good, since others may train beside it
            torch.backends.cudnn.allow_tf32 = False

    @property
    def on_gpu(self) -> bool:
        """Whether the network is on a GPU."""
        return self.device.type == "cuda"

    def _taken(self) -> Step:
        """How a step is taken: as it is, or recorded on a GPU and replayed."""
        if not self.on_gpu:
            return self._step
        return Captured(self._step, [layer.generator for layer in self.dropouts])

    def _build_optimizer(self) -> torch.optim.Optimizer:
        """The recipe's; on a GPU one whose step can be recorded, its learning rate a tensor.

        Its step goes over each parameter once, and not once for every operation of the formula.
        """
        recipe, kind = self.recipe, self.recipe.optimizer
        options: dict[str, Any] = {
            "lr": recipe.learning_rate, "weight_decay": recipe.weight_decay, "fused": True
        }  # fmt: skip
        if self.on_gpu:
            options["lr"] = torch.tensor(recipe.learning_rate, device=self.device)
            if "capturable" in inspect.signature(kind).parameters:
                options["capturable"] = True
        return kind(self.model.parameters(), **options)

    def _patterns(self) -> Patterns:
        """What is presented."""
        ranges = self.recipe.distortions
        if ranges is None:
            return Originals(self.train, self.seed, reshuffle=True)
        if isinstance(ranges, Affine):
            return Augmented(self.train, self.seed, ranges, self.device)
        return Distorted(self.train, self.seed, True, ranges)

    def _placed(self) -> AbstractContextManager[object]:
        """On a GPU: a stream of its own, which goes on from what others have made."""
        if self.stream is None:
            return nullcontext()
        self.stream.wait_stream(torch.cuda.default_stream(self.device))
        return torch.cuda.stream(self.stream)

    def _one_pass(self, number: int) -> MinibatchPass:
        clock = time.perf_counter if self.on_gpu else time.thread_time
        started = clock()
        with self._placed():
            patterns = self._train(number)
            errors, loss = int(self.wrong), float(self.loss)
        seconds = clock() - started
        return MinibatchPass(
            number, patterns, errors, loss / patterns, self.errors(self.test), seconds
        )

    def _train(self, number: int) -> int:
        """Train on the patterns of pass `number`, and return how many there were."""
        recipe = self.recipe
        of_pass = self.patterns.of_pass(number)
        inputs, labels, order = (tensor.to(self.device) for tensor in of_pass)
        batches = order.split(recipe.batch)[: recipe.steps]
        self.wrong.zero_()
        self.loss.zero_()
        self.model.train()
        for layer in self.dropouts:
            layer.generator.manual_seed(generator(self.seed, "dropout", number).initial_seed())
        for index, batch in enumerate(batches):
            done = (number - 1 + index / len(batches)) / recipe.passes
            self._set_rate(recipe.learning_rate * recipe.schedule(done))
            self.take(inputs[batch], labels[batch])
        return sum(map(len, batches))

    def _set_rate(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            if self.on_gpu:
                group["lr"].fill_(rate)  # where the recorded step reads it
            else:
                group["lr"] = rate

    def _step(self, inputs: Tensor, labels: Tensor) -> None:
        """One step of the optimiser, on one batch."""
        recipe = self.recipe
        scores = self.model(inputs)
        loss = cross_entropy(scores, labels, reduction=recipe.reduction,
                             label_smoothing=recipe.label_smoothing)  # fmt: skip
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.wrong += (scores.argmax(1) != labels).sum()
        self.loss += loss.detach().double() * (len(labels) if recipe.reduction == "mean" else 1)

    def answers(self, split: Split) -> Tensor:
        """The label of the largest score for every pattern of the split, (N,)."""
        with self._placed():
            return self.recipe.penalties(self.model, split).argmin(1)

    def state(self) -> dict[str, Tensor]:
        """The network and what the optimiser keeps: model.NAME and optimizer.INDEX.NAME."""
        tensors = {f"model.{name}": t for name, t in self.model.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{index}.{name}": t for name, t in moments.items() if t is not None
            }
        return {key: tensor.contiguous().cpu() for key, tensor in tensors.items()}

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
        for parameter, moments in self.optimizer.state.items():
            for name, tensor in moments.items():  # in the layout of what they belong to
                if torch.is_tensor(tensor) and tensor.shape == parameter.shape:
                    moments[name] = torch.empty_like(parameter).copy_(tensor)
        self.take = self._taken()  # what was recorded before knows other moments
        self.records = [MinibatchPass(**record) for record in records]
