"""The statistics of the tables, on invented records."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reproduce.measures import statistics
from reproduce.writing import options, tables


def record(seed: int, wrong, patterns: int = 1000) -> dict:
    wrong = list(wrong)
    return {
        "seed": seed,
        "dataset": {"title": "D", "test_patterns": patterns, "sha256": {"a": "0123456789abcdef"}},
        "test_errors": len(wrong),
        "wrong_answers": {str(index): 0 for index in wrong},
        "machine": {"processor": "P", "cores": 2, "system": "S"},
        "versions": {"python": "3.11", "torch": "2"},
    }


def test_mcnemar_is_the_sign_test_on_the_patterns_that_only_one_misses():
    one, other = record(0, [1, 2, 3, 4, 5, 6, 7, 8]), record(0, [8, 9])
    assert statistics.mcnemar(one, other) == pytest.approx(stats.binomtest(7, 8).pvalue)
    assert statistics.mcnemar(one, other) == pytest.approx(statistics.mcnemar(other, one))
    assert statistics.mcnemar(one, other) == pytest.approx(2 * (1 + 8) / 2**8)  # by hand
    assert statistics.mcnemar(one, one) == 1


def test_rows_are_compared_over_the_seeds_that_both_have():
    row = [record(0, range(12)), record(1, range(14)), record(5, range(900))]
    others = [record(1, range(10)), record(0, range(10)), record(2, range(500))]
    compared = statistics.against(row, others)
    assert compared["lenet5_error"] == pytest.approx(1.0)
    assert compared["difference"] == pytest.approx(0.3)
    low, high = stats.t.interval(0.95, 1, 0.3, stats.sem([0.2, 0.4]))
    assert (compared["difference_low"], compared["difference_high"]) == pytest.approx((low, high))
    assert compared["mcnemar_p"] == pytest.approx(np.median([2 / 2**2, 2 / 2**4]))
    assert compared["mcnemar_below_05"] == "0 of 2"


def test_nothing_is_compared_with_itself_or_without_a_common_seed():
    row = [record(0, range(3))]
    assert statistics.against(row, row) == {}
    assert statistics.against(row, [record(1, range(3))]) == {}


def test_the_interval_is_students_and_needs_two_different_values():
    assert statistics.interval([1.0, 2, 3]) == pytest.approx(
        (2 - stats.t.ppf(0.975, 2) / math.sqrt(3), 2 + stats.t.ppf(0.975, 2) / math.sqrt(3))
    )
    for values in ([1.0], [2.0, 2.0]):
        assert all(math.isnan(end) for end in statistics.interval(values))


def test_cells_are_formatted_and_missing_ones_are_empty():
    table = pd.DataFrame({"a": [1.23456, np.nan], "b": ["x", None]})
    lines = tables.formatted(table, {"a": "{:.2f}"})
    assert lines == [{"a": "1.23", "b": "x"}, {"a": "", "b": ""}]
    assert tables.markdown(lines) == "| a | b |\n| --- | --- |\n| 1.23 | x |\n|  |  |\n"


def test_provenance_names_each_machine_version_and_digest_once():
    text = tables.provenance([record(0, []), record(1, [])])
    assert text.count("P, 2 cores, S") == text.count("torch 2") == text.count("0123456789ab…") == 1


@pytest.mark.parametrize("wrong", ["0", "-1", "x"])
def test_senseless_numbers_of_seeds_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        options.sweep_parser("table9", "text", seeds=3).parse_args(["--seeds", wrong])
    assert "--seeds" in capsys.readouterr().err
