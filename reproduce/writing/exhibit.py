"""A table or a figure as one value: its command, how it is made, and what pages say of it.

The file of each has it under the name `EXHIBIT`, where `reproduce.__main__` finds it.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import pandas as pd
from matplotlib import figure
from rich.console import Console
from rich.markdown import Markdown

from ..rows.datasets import Dataset
from ..rows.row import AnyRow, Rated
from ..running.runs import Run, Runs
from ..running.sweep import alone, runs_of, sweep
from . import beside, drawing, options

Drawn = tuple[figure.Figure, pd.DataFrame | None]
"""A picture and, if they are to be its .csv, its numbers."""


@dataclass(frozen=True)
class Exhibit:
    """What tables and figures have in common."""

    name: str
    """What its command, its files and its block on a page are called."""
    about: str
    """The docstring of its file: what --help says."""
    _: KW_ONLY
    sentence: Callable[[pd.DataFrame], str] | None = None
    """What pages say of it, from the numbers in its .csv."""
    words: Callable[[Path], str] | None = None
    """What pages say of it, from the folder of its files, where that needs more than these numbers."""
    options: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """The options that no other exhibit has, with the arguments of `add_argument`."""
    FOLDER: ClassVar[str] = ""
    """Where in a results folder its files are."""
    RECORDED: ClassVar[Sequence[str]] = ()
    """The options with which its command makes it from the records alone."""
    DATA: ClassVar[bool] = True
    """Whether its command takes --data."""

    def main(self, argv: Sequence[str] | None = None) -> int:
        """Run its command; the exit status is 1 if there is nothing to show, or something stops it."""
        return options.in_words(self._main)(argv)

    def _main(self, argv: Sequence[str] | None = None) -> int:
        raise NotImplementedError

    def _parsed(
        self, parser: argparse.ArgumentParser, argv: Sequence[str] | None
    ) -> tuple[argparse.Namespace, Console]:
        for option, how in self.options.items():
            parser.add_argument(option, **how)
        return parser.parse_args(argv), Console(highlight=False, markup=False)

    def block(self, results: Path) -> str:
        """What pages say of it, from its files. Raises ValueError if they say nothing."""
        if self.words:
            return self.words(results / self.FOLDER)
        if self.sentence:
            return self.sentence(pd.read_csv(results / self.FOLDER / f"{self.name}.csv"))
        raise ValueError(f"{self.name} has nothing to say on a page")


@dataclass(frozen=True)
class Figure(Exhibit):
    """A figure, drawn from what is recorded; with --train what has no record is trained first.

    That, and what an option of its own makes, goes to results/yours.
    """

    _: KW_ONLY
    picture: Callable[[argparse.Namespace, Console], Drawn | None]
    """Draws it, and shows its numbers beside the paper's. Where there is nothing to draw it says how
    to get it, and returns None."""
    seeds: int | None = 10
    """How many networks of each row --train trains where --seeds does not say; None: there are none."""
    FOLDER: ClassVar[str] = "figures"

    def _main(self, argv: Sequence[str] | None = None) -> int:
        ways = [*self.options] if self.seeds is None else ["--train", *self.options]
        without = f"; {options.RESULTS} without {' or '.join(ways)}"
        if not ways:
            parser = options.parser(self.name, self.about, options.RESULTS)
        elif self.seeds is None:
            parser = options.parser(self.name, self.about, None, without)
        else:
            parser = options.sweep_parser(self.name, self.about, self.seeds, without)
            parser.add_argument("--train", action="store_true",
                                help="first train the networks that have no record")  # fmt: skip
        args, console = self._parsed(parser, argv)
        given = options.given(parser, args) - {"--out", "--data"}
        new = not given.isdisjoint(ways)
        if given and not new:
            parser.error(f"{', '.join(sorted(given))}: only with {' or '.join(ways)}")
        args.out = args.out or (options.YOURS if new else options.RESULTS)
        drawn = self.picture(args, console)
        if drawn is None:
            return 1
        picture, numbers = drawn
        drawing.save(picture, args.out / self.FOLDER / self.name, numbers)
        if self.sentence and numbers is not None:
            console.print(Markdown(self.sentence(numbers)))
        return 0


Trainable = TypeVar("Trainable", bound=AnyRow | Rated)
"""What the rows of a table are."""
Written = TypeVar("Written")
"""What a table is shown from."""


def _every_row(rows: Sequence[Any], args: argparse.Namespace, dataset: Dataset) -> list[Run]:
    return runs_of(rows, args.seeds, dataset)


@dataclass(frozen=True)
class Table(Exhibit, Generic[Trainable, Written]):
    """A table, whose rows are trained; it is written anew from all the records after every run."""

    _: KW_ONLY
    rows: Mapping[str, Trainable]
    """What is trained, by the names that --rows takes."""
    seeds: int
    """How many networks of each row are trained where --seeds does not say."""
    dataset: str = "mnist"
    """The data that it is of. What is trained on other data goes to a folder of that data's name."""
    load: Callable[[argparse.Namespace], Dataset]
    """Loads that data, or other data where the options say so."""
    work: Callable[[Sequence[Trainable], argparse.Namespace, Dataset], list[Run]] = _every_row
    """All runs of the rows that are chosen."""
    write: Callable[[Runs, str, Path], Written | None]
    """Writes its files from all the records on the data of that name to a folder. Returns what `show`
    takes, or None where there is no record."""
    show: Callable[[Written, Console], None]
    """Shows what matters on a terminal of 80 columns."""
    RECORDED: ClassVar[Sequence[str]] = ("--recorded",)

    def _main(self, argv: Sequence[str] | None = None) -> int:
        parser = options.sweep_parser(
            self.name, self.about, self.seeds,
            or_else=f"; {options.RESULTS} with --recorded; {options.RESULTS}/NAME for other data",
        )  # fmt: skip
        parser.add_argument("--rows", nargs="+", choices=self.rows, default=list(self.rows),
                            metavar="ROW", help=f"some of: {', '.join(self.rows)}")  # fmt: skip
        parser.add_argument("--recorded", action="store_true",
                            help="train nothing: make it from all the records there are")  # fmt: skip
        args, console = self._parsed(parser, argv)
        given = options.given(parser, args) - {"--out", "--data", "--recorded"}
        if args.recorded and given:
            parser.error(f"{', '.join(sorted(given))}: not with --recorded, which trains nothing")
        dataset = None if args.recorded else self.load(args)
        name = dataset.name if dataset else self.dataset
        of_this_data = options.YOURS if dataset else options.RESULTS
        out = args.out or (of_this_data if name == self.dataset else options.RESULTS / name)
        runs = Runs(out)
        write = partial(self.write, runs, name, out)
        if dataset:
            console.print(f"Training on: {dataset.title}.")
            work = self.work([self.rows[row] for row in args.rows], args, dataset)
            written = sweep(work, runs, console, write, **options.of_sweep(args))
        else:
            written = alone(runs, write)
        if written is None:
            console.print(options.no_records(self.name, runs.folder), soft_wrap=True)
            return int(args.recorded)  # an empty shard and --rates make no line, and no error
        self.show(written, console)
        if dataset and name != self.dataset:
            console.print(f"These numbers are of other data: {dataset.title}.")
        console.print(f"Made of all the records in {runs.folder}.", soft_wrap=True)
        if dataset and out == options.YOURS:
            beside.show([self.rows[row] for row in args.rows], runs, name, console)
        return 0


@dataclass(frozen=True)
class Text(Exhibit):
    """Words alone, made of what is recorded: they have a place on a page, and no files."""

    DATA: ClassVar[bool] = False

    def _main(self, argv: Sequence[str] | None = None) -> int:
        args, console = self._parsed(options.reader(self.name, self.about), argv)
        console.print(Markdown(self.block(args.out)))
        return 0
