"""Step sizes: how large the steps of each layer are, pass by pass, against the paper's first pass.

Draws results/figures/step_sizes.png and .svg from the records of LeNet-5 (1998), and writes
step_sizes.csv: the distribution of eta / (mu + h) over each layer's parameters (eq. 21), which stays
as it is during a pass. The paper's range is of one network, so beside it stands the median over
networks of the smallest and of the largest step that each has. `--train` first trains what has no
record of it: 50 seconds a network on one core.

On two cores it takes seconds.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console
from rich.markdown import Markdown

from .rows import reported
from .rows.readings import BY_EQ9, BY_HALF_EQ8, Reading
from .rows.recipes import EXPLAINS, LENET5
from .rows.row import Record
from .running.runs import Runs, recorded
from .writing import drawing, exhibit, tables

COLUMNS = ["smallest", "q05", "q25", "median", "q75", "q95", "largest"]
"""What a record holds of every parameter and pass: see paper_lenet5.training.quantiles."""
LAYERS = ("c1", "s2", "c3", "s4", "c5", "f6")
ROWS = {BY_EQ9: LENET5, BY_HALF_EQ8: EXPLAINS[0]}
"""Whose first pass is compared with the paper's; the figure is of the first."""
BANDS = (("smallest", "largest", "#dce8f3", "all"), ("q05", "q95", "#aecbe4", "90 %"),
         ("q25", "q75", "#74a4ce", "half of them"))  # fmt: skip
"""Of weights, from the widest to the narrowest: their ends, colours and names."""


def has_steps(record: Record) -> bool:
    """Whether the run was recorded with the step sizes of each parameter."""
    return all(of_pass.get("step_quantiles") for of_pass in record["passes"])


def numbers(records: Sequence[Record]) -> pd.DataFrame:
    """One line for each parameter and pass: the extremes of all networks, else their geometric mean."""
    lines = []
    for passes in zip(*(record["passes"] for record in records), strict=True):
        for name in passes[0]["step_quantiles"]:
            steps = np.array([of_run["step_quantiles"][name] for of_run in passes])
            typical = np.exp(np.log(steps).mean(0))
            values = [steps[:, 0].min(), *typical[1:-1], steps[:, -1].max()]
            short = [float(f"{value:.4g}") for value in values]
            layer, kind = name.split(".")
            line: Record = {"pass": passes[0]["number"], "layer": layer, "parameter": kind}
            lines.append(line | {"eta": passes[0]["eta"]} | dict(zip(COLUMNS, short, strict=True)))
    return pd.DataFrame(lines)


def extremes(table: pd.DataFrame) -> pd.DataFrame:
    """The smallest and the largest step of each pass, over all parameters and networks."""
    return table.groupby("pass").agg(smallest=("smallest", "min"), largest=("largest", "max"))


def ends(records: Sequence[Record], number: int = 1) -> pd.DataFrame:
    """The smallest and the largest step of each network in a pass, a line for each."""
    passes = [record["passes"][number - 1] for record in records]
    return pd.DataFrame(
        [{end: one[f"{end}_step"] for end in ("smallest", "largest")} for one in passes]
    )


