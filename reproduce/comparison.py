"""What Figures 9 to 12 share: every classifier of section III-C, the paper's numbers beside ours."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from rich.console import Console
from scipy import stats

from paper_lenet5 import compiled
from paper_lenet5.mnist import DataCorrupt, DataUnavailable
from paper_lenet5.training import SCHEDULE, Split

from . import datasets, drawing, invariance, methods, rejection, reported, tables
from .baselines import of_1998_compiled
from .baselines.images import version
from .baselines.of_1998 import Recipe1998
from .methods import METHODS, Method
from .recipes import LENET5, LENET5_DISTORTIONS, OF_1998, Row
from .runs import Runs, recorded, write

ROWS = {row.name: row for row in (*OF_1998, LENET5, LENET5_DISTORTIONS)}
FITTED = {method.name: method for method in METHODS}
REJECTED = "rejected.csv"
"""In the results folder: how many test patterns each network has to reject."""


@dataclass(frozen=True)
class Quantity:
    """What one of the figures shows."""

    figure: str
    column: str
    """A field of `reported.Bar`, and a column of `table_of`."""
    title: str
    unit: str
    form: str
    log: bool
    tolerance: float
    """Points or thousands within which ours agrees with the paper's, or `share` of the paper's."""
    share: float = 0.1
    same_when_distorted: bool = False
    """A network costs the same, however it was trained."""


# --- numbers --------------------------------------------------------------------------------------


def table_of(out: Path) -> pd.DataFrame:
    """One line for each classifier of Figs. 9 to 12, with what the records under `out` say of it."""
    rejected_by_run, lines = rejected_by_networks(out), []
    for name, bar in reported.SECTION_III_C.items():
        line = {"name": name, "method": bar.title}
        line |= {f"{field}_paper": getattr(bar, field) for field in bar._fields[1:]}
        if name in FITTED:
            line |= of_method(methods.recorded(FITTED[name], out))
        elif name in ROWS:
            line |= of_networks(recorded(ROWS[name], Runs(out)), rejected_by_run)
        lines.append(line)
    return pd.DataFrame(lines, columns=COLUMNS)


COLUMNS = ("name", "method", *(f"{f}_paper" for f in reported.Bar._fields[1:]),
           *reported.Bar._fields[1:], "n", "passes")  # fmt: skip


def of_method(record: dict | None) -> dict[str, float]:
    """Percent, and thousands."""
    if record is None:
        return {}
    return {
        "error": tables.percent(record),
        "rejected": 100 * record["rejected"] / record["dataset"]["test_patterns"],
        "multiply_adds": record["multiply_adds"] / 1000,
        "memory": record["variables"] / 1000,
        "n": 1,
    }


def of_networks(records: Sequence[dict], rejected_by_run: dict) -> dict[str, float]:
    """The same, means over all networks of a row."""
    if not records:
        return {}
    counts = [rejected_by_run.get((r["name"], r["weights_sha256"]), np.nan) for r in records]
    return {
        "error": np.mean([tables.percent(record) for record in records]),
        "rejected": 100 * np.mean(counts) / records[0]["dataset"]["test_patterns"],
        "multiply_adds": records[0]["multiply_adds"] / 1000,
        "memory": records[0]["parameters"] / 1000,
        "n": len(records),
        "passes": len(records[0]["passes"]),
    }


def numbers(table: pd.DataFrame, quantity: Quantity) -> pd.DataFrame:
    """The figure's own lines: method, paper, ours, n."""
    column = quantity.column
    chosen = table[[f"{column}_paper", column]].notna().any(axis=1)
    if quantity.same_when_distorted:
        chosen &= ~table["name"].str.endswith("-distortions")
    lines = table[chosen]
    return pd.DataFrame(
        {"method": lines["method"], "paper": lines[f"{column}_paper"], "ours": lines[column],
         "n": lines["n"].fillna(0).astype(int), "passes": lines["passes"]}
    ).round(4)  # fmt: skip


# --- the rejection of networks, which needs their weights -----------------------------------------


def rejected_by_networks(out: Path) -> dict[tuple[str, str], int]:
    """Test patterns rejected, by run and by the digest of its weights."""
    path = out / REJECTED
    if not path.exists():
        return {}
    return {(line.run, line.weights_sha256): line.rejected
            for line in pd.read_csv(path).itertuples()}  # fmt: skip


def measure_rejection(out: Path, test: Split) -> None:
    """Complete the table for all networks whose weights are here."""
    runs, known = Runs(out), rejected_by_networks(out)
    current = {}
    for row in ROWS.values():
        for record in recorded(row, runs):
            key, weights = (
                (record["name"], record["weights_sha256"]),
                invariance.weights_of(record, runs),
            )
            if key in known:
                current[key] = known[key]
            elif weights is not None:
                current[key] = rejected_by(row, weights, test)
    lines = [(*key, count) for key, count in current.items()]
    content = pd.DataFrame(lines, columns=["run", "weights_sha256", "rejected"])
    write(out / REJECTED, content.to_csv(index=False).encode())


def rejected_by(row: Row, weights: Path, test: Split) -> int:
    """How many test patterns one network rejects; its scores are its penalties, smallest first."""
    model, engine = invariance.network_of(row, weights), compiled
    if isinstance(row.recipe, Recipe1998):
        test, engine = version(test, row.recipe.images), of_1998_compiled
    penalties = engine.penalties(model, test.inputs).detach().numpy()
    return rejection.rejected(-penalties, test.labels.numpy())


