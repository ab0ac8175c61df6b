"""What the commands of `reproduce` say to wrong options: one sentence, no traceback."""

import importlib
import os
import re
import shutil
import subprocess
import sys

import pytest
import torch

from paper_lenet5 import mnist
from reproduce.__main__ import commands
from tests import ROOT

NAMES = [command.name for command in commands()]
WITHOUT_DATA = {
    "cifar10", "claims", "demo_digits", "demo_learning", "demo_training", "everything",
    "export_onnx", "pad", "pages", "publish", "report", "seen", "site", "three_numbers",
}  # fmt: skip
WITH_DATA = set(NAMES) - WITHOUT_DATA
SHOWN = [*(c.name for c in commands() if c.shows and c.name != "figure7"), "cifar10", "claims"]
"""What shows records; the distortions of figure 7 are drawn anew."""
WRONG = {
    "--seeds": ["0", "-1", "many", "1.5"],
    "--jobs": ["0"],
    "--rows": ["lenet6"],
    "--repeats": ["0"],
    "--passes": ["-1", "21"],
    "--patterns": ["0"],
    "--seed": ["-1"],
    "--strings": ["0"],
    "--shard": ["3/2", "0/1", "a/b"],
    "--dask": ["bogus://x:1", "tcp://here", "here:8786"],
    "--namespace": ["a/b", "../up", ""],
    "--out": [__file__, f"{__file__}/within"],
}

NEEDED = {"publish": ["--namespace=me", "--source=https://host/me/paper-lenet5"]}
"""Options that a command cannot do without."""
LARGE = {"matplotlib.rcsetup", "numba.core", "numpy.version", "pandas._libs", "rich.segment",
         "safetensors._safetensors_rust", "scipy._lib", "torch._utils"}  # fmt: skip
"""Parts of packages that nobody but the package imports."""


def main_of(name):
    return importlib.import_module(f"reproduce.{name}").main


def ended(name, arguments, capsys):
    """The command's exit status, and all that it printed."""
    try:
        status = main_of(name)(arguments)
    except SystemExit as end:
        status = end.code
    printed = capsys.readouterr()
    return status, printed.out + printed.err


@pytest.mark.parametrize("name", NAMES)
def test_wrong_options_are_refused_by_name(name, capsys):
    status, usage = ended(name, ["--help"], capsys)
    assert status == 0
    has = set(re.findall(r"--[a-z]+", usage))
    if name == "export_onnx":
        has.remove("--out")  # its is a file
    for option in has & set(WRONG):
        for value in WRONG[option]:
            status, printed = ended(name, [*NEEDED.get(name, []), f"{option}={value}"], capsys)
            assert status == 2, (option, value)
            assert option in printed.splitlines()[-1], printed
            assert not re.search("invalid (positive|part|folder)", printed), "these are no words"


@pytest.mark.parametrize(
    ("name", "words", "idle"),
    [
        ("figure5", ["--jobs", "1", "--missing"], "--jobs, --missing: only with --train"),
        ("figure9", ["--shard", "1/2"], "--shard: only with --train or --rates or --candidates"),
        ("figure13", ["--seeds", "5"], "--seeds: only with --train or --measure or --inputs"),
        ("table1", ["--recorded", "--smoke", "--jobs", "3"], "--jobs, --smoke: not with --recorded"),
        ("table2", ["--recorded", "--rows", "relu"], "--rows: not with --recorded"),
    ],
)  # fmt: skip
def test_an_option_that_would_do_nothing_is_refused(name, words, idle, capsys):
    status, printed = ended(name, words, capsys)
    assert status == 2
    assert idle in printed


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_refused(name, capsys):
    status, printed = ended(name, [*NEEDED.get(name, []), "--unknown"], capsys)
    assert status == 2
    assert "--unknown" in printed


