"""Figures 9 to 12: every classifier of section III-C, one quantity of each, the paper's beside ours."""

import argparse
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from rich.console import Console
from scipy import stats

from paper_lenet5.recipe import SCHEDULE

from ..rows import datasets, reported
from ..rows.readings import BY_HALF_EQ8
from ..rows.recipes import OF_1998
from ..running import rates
from ..running.runs import Runs
from ..running.sweep import sweep
from ..writing import drawing, exhibit, options, tables
from . import classifiers


@dataclass(frozen=True)
class Quantity:
    """What one of the figures shows."""

    figure: str
    column: str
    """The name of a field of `reported.Bar`, and of a column of `classifiers.table_of`."""
    title: str
    unit: str
    digits: int
    """Digits after the point of ours; one less from 10 on."""
    tolerance: float
    """The points or thousands within which ours agrees with the paper's, or `share` of the paper's."""
    share: float = 0.1
    same_when_distorted: bool = False
    """Whether it is the same however a network was trained, as costs are."""


ERROR = Quantity("figure9", "error", "Test error", "%", digits=2, tolerance=0.1)
REJECTION = Quantity("figure10", "rejected", "Rejected for 0.5 % error on the rest", "%",
                     digits=1, tolerance=0.3)  # fmt: skip
MULTIPLY_ADDS = Quantity("figure11", "multiply_adds", "Multiply-accumulates", "thousands",
                         digits=1, tolerance=0.5, same_when_distorted=True)  # fmt: skip
MEMORY = Quantity("figure12", "memory", "Memory", "thousands of numbers",
                  digits=1, tolerance=0.5, same_when_distorted=True)  # fmt: skip
QUANTITIES = (ERROR, REJECTION, MULTIPLY_ADDS, MEMORY)

ABOUT = """
Draws the figure from the records, and writes its numbers beside it as .csv. `--train` first fits and
trains what has no record: forty minutes of one core, once for all of Figs. 9 to 12. `--rates` tries
learning rates on held-out images (methods/rates.csv in results/yours), three quarters of an hour,
`--candidates` what else was left open (methods/held-out there), a quarter of an hour.
"""
CANDIDATES = {
    "--candidates": {"action": "store_true", "help": "fit what the classifiers were chosen from"}
}
OTHER = f"ours{BY_HALF_EQ8.suffix}"
"""The column of LeNet-5's other reading."""
RATES = "methods/rates.csv"
"""The file in the results folder that says what each learning rate of the other networks came to."""


def lines_of(table: pd.DataFrame, quantity: Quantity) -> pd.DataFrame:
    """The figure's own lines of `classifiers.table_of`: method, paper, ours, n, passes.

    Where LeNet-5 has it by the other reading of its loss as well (D7), that is a column of its own.
    """
    column = quantity.column
    chosen = table[[f"{column}_paper", column]].notna().any(axis=1)
    chosen &= table["name"].isin(reported.SECTION_III_C)
    if quantity.same_when_distorted:
        chosen &= ~table["name"].str.endswith("-distortions")
    lines = table[chosen]
    shown = pd.DataFrame(
        {"method": lines["method"], "paper": lines[f"{column}_paper"], "ours": lines[column],
         "n": lines["n"].fillna(0).astype(int), "passes": lines["passes"].fillna(0).astype(int)}
    )  # fmt: skip
    if (other := f"{column}{BY_HALF_EQ8.suffix}") in table:
        shown[OTHER] = lines[other]
    return shown.round(4)


def markdown(table: pd.DataFrame) -> str:
    """All four figures as one table."""
    lines = []
    for line in table.to_dict("records"):
        cells = {"": line["method"]}
        for quantity in QUANTITIES:
            head = f"{quantity.title.split(' for')[0].lower()}, {quantity.unit.split(' of')[0]}"
            cells[f"{head}: 1998"] = printed(line[f"{quantity.column}_paper"])
            cells[f"{head}: ours"] = as_read(line[quantity.column], quantity)
        for key in ("n", "passes", "rate"):
            cells[key] = f"{line[key]:g}" if line[key] > 0 else ""
        lines.append(cells)
    return tables.markdown(lines)


