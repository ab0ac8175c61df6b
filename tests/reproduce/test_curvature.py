"""`python -m reproduce.curvature`: the exact diagonal against explicit derivatives, and the theorem."""

import copy
import json

import pytest
import torch
from torch.autograd.functional import hessian

from paper_lenet5 import MAPLoss, MSELoss, diagonal_curvature, preprocess
from paper_lenet5.patterns import Split
from reproduce import curvature
from reproduce.rows import datasets
from tests.conftest import draw_digits, random_model

P = 3
LOSSES = (
    MSELoss(),
    MSELoss(factor=0.5),
    MAPLoss(j=20.0),
    MAPLoss(j=100.0),
    MAPLoss(j=50.0, factor=0.5),
)
"""Penalties are about 100 here: with j = 20 rubbish has all of p, with 100 several classes a share."""


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


def f6_states(model, images):
    return model.states(images)["f6"].flatten(1).detach()


def hessian_of(model, loss, state):
    """Autograd's, of the loss in F6's states (84,); it is the same for every label."""
    return hessian(lambda x: loss(model.rbf(x)[None], torch.tensor([3])), state)


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
        torch.testing.assert_close(matrix, hessian_of(model, loss, state), rtol=1e-9, atol=1e-9)
    diagonal = ours.diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(diagonal, loss.curvature(f6, model.rbf.centers))


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_exact_diagonal_is_what_finite_differences_of_f6_give(model, patterns, exact, loss):
    """For the first and the last parameter of every tensor, with autograd's Hessian at F6."""
    images, _ = patterns
    hessians = [hessian_of(model, loss, state) for state in f6_states(model, images)]
    step = 1e-5
    for name, p in model.named_parameters():
        values = p.detach().view(-1)
        for index in (0, len(values) - 1):
            value = values[index].item()
            values[index] = value + step
            above = f6_states(model, images)
            values[index] = value - step
            below = f6_states(model, images)
            values[index] = value
            columns = (above - below) / (2 * step)  # dx / dw of each pattern, (P, 84)
            expected = sum(d @ h @ d for d, h in zip(columns, hessians, strict=True)) / P
            ours = exact[loss].diagonal[name].view(-1)[index]
            torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "layers"),
    [
        (MSELoss(), ("f6", "c5")),  # H is diagonal, and each of F6's sums has its own state
        (MSELoss(factor=0.5), ("f6", "c5")),
        (MAPLoss(j=100.0), ("f6",)),  # H is not, and C5 feeds all of F6
    ],
    ids=str,
)
def test_recursion_is_exact_where_nothing_has_been_dropped_yet(
    model, patterns, exact, loss, layers
):
    for name, h in diagonal_curvature(model, *patterns, loss).items():
        agrees = torch.allclose(h, exact[loss].diagonal[name], rtol=1e-9)
        assert agrees == name.startswith(layers), name


def test_without_sharing_only_the_layers_that_share_differ(exact):
    for diagonal, unshared in exact.values():
        for name in diagonal:
            agrees = torch.allclose(unshared[name], diagonal[name], rtol=1e-9)
            assert agrees == name.startswith(("c5", "f6")), name


def test_without_sharing_the_recursion_is_exact_where_units_are_independent(model, patterns, exact):
    """Of S4 with one C5 unit left: nothing lies between the units of C5, and eq. 27 is exact there."""
    lonely = copy.deepcopy(model)
    with torch.no_grad():
        lonely.f6.weight[:, 1:] = 0
    (of_eq_8,) = curvature.exact_curvature(lonely, patterns[0], [MSELoss()])
    recursion = diagonal_curvature(lonely, *patterns, MSELoss())
    for name in ("s4.coefficient", "s4.bias"):
        torch.testing.assert_close(recursion[name], of_eq_8.unshared[name], rtol=1e-9, atol=0)
        assert not torch.allclose(recursion[name], of_eq_8.diagonal[name], rtol=1e-3)


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
    record = json.loads((tmp_path / "curvature.json").read_text(encoding="utf-8"))
    (network,) = record["networks"]
    assert set(network["comparisons"]) == set(curvature.COMPARISONS)
    assert network["comparisons"]["eq8"]["all"]["parameters"] == 60_000
    assert "With eq. 8 the recursion is exact" in (tmp_path / "curvature.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("wrong", [["--passes", "21"], ["--passes", "-1"], ["--patterns", "0"]])
def test_command_rejects_what_the_recipe_does_not_have(wrong):
    with pytest.raises(SystemExit):
        curvature.main(wrong)
