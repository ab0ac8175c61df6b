"""A table or a figure as one value: its command, how it is made, and what pages say of it.

The file of each has it under the name `EXHIBIT`; `reproduce.everything` finds them there.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import figure
from rich.console import Console

from ..rows.datasets import Dataset
from ..running.runs import Run, Runs
from ..running.sweep import alone, runs_of, sweep
from . import drawing, options

Drawn = tuple[figure.Figure, pd.DataFrame | None]
"""A picture and, if they are to be its .csv, its numbers."""


def _every_row(rows: Sequence, args: argparse.Namespace, dataset: Dataset) -> list[Run]:
    return runs_of(rows, args.seeds, dataset)


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """What tables and figures have in common."""

    name: str
    """What its command, its files and its block on a page are called."""
    about: str
    """The docstring of its file: what --help says."""
    sentence: Callable[[pd.DataFrame], str] | None = None
    """What pages say of it, from the numbers in its .csv."""
    words: Callable[[Path], str] | None = None
    """The same from the folder of its files, for one that needs more than these numbers."""
    options: Callable[[argparse.ArgumentParser], object] = lambda parser: None
    """Adds the options that no other exhibit has."""

    def folder(self, results: Path) -> Path:
        """The folder of its files within a results folder."""
        return results

    def block(self, results: Path) -> str:
        """What pages say of it, from its files. Raises ValueError if that is nothing."""
        folder = self.folder(results)
        if self.words:
            return self.words(folder)
        if self.sentence:
            return self.sentence(pd.read_csv(folder / f"{self.name}.csv"))
        raise ValueError(f"{self.name} has nothing to say on a page")

    def main(self, argv: Sequence[str] | None = None) -> int:
        """Its command: the exit status is 1 if there is nothing to show, or something stops it."""
        return options.in_words(self._main)(argv)

    def _main(self, argv: Sequence[str] | None) -> int:
        args = self.parser().parse_args(argv)
        return self.make(args, Console(highlight=False, markup=False))

    def again(self, shared: Sequence[str]) -> int:
        """Make it from the records alone; `shared` are options that all have, --out and --data."""
        return self.main(shared)

    def parser(self) -> argparse.ArgumentParser:
        """The parser of its command's options."""
        raise NotImplementedError

    def make(self, args: argparse.Namespace, console: Console) -> int:
        """Make and show it as the options say; returns the exit status."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Figure(Exhibit):
    """A figure, drawn from what is recorded; with --train what has no record is trained first."""

    picture: Callable[[argparse.Namespace, Console], Drawn | None]
    """Draws it, and shows its numbers beside the paper's. Where there is nothing to draw it says how
    to get it, and returns None."""
    seeds: int | None = 10
    """How many networks of each row --train trains where --seeds does not say; None: there are none."""

    def folder(self, results: Path) -> Path:
        """The folder of its files within a results folder."""
        return results / "figures"

    def parser(self) -> argparse.ArgumentParser:
        """The parser of its command's options."""
        if self.seeds is None:
            made = options.parser(self.name, self.about)
        else:
            made = options.sweep_parser(self.name, self.about, self.seeds)
            made.add_argument(
                "--train", action="store_true", help="first train the networks that have no record"
            )
        self.options(made)
        return made

    def make(self, args: argparse.Namespace, console: Console) -> int:
        """Draw and write it, and say its sentence; returns the exit status."""
        made = self.picture(args, console)
        if made is None:
            return 1
        picture, numbers = made
        drawing.save(picture, self.folder(args.out) / self.name, numbers)
        if self.sentence:
            console.print(self.sentence(numbers), soft_wrap=True)
        return 0


@dataclass(frozen=True, kw_only=True)
class Table(Exhibit):
    """A table, whose rows are trained; it is written anew from all the records after every run."""

    rows: Mapping[str, Any]
    """What is trained, by the names that --rows takes."""
    seeds: int
    """How many networks of each row are trained where --seeds does not say."""
    dataset: str = "mnist"
    """The data that it is of. What is trained on other data goes to a folder of that data's name."""
    load: Callable[[argparse.Namespace], Dataset]
    """Loads that data, or other data where the options say so."""
    work: Callable[[Sequence, argparse.Namespace, Dataset], list[Run]] = _every_row
    """All runs of the rows that are chosen."""
    write: Callable[[Runs, Path, str], Any]
    """Writes its files to a folder from all the records on the data of that name. Returns what `show`
    takes, or None where there is no record."""
    show: Callable[[Any, Console], object]
    """Shows what matters on a terminal of 80 columns."""

    def again(self, shared: Sequence[str]) -> int:
        """Make it from the records alone; `shared` are options that all have, --out and --data."""
        return self.main([*shared, "--recorded"])

    def parser(self) -> argparse.ArgumentParser:
        """The parser of its command's options."""
        made = options.sweep_parser(
            self.name, self.about, self.seeds, or_else="; results/NAME for other data"
        )
        option = made.add_argument
        option("--rows", nargs="+", choices=self.rows, default=list(self.rows), metavar="ROW",
               help=f"some of: {', '.join(self.rows)}")  # fmt: skip
        option("--recorded", action="store_true",
               help="train nothing: make the table from all the records there are")  # fmt: skip
        self.options(made)
        return made

    def make(self, args: argparse.Namespace, console: Console) -> int:
        """Train, write and show it; returns the exit status."""
        dataset = None if args.recorded else self.load(args)
        name = dataset.name if dataset else self.dataset
        out = args.out or options.RESULTS / ("" if name == self.dataset else name)
        runs = Runs(out)
        write = partial(self.write, runs, out, name)
        if dataset:
            console.print(f"Training on: {dataset.title}.")
            work = self.work([self.rows[row] for row in args.rows], args, dataset)
            sweep(work, runs, console, write, **options.of_sweep(args))
        written = alone(runs, write)
        if written is None:
            console.print(f"No records of {self.name} under {runs.folder}.")
            return 1
        self.show(written, console)
        if name != self.dataset:
            console.print(f"These numbers are of a {dataset.title}.")
        console.print(f"Made of all the records in {runs.folder}.", soft_wrap=True)
        return 0
