"""Distortions: geometry, the 600,000 patterns, and the spread that Fig. 7 shows."""

import numpy as np
import pytest
import torch
from torch.nn.functional import pad

from paper_lenet5.distort import (
    FIG7_RANGES,
    SHEAR_ROW,
    SHRINK_ROW,
    DistortionRanges,
    distort,
    distorted_patterns,
    draw_distortions,
)

IDENTITY = (1.0, 1.0, 0.0, 0.0, 0.0)
"""No shrinking, squeezing, shearing or shift."""


def padded(images):
    return pad(images, (2, 2, 2, 2))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n):
    return torch.randint(0, 256, (n, 28, 28), generator=generator(), dtype=torch.uint8)


def blob(row=13.5, column=13.5, width=2.5):
    """A round spot at a place of the pattern, (1, 28, 28).

    Smooth as it is, interpolation widens it by about 1 percent: hence the tolerances of 0.02.
    """
    at = torch.arange(28.0)
    square = (at[:, None] - row) ** 2 + (at - column) ** 2
    return (250 * torch.exp(-square / (2 * width**2))).round().byte()[None]


def parameters(shrink=1.0, squeeze=1.0, shear=0.0, shift_x=0.0, shift_y=0.0):
    return torch.tensor([[shrink, squeeze, shear, shift_x, shift_y]])


def looks(fields):
    """What a drawing (..., 32, 32) looks like, by its moments: (..., 5) float64.

    Half the logarithms of width * height and of width / height once the slant is undone; the slant,
    pixels to the right for each upwards; the centre of mass, column and row.
    """
    ink = fields.double() / fields.double().sum((-2, -1), keepdim=True)
    at = torch.arange(32.0, dtype=torch.float64)
    column, row = ink.sum(-2) @ at, ink.sum(-1) @ at
    dx, dy = at - column[..., None], at - row[..., None]
    xx, yy = (ink.sum(-2) * dx**2).sum(-1), (ink.sum(-1) * dy**2).sum(-1)
    xy = (ink * dy[..., :, None] * dx[..., None, :]).sum((-2, -1))
    width, height = (xx - xy**2 / yy).sqrt(), yy.sqrt()
    size, aspect = (width * height).log() / 2, (width / height).log() / 2
    return torch.stack([size, aspect, -xy / yy, column, row], -1)


# Geometry


def test_identity_gives_back_the_padded_original():
    same = distort(noise(300), torch.tensor([IDENTITY]).expand(300, 5))
    assert torch.equal(same, padded(noise(300)))


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, 1), (-2, 2), (2, -1)])
def test_a_shift_by_whole_pixels_moves_pixels_right_and_down(right, down):
    expected = pad(noise(20), (2 + right, 2 - right, 2 + down, 2 - down))
    shifted = distort(noise(20), parameters(shift_x=right, shift_y=down).expand(20, 5))
    assert torch.equal(shifted, expected)


@pytest.mark.parametrize("shrink", [0.8, 1.3])
def test_shrinking_draws_towards_row_26_and_the_middle_column(shrink):
    spot = blob(10, 9)  # row 12, column 11 of the field
    before, after = looks(padded(spot))[0], looks(distort(spot, parameters(shrink)))[0]
    change = (after - before)[:3].tolist()
    assert change == pytest.approx([-np.log(shrink), 0, 0], abs=0.02)
    assert after[3].item() == pytest.approx(15.5 + (11 - 15.5) / shrink, abs=0.02)
    assert after[4].item() == pytest.approx(SHRINK_ROW + (12 - SHRINK_ROW) / shrink, abs=0.02)


def test_squeezing_narrows_and_lengthens_and_keeps_the_area():
    squeezed = distort(blob(), parameters(squeeze=1.1))
    assert squeezed.sum().item() == pytest.approx(blob().sum().item(), rel=0.02)
    change = (looks(squeezed) - looks(padded(blob())))[0, :3].tolist()
    assert change == pytest.approx([0, -np.log(1.1), 0], abs=0.02)


def test_shearing_leans_to_the_right_and_leaves_its_row_in_place():
    upright = padded(noise(20))
    sheared = distort(noise(20), parameters(shear=0.125).expand(20, 5))
    row = int(SHEAR_ROW)
    assert torch.equal(sheared[:, row], upright[:, row])
    assert torch.equal(sheared[:, row - 8, 1:], upright[:, row - 8, :-1])  # 8 * 0.125 = one pixel


