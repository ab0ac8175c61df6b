"""For torch.hub: `torch.hub.load("OWNER/paper-lenet5", "lenet5")` where this repository lies on GitHub.

A clone on this machine does as well: `torch.hub.load(FOLDER, "lenet5", source="local")`.
"""

dependencies = ["torch", "numpy", "safetensors", "huggingface_hub"]


def lenet5(weights: str | None = "lenet5-1998"):
    """LeNet-5 as it was printed in 1998: (N, 1, 32, 32) float32 to penalties (N, 10), the smallest wins.

    `weights` is a name, a folder or a repository on the Hugging Face Hub, as LeNet5.from_pretrained
    takes it, or None for a new network that is to be trained.
    """
    from paper_lenet5 import LeNet5

    return LeNet5() if weights is None else LeNet5.from_pretrained(weights)


def preprocess(images):
    """uint8 (N, 28, 28), ink 255, as MNIST has them, to what the network takes (N, 1, 32, 32)."""
    from paper_lenet5 import preprocess

    return preprocess(images)