def draw(table: pd.DataFrame, mu: float, first: pd.DataFrame) -> Figure:
    """A panel for each layer: bands of its weights or coefficients, its biases' median dashed.

    One more has the ranges of the first pass over all layers, the paper's and ours.
    """
    figure = Figure(figsize=(7, 5), layout="constrained")
    upper, lower = LAYERS[:3], LAYERS[3:]
    panels = figure.subplot_mosaic([["all", *upper], [".", *lower]], sharey=True,
                                   width_ratios=(0.7, 1, 1, 1))  # fmt: skip
    for layer in LAYERS:
        axes = panels[layer]
        of_layer = table[table["layer"] == layer]
        bias = of_layer[of_layer["parameter"] == "bias"]
        others = of_layer[of_layer["parameter"] != "bias"]
        x = others["pass"]
        for low, high, colour, label in BANDS:
            axes.fill_between(x, others[low], others[high], step="mid", color=colour, linewidth=0,
                              label=f"weights, {label}")  # fmt: skip
        axes.step(x, others["median"], where="mid", color=drawing.OURS, label="weights, median")
        axes.step(bias["pass"], bias["median"], where="mid", linestyle="--", color="0.3",
                  linewidth=1.2, label="biases, median")  # fmt: skip
        axes.step(x, others["eta"] / mu, where="mid", linestyle=":", color="0.3", linewidth=1.2,
                  label="ceiling η / μ")  # fmt: skip
        axes.set_title(layer.upper(), fontsize=11)
        axes.set(xlim=(0, 20.5), xticks=range(5, 21, 5))
    for place, (ends_of, colour) in enumerate(
        ((reported.FIRST_PASS_STEPS, drawing.PAPER), (first.median(), drawing.OURS))
    ):
        panels["all"].plot([place] * 2, ends_of, color=colour, linewidth=4, solid_capstyle="butt")
    panels["all"].set(xlim=(-0.6, 1.6), yscale="log")
    panels["all"].set_xticks([0, 1], ["1998", "ours"], fontsize=9)
    panels["all"].set_xlabel("ours: medians", fontsize=9)
    panels["all"].set_title("all, pass 1", fontsize=11)
    panels[lower[0]].tick_params(labelleft=True)
    for axes in panels.values():
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    for name in ("all", lower[0]):
        panels[name].set_ylabel("step size")
    for layer in lower:
        panels[layer].set_xlabel("pass")
    figure.legend(*panels[lower[0]].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  frameon=False, fontsize=9)  # fmt: skip
    figure.suptitle(f"Step sizes of {len(first)} networks, layer by layer", fontsize=11)
    return figure


def compared(table: pd.DataFrame, of_readings: Mapping[Reading, Sequence[Record]]) -> str:
    """The first pass of the networks of each reading beside the paper's, and which layers end it."""

    def written(both: pd.Series) -> str:
        return f"{power(both['smallest'])} and {both['largest']:.3f}"

    said = []
    for reading, records in of_readings.items():
        of_each = ends(records)
        extremes = of_each.agg({"smallest": "min", "largest": "max"})
        said.append(
            f"{written(of_each.median())} by {reading.label} "
            f"(the extremes of {len(of_each)} networks are {written(extremes)})"
        )
    low, high = reported.FIRST_PASS_STEPS
    first = table[table["pass"] == 1]
    lowest = first.loc[first["smallest"].idxmin(), "layer"].upper()
    highest = first.loc[first["largest"].idxmax(), "layer"].upper()
    return (
        f"In the first pass the steps of the paper's network run from {power(low)} to {high:.3f}. The "
        f"smallest and the largest of ours are, by the median over networks, {'; '.join(said)}. By "
        f"{BY_EQ9.label} the smallest is in {lowest}, the largest in {highest}."
    )


def of_readings(runs: Runs) -> dict[Reading, list[Record]]:
    """The records of each of ROWS that has any."""
    return {reading: found for reading, row in ROWS.items() if (found := recorded(row, runs))}


def words(folder: Path) -> str:
    """The comparison in words, from step_sizes.csv and the records beside it."""
    return compared(pd.read_csv(folder / "step_sizes.csv"), of_readings(Runs(folder.parent)))


def power(value: float) -> str:
    """A small number as people write it: 7.1·10⁻⁵."""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}·10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of LeNet-5 (1998) that have step sizes."""
    (records,) = drawing.records_of([LENET5], args, console, has_steps)
    if not records:
        console.print("Records from before step sizes were recorded lack them: train again.")
        return None
    table = numbers(records)
    lines = tables.formatted(
        extremes(table).reset_index(), {"smallest": "{:.1e}", "largest": "{:.4f}"}
    )
    low, high = reported.FIRST_PASS_STEPS
    title = f"Steps of all networks; of the one of 1998, pass 1: {low:.1e} to {high:.4f}"
    console.print(tables.grid(title, lines))
    console.print(Markdown(compared(table, of_readings(Runs(args.out)))))
    return draw(table, LENET5.recipe.mu, ends(records)), table


EXHIBIT = exhibit.Figure("step_sizes", __doc__, picture=picture, words=words)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
