"""The weights in the package: LeNet5.from_pretrained()."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.lenet5 import SHIPPED

ROOT = Path(__file__).parent.parent
by_name = pytest.mark.parametrize("name", SHIPPED)


@by_name
def test_the_weights_are_those_of_the_record_of_seed_0(name):
    record = json.loads((ROOT / f"results/runs/{name}-seed0.json").read_text())
    path = ROOT / f"paper_lenet5/weights/{name}.safetensors"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == record["weights_sha256"]
    assert path.stat().st_size < 250_000
    assert all(t.dtype == torch.float32 for t in load_file(path).values())


@by_name
def test_the_network_has_the_error_of_its_record(name, mnist_test):
    record = json.loads((ROOT / f"results/runs/{name}-seed0.json").read_text())
    images, labels = mnist_test
    model = LeNet5.from_pretrained(name)
    answers = torch.cat([model.classify(some) for some in preprocess(images).split(1000)])
    wrong = (answers != labels).nonzero().flatten()
    assert {str(i): int(answers[i]) for i in wrong.tolist()} == record["wrong_answers"]


def test_without_a_name_it_is_the_network_without_distortions():
    model, first = LeNet5.from_pretrained(), LeNet5.from_pretrained(SHIPPED[0])
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, first.state_dict()[name])
    assert not model.training


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="lenet5-1998-distortions"):
        LeNet5.from_pretrained("lenet6")
