"""`python -m reproduce.curvature`: the exact diagonal against explicit derivatives, and the theorem."""

import json

import pytest
import torch
from conftest import draw_digits, random_model
from torch.func import hessian

from paper_lenet5 import MAPLoss, MSELoss, diagonal_curvature, preprocess
from paper_lenet5.training import Split
from reproduce import curvature, datasets

P = 3
LOSSES = (MSELoss(), MAPLoss(j=20.0), MAPLoss(j=1.0))
"""No posterior is near 0 or 1 with the second and the last on states near two codes (below)."""


@pytest.fixture(scope="module")
def model():
    return random_model().double()


@pytest.fixture(scope="module")
def patterns():
    images, labels = draw_digits(P)
    return preprocess(images).double(), labels


@pytest.fixture(scope="module")
def exact(model, patterns):
    measured = curvature.exact_curvature(model, patterns[0], LOSSES)
    return dict(zip(LOSSES, measured, strict=True))


def between_codes(model):
    """F6 states (4, 84) about half way between two codes: several classes have a say."""
    rng = torch.Generator().manual_seed(0)
    first, second = model.rbf.centers[[3, 8, 0, 4]], model.rbf.centers[[8, 6, 6, 9]]
    return (first + second) / 2 + 0.1 * torch.randn(4, 84, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("loss", [*LOSSES, MAPLoss(j=30.0)], ids=str)
def test_hessian_at_f6_is_autograds(model, loss):
    f6 = between_codes(model)
    multiple, rows = curvature.f6_hessian(loss, f6, model.rbf.centers)
    ours = multiple[:, None, None] * torch.eye(84) + rows.transpose(1, 2) @ rows
    for state, matrix in zip(f6, ours, strict=True):
        autograd = hessian(lambda x: loss(model.rbf(x)[None], torch.tensor([3])))(state)
        torch.testing.assert_close(matrix, autograd, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(ours.diagonal(dim1=1, dim2=2), loss.curvature(f6, model.rbf.centers))


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_exact_diagonal_is_what_finite_differences_of_f6_give(model, patterns, exact, loss):
    """For the first and the last parameter of every tensor, with autograd's Hessian at F6."""
    images, labels = patterns
    f6 = model.states(images)["f6"].flatten(1).detach()
    hessians = [
        hessian(lambda x, d=d: loss(model.rbf(x)[None], d[None]))(x)
        for x, d in zip(f6, labels, strict=True)
    ]
    step = 1e-5
    for name, p in model.named_parameters():
        values = p.detach().view(-1)
        for index in (0, len(values) - 1):
            moved = []
            for change in (step, -2 * step, step):
                values[index] += change
                moved.append(model.states(images)["f6"].flatten(1).detach())
            column = (moved[0] - moved[1]) / (2 * step)  # dx / dw of each pattern, (P, 84)
            expected = sum(d @ h @ d for d, h in zip(column, hessians, strict=True)) / P
            ours = exact[loss].diagonal[name].view(-1)[index]
            torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-12)


def test_recursion_is_exact_down_to_the_first_layer_whose_units_are_not_independent(
    model, patterns, exact
):
    """Eq. 8's Hessian is diagonal in F6's states: the diagonal of C5 still is, S4's is not."""
    recursion = diagonal_curvature(model, *patterns, MSELoss())
    for name, h in recursion.items():
        agrees = torch.allclose(h, exact[MSELoss()].diagonal[name], rtol=1e-9)
        assert agrees == name.startswith(("f6", "c5")), name


def test_recursion_from_the_diagonal_of_eq_9_is_exact_in_f6_only(model, patterns, exact):
    """j = 1 or 20: F6's states here are far from every code, so that rubbish has nearly all of p."""
    loss = MAPLoss(j=float(model(patterns[0]).min()))
    (of_loss,) = curvature.exact_curvature(model, patterns[0], [loss])
    for name, h in diagonal_curvature(model, *patterns, loss).items():
        agrees = torch.allclose(h, of_loss.diagonal[name], rtol=1e-9)
        assert agrees == name.startswith("f6"), name


def test_unshared_leaves_the_unshared_layers_as_they_are(exact):
    for loss in LOSSES:
        diagonal, unshared = exact[loss]
        for name in diagonal:
            agrees = torch.allclose(unshared[name], diagonal[name], rtol=1e-9)
            assert agrees == name.startswith(("f6", "c5")), name


def test_compare_on_numbers_small_enough_to_do_by_hand():
    measured = curvature.compare(
        torch.tensor([1.0, 2.0, 8.0]),
        torch.tensor([2.0, 2.0, 4.0]),
        torch.tensor([4.0, 2.0, 4.0]),
        mu=1.0,
    )
    assert measured["ratio"]["median"] == 1
    assert measured["sharing"] == 1
    assert measured["units"] == 1
    assert measured["steps"] == {"smallest": pytest.approx(5 / 9), "median": 1, "largest": 1.5}
    assert measured["cosine"] == pytest.approx(38 / (69 * 24) ** 0.5)


def test_command_writes_both_files(tmp_path, monkeypatch):
    images, labels = draw_digits(20)
    split = Split(images, labels)
    dataset = datasets.Dataset("drawn", "drawn digits", split, split, {}, comparable=False)
    monkeypatch.setattr(datasets, "load", lambda root: dataset)
    assert curvature.main(["--passes", "0", "--patterns", "2", "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "curvature.json").read_text())
    (network,) = record["networks"]
    assert set(network["comparisons"]) == {"eq8", "eq9", "recipe"}
    assert network["comparisons"]["eq8"]["all"]["parameters"] == 60_000
    assert "With eq. 8 the recursion is exact" in (tmp_path / "curvature.md").read_text()


@pytest.mark.parametrize("wrong", [["--passes", "21"], ["--passes", "-1"], ["--patterns", "0"]])
def test_command_rejects_what_the_recipe_does_not_have(wrong):
    with pytest.raises(SystemExit):
        curvature.main(wrong)
