"""The networks on pictures: `paper-lenet5 classify digit.png`, `read line.png`, `train`, `demo`."""

import argparse
import glob
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__, train_command
from .terminal import any_terminal, missing

if TYPE_CHECKING:
    from torch import Tensor

    from .lenet5 import LeNet5
    from .pictures import Seen
    from .pictures.explained import Row


STANDARD_INPUT = Path("-")
PICTURES = "a file, a folder (with those in it), a pattern like *.png, or - for standard input"


def pictures_of(paths: Sequence[Path]) -> Iterator[Path]:
    """The paths, for a folder the pictures in it, and for a pattern what it stands for, by name."""
    from .pictures.files import pictures_in

    for path in paths:
        if path == STANDARD_INPUT:
            yield path
        elif os.path.isdir(path):
            yield from pictures_in(path)
        elif not os.path.lexists(path) and glob.has_magic(str(path)):
            yield from pictures_of([Path(found) for found in sorted(glob.glob(str(path)))])
        else:
            yield path


def answers_to(
    model: "LeNet5", ask: Callable[["LeNet5", "Seen"], dict[str, Any]], paths: Sequence[Path]
) -> Iterator[tuple[dict[str, Any], "Seen | None"]]:
    """For each picture what `ask` says of it, and what was seen in it, or None.

    What it says has file, of a TIFF with several pages also page, from 1, and error for what is no
    picture of anything.
    """
    from .pictures import see
    from .pictures.files import pages

    for path in paths:
        try:
            source = sys.stdin.buffer.read() if path == STANDARD_INPUT else path
            count = pages(source)
        except OSError as error:
            yield {"file": str(path), "error": error.strerror or str(error)}, None
            continue
        for page in range(count):
            about = {"file": str(path)} | ({"page": page + 1} if count > 1 else {})
            seen = None
            try:
                seen = see(source, page=page)
                yield about | ask(model, seen), seen
            except (OSError, ValueError) as error:
                yield about | {"error": getattr(error, "strerror", None) or str(error)}, seen


def classify(units: "Tensor | None", model: "LeNet5", seen: "Seen") -> dict[str, Any]:
    """label, or null for none of these; closest, certainty, posterior, margin, penalties of 0, 1, ...

    A network of other classes than the digits has their names for labels, and names of the penalties.
    The units are what `doubt.units_of` gives for it.
    """
    from .bitmaps import DIGITS
    from .doubt import of_states
    from .pictures import SeveralCharacters, pattern_of
    from .preprocessing import preprocess

    names, of_digits = model.classes, model.classes == tuple(DIGITS)
    try:
        states = model.states(preprocess(pattern_of(seen)[None]))
    except SeveralCharacters as error:
        raise ValueError(f"{error}: use read") if of_digits else error from None
    penalties = model.penalties_of(states).detach().flatten().double()
    (said,) = of_states(model, states, units)
    closest = said.closest if of_digits else said.name
    return {
        "label": None if said.label is None else closest,
        "closest": closest,
        "certainty": said.certainty.value,
        "posterior": float(f"{said.posterior:.3g}"),
        "margin": round(said.margin, 3),
        "penalties": [round(penalty, 3) for penalty in penalties.tolist()],
    } | ({} if of_digits else {"names": list(names)})


def read(of_digits: "LeNet5", model: "LeNet5", seen: "Seen") -> dict[str, Any]:
    """lines, from top to bottom: the digits of each as a text. The first network is for single ones."""
    from .pictures import fields_of
    from .preprocessing import preprocess
    from .reading import read_line

    lines = []
    for field in fields_of(seen):
        both = [network(preprocess(field[None]))[0].detach() for network in (model, of_digits)]
        lines.append(read_line(field, *both).text)
    return {"lines": lines}


def heading(names: Sequence[str]) -> str:
    """What stands above the table, for classes of these names."""
    width = _width(names)
    label = f"{'label':>{width}}  margin "
    if not _are_columns(names):
        return f"{label} picture"
    above = f"{'penalties of':>{width + 22}}"
    return f"{above}\n{label}{' '.join(f'{name:>5}' for name in names)}  picture"


def _width(names: Sequence[str]) -> int:
    """Of the column of labels, each perhaps with a question mark."""
    return max(len("label"), *(len(name) + 1 for name in names))


def _are_columns(names: Sequence[str]) -> bool:
    """Whether a line has room for the penalties of all these classes."""
    return len(names) <= 11 and all(len(name) <= 5 for name in names)


