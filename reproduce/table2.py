"""Table 2: which details matter. From 1998 to today, one change at a time, and then all at once.

Every rung of the ladder is LeNet-5 (1998) with one thing changed, pattern by pattern through the
compiled pass. A change needs its own learning rate: each rung, LeNet-5 (1998) among them, has the
factor of the printed schedule that was best on held-out images (`--rates` trains all candidates on
them and writes rates.csv; no test image is touched). So that nothing else differs, each is
compared twice: at the best rate of both, and with LeNet-5 (1998) at the very rate of the rung; and once
more with LeNet-5 (1998) as printed. Trains
every rung, and 1998 at their rates, on all of MNIST for the errors, and the rungs on 50,000 images for
the pass at which 10,000 held-out ones reach 1.5 %.

Writes table2.csv, .md, .json, and the picture figures/ladder.png and .svg.

On two cores it takes an hour and a half.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from paper_lenet5.recipe import Recipe

from .measures import statistics
from .rows import datasets
from .rows.recipes import LADDER, TEXTBOOK, TEXTBOOK_ANNEALED
from .rows.row import AnyRow, Rated, Record
from .running import rates
from .running.runs import Run, Runs, recorded
from .running.sweep import runs_of
from .writing import drawing, exhibit, tables

GOAL = 1.5
"""Percent of the held-out images that is to be reached."""
COLUMNS = ["change", "rate", "test_error", "test_sd", "n", "ci_low", "ci_high",
           "difference", "difference_low", "difference_high", "p", "p_holm", "detectable",
           "same_rate_error", "same_rate_n", "same_rate_difference", "same_rate_low",
           "same_rate_high", "same_rate_p", "same_rate_p_holm",
           "printed_difference", "printed_low", "printed_high", "printed_p", "printed_p_holm",
           "train_error", "passes_to_goal", "reached_goal", "parameters", "seconds"]  # fmt: skip
FORMS = {"rate": "{:g}", "test_error": "{:.3f}", "test_sd": "{:.3f}", "ci_low": "{:.3f}",
         "ci_high": "{:.3f}", "difference": "{:+.3f}", "difference_low": "{:+.3f}",
         "difference_high": "{:+.3f}", "p": "{:.2g}", "p_holm": "{:.2g}", "detectable": "{:.2f}",
         "same_rate_error": "{:.3f}", "same_rate_n": "{:.0f}", "same_rate_difference": "{:+.3f}",
         "same_rate_low": "{:+.3f}", "same_rate_high": "{:+.3f}", "same_rate_p": "{:.2g}",
         "same_rate_p_holm": "{:.2g}", "printed_difference": "{:+.3f}", "printed_low": "{:+.3f}",
         "printed_high": "{:+.3f}", "printed_p": "{:.2g}", "printed_p_holm": "{:.2g}",
         "train_error": "{:.3f}", "passes_to_goal": "{:.1f}", "parameters": "{:,}",
         "seconds": "{:.0f}"}  # fmt: skip
SAME_RATE = [column for column in COLUMNS if column.startswith("same_rate")]
AGAINST_PRINTED = [column for column in COLUMNS if column.startswith("printed")]
AT_THE_SAME_RATE = ("change", "rate", "test_error", "n", *SAME_RATE)
NOTES = f"""\
Errors in percent after the last pass: `test_error` is the mean over n seeds, `test_sd` their standard
deviation, `ci_low` to `ci_high` the 95 % interval of the mean. `rate` is the factor of the printed
schedule, that with the smallest mean of five networks on held-out images for every line but *the
printed rate*. Until there were five, one network each had chosen others for eq. 8, plain tanh, average
pooling, SGD and a new order; their networks had met the test set, and their records are kept. The
textbook network has a rate of its own, which its author never lowers, and which is lowered along half a
cosine where it is *annealed*. Mean 0 and variance 1 are those of the 28×28 pixels (less 0.1307, divided
by 0.3081).
{tables.AGAINST_NOTES}\
`detectable` is the difference that so many networks would show by themselves (p below 0.05) four times
in five. `train_error` is measured during the last pass. `passes_to_goal` is the mean number of passes
after which {GOAL} % error is reached on 10,000 held-out images, by as many networks as `reached_goal`
says. `seconds` are those that one core worked to train one network, without waiting (median).
"""
SAME_RATE_NOTES = """\
The same against LeNet-5 (1998) at the rate of the line, so that nothing but the change differs:
`same_rate_error` is the error of 1998 there, over `same_rate_n` networks. SGD, Adam and batches make
their steps in another way, so that the same factor is not the same rate.
"""
PRINTED_NOTES = """\
Each at its best rate against LeNet-5 (1998) at the printed one, which is that of table 1:
"""


ALL_AT_ONCE = (
    Rated("textbook", "all at once: textbook LeNet-5", {1: TEXTBOOK}, 1),
    Rated("textbook-annealed", "all at once, annealed", {1: TEXTBOOK_ANNEALED}, 1),
)
OF_1998, PRINTED, RUNGS = LADDER[0], LADDER[1], (*LADDER, *ALL_AT_ONCE)


def same_rate(rung: Rated) -> AnyRow | None:
    """LeNet-5 (1998) at the rung's rate; None where that factor means another thing, or none differs."""
    if (row := OF_1998.candidates.get(rung.chosen)) is None:
        return None
    settled, changed = row.recipe, rung.row.recipe
    if not isinstance(settled, Recipe) or not isinstance(changed, Recipe) or settled == changed:
        return None
    steps_alike = (changed.optimizer, changed.batch) == (settled.optimizer, settled.batch)
    return row if steps_alike else None


