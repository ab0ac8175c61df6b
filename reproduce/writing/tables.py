"""How a table is written: cells, Markdown, files, and where its numbers come from."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from rich import box
from rich.table import Table

from paper_lenet5.files import clear, write_whole

from ..rows.row import AnyRow, Record
from ..running.record import to_json

SIGNIFICANT = 0.05
"""A difference is said to be there where its p, corrected for their number, is below this."""
AGAINST_NOTES = """\
`difference` is how much more the row errs than LeNet-5 (1998), in points of percent, with its 95 %
interval over all networks of both (Welch); `p` is that of no difference, `p_holm` the same corrected by
Holm for the number of rows that are compared.
"""


def formatted(table: pd.DataFrame, forms: dict[str, str]) -> list[dict[str, str]]:
    """The cells as people read them, line by line; nothing where there is no value."""
    return [
        {c: "" if pd.isna(v) else forms.get(c, "{}").format(v) for c, v in line.items()}
        for line in table.to_dict("records")
    ]


def with_deviation(mean: str, deviation: str) -> str:
    """A mean and its deviation, which a single network does not have."""
    return f"{mean} ± {deviation}" if deviation else mean


def between(low: str, high: str) -> str:
    """An interval; nothing where there is none."""
    return f"{low} … {high}" if low else ""


def against_1998(cell: dict[str, str]) -> dict[str, str]:
    """The cells of a line that a terminal has room for: error, n, and how it compares with 1998."""
    return {
        "test": with_deviation(cell["test_error"], cell["test_sd"]),
        "n": cell["n"],
        "more than 1998": between(cell["difference_low"], cell["difference_high"])
        or cell["difference"],
    }


def difference(cell: dict[str, str], p_holm: float) -> str:
    """How much more a row errs than LeNet-5 (1998), with its interval; bold if SIGNIFICANT.

    Nothing for a row that is not compared.
    """
    shown = f"**{cell['difference']}**" if p_holm < SIGNIFICANT else cell["difference"]
    interval = between(cell["difference_low"], cell["difference_high"])
    return f"{shown} ({interval})" if interval else shown


def grid(title: str, lines: Sequence[dict[str, str]], numbers: bool = True) -> Table:
    """Lines with the same keys for a terminal of 80 columns, their keys as its head.

    All columns but the first hold `numbers`, or words. Nothing is cut: what is too wide is wrapped,
    the widest column first.
    """
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    first, *others = lines[0] if lines else [""]
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right" if numbers else "left", overflow="fold")
    for line in lines:
        table.add_row(*line.values())
    return table


def markdown(lines: Sequence[dict[str, str]]) -> str:
    """Lines with the same keys as a Markdown table, the keys as its head."""
    head = list(lines[0])
    rows = [head, ["---"] * len(head), *(line.values() for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def headed(name: str, about: str, text: str) -> str:
    """A page of results: the first line of its command's docstring, how it is made, and the text."""
    title = about.splitlines()[0].rstrip(".")
    return (
        f"# {title}\n\nMade by `python -m reproduce.{name}`; its `--help` says of what.\n\n{text}"
    )


def write_measured(
    name: str, about: str, record: Record, words: Callable[[Path], str], out: Path
) -> None:
    """Write what a command has measured: its record, NAME.json, and what it says by it, NAME.md."""
    write_whole(out / f"{name}.json", to_json(record).encode())
    write_whole(out / f"{name}.md", headed(name, about, words(out)).encode())


def write_table(table: pd.DataFrame, text: str, stem: Path) -> None:
    """Write stem.csv, stem.json, and the text as stem.md. Nobody else may be writing them.

    In csv and json numbers are not rounded, so that whoever rounds them gets the digits of the text.
    """
    lines = table.astype(object).where(table.notna(), None).to_dict("records")
    for kind in (".csv", ".json", ".md"):
        clear(stem.with_suffix(kind))
    write_whole(stem.with_suffix(".csv"), table.to_csv(index=False).encode())
    write_whole(stem.with_suffix(".json"), to_json(lines).encode())
    write_whole(stem.with_suffix(".md"), text.encode())


def under_titles(of_rows: Mapping[AnyRow, Sequence[Record]]) -> list[Record]:
    """The records of all rows, each under its row's title of now: it has that of when it was made."""
    return [record | {"model": row.title} for row, found in of_rows.items() for record in found]


def provenance(records: Iterable[Record]) -> str:
    """The machines, versions, data and code that the records were made with, in words."""

    def each(describe: Callable[[Record], str]) -> str:
        return "; ".join(dict.fromkeys(describe(record) for record in records))

    records = list(records)
    machines = each(
        lambda r: ", ".join(
            f"{value} cores" if key == "cores" else f"{value}"
            for key, value in r["machine"].items()
        )
    )
    versions = each(lambda r: ", ".join(f"{k} {v}" for k, v in r["versions"].items()))
    data = each(
        lambda r: (
            f"{r['dataset']['title']}, SHA-256 of its files "
            + ", ".join(f"{digest[:12]}…" for digest in r["dataset"]["sha256"].values())
        )
    )
    return (
        f"Machine: {machines}.\n{on_a_gpu(records)}Versions: {versions}.\nData: {data}.\n"
        f"Code: {codes(records)}.\n"
    )


def on_a_gpu(records: Sequence[Record]) -> str:
    """A line that says which rows have networks that a GPU trained, and how many; empty without any."""
    rows, trained_there = (
        Counter(record["model"] for record in some)
        for some in (records, [record for record in records if "gpu" in record["machine"]])
    )
    named = "; ".join(f"{row} ({n} of {rows[row]})" for row, n in trained_there.items())
    return f"On a GPU: {named}.\n" if named else ""


def codes(records: Sequence[Record]) -> str:
    """How many records name the code that they were made by, and which rows have more than one."""
    of_rows: dict[str, set[str]] = {}
    for record in records:
        of_rows.setdefault(record["model"], set()).add(record.get("code", "not recorded"))
    named = sum("code" in record for record in records)
    mixed = [row for row, of_row in of_rows.items() if len(of_row) > 1]
    return (
        f"recorded for {named} of {len(records)} networks; "
        f"rows that name several codes, or for some networks none: {'; '.join(mixed) or 'no row'}"
    )
