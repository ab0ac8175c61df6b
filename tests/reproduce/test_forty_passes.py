"""More passes, and the weights in the first ones: reproduce.forty_passes."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from paper_lenet5.patterns import Split
from paper_lenet5.recipe import SCHEDULE
from reproduce import forty_passes
from reproduce.measures import statistics
from reproduce.rows import datasets
from reproduce.rows.recipes import LENET5
from reproduce.running.record import is_recipe
from reproduce.running.runs import Runs
from tests import ROOT
from tests.conftest import draw_digits, random_model

DIGITS = datasets.Dataset(
    "drawn", "drawn", *(Split(*draw_digits(60, seed)) for seed in (0, 1)), {}, False
)


def invented(errors: dict[str, list[list[int]]], sizes: dict[str, list[list[float]]]) -> dict:
    runs = [
        {"network": network, "seed": seed, "held_out_errors": of_seed,
         "sizes": {"first": sizes[network][seed], "all": sizes[network][seed]}}
        for network, of_network in errors.items()
        for seed, of_seed in enumerate(of_network)
    ]  # fmt: skip
    return {"test_patterns": 1000, "runs": runs}


def test_the_schedule_is_the_printed_one_and_goes_on_at_its_last_rate():
    longer = forty_passes.LONGER.recipe.schedule
    assert longer[:20] == SCHEDULE
    assert set(longer[20:]) == {SCHEDULE[-1]}
    assert len(longer) == 40
    assert replace(forty_passes.LONGER.recipe, schedule=SCHEDULE) == LENET5.recipe


def test_the_size_is_the_root_mean_square_of_the_weights_without_biases():
    model = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 2))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[3.0, 4.0]]))
        model[1].weight.fill_(0.0)
        for layer in model:
            layer.bias.fill_(100.0)
    assert forty_passes.sizes(model) == {
        "0": pytest.approx(12.5**0.5, abs=1e-6),
        "1": 0.0,
        "all": 2.5,
    }
    of_lenet5 = forty_passes.sizes(random_model())
    assert list(of_lenet5) == ["c1", "s2", "c3", "s4", "c5", "f6", "all"], "no centers"


def test_sizes_are_taken_before_the_first_pass_and_after_each(monkeypatch):
    short = replace(LENET5, recipe=replace(LENET5.recipe, schedule=(0.0005, 0.0002)))
    monkeypatch.setattr(forty_passes, "ROWS", {"LeNet-5": short})
    run = forty_passes.trained("LeNet-5", 1, DIGITS)
    session = short.session(DIGITS, 1)
    assert run["sizes"]["c1"][0] == forty_passes.sizes(session.model)["c1"]
    *_, last = session.passes()
    assert [len(sizes) for sizes in run["sizes"].values()] == [3] * 7
    assert run["sizes"]["all"][-1] == forty_passes.sizes(session.model)["all"]
    assert run["held_out_errors"][-1] == last.test_errors
    assert len(run["held_out_errors"]) == 2


def test_what_is_recorded_is_not_trained_again(monkeypatch):
    monkeypatch.setattr(forty_passes, "trained", lambda network, seed, _: {"network": network,
                                                                           "seed": seed})  # fmt: skip
    monkeypatch.setattr(forty_passes, "SEEDS", {"a": 2, "b": 1})
    record = {"runs": [{"network": "a", "seed": 0}]}
    *_, whole = forty_passes.measured(DIGITS, record)
    assert [(run["network"], run["seed"]) for run in whole["runs"]] == [
        ("a", 0),
        ("b", 0),
        ("a", 1),
    ]


def test_a_line_is_a_pass_and_the_size_is_told_as_a_multiple():
    record = invented(
        {"LeNet-5": [[30, *[20] * 18, 12, *[11] * 20], [50, *[20] * 18, 14, *[13] * 20]]},
        {"LeNet-5": [[2.0, 1.0, *[4.0] * 39], [2.0, 2.0, *[4.0] * 39]]},
    )
    table = forty_passes.numbers(record).set_index("pass")
    assert table.loc[1, ["error", "error_low", "error_high", "n"]].tolist() == [4.0, 3.0, 5.0, 2]
    assert np.isnan(table.loc[0, "error"]), "nothing is judged before the first pass"
    said = forty_passes.sentence(table.reset_index())
    assert "1.30 % after pass 20, 1.20 % after pass 40" in said
    assert "0.75 times as large after the first pass" in said
    assert said.endswith("2.00 times after the last, and 0.75 times at their smallest.")
    _, right = forty_passes.draw(table.reset_index()).axes
    assert right.lines[0].get_ydata()[:3].tolist() == [1.0, 0.75, 2.0]
    ratio = forty_passes.ratios(record, "LeNet-5")["first"]
    assert ratio[:3].tolist() == [1.0, 0.75, 2.0]


def test_the_first_twenty_passes_on_record_are_those_of_the_reading_as_settled():
    """Trained by another command on the same data, with the same seeds: the same errors, by pass."""
    record = json.loads((ROOT / "results" / "forty_passes.json").read_text(encoding="utf-8"))
    assert all(is_recipe(record["recipes"][n], row.recipe) for n, row in forty_passes.ROWS.items())
    runs, compared = Runs(ROOT / "results"), 0
    for run in record["runs"]:
        if run["network"] == "LeNet-5" and run["seed"] < 5:
            settled = runs.record(f"reading-settled-mnist-held-out-seed{run['seed']}")
            percent = [100 * errors / record["test_patterns"] for errors in run["held_out_errors"]]
            assert percent[:20] == pytest.approx(statistics.by_pass(settled, "test"))
            compared += 1
    assert compared >= 3
