"""One layer of trained units: linear, pairwise, on products and on Gaussians. Sections III-C.1, 3, 4."""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from paper_lenet5.layers import A, S

from .fitted import CLASSES, PAIRS, Classifier, Outcome, PairScore, pair_scores

BATCH = 100
"""Patterns for each step of gradient descent."""


@dataclass(frozen=True)
class Squashed:
    """Units f(a) of eq. 6, by gradient descent on the squared error.

    The rate falls from pass to pass, in equal steps towards 0.
    """

    rate: float = 0.01
    passes: int = 20

    def outputs(self, x: np.ndarray, targets: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """Outputs (N, units) for patterns `shown` (N, inputs), once trained on x (P, inputs).

        targets (P, units) are +-1, or 0 for patterns that a unit is not trained on.
        """
        rng, weights = np.random.default_rng(0), np.zeros((x.shape[1], targets.shape[1]), x.dtype)
        bias = np.zeros(targets.shape[1], x.dtype)
        for number in range(self.passes):
            rate = x.dtype.type(self.rate * (1 - number / self.passes))
            for chosen in np.array_split(rng.permutation(len(x)), -(-len(x) // BATCH)):
                tanh = np.tanh(S * (x[chosen] @ weights + bias))
                wanted = targets[chosen]
                error = np.where(wanted == 0, 0, A * tanh - wanted)
                delta = rate * error * A * S * (1 - tanh**2)
                weights -= x[chosen].T @ delta / len(chosen)
                bias -= delta.mean(0)
        squashed: np.ndarray = A * np.tanh(S * (shown @ weights + bias))
        return squashed


@dataclass(frozen=True)
class LeastSquares:
    """Linear units, by solving the linear system."""

    ridge: float = 1.0

    def outputs(self, x: np.ndarray, targets: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """The same as `Squashed.outputs`, for linear units."""
        by_unit = [
            Ridge(self.ridge).fit(x[of != 0], of[of != 0]).predict(shown) for of in targets.T
        ]
        return np.stack(by_unit, 1)


def one_of_ten(labels: np.ndarray) -> np.ndarray:
    """Targets (P, 10): +1 for the class, -1 for the others."""
    return np.where(labels[:, None] == np.arange(CLASSES), 1, -1).astype(np.float32)


def one_of_two(labels: np.ndarray) -> np.ndarray:
    """Targets (P, 45): +1 for the second class of the pair, -1 for the first, 0 for all others."""
    first, second = np.array(PAIRS).T
    of = labels[:, None]
    targets: np.ndarray = (1 * (of == second) - 1 * (of == first)).astype(np.float32)
    return targets


@dataclass(frozen=True)
class Linear(Classifier):
    """Ten units that look at the pixels, targets +-1."""

    units: Squashed | LeastSquares = Squashed()

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        products = CLASSES * x.shape[1]
        scores = self.units.outputs(x, one_of_ten(labels), shown)
        return Outcome(scores, products, products + CLASSES)


@dataclass(frozen=True)
class PairwiseLinear(Classifier):
    """A unit for each of the 45 pairs of classes, trained on these two alone, targets +-1."""

    units: Squashed | LeastSquares = Squashed()
    score: PairScore = "sum"

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        outputs = self.units.outputs(x, one_of_two(labels), shown)
        products = len(PAIRS) * x.shape[1]
        return Outcome(pair_scores(outputs, self.score), products, products + len(PAIRS))


@dataclass(frozen=True)
class Quadratic(Classifier):
    """The products of all pairs of 40 principal components, and ten units that look at them.

    Each product has mean 0 and variance 1 over the training set.
    """

    components: int = 40
    units: Squashed | LeastSquares = Squashed()

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        expansion = make_pipeline(
            PCA(self.components, random_state=0),
            PolynomialFeatures((2, 2), include_bias=False),
            StandardScaler(),
        ).fit(x)
        scores = self.units.outputs(
            expansion.transform(x), one_of_ten(labels), expansion.transform(shown)
        )
        pairs = self.components * (self.components + 1) // 2
        projection, sums = self.components * x.shape[1], CLASSES * pairs
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
