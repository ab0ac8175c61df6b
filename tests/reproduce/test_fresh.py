"""Fresh digits: read from files of QMNIST's form, and silently absent where there are none."""

import gzip
import json
import struct

import pytest
import torch

from paper_lenet5 import LeNet5, mnist, preprocess
from paper_lenet5.patterns import Split
from reproduce import fresh as command
from reproduce.rows import datasets, fresh
from tests.conftest import draw_digits


def idx(array: torch.Tensor, kind: int) -> bytes:
    """An IDX file of unsigned bytes (8) or of integers of 32 bits (12)."""
    content = array.numpy().astype({8: ">u1", 12: ">i4"}[kind]).tobytes()
    return struct.pack(f">4B{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + content


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """QMNIST's test files of 20 digits, of which MNIST has the first 8; labels are in column 0."""
    monkeypatch.setattr(fresh, "TAKEN", 8)
    images, labels = draw_digits(20)
    rows = torch.arange(160).view(20, 8) + 10
    rows[:, 0] = labels
    raw = tmp_path / "QMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, array, kind in (("images-idx3-ubyte", images, 8), ("labels-idx2-int", rows, 12)):
        content = idx(array, kind)
        (raw / f"qmnist-test-{name}").write_bytes(content)
        (raw / f"qmnist-test-{name}.gz").write_bytes(gzip.compress(content))
    return tmp_path


def test_those_that_mnist_has_are_left_out(folder):
    images, labels = draw_digits(20)
    digits, digests = fresh.load(folder)
    assert torch.equal(digits.images, images[8:])
    assert torch.equal(digits.labels, labels[8:])
    assert [len(digest) for digest in digests.values()] == [64, 64]


def test_where_there_are_none_it_is_said_and_nothing_is_downloaded(tmp_path, monkeypatch):
    with pytest.raises(mnist.DataUnavailable, match="No QMNIST in"):
        fresh.load(tmp_path)
    monkeypatch.setenv(mnist.VARIABLE, str(tmp_path))
    with pytest.raises(mnist.DataUnavailable, match="name no folder"):
        fresh.load()


@pytest.mark.parametrize("harm", ["few", "cut off", "labels in a row"])
def test_damaged_files_are_named(folder, harm):
    raw = folder / "QMNIST" / "raw"
    images, labels = (
        raw / f"qmnist-test-{name}" for name in ("images-idx3-ubyte", "labels-idx2-int")
    )
    if harm == "few":
        images.write_bytes(idx(draw_digits(8)[0], 8))
    elif harm == "cut off":
        images.write_bytes(images.read_bytes()[:-10])
    else:
        labels.write_bytes(idx(draw_digits(20)[1], 12))
    with pytest.raises(mnist.DataCorrupt, match="QMNIST"):
        fresh.load(folder)


def test_errors_are_those_of_the_answers(folder):
    (digits, _), network = fresh.load(folder), LeNet5.from_pretrained()
    answers = network.classify(preprocess(digits.images)).tolist()
    wrong = sum(a != b for a, b in zip(answers, digits.labels.tolist(), strict=True))
    assert command.errors(network, digits) == wrong


def test_the_table_fills_itself_once_there_is_a_record(folder, tmp_path, monkeypatch):
    assert command.words(tmp_path) == ""
    test = Split(*draw_digits(50, seed=3))
    known = datasets.Dataset("mnist", "", test, test, {}, comparable=True)
    monkeypatch.setattr(datasets, "load", lambda _: known)
    assert command.main(["--data", str(folder), "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "fresh.json").read_text(encoding="utf-8"))
    assert record["digits"] == {"mnist": 50, "qmnist": 12}
    wrong = record["errors"]["lenet5-1998"]["qmnist"]
    row = next(line for line in command.words(tmp_path).splitlines() if "| lenet5-1998 |" in line)
    assert row.rstrip(" |").endswith(f"{100 * wrong / 12:.2f}")
    assert "fresh digits (12)" in command.words(tmp_path)
