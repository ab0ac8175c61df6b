"""What ten penalties say: a digit, probably a digit, or none of these. Section II-C, eq. 9.

Eq. 9 has a rubbish class beside the digits, of penalty j whatever the input. Its posterior is that of
"none of these", which by itself would refuse one in thirty of MNIST's digits that are right: so what it
makes doubtful is still said, as probable. Refused is what one of two measures finds as rare as six in a
thousand right answers are: too small a posterior, or too much that `doubt` has against the digit. The
first finds digits that were taken for others, the second letters and scribbles; together they refuse one
right answer in a hundred. A network without units for doubt goes by the posterior alone.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import torch
from torch import Tensor

from .bitmaps import DIGITS

RUBBISH = 10.0
"""The penalty j of none of these, that of the recipe (D7)."""
LEAST, LEAST_BESIDE_DOUBT = 1.8e-5, 1.4e-7
"""Of the closest digit's posterior, where there is nothing else to go by, and where there is a doubt.
Of a network's right answers to training digits that it has not seen, one in a hundred has less than the
first (`python -m reproduce.doubt`). The second is one number for two networks, in the middle, in
logarithms, between what six in a thousand of either's have less than."""
DOUBTFUL = -1.0
"""A doubt above which an answer is probable only; above 0 it is none of these."""


def posterior(penalties: Tensor) -> Tensor:
    """Of each class, and behind them of none of these, by eq. 9: (N, classes + 1, ...).

    The penalties are (N, classes, ...), the sum over the classes and none of these is 1.
    """
    none = torch.full_like(penalties[:, :1], RUBBISH)
    return torch.softmax(-torch.cat([penalties, none], 1), 1)


class Certainty(Enum):
    """How sure an answer is."""

    SURE = "sure"
    """The closest digit is likelier than all others and none of these together, and beyond doubt."""
    PROBABLE = "probable"
    """It is not, but no more doubtful than some in a hundred digits are."""
    NONE = "none"
    """It is more doubtful than that: this is no digit."""


class Verdict(NamedTuple):
    """What the penalties say."""

    closest: int
    """The class with the smallest penalty: its place in the network's `classes`."""
    name: str
    """What that class is called."""
    margin: float
    """How much larger the second smallest is."""
    posterior: float
    """Of the closest, by eq. 9, beside the others and none of these."""
    certainty: Certainty

    @property
    def label(self) -> str | None:
        """The closest by its name, or None for none of these."""
        return None if self.certainty is Certainty.NONE else self.name


def verdict(
    penalties: Tensor, doubt: float | None = None, classes: Sequence[str] = DIGITS
) -> Verdict:
    """What penalties (classes,) of one pattern say, and the doubt about it where the network has one.

    A network without units has no doubt. The classes are given by their names.
    Raises ValueError for other shapes, another number of names, or no numbers.
    """
    if penalties.ndim != 1 or len(penalties) < 2 or not penalties.isfinite().all():
        raise ValueError(f"expected finite penalties (classes,), got {tuple(penalties.shape)}")
    if len(classes) != len(penalties):
        raise ValueError(f"expected a name for each of {len(penalties)} classes, got {classes}")
    penalties = penalties.detach().double()
    first, second = penalties.sort().values[:2].tolist()
    of_closest = float(posterior(penalties[None])[0, :-1].max())
    if doubt is None:
        refused, sure = of_closest < LEAST, of_closest > 0.5
    else:
        refused = of_closest < LEAST_BESIDE_DOUBT or doubt > 0
        sure = of_closest > 0.5 and doubt <= DOUBTFUL
    certainty = Certainty.NONE if refused else Certainty.SURE if sure else Certainty.PROBABLE
    closest = int(penalties.argmin())
    return Verdict(closest, classes[closest], second - first, of_closest, certainty)
