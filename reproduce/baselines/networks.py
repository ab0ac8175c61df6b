"""What most courses teach as LeNet-5: ReLU, max pooling, a full C3 and ten scores."""

from torch import nn


def textbook() -> nn.Module:
    """61,706 parameters, in PyTorch's own initialisation: (N, 1, 32, 32) to (N, 10) scores."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 6, 14, 14)
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 16, 5, 5)
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip
