"""How many patterns must be rejected so that few of the others are misclassified. Fig. 10."""

import numpy as np

ACCEPTED_ERROR = 0.005
"""Errors among the patterns that are not rejected (Fig. 10)."""


def margins(scores: np.ndarray) -> np.ndarray:
    """How far the largest of the scores (N, classes) is ahead of the second largest, (N,)."""
    second, first = np.partition(scores, -2, axis=1)[:, -2:].T
    ahead: np.ndarray = first - second
    return ahead


def rejected(scores: np.ndarray, labels: np.ndarray, accepted_error: float = ACCEPTED_ERROR) -> int:
    """How many of the patterns are rejected: those whose margin is smallest, and as few as will do.

    scores (N, classes), labels (N,). Of the patterns that are kept at most the share
    `accepted_error` is misclassified; patterns with equal margins go together.
    """
    margin = margins(scores)
    order = np.argsort(margin, kind="stable")
    wrong = (scores.argmax(1) != labels)[order]
    n = len(labels)
    left = np.append(np.cumsum(wrong[::-1])[::-1], 0)  # errors among those kept, by number rejected
    enough = left <= accepted_error * (n - np.arange(n + 1))
    separable = np.append(True, np.append(np.diff(margin[order]) > 0, True))
    return int(np.flatnonzero(enough & separable)[0])
