"""Networks on the Hugging Face Hub, by way of a double of it (tests/doubles/hub_double.py)."""

import json

import pytest
import torch
from huggingface_hub import HfApi, constants

from paper_lenet5 import LeNet5
from paper_lenet5.hub import WeightsUnavailable
from paper_lenet5.pretrained import WeightsUnusable
from tests.conftest import random_model
from tests.paper_lenet5.test_pretrained import assert_same

NAME = "someone/digits"


@pytest.fixture
def pushed(hub):
    """The double, with a network on it."""
    random_model(1).push_to_hub(NAME)
    return hub


def upload(content, file):
    api = HfApi()
    api.create_repo(NAME, exist_ok=True)
    api.upload_file(path_or_fileobj=content, path_in_repo=file, repo_id=NAME)


def cached(hub, file):
    (path,) = (p for p in (hub.store.parent / "cache").rglob(file) if p.is_file())
    return path


def refusal(error, name=NAME, **options):
    """The one sentence that comes instead of a network."""
    with pytest.raises(error) as found:
        LeNet5.from_pretrained(name, **options)
    assert "\n" not in str(found.value)
    return str(found.value)


# --- what works -----------------------------------------------------------------------------------


def test_what_is_pushed_is_loaded(pushed):
    model = LeNet5.from_pretrained(NAME)
    assert_same(model, random_model(1))
    assert not model.training
    assert any("xet-read-token" in line for line in pushed.log), "by the route of large files"


@pytest.mark.parametrize("codes", [None, torch.eye(84)[:26]])
def test_26_classes_are_pushed_and_loaded_with_their_names_and_codes(hub, codes):
    names = tuple(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if codes is None else map("sign {}".format, range(26))
    )
    model = LeNet5(classes=names, codes=codes)
    model.push_to_hub(NAME)
    again = LeNet5.from_pretrained(NAME)
    assert again.config == model.config
    assert again.classes == names
    assert_same(again, model)


def test_pushing_it_again_makes_no_commit(pushed):
    commits = len(pushed.repos["model", NAME]["commits"])
    LeNet5.from_pretrained(NAME).push_to_hub(NAME)
    assert len(pushed.repos["model", NAME]["commits"]) == commits


def test_a_tag_and_a_commit_are_revisions(pushed):
    HfApi().create_tag(NAME, tag="v1")
    first = pushed.repos["model", NAME]["commits"][-1][0]
    random_model(2).push_to_hub(NAME)
    assert_same(LeNet5.from_pretrained(NAME), random_model(2))
    assert_same(LeNet5.from_pretrained(NAME, revision="v1"), random_model(1))
    assert_same(LeNet5.from_pretrained(NAME, revision=first), random_model(1))


def test_the_hub_is_asked_once_and_then_the_cache(pushed):
    LeNet5.from_pretrained(NAME)
    asked = len(pushed.log)
    random_model(2).push_to_hub(NAME)
    pushed_too = len(pushed.log)
    assert pushed_too > asked
    assert_same(LeNet5.from_pretrained(NAME), random_model(1))
    assert_same(LeNet5.from_pretrained(NAME, local_files_only=True), random_model(1))
    assert len(pushed.log) == pushed_too, "nothing was asked"
    assert_same(LeNet5.from_pretrained(NAME, force_download=True), random_model(2))


def test_both_files_are_of_one_commit(pushed):
    LeNet5.from_pretrained(NAME)
    cached(pushed, "model.safetensors").unlink()
    random_model(2).push_to_hub(NAME)
    assert_same(LeNet5.from_pretrained(NAME), random_model(1))


def test_the_cache_may_be_elsewhere(pushed, tmp_path):
    LeNet5.from_pretrained(NAME, cache_dir=tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").rglob("model.safetensors"))


# --- what fails, in one sentence ------------------------------------------------------------------


def test_an_unknown_repository(hub):
    assert "no repository someone/digits" in refusal(WeightsUnavailable)


def test_a_private_repository_without_a_token(pushed, monkeypatch):
    pushed.repos["model", NAME]["private"] = True
    monkeypatch.delenv("HF_TOKEN")
    assert "hf auth login" in refusal(WeightsUnavailable)


def test_an_unknown_revision(pushed):
    assert "no branch, tag or commit 'v9'" in refusal(WeightsUnavailable, revision="v9")


def test_a_token_that_the_hub_does_not_know(pushed, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_stolen")
    assert "refuses the token" in refusal(WeightsUnavailable)


def test_no_network_and_nothing_cached(hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "check the connection" in refusal(WeightsUnavailable)


def test_a_hub_that_is_out_of_order_is_asked_once(pushed):
    pushed.out_of_order, asked = ".", len(pushed.log)
    assert "status 500" in refusal(WeightsUnavailable)
    assert len(pushed.log) == asked + 1


def test_being_told_to_stay_offline(pushed, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in refusal(WeightsUnavailable)
    assert "local_files_only" in refusal(WeightsUnavailable, local_files_only=True)


def test_a_repository_of_something_else_whose_weights_are_not_even_fetched(hub):
    upload(json.dumps({"model_type": "bert"}).encode(), "config.json")
    upload(b"a gigabyte", "model.safetensors")
    assert "something else" in refusal(WeightsUnusable)
    assert not any("resolve" in line and "safetensors" in line for line in hub.log)


def test_a_repository_without_a_config(hub):
    upload(b"hello", "README.md")
    assert "has no config.json" in refusal(WeightsUnavailable)


def test_a_pickle_is_not_loaded(pushed, tmp_path):
    torch.save(random_model().state_dict(), tmp_path / "pytorch_model.bin")
    upload(tmp_path / "pytorch_model.bin", "pytorch_model.bin")
    HfApi().delete_file("model.safetensors", NAME)
    assert "never a pickle" in refusal(WeightsUnavailable)
    assert not any("resolve" in line and ".bin" in line for line in pushed.log)


def test_a_newer_form(pushed, tmp_path):
    LeNet5.from_pretrained(NAME).save_pretrained(tmp_path / "net")
    config = json.loads((tmp_path / "net/config.json").read_text(encoding="utf-8"))
    upload(json.dumps(config | {"format_version": 2}).encode(), "config.json")
    assert "pip install --upgrade" in refusal(WeightsUnusable, force_download=True)


def test_a_damaged_file_in_the_cache_is_found_and_can_be_fetched_anew(pushed):
    LeNet5.from_pretrained(NAME)
    path = cached(pushed, "model.safetensors")
    content = bytearray(path.read_bytes())
    content[-3] ^= 64
    path.write_bytes(content)
    assert "force_download=True" in refusal(WeightsUnusable)
    assert_same(LeNet5.from_pretrained(NAME, force_download=True), random_model(1))
