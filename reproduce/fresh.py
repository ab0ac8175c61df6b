"""Errors of the package's networks on fresh digits: 50,000 that nobody has chosen anything by.

MNIST's 10,000 test digits have been looked at since 1998. These were written for the same tests and were
lost until 2019 (QMNIST; reproduce/rows/fresh.py); torchvision downloads them. Writes fresh.json and
.md.

On two cores it takes a minute.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.markdown import Markdown

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.modern import ModernNet
from paper_lenet5.patterns import Split

from .rows import datasets, fresh
from .running.record import machine, versions
from .writing import options, tables

NETWORKS: dict[str, type[LeNet5] | type[ModernNet]] = {
    "lenet5-1998": LeNet5,
    "lenet5-1998-distortions": LeNet5,
    "lenet5-1998-noise": LeNet5,
    "modern-distortions": ModernNet,
}


@torch.inference_mode()
def errors(network: LeNet5 | ModernNet, test: Split) -> int:
    """How many of the digits it takes for another."""
    scores = torch.cat([network(preprocess(some)) for some in test.images.split(1000)])
    answers = scores.argmin(1) if network.answer == "smallest" else scores.argmax(1)
    return int((answers != test.labels).sum())


def words(results: Path) -> str:
    """The table of what is recorded; nothing where there is no record."""
    path = results / "fresh.json"
    if not path.exists():
        return ""
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    digits = record["digits"]
    lines = [
        {"network, seed 0": name}
        | {
            f"error on {title} ({digits[of]:,}), %": f"{100 * wrong[of] / digits[of]:.2f}"
            for of, title in (("mnist", "MNIST's test digits"), ("qmnist", "fresh digits"))
        }
        for name, wrong in record["errors"].items()
    ]
    return tables.markdown(lines)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the record and its table."""
    args, console = (
        options.parser("fresh", __doc__).parse_args(argv),
        Console(highlight=False, markup=False),
    )
    torch.set_num_threads(1)
    known, (digits, digests) = datasets.load(args.data), fresh.load(args.data)
    sets = {"mnist": known.test, "qmnist": digits}
    record = {
        "digits": {name: len(of.labels) for name, of in sets.items()},
        "sha256": {"mnist": known.sha256, "qmnist": digests},
        "errors": {
            network: {name: errors(kind.from_pretrained(network), of) for name, of in sets.items()}
            for network, kind in NETWORKS.items()
        },
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    tables.write_measured("fresh", __doc__, record, words, args.out)
    console.print(Markdown(words(args.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
