"""The paper's three numbers beside those of each reading that the test set has met. DEVIATIONS.md, D7.

The last point of the rule in reproduce/readings.py: a reading has all three if each of them, 0.95 % of
the test patterns, 0.8 % after training with distortions, 0.35 % of the training patterns, lies where
one more of its networks would with 95 % probability. From the records of table 1.

On two cores it takes seconds.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .measures.statistics import by_pass, one_more, percent
from .rows import reported
from .rows.recipes import READINGS
from .running.errors import NoRecords
from .running.runs import Runs, recorded
from .writing import exhibit, tables

PAPER = (*(reported.TEST_ERROR[row.name] for row in READINGS[0]), reported.TRAINING_ERROR)
"""Percent: test error, the same after training with distortions, training error (section III-B)."""
COLUMNS = tuple(
    f"{what} (paper: {number:.2f})"
    for what, number in zip(
        ("test error", "with distortions", "training error"), PAPER, strict=True
    )
)


def cell(values: Sequence[float], number: float) -> tuple[str, bool]:
    """What a table says of a number of n networks, and whether the paper's may be of one more."""
    mean, deviation = np.mean(values), np.std(values, ddof=1)
    low, high = one_more(values)
    inside = bool(low <= number <= high)
    shown = f"{mean:.2f} ± {deviation:.2f}; {low:.2f} … {high:.2f}"
    return f"**{shown}**" if inside else shown, inside


def words(results: Path) -> str:
    """A line for each reading with two networks or more of either kind, and which have all three.

    Raises NoRecords where no reading has these.
    """
    runs = Runs(results)
    lines, all_three = [], []
    for plain, distorted in READINGS:
        of = [recorded(row, runs) for row in (plain, distorted)]
        if min(map(len, of)) < 2:
            continue
        values = (*([percent(record) for record in records] for records in of),
                  [by_pass(record, "train")[-1] for record in of[0]])  # fmt: skip
        cells, inside = zip(*map(cell, values, PAPER), strict=True)
        counts = " and ".join(str(n) for n in dict.fromkeys(map(len, of)))
        lines.append(
            {"reading": plain.title, **dict(zip(COLUMNS, cells, strict=True)), "n": counts}
        )
        if all(inside):
            all_three.append(plain.title)
    if not lines:
        raise NoRecords("two networks of a reading and two with distortions", runs.folder)
    have = " and ".join(all_three) if all_three else "no reading"
    return f"{tables.markdown(lines)}\nAll three numbers: {have}.\n"


EXHIBIT = exhibit.Text("three_numbers", __doc__, words=words)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