# --- drawing --------------------------------------------------------------------------------------


def draw(lines: pd.DataFrame, quantity: Quantity) -> Figure:
    """A line for each classifier: ours a dot, the paper's a square, what lies between them a stroke."""
    figure = Figure(figsize=(7, 0.9 + 0.235 * len(lines)), layout="constrained")
    axes, place = figure.subplots(), np.arange(len(lines))
    ours, paper = lines["ours"].to_numpy(), lines["paper"].to_numpy()
    axes.hlines(place, paper, ours, color="0.6", linewidth=1.5, zorder=1)
    axes.plot(paper, place, "s", color="black", markerfacecolor="white", markersize=6, label="1998")
    axes.plot(ours, place, "o", color=drawing.OURS_TEST, markersize=5, label="ours")
    axes.set_yticks(place, lines["method"])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    if quantity.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    else:
        axes.set_xlim(0, None)
    axes.set_xlabel(quantity.unit)
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    right = axes.twinx()
    right.set_ylim(axes.get_ylim())
    right.set_yticks(place, [f"{said(p, quantity)} | {said(o, quantity)}"
                             for p, o in zip(paper, ours, strict=True)])  # fmt: skip
    right.tick_params(length=0)
    right.spines[:].set_visible(False)
    right.set_title("1998 | ours", fontsize=9, loc="right")
    axes.legend(frameon=False, loc="lower right", ncols=2)
    axes.set_title(quantity.title, fontsize=11, loc="left")
    for labels in (axes.get_yticklabels(), right.get_yticklabels()):
        for label in labels:
            label.set_fontsize(9)
    return figure


def said(value: float, quantity: Quantity) -> str:
    """A number as people read it."""
    return "–" if np.isnan(value) else quantity.form.format(value)


def sentence(lines: pd.DataFrame, quantity: Quantity) -> str:
    """Which of ours agree with the paper's, which are lower or higher, and which were not rerun."""
    both = lines.dropna(subset=["paper", "ours"])
    away = both["ours"] - both["paper"]
    near = away.abs() <= np.maximum(quantity.tolerance, quantity.share * both["paper"])

    def named(chosen: pd.Series, with_numbers: bool) -> str:
        return ", ".join(
            line.method + (f" ({said(line.ours, quantity)}, 1998 {said(line.paper, quantity)})"
                           if with_numbers else "")
            for line in both[chosen].itertuples()
        ) or "none"  # fmt: skip

    rank = stats.spearmanr(both["paper"], both["ours"])[0]
    text = (
        f"Of {len(both)} that were run again, {near.sum()} agree with the paper's bars, to within "
        f"{quantity.share:.0%} of them or {quantity.tolerance:g}: {named(near, False)}. "
        f"Ours are lower for {named(~near & (away < 0), True)}; "
        f"higher for {named(~near & (away > 0), True)}. "
        f"Rank correlation with the paper's order: {rank:.2f}."
    )
    short = lines[lines["passes"] < len(SCHEDULE)]["method"]
    left = lines[lines["ours"].isna()]["method"]
    text += f" On ten passes: {', '.join(short)}." if len(short) else ""
    return text + (f" Not run again: {', '.join(left)}." if len(left) else "")


# --- the command ----------------------------------------------------------------------------------


def main(quantity: Quantity, description: str, argv: Sequence[str] | None = None) -> int:
    """Draw, write and print."""
    args, console = (
        drawing.parser(quantity.figure, description, seeds=1).parse_args(argv),
        Console(),
    )
    if args.train:
        complete(args, console)
    lines = numbers(table_of(args.out), quantity)
    if lines["ours"].isna().all():
        console.print(f"{args.out} has no record of any of them. The option --train makes them.")
        return 1
    drawing.save(draw(lines, quantity), args.out / "figures" / quantity.figure, lines)
    console.print(f"{quantity.unit}\n{'paper':>36} | ours", highlight=False)
    for line in lines.itertuples():
        console.print(
            f"{line.method:>26} {said(line.paper, quantity):>9} | {said(line.ours, quantity):<9}"
            + (f" n = {line.n}" if line.n > 1 else ""),
            highlight=False,
            markup=False,
        )
    console.print(sentence(lines, quantity), soft_wrap=True, highlight=False, markup=False)
    return 0


def complete(args: argparse.Namespace, console: Console) -> None:
    """Fit and train all that has no record."""
    try:
        dataset = datasets.load(args.data)
    except (DataUnavailable, DataCorrupt) as error:
        sys.exit(str(error))
    if not dataset.comparable:
        sys.exit(f"Here is only a {dataset.title}: name MNIST's folder with --data.")
    drawing.records_of(list(ROWS.values()), args, console)
    for method in missing(args.out):
        console.print(f"{method.title} ...")
        record = methods.finish(method, dataset, args.out)
        console.print(f"{tables.percent(record):.2f} % error, {record['seconds']:.0f} s")
    measure_rejection(args.out, dataset.test)


def missing(out: Path) -> list[Method]:
    """Those without a record of their recipe."""
    return [method for method in METHODS if methods.recorded(method, out) is None]
