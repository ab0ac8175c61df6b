"""The numbers behind the figures, and what their commands do: reproduce.figure5 and so on."""

import json
import re
from dataclasses import asdict, replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from scipy import stats
from torch import nn

from paper_lenet5 import preprocess
from paper_lenet5.changes import moved
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.recipe import SCHEDULE
from reproduce import (
    everything,
    figure5,
    figure6,
    figure7,
    figure8,
    figure9,
    figure13,
    figures,
    step_sizes,
)
from reproduce.__main__ import exhibits
from reproduce.measures import invariance
from reproduce.rows import datasets, reported
from reproduce.rows.readings import BY_EQ9, BY_HALF_EQ8, HALF
from reproduce.rows.recipes import (
    EXPLAINS,
    FIGURE_6,
    FIGURE_6_EXPLAINS,
    FIGURE_6_EXPLAINS_LONG,
    FIGURE_6_LONG,
    LENET5,
    NOISE,
    TEXTBOOK,
)
from reproduce.running.record import sha256
from reproduce.running.runs import Runs
from reproduce.writing import drawing, exhibit, options
from tests import ROOT
from tests.conftest import draw_digits, random_model

FIGURES = ROOT / "results" / "figures"


def record(wrong: dict[int, int], during=(3000, 600), test=(300, 90)) -> dict:
    passes = [
        {"errors_during": d, "patterns": 60_000, "test_errors": t}
        for d, t in zip(during, test, strict=True)
    ]
    return {
        "wrong_answers": {str(index): answer for index, answer in wrong.items()},
        "dataset": {"test_patterns": 10_000},
        "passes": passes,
    }


def test_the_82_errors_of_1998_are_82_and_their_commonest_confusion_is_9_for_4():
    assert len(reported.FIGURE_8) == 82
    assert sum(index < 5000 for index in reported.FIGURE_8) == 55
    assert list(np.bincount(list(reported.FIGURE_8.values()))) == [7, 6, 7, 8, 10, 13, 6, 8, 12, 5]


def test_the_labels_of_the_82_are_those_of_the_paper(mnist_test):
    _, labels = mnist_test
    of_82 = [int(labels[index]) for index in reported.FIGURE_8]
    assert list(np.bincount(of_82)) == [3, 2, 8, 9, 11, 5, 13, 5, 10, 16]
    assert all(
        reported.FIGURE_8[i] != label for i, label in zip(reported.FIGURE_8, of_82, strict=True)
    )


def test_overlap_counts_the_papers_errors_among_ours_by_either_reading():
    labels = [0] * 10_000
    records = {
        BY_EQ9: [record({247: 6, 5: 1}), record({247: 6, 449: 9})],
        BY_HALF_EQ8: [record({5: 1, 659: 1, 7: 2})],
    }
    table = figure8.missed(records, labels)
    settled, other = (figure8.overlap(table, reading, of) for reading, of in records.items())
    assert settled["mean_errors"] == pytest.approx(2)
    assert settled["of_the_82"] == pytest.approx(1.5)
    assert settled["by_chance"] == pytest.approx(82 * 2 / 10_000)
    of_all = ("of_the_82_by_all", "of_the_82_by_none", "by_all")
    assert [settled[key] for key in of_all] == [1, 80, 1]
    assert settled["same_answer"] == 1, "449 was answered otherwise in 1998"
    assert (other["mean_errors"], other["of_the_82"], other["same_answer"]) == (3, 1, 1)
    assert [other[key] for key in of_all] == [1, 81, 3]
    assert len(table) == 84
    said = figure8.compared({"one": settled, "two": other})
    assert "2.0 by one and 3.0 by two (2 and 1 networks each)" in said
    assert "among them 1.5 and 1.0 of those 82; " in said
    assert "1 of the 82 are missed by all of ours, 80 and 81 by none" in said
    assert "most common wrong answer is that of 1998 for 1 of 2 and 1 of 1 (" in said


@pytest.mark.parametrize(
    ("answers", "commonest", "same"),
    [((6, 6, 3), 6, 1), ((3, 6, 6), 6, 1), ((6, 3), None, 0), ((3, 6), None, 0), ((3, 3, 6), 3, 0)],
)
def test_an_answer_is_the_commonest_if_no_other_is_as_common(answers, commonest, same):
    """247 was taken for a 6 in 1998."""
    records = {BY_EQ9: [record({247: answer}) for answer in answers]}
    table = figure8.missed(records, [0] * 10_000)
    (found,) = table[table["test_index"] == 247]["commonest_answer"]
    assert found is pd.NA if commonest is None else found == commonest
    counts = figure8.overlap(table, *next(iter(records.items())))
    assert (counts["same_answer"], counts["of_the_82_by_any"]) == (same, 1)