def slow_distort(image, row_of_parameters):
    """One image, pixel by pixel, in float64: (32, 32), not rounded."""
    shrink, squeeze, shear, shift_x, shift_y = map(float, row_of_parameters)
    source = np.pad(image.double().numpy(), 100)  # far more background than any map reaches
    field = np.zeros((32, 32))
    for y, x in np.ndindex(32, 32):
        row = 26 + (y - 26) * shrink / squeeze
        column = 15.5 + (x - 15.5) * shrink * squeeze + shear * (row - 19)
        row, column = row - shift_y + 98, column - shift_x + 98  # the pattern is at (2, 2)
        i, j = int(row), int(column)
        v, u = row - i, column - j
        upper = (1 - u) * source[i, j] + u * source[i, j + 1]
        lower = (1 - u) * source[i + 1, j] + u * source[i + 1, j + 1]
        field[y, x] = (1 - v) * upper + v * lower
    return field


def test_agrees_with_a_slow_version_on_all_parameters_together():
    images, drawn = noise(10), draw_distortions(10, generator())
    slow = np.stack([slow_distort(images[k], drawn[k]) for k in range(10)])
    # Half a grey level of rounding, and 255 per pixel times the float32 error of the places.
    assert np.abs(distort(images, drawn).numpy() - slow).max() < 0.51


# Draws, chunks and the set of 600,000


def test_draws_fill_the_ranges_and_depend_on_the_generator_alone():
    drawn = draw_distortions(20_000, generator())
    assert drawn.shape == (20_000, 5)
    assert drawn.dtype == torch.float32
    assert torch.equal(drawn, draw_distortions(20_000, generator()))
    assert not torch.equal(drawn, draw_distortions(20_000, generator(1)))
    for k, name in enumerate(("shrink", "squeeze", "shear", "shift_x", "shift_y")):
        column, (low, high) = drawn[:, k], getattr(FIG7_RANGES, name)
        assert low <= column.min()
        assert column.max() <= high
        assert column.mean().item() == pytest.approx((low + high) / 2, abs=0.01 * (high - low))
        assert column.std().item() == pytest.approx((high - low) / 12**0.5, rel=0.02)
    assert (torch.corrcoef(drawn.T) - torch.eye(5)).abs().max() < 0.03


def test_a_range_of_one_value_gives_that_value():
    ranges = DistortionRanges(*[(value, value) for value in IDENTITY])
    assert draw_distortions(3, generator(), ranges).tolist() == [list(IDENTITY)] * 3


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_the_chunk_size_changes_nothing(chunk):
    images, drawn = noise(300), draw_distortions(300, generator())
    assert torch.equal(distort(images, drawn, chunk), distort(images, drawn))


def test_no_images_give_no_fields():
    assert distort(noise(0), torch.zeros(0, 5)).shape == (0, 32, 32)


def test_distorted_patterns_are_the_originals_and_then_nine_versions_of_them():
    images, drawn = noise(6), draw_distortions(9 * 6, generator())
    everything = distorted_patterns(images, torch.arange(60), drawn)
    assert torch.equal(everything[:6], padded(images))
    for version in range(1, 10):
        rows = slice(6 * (version - 1), 6 * version)
        assert torch.equal(everything[6:][rows], distort(images, drawn[rows]))
    some = torch.tensor([59, 0, 7, 7, 5, 30])
    assert torch.equal(distorted_patterns(images, some, drawn), everything[some])


# Errors


@pytest.mark.parametrize(
    ("images", "rows", "message"),
    [
        (padded(noise(2)), torch.ones(2, 5), r"\(N, 28, 28\) uint8 images, got \(2, 32, 32\)"),
        (noise(1)[0], torch.ones(1, 5), r"\(N, 28, 28\) uint8 images, got \(28, 28\)"),
        (noise(2).float(), torch.ones(2, 5), r"uint8 images, got .* torch.float32"),
        (noise(2), torch.ones(3, 5), r"\(2, 5\).*got \(3, 5\)"),
        (noise(2), torch.ones(2, 4), r"\(2, 5\).*got \(2, 4\)"),
        (noise(2), torch.ones(2, 5, dtype=torch.int64), r"floating.* torch.int64"),
        (noise(2), torch.zeros(2, 5), "above 0"),
        (noise(2), torch.tensor([[1, 1, 0, torch.nan, 0]] * 2), "finite"),
    ],
)
def test_distort_says_what_it_expected(images, rows, message):
    with pytest.raises(ValueError, match=message):
        distort(images, rows)


