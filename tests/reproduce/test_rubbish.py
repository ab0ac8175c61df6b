"""What is no character, and how much of it is taken for a digit: reproduce.rubbish."""

import json

import numpy as np
import pytest
import torch

from paper_lenet5.patterns import Split
from reproduce import rubbish
from reproduce.rows.datasets import Dataset
from reproduce.running.record import describe, is_recipe
from tests import ROOT
from tests.conftest import draw_digits

DIGITS = Dataset("drawn", "drawn", *(Split(*draw_digits(20, seed)) for seed in (0, 1)), {}, False)


def test_the_threshold_refuses_one_digit_in_a_hundred():
    of_digits = np.arange(1000.0)
    assert rubbish.accepted(of_digits, of_digits) == pytest.approx(99, abs=0.2)
    assert rubbish.accepted(np.array([0.0, 980.0, 995.0, 2000.0]), of_digits) == 50


def test_pieces_of_digits_have_no_character_in_the_middle():
    others = rubbish.rubbish(DIGITS, DIGITS)
    assert others["clothes"].equal(DIGITS.test.inputs)
    pieces = others["pieces of digits"]
    assert pieces.shape == (20, 1, 32, 32)
    ink = (pieces > 0.5).float().mean(0)[0].sum(0)  # by column
    assert ink[14:18].mean() < ink[:10].mean(), "most of it is beside"


def test_both_codes_are_trained_alike():
    bitmaps, of_ten = (describe(row.recipe) for row in rubbish.ROWS.values())
    assert {k for k, v in bitmaps.items() if of_ten[k] != v} == {"network"}
    changed = {k for k, v in bitmaps["network"].items() if of_ten["network"][k] != v}
    assert changed == {"output"}


def test_what_is_on_record_is_what_the_page_shows():
    record = json.loads((ROOT / "results" / "rubbish.json").read_text(encoding="utf-8"))
    assert record["recipes"].keys() == rubbish.ROWS.keys()
    for name, row in rubbish.ROWS.items():
        assert is_recipe(record["recipes"][name], row.recipe)
    assert all(len(of) >= 3 for kinds in record["accepted"].values() for of in kinds.values())
    assert (
        (ROOT / "results" / "rubbish.md")
        .read_text(encoding="utf-8")
        .endswith(rubbish.words(ROOT / "results"))
    )
    assert torch.tensor(record["accepted"]["bitmaps"]["clothes"]).le(100).all()
