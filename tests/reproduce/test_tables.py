"""The statistics of the tables, on invented records."""

import json
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
        "model": "M",
        "seed": seed,
        "dataset": {"title": "D", "test_patterns": patterns, "sha256": {"a": "0123456789abcdef"}},
        "test_errors": len(wrong),
        "wrong_answers": {str(index): 0 for index in wrong},
        "machine": {"processor": "P", "cores": 2, "system": "S"},
        "versions": {"python": "3.11", "torch": "2"},
    }


def test_rows_are_compared_over_all_networks_of_both():
    row = [record(seed, range(count)) for seed, count in enumerate((12, 14, 19))]
    others = [record(seed, range(count)) for seed, count in enumerate((10, 9, 11, 12, 8))]
    compared = statistics.against(row, others)
    assert compared["difference"] == pytest.approx(1.5 - 1.0)
    variances = np.var([1.2, 1.4, 1.9], ddof=1) / 3, np.var([1, 0.9, 1.1, 1.2, 0.8], ddof=1) / 5
    error = math.sqrt(sum(variances))
    freedom = error**4 / (variances[0] ** 2 / 2 + variances[1] ** 2 / 4)  # Welch, Satterthwaite
    half = error * stats.t.ppf(0.975, freedom)
    assert compared["difference_low"] == pytest.approx(0.5 - half)
    assert compared["difference_high"] == pytest.approx(0.5 + half)
    assert compared["p"] == pytest.approx(2 * stats.t.sf(0.5 / error, freedom))


def test_which_seed_a_network_has_is_nothing_to_a_comparison():
    row = [record(seed, range(count)) for seed, count in ((0, 12), (1, 14), (2, 19))]
    turned = [record(seed, range(count)) for seed, count in ((0, 19), (1, 12), (7, 14))]
    others = [record(seed, range(count)) for seed, count in ((0, 10), (1, 9), (2, 11))]
    assert statistics.against(row, others) == pytest.approx(statistics.against(turned, others))


def test_nothing_is_compared_with_itself_or_with_nothing():
    row = [record(0, range(3)), record(1, range(4))]
    again = [record(0, range(3)), record(1, range(4))]  # as where they are read a second time
    assert statistics.against(row, again) == statistics.against(row, []) == {}
    assert statistics.against(row[:1], row) == {"difference": pytest.approx(-0.05)}


def test_the_detectable_difference_is_seen_four_times_in_five():
    rng = np.random.default_rng(0)
    freedom, n = 8, 5
    half_width = stats.t.ppf(0.975, freedom) * math.sqrt(2 / n)  # two rows of deviation 1
    shift = statistics.detectable(half_width, freedom)
    one, other = rng.normal(0, 1, (20_000, n)), rng.normal(shift, 1, (20_000, n))
    seen = stats.ttest_ind(one, other, axis=1).pvalue < 0.05
    assert seen.mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.2, 0.01, math.nan, 0.6], [0.4, 0.03, math.nan, 0.6]),
        ([0.9, 0.8], [1, 1]),
        ([], []),
    ],
)
def test_holm_multiplies_the_smallest_p_by_the_number_of_tests_and_never_falls(p, corrected):
    assert statistics.holm(p) == pytest.approx(corrected, nan_ok=True)


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


def test_csv_and_json_hold_the_numbers_unrounded(tmp_path):
    almost = 0.98249999999999993
    table = pd.DataFrame({"a": [almost, np.nan], "n": [20, 5], "b": ["x", None]})
    tables.write_table(table, "text\n", tmp_path / "t")
    assert json.loads((tmp_path / "t.json").read_text(encoding="utf-8")) == [
        {"a": almost, "n": 20, "b": "x"},
        {"a": None, "n": 5, "b": None},
    ]
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()[1] == f"{almost!r},20,x"


def test_provenance_names_each_machine_version_and_digest_once():
    text = tables.provenance([record(0, []), record(1, [])])
    assert text.count("P, 2 cores, S") == text.count("torch 2") == text.count("0123456789ab…") == 1


def test_a_gpu_is_named_and_its_seconds_are_not_those_of_a_core():
    on_gpu = record(1, []) | {"seconds": 4.0}
    on_gpu["machine"] = {**on_gpu["machine"], "gpu": "G"}
    on_a_core = [record(seed, []) | {"seconds": 30.0 + seed} for seed in (0, 2, 50)]
    assert "S, G.\nOn a GPU: M (1 of 1).\n" in tables.provenance([on_gpu])
    assert "On a GPU: M (1 of 4).\n" in tables.provenance([*on_a_core, on_gpu])
    assert "GPU" not in tables.provenance(on_a_core)
    assert statistics.seconds([*on_a_core, on_gpu]) == 32
    assert math.isnan(statistics.seconds([on_gpu]))


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (("a", "a"), "recorded for 2 of 2 networks; "),
        (("a", "a"), "networks none: no row.\n"),
        (("a", "b"), "networks none: M.\n"),
        (("a", None), "networks none: M.\n"),
        ((None, None), "recorded for 0 of 2 networks; "),
    ],
)
def test_a_table_says_where_its_records_are_not_all_of_one_code(codes, said):
    records = [record(0, []) | ({"code": code} if code else {}) for code in codes]
    other_row = record(0, []) | {"model": "another", "code": "c"}
    assert said in tables.provenance(records)
    assert "another" not in tables.provenance([*records, other_row]).split("Code:")[1]


@pytest.mark.parametrize("wrong", ["0", "-1", "x"])
def test_senseless_numbers_of_seeds_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        options.sweep_parser("table9", "text", 3, "results").parse_args(["--seeds", wrong])
    assert "--seeds" in capsys.readouterr().err
