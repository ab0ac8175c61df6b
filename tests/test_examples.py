"""The notebooks run, and what is stored in them is what comes out."""

import copy
import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
LARGEST = 300_000
"""Bytes of a notebook with its pictures."""


def printed(notebook) -> list[tuple[str, list[set[str]]]]:
    """Of each cell its text, and in what forms each of its pictures is there."""
    outputs = [cell.get("outputs", []) for cell in notebook.cells]
    return [
        ("".join(o.get("text", "") for o in of), [set(o["data"]) for o in of if "data" in o])
        for of in outputs
    ]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def path(request):
    return request.param


def test_there_is_a_notebook():
    assert NOTEBOOKS


def test_a_notebook_gives_what_is_stored_in_it_and_no_warning(path, tmp_path):
    stored = nbformat.read(path, as_version=4)
    notebook = copy.deepcopy(stored)
    where = {"metadata": {"path": str(tmp_path)}}  # nothing of a clone lies there
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where)
    client.execute(env=environment)
    kinds = {output.get("name") for cell in notebook.cells for output in cell.get("outputs", [])}
    assert "stderr" not in kinds
    assert printed(notebook) == printed(stored), f"run `jupyter execute --inplace {path.name}`"


def test_a_notebook_needs_no_clone_and_installs_what_it_lacks(path):
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", "\n".join(cells), re.M))
    assert "paper_lenet5" in imported
    assert not imported & {"reproduce", "tests", "tools"}, "it needs the package alone"
    guarded = (
        r'find_spec\("paper_lenet5"\) is None:.*\n    %pip install .*"paper-lenet5 @ git\+https'
    )
    assert re.search(guarded, cells[0]), "first of all, and only where it is not there"


def test_a_notebook_is_valid_small_and_links_to_what_exists(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size <= LARGEST
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", words):
        assert (path.parent / target).exists(), target
