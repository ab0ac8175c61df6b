"""The table of inputs: what is recorded is what the usual transforms come to."""

import json
from functools import partial

import pytest

from paper_lenet5 import LeNet5
from reproduce import inputs
from tests import ROOT

RECORD = json.loads((ROOT / "results" / "inputs.json").read_text(encoding="utf-8"))
RECORDED = {(line["input"], line["transforms"]): line for line in RECORD["inputs"]}


def test_every_way_is_recorded():
    assert list(RECORDED) == [(way.made, way.through) for way in inputs.WAYS]
    assert (
        (ROOT / "results" / "inputs.md")
        .read_text(encoding="utf-8")
        .endswith(inputs.words(ROOT / "results"))
    )


@pytest.fixture(scope="module")
def thousand(mnist_test):
    return tuple(of[:1000] for of in mnist_test)


@pytest.mark.parametrize("way", inputs.WAYS, ids=lambda way: way.made)
def test_what_is_said_is_what_is_recorded_and_what_is_taken_is_taken_rightly(way, thousand):
    model = LeNet5.from_pretrained()
    images, labels = thousand
    line, recorded = inputs.tried(model, way, images, labels), RECORDED[way.made, way.through]
    assert line.get("said") == recorded.get("said")
    assert line.keys() == recorded.keys()
    if "error" in line and "Resize" not in way.made:
        right = inputs.errors(model.classify, inputs.OURS(images), labels)
        assert line["error"] == right
        assert recorded["error"] == 1.02
    if "all the same" in line:
        assert line["all the same"] > 2, "it is refused for a reason"


@pytest.mark.parametrize("name", inputs.ANSWERS)
def test_the_ways_to_an_answer_err_as_recorded(name, thousand):
    images, labels = thousand
    model = LeNet5.from_pretrained()
    error = inputs.errors(partial(inputs.ANSWERS[name], model), inputs.OURS(images), labels)
    assert error == pytest.approx(RECORD["answers"][name], abs=1.5)