def test_distort_does_at_least_one_image_at_a_time():
    with pytest.raises(ValueError, match="chunk of at least 1, got -1"):
        distort(noise(2), torch.ones(2, 5), chunk=-1)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        (torch.tensor([60]), "from 0 to 59, got 60 to 60"),
        (torch.tensor([-1, 3]), "from 0 to 59, got -1 to 3"),
        (torch.tensor([1.0]), "int64 indices, got .* torch.float32"),
        (torch.tensor(1), r"\(M,\) int64 indices"),
    ],
)
def test_distorted_patterns_says_which_indices_there_are(indices, message):
    with pytest.raises(ValueError, match=message):
        distorted_patterns(noise(6), indices, torch.ones(54, 5))


def test_distorted_patterns_needs_nine_rows_for_each_image():
    with pytest.raises(ValueError, match=r"\(54, 5\) parameters, 9 for each image, got \(6, 5\)"):
        distorted_patterns(noise(6), torch.arange(6), torch.ones(6, 5))


@pytest.mark.parametrize(("field", "pair"), [("shear", (0.1, -0.1)), ("shrink", (0.0, 1.0))])
def test_ranges_must_make_sense(field, pair):
    pairs = dict.fromkeys(("shrink", "squeeze", "shear", "shift_x", "shift_y"), (1.0, 1.0))
    with pytest.raises(ValueError, match=r"expected .* got DistortionRanges"):
        DistortionRanges(**pairs | {field: pair})


# Fig. 7. Its ten rows show distortions of these ten training images, in this order.

FIG7_ORIGINALS = [359, 366, 339, 330, 336, 376, 331, 337, 333, 334]

# One drawing of each row: the distortion fitted to it, and what the drawing itself looks like.
FIG7_DRAWINGS = [
    ((0.833, 1.067, 0.107, 0.587, -1.588), (1.831, -0.124, 0.332, 17.572, 11.829)),
    ((0.852, 0.977, 0.036, 0.052, 0.787), (1.063, -0.807, 0.146, 15.715, 15.776)),
    ((1.310, 0.905, 0.078, 1.647, 1.059), (1.353, -0.040, 0.599, 17.470, 19.738)),
    ((0.778, 1.068, 0.027, -0.451, 0.135), (1.798, -0.374, 0.029, 15.965, 13.179)),
    ((0.908, 0.907, -0.110, -0.880, -0.493), (1.459, -0.135, -0.099, 14.082, 15.167)),
    ((1.362, 1.037, -0.135, -1.084, -1.147), (1.057, -0.518, -0.230, 14.778, 17.712)),
    ((1.392, 1.093, 0.079, 1.134, -0.993), (1.080, -0.278, 0.082, 16.742, 17.172)),
    ((0.830, 1.003, 0.078, 0.340, -1.920), (1.740, -0.208, 0.320, 16.734, 12.132)),
    ((0.800, 0.909, 0.127, 0.755, 0.758), (1.780, -0.124, 0.348, 18.042, 15.315)),
    ((1.132, 0.988, -0.111, 1.399, -1.715), (1.316, -0.156, -0.280, 16.649, 15.347)),
]

# Over all 100 drawings, each relative to the mean of its row: standard deviations of what `looks`
# gives, and the slope of the row of the centre of mass against the logarithm of the size (pixels).
FIG7_SPREAD = [0.1585, 0.0480, 0.0839, 1.152, 1.957]
FIG7_SLOPE = -9.42


def test_the_fitted_distortions_of_fig7_give_its_drawings(digits):
    fitted, drawings = (torch.tensor([row[k] for row in FIG7_DRAWINGS]) for k in (0, 1))
    ours = looks(distort(digits[0][FIG7_ORIGINALS], fitted))
    difference = (ours - drawings).abs().amax(0)
    # The drawings are printed in 46 grey levels; size, aspect and slant, then pixels.
    assert (difference[:3] < 0.005).all(), difference
    assert (difference[3:] < 0.04).all(), difference


def test_our_distortions_spread_as_those_of_fig7(digits):
    figures = 40
    drawn = draw_distortions(figures * 100, generator())
    patterns = digits[0][FIG7_ORIGINALS].repeat_interleave(10, 0).repeat(figures, 1, 1)
    ours = looks(distort(patterns, drawn)).view(figures * 10, 10, 5)
    ours = (ours - ours.mean(1, keepdim=True)).view(figures, 100, 5)
    # Figures of 100 differ among themselves by 5 percent in each spread and by 0.8 in the slope
    # (standard deviations). Fig. 7 has less spread in the aspect than ours, by 2.6 of them; its
    # extremes are those of our range all the same.
    assert ours.std(1).mean(0).tolist() == pytest.approx(FIG7_SPREAD, rel=0.20)
    size, row = ours[..., 0], ours[..., 4]
    assert ((size * row).sum() / (size**2).sum()).item() == pytest.approx(FIG7_SLOPE, abs=1.0)
