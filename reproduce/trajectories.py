"""The weights of ten networks after every pass, as a folder for the Hub: how LeNet-5 (1998) learns.

Recorded trainings are done again. NAME-seedK.safetensors has of every parameter one tensor, its first
axis the moments: before the first pass, and after each. Nothing is kept of a training that does not end
with the weights of its record. `python -m reproduce.publish --trajectories FOLDER` sends the folder.

On two cores it takes ten minutes.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from paper_lenet5.files import write_whole
from paper_lenet5.recipe import Recipe
from paper_lenet5.training import Session

from .measures.statistics import by_pass
from .rows import datasets
from .rows.recipes import READINGS
from .rows.row import Record, Row
from .running.record import sha256
from .running.runs import Runs, recorded, weights
from .writing import options

ROWS = {row.name: row for reading in READINGS for row in reading}
CARD = Path(__file__).parent / "writing" / "trajectories.md"


def trajectory(session: Session) -> dict[str, Tensor]:
    """Train the session to its end: every parameter at every moment, (moments, ...)."""
    moments = [copied(session)]
    for _ in session.passes():
        moments.append(copied(session))
    return {name: torch.stack([moment[name] for moment in moments]) for name in moments[0]}


def copied(session: Session) -> dict[str, Tensor]:
    """The parameters as they are now."""
    return {name: p.detach().clone() for name, p in session.model.named_parameters()}


def kept(path: Path, record: Record) -> bool:
    """Whether the file is the whole trajectory of that record's run."""
    try:
        with safe_open(path, "pt") as file:
            return bool(file.metadata().get("weights_sha256") == record["weights_sha256"])
    except (OSError, SafetensorError, AttributeError):
        return False


def described(record: Record) -> dict[str, str]:
    """What the file says of the run: its seed, recipe, digest of the last weights, errors by pass."""
    return {
        "name": record["name"],
        "seed": str(record["seed"]),
        "weights_sha256": record["weights_sha256"],
        "recipe": json.dumps(record["recipe"]),
        "test_error_by_pass": json.dumps(by_pass(record, "test")),
        "training_error_by_pass": json.dumps(by_pass(record, "train")),
    }


def write(row: Row[Recipe], record: Record, data: datasets.Dataset, out: Path) -> bool:
    """Train the run again and write its trajectory; returns whether it ended as its record says."""
    session = row.recipe.session(data.train, data.test, record["seed"])
    tensors = trajectory(session)
    if sha256(weights(session.model)) != record["weights_sha256"]:
        return False
    write_whole(out / f"{record['name']}.safetensors", save(tensors, described(record)))
    return True


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = options.described("trajectories", __doc__)
    option = parser.add_argument
    option("--data", type=Path, help="folder with MNIST (default: downloaded once, and kept)")
    option("--out", type=options.folder, default=Path("build/trajectories"),
           help="the folder to write (default: build/trajectories)")  # fmt: skip
    option("--row", choices=ROWS, default="lenet5-1998", metavar="ROW",
           help=f"one of: {', '.join(ROWS)} (default: lenet5-1998)")  # fmt: skip
    option("--seeds", type=options.positive, default=10, metavar="N",
           help="of seeds 0 ... N - 1 (default 10)")  # fmt: skip
    return parser.parse_args(argv)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write what is not there yet; the exit status is 1 if one ended otherwise than its record says."""
    args, console = arguments(argv), Console(highlight=False, markup=False)
    row, data = ROWS[args.row], datasets.load(args.data)
    records = recorded(row, Runs(options.clone() / "results"), data.name)[: args.seeds]
    write_whole(args.out / "README.md", CARD.read_bytes())
    otherwise = []
    for record in records:
        path = args.out / f"{record['name']}.safetensors"
        if not kept(path, record) and not write(row, record, data, args.out):
            otherwise.append(record["name"])
        else:
            console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    if otherwise or not records:
        which = ", ".join(otherwise) or f"no run of {row.name} on {data.title}"
        console.print(f"Not kept, since no record says so: {which}", style="red")
    return int(bool(otherwise) or not records)


if __name__ == "__main__":
    sys.exit(main())
