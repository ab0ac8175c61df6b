"""What the tables share: statistics over seeds, two rows compared, and how a table is written."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from .runs import clear, write

# --- over the seeds of one row --------------------------------------------------------------------


def percent(record: dict) -> float:
    """The run's test error."""
    return 100 * record["test_errors"] / record["dataset"]["test_patterns"]


def error_of(records: Sequence[dict]) -> dict[str, float]:
    """Test error in percent: mean, standard deviation, n, and the 95 % interval of the mean."""
    errors = [percent(record) for record in records]
    low, high = interval(errors)
    return {
        "test_error": np.mean(errors),
        "test_sd": np.std(errors, ddof=1) if len(errors) > 1 else np.nan,
        "n": len(errors),
        "ci_low": low,
        "ci_high": high,
    }


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean (Student's t); none for a single value or equal ones."""
    if len(values) < 2 or np.ptp(values) == 0:
        return np.nan, np.nan
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    return float(low), float(high)


def training_error(records: Sequence[dict]) -> float:
    """Percent during the last pass, each pattern judged just before it is learned from (Fig. 5)."""
    last = [record["passes"][-1] for record in records]
    return float(np.mean([100 * p["errors_during"] / p["patterns"] for p in last]))


# --- two rows, seed by seed -----------------------------------------------------------------------


def against(records: Sequence[dict], others: Sequence[dict]) -> dict[str, float]:
    """How a row's test error differs from another's, over the seeds that both have.

    The other's mean on these seeds; the mean difference in points of percent, with its 95 % interval
    over seeds; the median of the exact McNemar p-values of the pairs, and in how many of them p is
    below 0.05. Nothing where they have no seed in common, or are the same records.
    """
    by_seed = {record["seed"]: record for record in others}
    pairs = [(r, by_seed[r["seed"]]) for r in records if r["seed"] in by_seed]
    if not pairs or all(one is other for one, other in pairs):
        return {}
    differences = [percent(one) - percent(other) for one, other in pairs]
    low, high = interval(differences)
    p = [mcnemar(one, other) for one, other in pairs]
    return {
        "lenet5_error": np.mean([percent(other) for _, other in pairs]),
        "difference": np.mean(differences),
        "difference_low": low,
        "difference_high": high,
        "mcnemar_p": np.median(p),
        "mcnemar_below_05": f"{sum(value < 0.05 for value in p)} of {len(p)}",
    }


def mcnemar(one: dict, other: dict) -> float:
    """Exact two-sided p of the null hypothesis that both networks miss equally often.

    Only the test patterns count that exactly one of the two misses.
    """
    misses, of_other = set(one["wrong_answers"]), set(other["wrong_answers"])
    only_one, only_other = len(misses - of_other), len(of_other - misses)
    if only_one + only_other == 0:
        return 1.0
    return float(stats.binomtest(only_one, only_one + only_other, 0.5).pvalue)


AGAINST_NOTES = """\
`lenet5_error` is that of LeNet-5 (1998) on the same seeds, `difference` how much more the row errs, in
points of percent, with its 95 % interval over seeds. Each pair of networks with the same seed is also
compared test pattern by test pattern: `mcnemar_p` is the median of the exact p-values,
`mcnemar_below_05` says in how many pairs p is below 0.05.
"""


# --- from a table to files ------------------------------------------------------------------------


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
    write(stem.with_suffix(".json"), (table.to_json(orient="records", indent=1) + "\n").encode())
    write(stem.with_suffix(".md"), text.encode())


def provenance(records: Iterable[dict]) -> str:
    """On which machines, with which versions, and on which data the records were made."""

    def each(describe: Callable[[dict], str]) -> str:
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
