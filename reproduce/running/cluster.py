"""Runs on a Dask cluster: its workers train, this machine writes what they return.

A worker needs this package and nothing else: the data comes from here, once for each worker, those
that join later too. What it returns is a record and weights, some 300 kB; its passes so far are lost
with it. Dask pickles what it sends: use it only with machines that you trust.
"""

import logging
import pickle  # nosec B403
import uuid
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from tempfile import TemporaryDirectory

import torch
from distributed import (
    CancelledError,
    Client,
    Future,
    KilledWorker,
    WorkerPlugin,
    as_completed,
    get_worker,
)
from distributed.comm import CommClosedError
from rich.console import Console

from ..rows.datasets import Dataset
from ..rows.row import Row
from .runs import Run, Runs, run_name

RETRIES = 2
"""Of a run that ends in an error. A worker that dies is another matter: see `over_dask`."""


class Data(WorkerPlugin):
    """What the runs train on, in every worker."""

    name = "paper-lenet5-data"

    def __init__(self, datasets: dict[str, Dataset]):
        self.compressed = zlib.compress(pickle.dumps(datasets), 1)

    def setup(self, worker) -> None:
        """Called by Dask as a worker starts."""
        torch.set_num_threads(1)
        self.datasets = pickle.loads(zlib.decompress(self.compressed))  # nosec B301


def train(row: Row, dataset_name: str, seed: int, checkpoint: bytes) -> tuple[bytes, bytes]:
    """On a worker: the run's record (JSON) and weights (safetensors)."""
    dataset = get_worker().plugins[Data.name].datasets[dataset_name]
    name = run_name(row, dataset, seed)
    with TemporaryDirectory() as folder:
        runs = Runs(folder)
        runs.resume_from(name, checkpoint)
        runs.finish(row, dataset, seed, lambda *_: None)
        return tuple(
            (runs.folder / f"{name}{end}").read_bytes() for end in (".json", ".safetensors")
        )


def over_dask(
    address: str, todo: Sequence[Run], runs: Runs, console: Console
) -> Iterator[tuple[Run, dict | Exception | None]]:
    """Each run with its record as it ends, or with its error; with None if it is another's.

    Dask gives a run up after four workers have died under it, and does not say which of the runs
    that these held was to blame: each is tried again by itself, once all others are done.

    Raises OSError if the scheduler cannot be reached or is lost.
    """
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it is said in words
    with Client(address, timeout=10, set_as_default=False) as client:
        client.register_plugin(Data({run.dataset.name: run.dataset for run in todo}))
        cores = client.nthreads()
        console.print(
            f"{address}: {len(cores)} workers, {sum(cores.values())} threads."
            + ("" if cores else " Waiting for the first to join.")
        )
        suspects = []
        try:
            for run, outcome in _side_by_side(client, todo, runs):
                if isinstance(outcome, KilledWorker):
                    suspects.append(run)
                else:
                    yield run, outcome
            for suspect in suspects:
                for run, outcome in _side_by_side(client, [suspect], runs):
                    died = isinstance(outcome, KilledWorker)
                    yield run, RuntimeError("every worker that tried it died") if died else outcome
        except (CommClosedError, CancelledError) as error:
            raise OSError(f"The scheduler at {address} is lost") from error


def _side_by_side(
    client: Client, todo: Sequence[Run], runs: Runs
) -> Iterator[tuple[Run, dict | Exception | None]]:
    """Keeps two runs for every thread of the cluster under way."""
    waiting, flying, completed = deque(todo), {}, as_completed(loop=client.loop)

    def submit(run: Run, lock) -> None:
        future = client.submit(
            train, run.row, run.dataset.name, run.seed, runs.checkpoint(run.name),
            key=f"{run.name}-{uuid.uuid4().hex}", pure=False, retries=RETRIES,
        )  # fmt: skip
        flying[future] = run, lock
        completed.add(future)

    try:
        while waiting or flying:
            while waiting and len(flying) < 2 * max(1, sum(client.nthreads().values())):
                run = waiting.popleft()
                if (lock := runs.claim(run.name)) is None:
                    yield run, None
                else:
                    submit(run, lock)
            if not flying:
                continue
            future = next(completed)
            run, lock = flying.pop(future)
            outcome = _outcome(client, future)
            if outcome is None:
                submit(run, lock)
                continue
            if not isinstance(outcome, Exception):
                runs.store(run.name, *outcome)
                outcome = runs.record(run.name)
            runs.release(lock)
            yield run, outcome
    finally:
        for _, lock in flying.values():
            runs.release(lock)


def _outcome(client: Client, future: Future) -> tuple[bytes, bytes] | Exception | None:
    """What the run has come to; None if that was lost with a worker before it was here."""
    if future.status == "error":
        return future.exception()
    try:
        return future.result()
    except CancelledError:
        if client.status != "running":
            raise
        return None
