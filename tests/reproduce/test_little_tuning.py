"""The figure of error against rate: what is made of its record, and that it learns."""

import torch

from paper_lenet5.patterns import Split
from paper_lenet5.sdlm import diagonal_curvature
from reproduce import little_tuning
from reproduce.little_tuning import OPTIMIZERS, Run, error, numbers, sentence, train
from tests.conftest import draw_digits


def test_a_line_is_the_mean_and_the_range_of_its_runs():
    runs = [
        {
            "network": "convolutional",
            "optimizer": "SDLM",
            "rate": rate,
            "seed": seed,
            "error": wrong,
        }
        for rate, seed, wrong in ((0.0001, 0, 20.0), (0.0001, 1, 30.0), (0.001, 0, 10.0))
    ]
    table = numbers({"runs": runs})
    assert table[["rate", "mean", "low", "high", "n"]].to_numpy().tolist() == [
        [0.0001, 25, 20, 30, 2],
        [0.001, 10, 10, 10, 1],
    ]
    said = sentence({"runs": runs})
    assert "convolutional network SDLM 10.0 to 25.0 %" in said
    assert "Means of 1 to 2 networks" in said
    assert "in the middle, but for SDLM on the convolutional network, best at 0.001." in said
    in_the_middle, no_more = ({**runs[0], "rate": rate, "error": 5.0} for rate in (0.0003, 7.0))
    assert "in the middle." in sentence({"runs": [*runs, in_the_middle]})
    assert numbers({"runs": [*runs, no_more]}).equals(table), "a rate that is not tried any more"


def test_an_error_varies_more_or_less_where_the_interval_of_the_difference_says_so():
    """Three networks a rate, a point apart; those of Adam may be those of SDLM."""
    of = {"SDLM": (10, 20), "SGD": (10, 30), "Adam": (10, 21)}
    runs = [
        {**Run("convolutional", name, rate, seed)._asdict(), "error": mean + seed}
        for name, means in of.items()
        for rate, mean in zip(OPTIMIZERS[name].rates[2:], means, strict=False)
        for seed in range(3)
    ]
    assert sentence({"runs": runs}).startswith(
        "On the convolutional network SDLM's error varies over the rates less than SGD's, and as "
        "much as Adam's, as far as can be told. Held-out"
    )
    assert sentence({"runs": runs[:1]}).startswith("Held-out"), "nothing to compare it with"
    assert "as much as SGD's" in sentence({"runs": [runs[0], runs[6]]}), "of one network each"


def test_curves_are_told_apart_by_more_than_their_colours():
    styles = [rated.style for rated in OPTIMIZERS.values()]
    for of_each in zip(*styles, strict=True):
        assert len({*of_each}) == len(OPTIMIZERS)


def test_every_optimizer_learns_at_the_middle_of_its_rates():
    split = Split(*draw_digits(300))
    for name, rated in OPTIMIZERS.items():
        run = Run("fully connected", name, rated.rates[2], 0)
        assert error(train(run, split.inputs, split.labels), split.inputs, split.labels) < 40, name


def test_curvature_is_measured_on_500_patterns_before_each_pass(monkeypatch):
    split, seen = Split(*draw_digits(510)), []

    def measured(model, x, *others):
        seen.append(len(x))
        return diagonal_curvature(model, x, *others)

    monkeypatch.setattr(little_tuning, "diagonal_curvature", measured)
    train(Run("fully connected", "SDLM", 0.0003, 0), split.inputs, split.labels)
    assert seen == [500] * little_tuning.PASSES


def test_a_run_is_the_same_each_time():
    split, run = Split(*draw_digits(20)), Run("convolutional", "SDLM", 0.0003, 1)
    first, again = (train(run, split.inputs, split.labels).state_dict() for _ in range(2))
    assert all(torch.equal(value, again[name]) for name, value in first.items())


def test_what_is_recorded_is_not_trained_again(monkeypatch):
    split = Split(*draw_digits(20))
    todo = [Run("fully connected", "SGD", 0.01, seed) for seed in (0, 1)]
    monkeypatch.setattr(little_tuning, "runs", lambda: todo)
    record = {"runs": [{**todo[0]._asdict(), "error": 5.0}]}
    (whole,) = little_tuning.measured(split, split, record)
    assert [run["seed"] for run in whole["runs"]] == [0, 1]
