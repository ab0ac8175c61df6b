"""What a run trains on and is tested on: reproduce.rows.datasets, on drawn digits."""

import pytest

from paper_lenet5 import mnist
from paper_lenet5.patterns import Split
from reproduce.rows import datasets
from reproduce.rows.datasets import Dataset
from tests.conftest import draw_digits

DIGITS = draw_digits(80)  # no two alike
SPLITS = {"train": slice(50), "test": slice(50, 80)}


def drawn(split):
    return DIGITS[0][SPLITS[split]], DIGITS[1][SPLITS[split]]


@pytest.fixture
def dataset():
    return Dataset("mnist", "MNIST", Split(*drawn("train")), Split(*drawn("test")), {}, True)


def patterns(split):
    """Each image with its label; a set, as no two are alike."""
    images, labels = split.images.flatten(1).numpy(), split.labels.tolist()
    found = {(hash(image.tobytes()), label) for image, label in zip(images, labels, strict=True)}
    assert len(found) == len(labels)
    return found


@pytest.mark.parametrize(
    ("load", "loader", "name"),
    [(datasets.load, "load_mnist", "mnist"),
     (datasets.fashion, "load_fashion_mnist", "fashion-mnist")],
)  # fmt: skip
def test_the_data_that_are_trained_on_are_the_training_images(load, loader, name, monkeypatch):
    for other in ("load_mnist", "load_fashion_mnist"):
        monkeypatch.setattr(mnist, other, lambda *_: pytest.fail("these are other data"))
    asked = []
    monkeypatch.setattr(mnist, loader, lambda split, root: asked.append(root) or drawn(split))
    loaded = load("a folder")
    assert asked == ["a folder"] * 2
    assert loaded.train.images.equal(drawn("train")[0])
    assert loaded.train.labels.equal(drawn("train")[1])
    assert loaded.test.images.equal(drawn("test")[0])
    assert loaded.test.labels.equal(drawn("test")[1])
    assert (loaded.name, loaded.sha256) == (name, mnist.SHA256[name])
    assert loaded.comparable == (name == "mnist"), "with the paper"


def test_what_is_held_out_are_training_images_that_are_not_trained_on(dataset, monkeypatch):
    monkeypatch.setattr(datasets, "HELD_OUT", 20)
    parted = datasets.held_out(dataset)
    trained_on, held_out = patterns(parted.train), patterns(parted.test)
    assert len(held_out) == 20
    assert not held_out & trained_on
    assert held_out | trained_on == patterns(dataset.train), "all of it, and no test image"
    assert parted.name == datasets.MNIST_HELD_OUT
    assert not parted.comparable


def test_the_same_images_are_held_out_every_time(dataset, monkeypatch):
    monkeypatch.setattr(datasets, "HELD_OUT", 20)
    one, other = (datasets.held_out(dataset).test.images for _ in range(2))
    assert one.equal(other)
    assert not one.equal(dataset.train.images[:20]), "drawn, not the first"


def test_of_too_few_images_none_is_held_out(dataset, monkeypatch):
    monkeypatch.setattr(datasets, "HELD_OUT", 50)
    with pytest.raises(mnist.DataUnavailable, match="Cannot hold out 50 of 50 training images"):
        datasets.held_out(dataset)


@pytest.fixture(scope="module")
def sample():
    return datasets.sample()


def test_the_corner_of_a_smoke_test_has_training_and_test_images_in_their_places(sample):
    corner = datasets.smoke(sample)
    assert (len(corner.train.labels), len(corner.test.labels)) == (1000, 500)
    assert patterns(corner.train) < patterns(sample.train)
    assert patterns(corner.test) < patterns(sample.test)


def test_the_sample_has_4_000_digits_to_train_on_and_1_000_others_to_test_on(sample):
    assert (len(sample.train.labels), len(sample.test.labels)) == (4000, 1000)
    assert sample.test.labels.bincount().tolist() == [100] * 10
    assert not patterns(sample.test) & patterns(sample.train)
