"""The ladder: reproduce.table2, on invented records."""

import json

import matplotlib
import pandas as pd
import pytest
from scipy import stats

from paper_lenet5.recipe import SCHEDULE
from reproduce import table2
from reproduce.rows.recipes import LADDER, LENET5, OF_1998, TEXTBOOK
from reproduce.running.record import describe
from reproduce.running.runs import Runs
from reproduce.writing import drawing

BASE = LADDER[0]


def rung(name):
    return next(each for each in LADDER if each.name == name)


def record(row, seed, errors, by_pass=(300, 150, 140)):
    return {
        "name": f"{row.name}-seed{seed}",
        "model": row.title,
        "seed": seed,
        "recipe": describe(row.recipe),
        "dataset": {"title": "D", "test_patterns": 10_000, "sha256": {"a": "0123456789abcdef"}},
        "test_errors": errors,
        "wrong_answers": {str(index): 0 for index in range(errors)},
        "passes": [
            {"number": k, "test_errors": e, "errors_during": 60, "patterns": 60_000}
            for k, e in enumerate(by_pass, 1)
        ],
        "parameters": 60_000,
        "seconds": 40.0,
        "machine": {"processor": "P", "cores": 2, "system": "S"},
        "versions": {"python": "3"},
    }


def keep(folder, row, errors, dataset=""):
    for seed, count in enumerate(errors):
        path = folder / f"{row.name}{dataset}-seed{seed}.json"
        path.write_text(json.dumps(record(row, seed, count)), encoding="utf-8")


@pytest.fixture
def runs(tmp_path):
    """Two networks of 1998 and of each of three rungs; held-out runs of 1998 as printed."""
    folder = tmp_path / "runs"
    folder.mkdir()
    keep(folder, BASE.row, (90, 100))
    keep(folder, LENET5, (96, 98))
    keep(folder, rung("eq8").row, (120, 121))
    keep(folder, rung("relu").row, (130, 150))
    keep(folder, rung("sgd").row, (99, 98))
    keep(folder, TEXTBOOK, (110, 111))
    for seed, by_pass in enumerate(((300, 150, 140), (149, 200, 200), (300, 200, 151))):
        held_out = record(LENET5, seed, by_pass[-1], by_pass)
        path = folder / f"{LENET5.name}-mnist-held-out-seed{seed}.json"
        path.write_text(json.dumps(held_out), encoding="utf-8")
    return Runs(tmp_path)


def table_of(runs):
    return table2.table_of(table2.records_of(runs), runs)


def test_every_rung_changes_one_thing_and_its_rate():
    settled = describe(LENET5.recipe)
    for rung in LADDER:
        assert rung.chosen in rung.candidates
        for factor, row in rung.candidates.items():
            changed = {k for k, v in describe(row.recipe).items() if settled[k] != v} - {"schedule"}
            of_output = {"network", "loss", "output_curvature"}  # a linear output needs all three
            expected = of_output if rung.name == "linear" else changed
            assert changed == expected
            assert len(changed) <= (3 if rung.name == "linear" else 1)
            assert row.recipe.schedule == tuple(factor * eta for eta in SCHEDULE)
    networks = [describe(rung.row.recipe)["network"] for rung in LADDER]
    assert all(sum(v != settled["network"][k] for k, v in n.items()) <= 1 for n in networks)


def test_rungs_are_compared_with_1998_at_its_best_rate(runs):
    table = table_of(runs).set_index("change")
    names = ["the printed rate", "eq. 8", "ReLU", "SGD", "all at once: textbook LeNet-5"]
    assert list(table.index) == ["LeNet-5 (1998), rate × 0.3", *names]
    differences = [0.02, 0.255, 0.45, 0.035, 0.155]
    assert table["difference"].tolist()[1:] == pytest.approx(differences)
    assert pd.isna(table["difference"].iloc[0])
    assert table["p_holm"].notna().sum() == 5


def test_a_rung_is_compared_with_1998_at_its_own_rate_too(runs):
    table = table_of(runs).set_index("change")
    compared = table.dropna(subset="same_rate_difference")
    assert list(compared.index) == ["eq. 8"], "1998 has no record at ReLU's rate; SGD's is another"
    assert compared["same_rate_difference"].item() == pytest.approx(0.255)
    keep(runs.folder, BASE.candidates[0.1], (93, 95))
    table = table_of(runs).set_index("change")
    assert table.loc["ReLU", "same_rate_difference"] == pytest.approx(1.40 - 0.94)
    assert table["same_rate_p_holm"].notna().sum() == 2


def test_a_rung_is_compared_with_1998_as_printed(runs):
    table = table_of(runs).set_index("change")
    of_eq8 = table.loc["eq. 8"]
    found = stats.ttest_ind([1.20, 1.21], [0.96, 0.98], equal_var=False)
    low, high = found.confidence_interval(0.95)
    assert of_eq8["printed_difference"] == pytest.approx(0.235)
    assert of_eq8[["printed_low", "printed_high"]].tolist() == pytest.approx([low, high])
    assert of_eq8["printed_p"] == pytest.approx(found.pvalue)
    assert table.loc["LeNet-5 (1998), rate × 0.3", "printed_difference"] == pytest.approx(-0.02)
    assert pd.isna(table.loc["the printed rate", "printed_difference"]), "that is itself"
    assert table["printed_p_holm"].notna().sum() == 5


