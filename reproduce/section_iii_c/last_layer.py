"""LeNet-4 with something else in place of its last layer. Section III-C.7."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from paper_lenet5.patterns import Split

from ..baselines.of_1998 import Layers, LeNet4
from ..baselines.recipe_1998 import Recipe1998
from ..measures import costs
from .boosting import trained
from .fitted import CLASSES, Outcome
from .neighbours import scores_by_distance
from .single_layers import one_of_ten

CHUNK = 100
"""Test patterns whose neighbours are in memory at a time."""


@dataclass(frozen=True)
class LastLayer:
    """A recipe: LeNet-4 is trained, then something else is fitted to the states of its 120 units."""

    network: Recipe1998 = Recipe1998(LeNet4())
    seed: int = 0

    def outcome(self, train: Split, test: Split) -> Outcome:
        """Train the network and classify the test set."""
        model, of_train, of_test = trained_states(self.network, self.seed, train, test)
        own = CLASSES * of_train.shape[1]  # products of the layer that is replaced
        outcome = self._of_states(of_train, train.labels.numpy(), of_test)
        return outcome._replace(
            multiply_adds=outcome.multiply_adds + costs.multiply_adds(model) - own,
            variables=outcome.variables + costs.parameters(model) - own - CLASSES,
        )

    def _of_states(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        """Fit to states x (P, 120) with labels (P,), and classify those `shown`, (N, 120)."""
        raise NotImplementedError


@lru_cache(maxsize=1)
def trained_states(
    network: Recipe1998, seed: int, train: Split, test: Split
) -> tuple[Layers, np.ndarray, np.ndarray]:
    """The trained network and the states of the layer below its last, for both sets, (N, units)."""
    session = trained(network.session(train, test, seed))
    model = cast(Layers, session.model)
    return model, states(model, session.train), states(model, session.test)


@torch.inference_mode()
def states(model: Layers, split: Split) -> np.ndarray:
    """The states of the layer below the last, (N, units)."""
    return torch.cat([model.states(some)[-2] for some in split.inputs.split(1000)]).numpy()


@dataclass(frozen=True)
class LastLayerNeighbours(LastLayer):
    """The majority of the k patterns whose states are nearest."""

    k: int = 3

    def _of_states(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        return Outcome(scores_by_distance(x, labels, shown, self.k), x.size, x.size)


@dataclass(frozen=True)
class LastLayerLocal(LastLayer):
    """A linear classifier that is fitted anew for each test pattern, to its k nearest neighbours.

    Local learning (Bottou and Vapnik, 1992): least squares for targets +-1, with weight decay.
    """

    k: int = 200
    decay: float = 10.0

    def _of_states(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        near = (
            NearestNeighbors(n_neighbors=self.k, algorithm="brute")
            .fit(x).kneighbors(shown, return_distance=False)
        )  # fmt: skip
        targets = one_of_ten(labels)
        outputs = [
            local_outputs(x[near[some]], targets[near[some]], shown[some], self.decay)
            for some in np.array_split(np.arange(len(shown)), -(-len(shown) // CHUNK))
        ]
        units = x.shape[1]
        fit = self.k * units * (units + CLASSES) + units**3 // 3 + CLASSES * units * units
        return Outcome(np.concatenate(outputs), x.size + fit, x.size)


def local_outputs(
    x: np.ndarray, targets: np.ndarray, shown: np.ndarray, decay: float
) -> np.ndarray:
    """Outputs (N, 10) at states `shown` (N, D), each of the linear classifier of its own neighbours.

    x (N, k, D) are the neighbours' states, targets (N, k, 10) theirs.
    """
    at, level = x.mean(1, keepdims=True), targets.mean(1, keepdims=True)
    x, targets = x - at, targets - level
    across = x.transpose(0, 2, 1)
    gram = across @ x + decay * np.eye(x.shape[2], dtype=x.dtype)
    weights = np.linalg.solve(gram, across @ targets)  # (N, D, 10)
    outputs: np.ndarray = (shown[:, None] - at) @ weights + level
    return outputs[:, 0]
