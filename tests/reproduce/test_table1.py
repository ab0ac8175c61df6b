"""The main command, from its options to its files: reproduce.table1."""

import dataclasses
import json
import math
import re

import pandas as pd
import pytest
from rich.console import Console
from scipy import stats

from paper_lenet5 import mnist
from reproduce import table1
from reproduce.rows import datasets
from reproduce.rows.recipes import TABLE_1
from reproduce.running.record import describe
from reproduce.table1 import TRAINED
from reproduce.writing import findings
from tests import ROOT

COLUMNS = ["model", "dataset", "paper_error", "test_error", "test_sd", "n", "ci_low", "ci_high",
           "one_low", "one_high", "difference", "difference_low", "difference_high", "p", "p_holm",
           "train_error", "parameters", "multiply_adds", "seconds"]  # fmt: skip


def record(row, errors: int, seed: int = 0) -> dict:
    return {
        "model": row.title,
        "seed": seed,
        "recipe": describe(row.recipe),
        "dataset": {
            "title": "MNIST",
            "test_patterns": 10_000,
            "sha256": {"labels": "0123456789abcdef"},
        },
        "machine": {"processor": "a processor", "cores": 2, "system": "Linux"},
        "versions": {"python": "3"},
        "test_errors": errors,
        "wrong_answers": {str(index): 0 for index in range(errors)},
        "passes": [{"errors_during": 210, "patterns": 60_000}],
        "parameters": 60_000,
        "multiply_adds": 1,
        "seconds": 40.0,
    }


def test_the_first_two_rows_are_the_papers():
    assert [(row.title, row.paper_error) for row in TABLE_1[:2]] == [
        ("LeNet-5 (1998)", 0.95),
        ("LeNet-5 (1998), distortions", 0.8),
    ]


def test_mean_deviation_and_interval_are_those_of_the_seeds():
    row = table1.table_row(TABLE_1[0], [record(TABLE_1[0], e) for e in (90, 100, 110)])
    assert row["test_error"] == pytest.approx(1.0)
    assert row["test_sd"] == pytest.approx(0.1)
    half = stats.t.ppf(0.975, 2) * 0.1 / math.sqrt(3)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((1 - half, 1 + half))
    assert row["train_error"] == pytest.approx(0.35)
    assert row["n"] == 3


def test_one_more_network_falls_into_an_interval_that_is_wider_than_that_of_the_mean():
    row = table1.table_row(TABLE_1[0], [record(TABLE_1[0], e) for e in (90, 100, 110)])
    half = stats.t.ppf(0.975, 2) * 0.1 * math.sqrt(1 + 1 / 3)
    assert (row["one_low"], row["one_high"]) == pytest.approx((1 - half, 1 + half))


def test_rows_are_compared_with_the_first_and_corrected_for_their_number():
    counts = {0: (90, 100, 110), 1: (80, 90, 97), 3: (150, 160, 172)}
    records = {
        TABLE_1[k]: [record(TABLE_1[k], e, seed) for seed, e in enumerate(errors)]
        for k, errors in counts.items()
    }
    table = table1.table_of(records)
    assert table["p"].isna().tolist() == [True, False, False]
    first, second = table["p"].tolist()[1:]
    assert first > second
    assert table["p_holm"].tolist()[1:] == pytest.approx([first, 2 * second])


def test_a_difference_is_bold_where_it_is_one_among_so_many_rows():
    """Of the third p is below 0.05, and the interval leaves out 0: but not of three comparisons."""
    counts = {
        0: (90, 100, 110, 101),
        1: (60, 55, 62, 50),
        3: (107, 123, 119, 113),
        4: (99, 104, 93, 97),
    }
    table = table1.table_of({
        TABLE_1[k]: [record(TABLE_1[k], e, seed) for seed, e in enumerate(errors)]
        for k, errors in counts.items()
    })  # fmt: skip
    assert table["difference_low"][2] > 0
    assert table["p"][2] < 0.05 < table["p_holm"][2]
    _, _, first, second, third, fourth = table1.summary(table).splitlines()
    assert "| **-0.435** (-0." in second
    assert "| +0.15" in third
    assert "**" not in third + fourth + first


