"""What the figures share: their options, the records that they draw, and how they are saved."""

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from paper_lenet5.mnist import DataCorrupt, DataUnavailable, Patterns, load_mnist

from . import datasets, options
from .recipes import Row
from .runs import Runs, recorded, write
from .sweep import runs_of, said, sweep

OURS_TEST, OURS_TRAIN = "#b2182b", "#2166ac"
"""Colours of test and training errors."""


def parser(name: str, description: str, seeds: int = 10) -> argparse.ArgumentParser:
    """The options that every figure's command has."""
    made = options.sweep_parser(name, description, seeds)
    made.add_argument(
        "--train", action="store_true", help="first train the networks that have no record"
    )
    return made


def records_of(
    rows: Sequence[Row],
    args: argparse.Namespace,
    console: Console,
    complete: Callable[[dict], bool] = lambda record: True,
) -> list[list[dict]]:
    """The records of each row under args.out, those that are `complete`.

    With --train every row that has fewer than --seeds of them is trained first. A row that has none is
    named on the console.
    """
    runs = Runs(args.out)

    def found(row: Row) -> list[dict]:
        return [record for record in recorded(row, runs) if complete(record)]

    with said(console):
        missing = [row for row in rows if len(found(row)) < args.seeds] if args.train else []
        if missing:
            work = runs_of(missing, args.seeds, mnist_of(args))
            sweep(work, runs, console, **options.of_sweep(args))
        records = [found(row) for row in rows]
    for row, of_row in zip(rows, records, strict=True):
        if not of_row:
            console.print(
                f"{runs.folder} has no record of {row.title} with what is needed here. "
                "The option --train trains it.",
                soft_wrap=True,
                highlight=False,
            )
    return records


def mnist_of(args: argparse.Namespace) -> datasets.Dataset:
    """MNIST. Exits where there is only other data."""
    try:
        dataset = datasets.load(args.data)
    except (DataUnavailable, DataCorrupt) as error:
        sys.exit(str(error))
    if not dataset.comparable:
        sys.exit(f"Here is only a {dataset.title}: name MNIST's folder with --data.")
    return dataset


def digits(split: str, root: Path | None) -> Patterns:
    """Images and labels of MNIST. Exits with what is to be done where it is not there."""
    try:
        return load_mnist(split, root)
    except (DataUnavailable, DataCorrupt) as error:
        sys.exit(str(error))


def save(figure: Figure, path: Path, numbers: pd.DataFrame | None = None) -> None:
    """path.png for pages of 700 pixels, path.svg for print, the numbers as path.csv.

    Small, and the same bytes every time.
    """
    with matplotlib.rc_context({"svg.hashsalt": "paper-lenet5"}):
        for kind, options in (
            ("png", {"dpi": 200, "metadata": {"Software": None}}),
            ("svg", {"metadata": {"Date": None}}),
        ):
            content = io.BytesIO()
            figure.savefig(content, format=kind, **options)
            write(path.with_suffix(f".{kind}"), content.getvalue())
    if numbers is not None:
        write(path.with_suffix(".csv"), numbers.to_csv(index=False).encode())