def candidates_markdown(table: pd.DataFrame) -> str:
    """What `classifiers.candidates_of` has, as DEVIATIONS.md shows it."""
    return tables.markdown([
        {"classifier": line.method, "candidate": line.candidate,
         "held-out error, %": f"{line.error:.2f}", "rejected, %": f"{line.rejected:.1f}",
         "fitted to": f"{line.fitted_to:,}", "judged by": f"{line.judged_by:,}"}
        for line in table.itertuples()
    ])  # fmt: skip


COMPARED = {
    "lenet4-k-nn": "lenet4",
    "lenet4-local": "lenet4",
    "v-svm-poly-9": "svm-poly-4",
    "rs-svm-poly-5": "v-svm-poly-9",
}
"""What section III-C says of these is how they compare with those."""


def compared(table: pd.DataFrame) -> str:
    """Error, rejection and cost of those that the paper compares with another, side by side.

    The table is that of one network each: LeNet-4 has another last layer in the first of them alone.
    """
    by_name, lines = table.set_index("name"), []
    for name, other in COMPARED.items():
        ours, base = by_name.loc[name], by_name.loc[other]
        cells = {"": f"{ours['method']} against {base['method']}"}
        for quantity in (ERROR, REJECTION, MULTIPLY_ADDS):
            for suffix, whose, form in (
                ("_paper", "1998", printed),
                ("", "ours", partial(as_read, quantity=quantity)),
            ):
                pair = (of[quantity.column + suffix] for of in (ours, base))
                shown = " against ".join(form(value) for value in pair)
                cells[f"{quantity.column.replace('_', '-')}: {whose}"] = shown
        lines.append(cells)
    return tables.markdown(lines)


def draw(lines: pd.DataFrame, quantity: Quantity) -> Figure:
    """A line for each classifier: ours a dot, the paper's a square, what lies between them a stroke.

    LeNet-5 by its other reading is a diamond.
    """
    figure = Figure(figsize=(7, 0.9 + 0.235 * len(lines)), layout="constrained")
    axes, place = figure.subplots(), np.arange(len(lines))
    ours, paper = lines["ours"].to_numpy(), lines["paper"].to_numpy()
    axes.hlines(place, paper, ours, color="0.6", linewidth=1.5, zorder=1)
    axes.plot(paper, place, "s", color=drawing.PAPER, fillstyle="none", markersize=7, label="1998",
              zorder=3)  # fmt: skip
    axes.plot(ours, place, "o", color=drawing.OURS, markersize=5, label="ours")
    if OTHER in lines:
        other = lines[OTHER].to_numpy()
        axes.plot(other, place, "D", color=drawing.EQ8, markersize=4,
                  label=f"ours, {BY_HALF_EQ8.label}")  # fmt: skip
    axes.set_yticks(place, lines["method"])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xscale("log")
    least, most = axes.get_xlim()
    subs = (1, 2, 5) if most < 1000 * least else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"{quantity.title.lower()}, {quantity.unit}")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    written = {"1998": [printed(x) for x in paper], "ours": [as_read(x, quantity) for x in ours]}
    if OTHER in lines:
        written["eq. 8"] = ["" if np.isnan(x) else as_read(x, quantity) for x in other]
    drawing.columns(axes, written)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 0.99), ncols=3, fontsize=9)
    for label in axes.get_yticklabels():
        label.set_fontsize(9)
    return figure


def printed(value: float) -> str:
    """A number of the paper's, which prints no digits that it has not."""
    return "–" if np.isnan(value) else f"{value:,g}"


def as_read(value: float, quantity: Quantity) -> str:
    """A number of ours; from 1,000 on to three digits."""
    if np.isnan(value):
        return "–"
    short = float(f"{value:.3g}") if value >= 1000 else value
    return f"{short:,.{quantity.digits - (value >= 10)}f}"


