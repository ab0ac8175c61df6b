"""What doubts whether it is a digit at all."""

import copy

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from paper_lenet5 import LeNet5, doubt, preprocess
from paper_lenet5.__main__ import main
from paper_lenet5.config import LeNet5Config
from paper_lenet5.lenet5 import SHIPPED
from paper_lenet5.pictures import read_picture
from paper_lenet5.variants import Variant
from paper_lenet5.verdict import LEAST, Certainty, verdict
from tests.conftest import draw_digits

KNOWN = ("lenet5-1998", "lenet5-1998-distortions")
LETTERS = {
    "A": [[(90, 250), (150, 50), (210, 250)], [(110, 180), (190, 180)]],
    "H": [[(90, 50), (90, 250)], [(210, 50), (210, 250)], [(90, 150), (210, 150)]],
    "M": [[(70, 250), (70, 50), (150, 180), (230, 50), (230, 250)]],
    "X": [[(90, 50), (210, 250)], [(210, 50), (90, 250)]],
}
"""What a closest bitmap alone takes for a 4 or an 8."""


def letter(lines) -> torch.Tensor:
    image = Image.new("L", (300, 300), 255)
    for line in lines:
        ImageDraw.Draw(image).line(line, 0, 24, joint="curve")
    return read_picture(image)


@pytest.mark.parametrize("name", KNOWN)
def test_letters_are_none_of_these_and_digits_are_said(name, mnist_test):
    model = LeNet5.from_pretrained(name)
    for of, lines in LETTERS.items():
        (said,) = doubt.verdicts(model, preprocess(letter(lines)[None]))
        assert said.label is None, of
    images, labels = (of[:1000] for of in mnist_test)
    said = doubt.verdicts(model, preprocess(images))
    right = [one for one, label in zip(said, labels, strict=True) if one.closest == label]
    refused = sum(one.label is None for one in right)
    assert 0 < refused <= 20, "about one in a hundred"
    assert sum(one.certainty is Certainty.SURE for one in right) > 0.93 * len(right)


def test_a_doubt_is_the_sum_of_what_the_unit_of_the_closest_digit_sees():
    model = LeNet5.from_pretrained()
    states = model.states(preprocess(draw_digits(3)[0]))
    units = doubt.units_of(model)
    closest = torch.tensor([4, 0, 9])
    for n, against in enumerate(doubt.doubts(units, states, closest).tolist()):
        seen = [*states["s4"][n].flatten().tolist(), *states["c5"][n].flatten().tolist(), 1]
        unit = units[closest[n]].tolist()
        assert against == pytest.approx(float(np.dot(unit, seen)), abs=1e-4)


@pytest.mark.parametrize(
    ("least", "against", "certainty"),
    [(0, 0.01, "none"), (0, -0.01, "probable"), (0, -0.99, "probable"), (0, -1.01, "sure"),
     (12, -1.01, "probable"), (25.7, -1.01, "probable"), (25.9, -1.01, "none"), (20.8, None, "probable"),
     (21, None, "none"), (0, None, "sure")],
)  # fmt: skip
def test_a_verdict_goes_by_eq_9_and_by_doubt_where_there_is_one(least, against, certainty):
    penalties = torch.full((10,), 90.0)
    penalties[7] = least
    said = verdict(penalties, against)
    assert (said.closest, said.certainty.value) == (7, certainty)
    assert (said.posterior < LEAST) == (least >= 21)


@pytest.mark.parametrize("name", KNOWN)
def test_the_units_belong_to_the_weights_wherever_these_come_from(name, tmp_path):
    model = LeNet5.from_pretrained(name)
    units = doubt.units_of(model)
    assert units.shape == (10, 16 * 25 + 120 + 1)
    model.save_pretrained(tmp_path)
    assert torch.equal(doubt.units_of(LeNet5.from_pretrained(tmp_path)), units)
    others = [LeNet5.from_pretrained(other) for other in SHIPPED if other != name]
    assert not any(torch.equal(units, of) for of in map(doubt.units_of, others) if of is not None)


def test_a_network_that_was_trained_further_goes_by_eq_9_alone():
    model = copy.deepcopy(LeNet5.from_pretrained())
    with torch.no_grad():
        model.c1.bias[0] += 1e-3
    assert doubt.units_of(model) is None
    x = preprocess(draw_digits(4)[0])
    assert doubt.verdicts(model, x) == [verdict(of) for of in model(x)]


def test_letters_of_ones_own_and_a_blank_have_no_doubt():
    for model in (LeNet5(classes="AB"), LeNet5.from_pretrained("lenet5-sdnn")):
        x = preprocess(draw_digits(2)[0])
        assert doubt.verdicts(model, x) == [verdict(of, classes=model.classes) for of in model(x)]


def test_a_wide_field_is_no_single_input():
    model = LeNet5.from_pretrained()
    model.states = None  # which is not asked
    with pytest.raises(ValueError, match="expected inputs of 32x32"):
        doubt.verdicts(model, torch.zeros(1, 1, 32, 40) - 0.1)


def test_what_is_no_tensor_is_refused_as_by_the_network():
    with pytest.raises(ValueError, match=r"expected input as a torch.Tensor, got str"):
        doubt.verdicts(LeNet5(), "digit.png")


def test_weighted_sums_stand_for_penalties_in_a_verdict():
    model = Variant(LeNet5Config(output="linear"))
    x = preprocess(draw_digits(4)[0])
    assert doubt.verdicts(model, x) == [verdict(of) for of in model(x)]


def test_the_weights_are_looked_at_once_for_all_pictures(tmp_path, monkeypatch):
    asked, units_of = [], doubt.units_of
    monkeypatch.setattr(doubt, "units_of", lambda model: asked.append(model) or units_of(model))
    for number, image in enumerate(draw_digits(3)[0]):
        Image.fromarray(255 - image.numpy()).save(tmp_path / f"{number}.png")
    assert main(["classify", str(tmp_path)]) == 0
    assert len(asked) == 1


@pytest.mark.parametrize("name", [None, "lenet5-sdnn"])
def test_a_verdict_names_the_class(name):
    model = LeNet5(classes="ABC") if name is None else LeNet5.from_pretrained(name)
    closest, some = len(model.classes) - 1, model.classes[-1]
    states = {"f6": model.rbf.centers[[closest]]}
    (said,) = doubt.of_states(model, states, None)
    assert (said.closest, said.name, said.label) == (closest, some, some)
    (said,) = doubt.of_states(model, {"f6": torch.full((1, 84), 5.0)}, None)
    assert said.label is None
    assert said.name == model.classes[said.closest]


def test_a_verdict_takes_a_name_for_each_class():
    with pytest.raises(ValueError, match="a name for each of 11 classes"):
        verdict(torch.arange(11.0))
