"""How often are lines of digits on paper read? Four digits at a time, at gaps, slopes and in bad light.

MNIST's test digits are written anew with a pen (reproduce/measures/scenes.py), a hundred strings for
each condition. What lenet5-sdnn reads is counted: with each line made level and each digit put where
MNIST has it, and as the package did it before. Digits with an even index are there to settle things on
(--half 0); the table shows those with an odd one. Writes lines.json and .md.

On two cores it takes 10 minutes.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.pictures import read_lines
from paper_lenet5.reading import read_string

from .baselines import paper_by_the_edge
from .measures import scenes
from .rows import datasets
from .running.record import machine, versions
from .writing import options, tables

NETWORK = "lenet5-sdnn"
"""That of `python -m paper_lenet5 read`."""
LENGTH = 4


def before(picture: bytes) -> list[Tensor]:
    """The one field that a picture was, whatever stood in it."""
    return [paper_by_the_edge.read_line(picture)]


def now(picture: bytes) -> list[Tensor]:
    """A field for each line; none where nothing is found."""
    try:
        return read_lines(picture)
    except ValueError:
        return []


def measured(number: int, digits: Sequence[scenes.Digit], strings: int) -> dict[str, Any]:
    """Of one condition, by its number, how many pages are read right, before and now."""
    torch.set_num_threads(1)
    model, line = LeNet5.from_pretrained(NETWORK), scenes.LINES[number]
    right = {"before": 0, "now": 0}
    for string in range(strings):
        rng = np.random.default_rng([string, LENGTH])  # the same digits in every condition
        drawn = [digits[k] for k in rng.integers(0, len(digits), LENGTH * line.lines)]
        picture, truth = scenes.line_of(drawn, line, rng), "".join(str(d.label) for d in drawn)
        for ways in (before, now):
            with torch.inference_mode():
                penalties = [model(preprocess(field[None]))[0] for field in ways(picture)]
            text = [read_string(of_line).text for of_line in penalties]
            right[ways.__name__] += "".join(text) == truth and len(text) == line.lines
    return {"title": line.title, **right}


def sentence(record: dict[str, Any]) -> str:
    """What the record comes to."""
    lines, n = record["conditions"], record["strings"]
    well = {when: sum(line[when] >= 0.9 * n for line in lines) for when in ("before", "now")}
    mean = {when: 100 * np.mean([line[when] / n for line in lines]) for when in ("before", "now")}
    return (
        f"Of pages with strings of {LENGTH} digits {mean['now']:.0f} % are read without an error "
        f"(before {mean['before']:.0f} %), at least 90 % in {well['now']} of {len(lines)} conditions "
        f"(before {well['before']})."
    )


def markdown(record: dict[str, Any]) -> str:
    """The table of a record: of each condition how many are right."""
    lines = [
        {"condition": line["title"]}
        | {f"right, {when}": str(line[when]) for when in ("before", "now")}
        for line in record["conditions"]
    ]
    return tables.markdown(lines)


def words(results: Path) -> str:
    """The sentence and the table of what is recorded."""
    record = json.loads((results / "lines.json").read_text())
    return f"{sentence(record)}\n\n{markdown(record)}"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    parser = options.parser("lines", __doc__)
    option = parser.add_argument
    option("--half", type=int, choices=(0, 1), default=1,
           help="of the test digits: those with an even or an odd index (default 1, odd)")  # fmt: skip
    option("--strings", type=options.positive, default=100, help="of each condition (default 100)")
    option("--jobs", type=options.positive, help="conditions at a time (default: one per core)")
    return parser.parse_args(argv)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the record and its table."""
    args, console, lines = arguments(argv), Console(highlight=False, markup=False), []
    dataset = datasets.load(args.data)
    images, labels = dataset.test.images.numpy(), dataset.test.labels.numpy()
    digits = scenes.chosen(images, labels, args.half, 200)
    measure = partial(measured, digits=digits, strings=args.strings)
    with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:
        for line in pool.map(measure, range(len(scenes.LINES))):
            console.print(f"{line['title']}: {line['before']} -> {line['now']}")
            lines.append(line)
    record = {
        "dataset": dataset.name, "sha256": dataset.sha256, "network": NETWORK, "half": args.half,
        "strings": args.strings, "conditions": lines, "machine": machine(), "versions": versions(),
    }  # fmt: skip
    console.print(sentence(record), soft_wrap=True)
    if args.half == 1:
        tables.write_measured("lines", record, words, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
