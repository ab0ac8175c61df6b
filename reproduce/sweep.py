"""Many runs, as many at a time as there are cores, all in one process: the data is in memory once."""

import os
from collections.abc import Iterator, Sequence

import torch
from joblib import Parallel, delayed
from rich.console import Console

from paper_lenet5.compiled import is_compiled

from .datasets import Dataset
from .progress import Display
from .recipes import Row
from .runs import Runs, run_name
from .tables import percent


def sweep(
    rows: Sequence[Row],
    seeds: int,
    dataset: Dataset,
    runs: Runs,
    jobs: int | None,
    console: Console,
) -> Iterator[dict]:
    """Do every row with the seeds 0 ... seeds - 1, and yield each record as its run ends.

    What an interrupted command left is taken up first; `jobs` threads (one per core where it is
    None) work side by side, the interpreter's lock released.
    """
    torch.set_num_threads(1)  # the threads are busy with runs of their own
    if not is_compiled():
        console.print("Compiling the pass for this processor, once: a moment ...")
    names = {run_name(row, dataset, seed): (row, seed) for row in rows for seed in range(seeds)}
    left = runs.open(names)
    if len(left) < len(names):
        console.print(
            f"Going on with an interrupted command: {len(names) - len(left)} of {len(names)} runs "
            "are finished."
        )
    with Display(console) as display:

        def finish(row: Row, seed: int) -> dict:
            run = f"{row.title}, seed {seed}"
            first = 0

            def after_pass(number: int, length: int, record) -> None:
                nonlocal first
                first = first or number
                error = 100 * record.test_errors / len(dataset.test.labels)
                display.after_pass(run, number, length, error, first)

            display.begin(run)
            record = runs.finish(row, dataset, seed, after_pass)
            display.end(run, f"{percent(record):.2f} % error, {record['seconds']:.0f} s")
            return record

        jobs = min(jobs or os.cpu_count() or 1, max(len(left), 1))
        parallel = Parallel(jobs, backend="threading", return_as="generator_unordered")
        yield from parallel(delayed(finish)(*names[name]) for name in left)
