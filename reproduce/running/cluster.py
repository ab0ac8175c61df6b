"""Runs on a Dask cluster: its workers train, this machine writes what they return.

A worker needs this package and nothing else: the data comes from here, once for each worker, those
that join later too. What it returns is a record and weights, some 300 kB; its passes so far are lost
with it. Dask pickles what it sends: use it only with machines that you trust.
"""

import logging
import pickle  # nosec B403
import time
import uuid
import zlib
from collections import deque
from collections.abc import Iterable, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import torch
from distributed import (
    CancelledError,
    Client,
    Future,
    KilledWorker,
    Worker,
    WorkerPlugin,
    as_completed,
    get_worker,
)
from distributed.comm.core import CommClosedError
from filelock import FileLock

from paper_lenet5.compiled import on_compiling

from ..rows.datasets import Dataset
from ..rows.row import AnyRow
from .progress import Display
from .runs import Ends, Run, Runs

RETRIES = 2
"""How often a run that ends in an error is tried again. For workers that die see `over_dask`."""
REGISTRATIONS = 5
"""How often the data is sent to the workers, if one of them dies meanwhile each time."""
Files = tuple[bytes, bytes]
"""A run's record (JSON) and weights (safetensors), as they lie on disk."""


class Data(WorkerPlugin):
    """What the runs train on, in every worker."""

    name = "paper-lenet5-data"
    datasets: dict[str, Dataset]

    def __init__(self, datasets: dict[str, Dataset]):
        self.compressed = zlib.compress(pickle.dumps(datasets), 1)

    def setup(self, worker: Worker) -> None:
        """Unpack the data. Dask calls this as a worker starts."""
        torch.set_num_threads(1)
        self.datasets = pickle.loads(zlib.decompress(self.compressed))  # nosec B301


def train_on_worker(
    row: AnyRow, dataset_name: str, seed: int, checkpoint: bytes, topic: str
) -> Files:
    """Train the run on the worker that calls this.

    What goes on meanwhile is told under the topic, as `News.hear` takes it.
    """
    worker = get_worker()
    data: Any = worker.plugins[Data.name]
    dataset: Dataset = data.datasets[dataset_name]
    run, first = Run(row, dataset, seed), 0

    def tell(what: str, *numbers: float) -> None:
        worker.log_event(topic, [what, run.name, worker.address, *numbers])

    def after_pass(number: int, length: int, record: Any) -> None:
        nonlocal first
        first = first or number
        error = 100 * record.test_errors / len(dataset.test.labels)
        tell("pass", number, length, error, first)

    tell("begins")
    with (
        TemporaryDirectory() as folder,
        on_compiling(lambda function: tell("compiles") if function else None),
    ):
        runs = Runs(folder)
        runs.resume_from(run.name, checkpoint)
        runs.finish(run, after_pass)
        record, weights = (runs.folder / f"{run.name}{end}" for end in (".json", ".safetensors"))
        return record.read_bytes(), weights.read_bytes()


class News:
    """What the workers say of the runs that are under way, shown as it comes in."""

    def __init__(self, display: Display, workers: Iterable[str]):
        self.topic = f"paper-lenet5-{uuid.uuid4().hex}"
        self.display = display
        self.workers = set(workers)
        self.under_way: dict[str, Run] = {}
        self.compiling: set[str] = set()

    def hear(self, event: tuple[float, list[Any]]) -> None:
        """Show a worker's words: what happens, to which run, on which worker; numbers of a pass."""
        what, name, worker, *numbers = event[1]
        run = self.under_way.get(name)
        if what == "compiles":
            if worker not in self.compiling:
                self.compiling.add(worker)
                self.display.say(f"{worker} compiles the pass for its processor, once ...")
        elif run is not None and what == "begins":
            self.display.say(f"{run}   begins at {worker}")
            self.display.begin(run)
        elif run is not None and name in self.display.tasks:
            self.display.after_pass(run, *numbers)

    def hear_of_workers(self, event: tuple[float, dict[str, Any]]) -> None:
        """Show that a worker joins, or is lost; while there is none, the runs wait."""
        match event[1]:
            case {"action": "add-worker", "worker": worker}:
                self.workers.add(worker)
                self.display.say(f"{worker} has joined.")
            case {"action": "remove-worker", "worker": worker}:
                self.workers.discard(worker)
                wait = "" if self.workers else " It was the last: the runs wait for one to join."
                self.display.say(f"{worker} is lost.{wait}")


