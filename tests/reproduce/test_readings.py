"""The rule that decides between readings, on invented records."""

import numpy as np
import pytest

from reproduce import alternatives, readings, three_numbers
from reproduce.measures.statistics import one_more
from reproduce.rows import reported
from reproduce.rows.readings import CANDIDATES, distorted
from reproduce.rows.recipes import EXPLAINS, LENET5

PAPER = np.array(reported.FIGURE_5_TRAIN[: readings.PASSES])
SPREAD = np.exp([-0.1, 0.1, 0.0, -0.1, 0.1])
"""Factors from seed to seed."""
OF = {
    "reading-eq8": (0.95, 0.80, 1.0),  # the paper's own numbers
    "reading-settled": (0.70, 0.70, 0.3),  # fewer errors, far too few of them in training
    "reading-half-map-1": (0.75, 0.70, 0.8),
    "reading-map-5": (2.0, 2.0, 2.0),
}
"""Test errors without and with distortions, and the factor on the paper's training curve."""


def invented(of, seeds):
    """The records that the errors would leave, held-out images as much harder as they are."""
    by_name = {}
    for row in CANDIDATES:
        if row.name in of:
            plain, with_distortions, factor = of[row.name]
            by_name[row.name] = [record(plain, factor, seed) for seed in range(seeds[row.name])]
            by_name[distorted(row).name] = [
                record(with_distortions, 1, seed) for seed in range(seeds[row.name])
            ]
    return lambda row, runs, dataset: by_name.get(row.name, [])


def record(error, factor, seed):
    spread = SPREAD[seed % 5]
    return {
        "test_errors": error * readings.EASIER * spread * 1000,
        "dataset": {"test_patterns": 100_000},
        "passes": [
            {"errors_during": 10 * percent * factor * spread, "patterns": 1000} for percent in PAPER
        ],
    }


@pytest.fixture
def table(monkeypatch):
    def of(seeds):
        counts = {name: seeds.get(name, readings.FIRST) for name in OF}
        monkeypatch.setattr(readings, "recorded", invented(OF, counts))
        return tuple(readings.table_of(None, "held-out", n) for n in (None, readings.FIRST))

    return of


def line(table, title):
    return table.set_index("candidate").loc[title]


def test_the_papers_own_numbers_are_at_no_distance_from_the_paper(table):
    whole, _ = table({})
    sd = np.log(SPREAD).std(ddof=1)
    shift = np.log(SPREAD.mean())
    eq8 = line(whole, "eq. 8")
    assert eq8["D"] == pytest.approx(3 * (shift / sd) ** 2, rel=1e-6)
    half = line(whole, "½, eq. 9, j = 1")
    assert half["z_plain"] == pytest.approx((np.log(0.95 / 0.75) - shift) / sd, rel=1e-6)
    assert half["z_distorted"] == pytest.approx((np.log(0.80 / 0.70) - shift) / sd, rel=1e-6)
    assert half["Z"] == pytest.approx(((np.log(0.8) + shift) / sd) ** 2, rel=1e-6)
    assert half["D"] == pytest.approx(half["Z"] + half["z_plain"] ** 2 + half["z_distorted"] ** 2)


def test_what_explains_and_what_is_best_are_asked_apart(table):
    whole, first = table({})
    assert readings.finalists(first, "D") == ["eq. 8", "½, eq. 9, j = 1"]
    assert readings.finalists(first, "both") == ["settled", "½, eq. 9, j = 1"]
    for by in ("D", "both"):
        assert readings.chosen(whole, first, by) is None, "the finalists lack their further seeds"
    whole, first = table(dict.fromkeys(("reading-eq8", "reading-half-map-1"), 10))
    assert readings.chosen(whole, first, "D") == "eq. 8"
    assert readings.chosen(whole, first, "both") is None, "one of the two has five"
    assert "not decided" in readings.verdict(whole, first)


