"""What people read is what was measured: README.md, DEVIATIONS.md, results/."""

import argparse
import io
import json
import os
import re
import shutil
import sys
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import reproduce
from paper_lenet5.mnist import VARIABLE
from paper_lenet5.recipe import Recipe
from reproduce import __main__ as commands
from reproduce import (
    alternatives,
    everything,
    figure5,
    figure6,
    figure7,
    figure8,
    figure13,
    pages,
    step_sizes,
    table1,
    table2,
    table3,
)
from reproduce.__main__ import exhibits
from reproduce.measures.invariance import CHANGES
from reproduce.rows import reported
from reproduce.rows.recipes import EXPLAINS, LADDER, OF_1998, TABLE_1
from reproduce.running import rates
from reproduce.running.record import is_recipe
from reproduce.running.runs import Runs, recorded
from reproduce.section_iii_c import classifiers, comparison
from reproduce.writing import drawing, tables
from reproduce.writing.exhibit import Figure
from tests import ROOT
from tests.conftest import MNIST, load_or_skip

RUNS = Runs(ROOT / "results")


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_blocks_of_a_page_are_in_step_with_the_results(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert pages.with_blocks(text) == text, "run `python -m reproduce.pages`"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- table9 -->\n<!-- end -->\n", "no table or figure 'table9'"),
        ("<!-- table3 -->\n<!-- end -->\n", "table3 has nothing to say"),
        ("<!-- table1 -->\nwords\n<!-- table2 -->\n<!-- end -->\n", "each block to end"),
        ("<!-- table1 -->\nwords\n", "each block to end"),
        ("words\n<!-- end -->\n", "each block to end"),
    ],
)
def test_a_block_that_cannot_be_written_stops_the_page(text, said):
    with pytest.raises(ValueError, match=said):
        pages.with_blocks(text)


def test_whatever_has_words_for_a_page_has_its_place_on_one():
    placed = "".join((ROOT / page).read_text(encoding="utf-8") for page in pages.PAGES)
    spoken = {name for name, shown in exhibits().items() if shown.sentence or shown.words}
    assert len(spoken) > 10
    for name in spoken | pages.MEASURED.keys():
        assert f"\n<!-- {name} -->\n" in placed, name
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in readme for name in ("table1", "table2", "figure8"))


FIGURE = '''"""Figure 99: a line.

On two cores it takes a moment.
"""
import pandas as pd
from matplotlib.figure import Figure

from .writing import exhibit


def picture(args, console):
    return Figure(), pd.DataFrame({"x": [1, 2]})


EXHIBIT = exhibit.Figure(
    "figure99", __doc__, picture=picture, sentence=lambda table: f"The sum is {table['x'].sum()}."
)
'''


def test_a_new_figure_is_one_file_and_its_place_on_a_page(tmp_path, monkeypatch, capsys):
    (tmp_path / "figure99.py").write_text(FIGURE, encoding="utf-8")
    monkeypatch.setattr(pages, "RESULTS", tmp_path)
    reproduce.__path__.append(str(tmp_path))
    try:
        commands.main([])
        shown = exhibits()
        figure = shown["figure99"]
        assert everything.again([figure], argparse.Namespace(out=tmp_path, data=None))
        text = pages.with_blocks("Above.\n<!-- figure99 -->\nold\n<!-- end -->\nBelow.\n")
    finally:
        reproduce.__path__.remove(str(tmp_path))
        sys.modules.pop("reproduce.figure99", None)
    assert re.search(r"^figure99 +Figure 99: a line\.", capsys.readouterr().out, re.M)
    assert list(shown).index("figure13") + 1 == list(shown).index("figure99"), "by its number"
    assert (tmp_path / "figures" / "figure99.png").exists()
    assert text == "Above.\n<!-- figure99 -->\nThe sum is 3.\n<!-- end -->\nBelow.\n"


