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
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import NullLocator
from rich.console import Console

from .measures.statistics import by_pass
from .rows import reported
from .rows.readings import BY_EQ9, BY_HALF_EQ8, Reading
from .rows.recipes import EXPLAINS, LENET5
from .rows.row import Record
from .writing import drawing, exhibit, tables

PASSES = 20
SHOWN = {"pass": "{}",  # nosec B105
         "train_paper": "{:.2f}", "train_mean": "{:.2f}", "test_paper": "{:.2f}",
         "test_mean": "{:.2f}"}  # fmt: skip
"""What a terminal shows of the numbers, and in which form."""
READINGS = (BY_EQ9, BY_HALF_EQ8)
Errors = Literal["train", "test"]
PAPER: dict[Errors, tuple[float, ...]] = {
    "train": reported.FIGURE_5_TRAIN,
    "test": reported.FIGURE_5_TEST,
}


def numbers(records: Sequence[Record], of_eq8: Sequence[Record] = ()) -> pd.DataFrame:
    """One line per pass, percent: the paper; ours by either reading, mean and range."""
    columns: dict[str, object] = {"pass": np.arange(1, PASSES + 1)}
    for name, paper in PAPER.items():
        columns[f"{name}_paper"] = paper[:PASSES]
        for reading, of in zip(READINGS, (records, of_eq8), strict=True):
            if of:
                ours = np.array([by_pass(record, name) for record in of])
                columns |= {
                    f"{name}_mean{reading.suffix}": ours.mean(0),
                    f"{name}_low{reading.suffix}": ours.min(0),
                    f"{name}_high{reading.suffix}": ours.max(0),
                }
    return pd.DataFrame(columns)


def distance(table: pd.DataFrame, name: str, of: str = "mean") -> float:
    """Root-mean-square distance of our mean from the paper's curve, in points of percent."""
    return float(np.sqrt(np.mean((table[f"{name}_{of}"] - table[f"{name}_paper"]) ** 2)))


def draw(table: pd.DataFrame, counts: Sequence[int]) -> Figure:
    """Training and test error side by side: means as lines, all seeds as bands, the paper as rings."""
    figure = Figure(figsize=(9, 4), layout=ConstrainedLayoutEngine(wspace=0.06))
    training, test = figure.subplots(1, 2)
    curves(training, table, "train", counts)
    training.set(ylabel="training error, during the pass, %", yscale="log",
                 yticks=[0.1, 0.2, 0.5, 1, 2, 5])  # fmt: skip
    training.yaxis.set_minor_locator(NullLocator())
    training.yaxis.set_major_formatter("{x:g}")
    curves(test, table, "test", counts)
    test.set(ylabel="test error, after the pass, %", ylim=(0, None))
    test.legend(frameon=False)
    return figure


def curves(axes: Axes, table: pd.DataFrame, name: Errors, counts: Sequence[int]) -> None:
    """Ours and the paper's, of one kind of error."""
    for reading, n in zip(READINGS, counts, strict=True):
        if n:
            mean, low, high = (
                table[f"{name}_{of}{reading.suffix}"] for of in ("mean", "low", "high")
            )
            style = drawing.STYLES[reading]
            axes.fill_between(table["pass"], low, high, color=style.colour, alpha=0.15, linewidth=0)
            axes.plot(table["pass"], mean, style.line, color=style.colour,
                      label=f"ours, {reading.label}: mean, range of {n}")  # fmt: skip
    axes.plot(table["pass"], table[f"{name}_paper"], "o", color="black", markersize=5,
              markerfacecolor="white", label="1998, Fig. 5")  # fmt: skip
    axes.set(xlabel="pass over the 60,000 training patterns", xlim=(0.6, PASSES + 0.4),
             xticks=range(2, PASSES + 1, 2))  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)


def sentence(table: pd.DataFrame) -> str:
    """How far the curves of either reading are from the paper's."""

    def said(reading: Reading) -> str:
        test, training = (
            f"{distance(table, name, f'mean{reading.suffix}'):.2f}" for name in ("test", "train")
        )
        return f"by {reading.label}, test {test}, training {training}"

    shown = [said(reading) for reading in READINGS if f"test_mean{reading.suffix}" in table]
    return (
        "Root-mean-square distance of our mean from the paper's points, in points of percent: "
        f"{'; '.join(shown)}."
    )


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of table 1."""
    of = drawing.records_of([LENET5, EXPLAINS[0]], args, console)
    if not of[0]:
        return None
    table = numbers(*of)
    lines = tables.formatted(table[list(SHOWN)], SHOWN)
    console.print(tables.grid("Figure 5, errors in %", lines))
    return draw(table, [len(records) for records in of]), table.round(4)


EXHIBIT = exhibit.Figure("figure5", __doc__, picture=picture, sentence=sentence)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
