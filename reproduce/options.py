"""The command line: the options that several commands have in common."""

import argparse
from pathlib import Path

RESULTS = Path("results")


def parser(
    prog: str, description: str, out: Path | None = RESULTS, or_else: str = ""
) -> argparse.ArgumentParser:
    """Of a command that reads the data and writes to the results folder.

    `or_else` says what the default is instead where it is not always `results`; `out` is then None.
    """
    made = argparse.ArgumentParser(
        prog=f"python -m reproduce.{prog}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--data", type=Path, help="folder with the IDX files (default: see README)")
    made.add_argument("--out", type=folder, default=out,
                      help=f"results folder (default: results{or_else})")  # fmt: skip
    return made


def sweep_parser(prog: str, description: str, seeds: int, **out) -> argparse.ArgumentParser:
    """Of a command that trains many networks, too: `seeds` of each, where nothing is said."""
    made = parser(prog, description, **out)
    option = made.add_argument
    option("--seeds", type=positive, default=seeds,
           help=f"train seeds 0 ... N - 1 (default {seeds})")  # fmt: skip
    option("--jobs", type=positive, help="runs at a time (default: one per core)")
    option("--missing", action="store_true",
           help="train only what has no record (default: all, or what was interrupted)")  # fmt: skip
    option("--shard", type=part, metavar="I/N", help="the I-th of N equal parts of the runs")
    option("--dask", metavar="tcp://HOST:PORT",
           help="train on the Dask cluster of this scheduler (docs/many-machines.md)")  # fmt: skip
    return made


def of_sweep(args: argparse.Namespace) -> dict[str, object]:
    """Of the options, those that say where and which runs are trained: arguments of `sweep`."""
    return {name: getattr(args, name) for name in ("jobs", "dask", "shard", "missing")}


# --- what an option may be ------------------------------------------------------------------------


def folder(text: str) -> Path:
    """A folder, or none yet."""
    path = Path(text)
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            raise argparse.ArgumentTypeError(f"expected a folder, but {place} is a file")
    return path


def part(text: str) -> tuple[int, int]:
    """I/N with 1 <= I <= N."""
    first, parts = map(int, text.split("/"))
    if not 1 <= first <= parts:
        raise argparse.ArgumentTypeError(f"expected I/N with 1 <= I <= N, got {text}")
    return first, parts


def positive(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {value}")
    return value
