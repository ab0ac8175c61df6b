"""Whatever goes in, there comes out an answer that is right, or an error that says what was expected.

Hypothesis draws the input, the same on every machine and in every run. What is written to files is
fuzzed by `tools/fuzz.py` too, for as long as one likes.
"""

import contextlib
import gzip
import hashlib
import importlib
import io
import json
import math
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save
from torch import nn

import hubconf
import paper_lenet5
from paper_lenet5 import (
    SDLM,
    LeNet5,
    MAPLoss,
    MSELoss,
    diagonal_curvature,
    eager,
    mnist,
    preprocess,
)
from paper_lenet5.__main__ import main
from paper_lenet5.bitmaps import digit_bitmaps
from paper_lenet5.config import LeNet5Config
from paper_lenet5.distort import (
    FIG7_RANGES,
    DistortionRanges,
    distort,
    distorted_patterns,
    draw_distortions,
)
from paper_lenet5.initialisation import Initialisation
from paper_lenet5.labelled import labelled
from paper_lenet5.layers import Subsampling, TableConvolution
from paper_lenet5.modern import ModernNet
from paper_lenet5.patterns import Split
from paper_lenet5.pictures import read_lines, read_picture, written
from paper_lenet5.pictures.files import FORMATS
from paper_lenet5.pictures.normalise import normalise, normalise_line
from paper_lenet5.pretrained import WeightsUnavailable, WeightsUnusable
from paper_lenet5.rbf import EuclideanRBF
from paper_lenet5.reading import characters_in, read_line, read_string
from paper_lenet5.recipe import SCHEDULE, Recipe
from paper_lenet5.strings import (
    SECTION_VII,
    STRIDE,
    StringRanges,
    bounding_columns,
    draw_fields,
    paint,
    string_fields,
)
from paper_lenet5.training import Session
from tests.conftest import draw_digits, random_model

Image.init()
SAVED = Image.SAVE
"""What Pillow writes on this machine."""

