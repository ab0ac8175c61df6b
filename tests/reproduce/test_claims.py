"""The claims table: how a verdict is reached, and that the table is that of the records."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reproduce import claims
from reproduce.writing import findings
from reproduce.writing.findings import NOT, OPEN, REPRODUCED
from tests import ROOT


def test_a_printed_number_is_one_more_network():
    values = [0.9, 1.0, 1.1]
    half = stats.t.ppf(0.975, 2) * 0.1 * math.sqrt(1 + 1 / 3)
    for number, verdict in ((1 + half - 0.01, REPRODUCED), (1 + half + 0.01, NOT),
                            (1 - half - 0.01, NOT)):  # fmt: skip
        assert claims.printed("", "", number, values).verdict == verdict
    assert claims.printed("", "", 1.0, values).n == "3"


def test_of_one_network_alone_nothing_is_refuted():
    assert claims.printed("", "", 0.70, [0.62]).verdict == REPRODUCED
    assert claims.printed("", "", 0.70, [0.95]).verdict == OPEN


@pytest.mark.parametrize(
    ("low", "high", "rises", "verdict"),
    [(0.1, 0.2, True, REPRODUCED), (0.1, 0.2, False, NOT), (-0.2, -0.1, True, NOT),
     (-0.2, -0.1, False, REPRODUCED), (-0.1, 0.1, True, OPEN), (-0.1, 0.1, False, OPEN)],
)  # fmt: skip
def test_a_difference_is_on_the_side_that_the_paper_names_or_not(low, high, rises, verdict):
    assert claims.sign(low, high, rises) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.1, 0.1, REPRODUCED), (-0.05, 0.2, OPEN), (-0.3, 0.3, OPEN), (0.15, 0.3, NOT),
     (-0.3, -0.15, NOT)],
)  # fmt: skip
def test_no_difference_is_one_within_the_papers_uncertainty(low, high, verdict):
    assert claims.none(low, high) == verdict


@pytest.mark.parametrize(("exponent", "verdict"), [(0.25, NOT), (0.75, REPRODUCED), (1.25, NOT)])
def test_the_exponent_of_eq_1_is_the_slope_of_the_gap(monkeypatch, exponent, verdict):
    """Invented records: the gap is such a power of the number of patterns, but for a little noise."""

    def recorded(row, runs):
        size = row.recipe.training_patterns or 60_000
        rng = np.random.default_rng(size)
        gaps = 2 * (size / 15_000) ** -exponent * (1 + 0.01 * rng.normal(size=4))
        return [
            {"test_errors": round(10_000 * (gap + 0.3)), "train_errors": 0.003 * size,
             "dataset": {"test_patterns": 1_000_000}}
            for gap in gaps
        ]  # fmt: skip

    monkeypatch.setattr(claims, "recorded", recorded)
    *_, found = claims.of_patterns(None)
    assert (found.section, found.n, found.verdict) == ("I-B, eq. 1", "12", verdict)
    assert float(found.ours.split()[0]) == pytest.approx(exponent, abs=0.02)


def test_the_table_is_that_of_the_records():
    table = claims.table_of(ROOT / "results")
    assert table.to_csv(index=False) == (ROOT / "results" / "claims.csv").read_text()
    assert claims.markdown(ROOT / "results") == (ROOT / "results" / "claims.md").read_text()
    assert set(table["verdict"]) == {REPRODUCED, NOT, OPEN}
    assert len(table) >= 25


def test_the_sentence_counts_every_claim():
    table = pd.DataFrame({"verdict": [REPRODUCED] * 3 + [NOT] * 2 + [OPEN]})
    assert findings.counted(table).endswith(
        "6 claims of the paper that were tried 3 are reproduced, 2 are not, and of 1 it cannot be told."
    )
