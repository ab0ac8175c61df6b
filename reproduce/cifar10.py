"""CIFAR-10: what the textbook LeNet-5 with three channels makes of the pictures it is meant for.

Needs torchvision, which downloads CIFAR-10. Prints the test error and keeps the records in
results/yours; no table has them, since nobody claims a figure.

On two cores it takes 2 minutes, and a download.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from paper_lenet5.files import cache_folder
from paper_lenet5.mnist import DataUnavailable
from paper_lenet5.patterns import Split

from .measures import statistics
from .rows.datasets import Dataset
from .rows.recipes import CIRCULATING
from .running.runs import Runs, recorded
from .writing.exhibit import Table

(ROW,) = (row for row in CIRCULATING if row.name == "lenet5-textbook-rgb")


@dataclass(frozen=True)
class ColourSplit(Split):
    """Pictures (N, 32, 32, 3) uint8, labels (N,) int64, and the same pictures as the network's input.

    The input is (N, 3, 32, 32) float32 in -1 ... 1. Raises ValueError for other shapes or types, and
    for labels that are not in 0 ... 9.
    """

    def __post_init__(self) -> None:
        pictures, labels = self.images, self.labels
        if pictures.dtype != torch.uint8 or pictures.shape[1:] != (32, 32, 3):
            raise ValueError(
                "expected pictures as uint8 of shape (N, 32, 32, 3), "
                f"got {pictures.dtype} of shape {tuple(pictures.shape)}"
            )
        if len(labels) != len(pictures) or not ((labels >= 0) & (labels < 10)).all():
            raise ValueError("expected a label 0 ... 9 for every picture")
        inputs = pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
        object.__setattr__(self, "inputs", inputs.contiguous())


def load_cifar10(root: Path | None = None) -> Dataset:
    """CIFAR-10 from the folder, or downloaded into the cache.

    Raises DataUnavailable where it can neither be found nor fetched.
    """
    try:
        from torchvision.datasets import CIFAR10

        train, test = (
            CIFAR10(str(root or cache_folder()), train=of_train, download=root is None)
            for of_train in (True, False)
        )
    except (ImportError, RuntimeError, OSError) as error:
        raise DataUnavailable(
            f"CIFAR-10 could not be loaded: {error}\nInstall torchvision, and either let it "
            "download or name the folder that holds cifar-10-batches-py with --data."
        ) from error
    of_train, of_test = (
        ColourSplit(torch.from_numpy(np.asarray(split.data)), torch.tensor(split.targets))
        for split in (train, test)
    )
    sha256 = {"cifar-10-python.tar.gz": "checked by torchvision"}
    return Dataset("cifar-10", "CIFAR-10", of_train, of_test, sha256, comparable=False)


def error_of(runs: Runs, dataset: str, _: Path) -> dict[str, float] | None:
    """The test error over all the records there are, if any. It stands in no file."""
    records = recorded(ROW, runs, dataset)
    return statistics.error_of(records) if records else None


def show(error: dict[str, float], console: Console) -> None:
    """The test error in a sentence."""
    spread = f" ± {error['test_sd']:.2f}" if error["n"] > 1 else ""
    console.print(f"Test error on CIFAR-10: {error['test_error']:.2f}{spread} % (n = {error['n']})")


main = Table(
    "cifar10",
    __doc__,
    rows={ROW.name: ROW},
    seeds=1,
    dataset="cifar-10",
    load=lambda args: load_cifar10(args.data),
    write=error_of,
    show=show,
).main

if __name__ == "__main__":
    sys.exit(main())