few = settings(
    max_examples=40, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
SIDES = st.sampled_from([0, 1, 2, 6, 10, 27, 28, 29, 32, 33, 40])
TYPES = st.sampled_from([torch.uint8, torch.int8, torch.int64, torch.float16, torch.float32,
                         torch.float64, torch.bool, torch.complex64])  # fmt: skip
NUMBERS = st.floats(width=32) | st.sampled_from([0.0, 1.0, 255.0, math.nan, math.inf, -math.inf])
NETWORKS = {"LeNet5": LeNet5, "ModernNet": ModernNet}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    return NETWORKS[request.param].from_pretrained()


@contextlib.contextmanager
def refused(*words, kind=ValueError):
    """The error is of that kind and says all of the words."""
    with pytest.raises(kind) as error:
        yield
    for word in words:
        assert word in str(error.value)


def tensors(*shapes):
    """Zeros of any shape and type, most of them near to one that would do."""
    near = st.sampled_from(shapes) | st.lists(SIDES, max_size=4).map(tuple)
    return st.builds(torch.zeros, near, dtype=TYPES)


# From images to penalties


@few
@given(tensors((3, 28, 28), (3, 32, 32), (1, 32, 40), (0, 28, 28), (3, 1, 28, 28)))
def test_preprocess_takes_bytes_in_three_shapes_and_refuses_the_rest(images):
    n, *sides = images.shape if images.ndim == 3 else (0, 0, 0)
    fits = sides == [28, 28] or (sides[0] == 32 and sides[1] >= 32)
    if images.dtype != torch.uint8 or not fits:
        with refused("expected images as uint8", f"got {images.dtype} of shape"):
            preprocess(images)
    else:
        field = preprocess(images)
        assert field.shape == (n, 1, 32, max(sides[1], 32))
        assert (field == torch.tensor(-0.1)).all()


@pytest.mark.parametrize("images", [np.zeros((1, 28, 28), np.uint8), [[0]], None, "digit.png"])
def test_what_is_no_tensor_is_refused_by_the_name_of_its_type(images):
    for function in (preprocess, hubconf.preprocess, bounding_columns):
        with refused("torch.Tensor", type(images).__name__):
            function(images)
    model = LeNet5()
    for function in (model, model.states, model.classify, model.posterior, model.logits,
                     partial(model.classify, check=False)):  # fmt: skip
        with refused("torch.Tensor", f"got {type(images).__name__}: transforms() makes one"):
            function(images)


@few
@given(st.tuples(NUMBERS, NUMBERS))
def test_levels_are_two_small_numbers(levels):
    images = torch.tensor([0, 255], dtype=torch.uint8)[:, None, None].expand(2, 32, 32)
    if max(map(abs, levels)) <= 10 and levels[0] != levels[1] and not any(map(math.isnan, levels)):
        low, high = preprocess(images, levels)[:, 0, 0, 0].tolist()
        assert (low, high) == pytest.approx(levels, rel=1e-5, abs=1e-5)
    else:
        with refused("expected two levels in +-10"):
            preprocess(images, levels)


@few
@given(tensors((2, 1, 32, 32), (0, 1, 32, 32), (1, 1, 32, 40), (1, 1, 28, 28), (1, 3, 32, 32)))
def test_a_network_refuses_other_shapes_and_types(network, x):
    wide = isinstance(network, LeNet5)
    fits = x.ndim == 4 and x.shape[1] == 1
    fits = fits and (min(x.shape[2:]) >= 32 if wide else x.shape[2:] == (32, 32))
    if fits and x.dtype == torch.float32:
        assert network(x).shape[:2] == (len(x), 10)
        assert network(x).isfinite().all()
    elif fits and x.is_floating_point() and not wide:
        assume(False)  # what PyTorch's own layers say to another type is theirs
    else:
        with refused("expected", "got"):
            network(x)


@few
@given(number=NUMBERS, place=st.integers(0, 1023))
def test_a_network_refuses_what_is_no_level_of_ink(network, number, place):
    """Grey levels 0 ... 255 as floats, infinity, what is no number: one pixel is enough."""
    x = torch.zeros(1, 1, 32, 32)
    x.view(-1)[place] = number
    if abs(number) <= 10:
        assert network(x).isfinite().all()
    else:
        with refused("expected input from -0.1 (paper) to 1.175 (ink)", "got"):
            network(x)


def test_grey_levels_as_floats_are_refused_by_all_that_looks_at_images():
    x, labels = torch.rand(2, 1, 32, 32) * 255, torch.tensor([1, 2])
    model, loss = random_model(), MSELoss()
    optimizer = SDLM(model.named_parameters(), lr=1e-4)
    optimizer.set_curvature({name: torch.ones_like(p) for name, p in model.named_parameters()})
    order = torch.tensor([0, 1])
    engines = [eager]
    with contextlib.suppress(ImportError):
        engines.append(importlib.import_module("paper_lenet5.compiled"))
    for engine in engines:
        for call in (lambda e: model(x), lambda e: model.classify(x), lambda e: model.states(x),
                     lambda e: e.penalties(model, x),
                     lambda e: e.diagonal_curvature(model, x, labels, loss),
                     lambda e: e.train_one_pass(model, optimizer, loss, x, labels, order)):  # fmt: skip
            with refused("as preprocess gives it, got 0.", "to 25"):
                call(engine)


# Losses, layers, optimiser


@few
@given(
    tensors((3, 10), (1, 10), (0, 10)),
    st.lists(st.integers(-2, 12), max_size=4).map(torch.tensor) | tensors((3,), (0,)),
)
def test_a_loss_is_a_number_or_an_error(penalties, labels):
    penalties = penalties.float() if penalties.is_complex() else penalties
    n, classes = penalties.shape if penalties.ndim == 2 else (0, 0)
    fits = n > 0 and labels.shape == (n,) and labels.dtype == torch.int64
    for loss in (MSELoss(), MAPLoss(j=10.0)):
        if fits and ((labels >= 0) & (labels < classes)).all():
            assert loss(penalties.float(), labels).isfinite()
        else:
            with refused("expected", "got"):
                loss(penalties, labels)


NUMBER_OF = {
    "factor of eq. 8": (lambda v: MSELoss(v), "> 0"),
    "factor of eq. 9": (lambda v: MAPLoss(1.0, v), "> 0"),
    "j": (lambda v: MAPLoss(v), ">= 0 or infinite"),
    "eta": (lambda v: SDLM(LeNet5().named_parameters(), v), "> 0"),
    "mu": (lambda v: SDLM(LeNet5().named_parameters(), 1e-4, v), "> 0"),
    "scale": (lambda v: Initialisation(scale=v), "> 0"),
    "power": (lambda v: Initialisation(power=v), "finite"),
    "coefficient": (lambda v: Initialisation(coefficient=v), "finite"),
    "shrink": (lambda v: ranges(shrink=(v, v)), "> 0"),
    "shift": (lambda v: ranges(shift_x=(v, v)), "finite"),
    "eta of a recipe": (lambda v: Recipe(schedule=(5e-4, v)), "> 0"),
    "mu of a recipe": (lambda v: Recipe(mu=v), "> 0"),
    "output curvature": (lambda v: Recipe(output_curvature=v), ">= 0"),
    "noise": (lambda v: Recipe(noise=v), "0 ... 1"),
    "blanks": (lambda v: StringRanges((0, 1), (0, 1), v, 0.5), "0 ... 1"),
    "gaps": (lambda v: StringRanges((0, 1), (0, 1), 0.5, v), "0 ... 1"),
}


def ranges(**changes):
    return DistortionRanges(**{"shrink": (1, 1), "squeeze": (1, 1), "shear": (0, 0),
                               "shift_x": (0, 0), "shift_y": (0, 0), **changes})  # fmt: skip


@pytest.mark.parametrize("name", NUMBER_OF)
@few
@given(value=NUMBERS)
def test_every_number_has_its_range(name, value):
    make, allowed = NUMBER_OF[name]
    within = {
        "> 0": 0 < value < math.inf,
        ">= 0": 0 <= value < math.inf,
        ">= 0 or infinite": value >= 0,
        "finite": math.isfinite(value),
        "0 ... 1": 0 <= value <= 1,
    }[allowed]
    if within:
        make(value)
    else:
        with refused("expected", "got"):
            make(value)


COUNT_OF = {
    "batch": lambda n: Recipe(batch=n),
    "curvature patterns": lambda n: Recipe(curvature_patterns=n),
    "training patterns": lambda n: Recipe(training_patterns=n),
    "schedule": lambda n: Recipe(schedule=(1e-4,) * n),
    "distortions": lambda n: draw_distortions(n - 1, torch.Generator()),
    "chunk": lambda n: distort(torch.zeros(1, 28, 28).byte(), torch.ones(1, 5), chunk=n),
    "batch of a pass": lambda n: eager.train_one_pass(
        LeNet5(), None, MSELoss(), torch.zeros(1, 1, 32, 32), torch.tensor([0]),
        torch.zeros(0).long(), batch=n),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNT_OF)
@pytest.mark.parametrize("n", [0, -1])
def test_every_count_has_its_least(name, n):
    COUNT_OF[name](1)
    with refused("expected", "got"):
        COUNT_OF[name](n)


PARTS = {
    "network": ["full", None],
    "loss": [torch.nn.CrossEntropyLoss(), torch.nn.MSELoss(), MSELoss, None, "eq. 8",
             MSELoss(reduction="sum"), MAPLoss(10.0, reduction="none")],
    "initialisation": [1.2, None],
    "distortions": [True, SECTION_VII],
    "strings": [True, FIG7_RANGES],
    "levels": [(100, 200), (0.5, 0.5), (0.0,), (0.0, 0.5, 1.0), (0.0, math.nan), 0.5, ("a", "b")],
    "schedule": [(), 1e-4, None, ("a",)],
    "mu": ["a", None],
    "noise": ["a", None, (0.1,)],
    "batch": [1.5, 2.0, None],
    "curvature_patterns": [0.5, None],
    "training_patterns": [10.5],
    "optimizer": ["SGD"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, of in PARTS.items() for v in of])
def test_a_recipe_is_made_of_parts_that_belong_there(name, value):
    with refused("expected", "got"):
        Recipe(**{name: value})


def test_a_recipe_of_lists_is_that_of_tuples():
    lists = Recipe(levels=[-0.1, 1.175], schedule=list(SCHEDULE))
    assert {lists: "known"}[Recipe()] == "known"
    assert repr(lists) == repr(Recipe())


def test_no_network_is_built_of_codes_that_are_not_there():
    recipe = Recipe(network=LeNet5Config(output="own codes"))
    with refused("codes of its own", "LeNet5(codes=...)"):
        recipe.build(None)


@few
@given(st.lists(st.lists(st.integers(-2, 7), max_size=4), max_size=4))
def test_a_table_of_connections_names_each_input_once(table):
    if table and all(row and len({*row}) == len(row) and min(row) >= 0 for row in table):
        layer = TableConvolution(table)
        assert layer.weight.shape == (sum(map(len, table)), 5, 5)
    else:
        with refused("expected for each map the inputs", f"got {table}"):
            TableConvolution(table)


@few
@given(tensors((1, 6, 28, 28), (1, 1, 28, 28), (2, 6, 1, 1), (6, 28, 28)))
def test_subsampling_refuses_other_numbers_of_maps(x):
    if x.ndim == 4 and x.shape[1] == 6:
        assume(x.dtype == torch.float32 and min(x.shape) > 0 and min(x.shape[2:]) > 1)
        assert Subsampling(6)(x).shape[:2] == x.shape[:2]
    else:
        with refused("expected (N, 6, H, W), got"):
            Subsampling(6)(x)


@few
@given(tensors((3, 84), (84,), (1, 1), (3, 10), (3, 85)))
def test_the_output_layer_refuses_other_lengths(x):
    if x.shape[-1:] == (84,):
        assert EuclideanRBF(digit_bitmaps())(x).shape == (*x.shape[:-1], 10)
    else:
        with refused("expected states of shape (..., 84), got"):
            EuclideanRBF(digit_bitmaps())(x)


@few
@given(NUMBERS)
def test_a_curvature_is_finite_and_not_negative(value):
    model = LeNet5()
    h = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    h["c5.weight"][3, 2, 1, 0] = value
    optimizer = SDLM(model.named_parameters(), lr=1e-4)
    if 0 <= value < math.inf:
        optimizer.set_curvature(h)
        assert all((step > 0).all() for step in optimizer.step_sizes().values()) or value > 1e30
    else:
        with refused("expected a finite curvature >= 0", "c5.weight"):
            optimizer.set_curvature(h)


@pytest.mark.parametrize("given", ["_orig_mod.c1.weight, _orig_mod.c1.bias", "nothing"])
def test_a_curvature_under_other_names_is_told_from_a_wrong_one(given):
    model = LeNet5()
    h = {f"_orig_mod.{name}": torch.ones_like(p) for name, p in model.named_parameters()}
    said = f"no curvature is given for c1.weight, c1.bias, s2.coefficient, ..., but for {given}"
    with refused(said, "named_parameters()"):
        SDLM(model.named_parameters(), lr=1e-4).set_curvature({} if given == "nothing" else h)


def test_the_curvature_is_of_a_network_with_one_tensor_of_inputs():
    class Two(nn.Linear):
        def forward(self, first, second):
            return super().forward(torch.cat([first, second], 1))

    first, labels = torch.ones(3, 2), torch.arange(3)
    with refused("expected inputs and labels in one tensor each, got tuple and Tensor", "forward"):
        diagonal_curvature(Two(4, 3), (first, first), labels, nn.CrossEntropyLoss())
    with refused("expected inputs and labels in one tensor each, got Tensor and list"):
        diagonal_curvature(nn.Linear(2, 3), first, [0, 1, 2], nn.CrossEntropyLoss())
    with refused("expected a network, an nn.Module, got function"):
        diagonal_curvature(lambda x: x, first, labels, nn.CrossEntropyLoss())


@few
@given(tensors((2, 1, 32, 32), (0, 1, 32, 32), (2, 1, 36, 36)), st.integers(0, 3))
def test_the_curvature_is_of_as_many_labels_as_images(images, n):
    fits = images.shape == (n, 1, 32, 32) and images.dtype == torch.float32 and n > 0
    labels = torch.zeros(n, dtype=torch.int64)
    if fits:
        assert len(diagonal_curvature(LeNet5(), images, labels, MSELoss())) == 12
    else:
        with refused("expected", "got"):
            diagonal_curvature(LeNet5(), images, labels, MSELoss())


@few
@given(order=st.lists(st.integers(-3, 4), max_size=3), labels=st.lists(st.integers(-1, 11),
       min_size=2, max_size=3))  # fmt: skip
def test_a_pass_refuses_an_order_or_labels_out_of_range(order, labels):
    """A negative index would be taken from the end, without a word."""
    model, images = random_model(), torch.zeros(2, 1, 32, 32)
    optimizer = SDLM(model.named_parameters(), lr=1e-6)
    optimizer.set_curvature({name: torch.ones_like(p) for name, p in model.named_parameters()})
    order, labels = torch.tensor(order, dtype=torch.int64), torch.tensor(labels)
    work = (model, optimizer, MSELoss(), images, labels, order)
    fits = labels.shape == (2,) and ((labels >= 0) & (labels < 10)).all()
    if fits and all(0 <= index < 2 for index in order.tolist()):
        assert 0 <= eager.train_one_pass(*work) <= len(order)
    else:
        with refused("expected", "got"):
            eager.train_one_pass(*work)


@few
@given(tensors((3, 28, 28), (0, 28, 28)), tensors((3,), (0,)))
def test_a_split_refuses_what_cannot_be_trained_on(images, labels):
    fits = images.dtype == torch.uint8 and images.shape == (3, 28, 28)
    if fits and labels.dtype == torch.int64 and labels.shape == (3,):
        assert len(Split(images, labels).inputs) == 3
    else:
        with refused("expected", "got"):
            Split(images, labels)


def test_a_split_refuses_negative_labels():
    with refused("expected labels 0, 1, ..., got -1"):
        Split(torch.zeros(2, 28, 28).byte(), torch.tensor([0, -1]))


@pytest.mark.parametrize("count", [-1, 0, 6])
def test_the_first_patterns_of_a_split_are_some_of_them(count):
    split = Split(*draw_digits(5))
    assert split.first(5).labels.equal(split.labels)
    with refused(f"expected 1 to 5 training patterns, got {count}"):
        split.first(count)


def test_what_holds_tensors_is_equal_to_itself_alone():
    images, labels = draw_digits(20)
    for one, other in ((Split(images, labels), Split(images, labels)),
                       (labelled(images, labels), labelled(images, labels))):  # fmt: skip
        assert one == one
        assert one != other


def test_a_session_refuses_more_patterns_than_there_are():
    split = Split(*draw_digits(5))
    with refused("expected 1 to 5 training patterns, got 6"):
        Session(Recipe(training_patterns=6), 0, split, split, eager)


@few
@given(st.sampled_from(["activation", "pooling", "table", "output"]),
       st.text(max_size=20) | st.none() | st.integers() | st.lists(st.text(max_size=3)))  # fmt: skip
def test_an_unknown_option_is_refused_with_those_that_are_known(field, value):
    assume(value not in ("tanh", "relu", "max", "full", "linear"))
    with refused(f"expected {field} of [", f"got {value!r}"):
        LeNet5Config(**{field: value})


# Distortions and strings


@few
@given(st.lists(NUMBERS, min_size=5, max_size=5))
def test_distortions_are_of_numbers_that_can_be_computed_with(row):
    image, parameters = torch.full((1, 28, 28), 255, dtype=torch.uint8), torch.tensor([row])
    possible = parameters.isfinite().all() and min(row[:2]) > 0
    with refused("expected") if not possible else contextlib.suppress(ValueError):
        assert distort(image, parameters).shape == (1, 32, 32)


@few
@given(images=tensors((2, 28, 28), (0, 28, 28)), parameters=tensors((18, 5), (0, 5)),
       indices=st.lists(st.integers(-1, 21), max_size=3))  # fmt: skip
def test_distorted_patterns_refuses_what_does_not_belong_together(images, parameters, indices):
    parameters = parameters + 1 if parameters.is_floating_point() else parameters
    n = len(images) if images.ndim else 0
    fits = images.shape == (n, 28, 28) and images.dtype == torch.uint8
    fits = fits and parameters.shape == (9 * n, 5) and parameters.is_floating_point()
    indices = torch.tensor(indices, dtype=torch.int64)
    if fits and all(0 <= index < 10 * n for index in indices.tolist()):
        assert distorted_patterns(images, indices, parameters).shape == (len(indices), 32, 32)
    else:
        with refused("expected", "got"):
            distorted_patterns(images, indices, parameters)
            assert not fits, "parameters that no index needs are not looked at"
            raise ValueError("expected ..., got ...")


@few
@given(tensors((4, 28, 28), (0, 28, 28)), tensors((4,), (0,)))
def test_fields_are_drawn_of_images_with_ink_and_their_labels(images, labels):
    rng = torch.Generator().manual_seed(0)
    fits = images.shape == (4, 28, 28) and images.dtype == torch.uint8
    fits &= (
        labels.shape == (4,) and labels.dtype == torch.int64 and {*labels.tolist()} <= {*range(10)}
    )
    if fits:
        with refused("expected ink in every image"):
            draw_fields(images, labels, SECTION_VII, rng)
        fields, drawn = draw_fields(images + 9, labels, SECTION_VII, rng)
        assert (fields.shape, drawn.shape) == ((4, 32, 32), (4,))
    else:
        with refused("expected", "got"):
            draw_fields(images + 9 if images.dtype == torch.uint8 else images, labels,
                        SECTION_VII, rng)  # fmt: skip


@few
@given(chosen=st.lists(st.lists(st.integers(-1, 3), min_size=2, max_size=2), max_size=2),
       separations=tensors((1, 1), (2, 1)), shift=tensors((1,), (2,)))  # fmt: skip
def test_strings_are_of_images_that_there_are(chosen, separations, shift):
    images, n = draw_digits(3)[0], len(chosen)
    separations, shift = separations.real.long(), shift.real.long()
    indices = torch.tensor(chosen, dtype=torch.int64).view(n, 2)
    fits = n > 0 and separations.shape == (n, 1) and shift.shape == (n,)
    if fits and all(0 <= index < 3 for row in chosen for index in row):
        fields, answers = string_fields(images, indices, separations, shift)
        assert fields.shape[:2] == (n, 32)
        assert answers.shape == (n,)
    else:
        with refused("expected", "got"):
            string_fields(images, indices, separations, shift)


def test_painting_refuses_images_that_there_are_not():
    with refused("expected indices from 0 to 2, got -1 to 0"):
        paint(draw_digits(3)[0], torch.tensor([[0, -1]]), torch.zeros(1, 2).long(), 32)


@few
@given(tensors((11, 3), (11, 1, 3), (10, 3), (11, 0)), NUMBERS)
def test_a_string_is_read_from_finite_penalties_of_eleven_classes(penalties, value):
    assume(not penalties.is_complex())
    rows = penalties[:, 0] if penalties.ndim == 3 and penalties.shape[1] == 1 else penalties
    rows = rows[:, None] if rows.ndim == 1 else rows
    fits = rows.ndim == 2 and len(rows) == 11 and rows.shape[1] > 0
    if fits and math.isfinite(value):
        reading = read_string(torch.full(penalties.shape, value))
        assert len(reading.labels) == rows.shape[1]
    else:
        with refused("expected"):
            read_string(torch.full(penalties.shape, value))


@few
@given(st.integers(32, 120), st.integers(0, 255), st.integers(1, 24), st.integers(1, 24))
def test_every_field_has_characters_that_its_sweep_has_answers_for(columns, grey, answers, single):
    field = torch.full((32, columns), grey, dtype=torch.uint8)
    n = 1 + (columns - 32) // STRIDE
    assert all(0 <= first <= last < n for first, last in characters_in(field))
    penalties, of_digits = torch.rand(11, answers), torch.rand(10, single)
    if answers == single == n:
        assert len(read_line(field, penalties, of_digits).labels) == n
    else:
        with refused("answers to a field"):
            read_line(field, penalties, of_digits)


# Pictures

MODES = ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "LA", "PA", "RGBX",
         "RGBa", "La", "I;16", "I;16L", "I;16B", "I;16N"]  # fmt: skip