def test_what_differs_from_1998_as_printed_is_said_after_its_own_correction():
    table = pd.DataFrame(
        [
            ("1998, rate × 0.3", 0.90, -0.10, 0.5),
            ("the printed rate", 1.00, None, None),
            ("a", 1.25, 0.25, 0.049),
            ("b", 0.75, -0.25, 0.049),
            ("c", 1.20, 0.20, 0.051),
        ],
        columns=["change", "test_error", "printed_difference", "printed_p_holm"],
    )
    assert table2.against_as_printed(table).endswith(
        "worse: a (+0.25); better: b (-0.25); the others do not differ significantly from it.\n"
    )
    assert "at the printed rate (1.00 %)" in table2.against_as_printed(table)


def test_the_rate_is_not_the_smallest_nor_the_largest_of_those_tried():
    for of in (*LADDER, *OF_1998):
        tried = sorted(of.candidates)
        assert len(tried) == 1 or tried[0] < of.chosen < tried[-1], of.name


def test_at_the_same_rate_not_even_the_rate_differs():
    compared = {each.name: row for each in LADDER if (row := table2.same_rate(each))}
    assert compared.keys() == {each.name for each in LADDER} - {
        "rate",
        "1998",
        "sgd",
        "adam",
        "batch",
    }
    for name, row in compared.items():
        recipe = rung(name).row.recipe
        assert row.recipe.schedule == recipe.schedule
        changed = {k for k, v in describe(recipe).items() if describe(row.recipe)[k] != v}
        assert 1 <= len(changed) <= (3 if name == "linear" else 1)


def test_passes_to_the_goal_are_counted_on_held_out_images(runs):
    as_printed = table_of(runs).iloc[1]
    assert as_printed["passes_to_goal"] == pytest.approx((2 + 1) / 2)  # exactly 1.5 % is reached
    assert as_printed["reached_goal"] == "2 of 3"


def test_rates_are_compared_over_the_seeds_that_all_candidates_have(runs):
    both = [["LeNet-5 (1998)", 1, pytest.approx(1.637, abs=1e-3), 3, ""],
            ["the printed rate", 1, pytest.approx(1.637, abs=1e-3), 3, "*"]]  # fmt: skip
    assert table2.rates_of(runs).values.tolist() == both
    keep(runs.folder, BASE.row, (130,), "-mnist-held-out")
    assert table2.rates_of(runs).values.tolist() == [
        ["LeNet-5 (1998)", 0.3, pytest.approx(1.3), 1, "*"],
        ["LeNet-5 (1998)", 1, pytest.approx(1.4), 1, ""],
        both[1],
    ]


def test_the_summary_sorts_the_changes_by_what_is_left_after_the_correction():
    table = pd.DataFrame(
        [
            ("1998", 1.0, None, None, None, None, None, None, None),
            ("a", 1.3, 0.3, 0.001, 0.005, 0.1, 0.3, 0.01, 0.02),
            ("b", 1.2, 0.2, 0.002, 0.008, 0.1, None, None, None),
            ("c", 0.9, -0.1, 0.003, 0.009, 0.2, None, None, None),
            ("d", 1.1, 0.1, 0.04, 0.08, 0.3, -0.1, 0.03, 0.03),
            ("e", 1.1, 0.1, 0.4, 0.4, 0.3, None, None, None),
            ("f", 1.1, 0.11, None, None, None, None, None, None),  # one network
        ],
        columns=["change", "test_error", "difference", "p", "p_holm", "detectable",
                 "same_rate_difference", "same_rate_p", "same_rate_p_holm"],
    ).assign(printed_p_holm=None)  # fmt: skip
    head, worse, better, alone, rest = table2.summary(table).split("\n- ")
    assert "with Holm's correction for 5 comparisons" in head
    assert worse == "worse: b (+0.20), a (+0.30);"
    assert better == "better: c (-0.10);"
    assert alone.endswith("d (+0.10);")
    neither, last = rest.split("\n\n")
    assert neither == "no significant difference: e (+0.10), f (+0.11)."
    assert "0.20 points" in last, "the median of what could be seen"


def test_the_picture_has_the_interval_of_the_mean_and_one_deviation(runs):
    table = table_of(runs)
    axes = table2.draw(table).axes[0]
    drawn = {}
    for line in axes.lines[1:]:  # the first is that of 1998 from top to bottom
        drawn.setdefault((line.get_color(), line.get_marker()), []).append(list(line.get_xdata()))
    assert drawn[drawing.OURS, "None"] == table[["ci_low", "ci_high"]].to_numpy().tolist()
    assert drawn[drawing.OURS, "o"] == [[error] for error in table["test_error"]]
    assert drawn["0.75", "None"] == [
        [line.test_error - line.test_sd, line.test_error + line.test_sd]
        for line in table.itertuples()
    ]


def test_the_files_and_the_picture_are_written(runs, tmp_path, capsys):
    with matplotlib.rc_context({"figure.max_open_warning": 1}):
        assert table2.main(["--recorded", "--out", str(tmp_path)]) == 0
    assert "ReLU" in capsys.readouterr().out
    for name in ("table2.csv", "table2.md", "table2.json", "rates.csv", "figures/ladder.png"):
        assert (tmp_path / name).stat().st_size > 0
    text = (tmp_path / "table2.md").read_text(encoding="utf-8")
    assert "P, 2 cores, S" in text
    assert "0123456789ab" in text


def test_without_records_there_is_no_table(tmp_path, capsys):
    assert table2.main(["--recorded", "--out", str(tmp_path)]) == 1
    assert "No records" in capsys.readouterr().out
