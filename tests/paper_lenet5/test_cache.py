"""Compiled code on disk: shared by content, healed where damaged, done without where there is none."""

import ast
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

import numba

from paper_lenet5.compiled.cache import SOURCES, _say_once, cached, on_compiling
from tests import ROOT

ADD = "def add(a):\n    return a[0] + 1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the compiled code lies; nothing has been said yet."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    _say_once.cache_clear()
    return tmp_path / "cache"


def clone(place, source=ADD):
    """The function of a file in this place, as a process that has just started sees it."""
    place.mkdir(exist_ok=True)
    (place / "adding.py").write_text(source, encoding="utf-8")
    code = compile(source, str(place / "adding.py"), "exec")
    exec(code, module := {"__name__": "adding"})
    return cached(module["add"])


def compiled_by(function, expected=4):
    """The functions that had to be compiled for a call."""
    names = []
    with on_compiling(names.append):
        assert function(np.full(2, 3, np.float32)) == expected
    return [name for name in names if name is not None]


def files(folder):
    return sorted(folder.rglob("*.nbc"))


def test_a_second_process_loads_what_the_first_has_compiled(tmp_path, folder):
    assert compiled_by(clone(tmp_path / "here")) == ["add"]
    assert len(files(folder)) == 1
    assert compiled_by(clone(tmp_path / "here")) == []


def test_clones_share_by_content(tmp_path, folder):
    compiled_by(clone(tmp_path / "here"))
    assert compiled_by(clone(tmp_path / "there")) == []
    assert compiled_by(clone(tmp_path / "there", ADD.replace("1", "2")), 5) == ["add"]
    assert len(files(folder)) == 2


def constants_of(path):
    """The modules of the project from which a file imports numbers, or tuples of them."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            name = resolve_name("." * node.level + node.module, module.rpartition(".")[0])
            there = import_module(name)
            if name.partition(".")[0] in ("paper_lenet5", "reproduce") and any(
                isinstance(getattr(there, of.name), (int, float, tuple, np.generic, np.ndarray))
                for of in node.names
            ):
                yield Path(there.__file__)


def test_what_the_kernels_take_numbers_from_is_among_their_sources():
    for path in SOURCES:
        assert {*constants_of(path)} <= {*SOURCES}, path
    of_1998 = ROOT / "reproduce/baselines/of_1998_kernels.py"
    assert {*constants_of(of_1998)} <= {*SOURCES}
    assert ROOT / "paper_lenet5/preprocessing.py" in {
        *constants_of(SOURCES[0].parent / "kernels.py")
    }


def test_other_arguments_are_another_file(tmp_path, folder):
    compiled_by(clone(tmp_path))
    assert clone(tmp_path)(np.ones(2)) == 2
    assert len(files(folder)) == 2


DAMAGES = {
    "emptied": lambda content: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "a bit flipped": lambda content: content[:-500] + bytes([content[-500] ^ 4]) + content[-499:],
    "another file": lambda content: b"\x80\x05not what was written",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_compiled_again_and_whole_then(tmp_path, folder, damage):
    compiled_by(clone(tmp_path))
    (path,) = files(folder)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert compiled_by(clone(tmp_path)) == ["add"]
    assert compiled_by(clone(tmp_path)) == []


def test_without_a_folder_it_goes_on_and_says_so_once(tmp_path, folder, caplog):
    folder.write_text("a file where the folder should be", encoding="utf-8")
    for _ in range(2):
        assert compiled_by(clone(tmp_path)) == ["add"]
    (line,) = caplog.messages
    assert line.startswith("The next run compiles again: ")
    assert line.count("\n") == 0
    assert "Not a directory" in line or "exists" in line


def test_on_a_full_disk_it_goes_on_and_leaves_nothing_behind(tmp_path, folder, caplog):
    resource = pytest.importorskip("resource", reason="POSIX alone limits the size of files")
    function = clone(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        assert compiled_by(function) == ["add"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in caplog.text
    assert [path.name for path in folder.glob("*/*")] == ["lock"]
    assert compiled_by(clone(tmp_path)) == ["add"]
    assert compiled_by(clone(tmp_path)) == []


NESTED = """
import numpy as np
from adding import add
from paper_lenet5.compiled.cache import cached, on_compiling
inner = cached(add)
@cached
def outer(a):
    return inner(a) + 1
with on_compiling(print):
    assert outer(np.full(2, 3, np.float32)) == 5
"""


def test_one_function_may_call_another(tmp_path, folder, monkeypatch):
    """In a process of its own: what takes its own lock again would wait for ever."""
    (tmp_path / "adding.py").write_text(ADD, encoding="utf-8")
    (tmp_path / "nesting.py").write_text(NESTED, encoding="utf-8")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    command = [sys.executable, str(tmp_path / "nesting.py")]
    for told in ("outer\nadd\nNone\n", ""):
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        assert ran.stdout == told
    assert len(files(folder)) == 2


TOLD = """
import sys
import numpy as np
from adding import add
from paper_lenet5.compiled.cache import cached, on_compiling
def tell(name):
    print(name, flush=True)
    if name == "add":
        sys.stdin.readline()
with on_compiling(tell):
    assert cached(add)(np.full(2, 3, np.float32)) == 4
"""


def test_of_two_processes_one_compiles_and_the_other_waits(tmp_path, folder, monkeypatch):
    (tmp_path / "adding.py").write_text(ADD, encoding="utf-8")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    pipe = subprocess.PIPE
    first, second = (
        subprocess.Popen([sys.executable, "-c", TOLD], stdin=pipe, stdout=pipe, text=True)
        for _ in range(2)
    )
    with first, second:
        said = {process: process.stdout.readline() for process in (first, second)}
        assert sorted(said.values()) == ["add\n", "waiting for another process\n"]
        compiles, waits = sorted(said, key=said.get)
        assert compiles.communicate("\n")[0] == "None\n"
        assert waits.communicate()[0] == "None\n"
        assert first.returncode == second.returncode == 0
