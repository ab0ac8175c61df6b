"""Today's network: how it is trained is chosen by the rule, on held-out images; and its sizes."""

import pandas as pd
import pytest

from paper_lenet5.modern import ModernNet
from reproduce import today
from reproduce.measures import costs
from reproduce.rows import datasets
from reproduce.rows.recipes import LENET5
from reproduce.rows.today import CANDIDATES, CHOSEN, SEEDS, SMALLER, TODAY
from reproduce.running.record import describe
from reproduce.running.runs import Runs, recorded
from reproduce.writing import options


def test_the_chosen_way_errs_least_on_held_out_images():
    """By the records: five networks of each candidate, none of which saw a test image."""
    runs, means = Runs(options.RESULTS), {}
    for row in CANDIDATES:
        records = recorded(row, runs, datasets.MNIST_HELD_OUT)
        assert [record["seed"] for record in records] == list(range(SEEDS)), row.name
        assert all(record["dataset"]["test_patterns"] == datasets.HELD_OUT for record in records)
        means[row.name] = sum(record["test_errors"] for record in records)
    assert min(means, key=means.get) == CHOSEN.name
    assert recorded(TODAY, runs)
    for row in CANDIDATES[1:]:
        assert row is CHOSEN or not recorded(row, runs), "a loser has met the test set"


def test_candidates_change_one_thing_each():
    """Patterns a step, the rate that goes with them, and passes until both are as many steps."""
    settled = describe(CANDIDATES[2].recipe)
    for row in CANDIDATES[1:]:
        changed = {k for k, v in describe(row.recipe).items() if settled[k] != v}
        assert len(changed - {"batch", "learning_rate"}) <= 1
        assert ("batch" in changed) == ("learning_rate" in changed)


def test_sizes_are_of_one_network_that_is_trained_alike():
    sizes = [costs.parameters(row.recipe.build(None)) for row in SMALLER]
    assert sizes == [1_087, 2_519, 5_120, 10_337, 25_374]
    assert costs.parameters(ModernNet()) == costs.parameters(TODAY.recipe.build(None)) == 54_434
    for row in SMALLER:
        changed = {k for k, v in describe(row.recipe).items() if describe(CHOSEN.recipe)[k] != v}
        assert changed == {"network"}


LINES = {
    (today.HELD_OUT, CHOSEN.title): (54_434, 0.6, 0.05, 5),
    (today.HELD_OUT, "another"): (54_434, 0.7, 0.05, 5),
    (today.TEST, LENET5.title): (60_000, 0.95, 0.08, 30),
    (today.TEST, "LeNet-1"): (50, 0.5, 0.1, 1),
    (today.TEST, TODAY.title): (54_434, 0.5, 0.05, 5),
    (today.TEST, SMALLER[0].title): (1_087, 1.2, 0.05, 5),
    (today.TEST, SMALLER[1].title): (2_519, 0.9, 0.05, 3),
    (today.TEST, SMALLER[2].title): (5_120, 0.7, 0.05, 5),
}


def sentence(*leave_out):
    lines = [(*key, *of) for key, of in LINES.items() if key not in leave_out]
    columns = ["images", "network", "parameters", "error", "sd", "n"]
    return today.sentence(pd.DataFrame(lines, columns=columns))


def test_the_smallest_of_todays_networks_that_is_as_good_is_named():
    text = sentence()
    assert text.startswith("Of 2 ways to train a network of 54,434 parameters today, ")
    assert (
        "errs least on held-out images: 0.60 ± 0.05 % (n = 5). On the test set it errs 0.50" in text
    )
    assert "of 60,000 parameters, 2,519 are enough (0.90 %, n = 3)." in text
    assert "5,120 are enough (0.70 %" in sentence((today.TEST, SMALLER[1].title))


@pytest.mark.parametrize("left_out", [*LINES, None])
def test_what_is_not_recorded_is_not_spoken_of(left_out):
    """As where only a part has been trained: nothing of it is an error."""
    assert ("ways" in sentence(left_out)) == (left_out != (today.HELD_OUT, CHOSEN.title))
    assert ("enough" in sentence(left_out)) == (left_out != (today.TEST, LENET5.title))
