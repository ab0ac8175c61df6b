"""Table 1: LeNet-5 of 1998, the paper's own values, and what is called LeNet-5 today.

Trains every row from scratch, and after every run writes results/table1.csv, .md and .json anew from
all the records there are. A command that was interrupted goes on from its last whole pass when it is
given again.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from scipy import stats

from paper_lenet5.mnist import DataCorrupt, DataUnavailable

from . import datasets, reported
from .recipes import TABLE_1, Row
from .runs import Runs, recorded, write
from .sweep import percent, sweep

COLUMNS = ["model", "dataset", "paper_error", "test_error", "test_sd", "n", "ci_low", "ci_high",
           "train_error", "parameters", "multiply_adds", "seconds"]  # fmt: skip
NOTES = """\
Errors in percent after the last pass: `test_error` is the mean over n seeds, `test_sd` their standard
deviation, `ci_low` to `ci_high` the 95 % interval of the mean (Student's t). `train_error` is measured
during the last pass, each pattern just before it is learned from, as in the paper's Fig. 5.
`multiply_adds` are for one pattern, `seconds` for training one network on one core.
"""


def table_row(row: Row, records: Sequence[dict]) -> dict:
    """One line of the table from the records of one row, one per seed."""
    errors = [percent(record) for record in records]
    last = [record["passes"][-1] for record in records]
    low, high = np.nan, np.nan
    if len(errors) > 1 and np.ptp(errors) > 0:
        low, high = stats.t.interval(0.95, len(errors) - 1, np.mean(errors), stats.sem(errors))
    return {
        "model": row.title,
        "dataset": records[0]["dataset"]["title"],
        "paper_error": row.paper_error,
        "test_error": np.mean(errors),
        "test_sd": np.std(errors, ddof=1) if len(errors) > 1 else np.nan,
        "n": len(errors),
        "ci_low": low,
        "ci_high": high,
        "train_error": np.mean([100 * p["errors_during"] / p["patterns"] for p in last]),
        "parameters": records[0]["parameters"],
        "multiply_adds": records[0]["multiply_adds"],
        "seconds": np.mean([record["seconds"] for record in records]),
    }


def table_of(runs: Runs, dataset: str = "mnist") -> pd.DataFrame:
    """The table from all the records under a results folder; a row without any is left out."""
    lines = [table_row(row, found) for row in TABLE_1 if (found := recorded(row, runs, dataset))]
    return pd.DataFrame(lines, columns=COLUMNS)


def formatted(table: pd.DataFrame) -> list[list[str]]:
    """The cells as people read them; nothing where there is no value."""
    forms = {"paper_error": "{:.2f}", "test_error": "{:.3f}", "test_sd": "{:.3f}",
             "ci_low": "{:.3f}", "ci_high": "{:.3f}", "train_error": "{:.3f}",
             "parameters": "{:,}", "multiply_adds": "{:,}", "seconds": "{:.0f}"}  # fmt: skip
    return [
        ["" if pd.isna(v) else forms.get(c, "{}").format(v) for c, v in line.items()]
        for line in table.to_dict("records")
    ]


def markdown(table: pd.DataFrame) -> str:
    """The table with its notes, as results/table1.md has it."""
    lines = [list(table.columns), ["---"] * len(table.columns), *formatted(table)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{NOTES}"


def summary(table: pd.DataFrame) -> str:
    """What matters of the table, as README.md shows it."""
    lines = [
        "| trained from scratch | paper, test error % | ours, test error % | 95 % interval | "
        f"error during the last pass % (paper: {reported.TRAIN_ERROR_DURING}) | parameters |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for line in formatted(table):
        cell = dict(zip(COLUMNS, line, strict=True))
        ours = f"**{cell['test_error']}** ± {cell['test_sd']} (n = {cell['n']})"
        lines.append(
            f"| {cell['model']} | {cell['paper_error']} | {ours} | {cell['ci_low']} … "
            f"{cell['ci_high']} | {cell['train_error']} | {cell['parameters']} |"
        )
    return "\n".join(lines) + "\n"


def write_table(table: pd.DataFrame, out: Path) -> None:
    """out/table1.csv, .md and .json."""
    write(out / "table1.csv", table.to_csv(index=False).encode())
    write(out / "table1.md", markdown(table).encode())
    write(out / "table1.json", table.to_json(orient="records", indent=1).encode())


def show(table: pd.DataFrame, console: Console) -> None:
    """What matters of the table on a terminal of 80 columns, the data set in its title."""
    title = "Table 1" + "".join(f" · {name}" for name in table["dataset"].unique())
    grid = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    grid.add_column("model, errors in %", min_width=18)
    for heading in ("paper", "test", "95 % interval", "n", "train", "seconds"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for line in formatted(table):
        cell = dict(zip(COLUMNS, line, strict=True))
        spread = f" ± {cell['test_sd']}" if cell["test_sd"] else ""
        interval = f"{cell['ci_low']} … {cell['ci_high']}" if cell["ci_low"] else ""
        grid.add_row(cell["model"], cell["paper_error"], cell["test_error"] + spread, interval,
                     cell["n"], cell["train_error"], cell["seconds"])  # fmt: skip
    console.print(grid)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        prog="python -m reproduce.table1",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [row.name for row in TABLE_1]
    option = parser.add_argument
    option("--seeds", type=int, default=1, help="train seeds 0 ... N - 1 (default 1)")
    option("--jobs", type=int, help="runs at a time (default: one per core)")
    option("--data", type=Path, help="folder with the IDX files (default: see README)")
    option(
        "--out", type=Path, help="results folder (default: results; results/NAME for other data)"
    )
    option("--rows", nargs="+", choices=names, default=names, metavar="ROW",
           help=f"some of: {', '.join(names)}")  # fmt: skip
    option("--smoke", action="store_true",
           help="does everything run? Trains on a corner of the data")  # fmt: skip
    option("--recorded", action="store_true",
           help="train nothing: table 1 from all the records there are")  # fmt: skip
    args = parser.parse_args(argv)
    if args.seeds < 1 or (args.jobs is not None and args.jobs < 1):
        parser.error("--seeds and --jobs must be at least 1")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    args, console = arguments(argv), Console()
    rows = [row for row in TABLE_1 if row.name in args.rows]
    if args.recorded:
        args.out = args.out or Path("results")
        runs = Runs(args.out)
        table = table_of(runs)
        if table.empty:
            console.print(f"No records of table 1 under {runs.folder}.")
            return 1
        write_table(table, args.out)
        show(table, console)
        return 0

    try:
        dataset = datasets.load(args.data)
    except (DataUnavailable, DataCorrupt) as error:
        console.print(str(error), style="red", highlight=False)
        return 1
    dataset = datasets.smoke(dataset) if args.smoke else dataset
    args.out = args.out or Path("results", "" if dataset.comparable else dataset.name)
    runs = Runs(args.out)
    console.print(f"Training on: {dataset.title}.")
    try:
        for _ in sweep(rows, args.seeds, dataset, runs, args.jobs, console):
            write_table(table_of(runs, dataset.name), args.out)
    except KeyboardInterrupt:
        console.print("Stopped. The same command goes on from the last whole pass.")
        sys.stdout.flush()
        os._exit(130)  # without waiting for the passes that are going on: they are not recorded
    show(table_of(runs, dataset.name), console)
    if not dataset.comparable:
        console.print(f"These numbers are of a {dataset.title}.")
    console.print(
        f"The table has every record in {runs.folder}, those of this command among them. "
        f"Written: {args.out}/table1.csv, .md, .json."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