BEGINNINGS = [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"\xff\xd8\xff\xe0", b"II*\x00",
              b"MM\x00*", b"RIFF\x00\x01\x00\x00WEBP", b"P5\n", b"P1\n"]  # fmt: skip


def is_pattern(pattern):
    return (
        pattern.dtype == torch.uint8
        and pattern.shape == (28, 28)
        and 1 <= int(pattern.max()) <= 255
    )


def is_line(field):
    rows, columns = field.shape
    return field.dtype == torch.uint8 and rows == 32 <= columns and columns % STRIDE == 0


def answered(source):
    """A pattern and a line, or the documented error."""
    try:
        return is_pattern(read_picture(source)) and all(map(is_line, read_lines(source)))
    except ValueError as error:
        return str(error) != ""


@pytest.mark.parametrize("mode", MODES)
@few
@given(width=st.integers(1, 50), height=st.integers(1, 50), content=st.binary(max_size=400))
def test_a_picture_of_every_mode_gives_a_pattern_or_a_reason(mode, width, height, content):
    image = Image.new(mode, (width, height))
    size = len(image.tobytes())
    image.frombytes((content * (size // max(len(content), 1) + 1))[:size].ljust(size, b"\x80"))
    assert answered(image)


@few
@given(st.binary(max_size=300), st.sampled_from(BEGINNINGS))
def test_any_bytes_give_a_reason(content, beginning):
    assert answered(beginning + content)


@few
@given(form=st.sampled_from([form for form in FORMATS if form in SAVED]), cut=st.integers(0, 2000),
       at=st.integers(0, 2000), value=st.integers(0, 255))  # fmt: skip
def test_a_damaged_picture_gives_a_pattern_or_a_reason(form, cut, at, value):
    buffer = io.BytesIO()
    Image.fromarray(255 - draw_digits(1)[0][0].numpy()).save(buffer, form)
    content = bytearray(buffer.getvalue())
    content[at % len(content)] = value
    assert answered(bytes(content[: len(content) - cut % len(content)]))


@pytest.mark.parametrize("shape", [(400, 1), (1, 400), (1, 1), (2, 3), (9000, 2)], ids=str)
def test_a_thin_picture_gives_a_pattern(shape):
    pixels = np.zeros(shape, np.uint8)
    pixels[: shape[0] // 2 + 1, : shape[1] // 2 + 1] = 200
    pixels[0, 0] = 0
    assert answered(Image.fromarray(pixels))


@few
@given(st.lists(SIDES, max_size=4), NUMBERS)
def test_ink_is_finite_and_not_negative(shape, value):
    assume(not 0 < value < math.inf)  # a picture full of ink is a character
    array = np.full(shape, value, np.float32)
    for function, fits in (
        (normalise, array.ndim == 2 and array.size and 0 <= value < math.inf),
        (normalise_line, array.ndim == 2 and array.size and 0 <= value < math.inf),
        (written, array.ndim == 3 and array.shape[2] == 4 and array.size and 0 <= value <= 1),
    ):
        with refused("nothing is drawn" if fits else "expected"):
            function(array)


# Files of data

SHAPES = {name: (3, *shape[1:]) for name, shape in mnist.SHAPES.items()}
FILES = {
    name: mnist._header(shape) + bytes(range(math.prod(shape) % 10, math.prod(shape) % 10 + 3))
    * (math.prod(shape) // 3)
    for name, shape in SHAPES.items()
}  # fmt: skip
IMAGES = "train-images-idx3-ubyte"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a small data set, which the loader takes for MNIST."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setattr(mnist, "SHAPES", SHAPES)
    monkeypatch.setitem(mnist.SHA256, "mnist", digests)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@few
@given(header=st.lists(st.integers(0, 2**32 - 1), max_size=5), magic=st.binary(max_size=4),
       length=st.integers(0, 3000), zipped=st.booleans())  # fmt: skip
def test_a_lying_header_is_an_error(folder, header, magic, length, zipped):
    content = magic + b"".join(size.to_bytes(4, "big") for size in header) + bytes(length)
    (folder / IMAGES).write_bytes(gzip.compress(content) if zipped else content)
    with refused("expected", "2,368 bytes", "found:", kind=mnist.DataCorrupt):
        mnist.load_mnist("train", folder)


@few
@given(at=st.integers(0, 5000), value=st.integers(0, 255), cut=st.integers(0, 30))
def test_a_damaged_gz_is_an_error_or_still_the_data(folder, at, value, cut):
    content = bytearray(gzip.compress(FILES[IMAGES]))
    content[at % len(content)] = value
    (folder / IMAGES).write_bytes(bytes(content[: len(content) - cut]))
    with contextlib.suppress(mnist.DataCorrupt):
        images, _ = mnist.load_mnist("train", folder)
        assert images.numpy().tobytes() == FILES[IMAGES][16:]


@few
@given(st.text(max_size=10) | st.none() | st.integers() | st.lists(st.integers()))
def test_an_unknown_split_is_refused(folder, split):
    assume(split not in ("train", "test"))
    with refused('split must be "train" or "test"', repr(split)):
        mnist.load_mnist(split, folder)
    with refused('split must be "train" or "test"', repr(split)):
        paper_lenet5.load_fashion_mnist(split, folder)


@pytest.mark.parametrize("root", ["a file", "nowhere", "a\0b", "x" * 5000])
def test_a_root_that_is_no_folder_has_no_data(folder, root):
    (folder / "a file").write_text("", encoding="utf-8")
    with refused("because the folder was named", kind=mnist.DataUnavailable):
        mnist.load_mnist("train", folder / root)


# Files of weights


def write(folder, config, weights):
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_bytes(config)
    return folder


def config_of(weights, **changes):
    config = {"architectures": ["LeNet5"], "activation": "scaled tanh", "pooling": "trainable",
              "table": "table I", "output": "bitmaps", "classes": list("0123456789"),
              "preprocessing": {"levels": [-0.1, 1.175], "size": 32, "padding": 2},
              "answer": "smallest", "format_version": 1,
              "weights_sha256": hashlib.sha256(weights).hexdigest()}  # fmt: skip
    return json.dumps(config | changes).encode()


WEIGHTS = save(LeNet5(generator=torch.Generator().manual_seed(0)).state_dict())
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@few
@given(st.binary(max_size=50) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_config_is_refused(tmp_path, content):
    with refused(str(tmp_path / "config.json"), kind=WeightsUnusable):
        LeNet5.from_pretrained(write(tmp_path, content, WEIGHTS))


@few
@given(st.sampled_from(["architectures", "activation", "output", "format_version", "other"]), JSON)
def test_a_config_with_another_value_is_refused(tmp_path, key, value):
    assume(json.dumps(value) not in ("1", "1.0", "true"))
    config = config_of(WEIGHTS, **{key: value})
    with refused(str(tmp_path), kind=WeightsUnusable):
        LeNet5.from_pretrained(write(tmp_path, config, WEIGHTS))


@pytest.mark.parametrize("content", [b"[" * 200_000, b"1" * 10_000, b'{"a":' * 100_000])
def test_a_config_that_has_no_end_is_refused(tmp_path, content):
    with refused("config.json", kind=WeightsUnusable):
        LeNet5.from_pretrained(write(tmp_path, content, WEIGHTS))


@few
@given(st.binary(max_size=60), st.integers(0, 2**64 - 1) | st.integers(0, 60), JSON)
def test_weights_with_a_lying_header_are_refused(tmp_path, content, length, header):
    """Though config.json has their digest."""
    weights = length.to_bytes(8, "little") + json.dumps(header).encode() + content
    with refused(str(tmp_path), kind=WeightsUnusable):
        LeNet5.from_pretrained(write(tmp_path, config_of(weights), weights))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_network_that_was_lost_in_training_is_refused(tmp_path, value):
    model = LeNet5()
    with torch.no_grad():
        model.c3.bias[5] = value
    model.save_pretrained(tmp_path)
    with refused("c3.bias", "no numbers", kind=WeightsUnusable):
        LeNet5.from_pretrained(tmp_path)


def test_weights_of_whole_numbers_are_refused(tmp_path):
    weights = save({name: value.long() for name, value in LeNet5().state_dict().items()})
    with refused("torch.int64 instead of torch.float32", kind=WeightsUnusable):
        LeNet5.from_pretrained(write(tmp_path, config_of(weights), weights))


@few
@given(st.text(max_size=30))
def test_a_name_of_nothing_is_refused(name):
    assume(name not in LeNet5.shipped and not os.path.isdir(name))
    for load in (LeNet5.from_pretrained, hubconf.lenet5):
        if "/" in name:
            with pytest.raises((ValueError, WeightsUnavailable)):
                LeNet5.from_pretrained(name, local_files_only=True)
        else:
            with refused("no weights named", "lenet5-1998"):
                load(name)


# The command


@pytest.mark.parametrize(
    "arguments",
    [[], ["draw"], ["classify"], ["classify", "--weights"], ["classify", "x.png", "--unknown"]],
    ids=" ".join,
)
def test_the_command_says_how_it_is_used(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: paper-lenet5" in capsys.readouterr().err


@few
@given(content=st.binary(max_size=100), name=st.text(st.characters(exclude_characters="/\0",
       exclude_categories=["Cs"]), min_size=1, max_size=20))  # fmt: skip
def test_the_command_has_an_answer_to_any_file(tmp_path, capsys, content, name):
    path = tmp_path / name
    assume(not path.is_dir())
    path.write_bytes(content)
    assert main(["classify", "--json", str(path), str(tmp_path / "none")]) == 1
    answers = json.loads(capsys.readouterr().out)
    assert [set(answer) for answer in answers] == [{"file", "error"}] * 2
    path.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are Unicode")
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "JSON"])
def test_a_file_name_that_is_no_text_is_printed_all_the_same(tmp_path, form):
    path = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(path)).write_bytes(b"no picture")
    command = [sys.executable, "-m", "paper_lenet5", "classify", path, *form]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (1, "")
    assert "cannot be read as a picture" in done.stdout
    if form:
        assert json.loads(done.stdout)[0]["file"].endswith("\udcff.png")


def test_a_folder_that_is_called_like_a_picture_is_looked_into(tmp_path, capsys):
    (tmp_path / "a.png" / "b.png").mkdir(parents=True)
    (tmp_path / "a.png" / "b.png" / "c.png").write_bytes(b"no picture")
    assert main(["classify", "--json", str(tmp_path)]) == 1
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["file"].endswith("c.png")
