"""How the networks beside LeNet-5 in section III-C are trained: as LeNet-5 is, but for the loss."""

from dataclasses import dataclass

import torch

from paper_lenet5.losses import Loss, MSELoss
from paper_lenet5.patterns import Split
from paper_lenet5.recipe import Recipe
from paper_lenet5.training import Engine

from . import of_1998_compiled
from .images import Version, in_version
from .of_1998 import Architecture, Layers, LeNet4


@dataclass(frozen=True)
class Recipe1998(Recipe):
    """LeNet-5's recipe, but for the network, its loss (eq. 8) and the version of the images."""

    # Nothing in Recipe but `build` asks for the network, and that is replaced with it.
    network: Architecture = LeNet4()  # type: ignore[assignment]
    loss: Loss = MSELoss()
    images: Version = "regular"
    """Which version of the images is trained on: see `images.VERSIONS`."""

    @property
    def engine(self) -> Engine:
        """The compiled pass for these networks."""
        return of_1998_compiled

    def build(self, rng: torch.Generator | None) -> Layers:  # type: ignore[override]
        """The network before its training."""
        return Layers(self.network, rng, self.initialisation)

    def seen(self, split: Split) -> Split:
        """The split as the network sees it: in its version, with its input values of paper and ink."""
        return super().seen(in_version(split, self.images))
