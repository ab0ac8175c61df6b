"""What it all comes to, in the words of the report: from the tables, claims and records of a folder."""

import json
from pathlib import Path

import pandas as pd

from ..measures.judging import CONSISTENT, NOT, OPEN, REPRODUCED
from ..rows import reported
from ..rows.readings import BY_EQ9, BY_HALF_EQ8
from ..rows.recipes import EXPLAINS, LENET5, LENET5_DISTORTIONS
from . import tables

FORMS = {"paper_error": "{:.2f}", "test_error": "{:.2f}", "test_sd": "{:.2f}", "one_low": "{:.2f}",
         "one_high": "{:.2f}", "difference": "{:+.2f}", "difference_low": "{:+.2f}",
         "difference_high": "{:+.2f}", "parameters": "{:,}"}  # fmt: skip
HOLDS = (REPRODUCED, CONSISTENT)
"""Verdicts on what agrees with the paper."""
BARS = "III-C, Fig. 9"
"""The section of claims that are each a bar of a figure."""


def abstract(results: Path) -> str:
    """The result in a sentence, and what stands behind it."""
    table = pd.read_csv(results / "table1.csv").set_index("model")
    (settled, settled_distorted), (half, half_distorted) = (
        (table.loc[row.title] for row in rows) for rows in ((LENET5, LENET5_DISTORTIONS), EXPLAINS)
    )
    return (
        "Trained from scratch by the paper's recipe, two sentences of which could not be taken "
        f"literally, using {BY_EQ9.label} as the loss, which the paper does not name, LeNet-5 misses "
        f"{error(settled)} of MNIST's test digits (mean and deviation of {settled['n']:.0f} "
        f"networks; the paper's one {settled['paper_error']:g} %) and with distortions "
        f"{error(settled_distorted)} ({settled_distorted['n']:.0f} networks; "
        f"{settled_distorted['paper_error']:g} %). Its training error, {settled['train_error']:.2f} %, "
        f"is not the paper's {reported.TRAINING_ERROR:g} %. By {BY_HALF_EQ8.label}, the loss that "
        "a rule written down beforehand chose on held-out images, it misses "
        f"{error(half)} and {error(half_distorted)}, and its training error is "
        f"{half['train_error']:.2f} %. {counted(pd.read_csv(results / 'claims.csv'))}\n"
    )


def error(line: pd.Series) -> str:
    """A row's test error in words."""
    return f"{line['test_error']:.2f} ± {line['test_sd']:.2f} %"


def counted(claims: pd.DataFrame) -> str:
    """How many claims have which verdict, in words; then of those that were tried by either reading."""
    first = claims[claims["how"].isna()]
    other = claims[claims["how"] == BY_HALF_EQ8.label]
    of = first["verdict"].value_counts()
    reading = f" (by {BY_EQ9.label}, where the loss matters)" if len(other) else ""
    text = (
        f"Of {len(first)} claims of the paper that were tried {of.get(REPRODUCED, 0)} are reproduced"
        f"{reading}, {of.get(NOT, 0)} are not, and for {of.get(OPEN, 0)} it cannot be told;"
        f" {of.get(CONSISTENT, 0)} more agree with what we find, but our reading was chosen with them "
        "in view."
    )
    if len(other):
        same = first[first["paper"].isin(other["paper"])]
        text += (
            f" Of the {len(other)} that were tried by both readings of the loss, "
            f"{same['verdict'].isin(HOLDS).sum()} hold by {BY_EQ9.label} and "
            f"{other['verdict'].isin(HOLDS).sum()} by {BY_HALF_EQ8.label}."
        )
    return text


def networks(results: Path) -> str:
    """Table 1 as wide as a sheet of paper; bold what is different among so many rows."""
    lines, table = [], pd.read_csv(results / "table1.csv")
    for cell, p in zip(tables.formatted(table, FORMS), table["p_holm"], strict=True):
        lines.append(
            {
                "network": cell["model"],
                "paper": cell["paper_error"],
                "ours": tables.with_deviation(cell["test_error"], cell["test_sd"]),
                "n": cell["n"],
                "one network": tables.between(cell["one_low"], cell["one_high"]),
                "more than 1998": tables.difference(cell, p),
                "parameters": cell["parameters"],
            }
        )
    return tables.markdown(lines)


def claims_table(results: Path, bars: bool = True) -> str:
    """Every claim with its verdict; below it, in italics, the other ways in which it was tried.

    Without `bars` those of Fig. 9 are left out.
    """
    claims = pd.read_csv(results / "claims.csv", dtype=str).fillna("")
    claims = claims[bars | claims["section"].ne(BARS)]
    again = claims.duplicated(["section", "paper"])
    claims.loc[again, "paper"] = "*" + claims["how"] + "*"
    claims.loc[again, "section"] = ""
    names = {"paper": "the paper says", "ours": "we find"}
    return tables.markdown(claims.drop(columns="how").rename(columns=names).to_dict("records"))


def not_reproduced(results: Path) -> str:
    """The claims that do not hold here, those that hold in one way alone, and open ones, in words.

    They stand below the table, which has what we find but for the bars of Fig. 9.
    """
    claims = pd.read_csv(results / "claims.csv", dtype=str).fillna("")
    lists: dict[str, list[str]] = {NOT: [], REPRODUCED: [], OPEN: []}
    of_bars = claims["section"] == BARS
    for (section, paper), ways in claims[~of_bars].groupby(["section", "paper"], sort=False):
        first, held = ways.iloc[0], ways["verdict"].isin(HOLDS)
        if held.all():
            continue
        if held.any():
            lists[REPRODUCED].append(f"{paper} ({section})")
        else:
            lists[first["verdict"]].append(f"{paper} ({section})")
    for verdict, bars in claims[of_bars].groupby("verdict"):
        if verdict in (NOT, OPEN):
            both = (f"{bar.paper} (here {bar.ours.partition(';')[0]})" for bar in bars.itertuples())
            lists[verdict].append(f"bars of Fig. 9 (III-C): {', '.join(both)}")
    heads = {NOT: "Not reproduced",
             REPRODUCED: "In agreement by one reading of the loss or number of passes, not by another",
             OPEN: "Not to be told from what we have"}  # fmt: skip
    return "\n".join(
        f"*{head}:* {'; '.join(lists[verdict])}.\n"
        for verdict, head in heads.items()
        if lists[verdict]
    )


def cost(results: Path) -> str:
    """What all the networks on record took."""
    records = [
        json.loads(path.read_text(encoding="utf-8")) for path in (results / "runs").glob("*.json")
    ]
    on_gpu = [record for record in records if "gpu" in record["machine"]]
    on_a_core = [record for record in records if "gpu" not in record["machine"]]
    hours = sum(record["seconds"] for record in on_a_core) / 3600
    processors = sorted({record["machine"]["processor"] for record in on_a_core})
    seconds = pd.read_csv(results / "table1.csv").iloc[0]["seconds"]
    text = (
        f"{len(on_a_core):,} of the networks on record took {hours:.0f} hours of one core "
        f"({', '.join(processors)}), one LeNet-5 (1998) {seconds:.0f} seconds (median)."
    )
    if on_gpu:
        gpus = sorted({record["machine"]["gpu"] for record in on_gpu})
        text += (
            f" {len(on_gpu):,} others, which learn in batches, were trained on a GPU "
            f"({', '.join(gpus)}), several at a time."
        )
    return f"{text}\n"
