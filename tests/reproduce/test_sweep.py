"""Sweeps that are killed, cut short, shared and sent to other machines: reproduce.running.sweep."""

import io
import platform
import random
import re
import resource
from dataclasses import replace
from functools import partial

import pytest
from rich.console import Console

from reproduce import table1
from reproduce.baselines.minibatch import MinibatchRecipe
from reproduce.rows import datasets
from reproduce.rows.recipes import LENET5, TABLE_1
from reproduce.rows.row import Row
from reproduce.running import cluster, progress, sweep
from reproduce.running.errors import RunsFailed
from reproduce.running.progress import Display
from reproduce.running.runs import Run, Runs
from reproduce.running.sweep import runs_of
from tests.doubles import killed
from tests.doubles.loopback import Cluster
from tests.doubles.poison import DataThatKillsOnce, dies
from tools.digests import PROCESSORS, digests

SHORT = Row("short", "short", replace(LENET5.recipe, schedule=(0.0005, 0.0002)))
MLP = next(row for row in TABLE_1 if row.name == "mlp")
BAD = Row("bad", "bad", replace(SHORT.recipe, schedule=(1e9,)))
"""Diverges."""


@pytest.fixture(scope="module")
def corner():
    return datasets.smoke(datasets.sample())


@pytest.fixture
def on_a_corner(monkeypatch, corner):
    monkeypatch.setattr(datasets, "load", lambda root: corner)


def command(out, *options) -> int:
    """Table 1's command; its exit status."""
    try:
        return table1.main(["--rows", "linear", "--jobs", "1", "--out", str(out), *options])
    except SystemExit as stop:
        return stop.code


def names(out) -> set[str]:
    return {path.stem for path in (out / "runs").glob("*.json")}


def test_a_command_that_is_killed_again_and_again_leaves_what_an_undisturbed_one_does(tmp_path):
    counted = killed.kill_again_and_again(tmp_path, 4, random.Random(0))
    assert sum(counted["kills"].values()) == 4
    assert counted["most_lost_by_a_run_in_a_kill"] <= 1
    assert counted["recorded_passes_repeated"] == 0
    assert counted["different_from_undisturbed"] == []


def test_the_bits_do_not_depend_on_the_number_of_jobs(corner, tmp_path):
    work = runs_of([SHORT, *(row for row in TABLE_1 if "linear" in row.name)], 2, corner)
    for jobs in (1, 3):
        sweep.sweep(work, Runs(tmp_path / f"{jobs}"), Console(quiet=True), jobs=jobs)
    assert len(names(tmp_path / "1")) == 6
    assert killed.contents(tmp_path / "1") == killed.contents(tmp_path / "3")


def test_the_compiled_pass_gives_the_same_bits_on_an_older_processor(tmp_path):
    older = PROCESSORS["AVX2 (Haswell, 2013)"]
    if platform.machine() not in ("x86_64", "AMD64"):
        older = {"NUMBA_CPU_NAME": "generic"}
    there = digests(1, ["lenet5-1998"], **older, NUMBA_CACHE_DIR=str(tmp_path))
    assert list(tmp_path.rglob("*.nbc")), "compiled for that processor"
    assert there == digests(1, ["lenet5-1998"])