def test_table_1_is_the_table_of_its_records():
    records = table1.records_of(RUNS)
    table = table1.table_of(records)
    assert table.to_csv(index=False) == (ROOT / "results" / "table1.csv").read_text(
        encoding="utf-8"
    )
    assert (
        (ROOT / "results" / "table1.md")
        .read_text(encoding="utf-8")
        .endswith(table1.markdown(table, records))
    )
    as_json = pd.read_json(ROOT / "results" / "table1.json")
    assert list(as_json["model"]) == list(table["model"])
    assert (table["n"] >= 5).all()


def test_table_2_is_the_table_of_its_records():
    records = table2.records_of(RUNS)
    table = table2.table_of(records, RUNS)
    assert table.to_csv(index=False) == (ROOT / "results" / "table2.csv").read_text(
        encoding="utf-8"
    )
    text = table2.markdown(table, table2.rates_of(RUNS), records)
    assert (ROOT / "results" / "table2.md").read_text(encoding="utf-8").endswith(text)
    assert (table["n"] >= 5).all()


def test_every_rate_of_the_ladder_is_the_best_of_those_tried_on_held_out_images():
    tried = table2.rates_of(RUNS)
    assert tried.to_csv(index=False) == (ROOT / "results" / "rates.csv").read_text(encoding="utf-8")
    assert (tried["n"] == 5).all()
    assert_best([rung for rung in LADDER if len(rung.candidates) > 1], tried, "change")


def test_every_rate_of_the_networks_beside_lenet_5_is_the_best_on_held_out_images_too():
    tried = rates.table_of(OF_1998, RUNS)
    assert tried.to_csv(index=False) == (ROOT / "results" / comparison.RATES).read_text(
        encoding="utf-8"
    )
    assert_best(OF_1998, tried, "network")


def assert_best(rated, tried, heading):
    for each in rated:
        own = tried[tried[heading] == each.title]
        assert set(own["rate"]) == set(each.candidates), each.name
        errors = own.set_index("rate")["held_out_error"]
        assert errors[each.chosen] == errors.min(), each.name


def test_table_3_is_the_table_of_its_records():
    claimed = pd.DataFrame(table3.claims(RUNS), columns=table3.COLUMNS)
    assert claimed.to_csv(index=False) == (ROOT / "results" / "table3.csv").read_text(
        encoding="utf-8"
    )
    fashion = table3.fashion_table(RUNS)
    text = (ROOT / "results" / "table3.md").read_text(encoding="utf-8")
    assert text.endswith(table3.markdown(claimed, fashion, RUNS))


def test_the_networks_of_1998_have_the_papers_error():
    table = pd.read_csv(ROOT / "results" / "table1.csv")
    of_1998 = table.dropna(subset="paper_error")
    assert len(of_1998) == 4
    assert (of_1998["n"] >= 10).all()
    away = (of_1998["test_error"] - of_1998["paper_error"]).abs()
    assert (away <= reported.UNCERTAINTY).all()


def test_the_readings_are_the_readings_of_their_records():
    names = {f"{row.name}-mnist-held-out" for row in alternatives.ALTERNATIVES}
    paths = [p for p in RUNS.folder.glob("*.json") if p.stem.rpartition("-seed")[0] in names]
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    table = alternatives.table_of(RUNS)
    assert (
        (ROOT / "results" / "alternatives.md")
        .read_text(encoding="utf-8")
        .endswith(alternatives.markdown(table))
    )
    assert len(table) == len(names)
    assert table["n"].sum() == len(records)
    assert (table["n"] >= 5).all()
    assert all(r["dataset"]["train_patterns"] == 50_000 for r in records), "none saw a test image"


def test_figure_5_is_that_of_the_records():
    table = figure5.numbers(*(recorded(row, RUNS) for row in (TABLE_1[0], EXPLAINS[0]))).round(4)
    assert table.to_csv(index=False) == (ROOT / "results/figures/figure5.csv").read_text(
        encoding="utf-8"
    )
    for reading in figure5.READINGS:
        assert figure5.ours_too(table, "test", reading) >= 0.9 * figure5.PASSES
    by_eq9, by_half_eq8 = (figure5.ours_too(table, "train", of) for of in figure5.READINGS)
    assert by_half_eq8 > by_eq9