def test_figure_8_draws_what_has_no_commonest_answer_as_well():
    records = {BY_EQ9: [record({5: 1}), record({5: 2})]}
    figure = figure8.draw(
        figure8.missed(records, [0] * 10_000), torch.zeros(10_000, 28, 28), records
    )
    assert [text.get_text() for text in figure.axes[1].texts] == ["0→?"]


def test_figure_8_draws_the_82_and_what_half_of_ours_miss_beside_them():
    rare, of_one_reading = 5, 7
    records = {
        BY_EQ9: [record({247: 6, rare: 1}), record({247: 6}), record({})],
        BY_HALF_EQ8: [record({of_one_reading: 2}), record({of_one_reading: 2})],
    }
    table = figure8.missed(records, [0] * 10_000)
    figure = figure8.draw(table, torch.zeros(10_000, 28, 28), records)
    paper, others = figure.axes
    assert (len(paper.images), len(others.images)) == (82, 1), "5 is missed by one of three"
    assert [text.get_text() for text in others.texts] == ["0→2"], "the answer of those that miss it"
    (bar,) = (line for line in others.lines if line.get_color() == drawing.EQ8)
    assert np.ptp(bar.get_xdata()) == pytest.approx(0.84), "as long as it can be: all of them"


def test_the_confusion_matrix_is_a_mean_over_networks():
    matrix = figure8.confusion_matrix([record({2: 5}), record({2: 5, 1: 0})], [0, 3, 7])
    assert matrix.loc[7, 5] == 1
    assert matrix.loc[3, 0] == 0.5
    assert matrix.to_numpy().sum() == 1.5


def test_figure_5_holds_percentages_by_pass(monkeypatch):
    monkeypatch.setattr(figure5, "PASSES", 2)
    of_eq9 = [record({}), record({}, during=(6000, 1200), test=(100, 110))]
    table = figure5.numbers(of_eq9, [record({}, during=(3600, 1200), test=(200, 100))])
    assert list(table["train_mean"]) == pytest.approx([7.5, 1.5])
    assert list(table["test_mean"]) == pytest.approx([2.0, 1.0])
    assert list(table["train_mean_half_eq8"]) == pytest.approx([6.0, 2.0])
    assert list(table["test_mean_half_eq8"]) == pytest.approx([2.0, 1.0])
    assert "train_mean_half_eq8" not in figure5.numbers(of_eq9)


def test_figure_5_counts_the_papers_points_where_one_more_network_would_be_at_that_pass(
    monkeypatch,
):
    """Of three networks a point apart: the mean and five points to each side."""
    monkeypatch.setattr(figure5, "PASSES", 2)
    reach = stats.t.ppf(0.975, 2) * np.sqrt(1 + 1 / 3)

    def around(train: float, test: float) -> list[dict]:
        """Around these in the first pass, around 9 % in the second."""
        first, second = np.array([train, test]), np.array([9, 9])
        during, after = np.stack([first, second]).T[:, :, None] + [-1, 0, 1]
        return [record({}, 600 * during[:, k], 100 * after[:, k]) for k in range(3)]

    # The paper: 4.89 and 3.06 % in training, 2.67 and 2.24 % on the test set.
    table = figure5.numbers(around(4.89 + reach + 0.004, 2.67 - reach + 0.1),
                            around(4.89 + reach + 0.006, 2.67 - reach - 0.1))  # fmt: skip
    assert list(table["train_one_low"]) == pytest.approx([4.894, 9 - reach], abs=1e-9)
    assert list(table["test_one_high_half_eq8"]) == pytest.approx([2.57, 9 + reach])
    said = figure5.sentence(table)
    assert "the 2 points of each curve of the paper's Fig. 5" in said
    assert f"by {BY_EQ9.label}, 1 of the test and 1 of the training errors" in said
    assert f"by {BY_HALF_EQ8.label}, 0 of the test and 0 of the training errors" in said
    assert BY_HALF_EQ8.label not in figure5.sentence(figure5.numbers(around(4.89, 2.67)))
    for axes, name in zip(figure5.draw(table, [3, 3]).axes, ("train", "test"), strict=True):
        for place, reading in enumerate(figure5.READINGS):
            band = axes.collections[place].get_paths()[0].vertices[:, 1]
            ends = table[[f"{name}_one_{end}{reading.suffix}" for end in ("low", "high")]]
            assert sorted({*band}) == pytest.approx(sorted({*ends.to_numpy().flat})), "95 %"
            line = axes.lines[place].get_ydata()
            assert list(line) == list(table[f"{name}_mean{reading.suffix}"])


