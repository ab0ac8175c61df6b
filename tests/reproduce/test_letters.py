"""A folder of letters to a network that is trained, saved, loaded and asked: by the commands alone."""

import json
import os
import string
import subprocess
import sys

from paper_lenet5 import LeNet5
from paper_lenet5.bitmaps import bitmaps
from tests import ROOT
from tests.doubles.letters import draw_letters


def command(*words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run([sys.executable, "-m", "paper_lenet5", *map(str, words)], env=environment,
                         capture_output=True, text=True)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_folder_of_letters_becomes_a_network_that_reads_others(tmp_path):
    mine, letters = tmp_path / "mine", string.ascii_uppercase
    draw_letters(tmp_path / "letters", letters, of_each=50)
    draw_letters(tmp_path / "others", letters, of_each=4, seed=1)
    said = command("train", tmp_path / "letters", "--out", mine)
    assert "1,170 patterns of 26 classes" in said
    assert "of 130 held out are wrong" in said
    network = LeNet5.from_pretrained(mine)
    assert network.classes == tuple(letters)
    assert (network.rbf.centers == bitmaps(letters)).all()
    answers = json.loads(command("classify", tmp_path / "others", "--weights", mine, "--json"))
    assert len(answers) == 26 * 4
    right = sum(
        answer.get("label") == answer["file"].removeprefix(f"{tmp_path / 'others'}/")[0]
        for answer in answers
    )
    assert right > 0.9 * len(answers)
