"""Boosted LeNet-4: three networks, each trained on what those before it find hard. Section III-C."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from paper_lenet5.distort import DISTORTED_VERSIONS, FIG7_RANGES, distorted_patterns
from paper_lenet5.patterns import Distorted, Split, generator
from paper_lenet5.training import Session

from ..baselines.of_1998 import LeNet4
from ..baselines.recipe_1998 import Recipe1998
from ..measures import costs, rejection
from .fitted import Outcome

PIECE = 60_000
"""Patterns of the pool that are in memory at a time."""
SHARES = 40
"""In how many equal steps more of the test patterns go to all three networks."""


@dataclass(frozen=True)
class Boosted:
    """Three networks whose outputs are added (D21).

    The first is trained with distortions. Of all originals and distorted patterns together, the second
    is trained on those that the first one misses and as many others; the third on those that the two
    answer differently.
    """

    network: Recipe1998 = Recipe1998(LeNet4(), distortions=FIG7_RANGES)
    retrained: Recipe1998 = Recipe1998(LeNet4())
    """The recipe of the second and the third network, whose patterns are distorted already."""
    seed: int = 0

    def outcome(self, train: Split, test: Split) -> Outcome:
        """Train the three networks, one after the other, and classify the test set."""
        first = self.network.session(train, test, self.seed)
        if not isinstance(first.patterns, Distorted):
            raise ValueError("expected a first network that is trained with distortions")
        pool = Pool(train, first.patterns)
        trained(first)
        by_first = pool.answers(first)
        rng = generator(self.seed, "boosting")
        second = self._next(pool, half_missed(by_first != pool.labels, rng), test, 1)
        disputed = (by_first != pool.answers(second)).nonzero().flatten()
        third = self._next(pool, disputed, test, 2)
        networks = (first, second, third)
        penalties = [network.recipe.penalties(network.model, test) for network in networks]
        # A penalty is a number that all classes share, less four times the class's own output.
        by_network = [-of_network.numpy() / 4 for of_network in penalties]
        scores = np.sum(by_network, axis=0)
        details: dict[str, int | list[int]] = {
            "passes": first.length,
            "training_patterns": [len(network.train.labels) for network in networks],
            "test_errors_of_each": [network.records[-1].test_errors for network in networks],
            "test_errors_by_share": errors_by_share(by_network[0], scores, test.labels.numpy()),
        }
        return Outcome(
            scores, 3 * costs.multiply_adds(first.model), 3 * costs.parameters(first.model), details
        )

    def _next(self, pool: "Pool", chosen: Tensor, test: Split, number: int) -> Session:
        return trained(self.retrained.session(pool.split(chosen), test, self.seed + number))


def errors_by_share(first: np.ndarray, together: np.ndarray, labels: np.ndarray) -> list[int]:
    """Errors if the first network answers alone but where it is least sure: 1 + SHARES counts.

    Scores of the first network and of all three, (N, 10), and labels (N,). The k-th count, from 0, is
    that where the k / SHARES of the patterns whose two largest scores are nearest go to all three, at
    1 + 2 k / SHARES times the cost of one network. No label has a part in which these are.
    """
    order = np.argsort(rejection.margins(first), kind="stable")
    alone, all_three = (
        (scores.argmax(1) != labels)[order].astype(int) for scores in (first, together)
    )
    asked = [len(labels) * k // SHARES for k in range(1 + SHARES)]
    return [int(all_three[:n].sum() + alone[n:].sum()) for n in asked]


def half_missed(missed: Tensor, rng: torch.Generator) -> Tensor:
    """Indices of all patterns that are missed, and of as many that are not, (P,) int64."""
    right = (~missed).nonzero().flatten()
    some = right[torch.randperm(len(right), generator=rng)[: int(missed.sum())]]
    return torch.cat([missed.nonzero().flatten(), some])


class Pool:
    """The originals and nine distorted versions of each, made when they are needed."""

    def __init__(self, train: Split, patterns: Distorted):
        self.train, self.parameters = train, patterns.parameters
        self.labels = train.labels.repeat(1 + DISTORTED_VERSIONS)

    def fields(self, chosen: Tensor) -> Tensor:
        """The chosen patterns of the pool, (P, 32, 32) uint8."""
        return distorted_patterns(self.train.images, chosen, self.parameters)

    def split(self, chosen: Tensor) -> Split:
        """The chosen patterns of the pool as a training set."""
        return Split(self.fields(chosen), self.labels[chosen], self.train.levels)

    def answers(self, session: Session) -> Tensor:
        """The network's answer for every pattern of the pool, (N,)."""
        pieces = torch.arange(len(self.labels)).split(PIECE)
        return torch.cat([session.answers(self.split(some)) for some in pieces])


def trained(session: Session) -> Session:
    """Train the session to its last pass and return it."""
    for _ in session.passes():
        pass
    return session
