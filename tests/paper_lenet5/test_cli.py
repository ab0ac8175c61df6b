"""`python -m paper_lenet5 classify` and `read`."""

import io
import json
import os
import subprocess
import sys
from unittest.mock import Mock

import pytest
import torch
from PIL import Image, ImageDraw

from paper_lenet5 import LeNet5, doubt, preprocess
from paper_lenet5.__main__ import main
from paper_lenet5.pictures import read_picture, see
from paper_lenet5.pictures.explained import SIDE, row
from tests.conftest import draw_digits


@pytest.fixture
def pictures(tmp_path):
    """A folder of five pictures and a text; and the digits in them, (5, 28, 28) uint8."""
    images, _ = draw_digits(5)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image.numpy()).resize((280, 280)).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    return folder


def test_the_answers_are_those_of_the_network(pictures, capsys):
    path = pictures / "2.png"
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


def test_one_thread_is_enough_for_pictures_one_by_one(pictures):
    code = """
import sys, torch
from paper_lenet5 import LeNet5
from paper_lenet5.__main__ import main
seen, states = [], LeNet5.states
def watched(self, x):
    seen.append(torch.get_num_threads())
    return states(self, x)
LeNet5.states = watched
torch.set_num_threads(2)
assert main(["classify", sys.argv[1]]) == 0
assert set(seen) == {1}, "while it works"
assert torch.get_num_threads() == 2, "and whoever called it has his own again"
"""
    command = [sys.executable, "-c", code, str(pictures / "0.png")]
    subprocess.run(command, check=True, stdout=subprocess.PIPE)