def line(answer: Mapping[str, Any], names: Sequence[str]) -> str:
    """A line of the table, for classes of these names."""
    width = _width(names)
    name = answer["file"] + (f", page {answer['page']}" if "page" in answer else "")
    if "error" in answer:
        return f"{'–':>{width}}  {'–':>6}  {name}: {answer['error']}"
    label = {"sure": "{}", "probable": "{}?", "none": "none"}[answer["certainty"]]
    cells = [f"{label.format(answer['closest']):>{width}}", f"{answer['margin']:6.1f}"]
    if _are_columns(names):
        cells += [f"{penalty:4.0f}" for penalty in answer["penalties"]]
    return "  ".join([*cells, name])


def lines(answer: Mapping[str, Any]) -> str:
    """What was read, and where, a line for each."""
    name = answer["file"] + (f", page {answer['page']}" if "page" in answer else "")
    if "error" in answer:
        return f"–  {name}: {answer['error']}"
    return "\n".join(f"{text or '–'}  {name}" for text in answer["lines"])


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked; its `run` is the command, which takes it and returns the status."""
    parser = argparse.ArgumentParser(prog="paper-lenet5", description=__doc__)
    parser.add_argument("--version", action="version", version=f"paper-lenet5 {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, weights, says, more in (
        ("classify", "lenet5-1998", "which digits are these",
         "Which digit each picture shows: the one with the smallest penalty. Behind one that is only "
         "probable there is a question mark; none is no digit. The margin is how much larger the next "
         "penalty is. Pictures may have any size and colours."),
        ("read", "lenet5-sdnn", "read lines of digits",
         "The digits in each picture, line by line, with some paper between them and around them."),
    ):  # fmt: skip
        command = commands.add_parser(
            name,
            help=says,
            description=f"{more} The exit status is 0 if every picture has an answer, else 1.",
        )
        command.set_defaults(run=answer_all, weights=weights)
        option = command.add_argument
        option("pictures", nargs="+", type=Path, metavar="PICTURE", help=PICTURES)
        option("--json", action="store_true", help="print a list in JSON, nothing else")
        option("--explain", type=Path, metavar="OUT.png",
               help="draw what is seen in each picture, step by step")  # fmt: skip
        option("--weights", metavar="NAME",
               help=f"a network of the package (default: {weights}), a folder, or OWNER/NAME on the "
               "Hugging Face Hub")  # fmt: skip
    train_command.add_to(commands)
    demo = commands.add_parser(
        "demo",
        help="draw digits in the browser",
        description="Serves a page to draw digits on, and shows what each layer makes of them.",
    )
    demo.set_defaults(run=show_demo)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0 if all was done that was asked, 130 after Ctrl-C, else 1."""
    args = arguments(argv)
    any_terminal()
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        status = run(args)
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        print(missing(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever reads, as head does, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def show_demo(_: argparse.Namespace) -> int:
    """Serve the demo until Ctrl+C."""
    from .demo.__main__ import main

    return main()


def answer_all(args: argparse.Namespace) -> int:
    """Answer to every picture, as `classify` or `read`. 0 if each has an answer, else 1."""
    from .doubt import units_of
    from .lenet5 import FOR_DIGITS, FOR_STRINGS, LeNet5
    from .pictures.explained import check_place, row
    from .pictures.files import ENDINGS
    from .threads import one_thread

    reading = args.command == "read"
    try:
        model = LeNet5.from_pretrained(args.weights)
        if reading:
            ask = partial(read, LeNet5.from_pretrained(FOR_DIGITS))
        else:
            ask = partial(classify, units_of(model))
        found = [(str(given), list(pictures_of([given]))) for given in args.pictures]
        if reading and model.config.output != "bitmaps and blank":
            raise ValueError(f"{args.weights} knows no blank between digits: choose {FOR_STRINGS}")
        if args.explain:
            check_place(args.explain)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    paths = [path for _, several in found for path in several]
    without = [given for given, several in found if not several]
    if without:
        print(f"no pictures ({', '.join(ENDINGS)}) in {', '.join(without)}", file=sys.stderr)
    if not paths:
        return 1
    if not args.json and not reading:
        print(heading(model.classes))
    answers, explained = [], []
    with one_thread():
        for answer, seen in answers_to(model, ask, paths):
            answers.append(answer)
            if args.explain:
                explained.append(row(answer.get("error", answer["file"]), seen))
            if not args.json:
                print(lines(answer) if reading else line(answer, model.classes), flush=True)
    if args.json:
        print(json.dumps(answers, indent=1))
    if args.explain and not explain(explained, args.explain):
        return 1
    return int(bool(without) or any("error" in answer for answer in answers))


def explain(rows: "Sequence[Row]", path: Path) -> bool:
    """Save what was seen in each picture. False, and a line on standard error, if that failed."""
    from .pictures.explained import sheet

    try:
        sheet(rows).save(path)
    except (OSError, ValueError) as error:
        print(f"{path}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
