"""What several test files share: one thread, digits to look at, networks with no zero in them."""

import os
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from PIL import Image, ImageDraw

from paper_lenet5 import LeNet5, mnist
from paper_lenet5.files import cache_folder
from tests.doubles.hub_double import serve

torch.set_num_threads(1)

# Where MNIST may lie: asked before any test changes the environment. Naming it stops a download.
MNIST = Path(os.environ.get(mnist.VARIABLE) or cache_folder()).expanduser()
# Table I as printed: a row for each map of S2, a column for each map of C3.
CROSSES = [
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
]
# The ends (x0, y0, x1, y1) of a pocket calculator's seven segments, and which each digit lights.
SEGMENTS = [(0, 0, 1, 0), (1, 0, 1, 1), (1, 1, 1, 2), (0, 2, 1, 2), (0, 1, 0, 2), (0, 0, 0, 1),
            (0, 1, 1, 1)]  # fmt: skip
LIT = ["012345", "12", "01346", "01236", "1256", "02356", "023456", "012", "0123456", "012356"]


def draw_digits(n, seed=0):
    """n of a pocket calculator's digits, no two alike: images (n, 28, 28) uint8, labels (n,)."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (n,), generator=rng)
    shake, slant, width = (torch.rand(n, k, generator=rng) for k in (28, 1, 1))
    ends = torch.tensor(SEGMENTS).float() + 0.12 * (shake.view(n, 7, 4) - 0.5)
    ends = (ends * torch.tensor([9.0, 8.5] * 2) + torch.tensor([9.5, 5.0] * 2)).view(n, 7, 2, 2)
    ends[..., 0] -= (slant - 0.5)[..., None] * (ends[..., 1] - 13.5)
    row, column = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    pixels = torch.stack([column, row], -1).view(1, 1, 784, 2)
    start, along = ends[:, :, None, 0], (ends[:, :, 1] - ends[:, :, 0])[:, :, None]
    place = ((pixels - start) * along).sum(-1, True) / along.square().sum(-1, True)
    distance = (pixels - start - place.clamp(0, 1) * along).norm(dim=-1)  # (n, 7, 784)
    lit = torch.tensor([[str(s) in digit for s in range(7)] for digit in LIT])
    distance[~lit[labels]] = 99
    ink = (0.8 + 1.2 * width - distance.amin(1) + 0.5).clamp(0, 1)
    return (255 * ink).round().byte().view(n, 28, 28), labels


def filled_six():
    """A six as small as MNIST's, black on white, of which the pen has filled the loop."""
    image = Image.new("L", (280, 280), 255)
    pen = ImageDraw.Draw(image)
    pen.line([(150, 55), (110, 180)], 0, 46)
    pen.ellipse((90, 130, 190, 230), 0)
    return image.resize((28, 28), Image.Resampling.BOX)


def random_model(seed=0):
    """A new network, its biases and coefficients shaken: fresh ones are 0 and all the same."""
    rng = torch.Generator().manual_seed(seed)
    model = LeNet5(generator=rng)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if not name.endswith("weight"):
                p.add_(0.3 * torch.randn(p.shape, generator=rng))
    return model


def load_or_skip(split):
    """All of MNIST's "train" or "test"."""
    try:
        return mnist.load_mnist(split, MNIST)
    except mnist.DataUnavailable as reason:
        pytest.skip(f"needs MNIST in {mnist.VARIABLE} or the cache: {reason}")


@pytest.fixture(scope="session")
def digits():
    """The first 2,000 training images (2000, 28, 28) uint8 of MNIST, and their labels."""
    images, labels = load_or_skip("train")
    return images[:2000].clone(), labels[:2000].clone()


@pytest.fixture(scope="session")
def mnist_test():
    """The 10,000 test images (10000, 28, 28) uint8 of MNIST, and their labels."""
    return load_or_skip("test")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A double of the Hugging Face Hub that the client talks to, with a token that may write."""
    with serve(tmp_path / "store") as double:
        template = double.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", double.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", "hf_write")
        yield double
