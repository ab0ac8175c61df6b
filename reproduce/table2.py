"""Table 2: which details matter. From 1998 to today, one change at a time, and then all at once.

Every rung of the ladder is LeNet-5 (1998) with one thing changed, pattern by pattern through the
compiled pass. A change needs its own learning rate: each rung has the factor of the printed schedule
that was best on held-out images (`--rates` trains all candidates on them and writes
results/rates.csv; no test image is touched). LeNet-5 (1998) itself keeps the printed schedule; what a
smaller rate does to it is a rung of its own. Then trains every rung, with the same seeds, on all of
MNIST for the errors, and on 50,000 images for the pass at which 10,000 held-out ones reach 1.5 %.

Writes results/table2.csv, .md, .json, and the picture results/figures/ladder.png and .svg.

On two cores it takes an hour and a half.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from .measures import statistics
from .rows import datasets
from .rows.recipes import LADDER, TEXTBOOK
from .rows.row import Rated, Record
from .running import rates
from .running.runs import Run, Runs, recorded
from .running.sweep import runs_of
from .writing import drawing, exhibit, tables

GOAL = 1.5
"""Percent of the held-out images that is to be reached."""
COLUMNS = ["change", "rate", "test_error", "test_sd", "n", "ci_low", "ci_high",
           "lenet5_error", "difference", "difference_low", "difference_high",
           "mcnemar_p", "mcnemar_below_05", "train_error", "passes_to_goal", "reached_goal",
           "parameters", "seconds"]  # fmt: skip
FORMS = {"rate": "{:g}", "test_error": "{:.3f}", "test_sd": "{:.3f}", "ci_low": "{:.3f}",
         "ci_high": "{:.3f}", "lenet5_error": "{:.3f}", "difference": "{:+.3f}",
         "difference_low": "{:+.3f}", "difference_high": "{:+.3f}", "mcnemar_p": "{:.2g}",
         "train_error": "{:.3f}", "passes_to_goal": "{:.1f}", "parameters": "{:,}",
         "seconds": "{:.0f}"}  # fmt: skip
NOTES = f"""\
Errors in percent after the last pass: `test_error` is the mean over n seeds, `test_sd` their standard
deviation, `ci_low` to `ci_high` the 95 % interval of the mean. `rate` is the factor of the printed
schedule, chosen on held-out images; LeNet-5 (1998) keeps the printed one, the textbook network has its
own. Mean 0 and variance 1 are those of the 28×28 pixels (less 0.1307, divided by 0.3081).
`train_error` is measured during the last pass. {tables.AGAINST_NOTES}\
`passes_to_goal` is the mean number of passes after which {GOAL} % error is reached on 10,000 held-out
images, by as many networks as `reached_goal` says. `seconds` are for training one network on one core,
other work on the machine included. Intervals are of each line by itself: among so many lines one or
two are expected to leave out 0 by chance.
"""


ALL_AT_ONCE = Rated("textbook", "all at once: textbook LeNet-5", {1: TEXTBOOK}, 1)
RUNGS = (*LADDER, ALL_AT_ONCE)


def passes_to_goal(record: Record) -> int | None:
    """After how many passes of a held-out run its error was GOAL for the first time."""
    allowed = GOAL / 100 * record["dataset"]["test_patterns"]
    return next((p["number"] for p in record["passes"] if p["test_errors"] <= allowed), None)


def records_of(runs: Runs) -> dict[str, list[Record]]:
    """All the records on MNIST, by the rung's name; a rung without any is left out."""
    return {rung.name: found for rung in RUNGS if (found := recorded(rung.row, runs))}


def table_of(runs: Runs) -> pd.DataFrame:
    """The table from all the records under a results folder."""
    all_records, lines = records_of(runs), []
    for rung in RUNGS:
        if (records := all_records.get(rung.name)) is None:
            continue
        passes = [
            passes_to_goal(record) for record in recorded(rung.row, runs, datasets.MNIST_HELD_OUT)
        ]
        reached = [number for number in passes if number is not None]
        line = {
            "change": rung.title,
            "rate": None if rung is ALL_AT_ONCE else rung.chosen,
            **statistics.error_of(records),
            **statistics.against(records, all_records.get(LADDER[0].name, [])),
            "train_error": statistics.training_error(records),
            "passes_to_goal": np.mean(reached) if reached else np.nan,
            "reached_goal": f"{len(reached)} of {len(passes)}",
            "parameters": records[0]["parameters"],
            "seconds": np.mean([record["seconds"] for record in records]),
        }
        lines.append({column: line.get(column) for column in COLUMNS})
    return pd.DataFrame(lines, columns=COLUMNS)


def rates_of(runs: Runs) -> pd.DataFrame:
    """What each rate of each rung comes to on held-out images."""
    return rates.table_of(LADDER, runs, heading="change")


