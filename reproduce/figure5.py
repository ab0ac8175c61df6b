"""Figure 5: training and test error by pass, ours over the paper's.

Draws results/figures/figure5.png and .svg from the records of table 1 and writes their numbers to
figure5.csv. `--train` first trains what has no record: 50 seconds a network on one core.

On two cores it takes seconds.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from .measures.statistics import by_pass
from .rows import reported
from .rows.recipes import LENET5, LENET5_EQ8
from .rows.row import Record
from .writing import drawing, exhibit, tables

PASSES = 20
SHOWN = {"pass": "{}",  # nosec B105
         "train_paper": "{:.2f}", "train_mean": "{:.2f}", "test_paper": "{:.2f}",
         "test_mean": "{:.2f}"}  # fmt: skip
"""What a terminal shows of the numbers, and in which form."""
Errors = Literal["train", "test"]
PAPER: dict[Errors, tuple[float, ...]] = {
    "train": reported.FIGURE_5_TRAIN,
    "test": reported.FIGURE_5_TEST,
}


def numbers(records: Sequence[Record], of_eq8: Sequence[Record] = ()) -> pd.DataFrame:
    """One line per pass, percent: the paper, ours (mean, lowest and highest seed), eq. 8 (mean)."""
    columns: dict[str, object] = {"pass": np.arange(1, PASSES + 1)}
    for name, paper in PAPER.items():
        ours = np.array([by_pass(record, name) for record in records])
        columns |= {
            f"{name}_paper": paper[:PASSES],
            f"{name}_mean": ours.mean(0),
            f"{name}_low": ours.min(0),
            f"{name}_high": ours.max(0),
        }
        if of_eq8:
            columns[f"{name}_eq8"] = np.mean([by_pass(record, name) for record in of_eq8], axis=0)
    return pd.DataFrame(columns)


def distance(table: pd.DataFrame, name: str, of: str = "mean") -> float:
    """Root-mean-square distance of our mean from the paper's curve, in points of percent."""
    return float(np.sqrt(np.mean((table[f"{name}_{of}"] - table[f"{name}_paper"]) ** 2)))


def draw(table: pd.DataFrame, n: int) -> Figure:
    """Means as lines, all seeds as bands, the paper's points as rings and squares, eq. 8 dotted."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, label, colour, marker, style, of_eq8 in (
        ("test", "test", drawing.OURS_TEST, "s", "-", ":"),
        ("train", "training, during the pass", drawing.OURS_TRAIN, "o", "--", "-."),
    ):
        low, high = table[f"{name}_low"], table[f"{name}_high"]
        axes.fill_between(table["pass"], low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            table["pass"], table[f"{name}_mean"], style, color=colour, label=f"ours, eq. 9: {label}"
        )
        axes.plot(table["pass"], table[f"{name}_paper"], marker, color=colour, markersize=5,
                  markerfacecolor="white", label=f"1998: {label}")  # fmt: skip
        if f"{name}_eq8" in table:
            axes.plot(table["pass"], table[f"{name}_eq8"], of_eq8, color=colour, linewidth=1.2,
                      label=f"ours, eq. 8: {label}")  # fmt: skip
    axes.set(xlabel="pass over the 60,000 training patterns", ylabel="error, %",
             xlim=(0.6, PASSES + 0.4), ylim=(0, None), xticks=range(2, PASSES + 1, 2))  # fmt: skip
    axes.set_title(f"LeNet-5, {n} networks: mean and range, over the points of Fig. 5", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    return figure


def sentence(table: pd.DataFrame) -> str:
    """How far the curves are from the paper's."""
    text = (
        "Root-mean-square distance of our mean from the paper's points: test "
        f"{distance(table, 'test'):.2f}, training {distance(table, 'train'):.2f} points of percent"
    )
    if "test_eq8" in table:
        text += (
            f"; with eq. 8 in place of eq. 9 test {distance(table, 'test', 'eq8'):.2f}, training "
            f"{distance(table, 'train', 'eq8'):.2f}"
        )
    return text + "."


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of table 1."""
    records, of_eq8 = drawing.records_of([LENET5, LENET5_EQ8], args, console)
    if not records:
        return None
    table = numbers(records, of_eq8)
    lines = tables.formatted(table[list(SHOWN)], SHOWN)
    console.print(tables.grid("Figure 5, errors in %", lines))
    return draw(table, len(records)), table.round(4)


EXHIBIT = exhibit.Figure("figure5", __doc__, picture=picture, sentence=sentence)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
