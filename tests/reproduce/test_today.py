"""Today's network: how it is trained is chosen by the rule, on held-out images; and its sizes."""

import shutil

import numpy as np
import pandas as pd
import pytest

from paper_lenet5.modern import ModernNet
from reproduce import today
from reproduce.measures import costs, statistics
from reproduce.rows import datasets
from reproduce.rows.recipes import LENET5, LENET5_DISTORTIONS
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


def test_candidates_change_one_field_each():
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
    (today.TEST, LENET5_DISTORTIONS.title): (60_000, 0.83, 0.08, 30),
    (today.TEST, "LeNet-1"): (50, 0.5, 0.1, 1),
    (today.TEST, TODAY.title): (54_434, 0.5, 0.05, 5),
    (today.TEST, SMALLER[0].title): (1_087, 1.2, 0.05, 5),
    (today.TEST, SMALLER[1].title): (2_519, 0.97, 0.05, 3),
    (today.TEST, SMALLER[2].title): (5_120, 0.8, 0.05, 5),
    (today.TEST, SMALLER[3].title): (10_337, 0.7, 0.05, 5),
}


def sentence(*leave_out):
    """Differences are those of the means, 0.05 to each side."""
    lines = []
    for (images, network), (parameters, error, sd, n) in LINES.items():
        if (images, network) in leave_out:
            continue
        line = {"images": images, "network": network, "parameters": parameters, "error": error,
                "sd": sd, "n": n, "low": error - 0.1, "high": error + 0.1, "one_low": error - 0.2,
                "one_high": error + 0.2}  # fmt: skip
        for name, row in today.COMPARED.items():
            if (today.TEST, row.title) not in leave_out and "modern" in network:
                away = error - LINES[today.TEST, row.title][1]
                line |= {f"from_{name}": away, f"from_{name}_low": away - 0.05,
                         f"from_{name}_high": away + 0.05}  # fmt: skip
        lines.append(line)
    return today.sentence(pd.DataFrame(lines, columns=today.COLUMNS))


def test_the_smallest_of_todays_networks_that_errs_no_more_or_less_is_named_by_the_intervals():
    text = sentence()
    assert text.startswith("Of 2 ways to train a network of 54,434 parameters today, ")
    assert "errs least on held-out images: 0.60 ± 0.05 % (n = 5). On the test set" in text
    assert "0.50 % (95 % interval of the mean 0.40 … 0.60, one more network 0.30 … 0.70, n" in text
    assert (
        "networks of 2,519 parameters cannot be told from LeNet-5 (1998), of 60,000, which sees no "
        "distortions: 0.97 against 0.95 %, difference +0.02 (95 % interval -0.03 … +0.07), n = 3 and 30."
    ) in text
    assert (
        "Those of 10,337 err less often than LeNet-5 (1998) with distortions: 0.70 against 0.83 %, "
        "difference -0.13 (95 % interval -0.18 … -0.08), n = 5 and 30."
    ) in text, "5,120 have a smaller mean, but not so surely"
    without = sentence((today.TEST, SMALLER[1].title))
    assert "networks of 5,120 parameters err less often than LeNet-5 (1998), of 60,000" in without


@pytest.mark.parametrize("left_out", [*LINES, None])
def test_what_is_not_recorded_is_not_spoken_of(left_out):
    """As where only a part has been trained: nothing of it is an error."""
    text = sentence(left_out)
    assert ("ways" in text) == (left_out != (today.HELD_OUT, CHOSEN.title))
    assert ("sees no distortions" in text) == (left_out != (today.TEST, LENET5.title))
    assert ("with distortions:" in text) == (
        left_out not in ((today.TEST, LENET5_DISTORTIONS.title), (today.TEST, SMALLER[3].title))
    )


def test_todays_networks_are_compared_with_lenet_5_without_distortions_and_with():
    """By the records, over all networks of both."""
    runs = Runs(options.RESULTS)
    table = today.numbers(runs)
    assert table.round(4).to_csv(index=False) == (options.RESULTS / "figures/today.csv").read_text(
        encoding="utf-8"
    )
    of_test = table[table["images"] == today.TEST].set_index("network")
    assert {row.title for row in today.BESIDE} < set(of_test.index)
    for row in (TODAY, *SMALLER):
        line = of_test.loc[row.title]
        for name, other in today.COMPARED.items():
            away = statistics.against(recorded(row, runs), recorded(other, runs))
            ends = line[f"from_{name}_low"], line[f"from_{name}_high"]
            assert ends == (away["difference_low"], away["difference_high"])
            assert line[f"from_{name}"] == pytest.approx(
                line["error"] - of_test.loc[other.title, "error"]
            )


def test_the_figure_says_which_lenet_5_saw_distortions_and_has_the_bars_that_it_names():
    table = today.numbers(Runs(options.RESULTS))
    ways, sizes = today.draw(table).axes
    labels = {text.get_text().rpartition(" ")[0]: text.xy[1] for text in sizes.texts}
    errors = table[table["images"] == today.TEST].set_index("network")["error"]
    assert labels["LeNet-5"] == errors[LENET5.title]
    assert labels["LeNet-5, distortions"] == errors[LENET5_DISTORTIONS.title]

    def bars(axes, along):
        return [
            ends[:, along].tolist() for some in axes.collections for ends in some.get_segments()
        ]

    for axes, along, images in ((ways, 0, today.HELD_OUT), (sizes, 1, today.TEST)):
        of = table[table["images"] == images]
        deviation = zip(of["error"] - of["sd"], of["error"] + of["sd"], strict=True)
        assert sorted(bars(axes, along)) == pytest.approx(np.array(sorted(deviation)))
    assert today.BARS in ways.get_xlabel()
    legend = sizes.get_legend()
    assert legend.get_title().get_text() == today.BARS
    assert "recipe of 1998, ours" in [text.get_text() for text in legend.get_texts()]


def test_ways_to_train_are_drawn_before_any_network_meets_the_test_set(tmp_path, capsys):
    (tmp_path / "runs").mkdir()
    for record in recorded(CHOSEN, Runs(options.RESULTS), datasets.MNIST_HELD_OUT):
        name = f"runs/{record['name']}.json"
        shutil.copyfile(options.RESULTS / name, tmp_path / name)
    assert today.main(["--out", str(tmp_path)]) == 0
    assert (tmp_path / "figures/today.png").exists()
    assert "Of 1 ways to train" in capsys.readouterr().out
