"""Step sizes: how large the steps of each layer are, pass by pass, against the paper's first pass.

Draws results/figures/step_sizes.png and .svg from the records of LeNet-5 (1998), and writes
step_sizes.csv: the distribution of eta / (mu + h) over each layer's parameters (eq. 21), which stays
as it is during a pass. `--train` first trains what has no record of it: 50 seconds a network on one
core.

On two cores it takes seconds.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from .rows import reported
from .rows.recipes import LENET5
from .rows.row import Record
from .writing import drawing, exhibit, tables

COLUMNS = ["smallest", "q05", "q25", "median", "q75", "q95", "largest"]
"""What a record holds of every parameter and pass: see paper_lenet5.training.quantiles."""
LAYERS = ("c1", "s2", "c3", "s4", "c5", "f6")
FIRST, REST = "#b2182b", "#2166ac"


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


def draw(table: pd.DataFrame, mu: float, n: int) -> Figure:
    """A panel for each layer: bands of its weights or coefficients, its biases' median dashed.

    The paper's range hangs at the first pass of each panel.
    """
    figure = Figure(figsize=(7, 4.6), layout="constrained")
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    for layer, axes in zip(LAYERS, panels.flat, strict=True):
        of_layer = table[table["layer"] == layer]
        bias = of_layer[of_layer["parameter"] == "bias"]
        others = of_layer[of_layer["parameter"] != "bias"]
        x = others["pass"]
        for low, high, alpha, label in (("smallest", "largest", 0.12, "all"),
                                        ("q05", "q95", 0.22, "90 %"),
                                        ("q25", "q75", 0.35, "half of them")):  # fmt: skip
            axes.fill_between(x, others[low], others[high], step="mid", alpha=alpha, color=REST,
                              linewidth=0, label=f"weights, {label}")  # fmt: skip
        axes.step(x, others["median"], where="mid", color=REST, label="weights, median")
        axes.step(bias["pass"], bias["median"], where="mid", linestyle="--", color="black",
                  linewidth=1, label="biases, median")  # fmt: skip
        axes.step(x, others["eta"] / mu, where="mid", linestyle=":", color="black", linewidth=1,
                  label="ceiling η / μ")  # fmt: skip
        axes.plot([0.3, 0.3], reported.FIRST_PASS_STEPS, color=FIRST, linewidth=2, marker="_",
                  markersize=7, label="1998: all, pass 1")  # fmt: skip
        axes.set_title(layer.upper(), fontsize=11)
        axes.set(yscale="log", xlim=(-0.3, 20.5), xticks=range(5, 21, 5))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    for axes in panels[:, 0]:
        axes.set_ylabel("step size")
    for axes in panels[1]:
        axes.set_xlabel("pass")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.suptitle(f"Step sizes of {n} networks, layer by layer", fontsize=11)
    return figure


def sentence(table: pd.DataFrame) -> str:
    """Our first pass beside the paper's, and which layers make its ends."""
    first = table[table["pass"] == 1]
    smallest, largest = first.loc[first["smallest"].idxmin()], first.loc[first["largest"].idxmax()]
    low, high = reported.FIRST_PASS_STEPS
    return (
        f"In the first pass the steps of all our networks run from {power(smallest['smallest'])} "
        f"({smallest['layer'].upper()}) to {largest['largest']:.3f} ({largest['layer'].upper()}); "
        f"the paper's from {power(low)} to {high:.3f}."
    )


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
    console.print(tables.grid(f"Steps; in 1998, pass 1: {low:.1e} to {high:.4f}", lines))
    return draw(table, LENET5.recipe.mu, len(records)), table


EXHIBIT = exhibit.Figure("step_sizes", __doc__, picture=picture, sentence=sentence)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
