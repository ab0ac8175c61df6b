"""Many runs, as many at a time as there are cores; or a part of them, or on other machines.

On one machine they are threads of one process: the compiled pass and PyTorch release the
interpreter's lock, the data is in memory once, and what a kill costs is in the checkpoints.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, nullcontext
from threading import Event
from typing import Any, TypeVar

import torch
from rich.console import Console

from ..measures.statistics import percent
from ..rows.datasets import Dataset
from ..rows.row import AnyRow
from .errors import NotWhole, RunsFailed
from .progress import Display
from .runs import Ended, Ends, Run, Runs

Rendered = TypeVar("Rendered")
RENDERING = 0.05
"""The part of its time that a sweep may spend on writing tables before it is over."""


def runs_of(rows: Iterable[AnyRow], seeds: int, dataset: Dataset) -> list[Run]:
    """The runs of every row with the seeds 0 ... seeds - 1."""
    return [Run(row, dataset, seed) for row in rows for seed in range(seeds)]


def sweep(
    work: Sequence[Run],
    runs: Runs,
    console: Console,
    render: Callable[[], Rendered | None] = lambda: None,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    shard: tuple[int, int] | None = None,
    missing: bool = False,
) -> Rendered | None:
    """Do all the work, and `render` what is recorded now and then, and at the end; returns that.

    What an interrupted command left is taken up first; with `missing`, only what has no record is
    done. `shard` (I, N) is the I-th of N parts of all the work, done or not. Two commands in one folder
    share the work.
    `jobs` threads (one per core where it is None) work side by side; or the workers of the Dask
    cluster whose scheduler is at the address `dask`.

    Raises RunsFailed, when everything else is done, for runs that end in an error; OSError and
    NotWhole at once. `options.in_words` makes sentences of them.
    """
    runs.check()
    part, parts = shard or (1, 1)
    by_name = dict([(run.name, run) for run in work][part - 1 :: parts])
    left = runs.open(by_name, missing)
    if len(left) < len(by_name):
        done = len(by_name) - len(left)
        why = "" if missing else "Going on with an interrupted command: "
        console.print(f"{why}{done} of {len(by_name)} runs are finished.")
    todo, failed, due = [by_name[name] for name in left], [], 0.0
    with Display(console) as display:
        if dask:
            from .cluster import over_dask  # its library is an extra

            outcomes = over_dask(dask, todo, runs, display)
        else:
            outcomes = in_threads(todo, runs, jobs, display)
        with closing(outcomes):
            for run, outcome in outcomes:
                if isinstance(outcome, Exception):
                    failed.append((run, outcome))
                    display.end(run, f"failed: {outcome}", "red")
                    continue
                if outcome is None:
                    console.print(f"{run}: another command is at it, or has finished it.")
                    continue
                display.end(run, f"{percent(outcome):.2f} % error, {outcome['seconds']:.0f} s")
                if time.monotonic() >= due:
                    started = time.monotonic()
                    alone(runs, render)
                    ended = time.monotonic()
                    due = ended + (ended - started) * (1 / RENDERING - 1)
        rendered = alone(runs, render)
    runs.close(by_name)
    if failed:
        reasons = "".join(f"\n  {run}: {error}" for run, error in failed)
        raise RunsFailed(f"{len(failed)} of {len(by_name)} runs failed:{reasons}")
    return rendered


def in_threads(todo: Sequence[Run], runs: Runs, jobs: int | None, display: Display) -> Ends:
    """Train the runs side by side, and yield each as it ends.

    Stopped by an error, it waits for the passes that are under way: threads in the middle of one
    would abort the interpreter as it ends.
    """
    torch.set_num_threads(1)  # the threads are busy with runs of their own

    def finish(run: Run) -> tuple[Run, Ended]:
        lock = runs.claim(run.name)
        if lock is None:
            return run, None
        first = 0

        def after_pass(number: int, length: int, record: Any) -> None:
            nonlocal first
            first = first or number
            error = 100 * record.test_errors / len(run.dataset.test.labels)
            display.after_pass(run, number, length, error, first)
            if stopped.is_set():
                raise RuntimeError("stopped with the sweep")

        try:
            display.begin(run)
            return run, runs.finish(run, after_pass)
        except (OSError, NotWhole):
            raise
        except Exception as error:
            return run, error
        finally:
            runs.release(lock)

    jobs = min(jobs or os.cpu_count() or 1, max(len(todo), 1))
    pool, stopped = ThreadPoolExecutor(jobs), Event()
    try:
        for future in as_completed([pool.submit(finish, run) for run in todo]):
            yield future.result()
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        stopped.set()
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


def alone(runs: Runs, render: Callable[[], Rendered]) -> Rendered:
    """Render while no other command does: the last to write has seen every record."""
    with runs.alone() if runs.folder.exists() else nullcontext():
        return render()
