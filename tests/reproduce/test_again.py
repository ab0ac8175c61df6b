"""Networks that are trained again: which records can be, and what is said of the outcome."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from reproduce import again
from reproduce.rows import datasets
from reproduce.rows.recipes import CONTROLS, LENET5
from reproduce.running.runs import Runs
from reproduce.running.sweep import runs_of, sweep
from reproduce.writing import options
from tests import ROOT

CORNER = replace(datasets.smoke(datasets.sample()), name="mnist", title="MNIST")
LINEAR = CONTROLS[1]


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Two rows on record in the current folder, on a corner of the data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(again.DATASETS, "mnist", lambda root: CORNER)
    runs = Runs(options.RESULTS)
    sweep(runs_of([LENET5, LINEAR], 1, CORNER), runs, Console(quiet=True), jobs=1)
    return runs


def altered(runs, name, **changes):
    """Change the record on disk."""
    path = runs.folder / f"{name}.json"
    path.write_text(json.dumps(runs.record(name) | changes), encoding="utf-8")


def test_every_record_can_be_made_again(monkeypatch):
    for name in again.DATASETS:
        named = replace(CORNER, name=name)
        monkeypatch.setitem(again.DATASETS, name, lambda root, named=named: named)
    runs = Runs(ROOT / "results")
    found = again.runs_on_record(["*"], runs, None)
    assert [run.name for run in found] == sorted(path.stem for path in runs.folder.glob("*.json"))


def test_the_same_weights_and_others_are_told_apart(recorded, capsys):
    altered(recorded, "linear-seed0", weights_sha256="0" * 64, test_errors=0, code=None)
    old = {path: path.read_bytes() for path in recorded.folder.glob("*.json")}
    assert again.main(["lenet5-1998-seed0", "linear-*", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "lenet5-1998-seed0: the same weights" in said
    assert "linear-seed0: other weights" in said
    assert "where 0.00 % is on record" in said
    assert {path: path.read_bytes() for path in old} == old, "what is on record stays as it is"
    page = (options.YOURS / "again.md").read_text(encoding="utf-8")
    assert "By the compiled pass 1 of 1 came to the same weights" in page
    assert "By PyTorch 0 of 1 came to the same weights" in page
    assert "| linear classifier | PyTorch | 1 | 0 | 0 | 1 | 0.000 |" in page, (
        "its answers are the same"
    )


def test_other_processors_and_unnamed_code_are_counted(recorded):
    record = recorded.record("lenet5-1998-seed0")
    other = record | {"machine": {**record["machine"], "processor": "another"}}
    unnamed = {key: value for key, value in record.items() if key != "code"}
    lost = unnamed | {"weights_sha256": "0" * 64}
    table = again.table_of([(record, record), (other, record), (unnamed, record), (lost, record)])
    said = again.sentence(table)
    assert "4 networks" in said
    assert "3 of 4 came to the same weights, on another processor 1 of 1." in said
    assert "2 were recorded before records named their code: 1 of them" in said


@pytest.mark.parametrize("name", ["nonsense", "lenet5-1998-seed7*"])
def test_a_name_without_a_record_is_refused(recorded, name, capsys):
    with pytest.raises(SystemExit) as ended:
        again.main([name])
    assert ended.value.code == 2
    assert f"no record in results/runs is called {name}" in capsys.readouterr().err


def test_a_record_of_another_recipe_is_refused(recorded, capsys):
    altered(recorded, "linear-seed0", recipe=recorded.record("lenet5-1998-seed0")["recipe"])
    with pytest.raises(SystemExit):
        again.main(["linear-seed0"])
    assert "linear-seed0 is no run of a row as it is now" in capsys.readouterr().err


def test_where_there_are_no_records_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert again.main([]) == 1
    assert "No records of networks under results/runs" in capsys.readouterr().out


def test_a_run_that_another_command_is_at_is_left_to_it(recorded, capsys):
    other = Runs(options.YOURS / "again")
    other.open(["linear-seed0"])
    lock = other.claim("linear-seed0")
    try:
        assert again.main(["linear-seed0"]) == 0
    finally:
        other.release(lock)
    assert "another command is at it" in capsys.readouterr().out
