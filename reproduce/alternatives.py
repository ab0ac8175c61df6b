"""Where the paper leaves a choice: what each way of reading it does. The figures of DEVIATIONS.md.

Trains every reading on 50,000 training images, several seeds each, and judges it by the 10,000 that
are held out; no test image is touched. Writes alternatives.csv and .md.

On two cores it takes half an hour.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rich.markdown import Markdown

from paper_lenet5.files import write_whole

from . import step_sizes
from .measures.statistics import by_pass, deviation, percent
from .rows import datasets, reported
from .rows.readings import ALTERNATIVES
from .running.runs import Runs, recorded
from .writing import exhibit, tables


def table_of(runs: Runs, dataset: str = datasets.MNIST_HELD_OUT) -> pd.DataFrame:
    """One line per reading: steps and errors of its first passes, held-out error after the last.

    Steps are the median over networks of the smallest and of the largest that each has in a pass.
    """
    lines = []
    for row in ALTERNATIVES:
        of_row = recorded(row, runs, dataset)
        if not of_row:
            continue
        held_out = [percent(record) for record in of_row]
        during = [by_pass(record, "train") for record in of_row]
        lines.append(
            {
                "reading": row.title,
                **step_sizes.ends(of_row, 1).median().add_suffix("_step_1"),
                **step_sizes.ends(of_row, 2).median().add_suffix("_step_2"),
                "during_pass_1": np.mean([d[0] for d in during]),
                "during_pass_2": np.mean([d[1] for d in during]),
                "during_last_pass": np.mean([d[-1] for d in during]),
                "held_out_error": np.mean(held_out),
                "held_out_sd": deviation(held_out),
                "n": len(held_out),
            }
        )
    return pd.DataFrame(lines)


def markdown(table: pd.DataFrame) -> str:
    """The table as DEVIATIONS.md shows it."""
    paper = reported.FIGURE_5_TRAIN
    low, high = reported.FIRST_PASS_STEPS
    lines = [
        f"| reading | steps in pass 1 (paper: {low:.1e} … {high:.1e}) | in pass 2 | error during pass "
        f"1, 2, 20 (paper: {paper[0]}, {paper[1]}, {paper[19]}) | held-out error | n |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for line in table.itertuples():
        steps = (
            f"{line.smallest_step_1:.1e} … {line.largest_step_1:.1e} | "
            f"{line.smallest_step_2:.1e} … {line.largest_step_2:.1e}"
        )
        during = f"{line.during_pass_1:.2f}, {line.during_pass_2:.2f}, {line.during_last_pass:.2f}"
        sd = "" if np.isnan(line.held_out_sd) else f"{line.held_out_sd:.2f}"
        error = tables.with_deviation(f"{line.held_out_error:.2f}", sd)
        lines.append(f"| {line.reading} | {steps} | {during} | {error} | {line.n} |")
    return "\n".join(lines) + "\n"


def write(runs: Runs, dataset: str, out: Path) -> pd.DataFrame | None:
    """Write alternatives.csv and .md from all the records there are; returns the table, if any."""
    table = table_of(runs, dataset)
    if table.empty:
        return None
    write_whole(out / "alternatives.csv", table.to_csv(index=False).encode())
    text = tables.headed("alternatives", __doc__, markdown(table))
    write_whole(out / "alternatives.md", text.encode())
    return table


EXHIBIT = exhibit.Table(
    "alternatives",
    __doc__,
    rows={row.name.removeprefix("reading-"): row for row in ALTERNATIVES},
    seeds=5,
    dataset=datasets.MNIST_HELD_OUT,
    load=lambda args: datasets.held_out(datasets.load(args.data)),
    write=write,
    show=lambda table, console: console.print(Markdown(markdown(table))),
    sentence=markdown,
)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
