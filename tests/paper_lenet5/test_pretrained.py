"""Trained networks: those in the package, and what is saved to a folder."""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file
from torch import nn

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.bitmaps import DIGITS, bitmaps
from paper_lenet5.config import LeNet5Config
from paper_lenet5.hub import WeightsUnavailable
from paper_lenet5.lenet5 import SHIPPED
from paper_lenet5.modern import ModernNet
from paper_lenet5.patterns import Split, fixed_fields
from paper_lenet5.pretrained import Pretrained, WeightsUnusable
from paper_lenet5.strings import SECTION_VII
from paper_lenet5.variants import Variant
from tests import ROOT
from tests.conftest import random_model

by_name = pytest.mark.parametrize("name", SHIPPED)


class TwoLayers(nn.Sequential, Pretrained):
    """A network without options, whose buffers are of several kinds."""

    def __init__(self):
        super().__init__(nn.Linear(3, 4), nn.BatchNorm1d(4))


@pytest.fixture
def saved(tmp_path):
    """A folder with a network in it."""
    random_model(1).save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def assert_same(one, other):
    one, other = one.state_dict(), other.state_dict()
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def change_config(folder, **entries):
    path = folder / "config.json"
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | entries), encoding="utf-8"
    )


def put_weights(folder, tensors):
    """Other weights, and their own digest."""
    save_file(tensors, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    change_config(folder, weights_sha256=digest)


# --- in the package -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*SHIPPED, *ModernNet.shipped])
def test_the_weights_are_those_of_the_record_of_seed_0(name):
    record = json.loads((ROOT / f"results/runs/{name}-seed0.json").read_text(encoding="utf-8"))
    path = ROOT / f"paper_lenet5/weights/{name}.safetensors"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == record["weights_sha256"]
    assert record["weights_sha256"] == (SHIPPED | ModernNet.shipped)[name]
    assert path.stat().st_size < 250_000
    assert all(t.dtype == torch.float32 for t in load_file(path).values() if t.ndim > 0)


@pytest.mark.parametrize("name", [*SHIPPED, *ModernNet.shipped])
def test_the_network_has_the_error_of_its_record(name, mnist_test):
    record = json.loads((ROOT / f"results/runs/{name}-seed0.json").read_text(encoding="utf-8"))
    images, labels = mnist_test
    inputs = preprocess(images)
    if name in ModernNet.shipped:
        model = ModernNet.from_pretrained(name)
        answers = torch.cat([model(some).argmax(1) for some in inputs.split(1000)])
    else:
        if name == "lenet5-sdnn":  # tested on characters between others
            fields = fixed_fields(Split(images, labels), SECTION_VII, noise=0.1)
            inputs, labels = fields.inputs, fields.labels
        model = LeNet5.from_pretrained(name)
        answers = torch.cat([model.classify(some) for some in inputs.split(1000)])
    wrong = (answers != labels).nonzero().flatten()
    assert {str(i): int(answers[i]) for i in wrong.tolist()} == record["wrong_answers"]


def test_without_a_name_it_is_the_network_without_distortions():
    model = LeNet5.from_pretrained()
    assert_same(model, LeNet5.from_pretrained("lenet5-1998"))
    assert not model.training


@pytest.mark.parametrize("name", ["lenet6", "", "a/b/c", "/nowhere", "./nowhere"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(ValueError, match="lenet5-1998-distortions"):
        LeNet5.from_pretrained(name)


def test_what_is_in_the_package_has_no_revisions():
    with pytest.raises(ValueError, match="no repository"):
        LeNet5.from_pretrained("lenet5-1998", revision="v0.1.0")


def test_loading_leaves_the_random_stream_as_it_was():
    before = torch.random.get_rng_state()
    LeNet5.from_pretrained()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_package_is_light_and_its_weights_need_no_connection():
    code = """
import socket, sys
def refuse(*_): raise AssertionError("a connection was tried")
socket.socket.connect = socket.getaddrinfo = refuse
import paper_lenet5
first = set(sys.modules)
paper_lenet5.LeNet5.from_pretrained()
print(*first, "/", *sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, then = (set(names.split()) for names in run.stdout.split("/"))
    assert "paper_lenet5" in first
    assert "torch" in then - first
    heavy = {"torchvision", "gradio", "numba", "pandas", "scipy", "matplotlib"}
    assert not first & (heavy | {"PIL", "huggingface_hub.hf_api"})
    assert not then & (heavy | {"PIL"})


# --- a folder -------------------------------------------------------------------------------------


def test_what_is_saved_is_loaded_again(saved):
    assert_same(LeNet5.from_pretrained(saved), random_model(1))
    assert_same(LeNet5.from_pretrained(str(saved)), random_model(1))


def test_options_are_saved_and_loaded(tmp_path):
    config = LeNet5Config("relu", "max", "full", "random codes")
    model = Variant(config)
    model.save_pretrained(tmp_path)
    again = Variant.from_pretrained(tmp_path)
    assert again.config == config
    assert_same(again, model)


def test_a_variant_is_not_taken_for_the_network_as_printed(tmp_path):
    Variant(LeNet5Config(pooling="average")).save_pretrained(tmp_path)
    with pytest.raises(WeightsUnusable, match=r"pooling='average'.*variants\.Variant"):
        LeNet5.from_pretrained(tmp_path)


@pytest.mark.parametrize("maps", [(16, 32, 52), (2, 3, 4)])
def test_the_modern_networks_maps_are_saved_and_loaded(tmp_path, maps):
    model = ModernNet(maps)
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["maps"] == list(maps)
    again = ModernNet.from_pretrained(tmp_path)
    assert again.config.maps == maps
    assert_same(again, model)


@pytest.mark.parametrize("maps", [7, [], [2, 3], [2, 3, 0], [2, 3, 4.0], ["2", 3, 4]])
def test_maps_that_make_no_network_are_refused(tmp_path, maps):
    ModernNet((2, 3, 4)).save_pretrained(tmp_path)
    change_config(tmp_path, maps=maps)
    with pytest.raises(WeightsUnusable, match=r"config\.json: expected three numbers of maps"):
        ModernNet.from_pretrained(tmp_path)
    with pytest.raises(ValueError, match="expected three numbers of maps"):
        ModernNet(maps)


@pytest.mark.parametrize("blank", [False, True])
def test_the_blank_is_saved_and_loaded(tmp_path, blank):
    LeNet5(blank=blank).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert config["output"] == ("bitmaps and blank" if blank else "bitmaps")
    assert LeNet5.from_pretrained(tmp_path).classes == (*DIGITS, *["blank"][:blank])


def own_codes(classes, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return 2.0 * torch.randint(2, (classes, 84), generator=rng) - 1


@pytest.mark.parametrize("classes", ["ABC", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "9876543210"])
def test_characters_are_saved_and_loaded_with_their_drawings(tmp_path, classes):
    model = LeNet5(classes=classes)
    assert torch.equal(model.rbf.centers, bitmaps(classes))
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["classes"] == list(
        classes
    )
    again = LeNet5.from_pretrained(tmp_path)
    assert again.config == LeNet5Config(classes=classes)
    assert again.classes == tuple(classes)
    assert_same(again, model)


@pytest.mark.parametrize("count", [2, 3, 26, 100])
def test_codes_of_ones_own_travel_with_the_weights(tmp_path, count):
    blank_field = preprocess(torch.zeros(1, 28, 28, dtype=torch.uint8))
    names = tuple(f"sign {number}" for number in range(count))
    model = LeNet5(classes=names, codes=own_codes(count))
    model.save_pretrained(tmp_path)
    for again in (LeNet5.from_pretrained(tmp_path), Variant.from_pretrained(tmp_path)):
        assert again.classes == names
        assert_same(again, model)
        assert torch.equal(again.classify(blank_field), model.classify(blank_field))


@pytest.mark.parametrize(
    "kind", [torch.Tensor.int, torch.Tensor.double, torch.Tensor.numpy, torch.Tensor.tolist]
)
def test_codes_of_any_numbers_are_float32_and_can_be_loaded_back(tmp_path, kind):
    model = LeNet5(classes=("cat", "dog"), codes=kind(own_codes(2)))
    assert model.rbf.centers.dtype == torch.float32
    model.save_pretrained(tmp_path)
    assert_same(LeNet5.from_pretrained(tmp_path), model)


@pytest.mark.parametrize("output", ["random codes", "linear"])
def test_a_variant_has_any_classes_too(tmp_path, output):
    model = Variant(LeNet5Config(output=output, classes="ABC"))
    assert model(torch.zeros(2, 1, 32, 32)).shape == (2, 3)
    model.save_pretrained(tmp_path)
    assert_same(Variant.from_pretrained(tmp_path), model)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"classes": ("cat", "dog")}, "Fig. 3"),
        ({"classes": "A"}, "two names"),
        ({"classes": "ABA"}, "no two alike"),
        ({"classes": "ABC", "blank": True}, "expected digits"),
        ({"classes": "ABC", "codes": own_codes(4)}, "3, 84"),
        ({"classes": "ABC", "codes": own_codes(3) / 0}, "finite"),
        ({"classes": "ABC", "codes": own_codes(1).expand(3, 84)}, "no two are alike"),
        ({"codes": own_codes(10), "blank": True}, "codes or a blank"),
    ],
)
def test_classes_that_cannot_be_told_apart_are_refused(given, complaint):
    with pytest.raises(ValueError, match=complaint):
        LeNet5(**given)


@pytest.mark.parametrize("classes", [None, 7, [], ["A"], ["A", "A"], ["A", ["B"]], ["cat", "dog"]])
def test_a_config_with_other_classes_than_the_weights_is_refused(saved, classes):
    change_config(saved, classes=classes)
    with pytest.raises(WeightsUnusable, match=r"config\.json|does not fit"):
        LeNet5.from_pretrained(saved)


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    LeNet5.from_pretrained(saved).save_pretrained(tmp_path / "again")
    for file in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / file).read_bytes() == (saved / file).read_bytes()


@by_name
def test_what_is_saved_has_the_digest_of_the_record(name, tmp_path):
    LeNet5.from_pretrained(name).save_pretrained(tmp_path)
    assert (
        json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["weights_sha256"]
        == SHIPPED[name]
    )


def test_the_card_says_what_is_known_and_leaves_the_rest_to_its_owner(tmp_path):
    LeNet5(classes=("cat", "dog"), codes=own_codes(2)).save_pretrained(tmp_path / "own")
    ModernNet((2, 3, 4)).save_pretrained(tmp_path / "modern")
    TwoLayers().save_pretrained(tmp_path / "layers")
    cards = {of: ModelCard.load(tmp_path / of / "README.md") for of in ("own", "modern", "layers")}
    assert "2 classes apart: cat, dog." in cards["own"].text
    assert "a penalty for each class, and the **smallest** wins" in cards["own"].text
    assert "and the **largest** wins" in cards["modern"].text
    for card in cards.values():
        assert card.data.license is None
        assert "lenet" in card.data.tags
        assert "mnist" not in card.data.tags
        assert "Information Needed" not in str(card)
    (tmp_path / "own/README.md").write_bytes(b"my own")
    LeNet5().save_pretrained(tmp_path / "own")
    assert (tmp_path / "own/README.md").read_bytes() == b"my own"


def test_another_class_is_saved_and_loaded_alike(tmp_path):
    model = TwoLayers()
    model(torch.rand(5, 3))  # moves the running mean
    model.save_pretrained(tmp_path)
    assert_same(TwoLayers.from_pretrained(tmp_path), model)


def test_the_network_of_another_class_is_refused(saved):
    with pytest.raises(WeightsUnusable, match=r"of \['LeNet5'\].*not of TwoLayers"):
        TwoLayers.from_pretrained(saved)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_file_that_is_missing_is_named(saved, file):
    (saved / file).unlink()
    with pytest.raises(WeightsUnavailable, match=f"no {file}"):
        LeNet5.from_pretrained(saved)


def test_a_pickle_is_not_loaded(saved, tmp_path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    (saved / "model.safetensors").unlink()
    torch.save({"weight": Bomb()}, saved / "pytorch_model.bin")
    with pytest.raises(WeightsUnavailable, match="never a pickle"):
        LeNet5.from_pretrained(saved)
    assert not (tmp_path / "exploded").exists()


def test_a_single_flipped_bit_is_found(saved):
    path = saved / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    assert len(load_file(path)) == 13, "safetensors itself sees nothing"
    with pytest.raises(WeightsUnusable, match=r"damaged.*save it again"):
        LeNet5.from_pretrained(saved)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff" * 4096])
def test_what_is_no_safetensors_file_is_refused(saved, content):
    (saved / "model.safetensors").write_bytes(content)
    with pytest.raises(WeightsUnusable, match="damaged"):
        LeNet5.from_pretrained(saved)
    change_config(saved, weights_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(WeightsUnusable, match="no safetensors file"):
        LeNet5.from_pretrained(saved)


def test_weights_of_another_shape_or_name_are_refused(saved):
    tensors = load_file(saved / "model.safetensors")
    put_weights(saved, {**tensors, "f6.bias": torch.zeros(83)})
    with pytest.raises(WeightsUnusable, match=r"f6.bias is \(83,\) instead of \(84,\)"):
        LeNet5.from_pretrained(saved)
    put_weights(saved, {"f7.bias" if n == "f6.bias" else n: t for n, t in tensors.items()})
    with pytest.raises(WeightsUnusable, match=r"an unknown f7.bias, no f6.bias"):
        LeNet5.from_pretrained(saved)


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"format_version": 2}, "pip install --upgrade"),
        ({"format_version": None}, "pip install --upgrade"),
        ({"activation": "swish"}, "swish"),
        ({"kernel": 3}, "kernel"),
        ({"answer": "largest"}, "smallest score"),
        ({"preprocessing": {"levels": [0, 1], "size": 28, "padding": 0}}, "size 32"),
        ({"preprocessing": {"levels": [0]}}, "two levels"),
        ({"preprocessing": {"mean": 0.5}}, "mean"),
        ({"preprocessing": None}, "preprocessing|argument"),
    ],
)
def test_a_config_of_another_form_is_refused(saved, entries, complaint):
    change_config(saved, **entries)
    with pytest.raises(WeightsUnusable, match=complaint):
        LeNet5.from_pretrained(saved)


ENTRIES = ["architectures", "format_version", "preprocessing", "answer",
           *asdict(LeNet5Config())]  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_config_without_one_of_its_entries_is_refused(saved, entry):
    path = saved / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    assert set(config) == {*ENTRIES, "weights_sha256"}
    del config[entry]
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(WeightsUnusable, match=r"has not the entries|has the options"):
        LeNet5.from_pretrained(saved)


def test_without_a_digest_any_weights_are_taken(saved):
    """As one's own are, that another program has trained on."""
    tensors = load_file(saved / "model.safetensors")
    tensors["f6.bias"] += 1
    save_file(tensors, saved / "model.safetensors")
    with pytest.raises(WeightsUnusable, match=r"take weights_sha256 out of config\.json"):
        LeNet5.from_pretrained(saved)
    config = json.loads((saved / "config.json").read_text(encoding="utf-8"))
    del config["weights_sha256"]
    (saved / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert torch.equal(LeNet5.from_pretrained(saved).f6.bias, tensors["f6.bias"])


def test_the_same_weights_written_by_another_program_are_the_same(saved):
    path = saved / "model.safetensors"
    before = path.read_bytes()
    save_file(load_file(path), path, metadata={"format": "pt"})
    assert path.read_bytes() != before
    LeNet5.from_pretrained(saved)


def test_what_transformers_needs_to_know_does_not_disturb(saved):
    change_config(saved, model_type="paper-lenet5", id2label={"0": "0"}, auto_map={})
    LeNet5.from_pretrained(saved)


@pytest.mark.parametrize(("content", "words"), [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer"),
    (b"<!DOCTYPE html>\n<html></html>", "a web page"),
    (b"\n <html><body>404</body></html>", "a web page"),
])  # fmt: skip
def test_what_lies_in_place_of_the_weights_is_called_by_name(saved, content, words):
    (saved / "model.safetensors").write_bytes(content)
    with pytest.raises(WeightsUnusable, match=f"is {words} and not the weights"):
        LeNet5.from_pretrained(saved)


def test_a_file_in_place_of_its_folder_is_called_so(saved, monkeypatch):
    monkeypatch.chdir(saved.parent)  # where its name has the form of a repository's
    for name in (saved / "model.safetensors", f"{saved.name}/model.safetensors"):
        with pytest.raises(ValueError, match="is a file: give the folder"):
            LeNet5.from_pretrained(name)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "7", "{}", '{"model_type": "bert"}'])
def test_what_is_no_config_of_ours_is_refused(saved, content):
    (saved / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(WeightsUnusable, match=r"not JSON|of something else"):
        LeNet5.from_pretrained(saved)


def test_every_refusal_is_one_line(saved):
    change_config(saved, weights_sha256="0")
    with pytest.raises(WeightsUnusable) as refusal:
        LeNet5.from_pretrained(saved)
    assert re.fullmatch(r"[^\n]{20,400}", str(refusal.value))
