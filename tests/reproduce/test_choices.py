"""Strings read by other rules, and what the page says of them: reproduce.choices."""

import json
from itertools import pairwise

import pytest
import torch

from paper_lenet5.recipe import Recipe
from paper_lenet5.strings import BLANK
from reproduce import choices
from reproduce.rows.recipes import SDNN
from reproduce.running.record import describe, is_recipe
from tests import ROOT


def sweep(best, others=2.0):
    """Penalties (11, answers): 1 for the best label of each answer, more for all others."""
    penalties = torch.full((BLANK + 1, len(best)), others)
    for place, label in enumerate(best):
        penalties[label, place] = 1.0
    return penalties


def by_hand(penalties):
    """The smallest sum of penalties of all sequences in which no character follows a character."""
    sequences = torch.cartesian_prod(*[torch.arange(BLANK + 1)] * penalties.shape[1]).tolist()
    allowed = [s for s in sequences if all(BLANK in pair for pair in pairwise(s))]
    return min(allowed, key=lambda s: sum(penalties[one, k].item() for k, one in enumerate(s)))


@pytest.mark.parametrize("seed", range(5))
def test_apart_is_the_best_sequence_without_neighbours(seed):
    penalties = torch.rand(BLANK + 1, 4, generator=torch.Generator().manual_seed(seed))
    assert choices.apart(penalties) == "".join(str(d) for d in by_hand(penalties) if d != BLANK)


def test_the_rules_differ_in_what_they_forbid():
    twice = sweep([2, 2, BLANK, 3, 4])
    assert choices.without_rule(twice) == "234"
    assert choices.settled(twice) in ("23", "24"), "a blank lies between two characters"
    assert len(choices.apart(sweep([2, 2, 2, 2, 2], others=9.0))) == 3, "2, blank, 2, blank, 2"
    assert choices.settled(sweep([2, 2, 2, 2, 2], others=9.0)) == "2"


def test_each_way_to_draw_fields_differs_from_the_settled_one_in_what_it_names():
    settled = describe(choices.FIELDS["as settled"])
    assert settled == describe(SDNN.recipe) | {"training_patterns": choices.PATTERNS}
    for choice, recipe in choices.FIELDS.items():
        assert isinstance(recipe, Recipe)
        changed = {k for k, v in describe(recipe).items() if v != settled[k]}
        assert changed == (set() if choice == "as settled" else {"strings"})


def test_the_tables_are_of_the_record(tmp_path):
    misread = {"D15": {"as settled": [50, 100]}, "D16": {"x": [1, 2]}, "D17": {"5": [500, 0]}}
    record = {"strings": 500, "patterns": 15_000, "misread": misread}
    (tmp_path / "choices.json").write_text(json.dumps(record), encoding="utf-8")
    text = choices.words(tmp_path)
    assert "| as settled | 10.0 (8 … 13) | 20.0 (17 … 24) |" in text
    assert "| 5 | 100.0 (99 … 100) | 0.0 (0 … 1) |" in text


def test_what_is_on_record_is_of_the_choices_as_they_are():
    record = json.loads((ROOT / "results" / "choices.json").read_text(encoding="utf-8"))
    assert list(record["misread"]["D15"]) == list(choices.FIELDS)
    assert list(record["misread"]["D16"]) == list(choices.RULES)
    assert [float(blank) for blank in record["misread"]["D17"]] == list(choices.BLANKS)
    assert is_recipe(record["recipe"], choices.FIELDS["as settled"])
    of_blank = {blank: sum(counts) for blank, counts in record["misread"]["D17"].items()}
    assert of_blank[f"{choices.BLANK_PENALTY:g}"] < 1.01 * min(of_blank.values()), (
        "none clearly better"
    )
    assert (
        (ROOT / "results" / "choices.md")
        .read_text(encoding="utf-8")
        .endswith(choices.words(ROOT / "results"))
    )
