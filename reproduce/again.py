"""Again: networks on record are trained once more, and their weights compared bit by bit.

NAME is what a record in results/runs is called, without .json; in quotes also a pattern, as in
'lenet5-1998-seed*'. Each is trained by the code of today, with the recipe, data and seed of its record,
and leaves a record of its own in again/runs under the results folder; the old ones stay as they are.
Writes again.md, which counts how many came to the same weights, from all records that are there.

The compiled pass computes the same bits on every processor with AVX2 or AVX-512. PyTorch adds up in
an order that depends on processor and version: its rows come to the same weights on the same processor,
and elsewhere, or on a GPU, to about the same error.

On two cores it takes a minute.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markdown import Markdown

from paper_lenet5.files import write_whole

from .measures.statistics import percent
from .rows import characters, datasets, readings, today
from .rows.datasets import Dataset
from .rows.recipes import (
    CHARACTERS,
    FIGURE_6,
    FIGURE_6_EXPLAINS,
    FIGURE_6_EXPLAINS_LONG,
    FIGURE_6_LONG,
    LADDER,
    NOISE,
    OF_1998,
    SDNN,
    TABLE_1,
)
from .rows.row import AnyRow, Record
from .running.errors import NoRecords
from .running.record import is_recipe
from .running.runs import Run, Runs
from .running.sweep import sweep
from .writing import options, tables

FIRST = "lenet5-1998-seed0"
"""What is trained where no name is given: the network of README's first sentence, seed 0."""
DATASETS: dict[str, Callable[[Path | None], Dataset]] = {
    "mnist": datasets.load,
    datasets.MNIST_HELD_OUT: lambda root: datasets.held_out(datasets.load(root)),
    "fashion-mnist": datasets.fashion,
    "printed": lambda root: characters.load(),
}
"""What loads the data that a record names."""
MINIBATCH = "MinibatchRecipe"
"""The class of the recipes that PyTorch computes; all others are computed by the compiled pass."""


def every_row() -> dict[str, AnyRow]:
    """Every row that has records, by its name."""
    rows = (
        *TABLE_1,
        *(row for rated in (*LADDER, *OF_1998) for row in rated.candidates.values()),
        *FIGURE_6, *FIGURE_6_LONG, *FIGURE_6_EXPLAINS, *FIGURE_6_EXPLAINS_LONG,
        NOISE, SDNN, *CHARACTERS,
        *(row for one in readings.CANDIDATES for row in (one, readings.distorted(one))),
        *readings.ALTERNATIVES,
        *today.CANDIDATES, *today.SMALLER,
    )  # fmt: skip
    return {row.name: row for row in rows}


def runs_on_record(patterns: Iterable[str], runs: Runs, data: Path | None) -> list[Run]:
    """The runs whose records have these names, in the order of the names.

    Raises LookupError for a name that no record has, and for a record that is not of a row as it is
    now; NoRecords where there are none at all; and the errors of `paper_lenet5.mnist`.
    """
    names = runs.names()
    if not names:
        raise NoRecords("networks", runs.folder)
    rows, loaded, found = every_row(), {}, {}
    for pattern in patterns:
        matching = [name for name in names if fnmatchcase(name, pattern)]
        if not matching:
            raise LookupError(f"no record in {runs.folder} is called {pattern}")
        for name in matching:
            record = runs.record(name)
            of = record["dataset"]["name"]
            row = rows.get(name.removesuffix(f"-seed{record['seed']}").removesuffix(f"-{of}"))
            if row is None or of not in DATASETS or not is_recipe(record["recipe"], row.recipe):
                raise LookupError(f"{name} is no run of a row as it is now")
            if of not in loaded:
                loaded[of] = DATASETS[of](data)
            found[name] = Run(row, loaded[of], record["seed"])
    return list(found.values())


def pairs(then: Runs, now: Runs) -> list[tuple[Record, Record]]:
    """The record of each network that was trained again, and that of when it was."""
    return [(then.record(name), now.record(name)) for name in now.names()]