def test_one_network_has_neither_deviation_nor_intervals(tmp_path):
    table = table1.table_of({row: [record(row, 90 + k)] for k, row in enumerate(TABLE_1[:2])})
    *_, of_1998, other = table1.summary(table).splitlines()
    assert of_1998.startswith("| LeNet-5 (1998) | 0.95 | 0.900 | 1 |  |  |")
    assert other.startswith(f"| {TABLE_1[1].title} | 0.80 | 0.910 | 1 |  | +0.010 |")
    table.to_csv(tmp_path / "table1.csv", index=False)
    *_, other = findings.networks(tmp_path).splitlines()
    assert other.startswith(f"| {TABLE_1[1].title} | 0.80 | 0.91 | 1 |  | +0.01 |")


def test_networks_are_of_their_row_whatever_it_was_called_when_they_were_trained():
    row = TABLE_1[0]
    records = [record(row, 90), record(row, 99, 1) | {"model": "its first title"}]
    on_a_gpu = [of | {"machine": {**of["machine"], "gpu": "a GPU"}} for of in records]
    text = table1.markdown(table1.table_of({row: on_a_gpu}), {row: on_a_gpu})
    assert f"On a GPU: {row.title} (2 of 2).\n" in text
    coded = [records[0] | {"code": "one"}, records[1] | {"code": "another"}]
    text = table1.markdown(table1.table_of({row: coded}), {row: coded})
    assert f"rows that name several codes, or for some networks none: {row.title}.\n" in text


def test_one_seed_has_no_spread():
    row = table1.table_row(TABLE_1[0], [record(TABLE_1[0], 95)])
    assert row["test_error"] == pytest.approx(0.95)
    assert all(math.isnan(row[key]) for key in ("test_sd", "ci_low", "ci_high", "one_low"))


@pytest.fixture
def no_mnist(monkeypatch):
    """A machine that has no MNIST and no way to get it."""
    monkeypatch.delenv(mnist.VARIABLE, raising=False)

    def unavailable(*_):
        raise mnist.DataUnavailable("none here")

    monkeypatch.setattr(mnist, "load_mnist", unavailable)


def test_without_mnist_the_sample_is_used_and_everything_says_so(
    no_mnist, tmp_path, capsys, caplog
):
    assert table1.main(["--smoke", "--out", str(tmp_path), "--jobs", "2"]) == 0
    assert "none here" in caplog.text, "why there is no MNIST"
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("5,000-digit sample, not comparable with the paper") >= 3
    table = pd.read_csv(tmp_path / "table1.csv")
    assert list(table.columns) == COLUMNS
    assert list(table["model"]) == [row.title for row in TRAINED.values()]
    assert table["dataset"].str.contains("smoke test.*5,000-digit sample, not comparable").all()
    slow = table["model"].str.contains("sigmoid")  # learn nothing from so few steps
    assert (table["test_error"] < 30).equals(~slow)
    of_rows = dict(zip(TRAINED, table["parameters"], strict=True))
    assert of_rows["lenet5-1998"] == 60_000
    assert of_rows["lenet5-textbook"] == 61_706
    as_json = json.loads((tmp_path / "table1.json").read_text(encoding="utf-8"))
    assert [set(line) for line in as_json] == [set(COLUMNS)] * len(TRAINED)
    assert "not comparable" in (tmp_path / "table1.md").read_text(encoding="utf-8")
    names = {path.name for path in (tmp_path / "runs").glob("*.json")}
    assert names == {f"{name}-mnist-sample-smoke-seed0.json" for name in TRAINED}