def test_figure_8_is_that_of_the_records(mnist_test):
    records = {reading: recorded(row, RUNS) for reading, row in figure8.ROWS.items()}
    table = figure8.missed(records, mnist_test[1].tolist())
    assert table.to_csv(index=False) == (ROOT / "results/figures/figure8.csv").read_text(
        encoding="utf-8"
    )
    for reading, of_reading in records.items():
        counts = figure8.overlap(table, reading, of_reading)
        assert counts["of_the_82"] > 20 * counts["by_chance"]
        mean = np.mean([record["test_errors"] for record in of_reading])
        assert counts["mean_errors"] == pytest.approx(mean)


def test_figure_6_is_that_of_the_records():
    table = figure6.numbers([recorded(row, RUNS) for _, row in figure6.ROWS]).round(4)
    assert table.to_csv(index=False) == (ROOT / "results/figures/figure6.csv").read_text(
        encoding="utf-8"
    )
    of_twenty_passes = table[table["passes"] == 20]
    assert len(of_twenty_passes) == len(figure6.READINGS) * len(reported.FIGURE_6_TEST)
    assert (of_twenty_passes["n"] >= 5).all()


def test_figure_7_is_that_of_our_ranges():
    table = figure7.numbers().round(4)
    assert table.to_csv(index=False) == (ROOT / "results/figures/figure7.csv").read_text(
        encoding="utf-8"
    )
    assert figure7.inside(table).mean() > 0.9


def test_figures_9_to_12_are_those_of_the_records():
    table = classifiers.table_of(ROOT / "results")
    for quantity in comparison.QUANTITIES:
        lines = comparison.lines_of(table, quantity)
        path = ROOT / "results" / "figures" / f"{quantity.figure}.csv"
        assert lines.to_csv(index=False) == path.read_text(encoding="utf-8")
    ours = table.set_index("name").loc[[*classifiers.FITTED, *classifiers.ROWS]]
    undistorted = ours[~ours.index.str.endswith("-10-distortions")]
    assert undistorted[[q.column for q in comparison.QUANTITIES]].notna().all(axis=None)
    assert (ours["n"][["lenet5-1998", "lenet5-1998-distortions"]] >= 10).all()


def test_every_fitted_classifier_says_what_is_needed_to_repeat_it():
    for path in (ROOT / "results" / "methods").rglob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        assert {"recipe", "dataset", "versions", "machine", "seconds", "rejected"} <= set(record)
        assert record["test_errors"] == len(record["wrong_answers"])
        assert path.stem.partition("--")[0] in classifiers.FITTED
        of_test = record["dataset"]["name"] == "mnist"
        assert of_test == (path.parent.name == "methods"), "held-out records lie apart"


def test_the_step_sizes_are_those_of_the_records():
    records = [record for record in recorded(TABLE_1[0], RUNS) if step_sizes.has_steps(record)]
    table = step_sizes.numbers(records)
    assert table.to_csv(index=False) == (ROOT / "results/figures/step_sizes.csv").read_text(
        encoding="utf-8"
    )
    ends = step_sizes.ends(records)
    of_all = step_sizes.extremes(table).loc[1]
    assert (ends["smallest"].min(), ends["largest"].max()) == pytest.approx(tuple(of_all), rel=1e-3)
    assert tuple(ends.median()) == pytest.approx(reported.FIRST_PASS_STEPS, rel=0.2)


def test_figure_13_is_of_the_networks_of_the_records():
    table, given = figure13.recorded_numbers(ROOT / "results" / "figures")
    assert table.equals(figure13.ordered(table))
    unchanged = table[table["amount"] == table["change"].map(lambda c: CHANGES[c].same)]
    assert len(unchanged) == len(CHANGES) * len(table.groupby(["network", "seed"]))
    for line in unchanged.itertuples():
        record = RUNS.record(f"{line.network}-seed{line.seed}")
        assert line.errors == record["test_errors"], line
    assert figure13.NOISE.name in given
    assert set(given) <= set(table["network"])


