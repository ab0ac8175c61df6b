"""What a network costs: parameters, and multiply-adds for one pattern."""

import math
from collections import Counter
from functools import partial

import torch
from torch import nn

from paper_lenet5.layers import Subsampling, TableConvolution
from paper_lenet5.preprocessing import FIELD
from paper_lenet5.rbf import EuclideanRBF


def parameters(model: nn.Module) -> int:
    """The number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def multiply_adds(model: nn.Module, biases: bool = False, columns: int = FIELD) -> int:
    """Products in one forward pass over one input of 32 rows, squashing not counted.

    With `biases`, each bias that is added counts as one more, as some tools do.
    """
    return sum(multiply_adds_of_layers(model, biases, columns).values())


@torch.no_grad()
def multiply_adds_of_layers(
    model: nn.Module, biases: bool = False, columns: int = FIELD
) -> dict[str, int]:
    """What `multiply_adds` sums up, by the names of the layers."""
    products: Counter[str] = Counter()

    def count(
        name: str, layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor
    ) -> None:
        units = output.numel()
        if isinstance(layer, TableConvolution):
            products[name] += layer.weight.numel() * units // layer.maps
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            bias = biases and layer.bias is not None
            products[name] += units * (math.prod(layer.weight.shape[1:]) + bias)
        elif isinstance(layer, Subsampling | nn.BatchNorm2d):
            products[name] += units
        elif isinstance(layer, EuclideanRBF):
            products[name] += layer.centers.shape[1] * units
        elif any(True for _ in layer.parameters(recurse=False)):
            raise ValueError(f"no count of multiply-adds for {type(layer).__name__}")

    hooks = [
        layer.register_forward_hook(partial(count, name)) for name, layer in model.named_modules()
    ]
    device = next(model.parameters()).device
    model(torch.zeros(1, 1, FIELD, columns, device=device))
    for hook in hooks:
        hook.remove()
    return dict(products)
