"""The weights of every pass: those of the recorded training, and nothing of any other."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from paper_lenet5 import LeNet5
from paper_lenet5.patterns import generator
from paper_lenet5.recipe import Recipe
from reproduce import trajectories
from reproduce.rows import datasets
from reproduce.rows.row import Row
from reproduce.running.runs import Run, Runs

ROW = Row("lenet5-1998", "LeNet-5", Recipe(schedule=(0.0005, 0.0002), curvature_patterns=20))


@pytest.fixture(scope="module")
def data():
    return datasets.smoke(datasets.sample())


@pytest.fixture(scope="module")
def clone(tmp_path_factory, data):
    """A clone in which one network of two passes is recorded."""
    root = tmp_path_factory.mktemp("clone")
    (root / "pyproject.toml").touch()
    Runs(root / "results").finish(Run(ROW, data, 1), lambda *_: None)
    return root


@pytest.fixture
def command(clone, data, monkeypatch):
    monkeypatch.setattr(trajectories.options, "ROOT", clone)
    monkeypatch.setattr(trajectories, "ROWS", {ROW.name: ROW})
    monkeypatch.setattr(trajectories.datasets, "load", lambda _: data)
    return lambda out: trajectories.main(["--out", str(out)])


def recorded_run(clone):
    (path,) = (clone / "results/runs").glob("*.json")
    return path, json.loads(path.read_text(encoding="utf-8"))


def test_the_moments_are_those_before_and_after_every_pass(command, clone, tmp_path):
    assert command(tmp_path) == 0
    path, record = recorded_run(clone)
    written = tmp_path / f"{record['name']}.safetensors"
    moments, ended = load_file(written), load_file(path.with_suffix(".safetensors"))
    begun = ROW.recipe.build(generator(1, "parameters"))
    for name, p in begun.named_parameters():
        assert moments[name].shape == (3, *p.shape)
        assert torch.equal(moments[name][0], p), name
        assert torch.equal(moments[name][2], ended[name]), name
        assert not torch.equal(moments[name][1], moments[name][2]), name
    with safe_open(written, "pt") as file:
        about = file.metadata()
    assert json.loads(about["test_error_by_pass"])[-1] == 100 * record["test_errors"] / 500
    model = LeNet5()
    model.load_state_dict({name: of[2] for name, of in moments.items()}, strict=False)
    assert all(torch.equal(p, ended[name]) for name, p in model.named_parameters())
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith("---\nlicense: mit")


def test_what_is_there_is_not_trained_again(command, tmp_path, monkeypatch):
    assert command(tmp_path) == 0
    monkeypatch.setattr(trajectories, "trajectory", lambda _: pytest.fail("trained again"))
    assert command(tmp_path) == 0


def test_a_training_that_ends_otherwise_than_its_record_says_is_not_kept(
    command, clone, tmp_path, capsys
):
    path, record = recorded_run(clone)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(record["weights_sha256"], "0" * 64), encoding="utf-8")
    try:
        assert command(tmp_path) == 1
    finally:
        path.write_text(whole, encoding="utf-8")
    assert record["name"] in capsys.readouterr().out
    assert not list(tmp_path.glob("*.safetensors"))
