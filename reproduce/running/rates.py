"""Learning rates that are chosen: what each candidate comes to on held-out images."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from paper_lenet5.files import write_whole

from ..measures import statistics
from ..rows.datasets import MNIST_HELD_OUT, Dataset
from ..rows.row import Rated
from .runs import Run, Runs, recorded
from .sweep import runs_of

OPTION = {
    "--rates": {"action": "store_true", "help": "train the candidates for each learning rate"}
}
"""The option of commands that show what was chosen among them."""


def work_of(rated: Iterable[Rated], seeds: int, held_out: Dataset) -> list[Run]:
    """All candidates, so many networks of each."""
    return runs_of([row for each in rated for row in each.candidates.values()], seeds, held_out)


def table_of(rated: Iterable[Rated], runs: Runs, heading: str = "network") -> pd.DataFrame:
    """Mean held-out error of every candidate, percent, over the n seeds that all of them have.

    So none is ahead for having been trained more often. A candidate without a record is left out.
    """
    lines = []
    for each in rated:
        found = {f: recorded(row, runs, MNIST_HELD_OUT) for f, row in each.candidates.items()}
        found = {factor: records for factor, records in found.items() if records}
        seeds = [{record["seed"] for record in records} for records in found.values()]
        shared = set.intersection(*seeds) if seeds else set()
        for factor, records in found.items():
            errors = [statistics.percent(record) for record in records if record["seed"] in shared]
            if errors:
                chosen = "*" if factor == each.chosen else ""
                lines.append((each.title, factor, np.mean(errors), len(errors), chosen))
    return pd.DataFrame(lines, columns=[heading, "rate", "held_out_error", "n", "chosen"])


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write the table as .csv if it has a line."""
    if len(table):
        write_whole(path, table.to_csv(index=False).encode())
