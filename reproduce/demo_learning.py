"""Write how LeNet-5 (1998) learned, for the demo to show as a film: paper_lenet5/demo/learning.json.

A recorded training is done again, and looked at before it begins, at some moments of its first pass,
when most is learned, and after each pass: the errors on the test set, C1's kernels, and F6's states
for one digit of each kind. Nothing is written unless it ends with the weights of the record.

On two cores it takes two minutes.
"""

import base64
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from paper_lenet5 import preprocess
from paper_lenet5.demo.digits import examples
from paper_lenet5.demo.learning import LEARNING
from paper_lenet5.files import write_whole
from paper_lenet5.losses import Loss
from paper_lenet5.mnist import load_mnist
from paper_lenet5.patterns import Split
from paper_lenet5.training import Engine, Session

from .rows.recipes import LENET5
from .rows.row import Record
from .running.record import sha256
from .running.runs import Runs, recorded, weights
from .writing import options

SEED = 0
MOMENTS = (100, 300, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000)
"""After so many patterns of the first pass it is looked at."""


class Stopping:
    """The engine, but that its first pass is broken off after so many patterns each, for a look."""

    def __init__(self, engine: Engine, moments: Sequence[int], look: Callable[[int], None]):
        self.engine, self.left, self.look = engine, list(moments), look
        self.diagonal_curvature, self.penalties = engine.diagonal_curvature, engine.penalties

    def train_one_pass(
        self, model: Any, optimizer: Any, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
        batch: int = 1,
    ) -> int:  # fmt: skip
        """Pass through the patterns in this order, and count those that were misclassified."""
        ends = [moment for moment in self.left if moment < len(order)]
        self.left.clear()
        errors = 0
        for start, end in zip([0, *ends], [*ends, len(order)], strict=True):
            some = order[start:end]
            errors += self.engine.train_one_pass(
                model, optimizer, loss, images, labels, some, batch
            )
            if end in ends:
                self.look(end)
        return errors


class Film:
    """What is seen of a network in training, moment by moment."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.inputs = preprocess(examples())
        self.moments: list[Record] = []
        self.kernels: list[Tensor] = []
        """Of C1, (6, 1, 5, 5) each."""
        self.f6: list[Tensor] = []
        """Of one digit of each kind, (10, 84) each."""

    def look(self, number: int, patterns: int) -> None:
        """See it in pass `number`, after so many patterns of that pass."""
        model, session = self.session.model, self.session
        errors = session.errors(session.test)
        self.moments.append({"pass": number, "patterns": patterns, "test_errors": errors})
        with torch.inference_mode():
            self.f6.append(model.states(self.inputs)["f6"].flatten(1))  # type: ignore[operator]
            self.kernels.append(model.get_parameter("c1.weight").clone())

    def described(self, record: Record) -> Record:
        """All of it, and of which run it is."""
        about = {name: record[name] for name in ("name", "seed", "weights_sha256")}
        seen = {"kernels": coded(torch.stack(self.kernels)), "f6": coded(torch.stack(self.f6))}
        return about | {"moments": self.moments} | seen


def coded(numbers: Tensor) -> Record:
    """The numbers as int8, moment by moment, in base64, and what their unit is."""
    unit = float(numbers.abs().max()) / 127
    whole = (numbers / unit).round().char()
    return {"unit": unit, "values": base64.b64encode(whole.numpy().tobytes()).decode()}


def filmed(session: Session) -> Film:
    """The film of a session that is trained to its end."""
    film = Film(session)
    film.look(1, 0)
    session.engine = Stopping(session.engine, MOMENTS, lambda patterns: film.look(1, patterns))
    for of_pass in session.passes():
        film.look(of_pass.number, of_pass.patterns)
    return film


def same(session: Session, record: Record) -> bool:
    """Whether the session has the weights of the record."""
    return bool(sha256(weights(session.model)) == record["weights_sha256"])


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train it again and write the film."""
    parser = options.described("demo_learning", __doc__)
    parser.add_argument("--data", help="folder with MNIST (default: as everywhere)")
    parser.add_argument("--results", type=Path, default=Path("results"))
    args = parser.parse_args(argv)
    options.clone()
    record = next((r for r in recorded(LENET5, Runs(args.results)) if r["seed"] == SEED), None)
    if record is None:
        print(f"{args.results} has no record of {LENET5.title}, seed {SEED}", file=sys.stderr)
        return 1
    train, test = (Split(*load_mnist(split, args.data)) for split in ("train", "test"))
    session = LENET5.recipe.session(train, test, SEED)
    film = filmed(session)
    if not same(session, record):
        print("The training ended with other weights than the record's.", file=sys.stderr)
        return 1
    described = json.dumps(film.described(record)).replace("}, ", "},\n")
    write_whole(LEARNING, described.encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
