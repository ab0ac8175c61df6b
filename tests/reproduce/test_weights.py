"""The weights in the package are what training gives, to the last bit."""

import pytest

from paper_lenet5.lenet5 import SHIPPED
from reproduce.rows import datasets
from reproduce.rows.recipes import LENET5
from reproduce.running.runs import Run, Runs
from tests.conftest import MNIST, load_or_skip

pytest.importorskip("numba")


def test_seed_0_trained_anew_has_the_weights_in_the_package(tmp_path):
    """Twenty passes over all of MNIST, on whatever processor this is."""
    load_or_skip("train")
    record = Runs(tmp_path).finish(Run(LENET5, datasets.load(MNIST), 0), lambda *_: None)
    assert record["weights_sha256"] == SHIPPED["lenet5-1998"]