@pytest.mark.parametrize("name", sorted(path.stem for path in FIGURES.glob("*.svg")))
def test_a_figure_is_no_wider_than_its_page_so_that_its_words_can_be_read(name):
    """Of 7 inches, in which 9 points are 6 pixels on a phone's 360, and 7 points in the report."""
    root = ElementTree.parse(FIGURES / f"{name}.svg").getroot()
    assert root.get("width") == "504pt"


def test_a_colour_has_its_name_in_one_place():
    named = {drawing.PAPER, drawing.OURS, drawing.EQ8, drawing.MODERN, drawing.OTHER}
    assert len(named) == 5
    for path in (ROOT / "reproduce").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "drawing." in text:
            assert not set(re.findall(r'"(black|#[0-9a-f]{6})"', text)) & named, path.name


# --- figure 6 -------------------------------------------------------------------------------------


def of_set(patterns: int, test: int, during: int) -> dict:
    return {
        "test_errors": test,
        "train_errors": during // 2,
        "dataset": {"test_patterns": 10_000, "train_patterns": 60_000},
        "passes": [{"errors_during": during, "patterns": patterns}],
    }


def figure_6_of(records: dict[str, list[dict]]) -> pd.DataFrame:
    """The numbers from records by the names of their rows."""
    return figure6.numbers([records.get(row.name, []) for _, row in figure6.ROWS])


def test_figure_6_has_mean_and_spread_of_either_reading_beside_the_papers_values():
    table = figure_6_of({
        "lenet5-1998-15000": [of_set(15_000, 158, 30), of_set(15_000, 178, 60)],
        "lenet5-1998": [of_set(60_000, 120, 60)],
        "lenet5-1998-half-eq8-15000": [of_set(15_000, test, during)
                                       for test, during in ((140, 7), (141, 8), (142, 9))],
        "lenet5-1998-half-eq8-distortions": [of_set(60_000, test, 600) for test in (78, 80, 82)],
    })  # fmt: skip
    assert list(table["patterns"]) == [15_000, 60_000, 15_000, 600_000], "no sets without records"
    settled, other = BY_EQ9.label, BY_HALF_EQ8.label
    assert list(table["reading"]) == [settled, settled, other, other]
    first = table.iloc[0]
    assert (first["test_paper"], first["train_paper"]) == (1.68, 0.054)
    ours = first[["test_mean", "test_low", "test_high"]].tolist()
    assert ours == pytest.approx([1.68, 1.58, 1.78])
    assert first["test_sd"] == pytest.approx(0.1 * np.sqrt(2))
    assert first["train_mean"] == pytest.approx(100 * 45 / 15_000)
    assert first["train_after"] == pytest.approx(100 * 22.5 / 15_000), "of the patterns it saw"
    assert np.isnan(table.iloc[1]["test_sd"])
    of_one = 0.01 * stats.t.ppf(0.975, 2) * np.sqrt(1 + 1 / 3)
    assert table.iloc[2]["test_one_high"] == pytest.approx(1.41 + of_one)
    assert figure6.sentence(table).endswith(
        f"by {settled}, 1 of 2 test errors and 1 of 2 training errors; "
        f"by {other}, 1 of 2 test errors and 1 of 1 training errors."
    )
    lines = figure6.lines_of(table, "test", ours_too_as="**{}**")
    assert [line[settled] for line in lines] == ["**1.68**", "1.20", ""], "one alone says nothing"
    assert [line[other] for line in lines] == ["1.41", "", "**0.80**"]