def passes_to_goal(record: Record) -> int | None:
    """After how many passes of a held-out run its error was GOAL for the first time."""
    allowed = GOAL / 100 * record["dataset"]["test_patterns"]
    return next((p["number"] for p in record["passes"] if p["test_errors"] <= allowed), None)


def records_of(runs: Runs) -> dict[str, list[Record]]:
    """All the records on MNIST, by the rung's name; a rung without any is left out."""
    return {rung.name: found for rung in RUNGS if (found := recorded(rung.row, runs))}


def table_of(all_records: Mapping[str, Sequence[Record]], runs: Runs) -> pd.DataFrame:
    """The table from the records of its rungs, and from others under the same results folder."""
    lines = []
    of_1998, as_printed = (all_records.get(rung.name, []) for rung in (OF_1998, PRINTED))
    for rung in RUNGS:
        if (records := all_records.get(rung.name)) is None:
            continue
        passes = [
            passes_to_goal(record) for record in recorded(rung.row, runs, datasets.MNIST_HELD_OUT)
        ]
        reached = [number for number in passes if number is not None]
        line = {
            "change": rung.candidates[rung.chosen].title if rung is OF_1998 else rung.title,
            "rate": None if rung in ALL_AT_ONCE else rung.chosen,
            **statistics.error_of(records),
            **statistics.against(records, of_1998),
            **against_same_rate(rung, records, runs),
            **in_columns("printed", records, as_printed),
            "train_error": statistics.training_error(records),
            "passes_to_goal": np.mean(reached) if reached else np.nan,
            "reached_goal": f"{len(reached)} of {len(passes)}",
            "parameters": records[0]["parameters"],
            "seconds": statistics.seconds(records),
        }
        lines.append({column: line.get(column) for column in COLUMNS})
    table = pd.DataFrame(lines, columns=COLUMNS)
    for p in ("p", "same_rate_p", "printed_p"):
        table[f"{p}_holm"] = statistics.holm(table[p].astype(float))
    return table


def against_same_rate(rung: Rated, records: Sequence[Record], runs: Runs) -> dict[str, float]:
    """The columns that compare a rung with LeNet-5 (1998) at its rate."""
    row = same_rate(rung)
    if row is None or not (others := recorded(row, runs)):
        return {}
    return {
        "same_rate_error": statistics.error_of(others)["test_error"],
        "same_rate_n": len(others),
        **in_columns("same_rate", records, others),
    }


def in_columns(
    prefix: str, records: Sequence[Record], others: Sequence[Record]
) -> dict[str, float]:
    """How a rung differs from other networks, in the columns that begin so."""
    compared = statistics.against(records, others)
    names = {
        "difference": "difference",
        "low": "difference_low",
        "high": "difference_high",
        "p": "p",
    }
    return {f"{prefix}_{name}": compared[of] for name, of in names.items() if of in compared}


def rates_of(runs: Runs) -> pd.DataFrame:
    """What each rate of each rung comes to on held-out images."""
    return rates.table_of(LADDER, runs, heading="change")


def markdown(
    table: pd.DataFrame, tried: pd.DataFrame, all_records: Mapping[str, Sequence[Record]]
) -> str:
    """The table, the rates that were tried, and notes, as results/table2.md has them."""
    lines = tables.formatted(table.drop(columns=[*SAME_RATE, *AGAINST_PRINTED]), FORMS)
    provenance = tables.provenance(r for found in all_records.values() for r in found)
    text = f"{tables.markdown(lines)}\n{NOTES}\n{provenance}"
    alike = table.dropna(subset="same_rate_error")
    if len(alike):
        lines = tables.formatted(alike[list(AT_THE_SAME_RATE)], FORMS)
        text += f"\n{SAME_RATE_NOTES}\n{tables.markdown(lines)}"
    apart = table.dropna(subset="printed_difference")
    if len(apart):
        lines = tables.formatted(apart[["change", "rate", "test_error", *AGAINST_PRINTED]], FORMS)
        text += f"\n{PRINTED_NOTES}\n{tables.markdown(lines)}"
    if len(tried):
        lines = tables.formatted(tried, {"rate": "{:g}", "held_out_error": "{:.2f}"})
        text += (
            f"\nHeld-out error of each rate that was tried (* chosen):\n\n{tables.markdown(lines)}"
        )
    return text


