"""Table 1: LeNet-5 of 1998, the paper's own values, and networks called LeNet-5 today.

Trains every row from scratch, and after every run writes table1.csv, .md and .json anew from all the
records in its results folder; but the modern network of 64 passes, which takes half an hour by itself,
is trained by `python -m reproduce.today --train`. A command that was interrupted goes on from its last
whole pass when it is given again.

On two cores it takes half an hour.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console

from .measures import statistics
from .rows import datasets, reported
from .rows.readings import BY_EQ9, BY_HALF_EQ8
from .rows.recipes import EXPLAINS, LENET5, LENET5_DISTORTIONS, TABLE_1
from .rows.row import AnyRow, Record
from .rows.today import TODAY
from .running.runs import Runs, recorded
from .writing import exhibit, tables

TRAINED = {row.name: row for row in TABLE_1 if row != TODAY}
"""What the command trains, by name."""
LAST = len(LENET5.recipe.schedule) - 1
"""The place of the last pass in a curve: Fig. 5 draws one more."""
COLUMNS = ["model", "dataset", "paper_error", "test_error", "test_sd", "n", "ci_low", "ci_high",
           "one_low", "one_high", "difference", "difference_low", "difference_high", "p", "p_holm",
           "train_error", "parameters", "multiply_adds", "seconds"]  # fmt: skip
FORMS = {"paper_error": "{:.2f}", "test_error": "{:.3f}", "test_sd": "{:.3f}",
         "ci_low": "{:.3f}", "ci_high": "{:.3f}", "one_low": "{:.2f}", "one_high": "{:.2f}",
         "difference": "{:+.3f}", "difference_low": "{:+.3f}", "difference_high": "{:+.3f}",
         "p": "{:.2g}", "p_holm": "{:.2g}", "train_error": "{:.3f}",
         "parameters": "{:,}", "multiply_adds": "{:,}", "seconds": "{:.0f}"}  # fmt: skip
NOTES = f"""\
Errors in percent after the last pass: `test_error` is the mean over n seeds, `test_sd` their standard
deviation, `ci_low` to `ci_high` the 95 % interval of the mean (Student's t). `one_low` to `one_high` is
where one more network falls with 95 % probability: what a single printed number is to be compared with.
`train_error` is measured during the last pass, each pattern just before it is learned from, as in the
paper's Fig. 5.
{tables.AGAINST_NOTES}`multiply_adds` are for one pattern, `seconds` those that one core worked to
train one network, without waiting (the median; networks trained on a GPU are left out).
"""


def table_row(row: AnyRow, records: Sequence[Record], of_1998: Sequence[Record] = ()) -> Record:
    """One line of the table from the records of one row, one per seed, and of LeNet-5 (1998)."""
    line = {
        "model": row.title,
        "dataset": records[0]["dataset"]["title"],
        "paper_error": row.paper_error,
        **statistics.error_of(records),
        **statistics.against(records, of_1998),
        "train_error": statistics.training_error(records),
        "parameters": records[0]["parameters"],
        "multiply_adds": records[0]["multiply_adds"],
        "seconds": statistics.seconds(records),
    }
    return {column: line.get(column) for column in COLUMNS}


def records_of(runs: Runs, dataset: str = "mnist") -> dict[AnyRow, list[Record]]:
    """All the records under a results folder; a row without any is left out."""
    return {row: found for row in TABLE_1 if (found := recorded(row, runs, dataset))}


def table_of(records: dict[AnyRow, list[Record]]) -> pd.DataFrame:
    """The table from the records of its rows."""
    of_1998 = records.get(LENET5, [])
    lines = [table_row(row, found, of_1998) for row, found in records.items()]
    table = pd.DataFrame(lines, columns=COLUMNS)
    return table.assign(p_holm=statistics.holm(table["p"].astype(float)))


def markdown(table: pd.DataFrame, records: dict[AnyRow, list[Record]]) -> str:
    """The table with its notes, as results/table1.md has it."""
    provenance = tables.provenance(tables.under_titles(records))
    return f"{tables.markdown(tables.formatted(table, FORMS))}\n{NOTES}\n{provenance}"


def summary(table: pd.DataFrame) -> str:
    """What matters of the table, as README.md shows it: bold what is different among so many rows."""
    lines = []
    for cell, p in zip(tables.formatted(table, FORMS), table["p_holm"], strict=True):
        lines.append(
            {
                "trained from scratch": cell["model"],
                "paper, test error %": cell["paper_error"],
                "ours, test error %": tables.with_deviation(cell["test_error"], cell["test_sd"]),
                "n": cell["n"],
                "95 % of networks": tables.between(cell["one_low"], cell["one_high"]),
                "difference from 1998, 95 % interval": tables.difference(cell, p),
                "parameters": cell["parameters"],
                "multiply-adds": cell["multiply_adds"],
                "seconds": cell["seconds"],
            }
        )
    return tables.markdown(lines)


def result(results: Path) -> str:
    """The two errors of section III-B beside the paper's, in words, from the table's .csv."""
    table = pd.read_csv(results / "table1.csv").set_index("model")
    plain, distorted = table.loc[LENET5.title], table.loc[LENET5_DISTORTIONS.title]
    half, half_distorted = (table.loc[row.title] for row in EXPLAINS)
    counts = " and ".join(str(n) for n in dict.fromkeys((plain["n"], distorted["n"])))

    def shown(line: pd.Series) -> str:
        return f"{line['test_error']:.3f} ± {line['test_sd']:.3f} %"

    def said(line: pd.Series) -> str:
        return f"{shown(line)}; the paper reports {line['paper_error']:.2f} %"

    return (
        f"**Its error on MNIST's test digits is {said(plain)}.** Trained with distorted digits as "
        f"well it errs on {said(distorted)}. (Mean and standard deviation of {counts} networks.) The "
        f"paper does not name its loss: here it is {BY_EQ9.label}. With {BY_HALF_EQ8.label} instead "
        "(half the penalty, as in the authors' later code) the two test errors are "
        f"{shown(half)} and {shown(half_distorted)}. The training error is "
        f"{plain['train_error']:.2f} % with the first loss and {half['train_error']:.2f} % with the "
        f"second; the paper says {reported.TRAINING_ERROR:g} %, and its curve in Fig. 5 ends at "
        f"{reported.FIGURE_5_TRAIN[LAST]:g} %.\n"
    )


def write(runs: Runs, dataset: str, out: Path) -> pd.DataFrame | None:
    """Write table1.csv, .md and .json from all the records there are; returns the table, if any."""
    records = records_of(runs, dataset)
    if not records:
        return None
    table = table_of(records)
    text = tables.headed("table1", __doc__, markdown(table, records))
    tables.write_table(table, text, out / "table1")
    return table


def show(table: pd.DataFrame, console: Console) -> None:
    """What matters of the table on a terminal of 80 columns, the data set in its title."""
    lines = [
        {
            "model": cell["model"],
            "paper": cell["paper_error"],
            **tables.against_1998(cell),
            "weights": cell["parameters"],
            "seconds": cell["seconds"],
        }
        for cell in tables.formatted(table, FORMS)
    ]
    title = " · ".join(["Table 1, errors in %", *table["dataset"].unique()])
    console.print(tables.grid(title, lines))


def load_dataset(args: argparse.Namespace) -> datasets.Dataset:
    """MNIST, or what there is in its place; with --smoke a corner of it."""
    dataset = datasets.load(args.data)
    return datasets.smoke(dataset) if args.smoke else dataset


EXHIBIT = exhibit.Table(
    "table1",
    __doc__,
    rows=TRAINED,
    seeds=1,
    load=load_dataset,
    write=write,
    show=show,
    sentence=summary,
    options={
        "--smoke": {"action": "store_true", "help": "train on a corner: does everything run?"}
    },
)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