def imported(name, *words):
    """The output of `python -m NAME WORDS`, what it says of errors, and the modules that it imports."""
    ran = subprocess.run([sys.executable, "-X", "importtime", "-m", name, *words], cwd=ROOT,
                         capture_output=True, text=True, encoding="utf-8", timeout=300)  # fmt: skip
    modules = re.findall(r"^import time:.*\| *(\S+)$", ran.stderr, re.M)
    return ran.stdout, re.sub(r"^import time:.*\n", "", ran.stderr, flags=re.M), set(modules)


@pytest.mark.parametrize("name", NAMES)
def test_help_is_the_whole_help_and_imports_no_other_package(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    quick, _, modules = imported(f"reproduce.{name}", "--help")
    assert quick == ended(name, ["--help"], capsys)[1]
    assert max(map(len, quick.splitlines())) <= 80
    assert " ".join(importlib.import_module(f"reproduce.{name}").__doc__.split()) in " ".join(
        quick.split()
    )
    assert f"reproduce.{name}" not in modules, "it runs as __main__"
    assert "argparse" in modules
    assert not modules & LARGE


@pytest.mark.parametrize("name", ["figure5", "table1"])
def test_an_option_of_no_command_is_refused_before_other_packages_are_imported(
    name, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    _, quick, modules = imported(f"reproduce.{name}", "--unknown=3")
    assert quick == ended(name, ["--unknown=3"], capsys)[1]
    assert not modules & LARGE


@pytest.mark.parametrize("option", ["--recorded", "--rec"])
def test_what_help_leaves_out_is_there_for_work(option):
    printed, _, modules = imported("reproduce.table1", option, "--out", "nowhere")
    assert printed.startswith("No records of table1")
    assert modules >= LARGE


def test_the_list_of_commands_has_help_as_well():
    assert imported("reproduce", "--help")[0].startswith("usage: python -m reproduce [-h]")


@pytest.mark.parametrize("name", sorted(WITH_DATA))
def test_a_folder_without_the_data_is_named(name, tmp_path, capsys, monkeypatch):
    """Or nothing is drawn, because there is no record either."""
    monkeypatch.setattr(mnist, "SOURCES", {"a source": lambda *_: pytest.fail("downloaded")})
    threads = torch.get_num_threads()
    arguments = ["--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "results")]
    status, printed = ended(name, arguments, capsys)
    torch.set_num_threads(threads)
    assert status == 1
    assert " root" not in printed, "it is called --data here"
    assert "nowhere" in printed or "no record" in printed or "--measure" in printed
    assert not list(tmp_path.glob("results/*.*"))


@pytest.mark.parametrize("name", SHOWN)
def test_a_folder_without_records_is_named(name, tmp_path, capsys):
    recorded = ["--recorded"] * ("--recorded" in ended(name, ["--help"], capsys)[1])
    status, printed = ended(name, ["--out", str(tmp_path), *recorded], capsys)
    assert status == 1
    assert re.search("[Nn]o record|no measurement|is not there", printed), printed
    assert str(tmp_path) in printed
    assert not list(tmp_path.glob("*.*"))


@pytest.mark.parametrize(
    "command", ["reproduce", "reproduce.table1 --recorded", "paper_lenet5 classify nö.png"]
)
def test_a_terminal_that_knows_only_ascii_is_enough(command, tmp_path):
    (tmp_path / "results/runs").mkdir(parents=True)
    for seed in (0, 1):
        name = f"results/runs/lenet5-1998-seed{seed}.json"
        shutil.copyfile(ROOT / name, tmp_path / name)
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    ran = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=tmp_path,
        env=os.environ | ascii_only | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    printed = ran.stdout.decode("ascii")
    assert "Traceback" not in printed, printed
    assert any(text in printed for text in ("table1", " +- ", ".png: No such file")), printed


def test_inputs_that_are_no_array_are_named(tmp_path, capsys):
    path = tmp_path / "inputs.npy"
    for content in (None, b"", b"no array", b"\x80\x04."):
        if content is not None:
            path.write_bytes(content)
        status, printed = ended("figure13", ["--inputs", str(path)], capsys)
        assert status == 2
        assert "inputs.npy cannot be read" in printed
        assert printed.count("inputs.npy") == 1
