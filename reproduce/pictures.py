"""How often are pictures read, refused, and read wrongly? Digits on paper in fifty conditions.

MNIST's test digits are written anew with a pen and put on paper, under lamps, onto desks and into
files (reproduce/measures/scenes.py), a hundred for each condition. What the package makes of them is
counted, and what it made of them when it still took the edge of a picture for paper. Digits with an
even index are there to settle things on (--half 0); the tables show those with an odd one. Writes
results/pictures.json and .md.

On two cores it takes half an hour.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.pictures import read_picture
from paper_lenet5.verdict import Verdict, verdict

from .baselines import paper_by_the_edge
from .measures import scenes
from .rows import datasets
from .running.files import write
from .running.record import machine, to_json, versions
from .writing import options, tables

NETWORK = "lenet5-1998"
"""That of `python -m paper_lenet5 classify`."""


class Counts(NamedTuple):
    """Of the pictures of one condition."""

    right: int
    refused: int
    wrong: int


def answer_before(model: LeNet5, picture: scenes.Picture) -> int | None:
    """What the picture showed to the package when it took the edge for paper; None: refused."""
    return answer(model, picture, paper_by_the_edge.read_picture, lambda said: said.closest)


def answer(
    model: LeNet5,
    picture: scenes.Picture,
    read: Callable[[scenes.Picture], Tensor] = read_picture,
    label: Callable[[Verdict], int | None] = lambda said: said.label,
) -> int | None:
    """What the picture shows; None: it is refused, as no picture of a digit or as none of the ten."""
    try:
        pattern = read(picture)
    except ValueError:
        return None
    with torch.inference_mode():
        return label(verdict(model(preprocess(pattern[None]))[0]))


def counts(answers: Sequence[int | None], labels: Sequence[int | None]) -> Counts:
    """Of answers to pictures with these labels, None where there is no digit."""
    refused = answers.count(None)
    right = sum(
        given == label for given, label in zip(answers, labels, strict=True) if given is not None
    )
    return Counts(right, refused, len(answers) - right - refused)


def measure(
    digits: Sequence[scenes.Digit], conditions: Sequence[scenes.Condition], console: Console
) -> list[dict]:
    """A line for each condition: group, title, whether there is a digit, counts before and now."""
    model, lines = LeNet5.from_pretrained(NETWORK), []
    for number, condition in enumerate(scenes.CONDITIONS):
        if condition not in conditions:
            continue
        labels = [digit.label if condition.digit else None for digit in digits]
        pictures = [
            condition.picture(digit, np.random.default_rng([number, digit.index]))
            for digit in digits
        ]
        before, now = (
            counts([ask(model, picture) for picture in pictures], labels)
            for ask in (answer_before, answer)
        )
        console.print(f"{condition.group}: {condition.title}: {before} -> {now}", highlight=False)
        lines.append({"group": condition.group, "title": condition.title, "digit": condition.digit,
                      "before": before._asdict(), "now": now._asdict()})  # fmt: skip
    return lines


def sentence(measured: dict) -> str:
    """What the record comes to."""
    lines = [line for line in measured["conditions"] if line["digit"]]
    n, of = measured["pictures"], len(lines)
    well = {
        when: sum(line[when]["right"] >= 0.95 * n for line in lines) for when in ("before", "now")
    }
    wrong = {when: 100 * np.mean([line[when]["wrong"] / n for line in lines])
             for when in ("before", "now")}  # fmt: skip
    return (
        f"Of {of} conditions in which a person reads every digit, at least 95 % are read in "
        f"{well['now']}; with the edge taken for paper, in {well['before']}. Answered wrongly and not "
        f"refused are {wrong['now']:.1f} % of all their pictures (before {wrong['before']:.1f} %)."
    )


def markdown(measured: dict) -> str:
    """The table of a record: of each condition the right, the refused and the wrong."""
    lines = [
        {"": line["group"], "condition": line["title"]}
        | {
            f"{name} {when}": str(line[key][name])
            for key, when in (("before", "before"), ("now", "now"))
            for name in ("right", "refused", "wrong")
        }
        for line in measured["conditions"]
    ]
    return tables.markdown(lines)


def recorded(results: Path) -> dict:
    """The record."""
    return json.loads((results / "pictures.json").read_text())


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
    option(
        "--only", metavar="TEXT", help="conditions whose name has this in it; nothing is written"
    )
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    console = Console()
    dataset = datasets.load(args.data)
    images, labels = dataset.test.images.numpy(), dataset.test.labels.numpy()
    digits = scenes.chosen(images, labels, args.half, args.pictures)
    conditions = [c for c in scenes.CONDITIONS if (args.only or "") in f"{c.group}: {c.title}"]
    measured = {
        "dataset": dataset.name, "sha256": dataset.sha256, "network": NETWORK, "half": args.half,
        "pictures": args.pictures, "conditions": measure(digits, conditions, console),
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    console.print(sentence(measured), highlight=False)
    if not args.only and args.half == 1:
        write(args.out / "pictures.json", to_json(measured).encode())
        write(args.out / "pictures.md", f"{sentence(measured)}\n\n{markdown(measured)}".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