@pytest.mark.parametrize(
    ("longer", "short"),
    [(FIGURE_6_LONG, FIGURE_6), (FIGURE_6_EXPLAINS_LONG, FIGURE_6_EXPLAINS)],
    ids=["settled", "explains"],
)
def test_figure_6_has_the_smaller_sets_with_as_many_presentations_as_all(longer, short):
    for row, same in zip(longer, short, strict=True):
        recipe = row.recipe
        assert recipe.training_patterns * len(recipe.schedule) == 60_000 * len(SCHEDULE)
        assert sorted(recipe.schedule, reverse=True) == list(recipe.schedule)
        assert set(recipe.schedule) == set(SCHEDULE)
        assert replace(recipe, schedule=SCHEDULE) == same.recipe
    table = figure_6_of({
        short[0].name: [of_set(15_000, 165, 30), of_set(15_000, 172, 30)],
        longer[0].name: [of_set(15_000, test, 9) for test in (140, 141, 142)],
    })  # fmt: skip
    assert list(table["patterns"]) == [15_000, 15_000]
    assert list(table["passes"]) == [20, 80]
    assert list(table["test_paper"]) == [1.68, 1.68], "which of the two it has is not said"
    first, second = figure6.sentence(table).split(" With as many patterns presented")
    assert "1 of 1 test errors" in first
    assert "0 of 1 test errors" in second
    assert len(figure6.draw(table).axes[1].get_xticks()) == 1, "both stand at one place"


def test_both_readings_have_the_same_sets_and_differ_in_the_loss_alone():
    by_reading = [
        [row for of, row in figure6.ROWS if of is reading] for reading in figure6.READINGS
    ]
    for settled, other in zip(*by_reading, strict=True):
        assert replace(settled.recipe, loss=EXPLAINS[0].recipe.loss, **HALF) == other.recipe


@pytest.mark.parametrize("figure", [figure5, figure6, figure8, figure9, step_sizes])
def test_without_records_a_figure_says_how_to_get_them(figure, tmp_path, capsys):
    assert figure.main(["--out", str(tmp_path)]) == 1
    assert "--train" in capsys.readouterr().out
    assert not (tmp_path / "figures").exists()


@pytest.fixture
def corner(monkeypatch):
    """A corner of the sample in place of MNIST."""
    small = datasets.smoke(datasets.sample())
    train, test = (
        replace(s, images=s.images[:60], labels=s.labels[:60]) for s in (small.train, small.test)
    )
    small = replace(small, name="mnist", train=train, test=test, comparable=True)
    monkeypatch.setattr(datasets, "load", lambda *_: small)
    return small


def test_a_figure_trains_what_has_no_record_and_nothing_twice(corner, tmp_path, monkeypatch):
    out = ["--out", str(tmp_path)]
    command = ["--train", "--seeds", "1", *out]
    assert step_sizes.main(command) == 0
    table = pd.read_csv(tmp_path / "figures" / "step_sizes.csv")
    assert set(table["pass"]) == set(range(1, 21))
    assert set(table["layer"]) == set(step_sizes.LAYERS)
    assert (table["largest"] <= table["eta"] / LENET5.recipe.mu).all(), "the ceiling of eq. 21"
    assert all((tmp_path / "figures" / f"step_sizes.{kind}").exists() for kind in ("png", "svg"))
    (path,) = (tmp_path / "runs").glob("*.json")
    first = path.read_bytes()
    assert step_sizes.main(["--train", "--seeds", "2", *out]) == 0, "the second seed alone"
    assert len(list((tmp_path / "runs").glob("*.json"))) == 2
    assert path.read_bytes() == first
    monkeypatch.setattr(drawing, "sweep", lambda *_: pytest.fail("there is a record already"))
    assert step_sizes.main(command) == 0
    for other in set((tmp_path / "runs").glob("*.json")) - {path}:
        other.unlink()
    old = json.loads(path.read_text(encoding="utf-8"))
    for of_pass in old["passes"]:
        del of_pass["step_quantiles"]
    path.write_text(json.dumps(old), encoding="utf-8")
    assert step_sizes.main(out) == 1, "a record from before the steps were recorded"


