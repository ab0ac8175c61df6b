"""The ladder: reproduce.table2, on invented records."""

import json

import matplotlib
import pandas as pd
import pytest

from paper_lenet5.recipe import SCHEDULE
from reproduce import table2
from reproduce.rows.recipes import LADDER, LENET5, TEXTBOOK
from reproduce.running.record import describe
from reproduce.running.runs import Runs


def record(row, seed, errors, by_pass=(300, 150, 140)):
    return {
        "name": f"{row.name}-seed{seed}",
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


@pytest.fixture
def runs(tmp_path):
    """Two seeds of 1998, of one rung and of the textbook's; held-out runs of 1998."""
    folder = tmp_path / "runs"
    folder.mkdir()
    relu = next(rung.row for rung in LADDER if rung.name == "relu")
    for row, errors in ((LENET5, (90, 100)), (relu, (130, 150)), (TEXTBOOK, (110, 110))):
        for seed, count in enumerate(errors):
            (folder / f"{row.name}-seed{seed}.json").write_text(
                json.dumps(record(row, seed, count))
            )
    for seed, by_pass in enumerate(((300, 150, 140), (149, 200, 200), (300, 200, 151))):
        held_out = record(LENET5, seed, by_pass[-1], by_pass)
        path = folder / f"{LENET5.name}-mnist-held-out-seed{seed}.json"
        path.write_text(json.dumps(held_out))
    return Runs(tmp_path)


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


def test_rungs_are_compared_with_1998_seed_by_seed(runs):
    table = table2.table_of(runs).set_index("change")
    assert list(table.index) == ["LeNet-5 (1998)", "ReLU", "all at once: textbook LeNet-5"]
    assert table["difference"].tolist()[1:] == pytest.approx([0.45, 0.15])
    assert pd.isna(table["difference"].iloc[0])


def test_passes_to_the_goal_are_counted_on_held_out_images(runs):
    first = table2.table_of(runs).iloc[0]
    assert first["passes_to_goal"] == pytest.approx((2 + 1) / 2)  # exactly 1.5 % is reached
    assert first["reached_goal"] == "2 of 3"


def test_rates_show_every_candidate_that_was_tried(runs):
    rates = table2.rates_of(runs)
    assert rates.values.tolist() == [
        ["LeNet-5 (1998)", 1, 1.4, "*"],
        ["a smaller rate", 1, 1.4, ""],
    ]


def test_the_summary_sorts_the_changes_by_what_their_intervals_say():
    table = pd.DataFrame(
        [
            ("1998", 1.0, None, None, None),
            ("a", 1.3, 0.3, 0.1, 0.5),
            ("b", 1.2, 0.2, 0.1, 0.3),
            ("c", 0.9, -0.1, -0.2, -0.05),
            ("d", 1.1, 0.1, -0.1, 0.3),
            ("e", 1.1, 0.1, None, None),  # one seed
        ],
        columns=["change", "test_error", "difference", "difference_low", "difference_high"],
    )
    worse, better, neither = table2.summary(table).split("\n- ")[1:]
    assert worse.endswith("b (+0.20), a (+0.30);")
    assert better.endswith("c (-0.10);")
    assert "d (+0.10), e (+0.10)" in neither


def test_the_files_and_the_picture_are_written(runs, tmp_path, capsys):
    with matplotlib.rc_context({"figure.max_open_warning": 1}):
        assert table2.main(["--recorded", "--out", str(tmp_path)]) == 0
    assert "ReLU" in capsys.readouterr().out
    for name in ("table2.csv", "table2.md", "table2.json", "rates.csv", "figures/ladder.png"):
        assert (tmp_path / name).stat().st_size > 0
    text = (tmp_path / "table2.md").read_text()
    assert "P, 2 cores, S" in text
    assert "0123456789ab" in text


def test_without_records_there_is_no_table(tmp_path, capsys):
    assert table2.main(["--recorded", "--out", str(tmp_path)]) == 1
    assert "No records" in capsys.readouterr().out
