"""Boosted LeNet-4: three networks, each trained on what those before it find hard. Section III-C."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paper_lenet5.distort import DISTORTED_VERSIONS, FIG7_RANGES, distorted_patterns
from paper_lenet5.patterns import Distorted, Split, generator
from paper_lenet5.training import Session

from ..baselines.of_1998 import LeNet4
from ..baselines.recipe_1998 import Recipe1998
from ..measures import costs
from .fitted import Outcome

PIECE = 60_000
"""Patterns of the pool that are in memory at a time."""


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
        details: dict[str, int | list[int]] = {
            "passes": first.length,
            "training_patterns": [len(network.train.labels) for network in networks],
            "test_errors_of_each": [network.records[-1].test_errors for network in networks],
        }
        # A penalty is a number that all classes share, less four times the class's own output.
        scores = -torch.stack(penalties).sum(0).numpy() / 4
        return Outcome(
            scores, 3 * costs.multiply_adds(first.model), 3 * costs.parameters(first.model), details
        )

    def _next(self, pool: "Pool", chosen: Tensor, test: Split, number: int) -> Session:
        return trained(self.retrained.session(pool.split(chosen), test, self.seed + number))


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
