"""What stands in the place of LeNet-5's parts today, to see what each of them does."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from .bitmaps import bitmaps, digit_bitmaps
from .config import LeNet5Config
from .connections import TABLE_I
from .initialisation import Initialisation, initialise
from .layers import Subsampling, TableConvolution, squash
from .lenet5 import UNITS, LeNet5
from .losses import MAPLoss
from .rbf import EuclideanRBF


def unsquashed(a: Tensor) -> Tensor:
    """The weighted sums themselves, where nothing follows them."""
    return a


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"scaled tanh": squash, "tanh": torch.tanh,
                                                      "relu": torch.relu}  # fmt: skip

CROSS_ENTROPY = MAPLoss(j=math.inf)
"""Eq. 9 without rubbish: that of the softmax over the negatives of the penalties."""


class AveragePooling(Subsampling):
    """Subsampling with coefficient 1/4 and bias 0, neither of which is trained."""

    COEFFICIENT = 0.25

    def __init__(self, maps: int):
        super().__init__(maps)
        self.requires_grad_(False)
        self.coefficient.fill_(self.COEFFICIENT)
        self.bias.zero_()


class MaxPooling(AveragePooling):
    """The largest of the four inputs: it stands where Subsampling has their sum, times 1."""

    COEFFICIENT = 1.0

    @staticmethod
    def sums(x: Tensor) -> Tensor:
        """The largest of each non-overlapping 2x2 window, (N, maps, H / 2, W / 2)."""
        return functional.max_pool2d(x, 2)


POOLINGS: dict[str, type[Subsampling]] = {
    "trainable": Subsampling,
    "average": AveragePooling,
    "max": MaxPooling,
}

FULL: tuple[tuple[int, ...], ...] = (tuple(range(6)),) * len(TABLE_I)
"""Every C3 map looks at all six S2 maps: what is built where Table I is left out."""
TABLES = {"table I": TABLE_I, "full": FULL}


def one_of_ten() -> Tensor:
    """The place code that section II-B argues against, (10, 10): +1 for the class, -1 elsewhere."""
    return 2 * torch.eye(10) - 1


def random_codes(classes: int, rng: torch.Generator | None) -> Tensor:
    """A code of 84 times +1 or -1 for each class, (classes, 84), as section II-B names them."""
    return 2.0 * torch.randint(2, (classes, UNITS), generator=rng) - 1


CODES: dict[str, Callable[[tuple[str, ...], torch.Generator | None], Tensor]] = {
    "bitmaps": lambda classes, rng: bitmaps(classes),
    "bitmaps and blank": lambda classes, rng: digit_bitmaps(blank=True),
    "random codes": lambda classes, rng: random_codes(len(classes), rng),
    "one of ten": lambda classes, rng: one_of_ten(),
    "own codes": lambda classes, rng: torch.zeros(len(classes), UNITS),
}
"""What the centers can be, (classes, units of F6); 0 where they are no part of the description."""


class Variant(LeNet5):
    """LeNet-5 with some of its parts replaced, as the configuration says.

    Takes and gives what LeNet5 does; where the output is linear, its ten weighted sums stand for the
    penalties, and the smallest is the answer all the same. The first values are drawn as LeNet5's.
    """

    architecture = "LeNet5"

    def __init__(
        self,
        config: LeNet5Config,
        generator: torch.Generator | None = None,
        initialisation: Initialisation | None = None,
    ):
        super().__init__(torch.Generator())  # its values are drawn again below
        self.config = config
        pooling, codes = POOLINGS[config.pooling], CODES.get(config.output)
        self.s2, self.s4 = pooling(6), pooling(16)
        self.c3 = TableConvolution(TABLES[config.table])
        with torch.random.fork_rng(devices=[], enabled=generator is not None):
            if config.output == "one of ten":
                self.f6 = nn.Linear(120, 10)
            if codes is None:
                del self.rbf
                self.output = nn.Linear(UNITS, len(config.classes))
        initialise(self, generator, initialisation)
        if codes is not None:
            self.rbf = EuclideanRBF(codes(config.classes, generator))

    @classmethod
    def of(cls, config: LeNet5Config | None) -> "Variant":
        """A new network of this configuration; None stands for the printed one."""
        return cls(config or LeNet5Config())

    def penalties_of(self, states: dict[str, Tensor]) -> Tensor:
        """The penalties, or the weighted sums, given the states: (N, 10, rows, columns)."""
        if self.config.output != "linear":
            return super().penalties_of(states)
        return states["output"].movedim(-1, 1)

    def states(self, x: Tensor) -> dict[str, Tensor]:
        """The states of LeNet5, with a last one of the name "output" where that is linear."""
        states = super().states(x)
        linear = self.config.output == "linear"
        return states | ({"output": self.output(states["f6"])} if linear else {})

    def activation(self, layer: str) -> Callable[[Tensor], Tensor]:
        """What follows the weighted sums of the layer of that name."""
        pooled = layer in ("s2", "s4") and self.config.pooling != "trainable"
        return unsquashed if pooled or layer == "output" else ACTIVATIONS[self.config.activation]


def build(
    config: LeNet5Config,
    generator: torch.Generator | None = None,
    initialisation: Initialisation | None = None,
) -> LeNet5:
    """A new network: LeNet5 itself, unless a part of it is to be replaced.

    Raises ValueError for codes of one's own, which are no part of the configuration.
    """
    if config.output == "own codes":
        raise ValueError("expected a network without codes of its own: LeNet5(codes=...) has them")
    if not config.as_printed:
        return Variant(config, generator, initialisation)
    blank = config.output == "bitmaps and blank"
    return LeNet5(generator, initialisation, blank=blank, classes=config.classes)
