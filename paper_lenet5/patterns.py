"""The patterns that a training session presents, pass by pass. Sections III-A, III-B, III-E, VII."""

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from .distort import DISTORTED_VERSIONS, DistortionRanges, distorted_patterns, draw_distortions
from .preprocessing import BLACK, WHITE, preprocess
from .strings import StringRanges, draw_fields


@dataclass(frozen=True, eq=False)
class Split:
    """Images (N, 28, 28) uint8, labels (N,) int64, and the same images as the network's input.

    Raises ValueError for other shapes or types, no images, or negative labels.
    """

    images: Tensor
    labels: Tensor
    levels: tuple[float, float] = (WHITE, BLACK)
    """Input values of paper and ink."""
    inputs: Tensor = field(init=False, repr=False)
    """(N, 1, 32, 32) float32."""

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.ndim == 0 or labels.dtype != torch.int64 or labels.ndim != 1:
            raise ValueError(
                "expected images (N, 28, 28) and int64 labels (N,), "
                f"got {tuple(images.shape)} and {tuple(labels.shape)} {labels.dtype}"
            )
        if len(images) != len(labels) or len(images) == 0:
            raise ValueError(
                "expected at least one image and as many labels, "
                f"got {len(images)} images and {len(labels)} labels"
            )
        if labels.min() < 0:
            raise ValueError(f"expected labels 0, 1, ..., got {labels.min()}")
        object.__setattr__(self, "inputs", preprocess(self.images, self.levels))

    def __reduce__(self) -> tuple[type["Split"], tuple[object, ...]]:
        """Pickled without the inputs, which are five times as large and follow from the rest."""
        return type(self), (self.images, self.labels, self.levels)

    def first(self, count: int) -> "Split":
        """The first patterns alone, one at least. Raises ValueError where there are not so many."""
        if not 1 <= count <= len(self.labels):
            raise ValueError(f"expected 1 to {len(self.labels)} training patterns, got {count}")
        return replace(self, images=self.images[:count], labels=self.labels[:count])

    def at(self, levels: tuple[float, float]) -> "Split":
        """The same patterns with these input values of paper and ink."""
        return self if levels == self.levels else replace(self, levels=levels)


def generator(seed: int, purpose: str, number: int = 0) -> torch.Generator:
    """A stream of random numbers of its own for each seed, purpose and number."""
    entropy = [seed, number, *purpose.encode()]
    return torch.Generator().manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))


class Patterns(Protocol):
    """What a training session presents in each of its passes."""

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs (N, 1, 32, 32), labels (N,), and the order (P,) to present them in."""


class Originals:
    """The patterns in a constant random order (appendix C, D11), or a new order for each pass."""

    def __init__(self, train: Split, seed: int, reshuffle: bool):
        self.train, self.seed, self.reshuffle = train, seed, reshuffle

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """The originals and their order, which only a reshuffling session draws anew."""
        rng = generator(self.seed, "order", number if self.reshuffle else 0)
        order = torch.randperm(len(self.train.labels), generator=rng)
        return self.train.inputs, self.train.labels, order


class Distorted:
    """Originals and nine distorted versions of each, in a constant random order of all ten.

    Each pass presents the next tenth of them, so that 20 passes see each of them twice.
    """

    def __init__(self, train: Split, seed: int, reshuffle: bool, ranges: DistortionRanges):
        self.train, self.seed, self.reshuffle = train, seed, reshuffle
        added = DISTORTED_VERSIONS * len(train.labels)
        self.parameters = draw_distortions(added, generator(seed, "distortions"), ranges)

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """The next tenth of all versions, distorted now, in the order of their presentation."""
        n, tenths = len(self.train.labels), 1 + DISTORTED_VERSIONS
        session, tenth = divmod(number - 1, tenths)
        rng = generator(self.seed, "order", session if self.reshuffle else 0)
        chosen = torch.randperm(tenths * n, generator=rng)[tenth * n : (tenth + 1) * n]
        images = distorted_patterns(self.train.images, chosen, self.parameters)
        return preprocess(images, self.train.levels), self.train.labels[chosen % n], torch.arange(n)


class Strings:
    """Each pattern in the middle of a field with others beside it, or a blank; drawn anew each pass."""

    def __init__(self, train: Split, seed: int, reshuffle: bool, ranges: StringRanges):
        self.originals, self.seed, self.ranges = Originals(train, seed, reshuffle), seed, ranges

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """A field for each original, as `draw_fields` draws them, in the order of the originals."""
        train = self.originals.train
        _, _, order = self.originals.of_pass(number)
        rng = generator(self.seed, "strings", number)
        fields, labels = draw_fields(train.images, train.labels, self.ranges, rng)
        return preprocess(fields, train.levels), labels, order


def fixed_fields(split: Split, ranges: StringRanges, noise: float) -> Split:
    """Fields like those of `Strings`, the same for every seed: what their errors are counted on."""
    rng = generator(0, "fixed fields")
    fields, labels = draw_fields(split.images, split.labels, ranges, rng)
    return Split(inverted(fields, noise, rng, (0, 255)), labels, split.levels)


class Noisy:
    """Other patterns, each pixel inverted with some probability: paper for ink, ink for paper."""

    def __init__(
        self, patterns: Patterns, seed: int, probability: float, levels: tuple[float, float]
    ):
        self.patterns, self.seed, self.probability = patterns, seed, probability
        self.levels = levels

    def of_pass(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """The other patterns of this pass, with noise of its own."""
        inputs, labels, order = self.patterns.of_pass(number)
        rng = generator(self.seed, "noise", number)
        return inverted(inputs, self.probability, rng, self.levels), labels, order


def inverted(
    inputs: Tensor, probability: float, rng: torch.Generator,
    levels: tuple[float, float] = (WHITE, BLACK),
) -> Tensor:  # fmt: skip
    """A copy of the inputs, each pixel mirrored between the levels with the probability (III-E)."""
    flipped = torch.rand(inputs.shape, generator=rng) < probability
    return torch.where(flipped, sum(levels) - inputs, inputs)
