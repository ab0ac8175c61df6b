"""What the paper leaves open of strings (section VII), and what each choice does: D15 to D17.

Trains a network on 15,000 of the training images for each way to draw its fields, and lets it read 500
strings of four of the digits that are held out; the strings of one network are read by other rules as
well. No test image is touched. Writes choices.json and .md.

On two cores it takes 3 minutes.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from rich.console import Console
from rich.markdown import Markdown
from scipy import stats
from torch import Tensor

from paper_lenet5 import LeNet5, compiled, preprocess
from paper_lenet5.patterns import generator, inverted
from paper_lenet5.reading import read_string, text_of
from paper_lenet5.recipe import Recipe
from paper_lenet5.strings import BLANK, SECTION_VII
from paper_lenet5.training import Session

from .measures.string_errors import (
    BLANK_PENALTY,
    NOISES,
    DigitStrings,
    draw_strings,
    penalties_with_blank,
)
from .rows import datasets
from .rows.recipes import LENET5, SDNN
from .running import code
from .running.record import describe, machine, versions
from .writing import options, tables

PATTERNS, STRINGS, LENGTH = 15_000, 500, 4
Rule = Callable[[Tensor], str]
"""From penalties (11, answers) to a string."""


# --- what is trained, and how its answers are read --------------------------------------------------


def with_fields(**changes: Any) -> Recipe:
    """The network for strings, its fields drawn in another way."""
    return replace(SDNN.recipe, strings=replace(SECTION_VII, **changes), training_patterns=PATTERNS)


FIELDS = {
    "as settled": with_fields(),
    "a blank in ten fields": with_fields(blanks=1 / 10),
    "in four": with_fields(blanks=1 / 4),
    "in two": with_fields(blanks=1 / 2),
    "in two, each with a character missing": with_fields(blanks=1 / 2, gaps=0.0),
    "the middle shifted by up to one pixel": with_fields(shift=(-1, 1)),
}
"""D15: ways to draw the fields that a network is trained on."""
BLANKS = (5.0, 10.0, BLANK_PENALTY, 30.0, 40.0)
"""D17: penalties of the blank for a network without such a class."""


def settled(penalties: Tensor) -> str:
    """A character on several answers is one; a blank lies between two."""
    return read_string(penalties).text


def without_rule(penalties: Tensor) -> str:
    """The label of the smallest penalty at each answer, repeats merged."""
    return text_of(penalties.argmin(0).tolist())


Best = tuple[float, list[int]]
"""What a sequence of labels costs, and the labels."""


def apart(penalties: Tensor) -> str:
    """No character follows a character, not even itself: the best sequence that obeys."""
    digit, of_digit = penalties[:BLANK].min(0)
    blank: Best = (0.0, [])  # the best that ends with a blank, or with a character
    character: Best = (float("inf"), [])
    for cost, label, of_blank in zip(
        digit.tolist(), of_digit.tolist(), penalties[BLANK].tolist(), strict=True
    ):
        before = min(blank, character)
        blank, character = (
            (before[0] + of_blank, [*before[1], BLANK]),
            (blank[0] + cost, [*blank[1], label]),
        )
    return text_of(min(blank, character)[1])


RULES: dict[str, Rule] = {
    "as settled": settled,
    "no character after a character, not even itself": apart,
    "no rule, repeats merged": without_rule,
}
"""D16: how the answers of a sweep become a string."""


# --- the measurement --------------------------------------------------------------------------------


def trained(recipe: Recipe, held: datasets.Dataset) -> LeNet5:
    """One network, seed 0."""
    session = Session(recipe, 0, held.train, held.test.first(100), compiled)
    for _ in session.passes():
        pass
    return cast(LeNet5, session.model.eval())


def misread(model: LeNet5, strings: DigitStrings, rule: Rule, blank: float) -> list[int]:
    """How many of the strings are not read right, without and with noise."""
    counts, answers = [], strings.answers.tolist()
    for noise in NOISES:
        inputs = inverted(preprocess(strings.fields), noise, generator(0, "noise of strings"))
        penalties = penalties_with_blank(model, inputs, blank)
        texts = [rule(of[:, :n]) for of, n in zip(penalties, answers, strict=True)]
        counts.append(sum(a != b for a, b in zip(texts, strings.truth, strict=True)))
    return counts


def measured(held: datasets.Dataset, say: Callable[[str], None]) -> dict[str, dict[str, list[int]]]:
    """Misread strings of each choice, by the entry of DEVIATIONS.md."""
    strings = draw_strings(held.test.images, held.test.labels, LENGTH, None, STRINGS)
    found: dict[str, dict[str, list[int]]] = {"D15": {}, "D16": {}, "D17": {}}
    for choice, recipe in FIELDS.items():
        model = trained(recipe, held)
        found["D15"][choice] = misread(model, strings, settled, BLANK_PENALTY)
        say(f"D15, {choice}: {found['D15'][choice]}")
        if choice == "as settled":
            for rule, read in RULES.items():
                found["D16"][rule] = misread(model, strings, read, BLANK_PENALTY)
    of_ten = trained(replace(LENET5.recipe, training_patterns=PATTERNS), held)
    for blank in BLANKS:
        found["D17"][f"{blank:g}"] = misread(of_ten, strings, settled, blank)
    return found


TITLES = {
    "D15": "fields (D15)", "D16": "rule (D16)", "D17": "penalty of the blank, LeNet-5 (1998) (D17)",
}  # fmt: skip


def words(results: Path) -> str:
    """The tables of what is recorded."""
    record = json.loads((results / "choices.json").read_text(encoding="utf-8"))
    n = record["strings"]

    def cell(count: int) -> str:
        low, high = stats.binomtest(count, n).proportion_ci(method="wilson")
        return f"{100 * count / n:.1f} ({100 * low:.0f} … {100 * high:.0f})"

    parts = []
    for entry, choices in record["misread"].items():
        lines = [
            {TITLES[entry]: choice, "misread": cell(plain), "with noise": cell(noisy)}
            for choice, (plain, noisy) in choices.items()
        ]
        parts.append(tables.markdown(lines))
    return (
        "\n".join(parts)
        + f"\nPercent of {n} strings of {LENGTH} digits held out that are misread, gaps of "
        "−1 … 4 pixels, with the 95 % interval for so many strings (Wilson); then with 10 % of the "
        f"pixels inverted. One network each, trained on {record['patterns']:,} patterns.\n"
    )


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train, measure, and write the record and its tables."""
    args = options.parser("choices", __doc__).parse_args(argv)
    console = Console(highlight=False, markup=False)
    torch.set_num_threads(1)
    held = datasets.held_out(datasets.load(args.data))
    record = {
        "dataset": held.name, "sha256": held.sha256, "patterns": PATTERNS, "strings": STRINGS,
        "recipe": describe(FIELDS["as settled"]), "code": code.digest(FIELDS["as settled"]),
        "misread": measured(held, console.print),
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    tables.write_measured("choices", __doc__, record, words, args.out)
    console.print(Markdown(words(args.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
