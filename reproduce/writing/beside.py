"""Your runs beside those that are recorded in the repository."""

from collections.abc import Sequence

from rich.console import Console

from ..measures.statistics import error_of, percent
from ..rows.row import AnyRow, Rated, Record
from ..running.runs import Runs, recorded
from . import options, tables

OF_WEIGHTS = (
    "The same weights, bit for bit, for the same seed: expect it of rows called 1998, with the same "
    "versions of the libraries; of others on the same kind of processor only."
)


def show(rows: Sequence[AnyRow | Rated], yours: Runs, dataset: str, console: Console) -> None:
    """Show a line for each row that both have, or say where the recorded ones are."""
    ours, lines = Runs(options.RESULTS), []
    for of in rows:
        row = of.row if isinstance(of, Rated) else of
        new, old = recorded(row, yours, dataset), recorded(row, ours, dataset)
        if new and old:
            lines.append({"test error, %": row.title, "yours": in_short(new), "recorded": in_short(old),
                          "same weights": same(new, old)})  # fmt: skip
    if lines:
        console.print(tables.grid("Yours beside the recorded ones", lines, numbers=False))
        console.print(OF_WEIGHTS, soft_wrap=True)
    else:
        console.print("The recorded runs to compare with are in the repository.")


def in_short(records: Sequence[Record]) -> str:
    """The test error of one seed, or the mean and deviation of several."""
    if len(records) == 1:
        return f"{percent(records[0]):.2f}, seed {records[0]['seed']}"
    of = error_of(records)
    return f"{of['test_error']:.3f} ± {of['test_sd']:.3f}, n = {of['n']}"


def same(yours: Sequence[Record], ours: Sequence[Record]) -> str:
    """Of the seeds that both have, in how many the trained weights are the same, bit for bit."""
    known = {record["seed"]: record["weights_sha256"] for record in ours}
    pairs = [
        record["weights_sha256"] == known[record["seed"]]
        for record in yours
        if record["seed"] in known
    ]
    return f"{sum(pairs)} of {len(pairs)}"
