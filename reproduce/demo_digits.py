"""Write the demo's test digits, from MNIST and the records: paper_lenet5/demo/digits.png and .json.

One digit of each kind, the first in the test set that the network takes for it without doubt; those
that the network of 1998 missed (Fig. 8); those that any of ours trained with distortions misses.

On two cores it takes seconds.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from paper_lenet5.demo.digits import COLUMNS, DESCRIPTION, SHEET
from paper_lenet5.demo.networks import look
from paper_lenet5.files import write_whole
from paper_lenet5.mnist import load_mnist
from paper_lenet5.preprocessing import PATTERN
from paper_lenet5.verdict import Certainty

from .rows import reported
from .rows.recipes import LENET5_DISTORTIONS
from .rows.row import Record
from .running.runs import Runs, recorded
from .writing import options


def first_of_each(images: Tensor, labels: Sequence[int]) -> list[int]:
    """Index of the first 0 ... 9 that the network takes for it without doubt."""
    return [
        next(
            index
            for index, label in enumerate(labels)
            if label == digit
            and (said := look(images[index]).verdict).closest == digit
            and said.certainty is Certainty.SURE
        )
        for digit in range(10)
    ]


def described(
    records: Sequence[Record], labels: Sequence[int], first: Sequence[int]
) -> list[Record]:
    """A line for each digit, the `first` ones first: its index, its label, and who missed it."""
    missed = {int(index) for record in records for index in record["wrong_answers"]}
    shown = [*first]
    shown += sorted((missed | reported.FIGURE_8.keys()) - set(first))
    (ours,) = (record["wrong_answers"] for record in records if record["seed"] == 0)
    return [
        {
            "index": index,
            "label": labels[index],
            "in_1998": reported.FIGURE_8.get(index),
            "ours": ours.get(str(index)),
            "missed_by": sum(str(index) in record["wrong_answers"] for record in records),
        }
        for index in shown
    ]


def sheet(images: np.ndarray) -> Image.Image:
    """Images (N, 28, 28), ink 255, side by side in rows of COLUMNS, as they are printed: ink 0."""
    rows = -(-len(images) // COLUMNS)
    cells = np.zeros((rows * COLUMNS, PATTERN, PATTERN), np.uint8)
    cells[: len(images)] = images
    grid = cells.reshape(rows, COLUMNS, PATTERN, PATTERN).swapaxes(1, 2)
    return Image.fromarray(255 - grid.reshape(rows * PATTERN, COLUMNS * PATTERN))


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write the picture of the digits and the file that describes them."""
    parser = options.described("demo_digits", __doc__)
    parser.add_argument("--data", help="folder with MNIST (default: as everywhere)")
    parser.add_argument("--results", type=Path, default=Path("results"))
    args = parser.parse_args(argv)
    options.clone()
    images, labels = load_mnist("test", args.data)
    records = recorded(LENET5_DISTORTIONS, Runs(args.results))
    if not any(record["seed"] == 0 for record in records):
        print(
            f"{args.results} has no record of {LENET5_DISTORTIONS.title}, seed 0", file=sys.stderr
        )
        return 1
    answers = labels.tolist()
    lines = described(records, answers, first_of_each(images, answers))
    sheet(images[[line["index"] for line in lines]].numpy()).save(SHEET, optimize=True)
    content = {"networks": len(records), "digits": lines}
    write_whole(DESCRIPTION, json.dumps(content).replace("}, ", "},\n").encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
