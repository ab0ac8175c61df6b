"""The benchmark measures what it says, and its figures belong together. No test looks at a speed."""

import json

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from paper_lenet5 import SDLM, LeNet5, MSELoss, eager, preprocess
from paper_lenet5.connections import TABLE_I
from tests.conftest import draw_digits, random_model

pytest.importorskip("numba")
from paper_lenet5.compiled.registers import REGISTERS, kinds_up_to
from reproduce import benchmark
from reproduce.measures import timing
from reproduce.rows import datasets

TOP = ["microseconds_per_pattern", "eager_microseconds_per_pattern", "ratio_to_eager",
       "ratio_to_floor", "two_core_speedup"]  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """What the command leaves after its quickest run, on the digits that are always there."""
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load", lambda root: datasets.sample())
        assert benchmark.main(["--quick", "--repeats", "1", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def result(out):
    return json.loads((out / "benchmark.json").read_text(encoding="utf-8"))


def test_the_figures_at_the_top_follow_from_those_below(result):
    assert list(result)[: len(TOP)] == TOP
    step = result["training_step"]
    ours, slow = (result[key] for key in TOP[:2])
    assert ours == step["ways"]["compiled"]["microseconds"]
    assert slow == step["ways"]["eager"]["microseconds"]
    assert result["ratio_to_eager"] == pytest.approx(slow / ours)
    floor = 2 * sum(step["multiply_adds"].values()) / step["peak_gflops"] / 1e3
    assert step["floor_microseconds"] == pytest.approx(floor)
    assert result["ratio_to_floor"] == pytest.approx(ours / floor)
    for way in step["ways"].values():
        assert way["gflops"] == pytest.approx(step["peak_gflops"] / way["ratio_to_floor"])
    one, two = (result["side_by_side"][n]["patterns_per_second"] for n in "12")
    assert result["two_core_speedup"] == pytest.approx(two / one)
    curvature = result["around_a_pass"]["curvature"]
    assert curvature["share_of_pass"] == pytest.approx(
        curvature["seconds"][0] / (60_000 * ours / 1e6)
    )


def measurements(value):
    """Everything in the result that was timed."""
    if isinstance(value, dict):
        if "seconds" in value:
            yield value
        for inner in value.values():
            yield from measurements(inner)


def test_every_time_is_kept(result):
    times = list(measurements(result))
    by_width, side_by_side = result["by_width"], result["side_by_side"]
    assert len(times) == 2 + 2 + 2 * 3 + 3 + 2 + (5 + 13) * len(by_width) + len(side_by_side)
    for time in times:
        (seconds,) = time["seconds"]  # one round was asked for
        assert time["microseconds"] == pytest.approx(1e6 * seconds / time["items"])
        assert seconds > 0


def test_every_width_is_measured_against_a_floor_of_its_own(result):
    assert list(result["by_width"]) == kinds_up_to(REGISTERS)
    for of in result["by_width"].values():
        step, evaluation = (of[name]["microseconds"] for name in ("step", "evaluation"))
        an_operation = min(of[name]["microseconds"] for name in ("numpy", "torch"))
        assert of["floor_microseconds"] == pytest.approx(865_848 * an_operation)
        assert of["ratio_to_floor"] == pytest.approx(step / of["floor_microseconds"])
        assert of["evaluation_to_floor"] == pytest.approx(evaluation / (328_096 * an_operation))
        assert of["ratio_to_eager"] == pytest.approx(of["eager"]["microseconds"] / step)


def test_it_says_what_it_is_and_where_it_was_measured(out, result):
    assert result["quick"]
    assert {"processor", "cores", "system"} <= set(result["machine"])
    assert {"torch", "numba", "numpy", "python"} <= set(result["versions"])
    page = (out / "benchmark.md").read_text(encoding="utf-8")
    for words in (result["machine"]["processor"], result["dataset"], benchmark.QUICK_NOTE,
                  "torch.compile: left out", "865,848 multiply-adds"):  # fmt: skip
        assert words in page


def test_the_quick_run_stays_out_of_the_results():
    assert str(benchmark.arguments(["--quick"]).out) == "results/smoke"
    assert str(benchmark.arguments([]).out) == "results/yours"
    with pytest.raises(SystemExit):
        benchmark.arguments(["--repeats", "0"])


def test_multiply_adds_are_those_that_torch_counts():
    """Torch counts convolutions and matrix products: all but subsampling and output, C3 without gaps."""
    model = LeNet5()
    with FlopCounterMode(display=False) as counter:
        MSELoss()(model(torch.zeros(1, 1, 32, 32)), torch.tensor([3])).backward()
    gaps = 3 * (6 * 16 - sum(map(len, TABLE_I))) * 25 * 100
    subsampling, output = 3 * (6 * 14**2 + 16 * 5**2), 2 * 10 * 84
    counts = timing.step_multiply_adds(model)
    assert sum(counts.values()) == counter.get_total_flops() / 2 - gaps + subsampling + output


def test_the_step_for_torch_compile_is_the_eager_step():
    images, labels = draw_digits(20)
    order = torch.arange(20).repeat(2)

    def trained(train_one_pass):
        model = random_model()
        optimizer = SDLM(model.named_parameters(), lr=0.01)
        optimizer.set_curvature({name: p.square() for name, p in model.named_parameters()})
        errors = train_one_pass(model, optimizer, MSELoss(), preprocess(images), labels, order)
        return errors, torch.cat([p.detach().flatten() for p in model.parameters()])

    errors, parameters = trained(eager.train_one_pass)
    same, others = trained(timing.in_one_graph(lambda step: step))
    assert errors == same > 0
    torch.testing.assert_close(parameters, others)
    assert not torch.equal(parameters, trained(lambda *_: 0)[1])


def test_a_missing_compiler_is_named(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler" in timing.why_no_torch_compile(timing.Extent())


def test_work_takes_turns_and_the_first_round_does_not_count():
    done = []
    seconds = timing.alternate({name: lambda name=name: done.append(name) for name in "ab"}, 3)
    assert done == list("ab" * 4)
    assert [len(seconds[name]) for name in "ab"] == [3, 3]
    with pytest.raises(ValueError, match="at least one round"):
        timing.alternate({}, 0)