def table_of(compared: Sequence[tuple[Record, Record]]) -> pd.DataFrame:
    """A line for each network that was trained again. Errors are in percent."""
    return pd.DataFrame(
        {
            "row": then["model"],
            "data": then["dataset"]["title"],
            "compiled": then["recipe"]["class"] != MINIBATCH,
            "elsewhere": any(
                now["machine"].get(of) != then["machine"].get(of) for of in ("processor", "gpu")
            ),
            "named": "code" in then,
            "same": now["weights_sha256"] == then["weights_sha256"],
            "answers": now["wrong_answers"] == then["wrong_answers"],
            "then": percent(then),
            "now": percent(now),
        }
        for then, now in compared
    )


def markdown(table: pd.DataFrame) -> str:
    """What became of each row, and the sentence."""
    lines = [
        {
            "row": title if data == "MNIST" else f"{title}, {data}",
            "computed by": "compiled pass" if of["compiled"].all() else "PyTorch",
            "networks": f"{len(of)}",
            "on another processor": f"{of['elsewhere'].sum()}",
            "same weights": f"{of['same'].sum()}",
            "same answers": f"{of['answers'].sum()}",
            "error then, %": f"{of['then'].mean():.3f}",
            "now": f"{of['now'].mean():.3f}",
        }
        for (title, data), of in table.groupby(["row", "data"], sort=False)
    ]
    return f"{sentence(table)}\n\n{tables.markdown(lines)}"


def sentence(table: pd.DataFrame) -> str:
    """How many came to the same weights, to the last bit, by what computes them."""
    said = [
        f"{len(table):,} networks on record were trained again, and weights compared bit by bit."
    ]
    for compiled, name in ((True, "the compiled pass"), (False, "PyTorch")):
        some = table[table["compiled"] == compiled]
        if len(some):
            text = f"By {name} {some['same'].sum():,} of {len(some):,} came to the same weights"
            if len(elsewhere := some.loc[some["elsewhere"], "same"]):
                text += f", on another processor {elsewhere.sum():,} of {len(elsewhere):,}"
            said.append(f"{text}.")
    if len(unnamed := table.loc[~table["named"], "same"]):
        said.append(
            f"{len(unnamed):,} were recorded before records named their code: {unnamed.sum():,} of them "
            "came to the same weights by code that is named."
        )
    return " ".join(said)


def words(results: Path) -> str:
    """The sentence, from the records under a results folder."""
    return sentence(table_of(pairs(Runs(results), Runs(results / "again"))))


def write(runs: Runs, out: Path) -> pd.DataFrame | None:
    """Write again.md from all networks trained again under `out`; returns their table, if any."""
    compared = pairs(Runs(options.RESULTS), runs)
    if not compared:
        return None
    table = table_of(compared)
    write_whole(out / "again.md", tables.headed("again", __doc__, markdown(table)).encode())
    return table


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train the named networks again, and say which have the same weights."""
    parser = options.parser("again", __doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", default=[FIRST],
                        help=f"records, or patterns of them (default: {FIRST})")  # fmt: skip
    parser.add_argument("--jobs", type=options.positive, metavar="N",
                        help="runs at a time (default: one per core)")  # fmt: skip
    parser.add_argument("--missing", action="store_true",
                        help="only those that were not trained again yet")  # fmt: skip
    args, console, then = parser.parse_args(argv), Console(highlight=False), Runs(options.RESULTS)
    try:
        work = runs_on_record(args.names, then, args.data)
    except LookupError as error:
        parser.error(str(error))
    now = Runs(args.out / "again")
    table = sweep(work, now, console, lambda: write(now, args.out),
                  jobs=args.jobs, missing=args.missing)  # fmt: skip
    finished = now.names()
    for run in work:
        if run.name in finished:  # else another command is at it
            console.print(outcome(then.record(run.name), now.record(run.name)), soft_wrap=True)
    if table is not None and len(table) > len(work):
        console.print(Markdown(sentence(table)))
    return 0


def outcome(then: Record, now: Record) -> str:
    """What a network came to when it was trained again, in words."""
    if now["weights_sha256"] == then["weights_sha256"]:
        return f"{then['name']}: the same weights, {percent(now):.2f} % error."
    return (
        f"{then['name']}: other weights, {percent(now):.2f} % error where {percent(then):.2f} % is on "
        "record."
    )


if __name__ == "__main__":
    sys.exit(main())
