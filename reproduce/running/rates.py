"""Learning rates that are chosen: what each candidate comes to on held-out images."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..measures import statistics
from ..rows.datasets import MNIST_HELD_OUT, Dataset
from ..rows.row import Rated
from .files import write_whole
from .runs import Run, Runs, recorded
from .sweep import runs_of

OPTION = {
    "--rates": {"action": "store_true", "help": "train the candidates for each learning rate"}
}
"""The option of commands that show what was chosen among them."""


def work_of(rated: Iterable[Rated], held_out: Dataset) -> list[Run]:
    """All candidates, one network each."""
    return runs_of([row for each in rated for row in each.candidates.values()], 1, held_out)


def table_of(rated: Iterable[Rated], runs: Runs, heading: str = "network") -> pd.DataFrame:
    """Held-out error of every candidate, percent, seed 0; a candidate without a record is left out."""
    lines = []
    for each in rated:
        for factor, row in each.candidates.items():
            found = [r for r in recorded(row, runs, MNIST_HELD_OUT) if r["seed"] == 0]
            if found:
                error = statistics.percent(found[0])
                lines.append((each.title, factor, error, "*" if factor == each.chosen else ""))
    return pd.DataFrame(lines, columns=[heading, "rate", "held_out_error", "chosen"])


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write the table as .csv if it has a line."""
    if len(table):
        write_whole(path, table.to_csv(index=False).encode())