def test_every_figure_is_shown_with_its_sentence():
    page = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    figures = [name for name, shown in exhibits().items() if isinstance(shown, Figure)]
    assert len(figures) >= 11
    for name in figures:
        for kind in ("png", "svg", "csv"):
            assert (ROOT / "results" / "figures" / f"{name}.{kind}").exists()
        assert f"(figures/{name}.png)" in page
        assert f"<!-- {name} -->" in page
        assert f"`python -m reproduce.{name}" in page


def test_the_comparison_of_curvatures_is_of_the_recipe_as_it_is():
    record = json.loads((ROOT / "results/curvature.json").read_text(encoding="utf-8"))
    assert is_recipe(record["recipe"], Recipe())


def test_every_record_says_what_is_needed_to_repeat_it():
    records = [json.loads(path.read_text(encoding="utf-8")) for path in RUNS.folder.glob("*.json")]
    assert len(records) >= 25
    for record in records:
        assert {"recipe", "seed", "dataset", "versions", "machine", "passes"} <= set(record)
        assert record["dataset"]["sha256"]
        assert record["passes"][-1]["test_errors"] == record["test_errors"]


def test_every_command_is_listed_with_what_it_makes_and_how_long_it_takes(capsys):
    listed = commands.commands()
    with_main = {
        path.stem
        for path in (ROOT / "reproduce").glob("*.py")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8") and path.stem != "__main__"
    }
    assert {command.name for command in listed} == with_main
    assert all(command.says and command.takes for command in listed)
    assert {"table3", "alternatives", "sdnn"} <= {c.name for c in listed if c.shows}
    assert [command.name for command in listed[:4]] == ["table1", "table2", "table3", "figure5"]
    commands.main([])
    printed = capsys.readouterr().out
    assert all(f"\n{name} " in printed for name in with_main)


def test_deviations_cited_in_the_code_exist():
    entries = set(
        re.findall(r"^\*\*(D\d+)\.", (ROOT / "DEVIATIONS.md").read_text(encoding="utf-8"), re.M)
    )
    assert len(entries) >= 14
    for path in [*(ROOT / "paper_lenet5").rglob("*.py"), *(ROOT / "reproduce").rglob("*.py")]:
        cited = set(re.findall(r"\bD\d+\b", path.read_text(encoding="utf-8")))
        assert cited <= entries, path


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """A results folder with links to all our files: what is written anew takes their places."""
    folder = tmp_path_factory.mktemp("linked") / "results"
    shutil.copytree(ROOT / "results", folder, copy_function=os.symlink,
                    ignore=shutil.ignore_patterns("unfinished"))  # fmt: skip
    return folder


@pytest.mark.parametrize("name", [*exhibits(), "claims"])
def test_a_terminal_of_80_columns_shows_every_word_of_a_table(name, linked, monkeypatch):
    shown, grid = [], tables.grid
    monkeypatch.setattr(tables, "grid", lambda *args, **how: shown.append(grid(*args, **how)))
    monkeypatch.setattr(drawing, "save", lambda *_: None)
    monkeypatch.setenv(VARIABLE, str(MNIST))
    if name == "figure7":
        load_or_skip("train")
    command = import_module(f"reproduce.{name}")
    recorded = command.EXHIBIT.RECORDED if name in exhibits() else ()
    assert command.main([*recorded, "--out", str(linked)]) == 0
    for table in shown:
        narrow, wide = (words_on(table, width) for width in (80, 300))
        assert narrow == wide


def words_on(table, width):
    """What a terminal of so many columns shows of a table, in any order and without lines."""
    console = Console(width=width, file=io.StringIO())
    console.print(table)
    return sorted(console.file.getvalue().replace("─", "").split())
