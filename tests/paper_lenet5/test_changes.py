"""A character scaled, turned and shifted."""

import pytest
import torch

from paper_lenet5 import preprocess
from paper_lenet5.changes import moved
from paper_lenet5.preprocessing import BLACK, WHITE
from tests.conftest import draw_digits


def test_moving_by_nothing_changes_nothing():
    x = preprocess(draw_digits(20)[0])
    assert torch.allclose(moved(x), x, atol=1e-5)


def test_characters_move_right_and_down_and_turn_clockwise():
    x = preprocess(draw_digits(20)[0])
    expected = x.new_full(x.shape, WHITE)
    expected[..., 3:, 2:] = x[..., :-3, :-2]
    assert torch.allclose(moved(x, right=2, down=3), expected, atol=1e-5)
    turned = torch.rot90(x, -1, (2, 3))
    assert torch.allclose(moved(x, degrees=90), turned, atol=1e-5)


def test_characters_of_twice_the_size_have_four_times_the_ink():
    dot = torch.full((1, 1, 32, 32), WHITE)
    dot[..., 12:20, 13:19] = BLACK
    ink = moved(dot, scale=2) - WHITE
    assert ink.sum() == pytest.approx(4 * (dot - WHITE).sum().item(), rel=0.01)
    assert (ink.sum((2, 3)) > 0).all()
    assert ink[..., 16, :].nonzero().numel() > 0
    smaller = moved(dot, scale=0.5) - WHITE
    assert smaller.sum() == pytest.approx((dot - WHITE).sum().item() / 4, rel=0.01)
