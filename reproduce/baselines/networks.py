"""What circulates as "LeNet-5", each as its author shows it, and what it is measured against.

All take the input of the 1998 network, (N, 1, 32, 32), and give scores (N, 10) or more, the largest of
which is the answer; a network that was published for other inputs begins with what makes them. All are
drawn by PyTorch's own initialisation but where their authors have one of their own. They circulate in
many copies; where one is known to be the original, or stands in public, it is named.
"""

import torch
from torch import Tensor, nn

from paper_lenet5.modern import UnitRange

# --- in circulation as LeNet-5 --------------------------------------------------------------------


def textbook(channels: int = 1) -> nn.Sequential:
    """ReLU, max pooling, a full C3, ten scores: what most courses teach. 61,706 parameters."""
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 6, 14, 14)
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 16, 5, 5)
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def textbook_rgb() -> nn.Module:
    """The textbook network for colour, (N, 3, 32, 32); a grey picture is shown to it three times."""
    return nn.Sequential(ThreeChannels(), *textbook(channels=3))


def tanh_average() -> nn.Sequential:
    """Tanh and average pooling. It ends at the 84 units, ten of which are used: 60,856 parameters.

    The softmax over them (in the loss) stands where their tanh would: behind a tanh as well, the
    ten that are used saturate together and nothing is learned.
    """
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(),
        nn.Linear(120, 84),
    )  # fmt: skip


def tanh_average_ten() -> nn.Module:
    """The network of `tanh_average` with the layer of ten scores that it lacks: 61,706 parameters."""
    return nn.Sequential(*tanh_average(), nn.Tanh(), nn.Linear(84, 10))


def linear_cnn() -> nn.Module:
    """No activation anywhere: between its two max poolings all is linear.

    One of its copies: github.com/hduyuanfu/SHUQI_SHIYAN, classcial_model/CNN-others/net.py.
    """
    return nn.Sequential(
        UnitRange(),
        nn.Conv2d(1, 6, 3, padding=1), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.Linear(120, 84),
        nn.Linear(84, 10),
    )  # fmt: skip


def wide() -> nn.Module:
    """32 and 64 maps, 1,024 hidden units, dropout: 3,274,634 parameters.

    That of TensorFlow's former tutorial "Deep MNIST for Experts", which does not call it LeNet-5.
    """
    network = nn.Sequential(
        UnitRange(),
        nn.Conv2d(1, 32, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(3136, 1024), nn.ReLU(),
        Dropout(0.5),
        nn.Linear(1024, 10),
    )  # fmt: skip
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=0.1, a=-0.2, b=0.2)
            nn.init.constant_(layer.get_parameter("bias"), 0.1)
    return network


def sigmoid_max() -> nn.Module:
    """Sigmoids and max pooling on 28x28.

    Section 5.5 of Dive into Deep Learning in PyTorch (github.com/ShusenTang/Dive-into-DL-PyTorch);
    the accuracies printed there differ a little from version to version.
    """
    return nn.Sequential(
        UnitRange(),
        nn.Conv2d(1, 6, 5), nn.Sigmoid(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120), nn.Sigmoid(),
        nn.Linear(120, 84), nn.Sigmoid(),
        nn.Linear(84, 10),
    )  # fmt: skip


# --- controls -------------------------------------------------------------------------------------


def mlp() -> nn.Module:
    """One hidden layer, and as many parameters as LeNet-5: 59,635."""
    return nn.Sequential(
        UnitRange(), nn.Flatten(), nn.Linear(784, 75), nn.ReLU(), nn.Linear(75, 10)
    )


def linear() -> nn.Module:
    """Ten weighted sums of the pixels: 7,850 parameters."""
    return nn.Sequential(UnitRange(), nn.Flatten(), nn.Linear(784, 10))


class Dropout(nn.Module):
    """nn.Dropout, drawn from a stream of its own: what runs side by side cannot disturb it."""

    def __init__(self, p: float):
        super().__init__()
        self.p, self.generator = p, torch.Generator()

    def forward(self, x: Tensor) -> Tensor:
        """Each number kept with probability 1 - p, and enlarged for it; in evaluation x as it is."""
        if not self.training:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - self.p, generator=self.generator)
        return x * kept / (1 - self.p)


# --- what makes other inputs of ours --------------------------------------------------------------


class ThreeChannels(nn.Module):
    """A grey picture as red, green and blue; one that has three channels stays as it is."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1 or 3, H, W) to (N, 3, H, W)."""
        return x.expand(-1, 3, -1, -1)
