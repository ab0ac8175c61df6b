"""How a table is written: cells, Markdown, files, and where its numbers come from."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from ..rows.row import Record
from ..running.files import clear, write
from ..running.record import to_json

AGAINST_NOTES = """\
`lenet5_error` is that of LeNet-5 (1998) on the same seeds, `difference` how much more the row errs, in
points of percent, with its 95 % interval over seeds. Each pair of networks with the same seed is also
compared test pattern by test pattern: `mcnemar_p` is the median of the exact p-values,
`mcnemar_below_05` says in how many pairs p is below 0.05.
"""


def formatted(table: pd.DataFrame, forms: dict[str, str]) -> list[dict[str, str]]:
    """The cells as people read them, line by line; nothing where there is no value."""
    return [
        {c: "" if pd.isna(v) else forms.get(c, "{}").format(v) for c, v in line.items()}
        for line in table.to_dict("records")
    ]


def markdown(lines: Sequence[dict[str, str]]) -> str:
    """Lines with the same keys as a Markdown table, the keys as its head."""
    head = list(lines[0])
    rows = [head, ["---"] * len(head), *(line.values() for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write_table(table: pd.DataFrame, text: str, stem: Path) -> None:
    """stem.csv, stem.json, and the text as stem.md. Nobody else may be writing them."""
    for kind in (".csv", ".json", ".md"):
        clear(stem.with_suffix(kind))
    write(stem.with_suffix(".csv"), table.to_csv(index=False).encode())
    write(stem.with_suffix(".json"), to_json(json.loads(table.to_json(orient="records"))).encode())
    write(stem.with_suffix(".md"), text.encode())


def provenance(records: Iterable[Record]) -> str:
    """On which machines, with which versions, and on which data the records were made."""

    def each(describe: Callable[[Record], str]) -> str:
        return "; ".join(dict.fromkeys(describe(record) for record in records))

    records = list(records)
    machines = each(lambda r: "{processor}, {cores} cores, {system}".format(**r["machine"]))
    versions = each(lambda r: ", ".join(f"{k} {v}" for k, v in r["versions"].items()))
    data = each(
        lambda r: (
            f"{r['dataset']['title']}, SHA-256 of its files "
            + ", ".join(f"{digest[:12]}…" for digest in r["dataset"]["sha256"].values())
        )
    )
    return f"Machine: {machines}.\nVersions: {versions}.\nData: {data}.\n"