def test_one_network_of_each_has_no_deviation_and_decides_nothing(table):
    whole, _ = table(dict.fromkeys(OF, 1))
    whole.attrs["verdict"] = readings.verdict(whole, whole)
    text = readings.markdown(whole)
    assert "±" not in text
    assert "nan" not in text
    assert "| eq. 8 | 1.05 | 0.88 | 0.33 |  |  |  | 0.966 | 1 |" in text
    assert "the paper's numbers: not decided, that takes two candidates and two networks" in text
    assert "The smallest errors: not decided, the finalists are settled and ½, eq" in text
    assert readings.chosen(whole[:0], whole[:0], "D") is None


def test_a_candidate_without_records_of_both_kinds_is_left_out(monkeypatch):
    both = invented(OF, dict.fromkeys(OF, 5))
    monkeypatch.setattr(readings, "recorded", lambda row, *_:
                        [] if row.name == "reading-eq8-distortions" else both(row, *_))  # fmt: skip
    assert "eq. 8" not in set(readings.table_of(None, "held-out")["candidate"])


# --- which reading has all three numbers -----------------------------------------------------------


def of_test_set(errors, during):
    """Records of one row: test errors of 10,000, errors of 60,000 during the last pass."""
    return [
        {
            "test_errors": error,
            "dataset": {"test_patterns": 10_000},
            "passes": [{"errors_during": wrong, "patterns": 60_000}],
        }
        for error, wrong in zip(errors, during, strict=True)
    ]


@pytest.mark.parametrize(
    ("distorted_errors", "during", "has"),
    [
        ((70, 80, 90), (200, 210, 220), True),
        ((70, 80, 90), (290, 300, 310), False),  # 0.50 ± 0.02 % of the training patterns
        ((100, 101, 102), (200, 210, 220), False),
        ((40, 41, 42), (200, 210, 220), False),
    ],
)
def test_a_reading_has_all_three_where_each_may_be_of_one_more_network(
    monkeypatch, tmp_path, distorted_errors, during, has
):
    plain, with_distortions = EXPLAINS
    found = {
        plain.name: of_test_set((85, 95, 105), during),
        with_distortions.name: of_test_set(distorted_errors, (900, 900, 900)),
        LENET5.name: of_test_set((95, 95), (210, 210)),  # without any with distortions: no line
    }
    monkeypatch.setattr(three_numbers, "recorded", lambda row, runs: found.get(row.name, []))
    *lines, said = three_numbers.words(tmp_path).splitlines()
    assert said == f"All three numbers: {plain.title if has else 'no reading'}."
    assert sum(line.startswith("| LeNet") for line in lines) == 1


def test_where_one_more_of_three_networks_falls():
    low, high = one_more([1.0, 2.0, 3.0])
    half = 4.302653 * np.sqrt(1 + 1 / 3)  # Student's t of two degrees of freedom
    assert (low, high) == pytest.approx((2 - half, 2 + half))


def test_the_steps_of_a_reading_are_medians_over_networks_in_each_of_two_passes(monkeypatch):
    def of(*steps):
        return {"test_errors": 1, "dataset": {"test_patterns": 100},
                "passes": [{"errors_during": 1, "patterns": 100, "smallest_step": low,
                            "largest_step": high} for low, high in steps]}  # fmt: skip

    networks = [of((1e-5, 0.01), (1e-3, 0.02)), of((2e-5, 0.015), (2e-3, 0.025)),
                of((9e-5, 0.09), (9e-3, 0.9))]  # fmt: skip
    monkeypatch.setattr(alternatives, "recorded", lambda *_: networks)
    *_, line = alternatives.markdown(alternatives.table_of(None)).splitlines()
    assert "| 2.0e-05 … 1.5e-02 | 2.0e-03 … 2.5e-02 |" in line
    networks[1:] = []
    *_, line = alternatives.markdown(alternatives.table_of(None)).splitlines()
    assert line.endswith("| 1.00 | 1 |"), "one network has no deviation"
