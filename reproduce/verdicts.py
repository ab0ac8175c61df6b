"""How sure are answers, and how often is it none of these? By eq. 9, of digits and of what is none.

Trains the network of 1998 on 50,000 digits, for the threshold below which a digit is none of these: one
in a hundred of its right answers to the 10,000 that are held out lies below it. Then the networks of the
package are asked about MNIST's test digits, clothes, letters and scribbles of our own, and pieces of
digits that stand side by side. Writes verdicts.json and .md.

On two cores it takes 3 minutes.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from paper_lenet5 import LeNet5, compiled, preprocess
from paper_lenet5.pictures.normalise import normalise
from paper_lenet5.recipe import Recipe
from paper_lenet5.strings import BLANK, StringRanges, draw_fields
from paper_lenet5.training import Session
from paper_lenet5.verdict import LEAST, Certainty, verdict

from .measures import scenes
from .rows import datasets
from .running.record import machine, versions
from .writing import options, tables

NETWORKS = ("lenet5-1998", "lenet5-1998-distortions")
REFUSED = 0.01
"""Of the right answers to digits that are held out."""
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


def between(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """n fields (32, 32) in which two digits meet in the middle: pieces of both, and no digit."""
    ranges = StringRanges((1, 4), (0, 0), blanks=1, gaps=1)
    fields, kinds = draw_fields(images[:n], labels[:n], ranges, torch.Generator().manual_seed(0))
    return fields[kinds == BLANK]


@torch.inference_mode()
def shares(model: LeNet5, images: Tensor) -> dict[str, float]:
    """How many of a hundred patterns are sure, probable, none."""
    penalties = torch.cat([model(preprocess(some)) for some in images.split(1000)])
    counted = Counter(verdict(of).certainty for of in penalties)
    return {kind.value: 100 * counted[kind] / len(images) for kind in Certainty}


@torch.inference_mode()
def threshold(model: LeNet5, images: Tensor, labels: Tensor) -> float:
    """The posterior that one in a hundred right answers has less than."""
    penalties = torch.cat([model(preprocess(some)) for some in images.split(1000)])
    right = penalties[penalties.argmin(1) == labels]
    return float(np.quantile([verdict(of).posterior for of in right], REFUSED))


def measured(dataset: datasets.Dataset, fashion: datasets.Dataset) -> dict[str, dict[str, Any]]:
    """Shares of each verdict, by network and kind of pattern."""
    found, images, labels = {}, dataset.test.images, dataset.test.labels
    others = {
        "clothes (Fashion-MNIST)": fashion.test.images,
        "letters": letters(1_000),
        "scribbles": scribbles(1_000),
        "between two digits": between(images, labels, 1_000),
    }
    for name in NETWORKS:
        model = LeNet5.from_pretrained(name)
        with torch.inference_mode():
            answers = torch.cat([model.classify(preprocess(some)) for some in images.split(1000)])
        kinds = {"digits, answered rightly": images[answers == labels],
                 "digits, answered wrongly": images[answers != labels], **others}  # fmt: skip
        found[name] = {kind: shares(model, of) for kind, of in kinds.items()}
    return found


def sentence(record: dict[str, Any]) -> str:
    """What the record comes to."""
    refused = [record["shares"][name]["digits, answered rightly"]["none"] for name in NETWORKS]
    return (
        f"None of these refuses {refused[0]:.1f} % of the right answers to MNIST's test digits, of the "
        f"network with distortions {refused[1]:.1f} %. The threshold, {record['threshold']:.2g}, is the "
        f"one that refuses {100 * REFUSED:.0f} % of those to {record['held_out']:,} digits held out."
    )


def words(results: Path) -> str:
    """The sentence and the table of what is recorded."""
    record = json.loads((results / "verdicts.json").read_text())
    lines = [
        {"": kind}
        | {
            f"{certainty}, {name}": f"{of[kind][certainty]:.1f}"
            for name, of in record["shares"].items()
            for certainty in ("sure", "probable", "none")
        }
        for kind in record["shares"][NETWORKS[0]]
    ]
    return f"{sentence(record)} In %:\n\n{tables.markdown(lines)}"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    return options.parser("verdicts", __doc__).parse_args(argv)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train, measure, and write the record and its table."""
    args, console = arguments(argv), Console(highlight=False, markup=False)
    dataset = datasets.load(args.data)
    held = datasets.held_out(dataset)
    session = Session(Recipe(), 0, held.train, held.test, compiled)
    for _ in session.passes():
        pass
    session.model.eval()
    chosen = threshold(cast(LeNet5, session.model), held.test.images, held.test.labels)
    record = {
        "dataset": dataset.name, "sha256": dataset.sha256, "held_out": len(held.test.labels),
        "threshold": chosen, "threshold_of_the_package": LEAST,
        "shares": measured(dataset, datasets.fashion(args.data)),
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    console.print(sentence(record), soft_wrap=True)
    tables.write_measured("verdicts", record, words, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
