"""Support vectors, with virtual ones, and as a reduced set. Section III-C.10."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.svm import SVC

from .fitted import PAIRS, Classifier, Outcome, PairScore, pair_scores

Kernel = Callable[[Any, Any], Any]
"""Vectors (N, pixels) and (V, pixels), arrays or tensors, to (N, V)."""

SHIFTS = ((0, 1), (0, -1), (1, 0), (-1, 0))
"""Rows and columns by which virtual support vectors are shifted."""


class Machines(NamedTuple):
    """45 machines, one for each pair of classes, that look at the same vectors."""

    vectors: np.ndarray
    """(V, pixels)."""
    coefficients: np.ndarray
    """(V, 45); 0 where a vector supports another machine."""
    bias: np.ndarray
    """(45,)."""


@dataclass(frozen=True)
class PolynomialSVM(Classifier):
    """Support vectors with the kernel (x.y / s + shift)^degree, one machine for each pair of classes.

    s is the mean of x.x over the training set.
    """

    degree: int = 4
    shift: float = 1.0
    unit_norm: bool = False
    """Whether each pattern is divided by its norm."""
    penalty: float = 10.0
    """The constant C of the soft margin."""
    score: PairScore = "weakest win"

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        if self.unit_norm:
            x, shown = normed(x), normed(shown)
        length = np.sqrt((x * x).sum(1).mean())
        machines = self._machines(x / length, labels)
        scores = pair_scores(outputs(machines, shown / length, self.kernel), self.score)
        stored = machines.vectors.size + int(np.count_nonzero(machines.coefficients))
        details = {"vectors": len(machines.vectors)}
        return Outcome(scores, stored, stored + len(PAIRS), details)

    def kernel(self, x: Any, y: Any) -> Any:
        """The kernel of patterns x (N, pixels) and y (V, pixels), arrays or tensors: (N, V)."""
        return (x @ y.T + self.shift) ** self.degree

    def _machines(self, x: np.ndarray, labels: np.ndarray) -> Machines:
        """The machines, fitted to patterns x (P, pixels) with labels (P,)."""
        return pooled([self._machine(x, labels, pair) for pair in PAIRS])

    def _machine(
        self, x: np.ndarray, labels: np.ndarray, pair: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """The support vectors (V, pixels) of a pair of classes, coefficients (V,) and bias."""
        of_pair = (labels == pair[0]) | (labels == pair[1])
        return self._fitted(x[of_pair], labels[of_pair])

    def _fitted(self, x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """One machine, positive for the larger of two labels."""
        machine = SVC(kernel="poly", degree=self.degree, gamma=1.0, coef0=self.shift, C=self.penalty,
                      cache_size=2000).fit(x, labels)  # fmt: skip
        return x[machine.support_], machine.dual_coef_[0], float(machine.intercept_[0])


@dataclass(frozen=True)
class VirtualSVM(PolynomialSVM):
    """V-SVM: each machine is fitted anew, to its support vectors and their four one-pixel shifts."""

    def _machine(
        self, x: np.ndarray, labels: np.ndarray, pair: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, float]:
        vectors, coefficients, _ = super()._machine(x, labels, pair)
        copies = np.concatenate([vectors, *(shifted(vectors, *by) for by in SHIFTS)])
        return self._fitted(copies, np.tile(coefficients > 0, 1 + len(SHIFTS)))


@dataclass(frozen=True)
class ReducedSetSVM(VirtualSVM):
    """RS-SVM: the machines of a V-SVM, with a few vectors that all share in place of their own.

    In feature space the normals of the 45 hyperplanes are brought as close as possible to those of the
    V-SVM, by gradient descent on the vectors, with the best coefficients for them at every step.
    """

    vectors: int = 1_450
    """As many as cost the paper's 650 thousand multiply-adds."""
    steps: int = 100
    rate: float = 0.003

    def _machines(self, x: np.ndarray, labels: np.ndarray) -> Machines:
        machines = super()._machines(x, labels)
        return reduced_set(machines, self.vectors, self.kernel, self.steps, self.rate)


def normed(x: np.ndarray) -> np.ndarray:
    """Patterns (P, pixels), each divided by its norm."""
    divided: np.ndarray = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return divided


def shifted(x: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Patterns (P, side * side) moved by so many rows and columns; what leaves the field is lost."""
    side = round(x.shape[1] ** 0.5)
    field = np.pad(x.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    inside = field[:, 1 - rows : 1 - rows + side, 1 - columns : 1 - columns + side]
    return inside.reshape(len(x), -1)


def pooled(fitted: list[tuple[np.ndarray, np.ndarray, float]]) -> Machines:
    """Machines that look at each distinct vector once, from the vectors, coefficients, bias of each."""
    vectors, places = np.unique(
        np.concatenate([vectors for vectors, _, _ in fitted]), axis=0, return_inverse=True
    )
    coefficients = np.zeros((len(vectors), len(fitted)), vectors.dtype)
    machine = np.repeat(np.arange(len(fitted)), [len(of) for _, of, _ in fitted])
    np.add.at(
        coefficients, (places.ravel(), machine), np.concatenate([of for _, of, _ in fitted])
    )  # fmt: skip
    return Machines(vectors, coefficients, np.array([bias for _, _, bias in fitted]))


def outputs(machines: Machines, x: np.ndarray, kernel: Kernel) -> np.ndarray:
    """Outputs (N, 45) for patterns (N, pixels), positive for the second class of each pair."""
    pieces = [
        kernel(piece, machines.vectors) @ machines.coefficients
        for piece in np.array_split(x, -(-len(x) // 1000))
    ]
    added: np.ndarray = np.concatenate(pieces) + machines.bias
    return added


def reduced_set(machines: Machines, size: int, kernel: Kernel, steps: int, rate: float) -> Machines:
    """Machines with `size` vectors of their own making, as close to these as the steps take them.

    They begin at the centres that k-means finds among the vectors.
    """
    x, a = torch.from_numpy(machines.vectors), torch.from_numpy(machines.coefficients)
    centres = KMeans(size, n_init=1, max_iter=10, random_state=0).fit(machines.vectors)
    z = torch.from_numpy(centres.cluster_centers_.astype(np.float32)).requires_grad_()
    adam = torch.optim.Adam([z], rate)
    for number in range(steps + 1):
        own, theirs = kernel(z, z), kernel(z, x) @ a
        with torch.no_grad():
            b = best_coefficients(own, theirs)
        if number < steps:
            # With the best coefficients b the gradient is that for b fixed.
            loss = (b * (own @ b)).sum() - 2 * (b * theirs).sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
    return Machines(z.detach().numpy(), b.numpy(), machines.bias)


def best_coefficients(own: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    """The coefficients (V, 45) that bring vectors closest to normals, in float32.

    own (V, V) are the vectors' kernels with each other, theirs (V, 45) their products with the normals.
    """
    gram = own.double() + 1e-4 * torch.eye(len(own), dtype=torch.double)
    best: torch.Tensor = torch.linalg.solve(gram, theirs.double())
    return best.float()
