"""How often are pictures read, refused, and read wrongly? Digits on paper in fifty conditions.

MNIST's test digits are written anew with a pen and put on paper, under lamps, onto desks and into
files (reproduce/measures/scenes.py), a hundred for each condition. What the package makes of them is
counted, and what it made of them when it still took the edge of a picture for paper. Digits with an
even index are there to settle things on (--half 0); the tables show those with an odd one. Writes
pictures.json and .md.

On two cores it takes half an hour.
"""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor

from paper_lenet5 import LeNet5, doubt, preprocess
from paper_lenet5.pictures import read_picture
from paper_lenet5.verdict import Certainty, Verdict

from .baselines import paper_by_the_edge
from .measures import scenes
from .rows import datasets
from .running.record import machine, versions
from .writing import options, tables

NETWORK = "lenet5-1998"
"""That of `python -m paper_lenet5 classify`."""


WHEN = ("before", "now")


class Counts(NamedTuple):
    """Of the pictures of one condition."""

    right: int
    refused: int
    """As no picture of a digit, or as none of the ten."""
    wrong: int
    """And not refused; among these are"""
    sure: int
    """those that are not even called probable only."""


def before(model: LeNet5, picture: scenes.Picture) -> tuple[int | None, bool]:
    """What `now` says, by the package that took the edge for paper and knew no none of these."""
    try:
        pattern = paper_by_the_edge.read_picture(picture)
    except ValueError:
        return None, True
    return said(model, pattern).closest, True


def now(model: LeNet5, picture: scenes.Picture) -> tuple[int | None, bool]:
    """The digit that a picture shows, None if it is refused; and whether that is sure."""
    try:
        answer = said(model, read_picture(picture))
    except ValueError:
        return None, True
    refused = answer.certainty is Certainty.NONE
    return None if refused else answer.closest, answer.certainty is Certainty.SURE


@torch.inference_mode()
def said(model: LeNet5, pattern: Tensor) -> Verdict:
    """Of one pattern (28, 28)."""
    return doubt.verdicts(model, preprocess(pattern[None]))[0]


def counts(answers: Sequence[tuple[int | None, bool]], labels: Sequence[int | None]) -> Counts:
    """Of answers to pictures with these labels, None where there is no digit."""
    given = [
        (answer == label, sure)
        for (answer, sure), label in zip(answers, labels, strict=True)
        if answer is not None
    ]
    right = sum(is_right for is_right, _ in given)
    sure = sum(sure for is_right, sure in given if not is_right)
    return Counts(right, len(answers) - len(given), len(given) - right, sure)


def measured(number: int, digits: Sequence[scenes.Digit]) -> dict[str, Any]:
    """The line of one condition: group, title, whether there is a digit, counts before and now."""
    torch.set_num_threads(1)
    model, condition = LeNet5.from_pretrained(NETWORK), scenes.CONDITIONS[number]
    labels = [digit.label if condition.digit else None for digit in digits]
    pictures = [
        condition.picture(digit, np.random.default_rng([number, digit.index])) for digit in digits
    ]
    line = {"group": condition.group, "title": condition.title, "digit": condition.digit}
    for ask in (before, now):
        answers = [ask(model, picture) for picture in pictures]
        line[ask.__name__] = counts(answers, labels)._asdict()
    return line


def sentence(record: dict[str, Any]) -> str:
    """What the record comes to."""
    lines, n = [line for line in record["conditions"] if line["digit"]], record["pictures"]
    others = [line for line in record["conditions"] if not line["digit"]]
    well = {when: sum(line[when]["right"] >= 0.95 * n for line in lines) for when in WHEN}
    wrong, sure, refused = (
        {when: 100 * sum(line[when][name] for line in of) / (n * len(of)) for when in WHEN}
        for name, of in (("wrong", lines), ("sure", lines), ("refused", others))
    )
    return (
        f"At least 95 % are read in {well['now']} of the {len(lines)} conditions in which a person "
        f"reads every digit; with the edge taken for paper, in {well['before']}. Answered wrongly, and "
        f"not refused, are {wrong['now']:.1f} % of all their pictures (before {wrong['before']:.1f} %), "
        f"{sure['now']:.1f} % without a word of doubt. Of pictures without a digit, or with several, "
        f"{refused['now']:.0f} % are refused (before {refused['before']:.0f} %)."
    )


HEAD = {"right": "right", "refused": "refused", "wrong": "wrong", "sure": "and sure"}


def markdown(record: dict[str, Any]) -> str:
    """The table of a record: of each condition the right, the refused and the wrong."""
    lines = [
        {"": line["group"], "condition": line["title"]}
        | {f"{HEAD[name]}, before": str(line["before"][name]) for name in Counts._fields[:3]}
        | {f"{HEAD[name]}, now": str(line["now"][name]) for name in Counts._fields}
        for line in record["conditions"]
    ]
    return tables.markdown(lines)


def words(results: Path) -> str:
    """The sentence and the table of what is recorded."""
    record = json.loads((results / "pictures.json").read_text(encoding="utf-8"))
    return f"{sentence(record)}\n\n{markdown(record)}"


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the record and its table."""
    parser = options.parser("pictures", __doc__)
    option = parser.add_argument
    option(
        "--half",
        type=int,
        choices=(0, 1),
        default=1,
        help="of the test digits: those with an even or an odd index (default 1, odd)",
    )
    option("--pictures", type=int, default=100, help="of each condition (default 100)")
    option("--jobs", type=options.positive, help="conditions at a time (default: one per core)")
    option(
        "--only", metavar="TEXT", help="conditions whose name has this in it; nothing is written"
    )
    args = parser.parse_args(argv)
    console, lines = Console(highlight=False, markup=False), []
    dataset = datasets.load(args.data)
    images, labels = dataset.test.images.numpy(), dataset.test.labels.numpy()
    digits = scenes.chosen(images, labels, args.half, args.pictures)
    chosen = [
        number
        for number, condition in enumerate(scenes.CONDITIONS)
        if (args.only or "") in f"{condition.group}: {condition.title}"
    ]
    with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:
        for line in pool.map(partial(measured, digits=digits), chosen):
            console.print(f"{line['group']}: {line['title']}: {line['before']} -> {line['now']}")
            lines.append(line)
    record = {
        "dataset": dataset.name, "sha256": dataset.sha256, "network": NETWORK, "half": args.half,
        "pictures": args.pictures, "conditions": lines, "machine": machine(), "versions": versions(),
    }  # fmt: skip
    if not args.only and args.half == 1:
        console.print(Markdown(sentence(record)))
        tables.write_measured("pictures", __doc__, record, words, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
