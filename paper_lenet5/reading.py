"""Reading a string off one wide sweep: transducer and Viterbi pass. Section VII, Fig. 24.

A character may stand on several answers in a row, and is then one character. Between two characters
there is at least one blank, between equal ones as between different ones (D16). Of all sequences of
labels that obey, the one with the smallest sum of penalties is read.
"""

from itertools import groupby
from typing import NamedTuple

from torch import Tensor

from .strings import BLANK


class Reading(NamedTuple):
    """What a sweep was read as."""

    text: str
    """The digits, from left to right; empty where there is none."""
    labels: tuple[int, ...]
    """The best sequence: one label for each answer, BLANK among them."""
    cost: float
    """The sum of their penalties."""


def read_string(penalties: Tensor) -> Reading:
    """The string in penalties (11, columns), or (11, 1, columns) as a network gives them.

    It is that of the best of all sequences of labels in which no digit follows another digit. Raises
    ValueError for other shapes, or penalties that are not finite.
    """
    rows = penalties.squeeze(1) if penalties.ndim == 3 else penalties
    if rows.ndim != 2 or len(rows) != BLANK + 1 or rows.shape[1] == 0:
        raise ValueError(
            f"expected penalties of shape ({BLANK + 1}, columns) or ({BLANK + 1}, 1, columns), "
            f"got {tuple(penalties.shape)}"
        )
    if not rows.isfinite().all():
        raise ValueError("expected finite penalties")
    first, *others = rows.double().T.tolist()
    cost, path = first, []  # path: the best label of the answer before, for each label of this one
    for column in others:
        before = [c if cost[c] <= cost[BLANK] else BLANK for c in range(BLANK)]
        before.append(min(range(BLANK + 1), key=cost.__getitem__))
        cost = [cost[b] + penalty for b, penalty in zip(before, column, strict=True)]
        path.append(before)
    label = min(range(BLANK + 1), key=cost.__getitem__)
    total, labels = cost[label], [label]
    for before in reversed(path):
        labels.append(label := before[label])
    labels.reverse()
    return Reading(text_of(labels), tuple(labels), total)


def text_of(labels: "list[int] | tuple[int, ...]") -> str:
    """The digits that labels stand for: repeats merged, blanks left out."""
    return "".join(str(label) for label, _ in groupby(labels) if label != BLANK)
