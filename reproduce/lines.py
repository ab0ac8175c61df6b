"""How often are lines of digits on paper read? At gaps, slopes, in bad light, and by an uneven hand.

MNIST's test digits are written anew with a pen (reproduce/measures/scenes.py), a hundred strings for
each condition. What is read right to the last digit is counted: now, when one sweep alone decided, and
before that, when the edge of a picture was taken for paper (reproduce/baselines).
Digits with an even index are there to settle things on (--half 0); the tables show those with an odd
one. Writes lines.json and .md.

On two cores it takes 3 minutes.
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
from rich.markdown import Markdown
from torch import Tensor

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.pictures import fields_of, see
from paper_lenet5.reading import read_line, read_string

from .baselines import one_sweep, paper_by_the_edge
from .measures import scenes
from .rows import datasets
from .running.record import machine, versions
from .writing import options, tables

NETWORKS = ("lenet5-sdnn", "lenet5-1998-distortions")
"""Those of `python -m paper_lenet5 read`: for the sweep, and for single digits."""
AIM = 0.9
"""Of the strings of a condition."""
WAYS = ("edge", "one sweep", "now")
"""Until 25 November 2026 the edge of a picture was paper, on that day every answer of one sweep over a
line was heard, and now what paper parts is read by itself."""
EVENLY = "evenly written"
CONDITIONS = tuple(
    (group, line)
    for group, lines in {EVENLY: scenes.LINES, **scenes.BY_HAND}.items()
    for line in lines
)


def readings(picture: bytes, sweep: LeNet5, of_digits: LeNet5) -> dict[str, list[str]]:
    """The lines of a picture, read in each of the ways."""

    def by(network: LeNet5, field: Tensor) -> Tensor:
        penalties: Tensor = network(preprocess(field[None]))[0]
        return penalties

    alone = [paper_by_the_edge.read_line(picture)]
    try:
        seen = see(picture)
    except ValueError:  # nothing is found
        narrow, wide = [], []
    else:
        narrow, wide = one_sweep.fields_of(seen), fields_of(seen)
    return {
        "edge": [read_string(by(sweep, field)).text for field in alone],
        "one sweep": [read_string(by(sweep, field)).text for field in narrow],
        "now": [read_line(field, by(sweep, field), by(of_digits, field)).text for field in wide],
    }


def measured(number: int, digits: Sequence[scenes.Digit], strings: int) -> dict[str, Any]:
    """Of one condition, by its number, how many pages are read right in each of the ways."""
    torch.set_num_threads(1)
    models = [LeNet5.from_pretrained(name) for name in NETWORKS]
    group, line = CONDITIONS[number]
    right = dict.fromkeys(WAYS, 0)
    for string in range(strings):
        rng = np.random.default_rng([string, line.length])  # the same digits in every condition
        drawn = [digits[k] for k in rng.integers(0, len(digits), line.length * line.lines)]
        picture, truth = scenes.line_of(drawn, line, rng), "".join(str(d.label) for d in drawn)
        with torch.inference_mode():
            for way, text in readings(picture, *models).items():
                right[way] += "".join(text) == truth and len(text) == line.lines
    return {"group": group, "title": line.title, **right}


def sentence(record: dict[str, Any]) -> str:
    """What the record comes to."""
    n = record["strings"]
    evenly = [line for line in record["conditions"] if line["group"] == EVENLY]
    mean = {way: f"{100 * np.mean([of[way] / n for of in evenly]):.0f} %" for way in WAYS}
    well = {way: sum(of[way] >= AIM * n for of in evenly) for way in WAYS}
    return (
        f"Of pages with four digits a line, {mean['now']} are read without an error, and at least "
        f"{100 * AIM:.0f} % in {well['now']} of {len(evenly)} conditions. On 25 November 2026, when "
        f"one sweep alone decided, it was {mean['one sweep']}, and {well['one sweep']} "
        f"conditions; before that, when the edge of a picture was paper, {mean['edge']}, and "
        f"{well['edge']}."
    )


def table(record: dict[str, Any], *groups: str) -> str:
    """Of each condition how many are read right, by group, and in each of the ways."""
    lines: dict[str, dict[str, str]] = {}
    for line in record["conditions"]:
        if line["group"] in groups:
            cells = lines.setdefault(line["title"], {"condition": line["title"]})
            about = f"{line['group']}, " if len(groups) > 1 else ""
            cells |= {f"{about}{way}": str(line[way]) for way in WAYS}
    return tables.markdown(list(lines.values()))


def words(results: Path) -> str:
    """The sentence and the tables of what is recorded."""
    record = json.loads((results / "lines.json").read_text(encoding="utf-8"))
    by_hand = (
        "Two to six digits in an uneven hand: drawn with a mouse; and photographed, with dust, noise, "
        "the edge of a shadow, and a baseline that climbs or falls by 10 %:"
    )
    return "\n".join(
        [sentence(record), "", table(record, EVENLY), by_hand, "", table(record, *scenes.BY_HAND)]
    )


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
    """Measure, and write the record and its tables."""
    args, console, lines = arguments(argv), Console(highlight=False, markup=False), []
    dataset = datasets.load(args.data)
    images, labels = dataset.test.images.numpy(), dataset.test.labels.numpy()
    digits = scenes.chosen(images, labels, args.half, 200)
    measure = partial(measured, digits=digits, strings=args.strings)
    with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:
        for line in pool.map(measure, range(len(CONDITIONS))):
            counts = " -> ".join(str(line[way]) for way in WAYS)
            console.print(f"{line['group']}, {line['title']}: {counts}")
            lines.append(line)
    record = {
        "dataset": dataset.name, "sha256": dataset.sha256, "networks": NETWORKS, "half": args.half,
        "strings": args.strings, "conditions": lines, "machine": machine(), "versions": versions(),
    }  # fmt: skip
    console.print(Markdown(sentence(record)))
    if args.half == 1:
        tables.write_measured("lines", __doc__, record, words, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
