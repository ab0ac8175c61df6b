"""One row, one seed: train it, and leave a record that says all that is needed to repeat it.

results/runs/NAME-seedK.json                the record, written the moment the run ends
results/runs/NAME-seedK.safetensors         the weights after the last pass
results/runs/unfinished/                    of commands that are not over:
    NAME-seedK.safetensors                  a run still to be done, as it was after its last pass
    NAME-seedK.finished                     a run that such a command has finished
    NAME-seedK.lock                         held by the command that is at the run, if one lives
    .lock                                   held while a command begins, or writes a table
"""

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from safetensors.torch import save
from torch import nn

from paper_lenet5 import checkpoint
from paper_lenet5.files import clear, write_whole
from paper_lenet5.pretrained import WEIGHTS
from paper_lenet5.training import Training

from ..measures import costs
from ..rows.datasets import Dataset
from ..rows.row import AnyRow, Record
from . import code
from .errors import NotWhole
from .record import about, describe, is_recipe, machine, read_record, sha256, to_json, versions

Progress = Callable[[int, int, Any], None]
"""Called after every pass with its number, the number of passes, and its record."""


def stem(row: AnyRow, dataset: str) -> str:
    """What the names of the row's runs begin with; those on anything but MNIST name their data."""
    return row.name if dataset == "mnist" else f"{row.name}-{dataset}"


class Run(NamedTuple):
    """One network to be trained."""

    row: AnyRow
    dataset: Dataset
    seed: int

    @property
    def name(self) -> str:
        """What the run's files are called."""
        return f"{stem(self.row, self.dataset.name)}-seed{self.seed}"

    @property
    def title(self) -> str:
        """Its row in words, with the data where that is not MNIST."""
        return self.row.title + ("" if self.dataset.name == "mnist" else f", {self.dataset.name}")

    def __str__(self) -> str:
        return f"{self.title}, seed {self.seed}"


Ended = Record | Exception | None
"""What a run has come to: its record, or its error; None if another command is at it, or was."""
Ends = Generator[tuple[Run, Ended], None, None]
"""Runs as they end, each with what it has come to."""


