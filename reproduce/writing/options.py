"""What the commands have in common: options, and what is said where one cannot go on."""

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Sequence
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypedDict

from rich.console import Console

from paper_lenet5.mnist import DataCorrupt, DataUnavailable
from paper_lenet5.terminal import any_terminal, missing
from paper_lenet5.train_command import whole

from ..running.errors import NoRecords, NotWhole, RunsFailed


class Main(Protocol):
    """A command: the words after its name (those of the process if None) to its exit status."""

    def __call__(self, argv: Sequence[str] | None = None) -> int:
        """Run the command; returns its exit status."""


RESULTS = Path("results")
"""Our records, and what is drawn from them: in a clone."""
YOURS = RESULTS / "yours"
"""What you train and measure, which git ignores."""
ROOT = Path(__file__).parents[2]
"""The clone that this runs from, or where packages are installed."""


class NeedsClone(Exception):
    """What the command works on is in the repository alone."""


def clone() -> Path:
    """The folder of the clone that this runs from. Raises NeedsClone where it is installed."""
    if not (ROOT / "pyproject.toml").is_file():
        raise NeedsClone
    return ROOT


class Filled(argparse.HelpFormatter):
    """Fills every paragraph and item of a list to the terminal, and tears no name at its hyphens."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        def filled(item: str) -> str:
            hanging = f"{indent}   " if re.match(r"\d+\. ", item) else indent
            return textwrap.fill(" ".join(item.split()), width, initial_indent=indent,
                                 subsequent_indent=hanging, break_on_hyphens=False)  # fmt: skip

        paragraphs = text.strip().split("\n\n")
        return "\n\n".join(
            "\n".join(map(filled, re.split(r"\n(?=\d+\. )", one))) for one in paragraphs
        )


def described(prog: str, description: str) -> argparse.ArgumentParser:
    """Build the parser of the command `reproduce.PROG`, whose --help has the description."""
    return argparse.ArgumentParser(
        prog=f"python -m reproduce.{prog}",
        description=description,
        formatter_class=Filled,
    )


def reader(prog: str, description: str) -> argparse.ArgumentParser:
    """Build the parser of a command that reads what is recorded, and no data."""
    made = described(prog, description)
    made.add_argument("--out", type=folder, default=RESULTS,
                      help=f"results folder (default: {RESULTS})")  # fmt: skip
    return made


def parser(
    prog: str, description: str, default: Path | None = YOURS, or_else: str = ""
) -> argparse.ArgumentParser:
    """Build the parser of a command that reads the data and writes to a results folder.

    `or_else` says in which cases the default is another one; where it is None the command sees to it.
    """
    made = described(prog, description)
    made.add_argument(
        "--data", type=Path, help="folder with MNIST (default: downloaded once, and kept)"
    )
    made.add_argument("--out", type=folder, default=default,
                      help=f"results folder (default: {default or YOURS}{or_else})")  # fmt: skip
    return made


def sweep_parser(prog: str, description: str, seeds: int, or_else: str) -> argparse.ArgumentParser:
    """Build the parser of a command that trains networks; `seeds` is the default number for each row."""
    made = parser(prog, description, None, or_else)
    option = made.add_argument
    option("--seeds", type=positive, default=seeds, metavar="N",
           help=f"train seeds 0 ... N - 1 (default {seeds})")  # fmt: skip
    option("--jobs", type=positive, metavar="N", help="runs at a time (default: one per core)")
    option("--missing", action="store_true",
           help="train only what has no record (default: all, or what was interrupted)")  # fmt: skip
    option("--shard", type=part, metavar="I/N", help="the I-th of N equal parts of the runs")
    option("--dask", type=scheduler, metavar="tcp://HOST:PORT",
           help="train on the Dask cluster of this scheduler (docs/many-machines.md)")  # fmt: skip
    return made


class Ways(TypedDict):
    """The runs that are trained, and how: keyword arguments of `running.sweep.sweep`."""

    jobs: int | None
    dask: str | None
    shard: tuple[int, int] | None
    missing: bool


def of_sweep(args: argparse.Namespace) -> Ways:
    """The parsed options that `sweep` takes as keyword arguments."""
    return Ways(jobs=args.jobs, dask=args.dask, shard=args.shard, missing=args.missing)


def given(parser: argparse.ArgumentParser, args: argparse.Namespace) -> set[str]:
    """The options that have another value than by default: another object, for some are tensors.

    One that repeats its default is not seen.
    """
    return {f"--{name}" for name, value in vars(args).items()
            if value is not parser.get_default(name)}  # fmt: skip


def no_records(of: str, where: Path) -> str:
    """What is said of a folder that has none; and where ours are, if it is to have them."""
    ours = where in (RESULTS, RESULTS / "runs")
    hint = " Ours are in the repository: run this in a clone of it." if ours else ""
    return f"No records of {of} under {where}.{hint}"


def in_words(main: Main) -> Main:
    """A command that says what stops it and is not its own fault in a sentence, with exit status 1."""

    @wraps(main)
    def command(argv: Sequence[str] | None = None) -> int:
        any_terminal()
        try:
            return main(argv)
        except KeyboardInterrupt:
            print("Stopped. The same command goes on from there.", flush=True)
            os._exit(130)  # without waiting for the passes that are going on: they are not recorded
        except ModuleNotFoundError as error:
            sentence = missing(error)
        except NeedsClone:
            sentence = ("This works on the pages and records of the repository, which are not installed "
                        "with the package: run it in a clone.")  # fmt: skip
        except (DataUnavailable, DataCorrupt) as error:
            sentence = str(error)
        except RunsFailed as error:
            sentence = f"{error}\nThe same command tries them again; all others are recorded."
        except NoRecords as error:
            sentence = no_records(*error.args)
        except NotWhole as error:
            sentence = f"{error}.\nNothing was overwritten."
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            sentence = (f"{where}{error.strerror or error}.\nWhat is recorded is as it was; the same "
                        "command goes on from there.")  # fmt: skip
        Console().print(sentence, style="red", highlight=False, markup=False, soft_wrap=True)
        sys.stdout.flush()
        return 1

    return command


# --- what an option may be ------------------------------------------------------------------------


def folder(text: str) -> Path:
    """The path of a folder, or of one that can be made."""
    path = Path(text)
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            raise argparse.ArgumentTypeError(f"expected a folder, but {place} is a file")
    return path


def part(text: str) -> tuple[int, int]:
    """The part I of N that I/N names, 1 <= I <= N."""
    if re.fullmatch(r"\d+/\d+", text):
        first, parts = map(int, text.split("/"))
        if 1 <= first <= parts:
            return first, parts
    raise argparse.ArgumentTypeError(f"expected I/N with 1 <= I <= N, got {text}")


def scheduler(text: str) -> str:
    """The address of a Dask scheduler."""
    if not re.fullmatch(r"(tcp|tls|ws|wss)://[^/\s]+:\d+", text):
        raise argparse.ArgumentTypeError(f"expected tcp://HOST:PORT, got {text}")
    if find_spec("distributed") is None:
        raise argparse.ArgumentTypeError('needs the extra cluster: pip install -e ".[cluster]"')
    return text


positive = whole(1)
"""A whole number from 1."""
