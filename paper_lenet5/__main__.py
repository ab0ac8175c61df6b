"""The trained network on pictures: `python -m paper_lenet5 classify picture.png`."""

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .lenet5 import LeNet5

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm",
           ".pbm")  # fmt: skip
"""What is taken for a picture in a folder."""


def pictures_of(paths: Sequence[Path]) -> Iterator[Path]:
    """The paths, and in place of each folder the pictures in it, by name."""
    for path in paths:
        if os.path.isdir(path):
            yield from sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS)
        else:
            yield path


def classify(model: "LeNet5", path: Path) -> dict[str, Any]:
    """file, label, margin (second smallest penalty less the smallest), penalties of 0, 1, ...

    Or file and error, for what is no picture of anything.
    """
    from .pictures import read_picture
    from .preprocessing import preprocess

    try:
        pattern = read_picture(path)
    except (OSError, ValueError) as error:
        return {"file": str(path), "error": getattr(error, "strerror", None) or str(error)}
    penalties = model(preprocess(pattern[None]))[0].detach().double()
    first, second = penalties.sort().values[:2].tolist()
    return {
        "file": str(path),
        "label": int(penalties.argmin()),
        "margin": round(second - first, 3),
        "penalties": [round(penalty, 3) for penalty in penalties.tolist()],
    }


def heading(classes: int) -> str:
    """What stands above the table; after the ten digits there may be the blank (section VII)."""
    names = "  ".join(f"{name:>4}" for name in [*range(10), "none"][:classes])
    return f"{'penalties of':>27}\nlabel  margin  {names}  picture"


def line(answer: Mapping[str, Any]) -> str:
    """A line of the table."""
    if "error" in answer:
        return f"    –       –  {answer['file']}: {answer['error']}"
    penalties = "  ".join(f"{penalty:4.0f}" for penalty in answer["penalties"])
    return f"{answer['label']:5}  {answer['margin']:6.1f}  {penalties}  {answer['file']}"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m paper_lenet5", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "classify",
        help="which digits are these",
        description="Which digit each picture shows: the one with the smallest penalty. A large margin "
        "to the second smallest is a safe answer. Pictures may have any size and colours.",
    )
    option = command.add_argument
    option("pictures", nargs="+", type=Path, metavar="PICTURE", help="a file, or a folder of them")
    option("--json", action="store_true", help="print a list in JSON, nothing else")
    option("--weights", metavar="NAME",
           help="a network of the package (default: lenet5-1998), a folder, or OWNER/NAME on the "
           "Hugging Face Hub")  # fmt: skip
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """0 if every picture has an answer, else 1."""
    args = arguments(argv)

    import torch

    from .lenet5 import LeNet5

    try:
        model = LeNet5.from_pretrained(args.weights)
        paths = list(pictures_of(args.pictures))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    if not paths:
        print(f"no pictures ({', '.join(ENDINGS)}) in {', '.join(map(str, args.pictures))}",
              file=sys.stderr)  # fmt: skip
        return 1
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    if not args.json:
        print(heading(model(torch.zeros(1, 1, 32, 32)).shape[1]))
    answers = []
    for path in paths:
        answers.append(classify(model, path))
        if not args.json:
            print(line(answers[-1]), flush=True)
    if args.json:
        print(json.dumps(answers, indent=1, ensure_ascii=False))
    return int(any("error" in answer for answer in answers))


if __name__ == "__main__":
    sys.exit(main())