class Runs:
    """The records under one results folder, and what is still to be done there."""

    def __init__(self, out: str | os.PathLike[str]):
        self.folder = Path(out) / "runs"
        self.unfinished = self.folder / "unfinished"

    def record(self, name: str) -> Record:
        """The record of a finished run. Raises NotWhole for a file that is not whole."""
        return read_record(self.folder / f"{name}.json")

    def names(self, pattern: str = "*") -> list[str]:
        """The names, in their order, of the runs on record that are not being trained anew."""
        names = sorted(path.stem for path in self.folder.glob(f"{pattern}.json"))
        return [name for name in names if not self.is_open(name)]

    def check(self) -> None:
        """Read all records. Raises NotWhole for the first that is not whole."""
        for path in sorted(self.folder.glob("*.json")):
            self.record(path.stem)

    def open(self, names: Iterable[str], missing: bool = False) -> list[str]:
        """Mark the named runs that are to be trained now, and return their names.

        If an earlier command with some of them was interrupted, what it left; else all of them,
        from scratch. With `missing`, those that are interrupted or have no record.
        """
        names = list(names)
        with self.alone():
            left = {name for name in names if self.is_open(name)}
            if missing or left or any(self._finished(name).exists() for name in names):
                left |= {name for name in names if not (self.folder / f"{name}.json").exists()}
            else:
                left = set(names)
            for name in left:
                self._checkpoint(name).touch()
        return [name for name in names if name in left]

    def is_open(self, name: str) -> bool:
        """Whether the run is still to be done, or going on."""
        return self._checkpoint(name).exists()

    def close(self, names: Iterable[str]) -> None:
        """End a command: what it has finished is trained anew when it is given again."""
        for name in names:
            self._finished(name).unlink(missing_ok=True)

    def alone(self) -> FileLock:
        """A lock that lets one command at a time change the folder; use it as a context manager."""
        self.unfinished.mkdir(parents=True, exist_ok=True)
        return FileLock(self.unfinished / ".lock", thread_local=False)

    def claim(self, name: str) -> FileLock | None:
        """The lock on a run that is open and that no other command is at; else None.

        Release it when the run has ended. The system does when the process dies.
        """
        lock = FileLock(self.unfinished / f"{name}.lock", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        if self.is_open(name):
            return lock
        self.release(lock)
        return None

    def release(self, lock: FileLock) -> None:
        """Give back the run that `claim` gave the lock of."""
        with suppress(OSError):  # Windows keeps a file that is open
            Path(lock.lock_file).unlink()
        lock.release()

    def finish(self, run: Run, progress: Progress) -> Record:
        """Train the run to its end, from its last whole pass if there is one; returns the record."""
        row, dataset, seed = run
        session = row.session(dataset, seed)
        identity = {
            "name": run.name,
            "model": row.title,
            "dataset": about(dataset),
            "seed": seed,
            "recipe": describe(row.recipe),
            "code": code.digest(row.recipe),
        }
        of_checkpoint = identity | {"device": next(session.model.parameters()).device.type}
        self._resume(session, of_checkpoint)
        for record in session.passes():
            checkpoint.save(self._checkpoint(run.name), session, of_checkpoint)
            progress(record.number, session.length, record)

        content = weights(session.model)
        answers = session.answers(session.test)
        wrong = (answers != session.test.labels).nonzero().flatten().tolist()
        result = identity | {
            "test_errors": len(wrong),
            "train_errors": session.errors(session.train),
            "wrong_answers": {str(index): int(answers[index]) for index in wrong},
            "parameters": costs.parameters(session.model),
            "multiply_adds": costs.multiply_adds(session.model),
            "weights_sha256": sha256(content),
            "passes": [_kept(record, row) for record in map(asdict, session.records)],
            "seconds": sum(record.seconds for record in session.records),
            "versions": versions(),
            "machine": machine(session.model),
            "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        self.store(run.name, to_json(result).encode(), content)
        return result

    def store(self, name: str, record: bytes, weights: bytes) -> None:
        """Keep what a run has come to; it is no longer open."""
        for path in (self.folder / f"{name}.json", self.folder / f"{name}.safetensors"):
            clear(path)
        write_whole(self.folder / f"{name}.safetensors", weights)
        write_whole(self.folder / f"{name}.json", record)
        self._finished(name).touch()
        self._checkpoint(name).unlink(missing_ok=True)

    def checkpoint(self, name: str) -> bytes:
        """The run as it was after its last pass; empty if there was none."""
        return self._checkpoint(name).read_bytes()

    def resume_from(self, name: str, checkpoint: bytes) -> None:
        """Put a checkpoint of another folder here."""
        write_whole(self._checkpoint(name), checkpoint)

    def weights_of(self, record: Record) -> Path | None:
        """The file with exactly the weights of that run: here, or in the package."""
        name = record["name"]
        for path in (
            self.folder / f"{name}.safetensors",
            WEIGHTS / f"{name.removesuffix('-seed0')}.safetensors",
        ):
            if path.exists() and sha256(path.read_bytes()) == record["weights_sha256"]:
                return path
        return None

    def _resume(self, session: Training[Any], of: Record) -> None:
        """Put the session where its checkpoint left it, if that is a checkpoint of the same run.

        What began on a GPU does not go on without one, nor the other way round: their bits are others.
        """
        path = self._checkpoint(of["name"])
        clear(path)
        if not path.exists() or path.stat().st_size == 0:
            return
        try:
            checkpoint.resume(path, session, of)
        except ValueError as error:
            raise NotWhole(str(error)) from error

    def _checkpoint(self, name: str) -> Path:
        return self.unfinished / f"{name}.safetensors"

    def _finished(self, name: str) -> Path:
        return self.unfinished / f"{name}.finished"


def weights(model: nn.Module) -> bytes:
    """The model's weights as a file of safetensors: the same bytes for the same weights."""
    return save({name: t.contiguous().cpu() for name, t in model.state_dict().items()})


def recorded(row: AnyRow, runs: Runs, dataset: str = "mnist") -> list[Record]:
    """All finished runs of the row on that data, in the order of their seeds.

    Only those of the row as it is now: a record of another recipe is not one of its runs.
    """
    records = map(runs.record, runs.names(f"{stem(row, dataset)}-seed*"))
    return sorted(
        (record for record in records if is_recipe(record["recipe"], row.recipe)),
        key=lambda record: record["seed"],
    )


def _kept(of_pass: Record, row: AnyRow) -> Record:
    """What the record of a pass keeps for good."""
    return {
        key: value for key, value in of_pass.items() if row.step_sizes or key != "step_quantiles"
    }