def summary(table: pd.DataFrame) -> str:
    """Which changes matter, as README.md says it: what is left after Holm's correction."""
    base, changed = table.iloc[0], table.iloc[1:]
    tests = changed["p"].notna().sum()
    apart, alone = (changed[p] < tables.SIGNIFICANT for p in ("p_holm", "p"))
    worse = changed["difference"] > 0
    text = (
        "Difference, in percentage points, from the "
        f"{base['test_error']:.2f} % of {base['change']}; each at its best rate, over all networks; "
        f"p by Welch's test, with Holm's correction for {tests} comparisons:\n\n"
        f"- worse: {those(changed[apart & worse])};\n"
        f"- better: {those(changed[apart & ~worse])};\n"
        "- significant by itself, but not after the correction: "
        f"{those(changed[alone & ~apart])};\n"
        f"- no significant difference: {those(changed[~alone & ~apart])}.\n"
    )
    if tests:
        text += (
            "\nTested by itself, a change of "
            f"{changed['detectable'].median():.2f} points would be detected four times in five "
            "(median of the lines).\n"
        )
    return text + against_as_printed(table)


def against_as_printed(table: pd.DataFrame) -> str:
    """Which changes, each at its best rate, matter beside LeNet-5 (1998) as table 1 has it."""
    compared = table.dropna(subset="printed_p_holm")
    if compared.empty:
        return ""
    apart = compared[compared["printed_p_holm"] < tables.SIGNIFICANT]
    worse = apart["printed_difference"] > 0
    printed = table.loc[table["change"] == PRINTED.title, "test_error"].item()
    return (
        f"\nAgainst LeNet-5 (1998) at the printed rate ({printed:.2f} %), as it is trained elsewhere, "
        f"with the same correction: worse: {those(apart[worse], 'printed_difference')}; "
        f"better: {those(apart[~worse], 'printed_difference')}; "
        "the others do not differ significantly from it.\n"
    )


def those(lines: pd.DataFrame, by: str = "difference") -> str:
    """The lines by name, with the differences of one column, in rising order."""
    rising = lines.sort_values(by)
    named = [f"{name} ({x:+.2f})" for name, x in zip(rising["change"], rising[by], strict=True)]
    return ", ".join(named) or "none"


def draw(table: pd.DataFrame) -> Figure:
    """Every rung's mean with its 95 % interval, and its seeds' spread, the first's as a band behind."""
    figure = Figure(figsize=(7, 0.23 * len(table) + 1.2), layout="constrained")
    axes = figure.subplots()
    base, places = table.iloc[0], np.arange(len(table))
    axes.axvspan(base["ci_low"], base["ci_high"], color=drawing.OURS, alpha=0.15, linewidth=0)
    axes.axvline(base["test_error"], color=drawing.OURS, linewidth=1)
    for place, line in zip(places, table.itertuples(), strict=True):
        spread = [line.test_error - line.test_sd, line.test_error + line.test_sd]
        axes.plot(spread, [place] * 2, color="0.75", linewidth=5, solid_capstyle="butt")
        axes.plot([line.ci_low, line.ci_high], [place] * 2, color=drawing.OURS, linewidth=1.5)
        axes.plot(line.test_error, place, "o", color=drawing.OURS, markersize=5)
    axes.set_yticks(places, table["change"])
    axes.set_ylim(len(table) - 0.4, -0.6)
    drawing.columns(axes, {"mean": [f"{error:.2f}" for error in table["test_error"]]})
    axes.set_xlabel("test error, %\ndot: mean; bar: ± one deviation;\n"
                    "line: 95 % interval of the mean; band: that of the first")  # fmt: skip
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    figure.suptitle("One change to LeNet-5 (1998) at a time, each at its best rate", fontsize=11)
    return figure


def write(runs: Runs, _: str, out: Path) -> pd.DataFrame | None:
    """Write all files of the table from all the records there are; returns the table, if any."""
    all_records, tried = records_of(runs), rates_of(runs)
    rates.write_csv(tried, out / "rates.csv")
    if not all_records:
        return None
    table = table_of(all_records, runs)
    text = tables.headed("table2", __doc__, markdown(table, tried, all_records))
    tables.write_table(table, text, out / "table2")
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
    """Every rung on held-out images and on all of MNIST, there with 1998 at its rate.

    With --rates its candidates on held-out images.
    """
    held_out = datasets.held_out(mnist)
    if args.rates:
        return rates.work_of(rungs, args.seeds, held_out)
    rows = [rung.row for rung in rungs]
    beside = {row.name: row for rung in rungs if (row := same_rate(rung))}
    known = {row.name for row in rows}
    rows_of_1998 = [row for name, row in beside.items() if name not in known]
    on_mnist = runs_of([*rows, *rows_of_1998], args.seeds, mnist)
    return runs_of(rows, args.seeds, held_out) + on_mnist


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
