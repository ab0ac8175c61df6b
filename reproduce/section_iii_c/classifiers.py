"""Every classifier of section III-C: what the paper has of it, and what our records say."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from paper_lenet5.files import write_whole
from paper_lenet5.patterns import Split
from paper_lenet5.recipe import SCHEDULE

from ..measures import rejection, statistics
from ..rows import reported
from ..rows.datasets import MNIST_HELD_OUT, Dataset
from ..rows.readings import BY_HALF_EQ8
from ..rows.recipes import EXPLAINS, LENET5, LENET5_DISTORTIONS, OF_1998
from ..rows.row import AnyRow, Record
from ..running.runs import Runs, recorded
from . import methods

ROWS = {rated.name: rated.row for rated in OF_1998}
ROWS |= {row.name: row for row in (LENET5, LENET5_DISTORTIONS)}
OTHER_READING = dict(zip((LENET5.name, LENET5_DISTORTIONS.name), EXPLAINS, strict=True))
"""LeNet-5 by the other reading of its loss (D7)."""
OTHER_ERROR = f"error{BY_HALF_EQ8.suffix}"
FITTED = {method.name: method for method in methods.METHODS}
REJECTED = "rejected.csv"
"""The file in the results folder that says how many test patterns each network has to reject."""
COLUMNS = ("name", "method", *(f"{field}_paper" for field in reported.Bar._fields[1:]),
           *reported.Bar._fields[1:], "n", "passes", "rate", OTHER_ERROR)  # fmt: skip


def table_of(out: Path, networks: int | None = None) -> pd.DataFrame:
    """One line for each bar of Fig. 9, the paper's and ours, in the units of `reported.Bar`.

    After these what the text alone reports. Ours are means over `n` networks (all that are recorded, or
    so many) of `passes` passes, `rate` times the printed schedule; nothing where `out` has no record.
    LeNet-5 has the error of its other reading in a column of its own.
    """
    rejected_by_run, lines = rejected_by_networks(out), []
    for name, bar in (reported.SECTION_III_C | reported.IN_THE_TEXT).items():
        line: dict[str, str | float] = {"name": name, "method": bar.title}
        line |= {f"{field}_paper": getattr(bar, field) for field in bar._fields[1:]}
        if name in FITTED:
            line |= of_method(methods.recorded(FITTED[name], out))
        elif name in ROWS:
            line |= of_networks(recorded(ROWS[name], Runs(out))[:networks], rejected_by_run)
        if name in OTHER_READING:
            line[OTHER_ERROR] = mean_error(recorded(OTHER_READING[name], Runs(out)))
        lines.append(line)
    return pd.DataFrame(lines, columns=COLUMNS)


def of_method(record: Record | None) -> dict[str, float]:
    """The columns of a fitted classifier."""
    if record is None:
        return {}
    return {
        "error": statistics.percent(record),
        "rejected": 100 * record["rejected"] / record["dataset"]["test_patterns"],
        "multiply_adds": record["multiply_adds"] / 1000,
        "memory": record["variables"] / 1000,
        "n": 1,
        "passes": record.get("passes", np.nan),
    }


def of_networks(
    records: Sequence[Record], rejected_by_run: Mapping[tuple[str, str], int]
) -> dict[str, float]:
    """The columns of a row of networks: means over its runs."""
    if not records:
        return {}
    counts = [rejected_by_run.get((r["name"], r["weights_sha256"]), np.nan) for r in records]
    return {
        "error": mean_error(records),
        "rejected": 100 * np.mean(counts) / records[0]["dataset"]["test_patterns"],
        "multiply_adds": records[0]["multiply_adds"] / 1000,
        "memory": records[0]["parameters"] / 1000,
        "n": len(records),
        "passes": len(records[0]["passes"]),
        "rate": records[0]["recipe"]["schedule"][0] / SCHEDULE[0],
    }


def mean_error(records: Sequence[Record]) -> float:
    """Test error in percent, the mean over networks; nan where there is none."""
    return float(np.mean([statistics.percent(record) for record in records])) if records else np.nan


def fit_missing(dataset: Dataset, out: Path, console: Console) -> None:
    """Fit every classifier that has no record of its recipe."""
    for method in FITTED.values():
        if methods.recorded(method, out) is None:
            console.print(f"{method.title} ...", highlight=False)
            record = methods.finish(method, dataset, out)
            error, seconds = statistics.percent(record), record["seconds"]
            console.print(f"{error:.2f} % error, {seconds:.0f} s", highlight=False)


# --- what was tried on held-out images ------------------------------------------------------------


def try_candidates(dataset: Dataset, out: Path, console: Console) -> None:
    """Fit every candidate that has no record on held-out images."""
    for method in FITTED.values():
        missing = [
            candidate
            for candidate in method.candidates()
            if method.others and methods.recorded(candidate, out, MNIST_HELD_OUT) is None
        ]
        held_out = methods.held_out(method, dataset) if missing else dataset
        for candidate in missing:
            record = methods.finish(candidate, held_out, out)
            console.print(
                f"{method.title}, {candidate.title}: {statistics.percent(record):.2f} % held out, "
                f"{record['seconds']:.0f} s",
                highlight=False,
            )


def candidates_of(out: Path) -> pd.DataFrame:
    """Held-out error and rejection of every candidate, percent; those without a record are left out."""
    lines = []
    for method in FITTED.values():
        for candidate in method.candidates():
            record = methods.recorded(candidate, out, MNIST_HELD_OUT)
            if record is None:
                continue
            data = record["dataset"]
            lines.append(
                {
                    "method": method.title,
                    "candidate": "as in Fig. 9" if candidate is method else candidate.title,
                    "error": statistics.percent(record),
                    "rejected": 100 * record["rejected"] / data["test_patterns"],
                    "fitted_to": data["train_patterns"],
                    "judged_by": data["test_patterns"],
                }
            )
    return pd.DataFrame(lines)


# --- the rejection of networks, which needs their weights -----------------------------------------


def rejected_by_networks(out: Path) -> dict[tuple[str, str], int]:
    """Test patterns rejected, by run and by the digest of its weights."""
    path = out / REJECTED
    if not path.exists():
        return {}
    lines = pd.read_csv(path).itertuples()
    return {(line.run, line.weights_sha256): line.rejected for line in lines}


def measure_rejection(test: Split, out: Path) -> None:
    """Complete REJECTED for all networks whose weights are here."""
    runs, known, current = Runs(out), rejected_by_networks(out), {}
    for row in ROWS.values():
        for record in recorded(row, runs):
            key = (record["name"], record["weights_sha256"])
            weights = runs.weights_of(record)
            if key in known:
                current[key] = known[key]
            elif weights is not None:
                current[key] = rejected_by(row, weights, test)
    lines = [(*key, count) for key, count in current.items()]
    content = pd.DataFrame(lines, columns=["run", "weights_sha256", "rejected"])
    write_whole(out / REJECTED, content.to_csv(index=False).encode())


def rejected_by(row: AnyRow, weights: Path, test: Split) -> int:
    """How many test patterns one network rejects; its scores are its penalties, smallest first."""
    penalties = row.recipe.penalties(row.trained(weights), test).numpy()
    return rejection.rejected(-penalties, test.labels.numpy())
