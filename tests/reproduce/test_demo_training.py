"""The digits to be trained on in the browser are MNIST's training images, and none else."""

import numpy as np
from PIL import Image

from paper_lenet5.demo import training
from paper_lenet5.recipe import Recipe
from reproduce import demo_training
from tests.conftest import load_or_skip


def test_the_sheet_holds_training_images_in_three_levels_of_grey():
    images, labels = load_or_skip("train")
    described = training.described()
    first, last = demo_training.LEARNED, demo_training.UNSEEN
    expected = [*labels[:first].tolist(), *labels[-last:].tolist()]
    assert [int(label) for label in described["labels"]] == expected
    assert described["learned"] == first
    sheet = 255 - np.asarray(Image.open(training.DIGITS).convert("L"))
    assert len(np.unique(sheet)) == demo_training.LEVELS
    for place, index in ((0, 0), (first - 1, first - 1), (first, len(labels) - last)):
        row, column = divmod(place, training.COLUMNS)
        cut = sheet[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        assert np.abs(cut.astype(int) - images[index].numpy()).max() <= 64


def test_its_numbers_are_the_printed_recipes():
    numbers = training.described()["recipe"]
    assert numbers["schedule"] == Recipe().schedule
    assert (numbers["mu"], numbers["j"], numbers["curvaturePatterns"]) == (0.02, 10.0, 500)
