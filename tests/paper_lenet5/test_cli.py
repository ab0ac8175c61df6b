"""`python -m paper_lenet5 classify`."""

import json
import subprocess
import sys

import pytest
import torch
from PIL import Image

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.__main__ import main
from paper_lenet5.pictures import read_picture
from tests.conftest import draw_digits


@pytest.fixture
def pictures(tmp_path):
    """A folder of five pictures and a text; and the digits in them, (5, 28, 28) uint8."""
    images, _ = draw_digits(5)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image.numpy()).resize((280, 280)).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_the_answers_are_those_of_the_network(pictures, capsys):
    path = pictures / "3.png"
    assert main(["classify", "--json", str(path)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    penalties = LeNet5.from_pretrained()(preprocess(read_picture(path)[None]))[0].detach()
    assert answer["penalties"] == pytest.approx(penalties.tolist(), abs=1e-3)
    assert answer["label"] == penalties.argmin()
    first, second = penalties.sort().values[:2]
    assert answer["margin"] == pytest.approx(float(second - first), abs=1e-3)


def test_a_folder_is_all_the_pictures_in_it(pictures, capsys):
    assert main(["classify", "--json", str(pictures)]) == 0
    files = [answer["file"] for answer in json.loads(capsys.readouterr().out)]
    assert files == [str(pictures / f"{number}.png") for number in range(5)]


def test_the_table_has_a_line_for_each_picture(pictures, capsys):
    assert main(["classify", str(pictures), "--weights", "lenet5-1998-distortions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 5
    model = LeNet5.from_pretrained("lenet5-1998-distortions")
    images, _ = draw_digits(5)
    labels = [int(line.split()[0]) for line in lines[2:]]
    assert labels == model.classify(preprocess(images)).tolist()


def test_what_is_no_picture_is_said_and_the_others_are_answered(pictures, capsys):
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    missing = pictures / "missing.png"
    assert main(["classify", str(pictures), str(missing)]) == 1
    printed = capsys.readouterr().out
    assert "broken.png: cannot be read as a picture" in printed
    assert "missing.png: No such file" in printed
    assert printed.count("–") == 4
    assert main(["classify", "--json", str(missing)]) == 1
    assert set(json.loads(capsys.readouterr().out)[0]) == {"file", "error"}


def test_unknown_weights_and_an_empty_folder_are_refused_in_one_line(tmp_path, capsys):
    assert main(["classify", str(tmp_path), "--weights", "lenet6"]) == 1
    assert "lenet5-1998" in capsys.readouterr().err
    assert main(["classify", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_saved_network_classifies(pictures, tmp_path, capsys):
    LeNet5(generator=torch.Generator().manual_seed(1)).save_pretrained(tmp_path / "net")
    assert main(["classify", str(pictures), "--weights", str(tmp_path / "net")]) == 0
    assert "Loading" not in capsys.readouterr().out


def test_the_command_needs_none_of_the_extras(pictures):
    code = """
import runpy, sys
sys.argv = ["paper_lenet5", "classify", "--json", sys.argv[1]]
try: runpy.run_module("paper_lenet5", run_name="__main__")
except SystemExit as end: assert end.code == 0
heavy = {"torchvision", "gradio", "numba", "pandas", "scipy", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code, str(pictures)], check=True, stdout=subprocess.PIPE)


@pytest.mark.parametrize("options", [["--help"], ["classify", "--help"], ["classify"]])
def test_options_are_read_before_anything_large_is_imported(options):
    code = """
import runpy, sys
try: runpy.run_module("paper_lenet5", run_name="__main__", alter_sys=True)
except SystemExit: pass
assert "argparse" in sys.modules
large = {"torch", "numpy", "huggingface_hub", "PIL"} & set(sys.modules)
assert not large, large
"""
    subprocess.run([sys.executable, "-c", code, *options], check=True, capture_output=True)


def test_the_package_names_all_that_it_imports_later():
    code = """
import sys
import paper_lenet5
assert "torch" not in sys.modules
assert set(paper_lenet5.__all__) <= set(dir(paper_lenet5))
from paper_lenet5.lenet5 import LeNet5
for name in paper_lenet5.__all__:
    assert callable(getattr(paper_lenet5, name)), name
assert paper_lenet5.LeNet5 is LeNet5
assert not hasattr(paper_lenet5, "LeNet6")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
