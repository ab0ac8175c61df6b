"""Runs that are interrupted, and what they leave: reproduce.running.runs."""

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save

from paper_lenet5.patterns import Split
from paper_lenet5.recipe import Recipe
from reproduce.baselines.minibatch import MinibatchRecipe
from reproduce.baselines.networks import textbook
from reproduce.rows.datasets import Dataset
from reproduce.rows.row import Row
from reproduce.running import code
from reproduce.running.errors import NotWhole
from reproduce.running.record import to_json
from reproduce.running.runs import Run, Runs, recorded
from tests import ROOT

SHORT = (0.0005, 0.0002, 0.0015)  # the last pass is too fast and undoes what the two before learned


def too_fast_at_last(done: float) -> float:
    """A factor of the learning rate that does the same to the other row."""
    return 1 if done < 0.6 else 30


ROWS = (
    Row("lenet5-1998", "LeNet-5 (1998)", Recipe(schedule=SHORT, curvature_patterns=20)),
    Row("lenet5-textbook", "LeNet-5 (textbook)",
        MinibatchRecipe(textbook, passes=3, batch=16, schedule=too_fast_at_last)),
)  # fmt: skip
by_row = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


class Interrupted(Exception):
    """Stands for a kill in the middle of a run."""


def split(n: int, seed: int) -> Split:
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 10
    images = torch.randint(0, 60, (n, 28, 28), generator=rng, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        image[2 * label + 3 : 2 * label + 8, 4:24] = 255
    return Split(images, labels)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset("stripes", "stripes", split(60, 0), split(30, 1), {}, comparable=False)


def without_times(record: dict) -> dict:
    passes = [{k: v for k, v in p.items() if k != "seconds"} for p in record["passes"]]
    return {k: v for k, v in record.items() if k not in ("seconds", "finished")} | {
        "passes": passes
    }


def stop_after(number: int):
    def progress(done: int, length: int, record: object) -> None:
        if done == number:
            raise Interrupted

    return progress


def go_on(done: int, length: int, record: object) -> None:
    pass


def test_networks_that_are_made_side_by_side_are_those_that_are_made_alone(dataset, request):
    """PyTorch's layers draw from one stream that all threads share."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    request.addfinalizer(lambda: sys.setswitchinterval(before))
    alone = [row.session(dataset, 0).state() for row in ROWS]
    with ThreadPoolExecutor(8) as threads:
        made = threads.map(lambda k: ROWS[k % 2].session(dataset, 0).state(), range(64))
        for k, state in enumerate(made):
            for name, tensor in alone[k % 2].items():
                assert torch.equal(state[name], tensor), (k, name)


@by_row
def test_an_interrupted_run_ends_bit_for_bit_where_an_uninterrupted_one_does(
    row, dataset, tmp_path
):
    whole, broken = Runs(tmp_path / "whole"), Runs(tmp_path / "broken")
    name = Run(row, dataset, 0).name
    assert whole.open([name]) == broken.open([name]) == [name]
    expected = whole.finish(Run(row, dataset, 0), go_on)
    for number in (1, 2):
        with pytest.raises(Interrupted):
            broken.finish(Run(row, dataset, 0), stop_after(number))
        assert broken.open([name]) == [name]
    passes = []
    record = broken.finish(Run(row, dataset, 0), lambda done, *_: passes.append(done))
    assert passes == [3], "the passes on record are not trained again"
    assert without_times(record) == without_times(expected)
    weights = [runs.folder / f"{name}.safetensors" for runs in (whole, broken)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_what_an_interrupted_command_finished_is_not_done_again(dataset, tmp_path):
    runs = Runs(tmp_path)
    names = [Run(ROWS[0], dataset, seed).name for seed in range(3)]
    assert runs.open(names) == names
    runs.finish(Run(ROWS[0], dataset, 1), go_on)
    assert runs.open(names) == [names[0], names[2]]
    assert not runs.is_open(names[1])
    runs.finish(Run(ROWS[0], dataset, 0), go_on)
    runs.finish(Run(ROWS[0], dataset, 2), go_on)
    assert runs.open(names) == [], "killed before its tables were written"
    runs.close(names)
    assert runs.open(names) == names, "a new command trains from scratch"


def test_what_is_missing_is_what_has_no_record_or_was_interrupted(dataset, tmp_path):
    runs = Runs(tmp_path)
    names = [Run(ROWS[0], dataset, seed).name for seed in range(3)]
    runs.open(names[:2])
    runs.finish(Run(ROWS[0], dataset, 0), go_on)
    runs.finish(Run(ROWS[0], dataset, 1), go_on)
    runs.close(names)
    assert runs.open(names, missing=True) == [names[2]]
    runs.finish(Run(ROWS[0], dataset, 2), go_on)
    runs.close(names)
    assert runs.open(names, missing=True) == []


def test_a_run_belongs_to_one_command_at_a_time(dataset, tmp_path):
    one, other = Runs(tmp_path), Runs(tmp_path)
    name = Run(ROWS[0], dataset, 0).name
    one.open([name])
    lock = one.claim(name)
    assert other.open([name]) == [name], "it is not finished"
    assert other.claim(name) is None
    one.release(lock)
    again = other.claim(name)
    assert again is not None, "given back unfinished"
    other.finish(Run(ROWS[0], dataset, 0), go_on)
    other.release(again)
    assert one.claim(name) is None, "the other has finished it"


def test_what_a_killed_process_left_of_a_file_is_cleared_away(dataset, tmp_path):
    runs = Runs(tmp_path)
    name = Run(ROWS[0], dataset, 0).name
    runs.open([name])
    left = [runs.folder / f".{name}.json-abc", runs.unfinished / f".{name}.safetensors-abc"]
    others = runs.folder / f".{name}0.json-abc"
    for path in (*left, others):
        path.write_text("half a fi", encoding="utf-8")
    runs.finish(Run(ROWS[0], dataset, 0), go_on)
    assert not any(path.exists() for path in left)
    assert others.exists()


@pytest.mark.parametrize("content", [b"{}", b"\x10\0\0\0\0\0\0\0half a checkpoint"])
def test_a_truncated_checkpoint_is_named_and_left_alone(dataset, tmp_path, content):
    runs = Runs(tmp_path)
    name = Run(ROWS[0], dataset, 0).name
    runs.open([name])
    path = runs.unfinished / f"{name}.safetensors"
    path.write_bytes(content)
    with pytest.raises(NotWhole, match=re.escape(str(path))):
        runs.finish(Run(ROWS[0], dataset, 0), go_on)
    assert path.read_bytes() == content


def test_a_checkpoint_of_another_recipe_is_not_taken_up(dataset, tmp_path):
    runs = Runs(tmp_path)
    name = Run(ROWS[0], dataset, 0).name
    runs.open([name])
    with pytest.raises(Interrupted):
        runs.finish(Run(ROWS[0], dataset, 0), stop_after(2))
    other = Row("lenet5-1998", "LeNet-5 (1998)", Recipe(schedule=SHORT, curvature_patterns=21))
    passes = []
    runs.finish(Run(other, dataset, 0), lambda done, *_: passes.append(done))
    assert passes == [1, 2, 3]


def test_a_checkpoint_of_other_code_is_not_taken_up(dataset, tmp_path, monkeypatch):
    runs, row = Runs(tmp_path), ROWS[0]
    runs.open([Run(row, dataset, 0).name])
    with pytest.raises(Interrupted):
        runs.finish(Run(row, dataset, 0), stop_after(2))
    monkeypatch.setattr(code, "digest", lambda recipe: "another")
    passes = []
    runs.finish(Run(row, dataset, 0), lambda done, *_: passes.append(done))
    assert passes == [1, 2, 3]


def test_a_checkpoint_of_another_device_is_not_taken_up(dataset, tmp_path):
    runs, row = Runs(tmp_path), ROWS[1]
    name = Run(row, dataset, 0).name
    runs.open([name])
    with pytest.raises(Interrupted):
        runs.finish(Run(row, dataset, 0), stop_after(2))
    path = runs.unfinished / f"{name}.safetensors"
    with safe_open(path, "pt") as file:
        session = json.loads(file.metadata()["session"])
    here = "cuda" if torch.cuda.is_available() else "cpu"
    assert session["of"].pop("device") == here
    session["of"]["device"] = {"cpu": "cuda", "cuda": "cpu"}[here]
    runs.resume_from(name, save(load_file(path), {"session": json.dumps(session)}))
    passes = []
    runs.finish(Run(row, dataset, 0), lambda done, *_: passes.append(done))
    assert passes == [1, 2, 3]


@by_row
def test_the_record_says_what_was_trained_and_what_came_out(row, dataset, tmp_path):
    runs = Runs(tmp_path)
    runs.open([Run(row, dataset, 4).name])
    runs.finish(Run(row, dataset, 4), go_on)
    record = runs.record("-".join([row.name, "stripes", "seed4"]))
    assert record["seed"] == 4
    assert record["code"] == code.digest(row.recipe)
    assert record["dataset"]["title"] == "stripes"
    assert record["test_errors"] == len(record["wrong_answers"])
    for index, answer in record["wrong_answers"].items():
        assert answer != dataset.test.labels[int(index)]
    assert len(record["passes"]) == 3
    assert record["passes"][-1]["test_errors"] == record["test_errors"]
    assert record["parameters"] == {"lenet5-1998": 60_000, "lenet5-textbook": 61_706}[row.name]
    runs.close([record["name"]])
    assert {path.name for path in runs.unfinished.iterdir()} == {".lock"}


@by_row
def test_errors_and_weights_on_record_are_those_of_the_last_pass_not_of_the_best(
    row, dataset, tmp_path
):
    runs = Runs(tmp_path)
    runs.open([Run(row, dataset, 4).name])
    record = runs.finish(Run(row, dataset, 4), go_on)
    of_passes = [of_pass["test_errors"] for of_pass in record["passes"]]
    assert record["test_errors"] == of_passes[-1] > min(of_passes)
    weights = runs.folder / f"{record['name']}.safetensors"
    assert runs.weights_of(record) == weights
    session = row.session(dataset, 4)
    session.model.load_state_dict(load_file(weights))
    answers = session.answers(dataset.test)
    wrong = (answers != dataset.test.labels).nonzero().flatten().tolist()
    assert record["wrong_answers"] == {str(index): int(answers[index]) for index in wrong}
    assert record["train_errors"] == session.errors(dataset.train)


def test_seeds_differ_and_the_same_seed_does_not(dataset, tmp_path):
    digests = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        runs = Runs(tmp_path / folder)
        runs.open([Run(ROWS[0], dataset, seed).name])
        digests.append(runs.finish(Run(ROWS[0], dataset, seed), go_on)["weights_sha256"])
    assert digests[0] == digests[1] != digests[2]


def test_a_truncated_record_is_named(dataset, tmp_path):
    runs = Runs(tmp_path)
    runs.folder.mkdir()
    (runs.folder / "lenet5-1998-seed0.json").write_text(
        json.dumps({"name": "x"})[:-3], encoding="utf-8"
    )
    with pytest.raises(NotWhole, match=r"lenet5-1998-seed0\.json"):
        runs.record("lenet5-1998-seed0")
    with pytest.raises(NotWhole, match=r"lenet5-1998-seed0\.json"):
        runs.check()


def test_only_runs_on_mnist_go_by_the_bare_name(dataset):
    assert Run(ROWS[0], dataset, 0).name == "lenet5-1998-stripes-seed0"


def test_an_option_that_a_record_does_not_name_has_its_default(dataset, tmp_path):
    row, runs = ROWS[1], Runs(tmp_path)
    runs.open([Run(row, dataset, 0).name])
    record = runs.finish(Run(row, dataset, 0), go_on)
    path = tmp_path / "runs" / f"{record['name']}.json"
    assert recorded(row, runs, "stripes") == [record]
    for option, found in (("weight_decay", 1), ("batch", 0)):  # batch is not at its default
        changed = record | {"recipe": {k: v for k, v in record["recipe"].items() if k != option}}
        path.write_text(json.dumps(changed), encoding="utf-8")
        assert len(recorded(row, runs, "stripes")) == found


def test_a_record_has_the_step_sizes_of_every_parameter_where_the_row_says_so(dataset, tmp_path):
    runs = Runs(tmp_path)
    for kept in (True, False):
        row = Row("short", "short", Recipe(schedule=SHORT), step_sizes=kept)
        for of_pass in runs.finish(Run(row, dataset, 0), go_on)["passes"]:
            assert ("step_quantiles" in of_pass) == kept
            assert of_pass["largest_step"] > of_pass["smallest_step"] > 0


# --- how records are written ----------------------------------------------------------------------


def test_what_holds_no_list_and_no_dict_stands_on_one_line():
    written = to_json(
        {"wrong": {"8": 3, "11": 6}, "steps": [{"of": [1, 2.5]}], "words": ["a", "b"]}
    )
    assert written == (
        '{\n "wrong": { "8": 3, "11": 6 },\n "steps": [\n  {\n   "of": [ 1, 2.5 ]\n  }\n ],\n'
        ' "words": [ "a", "b" ]\n}\n'
    )


@pytest.mark.parametrize("words", ['[1,  "2"] {x}', "a\n  b", '\\"[', "]{"])
def test_what_stands_in_a_string_is_left_as_it_is(words):
    for value in (words, [words, words], {words: words}, [[words], {words: [words]}]):
        assert json.loads(to_json(value)) == value


@pytest.mark.parametrize("folder", ["runs", "methods"])
def test_all_records_are_written_so(folder):
    records = sorted((ROOT / "results" / folder).glob("*.json"))
    assert records
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text == to_json(json.loads(text)), path
