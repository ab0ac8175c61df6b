"""Images of every usual kind become the network's input; what is open to doubt is refused in words."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from paper_lenet5 import LeNet5, preprocess, verdicts
from paper_lenet5.modern import ModernNet
from paper_lenet5.preprocessing import BLACK, WHITE, check_input, inverted_patterns
from paper_lenet5.recipe import Recipe
from paper_lenet5.transform import Transform
from paper_lenet5.verdict import RUBBISH, verdict
from tests.conftest import draw_digits, random_model

IMAGES, LABELS = draw_digits(4)
EXPECTED = preprocess(IMAGES)
PADDED = torch.nn.functional.pad(IMAGES, [2] * 4)


def as_rgb(image):
    return Image.fromarray(image.numpy()).convert("RGB")


SEVERAL = {
    "N, 28, 28": IMAGES,
    "N, 1, 28, 28": IMAGES[:, None],
    "N, 28, 28, 1": IMAGES[..., None],
    "N, 784": IMAGES.flatten(1),
    "N, 3, 28, 28 in grey": IMAGES[:, None].expand(-1, 3, -1, -1),
    "N, 28, 28, 3 in grey": IMAGES[..., None].expand(-1, -1, -1, 3),
    "N, 32, 32": PADDED,
    "an array": IMAGES.numpy(),
    "an array of another byte order": IMAGES.numpy().astype(">i4"),
    "a transposed array": IMAGES.numpy().transpose(0, 2, 1).copy().transpose(0, 2, 1),
    "whole numbers": IMAGES.long(),
    "floats in 0 ... 255": IMAGES.numpy().astype(np.float64),
    "floats in 0 ... 1": IMAGES.float() / 255,
    "a list of arrays": list(IMAGES.numpy()),
    "a list of images": [Image.fromarray(image) for image in IMAGES.numpy()],
}
SINGLE = {
    "28, 28": IMAGES[0],
    "1, 28, 28": IMAGES[:1],
    "28, 28, 1": IMAGES[0, ..., None],
    "784": IMAGES[0].flatten(),
    "32, 32": PADDED[0],
    "grey": Image.fromarray(IMAGES[0].numpy()),
    "grey in RGB": as_rgb(IMAGES[0]),
    "grey in RGBA": as_rgb(IMAGES[0]).convert("RGBA"),
    "grey in a palette": Image.fromarray(IMAGES[0].numpy()).convert("P"),
    "0 ... 1": IMAGES[0].float() / 255,
}


@pytest.mark.parametrize("kind", SEVERAL)
def test_several_images_are_what_preprocess_makes_of_them(kind):
    assert torch.equal(LeNet5.transforms()(SEVERAL[kind]), EXPECTED)


@pytest.mark.parametrize("kind", SINGLE)
def test_one_image_has_no_dimension_for_their_number(kind):
    assert torch.equal(LeNet5.transforms()(SINGLE[kind]), EXPECTED[0])


@pytest.mark.parametrize("kind", [torch.bool, np.bool_, "1"])
def test_black_and_white_is_paper_and_ink(kind):
    black = IMAGES[0] > 127
    given = Image.fromarray(black.numpy()) if kind == "1" else black.numpy()
    given = black if kind is torch.bool else given
    assert torch.equal(LeNet5.transforms()(given), preprocess(255 * black[None].byte())[0])


def test_wide_fields_are_only_rescaled():
    fields = torch.cat([PADDED, PADDED], 2)
    assert torch.equal(LeNet5.transforms()(fields), preprocess(fields))


def test_a_field_that_is_784_wide_is_one_field():
    field = torch.nn.functional.pad(IMAGES[:1], (378, 378, 2, 2))
    for given in (field, field[None], Image.fromarray(field[0].numpy())):
        assert torch.equal(LeNet5.transforms()(given).flatten(), preprocess(field).flatten())


def test_no_images_are_no_input():
    assert LeNet5.transforms()(IMAGES[:0]).shape == (0, 1, 32, 32)


def test_it_is_the_transform_of_a_dataset(tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    for name in "abcd":
        (tmp_path / name).mkdir()
    for image, name in zip(IMAGES, "abcd", strict=True):
        Image.fromarray(image.numpy()).save(tmp_path / name / "one.png")
    dataset = datasets.ImageFolder(tmp_path, transform=LeNet5.transforms())  # opens them as RGB
    inputs, labels = next(iter(DataLoader(dataset, batch_size=4)))
    assert torch.equal(inputs, EXPECTED)
    assert labels.tolist() == [0, 1, 2, 3]


def floats(low, high):
    return low + (high - low) * IMAGES.float() / 255


REFUSED = {
    "mean and standard deviation": (floats(-0.4242, 2.8215), "normalises by mean"),
    "minus 1 to 1": (floats(-1, 1), "normalises by mean"),
    "its own output": (EXPECTED, "input already"),
    "between 255ths": (floats(0, 0.7), "levels in between"),
    "between whole numbers": (floats(0, 254.5), "levels in between"),
    "half precision": ((IMAGES.float() / 255).half(), "levels in between"),
    "no number": (floats(0, math.nan), "no numbers"),
    "infinity": (floats(0, math.inf), "no numbers"),
    "0 and 1 as whole numbers": (IMAGES // 255, "only 0 and 1"),
    "16 bits": (IMAGES.int() * 257, "0 to 65535"),
    "below 0": (IMAGES.int() - 1, "-1 to 254"),
    "dark ink on bright paper": (255 - IMAGES, "255 - image"),
    "dark ink, with a margin": (torch.nn.functional.pad(255 - IMAGES, [2] * 4), "255 - image"),
    "another size": (IMAGES[:, :27], "4x27x28: paper_lenet5.pictures.read_picture"),
    "a large image": (Image.new("L", (280, 280)), "280x280: paper_lenet5.pictures"),
    "colours": (Image.new("RGB", (28, 28), (0, 9, 0)), "colours"),
    "colours in a tensor": (torch.stack([IMAGES[:1], IMAGES[:1], 0 * IMAGES[:1]], 1), "in colour"),
    "three, or colours": (IMAGES[:3] / 255, r"\(3, 1, 28, 28\), or one as \(1, 3, 28, 28\)"),
    "one field, or 32": (torch.zeros(32, 784).byte(), r"\(32, 28, 28\), or one .* \(1, 32, 784\)"),
    "colours among others": (list(IMAGES[:3].expand(2, -1, -1, -1)), "single images"),
    "two channels": (IMAGES[:, None].expand(-1, 2, -1, -1), "in colour"),
    "transparency": (Image.new("RGBA", (28, 28)), "transparency"),
    "a path": ("digit.png", "open it first"),
    "nothing": (None, "got NoneType"),
    "a number": (7, "got a number: "),
    "complex numbers": (IMAGES.to(torch.complex64), "complex64"),
}  # fmt: skip


def test_three_patterns_are_three_images():
    assert torch.equal(LeNet5.transforms()(IMAGES[:3]), EXPECTED[:3])


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_open_to_doubt_is_refused(kind):
    image, complaint = REFUSED[kind]
    with pytest.raises(ValueError, match=complaint):
        LeNet5.transforms()(image)


def test_blank_paper_is_an_image():
    assert LeNet5.transforms()(np.zeros((28, 28))).unique() == torch.tensor(WHITE)


@pytest.mark.parametrize("given", [{"size": 28}, {"padding": 0}, {"levels": (0,)},
                                   {"levels": 5}, {"levels": (0, math.inf)}])  # fmt: skip
def test_a_transform_of_another_network_is_refused(given):
    with pytest.raises(ValueError, match=r"size 32, padding 2|two levels"):
        Transform(**given)


# --- at the network -------------------------------------------------------------------------------


def test_the_classes_own_transform_is_that_of_its_networks():
    assert LeNet5.transforms() == LeNet5.from_pretrained().transforms() == Transform()
    assert ModernNet.transforms() == Transform()


def test_other_levels_travel_with_the_network(tmp_path):
    model = Recipe(levels=(0.0, 1.0)).build(None)
    model.save_pretrained(tmp_path)
    for own in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model)),
                LeNet5.from_pretrained(tmp_path)):  # fmt: skip
        assert own.transforms() == Transform((0.0, 1.0))
        own.classify(own.transforms()(IMAGES))
        with pytest.raises(ValueError, match="from 0 "):
            own.classify(EXPECTED)
    assert LeNet5.transforms() == Transform()


@pytest.fixture(scope="module")
def model():
    return random_model().eval()


INPUT_REFUSED = {
    "ToTensor, padded": (torch.nn.functional.pad(IMAGES[:, None] / 255, [2] * 4), "as ToTensor"),
    "0.5, 0.5": (2 * PADDED[:, None] / 255 - 1, "normalised by mean"),
    "mean and standard deviation": (3.2457 * PADDED[:, None] / 255 - 0.4242, "normalised by mean"),
    "0 ... 255": (PADDED[:, None].float(), "grey levels 0 ... 255|as preprocess gives it"),
    "one without paper": (EXPECTED.clone().index_fill(0, torch.tensor([1]), BLACK), "no paper"),
    "paper of 0.3": (EXPECTED.clamp(min=0.3), "as ToTensor|no paper"),
    "dark ink": (WHITE + BLACK - EXPECTED, "255 - image"),
    "a little too black": (EXPECTED * 1.1, "rescale|normalised"),
    "no number": (
        EXPECTED.clone().index_fill(0, torch.tensor([1]), math.nan),
        "preprocess gives it",
    ),
    "not padded": (EXPECTED[..., 2:-2, 2:-2], r"as transforms\(\) gives it"),
}


@pytest.mark.parametrize("kind", INPUT_REFUSED)
def test_input_that_transforms_would_not_give_is_refused(model, kind):
    x, complaint = INPUT_REFUSED[kind]
    for answer in (model.classify, model.posterior):
        with pytest.raises(ValueError, match=complaint):
            answer(x)


def test_the_way_out_is_explicit(model):
    x = PADDED[:, None] / 255
    assert torch.equal(model.classify(x, check=False), model(x).argmin(1))
    assert model.posterior(x, check=False).shape == (4, 11)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.4])
def test_inverted_pixels_are_no_mistake(model, noise):
    flipped = torch.rand(EXPECTED.shape, generator=torch.Generator().manual_seed(0)) < noise
    x = torch.where(flipped, WHITE + BLACK - EXPECTED, EXPECTED)
    assert model.classify(x).shape == (4,)


def test_no_digit_of_mnist_is_taken_for_dark_ink(mnist_test):
    images, _ = mnist_test
    assert not inverted_patterns(images).any()
    assert inverted_patterns(255 - images).all()
    check_input(preprocess(images))


def test_one_image_has_one_answer(model):
    one = model.transforms()(Image.fromarray(IMAGES[1].numpy()))
    assert model.classify(one).shape == ()
    assert model.classify(one) == model.classify(EXPECTED)[1]
    for answer in (model.posterior, model.logits):
        assert torch.allclose(answer(one), answer(EXPECTED)[1])
    assert verdicts(model, one) == verdicts(model, one[None])
    for ask in (model, model.states):
        with pytest.raises(ValueError, match=r"got \(1, 32, 32\): for one image give x\[None\]"):
            ask(one)


def test_logits_are_the_penalties_with_the_sign_turned(model):
    assert torch.equal(model.logits(EXPECTED), -model(EXPECTED))
    assert torch.equal(model.logits(EXPECTED).argmax(1), model.classify(EXPECTED))


def test_the_posterior_is_equation_9s_with_none_of_these_at_the_end(model):
    penalties = model(EXPECTED).detach().double()
    shares = torch.cat([penalties, torch.full((4, 1), RUBBISH).double()], 1).neg().exp()
    wanted = shares / shares.sum(1, keepdim=True)
    assert torch.allclose(model.posterior(EXPECTED).double(), wanted, atol=1e-6)
    assert verdict(penalties[0]).posterior == pytest.approx(float(wanted[0, :-1].max()))


def test_wide_input_has_a_posterior_at_every_place(model):
    wide = model.transforms()(torch.cat([PADDED, PADDED], 2))
    at = model.posterior(wide)
    assert at.shape == (4, 11, 1, 9)
    assert torch.allclose(at.sum(1), torch.ones(4, 1, 9))
    assert torch.allclose(at[..., 0, 0], model.posterior(EXPECTED), atol=1e-5)