def test_a_figure_is_not_trained_on_other_data(corner, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(datasets, "load", lambda *_: replace(corner, comparable=False))
    assert figure6.main(["--train", "--out", str(tmp_path)]) == 1
    assert "name MNIST's folder" in capsys.readouterr().out


# --- step sizes -----------------------------------------------------------------------------------


def test_step_sizes_have_the_extremes_of_all_networks_and_their_geometric_mean():
    networks = [
        {"passes": [{"number": 1, "eta": 5e-4, "step_quantiles": {"c1.weight": steps},
                     "smallest_step": steps[0], "largest_step": steps[-1]}]}
        for steps in ([1e-5, 1e-4, 2e-4, 4e-4, 5e-4, 6e-4, 1e-3],
                      [2e-5, 1e-4, 2e-4, 1e-4, 5e-4, 6e-4, 2e-3])
    ]  # fmt: skip
    (line,) = step_sizes.numbers(networks).to_dict("records")
    assert (line["layer"], line["parameter"]) == ("c1", "weight")
    assert (line["smallest"], line["median"], line["largest"]) == (1e-5, 2e-4, 2e-3)
    said = step_sizes.compared(pd.DataFrame([line]), {BY_EQ9: networks})
    assert "the smallest is in C1, the largest in C1." in said


def test_the_papers_one_network_is_compared_with_the_median_of_ours_over_networks():
    ends = {BY_EQ9: [(1e-5, 0.01), (6e-5, 0.013), (7e-5, 0.1)], BY_HALF_EQ8: [(2e-5, 0.02)]}
    of_readings = {
        reading: [
            {"passes": [{"smallest_step": low, "largest_step": high},
                        {"smallest_step": 1e-9, "largest_step": 1.0}]}
            for low, high in of
        ]
        for reading, of in ends.items()
    }  # fmt: skip
    table = pd.DataFrame({"pass": [1, 1, 2], "layer": ["c1", "c5", "s2"],
                          "smallest": [1e-5, 1e-4, 1e-9], "largest": [0.01, 0.1, 1]})  # fmt: skip
    said = step_sizes.compared(table, of_readings)
    assert (
        f"6.0·10⁻⁵ and 0.013 by {BY_EQ9.label} (the extremes of 3 networks are 1.0·10⁻⁵ and 0.100); "
        in said
    )
    assert (
        f"2.0·10⁻⁵ and 0.020 by {BY_HALF_EQ8.label} (the extremes of 1 networks are 2.0·10⁻⁵"
        in said
    )
    assert said.endswith("the smallest is in C1, the largest in C5.")


def test_a_band_of_steps_has_the_colour_of_its_legend_and_the_papers_range_a_panel_of_its_own():
    one = dict.fromkeys(step_sizes.COLUMNS, 1e-3) | {"pass": 1, "eta": 5e-4}
    table = pd.DataFrame([
        one | {"layer": layer, "parameter": kind}
        for layer in step_sizes.LAYERS
        for kind in ("weight", "bias")
    ])  # fmt: skip
    first = pd.DataFrame({"smallest": [6e-5, 8e-5], "largest": [0.01, 0.03]})
    figure = step_sizes.draw(table, 0.02, first)
    ends = [list(line.get_ydata()) for line in figure.axes[0].lines]
    assert ends == [list(reported.FIRST_PASS_STEPS), pytest.approx([7e-5, 0.02])]
    for axes in figure.axes[1:]:
        assert len(axes.lines) == 3, "two medians and the ceiling"
        drawn = [tuple(band.get_facecolor()[0]) for band in axes.collections]
        assert len({*drawn}) == 3
        assert all(colour[3] == 1 for colour in drawn), "nothing shows through"


# --- figure 7 -------------------------------------------------------------------------------------


def test_our_hundreds_of_distortions_look_like_the_papers_and_narrower_ones_would_not(monkeypatch):
    assert figure7.inside(figure7.numbers(200)).mean() > 0.9
    wide = figure7.draw_distortions

    def narrow(n, generator):
        drawn = wide(n, generator)
        return drawn.mean(0) + 0.7 * (drawn - drawn.mean(0))

    monkeypatch.setattr(figure7, "draw_distortions", narrow)
    assert figure7.inside(figure7.numbers(200)).mean() < 0.7


@pytest.mark.parametrize("name", reported.FIGURE_7)
def test_distortions_are_drawn_between_the_least_and_the_most_of_the_papers_hundred(name):
    """To 0.01, of a shift to 0.1 pixel: what uniform ranges of two digits can do."""
    ranges = asdict(FIG7_RANGES)
    ranges["scale"] = [1 / shrink for shrink in reversed(FIG7_RANGES.shrink)]
    least, *_, most = reported.FIGURE_7[name]
    near = 0.1 if name.startswith("shift") else 0.01
    assert ranges[name] == pytest.approx((least, most), abs=near + 1e-9)


def test_the_papers_deciles_rise():
    for values in reported.FIGURE_7.values():
        assert len(values) == 11
        assert (np.diff(values) > 0).all()


def test_the_mosaic_begins_with_the_patterns_and_no_two_distortions_are_alike():
    images, _ = draw_digits(10)
    picture = figure7.mosaic(images)
    assert picture.shape == (330, 373)
    rows = picture.view(10, 33, 373)[:, :32]
    assert torch.equal(rows[:, 2:30, 2:30], images)
    fields = [rows[0, :, 43 + 33 * k : 75 + 33 * k] for k in range(10)]
    assert len({field.numpy().tobytes() for field in fields}) == 10


# --- figure 13 ------------------------------------------------------------------------------------


def inputs_of(n: int) -> torch.Tensor:
    return preprocess(draw_digits(n)[0])


def test_noise_inverts_as_many_pixels_as_it_says_and_the_same_each_time():
    x = inputs_of(20)
    changed = invariance.noisy(x, 10)
    assert ((changed - x).abs() > 1e-4).float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert torch.equal(changed, invariance.noisy(x, 10))


def test_both_kinds_of_network_answer_by_their_own_rule():
    x, model = inputs_of(250), random_model()
    assert torch.equal(invariance.answers(model, x), model.classify(x))
    scores = nn.Sequential(nn.Flatten(), nn.Linear(1024, 10))
    assert torch.equal(invariance.answers(scores, x), scores(x).argmax(1))


def test_errors_are_counted_for_each_network_and_amount():
    x, model = inputs_of(30), random_model()
    labels = model.classify(x)
    changes = {"shift_x": replace(invariance.CHANGES["shift_x"], amounts=(0.0, 8.0))}
    lines = list(invariance.measure_changes({("any", 3): model}, x, labels, changes))
    assert [(line["network"], line["seed"], line["amount"]) for line in lines] == [
        ("any", 3, 0.0), ("any", 3, 8.0)
    ]  # fmt: skip
    assert lines[0]["errors"] == 0
    away = model.classify(moved(x, right=8))
    assert lines[1]["errors"] == (away != labels).sum() > 0


def test_what_is_measured_again_takes_the_place_of_what_was():
    columns = ["network", "seed", "errors"]
    old = pd.DataFrame([("a", 0, 1), ("a", 1, 2), ("b", 0, 3)], columns=columns)
    new = pd.DataFrame([("a", 1, 9)], columns=columns)
    assert list(figure13.updated(old, new)["errors"]) == [1, 3, 9]
    assert figure13.updated(old[:0], new).equals(new)


def test_the_accurate_range_is_interpolated_and_open_where_it_is_never_left():
    error = pd.Series([9.0, 1.0, 1.0, 3.0, 7.0], index=[-2.0, -1.0, 0.0, 1.0, 2.0])
    low, high = figure13.accurate_range(error, 0.0)
    assert (low, high) == pytest.approx((-1.5, 1.5))
    assert figure13.accurate_range(error[error < 9], 0.0)[0] == -np.inf
    assert np.isnan(figure13.accurate_range(error + 5, 0.0)).all()


def test_the_papers_pictures_become_ours_paper_0_and_ink_255():
    picture = np.full((9, 32, 32), 222, np.uint8)
    picture[1] = 224
    picture[:, 4, 5], picture[:, 6, 7] = 0, 111
    ours = figure13.from_print(picture)
    assert (ours[:, 4, 5] == 255).all()
    assert ours[0, 6, 7] in (127, 128)
    assert (ours > 0).sum() == 18, "all the rest is paper"
    for wrong in (picture.astype(np.float32), picture[:8], picture[:, :28]):
        with pytest.raises(ValueError, match=r"expected uint8 \(9, 32, 32\)"):
            figure13.from_print(wrong)


def test_weights_of_another_run_are_not_taken_for_those_of_the_record(tmp_path):
    runs = Runs(tmp_path)
    record = {"name": "lenet5-1998-noise-seed0", "weights_sha256": "0" * 64}
    runs.folder.mkdir()
    path = runs.folder / "lenet5-1998-noise-seed0.safetensors"
    path.write_bytes(b"others")
    assert runs.weights_of(record) is None
    assert runs.weights_of(record | {"weights_sha256": sha256(path.read_bytes())}) == path


def test_an_estimate_of_the_paper_holds_where_few_are_missed_up_to_its_ends():
    table = pd.DataFrame([
        {"network": NOISE.name, "seed": 0, "change": name, "amount": amount, "patterns": 100,
         "errors": 6 if name == "shift_y" and amount > 0 else 4}
        for name, change in invariance.CHANGES.items()
        for amount in change.amounts
    ])  # fmt: skip
    said = figure13.against_estimates(table)
    assert "2 of its 3 estimates" in said
    assert said.endswith("scale 4 and 4 %, rotation 4 and 4 %, shift down 4 and 6 %.")


@pytest.fixture
def nine(tmp_path):
    """A file with nine blank inputs."""
    np.save(tmp_path / "nine.npy", np.full((9, 32, 32), 255, np.uint8))
    return tmp_path / "nine.npy"


def test_figure_13_draws_what_was_measured_and_needs_no_weights(
    nine, tmp_path, capsys, monkeypatch
):
    lines = [
        {"network": row.name, "seed": 0, "change": name, "amount": amount, "patterns": 100,
         "errors": int(50 * abs(amount - change.same) / max(abs(a) for a in change.amounts))}
        for row in (NOISE, TEXTBOOK)
        for name, change in invariance.CHANGES.items()
        for amount in change.amounts
    ]  # fmt: skip
    folder = tmp_path / "figures"
    folder.mkdir()
    pd.DataFrame(lines).to_csv(folder / "figure13.csv", index=False)
    assert figure13.main(["--out", str(tmp_path)]) == 0
    assert (folder / "figure13.png").exists()
    printed = capsys.readouterr().out
    assert "−10.0 … 10.0" in printed, "the paper's estimate"
    said = figure13.words(folder)
    assert "none of its 3 estimates is reproduced" in said
    assert "for the network trained with noise, scale 12 and 25 %, rotation 25 and 25 %" in said
    assert figure13.main(["--out", str(tmp_path / "nowhere")]) == 1
    assert "--measure" in capsys.readouterr().out
    monkeypatch.setattr(drawing, "networks_of", lambda *_: {(NOISE.name, 0): random_model(0)})
    monkeypatch.setattr(options, "RESULTS", tmp_path)
    yours = tmp_path / "yours"
    assert figure13.main(["--inputs", str(nine), "--out", str(yours)]) == 0
    assert f"{NOISE.name}, seed 0: " in capsys.readouterr().out
    assert (yours / "figures/figure13.png").exists()
    assert not (folder / "figure13.json").exists(), "its answers are not among ours"


# --- all of them ----------------------------------------------------------------------------------


def test_all_are_made_again_and_those_without_records_are_named(tmp_path, capsys, monkeypatch):
    drawn, out, data = [], tmp_path / "results", tmp_path / "mnist"

    def one(name, picture):
        return exhibit.Figure(name, "About it.", picture=picture)

    def nothing(args, console):
        return None

    def line(args, console):
        drawn.append((args.out, args.data))
        return Figure(), None

    words = exhibit.Text("three", "About it.", words=lambda results: "Words, which read no data.")
    shown = {"one": one("one", nothing), "two": one("two", line), "three": words}
    for command in (figures, everything):
        monkeypatch.setattr(command, "exhibits", lambda: shown)
        assert command.main(["--out", str(out), "--data", str(data)]) == 1
        printed = capsys.readouterr().out
        assert "Not made: one." in printed
    assert drawn == [(out, data)] * 2, "one that is missing stops none of the others"
    assert (out / "figures" / "two.png").exists()
    assert "Words, which read no data." in printed
    del shown["one"]
    assert everything.main(["--out", str(out)]) == 1
    assert "No records of LeNet-5 (1998)" in capsys.readouterr().out, "claims need some"


@pytest.fixture
def where(nine):
    """The folder that a figure writes to, given some options: its picture is not drawn."""
    values = {"--inputs": [str(nine)], "--strings": ["3"]}

    def of(figure, *words):
        found = []

        def picture(args, console):
            found.append(args.out)

        words = [part for word in words for part in (word, *values.get(word, []))]
        assert replace(figure, picture=picture).main(words) == 1, "there is no picture"
        return found[0]

    return of


SHOWN = [shown for shown in exhibits().values() if isinstance(shown, exhibit.Figure)]


@pytest.mark.parametrize("figure", SHOWN, ids=[figure.name for figure in SHOWN])
def test_what_an_option_makes_anew_goes_to_yours(figure, where):
    assert where(figure) == options.RESULTS
    for option in [*["--train"] * (figure.seeds is not None), *figure.options]:
        assert where(figure, option) == options.YOURS, option
        assert where(figure, option, "--out", "results") == options.RESULTS