def markdown(runs: Runs) -> str:
    """The table, the rates that were tried, and notes, as results/table2.md has them."""
    lines = tables.formatted(table_of(runs), FORMS)
    tried = tables.formatted(rates_of(runs), {"rate": "{:g}", "held_out_error": "{:.2f}"})
    provenance = tables.provenance(r for found in records_of(runs).values() for r in found)
    text = f"{tables.markdown(lines)}\n{NOTES}\n{provenance}"
    if tried:
        text += (
            "\nHeld-out error of each rate that was tried (one network each, * chosen):\n\n"
            f"{tables.markdown(tried)}"
        )
    return text


def summary(table: pd.DataFrame) -> str:
    """Which changes matter, as README.md says it: what the intervals of the differences tell."""

    def those(lines: pd.DataFrame) -> str:
        lines = lines.sort_values("difference")
        named = [f"{line.change} ({line.difference:+.2f})" for line in lines.itertuples()]
        return ", ".join(named) or "none"

    base, changed = table.iloc[0], table.iloc[1:]
    worse, better = changed["difference_low"] > 0, changed["difference_high"] < 0
    return (
        f"Points of percent more than the {base['test_error']:.2f} % of {base['change']}, "
        f"over the same seeds:\n\n"
        f"- worse, the 95 % interval above 0: {those(changed[worse])};\n"
        f"- better, the interval below 0: {those(changed[better])};\n"
        f"- not to be told apart: {those(changed[~worse & ~better])}.\n"
    )


def draw(table: pd.DataFrame) -> Figure:
    """Every rung's mean with its 95 % interval, and its seeds' spread, 1998's as a band behind."""
    figure = Figure(figsize=(7, 0.32 * len(table) + 1.2), layout="constrained")
    axes = figure.subplots()
    base, places = table.iloc[0], np.arange(len(table))
    axes.axvspan(base["ci_low"], base["ci_high"], color="#2166ac", alpha=0.15, linewidth=0)
    axes.axvline(base["test_error"], color="#2166ac", linewidth=1)
    for place, line in zip(places, table.itertuples(), strict=True):
        spread = [line.test_error - line.test_sd, line.test_error + line.test_sd]
        axes.plot(spread, [place] * 2, color="#999999", linewidth=4, solid_capstyle="butt")
        axes.plot([line.ci_low, line.ci_high], [place] * 2, color="black", linewidth=1.2)
        axes.plot(
            line.test_error, place, "o", color="#b2182b" if place else "#2166ac", markersize=6
        )
        axes.annotate(f"{line.test_error:.2f}", (1.0, place), xycoords=("axes fraction", "data"),
                      xytext=(6, 0), textcoords="offset points", va="center", fontsize=9)  # fmt: skip
    axes.set_yticks(places, table["change"])
    axes.invert_yaxis()
    axes.set(xlabel="test error, % (dot: mean; line: its 95 % interval; bar: ± one deviation)")
    axes.set_xscale("log")
    ticks = [t for t in (0.8, 1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 90)
             if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]  # fmt: skip
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks], minor=False)
    axes.minorticks_off()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    axes.set_title("One change to LeNet-5 (1998) at a time", fontsize=11)
    return figure


def write(runs: Runs, _: str, out: Path) -> pd.DataFrame | None:
    """Write all files of the table from all the records there are; returns the table, if any."""
    table = table_of(runs)
    rates.write_csv(rates_of(runs), out / "rates.csv")
    if table.empty:
        return None
    tables.write_table(table, markdown(runs), out / "table2")
    drawing.save(draw(table), out / "figures" / "ladder")
    return table


def show(table: pd.DataFrame, console: Console) -> None:
    """What matters of the table on a terminal of 80 columns."""
    lines = [
        {
            "one change": cell["change"],
            **tables.against_1998(cell),
            "train": cell["train_error"],
            "passes": cell["passes_to_goal"],
        }
        for cell in tables.formatted(table, FORMS)
    ]
    console.print(tables.grid("Table 2 · MNIST, errors in %", lines))


def work(rungs: Sequence[Rated], args: argparse.Namespace, mnist: datasets.Dataset) -> list[Run]:
    """Every rung on all of MNIST and on held-out images; or with --rates its candidates on these."""
    held_out = datasets.held_out(mnist)
    if args.rates:
        return rates.work_of(rungs, held_out)
    rows = [rung.row for rung in rungs]
    return runs_of(rows, args.seeds, held_out) + runs_of(rows, args.seeds, mnist)


EXHIBIT = exhibit.Table(
    "table2",
    __doc__,
    rows={rung.name: rung for rung in RUNGS},
    seeds=5,
    load=lambda args: datasets.load(args.data),
    work=work,
    write=write,
    show=show,
    sentence=summary,
    options=rates.OPTION,
)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
