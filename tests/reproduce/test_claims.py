"""The claims table: how a verdict is reached, and that the table is that of the records."""

import json
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


def test_a_printed_number_may_have_been_rounded():
    values = [1.0, 1.01, 1.02]  # one more network falls within 0.05 of 1.01
    assert claims.printed("", "", 1.1, values).verdict == REPRODUCED, "1.05 before it was rounded"
    assert claims.printed("", "", 1.09, values).verdict == NOT


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
def test_the_exponent_of_eq_1_is_the_slope_of_the_gap(exponent, verdict):
    """Invented records: the gap is such a power of the number of patterns, but for a little noise."""

    def records(size: int, passes: int = 20, more: float = 0) -> list[dict]:
        rng = np.random.default_rng(size)
        gaps = 2 * (size / 15_000) ** -exponent * (1 + 0.01 * rng.normal(size=4))
        return [
            {"test_errors": round(10_000 * (gap + 0.3 + more)), "train_errors": 0.003 * size,
             "dataset": {"test_patterns": 1_000_000},
             "passes": [{"errors_during": passes, "patterns": 1000}] * passes}
            for gap in gaps
        ]  # fmt: skip

    once = {size: records(size) for size in (15_000, 30_000, 60_000)}
    longer = {15_000: records(15_000, 80, more=1), 30_000: records(30_000, 40)}
    found = list(claims.of_patterns(once, longer))
    by_set = ["", "80 passes"] * 2 + ["", "40 passes"] * 2
    assert [claim.how for claim in found] == [*by_set, "", "more passes"]
    test, test_again, training, training_again = (
        float(claim.ours.split(";")[0]) for claim in found[:4]
    )
    assert test_again - test == pytest.approx(1)
    assert (training, training_again) == (2, 8), "the error during the last pass"
    at_once, as_many = found[-2:]
    assert (at_once.n, at_once.verdict) == ("12", verdict)
    assert float(at_once.ours.split()[0]) == pytest.approx(exponent, abs=0.02)
    assert float(as_many.ours.split()[0]) > exponent + 0.1, "the gap of the smallest set is wider"


def test_a_claim_by_the_other_reading_stands_below_that_of_lenet_5():
    one, more = (
        claims.Claim("I", "a", "1", "2", NOT),
        claims.Claim("I", "a", "2", "2", OPEN, "80 passes"),
    )
    first, first_again, second, second_again = claims.beside([one, more], [one, more])
    assert (first, second) == (one, more)
    assert first_again == one._replace(how="eq. 8 with ½")
    assert second_again == more._replace(how="80 passes, eq. 8 with ½")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.5, -0.2, REPRODUCED), (-0.1, 0.1, REPRODUCED), (0.0, 0.2, OPEN), (0.11, 0.3, NOT)],
)
def test_an_error_that_falls_further_is_no_overtraining(low, high, verdict):
    assert claims.no_rise(low, high) == verdict


@pytest.mark.parametrize(
    ("at_the_cost", "verdict"), [(62, REPRODUCED), (72, REPRODUCED), (73, NOT)]
)
def test_boosting_stops_early_if_it_errs_no_more_at_the_papers_cost(
    monkeypatch, at_the_cost, verdict
):
    """Invented: 1.75 times one network is that of 15 fortieths of the patterns for all three."""
    by_share = [99] * 15 + [at_the_cost] + [64] * 3 + [62] * 22
    record = {"test_errors_by_share": by_share, "dataset": {"test_patterns": 10_000}}
    monkeypatch.setattr(claims.methods, "recorded", lambda *_: record)
    (found,) = claims.of_early_stop(None)
    assert found.verdict == verdict
    assert found.ours.startswith(f"{at_the_cost / 100:.2f} % at that cost, 0.62 % at three times")
    assert found.ours.endswith("from 1.75 times on" if at_the_cost == 62 else "from 1.95 times on")


@pytest.mark.parametrize(
    ("of_eq_8", "verdicts"),
    [([0.1, 0.2], (REPRODUCED, REPRODUCED)), ([0.1, 50.0], (OPEN, REPRODUCED)),
     ([20.0, 50.0], (NOT, REPRODUCED))],
)  # fmt: skip
def test_centers_have_fallen_together_where_hardly_any_distance_is_left(
    tmp_path, of_eq_8, verdicts
):
    def of(distance):
        return {"distance": distance, "error": [20.0, 30.0]}

    measured = {"eq. 8": {"1": of([90.0, 92.0]), "30": of(of_eq_8)},
                "eq. 9": {"1": of([90.0, 92.0]), "30": of([16.0, 17.0])}}  # fmt: skip
    record = {"distance_before": 124.0, "measured": measured}
    (tmp_path / "collapse.json").write_text(json.dumps(record))
    assert tuple(claim.verdict for claim in claims.of_centers(tmp_path)) == verdicts


@pytest.mark.parametrize(("after_first", "verdict"), [(0.5, REPRODUCED), (2.0, NOT)])
def test_weights_shrink_if_they_do_in_the_first_few_passes(tmp_path, after_first, verdict):
    runs = [
        {"network": network, "seed": seed, "held_out_errors": [*[20] * 19, 12, *[12 - seed % 2] * 20],
         "sizes": {"c1": (size := [1.0, after_first + 0.01 * seed, *[3.0] * 39]), "all": size}}
        for network in claims.forty_passes.ROWS
        for seed in range(3)
    ]  # fmt: skip
    record = {"test_patterns": 10_000, "runs": runs}
    (tmp_path / "forty_passes.json").write_text(json.dumps(record))
    passes, *weights = claims.of_passes(tmp_path)
    assert passes.verdict == REPRODUCED
    assert passes.ours.startswith("-0.00 (-0.02")
    assert {claim.verdict for claim in weights} == {verdict}
    assert ("c1 (0.51)" in weights[0].ours) == (verdict == REPRODUCED)


def test_the_table_is_that_of_the_records():
    table = claims.table_of(ROOT / "results")
    assert table.to_csv(index=False) == (ROOT / "results" / "claims.csv").read_text()
    assert claims.markdown(ROOT / "results") == (ROOT / "results" / "claims.md").read_text()
    assert set(table["verdict"]) == {REPRODUCED, NOT, OPEN}
    assert len(table) >= 25


def test_the_sentence_counts_every_claim_once_and_then_those_of_both_readings():
    verdicts = [REPRODUCED] * 3 + [NOT] * 2 + [OPEN]
    once = pd.DataFrame({"paper": list("abcdef"), "verdict": verdicts, "how": None})
    said = (
        "Of 6 claims of the paper that were tried 3 are reproduced, 2 are not, "
        "and of 1 it cannot be told."
    )
    assert findings.counted(once) == said
    again = pd.DataFrame({
        "paper": ["a", "d", "d"], "verdict": [REPRODUCED] * 3,
        "how": ["eq. 8 with ½", "eq. 8 with ½", "80 passes, eq. 8 with ½"],
    })  # fmt: skip
    assert findings.counted(pd.concat([once, again])) == (
        said.replace("reproduced", "reproduced (by eq. 9 with j = 10, where the loss matters)")
        + " Of the 2 that were tried by both readings of the loss, 1 hold by eq. 9 with j = 10 and "
        "2 by eq. 8 with ½."
    )
