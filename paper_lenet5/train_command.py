"""A network for pictures of one's own, on the command line: `paper-lenet5 train FOLDER --out mine`."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

SHOWN = 5
"""So many of the pictures that are left out are named."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Make `train` one of the commands."""
    command = commands.add_parser(
        "train",
        help="train a network on pictures of your own",
        description="Trains on a folder that has a folder of pictures for each class, named by it: "
        "FOLDER/A/one.png, FOLDER/B/two.png. Pictures may have any size and colours, one character in "
        "each. Ctrl-C ends it after a whole pass, and the same command goes on from there.",
    )
    command.set_defaults(run=run)
    option = command.add_argument
    option("folder", metavar="FOLDER", help="a folder of pictures for each class in it")
    option("--out", type=_folder, required=True, help="the folder that the network is saved to")
    option("--from", dest="start", metavar="NAME",
           help="a network to start from, as --weights of classify (default: a new one); it is shown a "
           "tenth as much, at the small rates of the last passes")  # fmt: skip
    option("--passes", type=whole(1), metavar="N",
           help="how often each is shown (default: 200,000 by the number of pictures, from 20 "
           "to 1,000)")  # fmt: skip
    option("--seed", type=whole(0), default=0, help="of all that is drawn at random (default: 0)")
    option("--held-out", type=_share, default=0.1, metavar="SHARE",
           help="of each class, judged and not trained on (default: 0.1)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train, and say what came of it. 0 if the training is over, 130 if it was stopped, else 1."""
    from .own import train

    try:
        trained = train(
            args.folder, start=args.start, passes=args.passes, seed=args.seed,
            held_out=args.held_out, out=args.out,
        )  # fmt: skip
    except OSError as error:
        print(f"{error.filename}: {error.strerror}" if error.filename else error, file=sys.stderr)
        return 1
    except (ValueError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped, before anything was trained.", file=sys.stderr)
        return 130
    _say_left_out(trained.learned.left_out, trained.learned.empty)
    print(f"Classes: {', '.join(trained.model.classes)}.")
    print(f"{trained}.")
    if len(trained.records) < trained.passes:
        there = "has the network so far" if trained.records else "has nothing yet"
        print(f"{args.out} {there}; the same command goes on from there.")
        return 130
    print(f"{args.out} has the network: paper-lenet5 classify --weights {args.out} PICTURE")
    return 0


def _say_left_out(left_out: Mapping[str, str], empty: Sequence[str]) -> None:
    """Which pictures could not be read, and why, and for which classes there is none."""
    if left_out:
        print(f"Left out, {len(left_out):,} of the pictures:", file=sys.stderr)
    for file, why in list(left_out.items())[:SHOWN]:
        print(f"  {file}: {why}", file=sys.stderr)
    if len(left_out) > SHOWN:
        print("  ...", file=sys.stderr)
    if empty:
        print(f"No picture that could be read: {', '.join(empty)}", file=sys.stderr)


def whole(least: int) -> Callable[[str], int]:
    """Reads a whole number, at least this one."""

    def number(text: str) -> int:
        with suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {text}")

    return number


def _folder(text: str) -> Path:
    """A path, which an empty word is not: it would be the folder that one is in."""
    if text:
        return Path(text)
    raise argparse.ArgumentTypeError("expected a folder, got ''")


def _share(text: str) -> float:
    """A number from 0 to less than 1."""
    with suppress(ValueError):
        if 0 <= float(text) < 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0 to less than 1, got {text}")
