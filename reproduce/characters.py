"""Characters: errors with codes that look like their characters, and with random codes. Section II-B.

The paper gives characters that look alike codes that are alike, so that where the network takes one for
the other, the right one is close behind, and whatever knows the language can choose it. Random codes
know nothing of that. What is compared was settled before any network was tested:

Networks for the 94 visible characters, in pairs of the same seed, with the bitmaps of Fig. 3 or with
random codes, drawn anew for each seed. Both are trained by the recipe of 1998 with distortions, on
characters printed in 26 typefaces; and tested on ten faces of families that they have not seen, plain
and distorted. Three numbers, each with its difference and 95 % interval over the seeds:
1. the test error;
2. the part of the errors that are between characters that look alike: those of one of the groups
   that the paper names (O, o, 0; l, 1, I and square brackets), or a capital and its small letter;
3. the part of the errors where the right character comes second.

Until 26 November 2026 they were trained without a rubbish class, since beside it nothing seemed to be
learned; what was not learned was by a mistake of the compiled pass with more than 32 classes. The
networks of that time and what was measured of them are in results/earlier.

Draws results/figures/characters.png and .svg from characters.csv, which holds what was measured:
`--measure` measures anew the networks whose weights are in results/runs, `--train` first trains what
has no record, half a minute a network on one core. Both need the extra `fonts`.

On two cores it takes seconds.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from rich.console import Console
from rich.markdown import Markdown

from paper_lenet5.bitmaps import bitmaps
from paper_lenet5.files import write_whole

from .measures import statistics
from .rows.characters import VISIBLE, load
from .rows.recipes import CHARACTERS
from .running.runs import Runs, recorded
from .running.sweep import runs_of, sweep
from .writing import drawing, exhibit, options, tables

BITMAPS, RANDOM = "bitmaps", "random"
STYLES = {
    BITMAPS: drawing.Style(drawing.OURS, "o", "-"),
    RANDOM: drawing.Style(drawing.OTHER, "s", "--"),
}
LABELS = {BITMAPS: "bitmaps of Fig. 3", RANDOM: "random codes"}
GROUPS = ("Oo0", "l1I[]")
"""What section II-B names as alike."""
APART = (1, 6, 11, 16, 21, 26, 31, 85)
"""Where the classes begin that the picture counts errors in: pixels in which two drawings differ."""
SHOWN = 12
"""How many pairs the picture shows."""


def alike(one: str, other: str) -> bool:
    """Whether the two look alike: by one of the paper's groups, or as a capital and its small letter."""
    return one.lower() == other.lower() or any(one in of and other in of for of in GROUPS)


def pixels_apart(one: str, other: str) -> int:
    """In how many pixels the two drawings of Fig. 3 differ."""
    first, second = bitmaps([one, other])
    return int((first != second).sum())


# --- what is measured -----------------------------------------------------------------------------


def answers_of(penalties: torch.Tensor, labels: torch.Tensor) -> pd.DataFrame:
    """How often each character got each answer, by penalties (N, 94): character, answer, count, second.

    `second` says in how many of these errors the right character has the second smallest penalty.
    """
    nearest = penalties.topk(2, largest=False).indices
    right = nearest == labels[:, None]
    table = pd.DataFrame({"character": labels, "answer": nearest[:, 0], "second": right[:, 1]})
    kinds = table.groupby(["character", "answer"])["second"].agg(["size", "sum"]).reset_index()
    kinds = kinds.rename(columns={"size": "count", "sum": "second"})
    for column in ("character", "answer"):
        kinds[column] = [VISIBLE[label] for label in kinds[column]]
    return kinds


def measured(args: argparse.Namespace, console: Console) -> pd.DataFrame | None:
    """The answers of every network whose weights are there, trained first if the options say so."""
    runs, dataset = Runs(args.out), load()
    if args.train:
        ways = options.of_sweep(args) | {"missing": True}
        sweep(runs_of(CHARACTERS, args.seeds, dataset), runs, console, **ways)
    torch.set_num_threads(1)
    found = []
    for codes, row in zip((BITMAPS, RANDOM), CHARACTERS, strict=True):
        for record in recorded(row, runs, dataset.name):
            weights = runs.weights_of(record)
            if weights is not None:
                penalties = row.recipe.penalties(row.trained(weights), dataset.test)
                answers = answers_of(penalties, dataset.test.labels)
                found.append(answers.assign(codes=codes, seed=record["seed"]))
    return pd.concat(found) if found else None


def read(path: Path) -> pd.DataFrame:
    """The answers as --measure has written them: a character may be 1 or a comma."""
    return pd.read_csv(path, dtype={"character": str, "answer": str}, keep_default_na=False)


# --- what is said of it ---------------------------------------------------------------------------


def networks(answers: pd.DataFrame) -> pd.DataFrame:
    """The three numbers of each network, in percent; one line for each codes and seed."""
    lines = []
    for (codes, seed), of in answers.groupby(["codes", "seed"]):
        errors = of[of["character"] != of["answer"]]
        n = errors["count"].sum()
        similar = [alike(*pair) for pair in zip(errors["character"], errors["answer"], strict=True)]
        lines.append(
            {"codes": codes, "seed": seed, "error": 100 * n / of["count"].sum(),
             "alike": 100 * errors.loc[similar, "count"].sum() / n,
             "second": 100 * errors["second"].sum() / n}
        )  # fmt: skip
    return pd.DataFrame(lines)