def sentence(lines: pd.DataFrame, quantity: Quantity) -> str:
    """How many of ours agree with the paper's or are lower, which are higher, which were not rerun."""
    both = lines.dropna(subset=["paper", "ours"])
    away = both["ours"] - both["paper"]
    near = away.abs() <= np.maximum(quantity.tolerance, quantity.share * both["paper"])
    lower, higher = both[~near & (away < 0)], both[~near & (away > 0)]
    text = (
        f"Of {len(both)} bars that were made again, {near.sum()} lie within {quantity.tolerance:g} or "
        f"{100 * quantity.share:g} % of the paper's. Ours are lower for {len(lower)}, "
        f"and higher for {with_numbers(higher, quantity)}."
    )
    if len(both) > 2:
        rank = stats.spearmanr(both["paper"], both["ours"])[0]
        text += f" Rank correlation with the paper's order: {rank:.2f}."
    short = lines[lines["passes"].between(1, len(SCHEDULE) - 1)]["method"]
    left = lines[lines["ours"].isna()]["method"]
    text += f" With fewer than twenty passes: {', '.join(short)}." if len(short) else ""
    text += f" Not made again: {', '.join(left)}." if len(left) else ""
    if OTHER in lines:
        other = lines.dropna(subset=OTHER).assign(ours=lines[OTHER])
        text += f" By {BY_HALF_EQ8.label}: {with_numbers(other, quantity)}."
    return text


def with_numbers(lines: pd.DataFrame, quantity: Quantity) -> str:
    """The methods, each with our number and the paper's."""
    named = [
        f"{line.method} ({as_read(line.ours, quantity)}, 1998 {printed(line.paper)})"
        for line in lines.itertuples()
    ]
    return ", ".join(named) or "none"


def try_rates(args: argparse.Namespace, console: Console) -> None:
    """Train every candidate on held-out images, and show what came of it."""
    runs, held_out = Runs(args.out), datasets.held_out(drawing.mnist_of(args))
    work = rates.work_of(OF_1998, args.seeds, held_out)
    sweep(work, runs, console, **options.of_sweep(args))
    table = rates.table_of(OF_1998, runs)
    rates.write_csv(table, args.out / RATES)
    console.print(table.to_string(index=False))


def picture(quantity: Quantity, args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture of a quantity and its numbers, from the records of all classifiers."""
    if args.rates:
        try_rates(args, console)
    if args.candidates:
        classifiers.try_candidates(drawing.mnist_of(args), args.out, console)
    if args.train:
        dataset = drawing.mnist_of(args)
        rows = [*classifiers.ROWS.values(), *classifiers.OTHER_READING.values()]
        drawing.records_of(rows, args, console)
        classifiers.fit_missing(dataset, args.out, console)
        classifiers.measure_rejection(dataset.test, args.out)
    lines = lines_of(classifiers.table_of(args.out), quantity)
    if lines["ours"].isna().all():
        console.print(
            f"No figure: {args.out} has no record of any of them. The option --train makes them.",
            soft_wrap=True,
        )
        return None
    shown = lines[["method", "paper", "ours", "n"]].astype({"n": str})
    shown["paper"] = shown["paper"].map(printed)
    shown["ours"] = shown["ours"].map(partial(as_read, quantity=quantity))
    console.print(tables.grid(f"{quantity.title}, {quantity.unit}", shown.to_dict("records")))
    return draw(lines, quantity), lines


def exhibit_of(quantity: Quantity, about: str) -> exhibit.Figure:
    """One of the four figures; `about` is the docstring of its file."""
    return exhibit.Figure(
        quantity.figure,
        about + ABOUT,
        picture=partial(picture, quantity),
        sentence=partial(sentence, quantity=quantity),
        seeds=1,
        options=rates.OPTION | CANDIDATES,
    )
