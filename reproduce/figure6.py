"""Figure 6: test and training error for training sets of different sizes, ours and the paper's.

The paper does not say whether the smaller sets were presented for twenty passes as well, or until as
many patterns had been presented as with all of them: both are shown. Draws results/figures/figure6.png
and .svg from the records of six rows, and writes figure6.csv. `--train` first trains what has no record:
about 50 seconds a network on one core.

On two cores it takes seconds.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from paper_lenet5.recipe import SCHEDULE, Recipe

from .measures import statistics
from .rows import reported
from .rows.recipes import FIGURE_6, FIGURE_6_LONG, LENET5, LENET5_DISTORTIONS
from .rows.row import Record, Row
from .writing import drawing, exhibit, tables

SAME = {long.name: row.name for long, row in zip(FIGURE_6_LONG, FIGURE_6, strict=True)}
"""The row that the paper may have for each of the longer ones."""
ROWS = (*FIGURE_6, LENET5, LENET5_DISTORTIONS, *FIGURE_6_LONG)
SHOWN = {"patterns": "{}", "passes": "{}", "test_paper": "{:.2f}", "test_mean": "{:.3f}",
         "test_sd": "{:.3f}", "n": "{}", "train_paper": "{:.3f}", "train_mean": "{:.3f}"}  # fmt: skip
"""What a terminal shows of the numbers, and in which form."""


def patterns_of(row: Row[Recipe]) -> str:
    """The row's training set as people read it."""
    if row.recipe.distortions is not None:
        return "60,000 + distortions"
    return f"{row.recipe.training_patterns or 60_000:,}"


def numbers(records: Sequence[Sequence[Record]]) -> pd.DataFrame:
    """One line for each row of ROWS that has records, percent: the paper, ours (mean, deviation, range).

    `train` is the error during the last pass, `train_after` that on the same patterns after it.
    """
    lines = []
    for row, of_row in zip(ROWS, records, strict=True):
        if not of_row:
            continue
        ours = {
            "test": [statistics.percent(record) for record in of_row],
            "train": [statistics.by_pass(record, "train")[-1] for record in of_row],
        }
        line: dict[str, object] = {"patterns": patterns_of(row), "passes": len(row.recipe.schedule),
                                   "n": len(of_row)}  # fmt: skip
        for name, paper in (("test", reported.FIGURE_6_TEST), ("train", reported.FIGURE_6_TRAIN)):
            line |= {
                f"{name}_paper": paper.get(SAME.get(row.name, row.name), np.nan),
                f"{name}_mean": np.mean(ours[name]),
                f"{name}_sd": np.std(ours[name], ddof=1) if len(of_row) > 1 else np.nan,
                f"{name}_low": min(ours[name]),
                f"{name}_high": max(ours[name]),
            }
        seen = row.recipe.training_patterns or of_row[0]["dataset"]["train_patterns"]
        after = [100 * record["train_errors"] / seen for record in of_row]
        lines.append(line | {"train_after": np.mean(after)})
    return pd.DataFrame(lines)


def draw(table: pd.DataFrame) -> Figure:
    """Means with the range of all networks, beside the paper's markers. One place for each set."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    places = {patterns: k for k, patterns in enumerate(dict.fromkeys(table["patterns"]))}
    longer = table[table["passes"] > len(SCHEDULE)]
    table = table[table["passes"] == len(SCHEDULE)]
    place = table["patterns"].map(places).to_numpy()
    joined = ~table["patterns"].str.contains("distortions")
    for name, label, marker, style, colour in (
        ("test", "test", "s", "-", drawing.OURS_TEST),
        ("train", "training, during the last pass", "o", "--", drawing.OURS_TRAIN),
    ):
        mean = table[f"{name}_mean"]
        axes.plot(place[joined], mean[joined], style, color=colour)
        axes.errorbar(place, mean, reach(table, name), fmt=marker, color=colour, markersize=5,
                      capsize=3, label=f"ours: {label}")  # fmt: skip
        axes.plot(place - 0.12, table[f"{name}_paper"], marker, color=colour, markersize=7,
                  markerfacecolor="white", label=f"1998: {label}")  # fmt: skip
        for x, value in zip(place, mean, strict=True):
            axes.annotate(f"{value:.2f}", (x, value), xytext=(7, 4), textcoords="offset points",
                          fontsize=9, color=colour)  # fmt: skip
        if len(longer):
            beside = longer["patterns"].map(places) + 0.28
            axes.errorbar(beside, longer[f"{name}_mean"], reach(longer, name), fmt="^", color=colour,
                          markersize=5, capsize=3, markerfacecolor="white", clip_on=False,
                          label=f"ours, as many presentations: {label.partition(',')[0]}")  # fmt: skip
    axes.set(ylabel="error, %", ylim=(0, 1.35 * axes.get_ylim()[1]), xlim=(-0.5, len(places) - 0.5))
    axes.set_xticks(list(places.values()), list(places))
    axes.set_xlabel("training patterns")
    axes.set_title("LeNet-5 trained on parts of MNIST: mean and range, beside Fig. 6", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    entries = sorted(zip(*axes.get_legend_handles_labels(), strict=True),
                     key=lambda entry: ": training" in entry[1])  # fmt: skip
    axes.legend(*zip(*entries, strict=True), frameon=False, ncols=2, fontsize=9)
    return figure


def reach(table: pd.DataFrame, name: str) -> list[pd.Series]:
    """How far the lowest and the highest network are from the mean."""
    mean = table[f"{name}_mean"]
    return [mean - table[f"{name}_low"], table[f"{name}_high"] - mean]


def sentence(table: pd.DataFrame) -> str:
    """What agrees with the paper and what does not, within the uncertainty that it gives."""
    longer = table["passes"] > len(SCHEDULE)
    text = said(table[~longer])
    if longer.any():
        text += (
            " With as many patterns presented from the smaller sets as from all of them: "
            + said(table[longer]).replace("The", "the", 1)
        )
    return text


def said(table: pd.DataFrame) -> str:
    """The sentence of some of the sets."""
    test, train = (
        [agreeing(table, name, wanted) for wanted in (True, False)] for name in ("test", "train")
    )
    return (
        f"The test error agrees with the paper's, within its uncertainty of {reported.UNCERTAINTY} "
        f"points, for {test[0]}; it does not for {test[1]}. The training error during the last pass "
        f"agrees for {train[0]}; it does not for {train[1]}."
    )


def agreeing(table: pd.DataFrame, name: str, wanted: bool) -> str:
    """The training sets whose error lies that near to the paper's, or those where it does not."""
    in_paper = table.dropna(subset=f"{name}_paper")
    ours, paper = in_paper[f"{name}_mean"], in_paper[f"{name}_paper"]
    near = (ours - paper).abs() <= reported.UNCERTAINTY
    chosen = zip(in_paper["patterns"], ours, paper, near, strict=True)
    said = [f"{p} ({o:.2f} %, paper {x:.2f} %)" for p, o, x, is_near in chosen if is_near == wanted]
    return ", ".join(said) or "none"


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of ROWS."""
    records = drawing.records_of(ROWS, args, console)
    if not any(records):
        return None
    table = numbers(records).round(4)
    shown = table[list(SHOWN)].rename(columns=lambda name: name.removesuffix("_mean"))
    forms = {name.removesuffix("_mean"): form for name, form in SHOWN.items()}
    lines = tables.formatted(shown, forms)
    console.print(tables.grid("Figure 6, errors in %", lines))
    return draw(table), table


EXHIBIT = exhibit.Figure("figure6", __doc__, picture=picture, sentence=sentence)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
