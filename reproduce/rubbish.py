"""Do codes on bitmaps refuse what is no character better than one unit for each class? Section II-B.

Trains LeNet-5 (1998) with the bitmaps of Fig. 3 and with one-of-ten codes, both at the rate that was
best for the latter. Each then refuses a pattern whose smallest penalty is above a threshold: the one
that refuses one in a hundred of MNIST's test digits. Counted is how much it takes for a digit all the
same of clothes (Fashion-MNIST) and of pieces of digits that stand beside a gap. Writes
results/rubbish.json and .md.

On two cores it takes 3 minutes.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor

from paper_lenet5 import preprocess
from paper_lenet5.patterns import generator
from paper_lenet5.strings import StringRanges, draw_fields

from .measures import statistics
from .rows import datasets
from .rows.recipes import LADDER, LENET5
from .rows.row import AnyRow
from .running import code
from .running.record import describe, machine, versions
from .writing import options, tables

ROWS: dict[str, AnyRow] = {
    "bitmaps": LENET5,
    "one of ten": next(rung.row for rung in LADDER if rung.name == "one-of-ten"),
}
SEEDS = 3
REFUSED = 0.01
"""Of the digits, by the threshold."""
NEIGHBOURS = StringRanges(separation=(-1, 4), shift=(-2, 2), blanks=1.0, gaps=0.5)
"""Fields of section VII with no character in the middle."""


def rubbish(digits: datasets.Dataset, clothes: datasets.Dataset) -> dict[str, Tensor]:
    """What is no digit, as inputs (N, 1, 32, 32)."""
    test = digits.test
    fields, _ = draw_fields(test.images, test.labels, NEIGHBOURS, generator(0, "rubbish"))
    return {"clothes": preprocess(clothes.test.images), "pieces of digits": preprocess(fields)}


def accepted(smallest: np.ndarray, of_digits: np.ndarray) -> float:
    """Percent whose smallest penalty passes the threshold that refuses REFUSED of the digits."""
    return float(100 * (smallest <= np.quantile(of_digits, 1 - REFUSED)).mean())


def measured(
    row: AnyRow, seed: int, digits: datasets.Dataset, others: dict[str, Tensor]
) -> dict[str, float]:
    """Percent of each kind of rubbish that one network takes for a digit."""
    session = row.session(digits, seed)
    for _ in session.passes():
        pass
    model = session.model.eval()

    @torch.no_grad()
    def smallest(inputs: Tensor) -> np.ndarray:
        return torch.cat([model(some).amin(1) for some in inputs.split(1000)]).numpy()

    of_digits = smallest(digits.test.inputs)
    return {kind: accepted(smallest(inputs), of_digits) for kind, inputs in others.items()}


def by_code(results: Path) -> dict[str, dict[str, list[float]]]:
    """Percent accepted of each kind of rubbish: a number for each network, by the output's code."""
    found: dict[str, dict[str, list[float]]] = json.loads(
        (results / "rubbish.json").read_text(encoding="utf-8")
    )["accepted"]
    return found


def words(results: Path) -> str:
    """The table of what is recorded."""
    found = by_code(results)
    lines = []
    for kind in found["bitmaps"]:
        line = {"taken for a digit, %": kind}
        for name, of in found.items():
            line[name] = f"{np.mean(of[kind]):.1f} ± {np.std(of[kind], ddof=1):.1f}"
        low, high = statistics.welch(found["bitmaps"][kind], found["one of ten"][kind])[1:3]
        lines.append(line | {"bitmaps more, 95 % interval": f"{low:+.1f} … {high:+.1f}"})
    n = len(found["bitmaps"]["clothes"])
    return (
        f"{tables.markdown(lines)}\nMean and deviation of {n} networks, the threshold of each such that "
        f"it refuses {100 * REFUSED:.0f} % of MNIST's test digits.\n"
    )


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train, measure, and write the record and its table."""
    args = options.parser("rubbish", __doc__).parse_args(argv)
    console = Console(highlight=False, markup=False)
    torch.set_num_threads(1)
    digits, clothes = datasets.load(args.data), datasets.fashion(args.data)
    others = rubbish(digits, clothes)
    found: dict[str, dict[str, list[float]]] = {
        name: {kind: [] for kind in others} for name in ROWS
    }
    for seed in range(SEEDS):
        for name, row in ROWS.items():
            shares = measured(row, seed, digits, others)
            console.print(f"{row.title}, seed {seed}: {shares}")
            for kind, share in shares.items():
                found[name][kind].append(share)
    record = {
        "dataset": digits.name, "sha256": digits.sha256 | clothes.sha256, "refused": REFUSED,
        "recipes": {name: describe(row.recipe) for name, row in ROWS.items()},
        "code": code.digest(LENET5.recipe), "accepted": found,
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    tables.write_measured("rubbish", __doc__, record, words, args.out)
    console.print(Markdown(words(args.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
