"""The tutorials' claims: reproduce.table3, on invented records."""

import json

import numpy as np
import pytest

from reproduce import table3
from reproduce.rows import reported
from reproduce.rows.recipes import LENET5
from reproduce.running.record import describe
from reproduce.running.runs import Runs


def record(row, seed, data, accuracies, test=(), losses=()):
    """A run with these accuracies during its passes, on 1,000 training and 1,000 test patterns."""
    passes = [
        {
            "number": k + 1,
            "patterns": 1000,
            "errors_during": round(1000 - 10 * accuracy),
            "test_errors": round(1000 - 10 * (test[k] if test else accuracy)),
            "loss_during": losses[k] if losses else 0.1,
        }
        for k, accuracy in enumerate(accuracies)
    ]
    return {
        "seed": seed,
        "model": row.title,
        "recipe": describe(row.recipe),
        "dataset": {"title": data, "test_patterns": 1000, "sha256": {"a": "0123456789abcdef"}},
        "test_errors": passes[-1]["test_errors"],
        "wrong_answers": {str(index): 0 for index in range(passes[-1]["test_errors"])},
        "passes": passes,
        "machine": {"processor": "P", "cores": 2, "system": "S"},
        "versions": {"python": "3"},
    }


@pytest.fixture
def keep(tmp_path):
    (tmp_path / "runs").mkdir()

    def keep(name, data, accuracies, apart=0, **options):
        """Two seeds' records, the second's accuracies so many points lower."""
        row = table3.ROWS[name]
        for seed in range(2):
            of_data = "" if data == "mnist" else f"-{data}"
            path = tmp_path / "runs" / f"{name}{of_data}-seed{seed}.json"
            of_seed = [accuracy - seed * apart for accuracy in accuracies]
            path.write_text(
                json.dumps(record(row, seed, data, of_seed, **options)), encoding="utf-8"
            )
        return Runs(tmp_path)

    return keep


def verdicts(runs):
    return {(c.network, c.claim): c.verdict for c in table3.claims(runs)}


def test_counts_need_no_training():
    counted = {c.claim: (c.claimed, c.ours, c.verdict) for c in table3.counts()}
    assert counted["parameters"] == ("60,856", "60,856", "reproduced")
    assert counted["parameters of its layers"][2] == "reproduced"
    assert counted["multiply-adds of a batch of ten, millions"][1].startswith("4.22")


def test_a_curve_is_reproduced_if_every_epoch_is(keep):
    title = table3.ROWS["lenet5-linear"].title
    claim = (title, "training accuracy, epochs 1 to 10")
    curve = np.array(reported.LINEAR_CNN_TRAIN_ACCURACY)
    runs = keep("lenet5-linear", "mnist", (curve + 0.6).clip(max=100))
    assert verdicts(runs)[claim] == "reproduced; not a test figure"
    curve[3] -= 1.2
    runs = keep("lenet5-linear", "mnist", curve)
    assert verdicts(runs)[claim] == "not reproduced; not a test figure"
    assert verdicts(runs)[title, "training accuracy, epoch 10"].startswith("reproduced")


def test_the_deviation_beside_a_mean_is_that_of_a_sample(keep):
    runs = keep("lenet5-tanh-average", "fashion-mnist", [50, 92], apart=2)
    (ours,) = (c.ours for c in table3.claims(runs) if c.claim == "training accuracy")
    assert ours == "91.00 ± 1.41 (n = 2)", "a half of 2, and over n - 1"


def test_over_91_percent_means_more(keep):
    title = table3.ROWS["lenet5-tanh-average"].title
    for accuracy, expected in ((91.0, "not reproduced"), (91.1, "reproduced")):
        runs = keep("lenet5-tanh-average", "fashion-mnist", [90, accuracy])
        assert verdicts(runs)[title, "training accuracy"] == f"{expected}; not a test figure"


def test_the_networks_with_sigmoids_have_test_and_training_claims(keep):
    title = table3.ROWS["lenet5-sigmoid"].title
    test = reported.SIGMOID_FASHION_TEST_ACCURACY
    runs = keep("lenet5-sigmoid", "fashion-mnist", (31.7, 60, 70, 73, 75.4), test=test,
                losses=(1.85, 1, 0.8, 0.7, 0.70))  # fmt: skip
    found = {claim: verdict for (name, claim), verdict in verdicts(runs).items() if name == title}
    assert found == {
        "test accuracy, epoch 5": "reproduced",
        "test accuracy, epochs 1 to 5": "reproduced",
        "training accuracy, epochs 1 and 5": "reproduced; not a test figure",
        "training loss, epochs 1 and 5": "not reproduced; not a test figure",
    }


def test_every_row_has_its_error_on_fashion_mnist(keep, tmp_path, capsys):
    keep(LENET5.name, "fashion-mnist", [90, 95])
    runs = keep("mlp", "fashion-mnist", [80, 85])
    table = table3.fashion_table(runs).set_index("model")
    assert table["test_error"].tolist() == pytest.approx([5, 15])
    assert table["difference"].iloc[1] == pytest.approx(10)
    assert table3.main(["--recorded", "--out", str(tmp_path)]) == 0
    assert "Fashion-MNIST" in capsys.readouterr().out
    for name in ("table3.csv", "table3.md", "table3.json", "table3-fashion.csv"):
        assert (tmp_path / name).stat().st_size > 0
