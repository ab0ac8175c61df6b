"""How often are drawings on the pad read, and how often refused? Digits, and what is none.

Digits in many forms and styles, letters, signs and scribbles are drawn as lines with the pad's own pen
(reproduce/measures/drawings.py). Forms and styles with an even place were there to settle things on, and
to train what doubts (paper_lenet5/doubt.py); the table shows those with an odd one. Writes pad.json and
.md.

On two cores it takes 3 minutes.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.markdown import Markdown

from paper_lenet5 import LeNet5, doubt, preprocess
from paper_lenet5.pictures import read_picture
from paper_lenet5.verdict import LEAST, Certainty, Verdict

from .measures import drawings
from .running.record import machine, versions
from .writing import options, tables

NETWORKS = ("lenet5-1998", "lenet5-1998-distortions")
"""Those of the command line and of the demo."""
KINDS = ("digits", "letters", "signs", "scribbles")
REFUSED = ("refused", "by eq. 9 alone")


def said(drawing: drawings.Drawing, models: Sequence[LeNet5]) -> list[Verdict] | None:
    """What each network says of a drawing; None where no single character is seen in it."""
    try:
        inputs = preprocess(read_picture(drawings.picture(drawing.lines))[None])
    except ValueError:
        return None
    return [doubt.verdicts(model, inputs)[0] for model in models]


def counts(answers: Sequence[tuple[str, Verdict | None]]) -> dict[str, int]:
    """Of drawings of one kind, by their names and what a network says: how many are what.

    closest: the closest digit is right; shown: and it is said, if only as probable; sure: without a
    doubt, right or not; wrong: another digit is said; refused; and refused if eq. 9 were asked alone.
    """
    found = dict.fromkeys(("drawings", "closest", "shown", "sure", "wrong", *REFUSED), 0)
    for name, one in answers:
        refused = one is None or one.certainty is Certainty.NONE
        is_right = one is not None and str(one.closest) == name
        found["drawings"] += 1
        found["closest"] += is_right
        found["shown"] += is_right and not refused
        found["sure"] += one is not None and one.certainty is Certainty.SURE
        found["wrong"] += not is_right and not refused
        found["refused"] += refused
        found["by eq. 9 alone"] += one is None or one.posterior < LEAST
    return found


def measured(half: int) -> Iterator[dict[str, Any]]:
    """A line for each network and kind of drawing."""
    torch.set_num_threads(1)
    models = [LeNet5.from_pretrained(name) for name in NETWORKS]
    drawn = [*drawings.digits(half), *drawings.no_digits(half)]
    answers = [(drawing, said(drawing, models)) for drawing in drawn]
    for place, name in enumerate(NETWORKS):
        for kind in KINDS:
            of_kind = [(d.name, a[place] if a else None) for d, a in answers if d.kind == kind]
            yield {"network": name, "kind": kind, **counts(of_kind)}


def percent(line: dict[str, Any], name: str) -> float:
    """Of the drawings of a line."""
    return float(100 * line[name] / line["drawings"])


def sentence(record: dict[str, Any]) -> str:
    """What the record comes to, of the demo's network."""
    of = {line["kind"]: line for line in record["lines"] if line["network"] == NETWORKS[1]}
    digits = of["digits"]
    refused = ", ".join(f"of {kind} {percent(of[kind], 'refused'):.0f} %" for kind in KINDS[1:])
    right, shown = (f"{percent(digits, kind):.1f} %" for kind in ("closest", "shown"))
    return (
        f"The demo's network gets {right} of {digits['drawings']} drawn digits right, and shows "
        f"{shown}. Refused are {refused}."
    )


def words(results: Path) -> str:
    """The sentence and the table of what is recorded."""
    record = json.loads((results / "pad.json").read_text(encoding="utf-8"))
    lines = []
    for line in record["lines"]:
        is_digits = line["kind"] == "digits"
        shares = {
            "closest right": percent(line, "closest") if is_digits else None,
            "shown right": percent(line, "shown") if is_digits else None,
            "shown wrong": percent(line, "wrong"),
            "refused": percent(line, "refused"),
            "refused by eq. 9 alone": percent(line, "by eq. 9 alone"),
        }
        lines.append(
            {"": line["kind"], "network": line["network"], "drawings": f"{line['drawings']:,}"}
            | {name: "" if share is None else f"{share:.1f}" for name, share in shares.items()}
        )
    lines.sort(key=lambda line: KINDS.index(line[""]))
    return f"{sentence(record)} In %:\n\n{tables.markdown(lines)}"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    parser = options.described("pad", __doc__)
    option = parser.add_argument
    option("--out", type=options.folder, default=options.YOURS, help="results folder")
    option("--half", type=int, choices=(0, 1), default=1,
           help="of the forms and styles: with an even or an odd place (default 1, odd)")  # fmt: skip
    return parser.parse_args(argv)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the record and its table."""
    args, console = arguments(argv), Console(highlight=False, markup=False)
    lines = list(measured(args.half))
    record = {
        "half": args.half, "lines": lines, "machine": machine(), "versions": versions(),
    }  # fmt: skip
    console.print(Markdown(sentence(record)))
    if args.half == 1:
        tables.write_measured("pad", __doc__, record, words, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
