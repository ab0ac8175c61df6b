"""Imports point one way: from the tables down to the bitmaps."""

import ast
import re
from pathlib import Path

import pytest

import paper_lenet5
from tests import ROOT
from tools.floors import OnlyForTypes, arrows, floors, main
from tools.mutate import BREAKS

ORDER = ["terminal", "threads", "files", "connections", "bitmaps", "checks", "preprocessing",
         "recursion", "transform", "verdict", "layers", "rbf", "initialisation", "losses", "hub",
         "pretrained", "config", "lenet5", "doubt", "variants", "modern", "mnist", "distort",
         "changes", "strings", "reading", "patterns", "sdlm", "eager", "compiled", "training",
         "checkpoint", "recipe", "pictures", "images", "labelled", "own", "train_command"]  # fmt: skip


WINGS = ["baselines", "rows", "measures", "running", "writing", "section_iii_c"]
"""The folders of `reproduce`; its commands stand above all of them."""


def imports_of(path: Path) -> set[str]:
    """Names of what the file imports, modules or things in one, "." for the folder it lies in."""
    names = set()
    for node in ast.walk(OnlyForTypes().visit(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            within = f"{base}." if node.module else base
            names |= {base} if node.module else set()
            names |= {within + alias.name for alias in node.names}
    return names


def roots_of(path: Path) -> set[str]:
    """Names of packages that the file imports."""
    return {name.split(".")[0] for name in imports_of(path)}


def test_the_packages_docstring_names_each_of_its_modules():
    named = set(re.findall(r"\w+", paper_lenet5.__doc__))
    of = (ROOT / "paper_lenet5").iterdir()
    modules = {path.stem for path in of if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert modules - {"__init__"} <= named


def test_no_import_comes_back_to_where_it_began():
    of = arrows(ROOT)
    assert of["reproduce.table1"]
    assert of["paper_lenet5.lenet5"]
    floors(of)  # a circle has none


def test_a_folder_without_our_code_has_no_floors(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert f"{tmp_path} has none of paper_lenet5" in capsys.readouterr().err


def test_the_package_knows_nothing_of_what_is_built_on_it():
    files = list((ROOT / "paper_lenet5").rglob("*.py"))
    assert len(files) > len(ORDER)
    for path in [*files, ROOT / "app.py"]:
        assert not roots_of(path) & {"reproduce", "app", "tests", "tools"}, path


def test_nothing_but_the_command_line_knows_of_the_demo_in_the_package():
    demo = "paper_lenet5.demo"
    knowing = {
        name
        for name, imported in arrows(ROOT).items()
        if name.startswith("paper_lenet5") and any(one.startswith(demo) for one in imported)
    }
    assert f"{demo}.site" in knowing
    assert {name for name in knowing if not name.startswith(demo)} == {"paper_lenet5.__main__"}


def test_the_quick_suite_needs_the_package_alone():
    """Beside its tests those doubles and fixtures that it uses."""
    of_others = {"pandas", "scipy", "sklearn", "matplotlib", "gradio", "playwright"}
    files = list((ROOT / "tests/paper_lenet5").glob("test_*.py"))
    assert files
    for path in [*files, ROOT / "tests/conftest.py", ROOT / "tests/__init__.py"]:
        assert not roots_of(path) & ({"reproduce", "app", "tools"} | of_others), path
        assert not any(name.startswith("paper_lenet5.demo") for name in imports_of(path)), path


def test_no_package_knows_of_its_tests():
    for path in (ROOT / "reproduce").rglob("*.py"):
        assert not roots_of(path) & {"tests", "tools"}, path


def test_every_module_imports_only_what_stands_before_it():
    for place, name in enumerate(ORDER):
        path = ROOT / "paper_lenet5" / name
        files = path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]
        dots = ".." if path.is_dir() else "."
        for file in files:
            above = {
                n[len(dots) :] for n in imports_of(file) if n.startswith(dots) and n[len(dots) :]
            }
            names = {n.partition(".")[0] for n in above if not n.startswith(".")}
            assert names <= set(ORDER[:place]), file
    modules = {p.stem for p in (ROOT / "paper_lenet5").glob("*.py")} | {"compiled"}
    assert modules - {"__init__", "__main__"} <= set(ORDER), "each module has its place"


def test_every_wing_of_reproduce_imports_only_those_before_it():
    reproduce = ROOT / "reproduce"
    folders = {p.name for p in reproduce.iterdir() if p.is_dir() and not p.name.startswith("_")}
    assert folders == set(WINGS), "each wing has its place"
    for place, wing in enumerate(WINGS):
        for file in (reproduce / wing).glob("*.py"):
            above = {n.split(".")[2] for n in imports_of(file) if n.startswith("..")}
            assert above <= set(WINGS[:place]), file


def test_at_the_top_of_reproduce_stand_commands_alone():
    for path in (ROOT / "reproduce").glob("*.py"):
        assert path.stem == "__init__" or '__name__ == "__main__"' in path.read_text(
            encoding="utf-8"
        ), path


def bare_texts(tree: ast.Module) -> list[str]:
    """Calls that open a file as text in the encoding of the machine: on Windows not UTF-8."""
    texts = {"read_text", "write_text", "open", "fdopen", "TextIOWrapper", "TemporaryFile"}
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", None))
        given = [ast.unparse(argument) for argument in call.args]
        binary = any(re.fullmatch(r"'[rwxa]?b\+?'", one) for one in given)
        of_a_file = name != "open" or isinstance(call.func, ast.Name) or "'w'" in given
        if name in texts and of_a_file and not binary:
            found += [] if "encoding" in {k.arg for k in call.keywords} else [ast.unparse(call)]
    return found


def test_text_is_read_and_written_as_utf_8_on_every_machine():
    """Ruff's PLW1514 sees only those paths of which it knows that they are paths."""
    bare = "p.read_text(); open(p); p.open('w'); os.fdopen(n); p.write_text('é')"
    assert len(bare_texts(ast.parse(bare))) == 5
    good = "p.read_text(encoding='utf-8'); open(p, 'rb'); Image.open(p); os.fdopen(n, 'wb')"
    assert bare_texts(ast.parse(good)) == []
    folders = ("paper_lenet5", "reproduce", "tests", "tools")
    files = [*ROOT.glob("*.py"), *(p for of in folders for p in (ROOT / of).rglob("*.py"))]
    assert len(files) > 200
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert bare_texts(tree) == [], path


def test_the_light_core_needs_none_of_the_extras():
    heavy = {"torchvision", "pandas", "scipy", "matplotlib", "joblib", "mlxtend", "rich", "gradio",
             "PIL"}  # fmt: skip
    for path in (ROOT / "paper_lenet5").glob("*.py"):
        top = ast.parse(path.read_text(encoding="utf-8")).body
        found = {a.name.split(".")[0] for n in top if isinstance(n, ast.Import) for a in n.names}
        found |= {n.module.split(".")[0] for n in top if isinstance(n, ast.ImportFrom) and n.module}
        assert not found & (heavy | {"numba", "llvmlite"}), path


def test_what_is_broken_by_hand_stands_in_the_code_once():
    """Else `tools.mutate`, which takes minutes, says so only when it comes there."""
    found = {
        one.what: (ROOT / one.file).read_text(encoding="utf-8").count(one.before) for one in BREAKS
    }
    assert {what: count for what, count in found.items() if count != 1} == {}
