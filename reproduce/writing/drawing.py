"""What the figures share: their options, the records that they draw, and how they are saved."""

import argparse
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console

from paper_lenet5.files import write_whole
from paper_lenet5.mnist import DataUnavailable

from ..rows import datasets
from ..rows.readings import BY_EQ9, BY_HALF_EQ8
from ..rows.row import AnyModel, AnyRecipe, AnyRow, Record, Row
from ..running.runs import Run, Runs, recorded
from ..running.sweep import sweep
from . import options

PAPER, OURS, EQ8, MODERN, OTHER = "black", "#2166ac", "#b2182b", "#e08214", "#8c8c8c"
"""What is black in a figure is the paper's, what is blue is ours; where several kinds of ours stand side
by side, red is the other reading of the loss, orange what is done today, and grey what is neither."""


class Style(NamedTuple):
    """How a line of a figure is drawn, in words of Matplotlib."""

    colour: str
    marker: str
    line: str


STYLES = {BY_EQ9: Style(OURS, "o", "-"), BY_HALF_EQ8: Style(EQ8, "s", "--")}
"""Of the two readings that stand side by side in figures."""
MEASURE = {"--measure": {"action": "store_true", "help": "measure anew, with the weights"}}
"""The option of figures that show what was measured of trained networks."""


def measured_record(
    name: str,
    args: argparse.Namespace,
    console: Console,
    measure: Callable[[Path, Path | None, Console], None],
) -> Record | None:
    """NAME.json of the results folder, which `measure` completes with --measure: path, data, console.

    Where it is not there it says how to get it, and returns None.
    """
    path: Path = args.out / f"{name}.json"
    if args.measure:
        measure(path, args.data, console)
    if not path.exists():
        console.print(f"{path} is not there. The option --measure makes it.", soft_wrap=True)
        return None
    record: Record = json.loads(path.read_text(encoding="utf-8"))
    return record


def records_of(
    rows: Sequence[AnyRow],
    args: argparse.Namespace,
    console: Console,
    complete: Callable[[Record], bool] = lambda record: True,
) -> list[list[Record]]:
    """The records of each row under args.out, those that are `complete`.

    With --train those of the seeds 0 ... --seeds - 1 that are not there are trained first. A row that
    has none is named on the console.
    """
    runs = Runs(args.out)

    def found(row: AnyRow) -> list[Record]:
        return [record for record in recorded(row, runs) if complete(record)]

    if args.train:
        missing = [
            (row, seed)
            for row in rows
            for seed in sorted(set(range(args.seeds)) - {record["seed"] for record in found(row)})
        ]
        if missing:
            dataset = mnist_of(args)
            work = [Run(row, dataset, seed) for row, seed in missing]
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


def networks_of(
    rows: Sequence[Row[AnyRecipe[AnyModel]]], n: int, args: argparse.Namespace, console: Console
) -> dict[tuple[str, int], AnyModel]:
    """The first n networks of each row whose weights are here, by the row's name and their seed.

    Where you have trained none of them, they are those of our records.
    """
    runs = Runs(args.out)
    if (
        args.out == options.YOURS
        and not args.train
        and not any(recorded(row, runs) for row in rows)
    ):
        runs = Runs(options.RESULTS)
        args = argparse.Namespace(**vars(args) | {"out": options.RESULTS})
    found = records_of(rows, args, console, lambda record: runs.weights_of(record) is not None)
    return {
        (row.name, record["seed"]): row.trained(weights)
        for row, records in zip(rows, found, strict=True)
        for record in records[:n]
        if (weights := runs.weights_of(record))
    }


def mnist_of(args: argparse.Namespace) -> datasets.Dataset:
    """Load MNIST. Raises DataUnavailable where there is only other data."""
    dataset = datasets.load(args.data)
    if not dataset.comparable:
        raise DataUnavailable(f"Here is only a {dataset.title}: name MNIST's folder with --data.")
    return dataset


def columns(axes: Axes, of: Mapping[str, Sequence[str]]) -> None:
    """To the right of the axes, at 0, 1, ... along the y-axis: what each heading has, flush right."""
    right = 0.0
    for heading, cells in of.items():
        right += 8 + 5.5 * max(map(len, (heading, *cells)))
        for place, cell in enumerate(cells):
            axes.annotate(cell, (1, place), (right, 0), xycoords=("axes fraction", "data"),
                          textcoords="offset points", ha="right", va="center", fontsize=9)  # fmt: skip
        axes.annotate(heading, (1, 1), (right, 5), xycoords="axes fraction",
                      textcoords="offset points", ha="right", fontsize=9)  # fmt: skip


def save(figure: Figure, path: Path, numbers: pd.DataFrame | None = None) -> None:
    """Save path.png for pages of 700 pixels, path.svg for print, and the numbers as path.csv.

    The files are small, and the same bytes every time.
    """
    with matplotlib.rc_context({"svg.hashsalt": "paper-lenet5"}):
        for kind, options in (
            ("png", {"dpi": 200, "metadata": {"Software": None}}),
            ("svg", {"metadata": {"Date": None}}),
        ):
            content = io.BytesIO()
            figure.savefig(content, format=kind, **options)
            write_whole(path.with_suffix(f".{kind}"), content.getvalue())
    if numbers is not None:
        write_whole(path.with_suffix(".csv"), numbers.to_csv(index=False).encode())
