"""The network, its losses and SDLM beside the CPU's float32: on a GPU, and in other precisions.

What needs a GPU has the mark `cuda`; without one it is skipped, and `.ci/run` leaves it out.
"""

import pytest
import torch

from paper_lenet5 import SDLM, LeNet5, MAPLoss, MSELoss, diagonal_curvature, preprocess
from tests.conftest import draw_digits, random_model

NO_GPU = not torch.cuda.is_available()
PRECISIONS = [torch.float64, torch.bfloat16, torch.float16]
ON_GPU = pytest.param(
    "cuda",
    marks=[pytest.mark.cuda, pytest.mark.skipif(NO_GPU, reason="needs a GPU that PyTorch can use")],
)
DEVICES = ["cpu", ON_GPU]


def drawn(n, device):
    images, labels = draw_digits(n)
    return preprocess(images).to(device), labels.to(device)


@pytest.mark.parametrize("dtype", [torch.float32, *PRECISIONS], ids=str)
@pytest.mark.parametrize("device", [*DEVICES, "meta"])
def test_the_table_of_layers_is_the_same_wherever_the_network_lies(device, dtype):
    model = LeNet5().to(device, dtype)
    assert model.layer_table() == LeNet5().layer_table()


@pytest.mark.parametrize("device", DEVICES)
def test_a_network_is_drawn_alike_on_every_device(device):
    expected = LeNet5(torch.Generator().manual_seed(0)).state_dict()
    with torch.device(device):
        model = LeNet5(torch.Generator().manual_seed(0))
    for name, value in model.state_dict().items():
        assert value.device.type == device
        assert torch.equal(value.cpu(), expected[name]), name


def test_a_network_without_memory_has_its_shapes_alone():
    """As transformers and accelerate build networks before they load them."""
    with torch.device("meta"):
        model = LeNet5()
    assert all(value.is_meta for value in model.state_dict().values())
    model.load_state_dict(random_model().state_dict(), assign=True)
    x, _ = drawn(2, "cpu")
    assert torch.equal(model(x), random_model()(x))


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize("device", DEVICES)
def test_answers_do_not_depend_on_the_precision(device, dtype):
    model, (x, _) = LeNet5.from_pretrained().to(device), drawn(40, device)
    expected = model.classify(x)
    assert len(expected.unique()) > 5
    assert torch.equal(model.to(dtype).classify(x.to(dtype)), expected)


@pytest.mark.parametrize("loss", [MSELoss(), MAPLoss(10.0)], ids=str)
@pytest.mark.parametrize("device", DEVICES)
def test_a_pass_by_sdlm_is_that_of_the_cpu(device, loss):
    """In all bits of float32, a third of which a GPU leaves out of convolutions if it may."""
    found = []
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        for place in ("cpu", device):
            model, (x, labels) = random_model().to(place), drawn(8, place)
            optimizer = SDLM(model.named_parameters(), lr=5e-4)
            optimizer.set_curvature(diagonal_curvature(model, x, labels, loss))
            for one in range(8):
                optimizer.zero_grad()
                loss(model(x[one : one + 1]), labels[one : one + 1]).backward()
                optimizer.step()
            found.append(torch.cat([p.detach().cpu().flatten() for p in model.parameters()]))
    torch.testing.assert_close(found[1], found[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("device", DEVICES)
def test_the_curvature_of_half_the_bits_is_that_of_all(device, dtype):
    x, labels = drawn(8, device)
    whole = diagonal_curvature(random_model().to(device), x, labels, MSELoss())
    model = random_model().to(device, dtype)
    half = diagonal_curvature(model, x.to(dtype), labels, MSELoss())
    for name, h in whole.items():
        assert half[name].dtype == dtype
        assert torch.cosine_similarity(half[name].float().flatten(), h.flatten(), 0) > 0.99, name
