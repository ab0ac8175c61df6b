"""Fresh digits: the 50,000 of NIST's test digits that MNIST left out, as QMNIST has them.

Yadav and Bottou (2019) made MNIST anew from NIST's files, by what the paper says of it, and found the
test digits that had been lost.
"""

import hashlib
import os
from pathlib import Path

from paper_lenet5 import mnist
from paper_lenet5.files import cache_folder
from paper_lenet5.patterns import Split

TAKEN = 10_000
"""The first of QMNIST's test digits: those that MNIST tests on."""


def load(root: str | os.PathLike[str] | None = None) -> tuple[Split, dict[str, str]]:
    """The digits, and the SHA-256 of the two files by their names.

    torchvision downloads them to the user's cache; where `root` or the environment names a folder, its
    `QMNIST/raw` has them, unpacked. Raises DataUnavailable, and DataCorrupt for files of another form.
    """
    from torchvision.datasets import QMNIST

    named = root if root is not None else os.environ.get(mnist.VARIABLE) or None
    folder = cache_folder() if named is None else Path(named).expanduser()
    try:
        stored = QMNIST(str(folder), what="test", download=named is None)
    except (RuntimeError, OSError) as error:
        raise mnist.DataUnavailable(
            f"No QMNIST in {folder}/QMNIST/raw ({error}). To have it downloaded, name no folder and be "
            "online."
        ) from error
    except (AssertionError, IndexError, KeyError, TypeError, ValueError) as error:
        raise mnist.DataCorrupt(f"QMNIST in {folder}/QMNIST/raw is damaged: {error}") from error
    images, labels = stored.data[TAKEN:], stored.targets[TAKEN:, 0].long()
    if images.shape != (len(labels), 28, 28) or not len(labels):
        raise mnist.DataCorrupt(
            f"QMNIST in {folder}/QMNIST/raw has not more than {TAKEN:,} test digits of 28x28, each with "
            f"a label: {tuple(stored.data.shape)}, {tuple(stored.targets.shape)}"
        )
    files = [Path(file) for file in (stored.images_file, stored.labels_file)]
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return Split(images.contiguous(), labels.contiguous()), digests
