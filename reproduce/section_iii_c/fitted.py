"""The classifiers of section III-C that are no gradient-trained networks, as scikit-learn has them.

Each is a recipe with one method: it is fitted to the training set, and gives ten scores for each test
pattern, the largest of which is its answer (D19, D20). Pixels are in 0 ... 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import SVC

from paper_lenet5.patterns import Split

from ..baselines.images import Version, in_version, pixels

CLASSES = 10
PAIRS = tuple(combinations(range(CLASSES), 2))
"""0 and 1, 0 and 2 ... 8 and 9, as scikit-learn orders them."""


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


@dataclass(frozen=True)
class Linear(Classifier):
    """Ten weighted sums, by least squares for targets +-1."""

    ridge: float = 1.0

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        scores = RidgeClassifier(alpha=self.ridge).fit(x, labels).decision_function(shown)
        products = CLASSES * x.shape[1]
        return Outcome(scores, products, products + CLASSES)


@dataclass(frozen=True)
class PairwiseLinear(Classifier):
    """A weighted sum for each of the 45 pairs of classes, fitted to these two alone, targets +-1."""

    ridge: float = 1.0

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        units = OneVsOneClassifier(RidgeClassifier(alpha=self.ridge)).fit(x, labels).estimators_
        outputs = np.stack([unit.decision_function(shown) for unit in units], 1)
        products = outputs.shape[1] * x.shape[1]
        return Outcome(weakest_win(outputs), products, products + outputs.shape[1])


def weakest_win(outputs: np.ndarray) -> np.ndarray:
    """Scores (N, 10) from outputs (N, 45), each positive for the second class of its pair.

    The score of a class is the smallest of the outputs of its nine pairs: how clearly it wins against
    the strongest of the others, or how clearly it loses.
    """
    scores = np.full((len(outputs), CLASSES), np.inf)
    for output, (first, second) in zip(outputs.T, PAIRS, strict=True):
        scores[:, second] = np.minimum(scores[:, second], output)
        scores[:, first] = np.minimum(scores[:, first], -output)
    return scores


@dataclass(frozen=True)
class NearestNeighbours(Classifier):
    """The majority of the k nearest training patterns, by Euclidean distance."""

    k: int = 3

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        distances = np.stack([
            NearestNeighbors(n_neighbors=self.k, algorithm="brute")
            .fit(x[labels == digit]).kneighbors(shown)[0]
            for digit in range(CLASSES)
        ], 1)  # fmt: skip
        return Outcome(neighbour_scores(distances, self.k), x.size, x.size)


def neighbour_scores(distances: np.ndarray, k: int) -> np.ndarray:
    """Scores (N, 10) from the distances (N, 10, k) of each class's k nearest patterns, in rising order.

    The score of a class is its number among the k nearest of all; where two have as many, the one
    with the nearest pattern is ahead: its distance, in units of the farthest class's, is taken off.
    """
    flat = distances.reshape(len(distances), -1)
    nearest = np.argsort(flat, axis=1, kind="stable")[:, :k] // k
    votes = (nearest[:, :, None] == np.arange(CLASSES)).sum(1)
    first = distances[:, :, 0]
    scores: np.ndarray = votes - first / np.maximum(first.max(1, keepdims=True), 1e-12)
    return scores


@dataclass(frozen=True)
class Quadratic(Classifier):
    """The products of all pairs of 40 principal components, and a linear classifier on them."""

    components: int = 40
    ridge: float = 1.0

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        model = make_pipeline(
            PCA(self.components, random_state=0),
            PolynomialFeatures((2, 2), include_bias=False),
            RidgeClassifier(alpha=self.ridge),
        ).fit(x, labels)
        pairs = self.components * (self.components + 1) // 2
        projection, sums = self.components * x.shape[1], CLASSES * pairs
        scores = model.decision_function(shown)
        return Outcome(scores, projection + pairs + sums, projection + sums + CLASSES)


@dataclass(frozen=True)
class RadialBasis(Classifier):
    """Gaussians at the centres that k-means finds for each class, a linear classifier on them."""

    per_class: int = 100
    width: float = 1.0
    """Standard deviation of all Gaussians, in units of the root-mean-square distance of a training
    pattern from the nearest centre of its class (D19)."""
    ridge: float = 0.01

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        groups = [
            KMeans(self.per_class, n_init=1, random_state=0).fit(x[labels == digit])
            for digit in range(CLASSES)
        ]
        centres = np.concatenate([group.cluster_centers_ for group in groups])
        spread = sum(group.inertia_ for group in groups) / len(x)

        def gaussians(patterns: np.ndarray) -> np.ndarray:
            squares = euclidean_distances(patterns, centres, squared=True)
            near: np.ndarray = np.exp(-squares.astype(float) / (2 * self.width**2 * spread))
            return near

        linear = RidgeClassifier(alpha=self.ridge).fit(gaussians(x), labels)
        products = centres.size + CLASSES * len(centres)
        return Outcome(linear.decision_function(gaussians(shown)), products, products + CLASSES)


@dataclass(frozen=True)
class PolynomialSVM(Classifier):
    """Support vectors with the kernel (x.y / s + shift)^degree, one machine for each pair of classes.

    s is the mean of x.x over the training set.
    """

    degree: int = 4
    shift: float = 1.0
    penalty: float = 10.0
    """The constant C of the soft margin."""

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        machine = SVC(
            kernel="poly", degree=self.degree, coef0=self.shift, C=self.penalty,
            gamma=float(1 / (x * x).sum(1).mean()), decision_function_shape="ovo", cache_size=2000,
        ).fit(x, labels)  # fmt: skip
        # scikit-learn's are positive for the first class.
        outputs: np.ndarray = -machine.decision_function(shown)
        stored = len(machine.support_) * (x.shape[1] + CLASSES - 1)
        return Outcome(weakest_win(outputs), stored, stored + len(PAIRS))
