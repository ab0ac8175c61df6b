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
from matplotlib.ticker import NullLocator
from rich.console import Console

from .measures import statistics
from .rows import reported
from .rows.readings import BY_EQ9, BY_HALF_EQ8, Reading
from .rows.recipes import EXPLAINS, LENET5
from .rows.row import Record
from .writing import drawing, exhibit, tables

PASSES = 20
SHOWN = dict.fromkeys(("train_paper", "train_mean", "test_paper", "test_mean"), "{:.2f}")
"""What a terminal shows of each pass, and in which form."""
ROUNDED = 0.005
"""The paper's points are read to a hundredth of a percent: half of that."""
READINGS = (BY_EQ9, BY_HALF_EQ8)
Errors = Literal["train", "test"]
PAPER: dict[Errors, tuple[float, ...]] = {
    "train": reported.FIGURE_5_TRAIN,
    "test": reported.FIGURE_5_TEST,
}


def numbers(records: Sequence[Record], of_eq8: Sequence[Record] = ()) -> pd.DataFrame:
    """One line per pass, percent: the paper; the mean of ours by either reading.

    Between `one_low` and `one_high` one more network falls with 95 % probability.
    """
    columns: dict[str, object] = {"pass": np.arange(1, PASSES + 1)}
    for name, paper in PAPER.items():
        columns[f"{name}_paper"] = paper[:PASSES]
        for reading, of in zip(READINGS, (records, of_eq8), strict=True):
            if of:
                ours = np.array([statistics.by_pass(record, name) for record in of])
                one_more = np.array([statistics.one_more(of_pass) for of_pass in ours.T])
                columns |= {
                    f"{name}_mean{reading.suffix}": ours.mean(0),
                    f"{name}_one_low{reading.suffix}": one_more[:, 0],
                    f"{name}_one_high{reading.suffix}": one_more[:, 1],
                }
    return pd.DataFrame(columns)


def ours_too(table: pd.DataFrame, name: Errors, reading: Reading) -> int:
    """Of how many passes the paper's error, before it was rounded, lies where one more of ours would."""
    low, high = (table[f"{name}_one_{end}{reading.suffix}"] for end in ("low", "high"))
    return int(table[f"{name}_paper"].between(low - ROUNDED, high + ROUNDED).sum())


def draw(table: pd.DataFrame, counts: Sequence[int]) -> Figure:
    """Training error above test error: means, bands for 95 % of networks, the paper as rings."""
    figure = Figure(figsize=(7, 4.3), layout="constrained")
    training, test = figure.subplots(2, 1, sharex=True)
    curves(training, table, "train", counts)
    training.set(ylabel="training error,\nduring the pass, %", yscale="log",
                 yticks=[0.1, 0.2, 0.5, 1, 2, 5])  # fmt: skip
    training.yaxis.set_minor_locator(NullLocator())
    training.yaxis.set_major_formatter("{x:g}")
    curves(test, table, "test", counts)
    test.set(ylabel="test error,\nafter the pass, %", ylim=(0, None))
    test.set_xlabel("pass over the 60,000 training patterns")
    training.legend(frameon=False, alignment="left",
                    title="lines: means; bands: where 95 % of networks fall")  # fmt: skip
    return figure


def curves(axes: Axes, table: pd.DataFrame, name: Errors, counts: Sequence[int]) -> None:
    """Ours and the paper's, of one kind of error."""
    for reading, n in zip(READINGS, counts, strict=True):
        if n:
            mean, low, high = (
                table[f"{name}_{of}{reading.suffix}"] for of in ("mean", "one_low", "one_high")
            )
            style = drawing.STYLES[reading]
            axes.fill_between(table["pass"], low, high, color=style.colour, alpha=0.15, linewidth=0)
            axes.plot(table["pass"], mean, style.line, color=style.colour,
                      label=f"ours, {reading.label}, {n} networks")  # fmt: skip
    axes.plot(table["pass"], table[f"{name}_paper"], "o", color=drawing.PAPER, markersize=5,
              markerfacecolor="white", label="1998, Fig. 5")  # fmt: skip
    axes.set(xlim=(0.6, PASSES + 0.4), xticks=range(2, PASSES + 1, 2))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)


def sentence(table: pd.DataFrame) -> str:
    """How many of the paper's points lie where one more network of either reading would."""

    def said(reading: Reading) -> str:
        test, training = (ours_too(table, name, reading) for name in ("test", "train"))
        return f"by {reading.label}, {test} of the test and {training} of the training errors"

    shown = [said(reading) for reading in READINGS if f"test_mean{reading.suffix}" in table]
    return (
        f"Of the {len(table)} points of each curve of the paper's Fig. 5, this many lie where one more "
        f"of our networks would fall at that pass with 95 % probability (give or take {ROUNDED:g}, "
        f"since the points are rounded): {'; '.join(shown)}. The passes of one network are correlated: "
        "they are not independent trials."
    )


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of table 1."""
    of = drawing.records_of([LENET5, EXPLAINS[0]], args, console)
    if not of[0]:
        return None
    table = numbers(*of)
    lines = tables.formatted(table[["pass", *SHOWN]], SHOWN)
    console.print(tables.grid("Figure 5, errors in %", lines))
    return draw(table, [len(records) for records in of]), table.round(4)


EXHIBIT = exhibit.Figure("figure5", __doc__, picture=picture, sentence=sentence)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
