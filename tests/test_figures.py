"""The numbers behind the figures: reproduce.figure5, reproduce.figure8."""

import numpy as np
import pytest

from reproduce import figure5, figure8, reported


def record(wrong: dict[int, int], during=(3000, 600), test=(300, 90)) -> dict:
    passes = [
        {"errors_during": d, "patterns": 60_000, "test_errors": t}
        for d, t in zip(during, test, strict=True)
    ]
    return {
        "wrong_answers": {str(index): answer for index, answer in wrong.items()},
        "dataset": {"test_patterns": 10_000},
        "passes": passes,
    }


def test_the_82_errors_of_1998_are_82_and_their_commonest_confusion_is_9_for_4():
    assert len(reported.FIGURE_8) == 82
    assert sum(index < 5000 for index in reported.FIGURE_8) == 55
    assert list(np.bincount(list(reported.FIGURE_8.values()))) == [7, 6, 7, 8, 10, 13, 6, 8, 12, 5]


def test_the_labels_of_the_82_are_those_of_the_paper(mnist_test):
    _, labels = mnist_test
    of_82 = [int(labels[index]) for index in reported.FIGURE_8]
    assert list(np.bincount(of_82)) == [3, 2, 8, 9, 11, 5, 13, 5, 10, 16]
    assert all(
        reported.FIGURE_8[i] != label for i, label in zip(reported.FIGURE_8, of_82, strict=True)
    )


def test_overlap_counts_the_papers_errors_among_ours():
    labels = [0] * 10_000
    records = [record({247: 6, 5: 1}), record({247: 6, 449: 9})]
    table = figure8.missed(records, labels)
    counts = figure8.overlap(table, records)
    assert counts["mean_errors"] == pytest.approx(2)
    assert counts["of_the_82"] == pytest.approx(1.5)
    assert counts["by_chance"] == pytest.approx(82 * 2 / 10_000)
    assert (counts["of_the_82_by_all"], counts["of_the_82_by_none"], counts["by_all"]) == (1, 80, 1)
    assert counts["same_answer"] == 1, "449 was answered otherwise in 1998"
    assert len(table) == 83


def test_the_confusion_matrix_is_a_mean_over_networks():
    matrix = figure8.confusion_matrix([record({2: 5}), record({2: 5, 1: 0})], [0, 3, 7])
    assert matrix.loc[7, 5] == 1
    assert matrix.loc[3, 0] == 0.5
    assert matrix.to_numpy().sum() == 1.5


def test_figure_5_holds_percentages_by_pass(monkeypatch):
    monkeypatch.setattr(figure5, "PASSES", 2)
    table = figure5.numbers([record({}), record({}, during=(6000, 1200), test=(100, 110))])
    assert list(table["train_mean"]) == pytest.approx([7.5, 1.5])
    assert list(table["test_low"]) == pytest.approx([1.0, 0.9])
    assert list(table["test_high"]) == pytest.approx([3.0, 1.1])
    off = np.sqrt(((7.5 - 4.89) ** 2 + (1.5 - 3.06) ** 2) / 2)
    assert figure5.distance(table, "train") == pytest.approx(off)
