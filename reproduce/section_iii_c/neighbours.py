"""Nearest neighbours, by Euclidean and by tangent distance. Sections III-C.2 and III-C.9."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from .fitted import CLASSES, Classifier, Outcome


@dataclass(frozen=True)
class NearestNeighbours(Classifier):
    """The majority of the k nearest training patterns, by Euclidean distance."""

    k: int = 3

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        return Outcome(scores_by_distance(x, labels, shown, self.k), x.size, x.size)


def scores_by_distance(
    x: np.ndarray, labels: np.ndarray, shown: np.ndarray, k: int
) -> np.ndarray:  # fmt: skip
    """Scores (N, 10) for vectors (N, D) by their k nearest among x (P, D) with labels (P,)."""
    distances = np.stack([
        NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x[labels == digit]).kneighbors(shown)[0]
        for digit in range(CLASSES)
    ], 1)  # fmt: skip
    return neighbour_scores(distances, k)


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


# --- tangent distance -----------------------------------------------------------------------------

TANGENTS = 7
"""Two translations, rotation, scaling, squeezing, skewing and thickness."""
STIFFNESS = 0.01
"""What keeps two tangent planes that are almost parallel from meeting far away."""
CHUNK = 50
"""Test patterns whose candidates are in memory at a time."""


@dataclass(frozen=True)
class TangentDistance(Classifier):
    """The majority of the k nearest training patterns, by the distance between tangent planes.

    Of the patterns only the `candidates` that are nearest by Euclidean distance are looked at: the
    prefilter of the paper, at one resolution (D19).
    """

    k: int = 1
    smoothing: float = 0.9
    """Standard deviation, in pixels, of the Gaussian that images are smoothed with before derivatives
    are taken."""
    candidates: int = 100

    def _of_pixels(self, x: np.ndarray, labels: np.ndarray, shown: np.ndarray) -> Outcome:
        stored, asked = (smooth(of, self.smoothing) for of in (x, shown))
        near = (
            NearestNeighbors(n_neighbors=self.candidates, algorithm="brute")
            .fit(flat(stored)).kneighbors(flat(asked), return_distance=False)
        )  # fmt: skip
        squares = nearest_planes(stored, asked, near)
        scores = neighbour_scores(by_class(squares, labels[near], self.k), self.k)
        projected = x.shape[1] * TANGENTS * (TANGENTS + 2)  # of one candidate
        return Outcome(scores, x.size + self.candidates * projected, x.size)


def flat(images: np.ndarray) -> np.ndarray:
    """Images (N, side, side) as vectors (N, side * side)."""
    return images.reshape(len(images), -1)


def smooth(x: np.ndarray, deviation: float) -> np.ndarray:
    """Pixels (N, side * side) as smoothed images (N, side, side)."""
    side = round(x.shape[1] ** 0.5)
    images = x.reshape(len(x), side, side)
    smoothed: np.ndarray = gaussian_filter(images, deviation, axes=(1, 2), mode="constant")
    return smoothed


def tangents(images: np.ndarray) -> np.ndarray:
    """The tangent vectors of images (N, side, side): (N, 7, side * side).

    How the image changes when it is moved along x and y, turned, enlarged, squeezed, skewed about its
    middle, and when its strokes grow thicker.
    """
    side = images.shape[1]
    along_y, along_x = np.gradient(images, axis=(1, 2))
    at = np.arange(side, dtype=images.dtype) - (side - 1) / 2
    y, x = at[:, None], at[None, :]
    changes = (
        along_x, along_y,
        y * along_x - x * along_y,
        x * along_x + y * along_y,
        x * along_x - y * along_y,
        y * along_x + x * along_y,
        along_x**2 + along_y**2,
    )  # fmt: skip
    return np.stack([flat(change) for change in changes], 1)


def planes(images: np.ndarray) -> Tensor:
    """Orthonormal bases (N, 7, side * side) of what the tangent vectors span."""
    across = torch.from_numpy(tangents(images)).mT
    basis: Tensor = torch.linalg.qr(across).Q.mT
    return basis.contiguous()


def nearest_planes(stored: np.ndarray, asked: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Squared tangent distances (N, candidates) of images asked (N, side, side).

    near (N, candidates) are the indices of the candidates among the images stored (P, side, side).
    """
    of_stored, points = planes(stored), torch.from_numpy(flat(stored))
    of_asked, targets = planes(asked), torch.from_numpy(flat(asked))
    indices = torch.from_numpy(near)
    chunks = [torch.arange(len(near))[i : i + CHUNK] for i in range(0, len(near), CHUNK)]
    squares = [
        tangent_distances(targets[some], of_asked[some], points[indices[some]],
                          of_stored[indices[some]])
        for some in chunks
    ]  # fmt: skip
    return torch.cat(squares).numpy()


def tangent_distances(x: Tensor, plane: Tensor, others: Tensor, their_planes: Tensor) -> Tensor:
    """Squared distances (N, M) between the tangent planes at x (N, D) and at others (N, M, D).

    The planes are orthonormal bases, (N, 7, D) and (N, M, 7, D). The smallest |d + a U - b V|^2 over a
    and b, where d = x - other: what of d is left when both planes are taken out.
    """
    apart = x[:, None] - others
    of_own = apart @ plane.mT  # (N, M, 7)
    of_theirs = (their_planes @ apart[..., None])[..., 0]
    shared = (their_planes.flatten(1, 2) @ plane.mT).unflatten(1, their_planes.shape[1:3])
    rest = of_theirs - (shared @ of_own[..., None])[..., 0]
    gram = (1 + STIFFNESS) * torch.eye(TANGENTS) - shared @ shared.mT
    gained = torch.linalg.solve(gram, rest)
    left: Tensor = apart.square().sum(2) - of_own.square().sum(2) - (rest * gained).sum(2)
    return left.clamp(min=0)


def by_class(squares: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """The k smallest distances of each class, (N, 10, k), from those of candidates (N, candidates).

    labels (N, candidates) are the candidates' classes. A class with fewer candidates is as far away as
    the farthest of all.
    """
    distances = np.sqrt(squares)
    farthest = distances.max(1, keepdims=True)
    return np.stack([
        np.sort(np.where(labels == digit, distances, farthest), 1)[:, :k]
        for digit in range(CLASSES)
    ], 1)  # fmt: skip