def test_the_table_has_a_line_for_each_picture(pictures, capsys):
    assert main(["classify", str(pictures), "--weights", "lenet5-1998-distortions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 5
    model = LeNet5.from_pretrained("lenet5-1998-distortions")
    images = torch.stack([read_picture(pictures / f"{number}.png") for number in range(5)])
    said = [(v.label, v.certainty.value) for v in doubt.verdicts(model, preprocess(images))]
    assert {certainty for _, certainty in said} == {"sure", "probable", "none"}
    form = {"sure": "{}", "probable": "{}?", "none": "none"}
    assert [line.split()[0] for line in lines[2:]] == [
        form[how].format(label) for label, how in said
    ]


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


def test_an_empty_folder_beside_pictures_is_named(pictures, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    given = [str(tmp_path / "empty"), str(pictures / "0.png"), str(tmp_path / "*.gif")]
    assert main(["classify", "--json", *given]) == 1
    said, complained = capsys.readouterr()
    assert [answer["file"] for answer in json.loads(said)] == [str(pictures / "0.png")]
    assert complained.endswith(f" in {tmp_path / 'empty'}, {tmp_path / '*.gif'}\n")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_has_seen_enough_is_no_error(pictures, options):
    command = [sys.executable, "-m", "paper_lenet5", "classify", str(pictures), *options]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


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


def of_digits(number, gap=12, slope=0.0):
    """A page with the network's own idea of digits: those of a pocket calculator will not do."""
    shapes = {"1": [[(20, 0), (14, 60)]], "7": [[(0, 4), (34, 0), (14, 60)]],
              "0": [[(20, 0), (4, 14), (2, 44), (14, 60), (30, 48), (34, 16), (20, 0)]],
              "4": [[(6, 0), (2, 32), (34, 30)], [(30, 4), (26, 60)]],
              "3": [[(4, 4), (24, 0), (32, 12), (14, 27), (32, 40), (24, 58), (2, 56)]]}  # fmt: skip
    page = Image.new("L", (len(number) * (40 + gap) + 80, 220), 255)
    for place, digit in enumerate(number):
        left = 40 + place * (40 + gap)
        top = 80 + slope * (left - page.width / 2)
        for stroke in shapes[digit]:
            line = [(left + x, top + y) for x, y in stroke]
            ImageDraw.Draw(page).line(line, 0, 6, joint="curve")
    return page


@pytest.mark.parametrize(("gap", "slope"), [(4, 0), (12, 0), (12, 0.12), (12, -0.12), (150, 0)])
def test_read_reads_a_line_whatever_its_gaps_and_its_slope(tmp_path, capsys, gap, slope):
    of_digits("10743", gap, slope).save(tmp_path / "line.png")
    assert main(["read", "--json", str(tmp_path)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer == {"file": str(tmp_path / "line.png"), "lines": ["10743"]}


def test_read_reads_line_after_line(tmp_path, capsys):
    page = Image.new("L", (500, 440), 255)
    page.paste(of_digits("104"), (0, 0))
    page.paste(of_digits("3710"), (60, 220))
    page.save(tmp_path / "page.png")
    assert main(["read", str(tmp_path / "page.png")]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["104", "3710"]


def test_classify_says_that_there_are_several_digits(tmp_path, capsys):
    of_digits("1043").save(tmp_path / "line.png")
    assert main(["classify", str(tmp_path)]) == 1
    assert "several characters side by side: use read" in capsys.readouterr().out


def test_ctrl_c_ends_a_command_in_a_line(pictures, capsys, monkeypatch):
    monkeypatch.setattr(LeNet5, "from_pretrained", Mock(side_effect=KeyboardInterrupt))
    assert main(["classify", str(pictures)]) == 130
    assert capsys.readouterr() == ("", "Stopped.\n")


def test_read_needs_a_network_that_knows_the_blank(tmp_path, capsys):
    of_digits("10").save(tmp_path / "line.png")
    assert main(["read", str(tmp_path), "--weights", "lenet5-1998"]) == 1
    assert "lenet5-sdnn" in capsys.readouterr().err


def test_the_blank_of_a_network_for_strings_is_a_class_by_name(pictures, capsys):
    command = ["classify", str(pictures / "1.png"), "--weights", "lenet5-sdnn"]
    assert main(command) == 0
    _, heading, line = capsys.readouterr().out.splitlines()
    assert heading.split()[2:] == [*"0123456789", "blank", "picture"]
    column = heading.index("blank") + len("blank")
    assert line[column - 3 : column + 2].strip().isdigit(), "its penalty stands below"
    assert main([*command, "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["names"] == [*"0123456789", "blank"]
    least = answer["penalties"].index(min(answer["penalties"]))
    assert answer["closest"] == answer["names"][least]


def test_folders_in_folders_are_looked_into_and_hidden_files_are_not(pictures, capsys):
    (pictures / "2024" / "may").mkdir(parents=True)
    (pictures / ".trash").mkdir()
    (pictures / "3.png").rename(pictures / "2024" / "may" / "3.JFIF")
    (pictures / "4.png").rename(pictures / ".trash" / "4.png")
    (pictures / "._0.png").write_bytes(b"\0\5\x16\7" + bytes(60))
    assert main(["classify", "--json", str(pictures)]) == 0
    files = [answer["file"] for answer in json.loads(capsys.readouterr().out)]
    assert [file[len(str(pictures)) + 1 :] for file in files] == [
        "0.png", "1.png", "2.png", "2024/may/3.JFIF",
    ]  # fmt: skip


def test_a_pattern_that_no_shell_has_resolved_is_resolved(pictures, capsys):
    assert main(["classify", "--json", str(pictures / "[12].png")]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    (pictures / "[7].png").write_bytes((pictures / "3.png").read_bytes())
    assert main(["classify", "--json", str(pictures / "[7].png")]) == 0, "a file of that name"
    assert main(["classify", "--json", str(pictures / "no*.png")]) == 1


def test_standard_input_is_a_picture(pictures, capsys, monkeypatch):
    content = io.TextIOWrapper(io.BytesIO((pictures / "3.png").read_bytes()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", content)
    assert main(["classify", "--json", "-", str(pictures / "3.png")]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first.pop("file") == "-"
    assert second.pop("file") == str(pictures / "3.png")
    assert first == second


def test_every_page_of_a_tiff_has_an_answer(pictures, tmp_path, capsys):
    pages = [Image.open(pictures / f"{number}.png") for number in range(3)]
    pages[0].save(tmp_path / "fax.tif", save_all=True, append_images=pages[1:])
    assert main(["classify", "--json", str(tmp_path / "fax.tif"), str(pictures / "2.png")]) == 0
    *of_pages, last = json.loads(capsys.readouterr().out)
    assert [answer["page"] for answer in of_pages] == [1, 2, 3]
    assert of_pages[2]["penalties"] == last["penalties"]


def test_none_of_these_is_no_label_and_what_is_closest_is_said_all_the_same(tmp_path, capsys):
    page = Image.new("L", (300, 300), 255)
    for stroke in ([(60, 60), (240, 240)], [(240, 60), (60, 240)]):
        ImageDraw.Draw(page).line(stroke, 0, 14)
    page.save(tmp_path / "cross.png")
    assert main(["classify", "--json", str(tmp_path / "cross.png")]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert (answer["label"], answer["certainty"]) == (None, "none")
    assert answer["penalties"][answer["closest"]] == min(answer["penalties"])
    assert main(["classify", str(tmp_path / "cross.png")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(" none")


def test_explain_draws_a_row_for_each_picture(pictures, tmp_path, capsys):
    (pictures / "broken.png").write_bytes(b"\x89PNG")
    out = tmp_path / "explained.png"
    assert main(["classify", str(pictures), "--explain", str(out)]) == 1
    drawn = Image.open(out)
    assert drawn.height % 6 == 0
    assert drawn.convert("L").getextrema()[0] < 60


@pytest.mark.parametrize("place", ["", "there/is/none.png", "explained.txt", "explained"])
def test_where_explain_cannot_save_it_says_so_before_it_reads_anything(
    place, pictures, tmp_path, capsys
):
    assert main(["classify", str(pictures), "--explain", str(tmp_path / place)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{tmp_path / place}: choose a ")


def test_explain_keeps_no_more_of_a_picture_than_it_draws(pictures):
    _, steps = row("a digit", see(pictures / "1.png"))
    assert [*steps] == ["picture", "paper", "ink", "writing", "pattern"]
    assert {max(step.size) for step in steps.values()} == {SIDE}