def compared(answers: pd.DataFrame) -> pd.DataFrame:
    """A line for each of the three numbers: both means, and their difference over the seeds of both."""
    table = networks(answers).pivot(index="seed", columns="codes").dropna()
    lines = []
    for number in ("error", "alike", "second"):
        ours, random = table[number, BITMAPS], table[number, RANDOM]
        low, high = statistics.interval(list(ours - random))
        lines.append(
            {"number": number, "bitmaps": ours.mean(), "random": random.mean(),
             "difference": (ours - random).mean(), "low": low, "high": high, "n": len(table)}
        )  # fmt: skip
    return pd.DataFrame(lines)


def words(folder: Path) -> str:
    """What pages say of the three numbers, and the pairs that are confused most often."""
    answers = read(folder / "characters.csv")
    of = {line["number"]: line for line in compared(answers).to_dict("records")}

    def said(number: str) -> str:
        line = of[number]
        return (
            f"{line['bitmaps']:.1f} % with the bitmaps and {line['random']:.1f} % with random codes "
            f"(difference {line['difference']:+.1f}, 95 % interval {line['low']:+.1f} … "
            f"{line['high']:+.1f})"
        ).replace("-", "−")

    pairs = ", ".join(
        f"{one} and {other}" for one, other in most_confused(answers, BITMAPS).index[:5]
    )
    return (
        f"{of['error']['n']} networks of each kind, 94 characters, typefaces that they have not seen. "
        f"The test error is {said('error')}. "
        f"Of the errors, {said('alike')} are between characters that look alike, and in "
        f"{said('second')} the right character comes second. "
        f"With the bitmaps, those confused most often are {pairs}."
    )


def most_confused(answers: pd.DataFrame, codes: str | None = None) -> pd.Series:
    """How often a network confuses each pair of characters, either for the other, the most first.

    The mean over the networks with these codes, or, where none are named, over all.
    """
    chosen = answers[answers["codes"] == codes] if codes else answers
    n = len(chosen[["codes", "seed"]].drop_duplicates())
    errors = chosen[chosen["character"] != chosen["answer"]]
    pairs = zip(errors["character"], errors["answer"], strict=True)
    index = pd.MultiIndex.from_tuples([sorted(pair) for pair in pairs], names=["one", "other"])
    counts = pd.Series(errors["count"].to_numpy() / n, index)
    return counts.groupby(level=[0, 1]).sum().sort_values(ascending=False, kind="stable")


# --- the picture ----------------------------------------------------------------------------------


def pairs_apart() -> np.ndarray:
    """How many of all pairs of characters differ in so many pixels: a number for each class of APART."""
    drawn = bitmaps(VISIBLE).flatten(1)
    one, other = np.triu_indices(len(drawn), 1)
    return np.histogram((drawn[one] != drawn[other]).sum(1), APART)[0]


def draw(answers: pd.DataFrame) -> Figure:
    """On the left errors by how far the two drawings differ, on the right the pairs most confused."""
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    shown, pairs = most_confused(answers).index[:SHOWN], pairs_apart()
    for codes, shift in ((BITMAPS, -0.2), (RANDOM, 0.2)):
        counts = most_confused(answers, codes)
        apart = [pixels_apart(*pair) for pair in counts.index]
        errors, _ = np.histogram(apart, APART, weights=counts)
        colour, marker, line = STYLES[codes]
        left.plot(errors / pairs, marker + line, color=colour, label=LABELS[codes])
        right.barh(np.arange(len(shown)) + shift, counts.reindex(shown, fill_value=0), 0.4,
                   color=colour)  # fmt: skip
    ranges = [f"{low}–{high - 1}" for low, high in pairwise(APART)]
    left.set_xticks(range(len(ranges)), ranges, fontsize=8)
    left.set(yscale="log", xlabel="pixels in which their bitmaps differ",
             ylabel="errors of a network\nper pair of characters")  # fmt: skip
    left.yaxis.set_major_formatter("{x:g}")
    right.set_yticks(range(len(shown)), ["  ".join(pair) for pair in shown], family="monospace")
    right.invert_yaxis()
    right.set(xlabel="errors, by pair of characters")
    figure.suptitle("Which of the 94 characters are taken for one another", fontsize=11)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    left.grid(axis="y", alpha=0.3)
    left.legend(frameon=False, fontsize=9)
    return figure


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture, from characters.csv, which is written first if the options say so."""
    folder = args.out / "figures"
    if args.measure or args.train:
        answers = measured(args, console)
        if answers is None:
            console.print(f"{args.out}/runs has no weights of these networks: --train trains them.")
            return None
        write_whole(folder / "characters.csv", answers.to_csv(index=False).encode())
    if not (folder / "characters.csv").exists():
        console.print(f"There is no record of it under {folder}: --train makes one.")
        return None
    answers = read(folder / "characters.csv")
    forms = dict.fromkeys(("bitmaps", "random", "difference", "low", "high"), "{:.1f}")
    console.print(tables.grid("Characters, %", tables.formatted(compared(answers), forms)))
    console.print(Markdown(words(folder)))
    return draw(answers), None


EXHIBIT = exhibit.Figure("characters", __doc__, picture=picture, words=words, seeds=5,
                         options=drawing.MEASURE)  # fmt: skip
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