def test_a_disk_that_is_full_is_said_and_nothing_is_overwritten(on_a_corner, tmp_path, capsys):
    assert command(tmp_path) == 0
    before = killed.contents(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        assert command(tmp_path, "--seeds", "2") == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    printed = capsys.readouterr().out
    assert "File too large" in printed
    assert "What is recorded is as it was" in printed
    assert before.items() <= killed.contents(tmp_path).items()
    assert command(tmp_path, "--seeds", "2") == 0
    assert (
        before["runs/linear-mnist-sample-smoke-seed0.safetensors"]
        == (tmp_path / "runs/linear-mnist-sample-smoke-seed0.safetensors").read_bytes()
    )


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_trained(
    on_a_corner, tmp_path, capsys
):
    (tmp_path / "runs").write_text("not a folder", encoding="utf-8")
    assert command(tmp_path) == 1
    printed = capsys.readouterr().out
    assert "Not a directory" in printed
    assert "pass" not in printed


def test_a_terminal_of_80_columns_has_room_for_seed_pass_error_and_time(corner):
    console = Console(force_terminal=True, width=80, file=io.StringIO(), color_system=None)
    longest = max(TABLE_1, key=lambda row: len(row.title))
    with Display(console) as display:
        display.begin(run := Run(longest, corner, 12))
        display.after_pass(run, 3, 20, 24.6, 1)
        display.live.refresh()
    last = console.file.getvalue().split("\n")[-2]
    assert re.search(r"… seed 12 ━[━╸╺ ]+ 3/20 24.60 % error \d+:\d\d left", last), last


def test_the_time_that_is_left_is_told_without_that_of_compiling(corner, monkeypatch):
    clock = iter([0, 60, 62])  # begun, compiled, first pass
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    console = Console(width=80, file=io.StringIO())
    display, run = Display(console), Run(TABLE_1[0], corner, 0)
    display.begin(run)
    display.compiling("one_by_one")
    display.compiling(None)
    display.after_pass(run, 1, 20, 5, 1)
    assert "0:38 left" in console.file.getvalue()


def test_two_commands_in_one_folder_share_the_work(on_a_corner, tmp_path, capsys):
    runs = Runs(tmp_path)
    mine = "linear-mnist-sample-smoke-seed0"
    runs.open([mine])
    lock = runs.claim(mine)
    assert command(tmp_path, "--seeds", "3") == 0
    assert "mnist-sample-smoke, seed 0: another command is at it" in capsys.readouterr().out
    assert names(tmp_path) == {f"linear-mnist-sample-smoke-seed{seed}" for seed in (1, 2)}
    runs.release(lock)
    assert command(tmp_path, "--seeds", "3") == 0
    assert "2 of 3 runs are finished" in capsys.readouterr().out
    assert mine in names(tmp_path)


def test_a_truncated_record_is_said_and_left_alone(on_a_corner, tmp_path, capsys):
    assert command(tmp_path) == 0
    path = tmp_path / "runs" / "linear-mnist-sample-smoke-seed0.json"
    path.write_bytes(path.read_bytes()[:-100])
    truncated = path.read_bytes()
    capsys.readouterr()
    assert command(tmp_path) == 1
    printed = capsys.readouterr().out
    assert str(path) in printed
    assert "pass" not in printed
    assert path.read_bytes() == truncated


def test_rows_of_one_title_are_told_apart_by_name(corner, tmp_path):
    """One begins before the end of the other is shown."""
    work = runs_of([SHORT, replace(SHORT, name="short-too")], 1, corner)
    sweep.sweep(work, Runs(tmp_path), Console(quiet=True), jobs=1)
    assert names(tmp_path) == {
        f"{name}-mnist-sample-smoke-seed0" for name in ("short", "short-too")
    }


def test_a_run_that_fails_is_named_when_all_others_are_done(corner, tmp_path):
    work = runs_of([BAD, SHORT], 2, corner)
    with pytest.raises(
        RunsFailed, match=r"2 of 4 runs failed(.|\n)*bad, .*seed 1.*no longer finite"
    ):
        sweep.sweep(work, Runs(tmp_path), Console(quiet=True), jobs=2)
    assert names(tmp_path) == {f"short-mnist-sample-smoke-seed{seed}" for seed in (0, 1)}


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_shards_are_parts_of_the_whole(on_a_corner, corner, tmp_path, parts):
    seen = []
    for part in range(1, parts + 1):
        assert command(tmp_path / f"{part}", "--seeds", "3", "--shard", f"{part}/{parts}") == 0
        seen += names(tmp_path / f"{part}")
    assert sorted(seen) == sorted(
        run.name for run in runs_of(TABLE_1, 3, corner) if run.row.name == "linear"
    )


def test_with_missing_a_command_that_is_given_again_does_nothing(on_a_corner, tmp_path, capsys):
    assert command(tmp_path, "--missing") == 0
    before = (tmp_path / "runs/linear-mnist-sample-smoke-seed0.json").read_bytes()
    capsys.readouterr()
    assert command(tmp_path, "--missing") == 0
    assert "1 of 1 runs are finished" in capsys.readouterr().out
    assert (tmp_path / "runs/linear-mnist-sample-smoke-seed0.json").read_bytes() == before


@pytest.mark.parametrize("wrong", ["0/2", "3/2", "2", "a/b"])
def test_senseless_shards_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        table1.main(["--shard", wrong])
    assert "--shard" in capsys.readouterr().err


def test_a_cluster_gives_the_same_bits_and_names_the_run_that_kills_its_workers(corner, tmp_path):
    here, there = Runs(tmp_path / "here"), Runs(tmp_path / "there")
    work = runs_of([SHORT, MLP], 1, corner)
    poison = runs_of([Row("poison", "poison", MinibatchRecipe(dies, passes=1))], 1, corner)
    sweep.sweep(work, here, Console(quiet=True), jobs=1)
    shown = io.StringIO()
    environment = {
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
        "NUMBA_CACHE_DIR": str(tmp_path / "nothing compiled yet"),
    }
    told = r"1 of 3 runs failed:\n  poison, .*seed 0.*worker.*died$"
    with Cluster(1, **environment) as machines:
        machines.wait_for_workers(1)
        with pytest.raises(RunsFailed, match=told):
            sweep.sweep(poison + work, there, Console(file=shown), dask=machines.address)
    assert names(tmp_path / "there") == names(tmp_path / "here")
    of_here, of_there = (killed.contents(tmp_path / place) for place in ("here", "there"))
    assert of_here.items() <= of_there.items()
    said = shown.getvalue()
    for words in ("Sending the data", "runs are with the scheduler", f"{work[0]}   begins at tcp://",
                  "compiles the pass", f"{work[0]}   pass  1/2", f"{work[0]}   pass  2/2",
                  "is lost. It was the last: the runs wait", "has joined."):  # fmt: skip
        assert words in said, said
    assert said.count("compiles the pass") == 1


def test_a_worker_that_dies_of_the_data_ends_nothing(corner, tmp_path, monkeypatch):
    mark, shown, runs = tmp_path / "a worker has died", io.StringIO(), Runs(tmp_path)
    monkeypatch.setattr(cluster, "Data", partial(DataThatKillsOnce, mark=mark))
    with Cluster(1) as machines:
        machines.wait_for_workers(1)
        work = runs_of([MLP], 1, corner)
        sweep.sweep(work, runs, Console(file=shown), dask=machines.address)
    assert mark.exists()
    assert "A worker was lost meanwhile" in shown.getvalue()
    assert names(tmp_path) == {work[0].name}


def test_a_scheduler_that_is_not_there_is_said(on_a_corner, tmp_path, capsys):
    assert command(tmp_path, "--dask", "tcp://127.0.0.1:9") == 1
    assert "127.0.0.1:9" in capsys.readouterr().out
