"""A classifier of section III-C that is no gradient-trained network: what it is given, what it gives.

It is fitted to the training set, and gives ten scores for each test pattern, the largest of which is its
answer (D19, D20). Pixels are in 0 ... 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from paper_lenet5.patterns import Split

from ..baselines.images import Version, in_version, pixels

CLASSES = 10
PAIRS = tuple(combinations(range(CLASSES), 2))
"""0 and 1, 0 and 2 ... 8 and 9: the classes that each of 45 units or machines tells apart."""


class Outcome(NamedTuple):
    """What a classifier makes of the test set, and what it costs."""

    scores: np.ndarray
    """Scores of the ten classes, (N, 10); the largest is the answer."""
    multiply_adds: int
    """Products that one pattern takes."""
    variables: int
    """What has to be kept to classify, counting each pixel of a stored pattern as one."""
    details: Mapping[str, int | list[int]] = MappingProxyType({})
    """What else the record is to say."""


@dataclass(frozen=True)
class Classifier:
    """A recipe: on which images it works, and its own numbers."""

    images: Version = "regular"
    """The version of the database: see `images.VERSIONS`."""
    side: int = 28
    """Only the central side x side pixels are looked at."""

    def outcome(self, train: Split, test: Split) -> Outcome:
        """Fit the classifier to the training set and classify the test set."""
        fitted, shown = (in_version(split, self.images) for split in (train, test))
        return self._of_pixels(
            pixels(fitted, self.side).numpy(), fitted.labels.numpy(),
            pixels(shown, self.side).numpy(),
        )  # fmt: skip

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        """Fit to patterns x (P, pixels) with labels (P,), and classify those `shown`, (N, pixels)."""
        raise NotImplementedError


# --- scores from one output for each pair of classes ----------------------------------------------

PairScore = Literal["sum", "weakest win"]
"""What a class scores: the sum of the outputs of its nine pairs, or the smallest of them (D20)."""


def pair_scores(outputs: np.ndarray, rule: PairScore) -> np.ndarray:
    """Scores (N, 10) from outputs (N, 45), each positive for the second class of its pair.

    By "sum", section III-C.1: all outputs that are positive for the class, less those that are
    negative for it. By "weakest win": how clearly it wins against the strongest of the others, or how
    clearly it loses.
    """
    wins = np.zeros((len(outputs), CLASSES, CLASSES), outputs.dtype)  # of one class over another
    for output, (first, second) in zip(outputs.T, PAIRS, strict=True):
        wins[:, second, first], wins[:, first, second] = output, -output
    if rule == "sum":
        added: np.ndarray = wins.sum(2)
        return added
    wins[:, np.arange(CLASSES), np.arange(CLASSES)] = np.inf
    weakest: np.ndarray = wins.min(2)
    return weakest
