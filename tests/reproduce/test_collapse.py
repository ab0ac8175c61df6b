"""Centers that are trained, and what becomes of them: reproduce.collapse."""

import json
from itertools import combinations

import pytest
import torch

from paper_lenet5.bitmaps import DIGITS, bitmaps
from paper_lenet5.losses import MSELoss
from paper_lenet5.patterns import Split
from reproduce import collapse
from reproduce.running.record import describe
from tests import ROOT
from tests.conftest import draw_digits

SPLIT = Split(*draw_digits(60))


def test_the_distance_is_the_mean_over_all_pairs():
    codes = bitmaps(DIGITS)
    pairs = [(codes[a] - codes[b]).square().sum().item() for a, b in combinations(range(10), 2)]
    assert collapse.mean_distance(codes) == pytest.approx(sum(pairs) / 45)
    assert collapse.mean_distance(torch.ones(3, 84)) == 0


def test_adaptive_centers_are_840_parameters_more_and_begin_at_the_bitmaps():
    fixed, adaptive = (collapse.network(3, adaptive=which) for which in (False, True))
    counts = [sum(p.numel() for p in model.parameters()) for model in (fixed, adaptive)]
    assert counts == [60_000, 60_840]
    x = SPLIT.inputs[:4]
    assert torch.equal(fixed(x), adaptive(x))


def test_centers_learn_at_so_many_times_the_rate_or_not_at_all(monkeypatch):
    monkeypatch.setattr(collapse, "PASSES", 1)
    monkeypatch.setattr(collapse, "BATCH", len(SPLIT.labels))  # one step
    begins = bitmaps(DIGITS)
    moved = {}
    for times in (0, 1, 30):
        model = collapse.trained(MSELoss(), times, 0, SPLIT)
        moved[times] = model.rbf.centers.detach() - begins
        assert not torch.equal(model.f6.weight, collapse.network(0, adaptive=False).f6.weight)
    assert not moved[0].any()
    assert moved[1].any()
    torch.testing.assert_close(moved[30], 30 * moved[1], rtol=1e-3, atol=1e-5)


def test_a_network_that_ignores_its_input_has_no_spread():
    model = collapse.network(0, adaptive=True)
    before = collapse.measured(model, SPLIT)
    assert before.spread > 0
    torch.nn.init.zeros_(model.f6.weight)
    after = collapse.measured(model, SPLIT)
    assert after.spread == 0
    assert after.distance == before.distance
    assert after.error == pytest.approx(90, abs=5), "one answer for all"


def test_the_spread_is_the_variance_summed_over_the_84_units(monkeypatch):
    model, signs = collapse.network(0, adaptive=False), torch.tensor([1.0, -1.0, 1.0, -1.0])
    f6 = signs[:, None, None, None].expand(4, 84, 1, 1)
    monkeypatch.setattr(model, "states", lambda _: {"f6": f6})
    four = Split(SPLIT.images[:4], SPLIT.labels[:4])
    assert collapse.measured(model, four).spread == pytest.approx(84 * 4 / 3)


def test_what_is_on_record_is_what_the_page_shows():
    results = ROOT / "results"
    record = json.loads((results / "collapse.json").read_text(encoding="utf-8"))
    assert record["losses"] == json.loads(
        json.dumps({name: describe(loss) for name, loss in collapse.LOSSES.items()})
    )
    assert (record["passes"], record["patterns"]) == (collapse.PASSES, collapse.PATTERNS)
    assert (results / "collapse.md").read_text(encoding="utf-8").endswith(collapse.words(results))
    for of_loss in record["measured"].values():
        assert list(of_loss) == [str(times) for times in collapse.TIMES]
        assert all(len(of["error"]) == collapse.SEEDS for of in of_loss.values())
        assert set(of_loss["0"]["distance"]) == {record["distance_before"]}, "fixed"
