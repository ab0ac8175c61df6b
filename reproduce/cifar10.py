"""CIFAR-10: what the textbook LeNet-5 with three channels makes of the pictures it is meant for.

Needs torchvision, which downloads CIFAR-10. Prints the test error and keeps the records in
results/runs; no table has them, since nobody claims a figure.

On two cores it takes 2 minutes, and a download.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from paper_lenet5.mnist import DataUnavailable, cache_folder

from .measures import statistics
from .rows.datasets import Dataset
from .rows.recipes import CIRCULATING
from .running.runs import Runs, recorded
from .writing.exhibit import Table

(ROW,) = (row for row in CIRCULATING if row.name == "lenet5-textbook-rgb")


@dataclass(frozen=True)
class ColourSplit:
    """Pictures as the network's input, (N, 3, 32, 32) float32 in -1 ... 1, and labels (N,) int64."""

    inputs: Tensor
    labels: Tensor


def colour_split(pictures: np.ndarray, labels: Sequence[int]) -> ColourSplit:
    """uint8 (N, 32, 32, 3), as torchvision keeps CIFAR-10, to a split. Raises ValueError."""
    if pictures.dtype != np.uint8 or pictures.shape[1:] != (32, 32, 3):
        raise ValueError(
            "expected pictures as uint8 of shape (N, 32, 32, 3), "
            f"got {pictures.dtype} of shape {pictures.shape}"
        )
    if len(labels) != len(pictures) or not all(0 <= label < 10 for label in labels):
        raise ValueError("expected a label 0 ... 9 for every picture")
    inputs = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    return ColourSplit(inputs.contiguous(), torch.tensor(labels))


def load(root: Path | None = None) -> Dataset:
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
    return Dataset(
        "cifar-10", "CIFAR-10",
        *(colour_split(np.asarray(split.data), split.targets) for split in (train, test)),
        {"cifar-10-python.tar.gz": "checked by torchvision"}, comparable=False,
    )  # fmt: skip


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
    load=lambda args: load(args.data),
    write=error_of,
    show=show,
).main

if __name__ == "__main__":
    sys.exit(main())
