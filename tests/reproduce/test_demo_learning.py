"""The film of a training: it is the training that was recorded, and the look at it changes nothing."""

import base64
import json

import numpy as np
import pytest
import torch

from paper_lenet5 import LeNet5, eager, preprocess
from paper_lenet5.demo.digits import examples
from paper_lenet5.demo.learning import LEARNING
from paper_lenet5.patterns import Split
from paper_lenet5.recipe import Recipe
from paper_lenet5.training import Session
from reproduce import demo_learning
from reproduce.rows import datasets
from reproduce.rows.recipes import LENET5
from reproduce.running.runs import Runs, recorded
from tests import ROOT


def decoded(coded: dict, moments: int) -> np.ndarray:
    numbers = np.frombuffer(base64.b64decode(coded["values"]), np.int8)
    return coded["unit"] * numbers.reshape(moments, -1)


@pytest.fixture(scope="module")
def film():
    return json.loads(LEARNING.read_text(encoding="utf-8"))


def test_the_film_is_of_the_recorded_training(film):
    record = recorded(LENET5, Runs(ROOT / "results"))[demo_learning.SEED]
    assert (film["name"], film["weights_sha256"]) == (record["name"], record["weights_sha256"])
    whole = [moment for moment in film["moments"] if moment["patterns"] == 60_000]
    of_record = [(of_pass["number"], of_pass["test_errors"]) for of_pass in record["passes"]]
    assert [(moment["pass"], moment["test_errors"]) for moment in whole] == of_record
    first = [moment["patterns"] for moment in film["moments"] if moment["pass"] == 1]
    assert first == [0, *demo_learning.MOMENTS, 60_000]


def test_it_ends_with_the_states_and_kernels_of_the_network_in_the_package(film):
    network = LeNet5.from_pretrained("lenet5-1998")
    with torch.inference_mode():
        f6 = network.states(preprocess(examples()))["f6"].flatten()
    moments = len(film["moments"])
    ends = decoded(film["f6"], moments)[-1]
    near = 0.51 * film["f6"]["unit"]
    np.testing.assert_allclose(ends, f6.numpy(), rtol=0, atol=near)
    kernels = decoded(film["kernels"], moments)[-1]
    near = 0.51 * film["kernels"]["unit"]
    np.testing.assert_allclose(kernels, network.c1.weight.detach().flatten(), rtol=0, atol=near)


@pytest.fixture
def few():
    data = datasets.sample()
    return Split(data.train.images[::20], data.train.labels[::20]), data.test.first(50)


def test_a_look_changes_nothing(few, monkeypatch):
    monkeypatch.setattr(demo_learning, "MOMENTS", (1, 70, 199))
    recipe = Recipe(schedule=(0.0005, 0.0002), curvature_patterns=20)
    plain, watched = (Session(recipe, 3, *few, eager) for _ in range(2))
    records = list(plain.passes())
    film = demo_learning.filmed(watched)
    for name, p in plain.model.named_parameters():
        assert torch.equal(p, watched.model.get_parameter(name)), name
    assert [record.errors_during for record in watched.records] == [
        record.errors_during for record in records
    ]
    seen = [(m["pass"], m["patterns"]) for m in film.moments]
    assert seen == [(1, 0), (1, 1), (1, 70), (1, 199), (1, 200), (2, 200)]
    assert len({m["test_errors"] for m in film.moments}) > 2
    assert all((a != b).any() for a, b in zip(film.f6, film.f6[1:], strict=False))


def test_other_weights_are_not_those_of_the_record(few):
    session = Session(Recipe(), 0, *few, eager)
    record = recorded(LENET5, Runs(ROOT / "results"))[0]
    assert not demo_learning.same(session, record)
    session.model.load_state_dict(LeNet5.from_pretrained("lenet5-1998").state_dict())
    assert demo_learning.same(session, record)


def test_numbers_keep_their_place_and_size():
    numbers = torch.tensor([[0.5, -1.7159], [0.25, 0.0]])
    np.testing.assert_allclose(decoded(demo_learning.coded(numbers), 2), numbers, atol=0.007)
