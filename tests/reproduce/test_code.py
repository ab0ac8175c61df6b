"""The digest of the code that a record's numbers depend on: reproduce.running.code."""

import ast
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from reproduce.rows.recipes import LENET5, OF_1998, TEXTBOOK
from reproduce.rows.today import MODERN
from reproduce.running import code

LAYER = (
    '"""A layer."""\nSCALE = 2  # why\n\n\n'
    'def layer(x):\n    """Scales x."""\n    return SCALE * x\n'
)


@dataclass(frozen=True)
class Recipe:
    """Stands for any; the fields name what is defined elsewhere."""

    network: object


def network():
    """Stands for a network; the tests say in which module."""


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """The digest of a recipe whose network is in invented/network.py, after a file there is changed."""
    monkeypatch.setattr(code, "ROOT", tmp_path)
    monkeypatch.setattr(network, "__module__", "invented.network")
    folder = tmp_path / "invented"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "layer.py").write_text(LAYER, encoding="utf-8")
    (folder / "other.py").write_text("OTHER = 1\n", encoding="utf-8")
    (folder / "network.py").write_text(
        "def network():\n    from .layer import layer\n\n    return layer\n",
        encoding="utf-8",
    )

    def changed(file="layer.py", text=None):
        if text is not None:
            (folder / file).write_text(text, encoding="utf-8")
        for cached in (code.imported, code.essence):
            cached.cache_clear()
        return code.digest(Recipe(network))

    yield changed
    for cached in (code.imported, code.essence):
        cached.cache_clear()


def test_it_is_the_same_every_time(digest):
    assert digest() == digest()
    assert len(digest()) == 64


@pytest.mark.parametrize(
    "text",
    [
        LAYER.replace("# why", "# another reason"),
        LAYER.replace("Scales x.", "Multiplies."),
        LAYER.replace('    """Scales x."""\n', ""),
        LAYER.replace("SCALE * x", "(SCALE\n            * x)"),
    ],
)
def test_comments_docstrings_and_layout_are_nothing_to_it(digest, text):
    before = digest()
    assert text != LAYER
    assert digest("layer.py", text) == before


@pytest.mark.parametrize("change", [("SCALE = 2", "SCALE = 3"), ("SCALE * x", "SCALE + x")])
def test_a_change_in_a_module_that_is_imported_in_a_function_changes_it(digest, change):
    before = digest()
    assert digest("layer.py", LAYER.replace(*change)) != before


def test_a_module_that_nothing_imports_is_nothing_to_it(digest):
    before = digest()
    assert digest("other.py", "OTHER = 2\n") == before


def test_a_module_that_is_run_is_the_same_as_when_it_is_imported(digest, monkeypatch):
    imported = digest()
    run = SimpleNamespace(__spec__=SimpleNamespace(name="invented.network"))
    monkeypatch.setitem(sys.modules, "__main__", run)
    monkeypatch.setattr(network, "__module__", "__main__")
    assert digest() == imported


def test_of_runs_side_by_side_one_at_a_time_builds_syntax_trees(monkeypatch):
    inside, seen, parse = [], [], ast.parse

    def slow(source):
        inside.append(source)
        time.sleep(0.01)  # others come in here, if they can
        seen.append(len(inside))
        tree = parse(source)
        inside.pop()
        return tree

    with monkeypatch.context() as patched, ThreadPoolExecutor(4) as pool:
        patched.setattr(ast, "parse", slow)
        list(pool.map(code.tree_of, ["reproduce.running.code"] * 8))
    assert seen == [1] * 8


def test_there_is_no_digest_of_nothing():
    with pytest.raises(ValueError, match="nothing in the project defines"):
        code.digest(sorted)


@pytest.mark.parametrize(
    ("row", "of_it", "not_of_it"),
    [
        (
            LENET5,
            {"compiled.kernels", "sdlm", "distort", "bitmaps"},
            {"modern", "files", "hub", "pretrained"},
        ),
        (TEXTBOOK, {"patterns", "training"}, {"hub", "pictures"}),
        (MODERN[0], {"modern"}, {"verdict"}),
        (OF_1998[-1].row, {"initialisation"}, {"modern"}),
    ],
)
def test_what_a_row_depends_on_is_all_that_its_training_imports(row, of_it, not_of_it):
    modules = code.reached(code.defining(row.recipe))
    assert {f"paper_lenet5.{name}" for name in of_it} <= modules
    assert not {f"paper_lenet5.{name}" for name in not_of_it} & modules
    assert not any(".".join(name.split(".")[:2]) == "reproduce.running" for name in modules)


def test_a_network_and_its_training_of_this_package_are_of_it():
    modules = code.reached(code.defining(TEXTBOOK.recipe))
    assert {"reproduce.baselines.minibatch", "reproduce.baselines.networks"} <= modules
    of_1998 = code.reached(code.defining(OF_1998[0].row.recipe))
    assert "reproduce.baselines.of_1998_kernels" in of_1998