def over_dask(address: str, todo: Sequence[Run], runs: Runs, display: Display) -> Ends:
    """Train the runs on the cluster of the scheduler at this address, and yield each as it ends.

    Dask gives a run up after four workers have died under it, and does not say which of the runs
    that these held was to blame: each is tried again by itself, once all others are done.

    Raises OSError if the scheduler cannot be reached or is lost.
    """
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it is said in words
    with Client(address, timeout=10, set_as_default=False) as client:
        try:
            cores = client.nthreads()
            news = News(display, cores)
            client.subscribe_topic(news.topic, news.hear)
            client.subscribe_topic("all", news.hear_of_workers)
            display.say(
                f"{address}: {len(cores)} workers, {sum(cores.values())} threads."
                + ("" if cores else " Waiting for the first to join.")
            )
            _register(client, Data({run.dataset.name: run.dataset for run in todo}), display)
            suspects = []
            for run, outcome in _side_by_side(client, todo, runs, news):
                if isinstance(outcome, KilledWorker):
                    suspects.append(run)
                else:
                    yield run, outcome
            for suspect in suspects:
                for run, outcome in _side_by_side(client, [suspect], runs, news):
                    died = isinstance(outcome, KilledWorker)
                    yield run, RuntimeError("every worker that tried it died") if died else outcome
        except (CommClosedError, CancelledError) as error:
            raise OSError(f"The scheduler at {address} is lost") from error


def _register(client: Client, data: Data, display: Display) -> None:
    """Send the data to every worker. One that dies meanwhile is no reason to give up."""
    display.say(f"Sending the data to each, {len(data.compressed) / 1e6:.1f} MB.")
    for left in reversed(range(REGISTRATIONS)):
        try:
            client.register_plugin(data)
            return
        except OSError as error:
            if not left or client.status != "running":
                raise
            display.say(f"A worker was lost meanwhile ({error}): once more.")
            time.sleep(1)


def _side_by_side(client: Client, todo: Sequence[Run], runs: Runs, news: News) -> Ends:
    """Keeps two runs for every thread of the cluster under way."""
    waiting, completed, sent = deque(todo), as_completed(loop=client.loop), 0
    flying: dict[Future[Files], tuple[Run, FileLock]] = {}

    def submit(run: Run, lock: FileLock) -> None:
        future = client.submit(
            train_on_worker, run.row, run.dataset.name, run.seed, runs.checkpoint(run.name), news.topic,
            key=f"{run.name}-{uuid.uuid4().hex}", pure=False, retries=RETRIES,
        )  # fmt: skip
        flying[future] = run, lock
        news.under_way[run.name] = run
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
            if len(flying) > sent:
                sent = len(flying)
                news.display.say(f"{sent} runs are with the scheduler, {len(waiting)} wait here.")
            future = next(completed)
            run, lock = flying.pop(future)
            outcome = _outcome(client, future)
            if outcome is None:
                submit(run, lock)
                continue
            if not isinstance(outcome, Exception):
                runs.store(run.name, *outcome)
            runs.release(lock)
            del news.under_way[run.name]
            yield run, outcome if isinstance(outcome, Exception) else runs.record(run.name)
    finally:
        for _, lock in flying.values():
            runs.release(lock)


def _outcome(client: Client, future: Future[Files]) -> Files | Exception | None:
    """What the run has come to; None if that was lost with a worker before it was here."""
    if future.status == "error":
        error: Exception = future.exception()
        return error
    try:
        files: Files = future.result()
        return files
    except CancelledError:
        if client.status != "running":
            raise
        return None
