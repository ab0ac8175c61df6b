"""Figure 6: training and test error for training sets of different sizes, ours and the paper's.

The paper does not say whether the smaller sets were presented for twenty passes as well, or until as
many patterns had been presented as with all of them: both are shown, of either reading of its loss (D7).
Draws results/figures/figure6.png and .svg from the records of twelve rows, and writes figure6.csv.
`--train` first trains what has no record: about 40 seconds a network on one core.

On two cores it takes seconds.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console

from paper_lenet5.recipe import SCHEDULE, Recipe

from .measures import statistics
from .rows import reported
from .rows.readings import BY_EQ9, BY_HALF_EQ8
from .rows.recipes import (
    EXPLAINS,
    FIGURE_6,
    FIGURE_6_EXPLAINS,
    FIGURE_6_EXPLAINS_LONG,
    FIGURE_6_LONG,
    LENET5,
    LENET5_DISTORTIONS,
)
from .rows.row import Record, Row
from .writing import drawing, exhibit, tables

READINGS = (BY_EQ9, BY_HALF_EQ8)
ROWS = (
    *((READINGS[0], row) for row in (*FIGURE_6, LENET5, LENET5_DISTORTIONS, *FIGURE_6_LONG)),
    *((READINGS[1], row) for row in (*FIGURE_6_EXPLAINS, *EXPLAINS, *FIGURE_6_EXPLAINS_LONG)),
)
"""What is shown, each row with the reading that it is trained by."""
DISTORTED = max(reported.FIGURE_6_TEST)
"""Training patterns with the nine distortions of each."""


def size_of(row: Row[Recipe]) -> int:
    """How many training patterns a row has, distorted ones among them."""
    return DISTORTED if row.recipe.distortions else row.recipe.training_patterns or 60_000


def named(size: int) -> str:
    """A training set as people read it."""
    return "60,000 + distortions" if size == DISTORTED else f"{size:,}"


def numbers(records: Sequence[Sequence[Record]]) -> pd.DataFrame:
    """One line for each of ROWS that has records, percent: the paper, ours (mean, deviation, range).

    Between `one_low` and `one_high` one more network falls with 95 % probability. `train` is the error
    during the last pass, `train_after` that on the same patterns after it.
    """
    lines = []
    for (reading, row), of_row in zip(ROWS, records, strict=True):
        if not of_row:
            continue
        ours = {
            "test": [statistics.percent(record) for record in of_row],
            "train": [statistics.by_pass(record, "train")[-1] for record in of_row],
        }
        line: dict[str, object] = {"reading": reading.label, "patterns": size_of(row),
                                   "passes": len(row.recipe.schedule), "n": len(of_row)}  # fmt: skip
        for name, paper in (("test", reported.FIGURE_6_TEST), ("train", reported.FIGURE_6_TRAIN)):
            one_low, one_high = statistics.one_more(ours[name])
            line |= {
                f"{name}_paper": paper.get(size_of(row), np.nan),
                f"{name}_mean": np.mean(ours[name]),
                f"{name}_sd": np.std(ours[name], ddof=1) if len(of_row) > 1 else np.nan,
                f"{name}_low": min(ours[name]),
                f"{name}_high": max(ours[name]),
                f"{name}_one_low": one_low,
                f"{name}_one_high": one_high,
            }
        seen = row.recipe.training_patterns or of_row[0]["dataset"]["train_patterns"]
        after = [100 * record["train_errors"] / seen for record in of_row]
        lines.append(line | {"train_after": np.mean(after)})
    return pd.DataFrame(lines)


# --- drawing --------------------------------------------------------------------------------------


def draw(table: pd.DataFrame) -> Figure:
    """Training error above test error, as in Fig. 5: means, 95 % of networks, the paper's rings."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    training, test = figure.subplots(2, 1, sharex=True)
    panel(training, table, "train")
    training.set(ylabel="training error,\nduring the last pass, %")
    panel(test, table, "test")
    test.set(xlabel="training patterns", ylabel="test error,\nafter the last pass, %")
    training.legend(frameon=False, fontsize=9, loc="center right", alignment="left", title_fontsize=9,
                    title="bars: where 95 %\nof networks fall")  # fmt: skip
    return figure


