"""Reading a string off one wide sweep: transducer and Viterbi pass. Section VII, Fig. 24.

A character may stand on several answers in a row, and is then one character. Between two characters
there is at least one blank, between equal ones as between different ones (D16). Of all sequences of
labels that obey, the one with the smallest sum of penalties is read.

A field of a picture says more: what paper parts from its neighbours is one character.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from .preprocessing import FIELD, MARGIN
from .strings import BLANK, STRIDE

INKED = 25
"""Of 255: columns that are nowhere darker are paper."""
PARTED = 2 * MARGIN
"""Columns of paper, at least, between two characters that each stand in a field of their own."""
WIDEST, SMALLEST_CHARACTER, LOWEST = 20, 16, 7
"""Pixels. What is wider is more than one character; what is smaller than the second, both ways, is a
speck, and what is lower than the third a dash."""


class Reading(NamedTuple):
    """What a sweep was read as."""

    text: str
    """The digits, from left to right; empty where there is none."""
    labels: tuple[int, ...]
    """The best sequence: one label for each answer, BLANK among them."""
    cost: float
    """The sum of their penalties."""


def read_string(penalties: Tensor) -> Reading:
    """The string in penalties (11, columns), or as a network gives them: (11, 1, columns) or (11,).

    It is that of the best of all sequences of labels in which no digit follows another digit. Raises
    ValueError for other shapes, or penalties that are not finite.
    """
    rows = _checked(penalties, BLANK + 1)
    first, *others = rows.T.tolist()
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


def read_line(field: Tensor, penalties: Tensor, of_digits: Tensor) -> Reading:
    """The string in a field, uint8 (32, columns), as `pictures.read_lines` gives it.

    `penalties` (11, answers) are those of a sweep over it, `of_digits` (10, answers) those of a network
    that knows single digits, both as `read_string` takes them. What paper parts from its neighbours is
    one character: the digit with the smallest sum of both at the answer in its middle. Digits that touch
    are read as `read_string` does. Raises what that does, and ValueError for shapes that do not belong
    together.
    """
    sweep, single = _checked(penalties, BLANK + 1), _checked(of_digits, BLANK)
    answers = 1 + (field.shape[-1] - FIELD) // STRIDE
    if len(field) != FIELD or not sweep.shape[1] == single.shape[1] == answers:
        raise ValueError(
            f"expected {answers} answers to a field {tuple(field.shape)}, "
            f"got {sweep.shape[1]} and {single.shape[1]}"
        )
    labels = [BLANK] * answers
    for first, last in characters_in(field):
        if first == last:
            labels[first] = int((sweep[:BLANK, first] + single[:, first]).argmin())
        else:
            labels[first : last + 1] = read_string(sweep[:, first : last + 1]).labels
    return Reading(text_of(labels), tuple(labels), float(sweep[labels, range(answers)].sum()))


def characters_in(field: Tensor) -> list[tuple[int, int]]:
    """The first and the last answer that have a piece of ink in their middle, from left to right.

    The field is uint8 (32, columns), a piece what paper parts from its neighbours: a character, with
    one answer, or several that touch.
    """
    ink = field > INKED
    columns = ink.any(0).nonzero().flatten()
    found, most = [], (field.shape[1] - FIELD) // STRIDE
    for piece in columns.tensor_split((columns.diff() > PARTED).nonzero().flatten() + 1):
        if not len(piece):  # no ink at all
            continue
        start, end = int(piece[0]), int(piece[-1]) + 1
        rows = ink[:, start:end].any(1).nonzero().flatten()
        height = int(rows[-1] - rows[0]) + 1
        if max(height, end - start) < SMALLEST_CHARACTER or height < LOWEST:
            continue
        if end - start > WIDEST:
            answers = -(-(start - FIELD // 2) // STRIDE), (end - FIELD // 2) // STRIDE
        else:
            mass = field[:, start:end].sum(0).double()
            middle = start + (mass * torch.arange(end - start)).sum() / mass.sum()
            answers = (round((float(middle) - FIELD // 2) / STRIDE),) * 2
        first, last = (min(max(answer, 0), most) for answer in answers)
        found.append((first, last))
    return found


def _checked(penalties: Tensor, classes: int) -> Tensor:
    """Of a sweep, with its one row or without, or of one answer: (classes, columns)."""
    rows = penalties.squeeze(1) if penalties.ndim == 3 else penalties
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or len(rows) != classes or rows.shape[1] == 0:
        raise ValueError(
            f"expected penalties ({classes}, columns), ({classes}, 1, columns) or ({classes},), "
            f"got {tuple(penalties.shape)}"
        )
    if not rows.isfinite().all():
        raise ValueError("expected finite penalties")
    return rows.detach().double()


def text_of(labels: Sequence[int]) -> str:
    """The digits that labels stand for: repeats merged, blanks left out."""
    return "".join(str(label) for label, _ in groupby(labels) if label != BLANK)
