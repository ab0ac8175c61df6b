"""Table 3: what tutorials claim for their LeNet-5, beside what comes out; and all rows on Fashion-MNIST.

Trains every row of table 1 on Fashion-MNIST, which two of the claims are about. The claims about MNIST
are compared with the records of table 1. Writes table3.csv, .md and .json (the claims) and
table3-fashion.csv (the test error of every row).

On two cores it takes an hour.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from paper_lenet5.files import write_whole

from . import table1
from .baselines import networks
from .measures import costs, statistics
from .rows import datasets, reported
from .rows.recipes import LENET5
from .rows.row import Record
from .running.runs import Runs, recorded
from .writing import exhibit, tables

ROWS = table1.TRAINED
FASHION = "fashion-mnist"
POINT = 1.0
"""An accuracy is reproduced if ours is at most so many points of percent away from it."""
COLUMNS = ["network", "data", "claim", "claimed", "ours", "verdict"]
FASHION_FORMS = {"test_error": "{:.2f}", "test_sd": "{:.2f}", "ci_low": "{:.2f}",
                 "ci_high": "{:.2f}", "one_low": "{:.2f}", "one_high": "{:.2f}",
                 "difference": "{:+.2f}", "difference_low": "{:+.2f}", "difference_high": "{:+.2f}",
                 "p": "{:.2g}", "p_holm": "{:.2g}", "train_error": "{:.2f}"}  # fmt: skip
NOTES = f"""\
Accuracies in percent: means over n seeds, after as many epochs as the claim is about. Training accuracy
is measured during the epoch, each pattern just before the step that it is part of. An accuracy is
reproduced if ours is within {POINT:g} point of it, a loss within 0.05, a count if it is the same.
Where these networks can be seen: reproduce/baselines/networks.py.
"""
_NO_TEST = "; not a test figure"


@dataclass(frozen=True)
class Claim:
    """A line of the table, once it has been measured."""

    network: str
    data: str
    claim: str
    claimed: str
    ours: str
    verdict: str


def during(records: Sequence[Record]) -> np.ndarray:
    """Training accuracy during each epoch, percent (seeds, epochs)."""
    return np.array(
        [[100 - 100 * p["errors_during"] / p["patterns"] for p in r["passes"]] for r in records]
    )


def after(records: Sequence[Record]) -> np.ndarray:
    """Test accuracy after each epoch, percent (seeds, epochs)."""
    return np.array(
        [[100 - 100 * p["test_errors"] / r["dataset"]["test_patterns"] for p in r["passes"]]
         for r in records]
    )  # fmt: skip


def losses(records: Sequence[Record]) -> np.ndarray:
    """Mean loss during each epoch (seeds, epochs)."""
    return np.array([[p["loss_during"] for p in r["passes"]] for r in records])


def verdict(within: bool, test_figure: bool = True) -> str:
    """Whether the claim is reproduced, and whether it is one about the test set, in words."""
    return ("reproduced" if within else "not reproduced") + ("" if test_figure else _NO_TEST)


def spread(values: np.ndarray) -> str:
    """Mean and deviation over seeds, of the last epoch."""
    deviation = f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):.2f}{deviation} (n = {len(values)})"


def curve(values: Sequence[float], digits: int = 2) -> str:
    """The values of all epochs in a row."""
    return ", ".join(f"{value:.{digits}f}" for value in values)


def counts() -> list[Claim]:
    """What can be counted without training."""
    title, model = ROWS["lenet5-tanh-average"].title, networks.tanh_average()
    ours = [sum(p.numel() for p in layer.parameters()) for layer in model]
    ours = [count for count in ours if count]
    claimed = reported.TANH_AVERAGE_PARAMETERS
    millions = 10 * costs.multiply_adds(model, biases=True) / 1e6
    without = 10 * costs.multiply_adds(model) / 1e6
    of_batch = reported.TANH_AVERAGE_MULTIPLY_ADDS
    return [
        Claim(title, "", "parameters of its layers", curve(claimed, 0), curve(ours, 0),
              verdict(list(claimed) == ours)),
        Claim(title, "", "parameters", f"{sum(claimed):,}", f"{sum(ours):,}",
              verdict(sum(claimed) == sum(ours))),
        Claim(title, "", "multiply-adds of a batch of ten, millions", f"{of_batch}",
              f"{millions:.2f} (biases counted; {without:.2f} without)",
              verdict(round(millions, 2) == of_batch)),
    ]  # fmt: skip


def claims(runs: Runs) -> list[Claim]:
    """Every claim whose runs are recorded, measured."""
    found = counts()

    def records(name: str, data: str) -> tuple[str, list[Record]]:
        return ROWS[name].title, recorded(ROWS[name], runs, data)

    for name in ("lenet5-tanh-average", "lenet5-tanh-average-ten"):
        title, of_row = records(name, FASHION)
        if of_row:
            accuracy, least = during(of_row)[:, -1], reported.TANH_AVERAGE_FASHION_TRAIN_ACCURACY
            found.append(
                Claim(title, "Fashion-MNIST", "training accuracy", f"over {least:g}",
                      spread(accuracy), verdict(accuracy.mean() > least, test_figure=False))
            )  # fmt: skip

    title, of_row = records("lenet5-linear", "mnist")
    if of_row:
        claimed: Sequence[float] = reported.LINEAR_CNN_TRAIN_ACCURACY
        ours = during(of_row)
        away = np.abs(ours.mean(0) - claimed).max()
        found += [
            Claim(title, "MNIST", "training accuracy, epoch 10", f"{claimed[-1]}",
                  spread(ours[:, -1]),
                  verdict(abs(ours[:, -1].mean() - claimed[-1]) <= POINT, test_figure=False)),
            Claim(title, "MNIST", "training accuracy, epochs 1 to 10", curve(claimed),
                  f"{curve(ours.mean(0))}: at most {away:.2f} away",
                  verdict(away <= POINT, test_figure=False)),
        ]  # fmt: skip

    title, of_row = records("lenet5-sigmoid", FASHION)
    if of_row:
        claimed, ours = reported.SIGMOID_FASHION_TEST_ACCURACY, after(of_row)
        train, during_epochs = reported.SIGMOID_FASHION_TRAIN_ACCURACY, during(of_row)
        loss, of_epochs = reported.SIGMOID_FASHION_LOSS, losses(of_row)
        away = np.abs(ours.mean(0) - claimed).max()
        ends = during_epochs.mean(0)[[0, -1]]
        loss_ends = of_epochs.mean(0)[[0, -1]]
        found += [
            Claim(title, "Fashion-MNIST", "test accuracy, epoch 5", f"{claimed[-1]}",
                  spread(ours[:, -1]), verdict(abs(ours[:, -1].mean() - claimed[-1]) <= POINT)),
            Claim(title, "Fashion-MNIST", "test accuracy, epochs 1 to 5", curve(claimed, 1),
                  f"{curve(ours.mean(0), 1)}: at most {away:.1f} away", verdict(away <= POINT)),
            Claim(title, "Fashion-MNIST", "training accuracy, epochs 1 and 5", curve(train, 1),
                  curve(ends, 1),
                  verdict(np.abs(ends - train).max() <= POINT, test_figure=False)),
            Claim(title, "Fashion-MNIST", "training loss, epochs 1 and 5", curve(loss, 4),
                  curve(loss_ends, 4),
                  verdict(np.abs(loss_ends - loss).max() <= 0.05, test_figure=False)),
        ]  # fmt: skip
    return found


def fashion_table(runs: Runs) -> pd.DataFrame:
    """Test error of every row of table 1 on Fashion-MNIST, percent."""
    of_rows, lines = table1.records_of(runs, FASHION), []
    for row, records in of_rows.items():
        lines.append(
            {
                "model": row.title,
                **statistics.error_of(records),
                **statistics.against(records, of_rows.get(LENET5, [])),
                "train_error": statistics.training_error(records),
            }
        )
    columns = [column for column in table1.COLUMNS if column in ("model", *FASHION_FORMS, "n")]
    table = pd.DataFrame(lines, columns=columns)
    return table.assign(p_holm=statistics.holm(table["p"].astype(float)))


def markdown(claimed: pd.DataFrame, fashion: pd.DataFrame, runs: Runs) -> str:
    """Both tables with their notes, as results/table3.md has them."""
    text = f"{tables.markdown(tables.formatted(claimed, {}))}\n{NOTES}"
    if len(fashion):
        records = tables.under_titles(table1.records_of(runs, FASHION))
        lines = tables.formatted(fashion, FASHION_FORMS)
        text += (
            f"\nTest error on Fashion-MNIST, percent:\n\n{tables.markdown(lines)}\n"
            f"{tables.AGAINST_NOTES}\n{tables.provenance(records)}"
        )
    return text


def write(runs: Runs, _: str, out: Path) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Write all files of the table from all the records there are; returns both of its parts, if any."""
    found, fashion = claims(runs), fashion_table(runs)
    if found == counts() and fashion.empty:
        return None
    claimed = pd.DataFrame(found, columns=COLUMNS)
    text = tables.headed("table3", __doc__, markdown(claimed, fashion, runs))
    tables.write_table(claimed, text, out / "table3")
    if len(fashion):
        write_whole(out / "table3-fashion.csv", fashion.to_csv(index=False).encode())
    return claimed, fashion


def show(parts: tuple[pd.DataFrame, pd.DataFrame], console: Console) -> None:
    """Both parts on a terminal of 80 columns."""
    claimed, fashion = parts
    lines = [
        {
            "network": line.network,
            "claim": f"{line.claim}{', ' + line.data if line.data else ''}",
            "claimed": line.claimed,
            "ours": line.ours,
            "verdict": line.verdict,
        }
        for line in claimed.itertuples()
    ]
    console.print(tables.grid("Table 3 · the tutorials' own claims", lines, numbers=False))
    if len(fashion):
        lines = [
            {"model": cell["model"]} | tables.against_1998(cell)
            for cell in tables.formatted(fashion, FASHION_FORMS)
        ]
        console.print(tables.grid("Test error on Fashion-MNIST, %", lines))


EXHIBIT = exhibit.Table(
    "table3",
    __doc__,
    rows=ROWS,
    seeds=3,
    dataset=FASHION,
    load=lambda args: datasets.fashion(args.data),
    write=write,
    show=show,
)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