def panel(axes: Axes, table: pd.DataFrame, name: str) -> None:
    """One kind of error, of the sets that the paper has it of: the readings to its left and right."""
    table = table.dropna(subset=f"{name}_paper")
    places = {size: k for k, size in enumerate(sorted(table["patterns"].unique()))}
    paper = table.groupby("patterns")[f"{name}_paper"].first()
    axes.plot([places[size] for size in paper.index], paper, "o", color=drawing.PAPER, markersize=6,
              markerfacecolor="white", label="1998, Fig. 6")  # fmt: skip
    for side, reading in zip((-1, 1), READINGS, strict=True):
        of, style = table[table["reading"] == reading.label], drawing.STYLES[reading]
        longer = of["passes"] > len(SCHEDULE)
        joined = of[~longer & (of["patterns"] < DISTORTED)]
        axes.plot(joined["patterns"].map(places) + 0.08 * side, joined[f"{name}_mean"],
                  style.line, color=style.colour, linewidth=1)  # fmt: skip
        for lines, away, marker, face, label in (
            (of[~longer], 0.08, style.marker, style.colour, f"ours, {reading.label}"),
            (of[longer], 0.16, "^", "white", "the same, more passes"),
        ):
            if len(lines):
                axes.errorbar(lines["patterns"].map(places) + away * side, lines[f"{name}_mean"],
                              reach(lines, name), fmt=marker, color=style.colour, markersize=5,
                              markerfacecolor=face, capsize=3, clip_on=False, label=label)  # fmt: skip
    axes.set(xlim=(-0.5, len(places) - 0.5), ylim=(0, None))
    axes.set_xticks(list(places.values()), [named(size).replace(" + ", "\n+ ") for size in places])
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)


def reach(table: pd.DataFrame, name: str) -> list[pd.Series]:
    """How far from the mean one more network falls with 95 % probability, but not below no error."""
    mean = table[f"{name}_mean"]
    return [mean - table[f"{name}_one_low"].clip(lower=0), table[f"{name}_one_high"] - mean]


# --- in words -------------------------------------------------------------------------------------


def ours_too(lines: pd.DataFrame, name: str) -> pd.Series:
    """Whether the paper's number, which is of one network, lies where one more of ours would."""
    return lines[f"{name}_paper"].between(lines[f"{name}_one_low"], lines[f"{name}_one_high"])


def sentence(table: pd.DataFrame) -> str:
    """How many of the paper's numbers lie where one more network of either reading would."""

    def counted(lines: pd.DataFrame) -> str:
        said = []
        for label, of in lines.groupby("reading", sort=False):
            counts = [
                f"{ours_too(of, name).sum()} of {of[f'{name}_paper'].notna().sum()} {what} errors"
                for name, what in (("test", "test"), ("train", "training"))
            ]
            said.append(f"by {label}, {' and '.join(counts)}")
        return "; ".join(said)

    longer = table["passes"] > len(SCHEDULE)
    text = (
        "Of the paper's numbers, which are of one network each, these lie in the 95 % range of one "
        "more of ours, after "
        f"{len(SCHEDULE)} passes: {counted(table[~longer])}."
    )
    if longer.any():
        text += (
            " With as many patterns presented from the smaller sets as from all of them: "
            f"{counted(table[longer])}."
        )
    return text


def lines_of(table: pd.DataFrame, name: str, ours_too_as: str = "{}") -> list[dict[str, str]]:
    """A line for every set: one kind of error, the paper's and ours by either reading."""
    lines = []
    for (size, passes), of_set in table.groupby(["patterns", "passes"]):
        of = of_set.set_index("reading")
        paper, mean, bold = of[f"{name}_paper"].iloc[0], of[f"{name}_mean"], ours_too(of, name)
        line = {"training patterns": named(size), "passes": f"{passes}"}
        line["1998"] = "" if np.isnan(paper) else f"{paper:.2f}"
        for label in (reading.label for reading in READINGS):
            form = ours_too_as if bold.get(label) else "{}"
            line[label] = form.format(f"{mean[label]:.2f}") if label in mean else ""
        lines.append(line)
    return lines


def words(folder: Path) -> str:
    """The sentence, and both errors in figure6.csv as tables; bold where the paper's is ours too."""
    table = pd.read_csv(folder / "figure6.csv")
    test, training = (
        tables.markdown(lines_of(table, name, ours_too_as="**{}**")) for name in ("test", "train")
    )
    return (
        f"{sentence(table)}\n\nTest error in percent, means of {table['n'].min()} networks or more, "
        f"**bold** where the paper's number lies in the 95 % range of one more network:\n\n{test}\n"
        f"Training error during the last pass:\n\n{training}"
    )


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of ROWS."""
    records = drawing.records_of([row for _, row in ROWS], args, console)
    if not any(records):
        return None
    table = numbers(records).round(4)
    for name, what in (("test", "test"), ("train", "training")):
        console.print(tables.grid(f"Figure 6, {what} error, %", lines_of(table, name)))
    return draw(table), table


EXHIBIT = exhibit.Figure("figure6", __doc__, picture=picture, sentence=sentence, words=words)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
