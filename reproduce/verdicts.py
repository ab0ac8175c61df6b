"""How sure are answers, and how often is it none of these? Of digits and of what is none.

The networks of the package are asked about MNIST's test digits and about what their doubt
(paper_lenet5/doubt.py) has not been shown: letters in typefaces of other families, letters and
scribbles drawn in other ways, Fashion-MNIST's test pictures, and pieces of test digits that stand side
by side. Beside it stands what eq. 9 alone would refuse. Writes verdicts.json and .md.

On two cores it takes a minute.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor

from paper_lenet5 import LeNet5, doubt, preprocess
from paper_lenet5.doubt import FILE
from paper_lenet5.pictures.normalise import normalise
from paper_lenet5.strings import BLANK, StringRanges, draw_fields
from paper_lenet5.verdict import LEAST, Certainty

from .measures import scenes
from .rows import characters, datasets
from .running.record import machine, versions
from .writing import options, tables

BOTH, BY_EQ_9 = "doubt and eq. 9", "none by eq. 9 alone"
NETWORKS = ("lenet5-1998", "lenet5-1998-distortions")
RIGHT = "digits, answered rightly"
GRID = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
"""Percent of the right answers that are refused, where the curves have their points."""
LETTERS: dict[str, list[list[tuple[float, float]]]] = {
    "A": [[(1, 0), (0, 0.5), (1, 1)], [(0.6, 0.2), (0.6, 0.8)]],
    "E": [[(0, 1), (0, 0), (1, 0), (1, 1)], [(0.5, 0), (0.5, 0.8)]],
    "F": [[(0, 1), (0, 0), (1, 0)], [(0.5, 0), (0.5, 0.7)]],
    "H": [[(0, 0), (1, 0)], [(0, 1), (1, 1)], [(0.5, 0), (0.5, 1)]],
    "K": [[(0, 0), (1, 0)], [(0, 1), (0.5, 0), (1, 1)]],
    "M": [[(1, 0), (0, 0), (0.5, 0.5), (0, 1), (1, 1)]],
    "N": [[(1, 0), (0, 0), (1, 1), (0, 1)]],
    "R": [[(1, 0), (0, 0), (0, 0.8), (0.5, 0.8), (0.5, 0), (1, 0.9)]],
    "T": [[(0, 0), (0, 1)], [(0, 0.5), (1, 0.5)]],
    "V": [[(0, 0), (1, 0.5), (0, 1)]],
    "W": [[(0, 0), (1, 0.25), (0.3, 0.5), (1, 0.75), (0, 1)]],
    "X": [[(0, 0), (1, 1)], [(0, 1), (1, 0)]],
    "Y": [[(0, 0), (0.5, 0.5), (0, 1)], [(0.5, 0.5), (1, 0.5)]],
}
"""Strokes of points, row and column; those that look like no digit."""


def drawn(strokes: Sequence[Sequence[Sequence[float]]]) -> Tensor:
    """Strokes drawn with a pen, as a pattern (28, 28)."""
    points = [np.linspace(start, end, 200) for stroke in strokes for start, end in pairwise(stroke)]
    return normalise(scenes.written(np.concatenate(points), 22))


def letters(n: int) -> Tensor:
    """n letters, their points shaken, as patterns (n, 28, 28)."""
    rng, patterns = np.random.default_rng(1998), []
    for number in range(n):
        strokes = list(LETTERS.values())[number % len(LETTERS)]
        shaken = [np.array(stroke) + rng.normal(0, 0.04, (len(stroke), 2)) for stroke in strokes]
        patterns.append(
            drawn([[(row, 0.8 * column) for row, column in s.tolist()] for s in shaken])
        )
    return torch.stack(patterns)


def scribbles(n: int) -> Tensor:
    """n lines that go to and fro between 7 to 12 points, as patterns (n, 28, 28)."""
    rng = np.random.default_rng(1999)
    ways = (rng.uniform(0, 1, (rng.integers(7, 13), 2)).tolist() for _ in range(n))
    return torch.stack([drawn([[(row, column) for row, column in way]]) for way in ways])


def printed() -> Tensor:
    """The same letters in typefaces of families that the doubt has not been shown."""
    faces = [characters.drawn(list(LETTERS), face) for face in characters.faces(characters.UNSEEN)]
    return torch.stack([normalise(one.numpy().astype(np.float64)) for one in torch.cat(faces)])


def between(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """n fields (32, 32) in which two digits meet in the middle: pieces of both, and no digit."""
    ranges = StringRanges((1, 4), (0, 0), blanks=1, gaps=1)
    fields, kinds = draw_fields(images[:n], labels[:n], ranges, torch.Generator().manual_seed(0))
    return fields[kinds == BLANK]


class Asked(NamedTuple):
    """What a network says of N patterns."""

    closest: np.ndarray
    certainty: list[Certainty]
    doubt: np.ndarray
    posterior: np.ndarray

    def shares(self) -> dict[str, float]:
        """How many of a hundred are sure, probable, none; and none by eq. 9 alone."""
        counted, n = Counter(self.certainty), len(self.certainty)
        shares = {kind.value: 100 * counted[kind] / n for kind in Certainty}
        return shares | {BY_EQ_9: float(100 * (self.posterior < LEAST).mean())}


@torch.inference_mode()
def asked(model: LeNet5, images: Tensor) -> Asked:
    """Ask a network that knows doubt about patterns (N, 28, 28) or fields (N, 32, 32)."""
    units = doubt.units_of(model)
    if units is None:
        raise ValueError("expected a network of the package that has units for doubt")
    said, against = [], []
    for some in images.split(1000):
        states = model.states(preprocess(some))
        said += doubt.of_states(model, states, units)
        closest = torch.tensor([of.closest for of in said[-len(some) :]])
        against.append(doubt.doubts(units, states, closest))
    return Asked(
        np.array([of.closest for of in said]), [of.certainty for of in said],
        torch.cat(against).numpy(), np.array([of.posterior for of in said]),
    )  # fmt: skip


def some_of(found: Asked, which: np.ndarray) -> Asked:
    """Those of N answers that the mask (N,) names."""
    certainty = [of for of, is_meant in zip(found.certainty, which, strict=True) if is_meant]
    return Asked(found.closest[which], certainty, found.doubt[which], found.posterior[which])


def rarity(right: Asked, of: Asked) -> np.ndarray:
    """How many percent of right answers are as doubtful as each of N others, or more: (N,).

    By doubt or by eq. 9, whichever are fewer.
    """
    beyond = []
    for theirs, ours in ((right.doubt, of.doubt), (-right.posterior, -of.posterior)):
        beyond.append(len(theirs) - np.searchsorted(np.sort(theirs), ours))
    return np.asarray(100 * np.minimum(*beyond) / len(right.doubt))


def curves(right: Asked, others: dict[str, Asked]) -> dict[str, dict[str, list[float]]]:
    """Percent of each kind that is accepted where GRID's percent of the right answers are refused.

    By both and by eq. 9 alone.
    """
    found = {}
    for way in (BOTH, BY_EQ_9):
        sure = {
            kind: rarity(right, of) if way == BOTH else of.posterior
            for kind, of in {RIGHT: right, **others}.items()
        }
        least = np.quantile(sure[RIGHT], np.array(GRID) / 100)
        found[way] = {
            kind: [float(100 * (sure[kind] >= end).mean()) for end in least] for kind in others
        }
    return found


def measured(dataset: datasets.Dataset, fashion: datasets.Dataset) -> dict[str, dict[str, Any]]:
    """Shares of each verdict by network and kind of pattern, and the curves of both errors."""
    found: dict[str, dict[str, Any]] = {"shares": {}, "curves": {}}
    images, labels = dataset.test.images, dataset.test.labels
    others = {
        "letters, printed": printed(),
        "letters, drawn": letters(1_000),
        "scribbles": scribbles(1_000),
        "clothes (Fashion-MNIST)": fashion.test.images,
        "between two digits": between(images, labels, 1_000),
    }
    for name in NETWORKS:
        model = LeNet5.from_pretrained(name)
        digits = asked(model, images)
        is_right = digits.closest == labels.numpy()
        right = some_of(digits, is_right)
        of_others = {kind: asked(model, of) for kind, of in others.items()}
        kinds = {RIGHT: right, "digits, answered wrongly": some_of(digits, ~is_right), **of_others}
        found["shares"][name] = {kind: of.shares() for kind, of in kinds.items()}
        found["curves"][name] = curves(right, of_others)
    return found


def sentence(record: dict[str, Any]) -> str:
    """What the record comes to."""
    shares = [record["shares"][name] for name in NETWORKS]
    refused = [of[RIGHT]["none"] for of in shares]
    said = [
        ", of ".join(
            f"{kind} {of[kind]['none']:.0f} % (by eq. 9 alone {of[kind][BY_EQ_9]:.0f} %)"
            for kind in ("letters, drawn", "scribbles")
        ).replace("letters, drawn", "drawn letters")
        for of in shares
    ]
    return (
        f"None of these refuses {refused[0]:.1f} % of the right answers to MNIST's test digits, of "
        f"{said[0]}; of the network with distortions {refused[1]:.1f} %, of {said[1]}."
    )


def words(results: Path) -> str:
    """The sentence and the table of what is recorded."""
    record = json.loads((results / "verdicts.json").read_text(encoding="utf-8"))
    columns = ("sure", "probable", "none", BY_EQ_9)
    lines = [
        {"": kind, "network": name}
        | {certainty: f"{of[kind][certainty]:.1f}" for certainty in columns}
        for kind in record["shares"][NETWORKS[0]]
        for name, of in record["shares"].items()
    ]
    return f"{sentence(record)} In %:\n\n{tables.markdown(lines)}"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    return options.parser("verdicts", __doc__).parse_args(argv)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the record and its table."""
    args, console = arguments(argv), Console(highlight=False, markup=False)
    dataset = datasets.load(args.data)
    record = {
        "dataset": dataset.name, "sha256": dataset.sha256,
        "units": sha256(FILE.read_bytes()).hexdigest(),
        "refused": GRID, **measured(dataset, datasets.fashion(args.data)),
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    console.print(Markdown(sentence(record)))
    tables.write_measured("verdicts", __doc__, record, words, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
