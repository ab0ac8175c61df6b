"""Weights and records are safetensors, JSON and text; compiled code and what Dask sends are pickled."""

import ast
import json
import re

import pytest
from safetensors import safe_open

from tests import ROOT

SOURCES = [p for folder in ("paper_lenet5", "reproduce") for p in (ROOT / folder).rglob("*.py")]
UNSAFE = {"torch.load", "torch.save", "joblib.load", "joblib.dump", "pickle.load", "pickle.dump",
          "pickle.loads", "pickle.dumps", "loads", "dumps", "yaml.load", "marshal.load",
          "marshal.loads", "shelve.open", "np.save", "np.savez", "pd.read_pickle", "eval"}  # fmt: skip
EXCEPTED = {
    "paper_lenet5/compiled/cache.py": {"dumps", "pickle.loads"},
    "reproduce/running/cluster.py": {"pickle.dumps", "pickle.loads"},
}
"""The files that pickle, and how: docs/supply-chain.md says what."""


def test_weights_in_the_package_are_safetensors():
    files = list((ROOT / "paper_lenet5" / "weights").iterdir())
    assert len(files) >= 5
    for path in files:
        assert path.suffix == ".safetensors"
        with safe_open(path, "pt") as file:
            assert len(file.keys()) > 0


def test_results_are_json_tables_and_pictures():
    kinds = {".json", ".csv", ".md", ".png", ".svg", ".safetensors"}
    files = [
        p for p in (ROOT / "results").rglob("*") if p.is_file() and "unfinished" not in p.parts
    ]
    assert {path.suffix for path in files} <= kinds, "of records and what is drawn from them"
    json.loads((ROOT / "results" / "table1.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_reads_or_writes_what_can_run_code(path):
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    used = {ast.unparse(call.func) for call in calls} & UNSAFE
    assert used == EXCEPTED.get(path.relative_to(ROOT).as_posix(), set())
    assert not any(word.arg == "allow_pickle" for call in calls for word in call.keywords)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_page_names_every_line_that_bandit_is_to_skip(path):
    page = (ROOT / "docs" / "supply-chain.md").read_text(encoding="utf-8")
    bandit = re.search(r"\*\*bandit\..*?\n\n", page, re.S)[0].replace("(", " ")
    for codes in re.findall(r"# nosec(.*)", path.read_text(encoding="utf-8")):
        assert re.fullmatch(r" B\d+", codes), "bandit takes words behind it for names of its tests"
        assert codes in bandit, codes
        assert path.name in bandit