def test_results_on_other_data_stay_out_of_those_on_mnist(no_mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert table1.main(["--smoke", "--rows", "lenet5-1998", "--jobs", "1"]) == 0
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["mnist-sample-smoke"]
    assert (tmp_path / "results/mnist-sample-smoke/table1.csv").exists()


@pytest.fixture
def in_a_clone(monkeypatch, tmp_path):
    """A folder with a recorded network, trained on a corner that passes for MNIST."""
    corner = dataclasses.replace(datasets.smoke(datasets.sample()), name="mnist")
    monkeypatch.setattr(datasets, "load", lambda root: corner)
    monkeypatch.chdir(tmp_path)
    assert table1.main(["--rows", "linear", "--out", "results"]) == 0
    return tmp_path / "results"


def test_your_runs_stand_beside_the_recorded_ones_and_change_none(in_a_clone, capsys):
    before = {path: path.read_bytes() for path in in_a_clone.rglob("*.*")}
    capsys.readouterr()
    assert table1.main(["--rows", "linear"]) == 0
    printed = capsys.readouterr().out
    said = record_of(in_a_clone / "yours")
    error = f"{100 * said['test_errors'] / 500:.2f}, seed 0"
    assert re.search(rf"linear classifier +{error} +{error} +1 of 1", printed), printed
    assert {path: path.read_bytes() for path in before} == before


def test_other_weights_than_the_recorded_ones_are_noticed(in_a_clone, capsys):
    path = in_a_clone / "runs/linear-seed0.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace(record_of(in_a_clone)["weights_sha256"], "0" * 64),
        encoding="utf-8",
    )
    assert table1.main(["--rows", "linear", "--seeds", "2"]) == 0
    assert re.search(r"± .*, n = 2 .* 0 of 1", capsys.readouterr().out)


def test_without_recorded_runs_it_is_said_where_they_are(in_a_clone, capsys):
    (in_a_clone / "runs/linear-seed0.json").unlink()
    assert table1.main(["--rows", "linear"]) == 0
    assert "are in the repository" in capsys.readouterr().out


def record_of(results):
    return json.loads((results / "runs/linear-seed0.json").read_text(encoding="utf-8"))


def test_a_folder_that_was_named_is_not_passed_over(tmp_path, capsys):
    assert table1.main(["--smoke", "--data", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().out.replace("\n", "")
    assert not list(tmp_path.iterdir())


def test_recorded_reads_the_records_and_trains_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(datasets, "load", lambda *_: pytest.fail("no data is needed"))
    folder = tmp_path / "runs"
    folder.mkdir()
    for seed, errors in enumerate((90, 100)):
        text = json.dumps(record(TABLE_1[0], errors, seed))
        (folder / f"lenet5-1998-seed{seed}.json").write_text(text, encoding="utf-8")
    (folder / "lenet5-1998-mnist-smoke-seed0.json").write_text(
        json.dumps(record(TABLE_1[0], 999)), encoding="utf-8"
    )
    assert table1.main(["--recorded", "--out", str(tmp_path)]) == 0
    assert "0.950 ± 0.071" in capsys.readouterr().out
    assert table1.main(["--recorded", "--out", str(tmp_path / "nowhere")]) == 1


def test_no_column_is_cut_off_on_a_terminal_of_80(capsys):
    table = pd.read_csv(ROOT / "results" / "table1.csv")
    table1.show(table, Console(width=80))
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[-1] == "seconds"
    ends = [line.split()[-1] for line in lines if "±" in line]
    last = [  # what a GPU has trained has no seconds of a core
        f"{row.parameters:,}" if math.isnan(row.seconds) else f"{row.seconds:.0f}"
        for row in table.itertuples()
    ]
    assert ends == last


@pytest.mark.parametrize("wrong", [["--seeds", "0"], ["--jobs", "0"], ["--rows", "nonsense"]])
def test_senseless_options_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        table1.main(wrong)
    assert "usage" in capsys.readouterr().err
