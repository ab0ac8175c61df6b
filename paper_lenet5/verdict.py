"""What ten penalties say: a digit, probably a digit, or none of these. Section II-C, eq. 9.

Eq. 9 has a rubbish class beside the digits, of penalty j whatever the input. Its posterior is that of
"none of these", which by itself would refuse one in thirty of MNIST's digits that are right: so what it
makes doubtful is still said, as probable, and only what is far beyond is refused.
"""

from enum import Enum
from typing import NamedTuple

import torch
from torch import Tensor

RUBBISH = 10.0
"""The penalty j of none of these, that of the recipe (D7)."""
LEAST = 1.8e-5
"""Of the closest digit's posterior. One in a hundred right answers to training digits held out has less
than this, of a network that has not seen them (`python -m reproduce.verdicts`)."""


def posterior(penalties: Tensor, rubbish: float = RUBBISH) -> Tensor:
    """Of each class, and behind them of none of these, by eq. 9: (N, classes + 1, ...).

    The penalties are (N, classes, ...), the sum over the classes and none of these is 1.
    """
    none = torch.full_like(penalties[:, :1], rubbish)
    return torch.softmax(-torch.cat([penalties, none], 1), 1)


class Certainty(Enum):
    """How sure an answer is."""

    SURE = "sure"
    """The closest digit is likelier than all others and none of these together."""
    PROBABLE = "probable"
    """It is not, but as unlikely as some in a hundred digits are."""
    NONE = "none"
    """It is more unlikely than that: this is no digit."""


class Verdict(NamedTuple):
    """What the penalties say."""

    closest: int
    """The class with the smallest penalty."""
    margin: float
    """How much larger the second smallest is."""
    posterior: float
    """Of the closest, by eq. 9, beside the others and none of these."""
    certainty: Certainty

    @property
    def label(self) -> int | None:
        """The closest, or None for none of these."""
        return None if self.certainty is Certainty.NONE else self.closest


def verdict(penalties: Tensor) -> Verdict:
    """What penalties (classes,) of one pattern say. Raises ValueError for other shapes or no numbers."""
    if penalties.ndim != 1 or len(penalties) < 2 or not penalties.isfinite().all():
        raise ValueError(f"expected finite penalties (classes,), got {tuple(penalties.shape)}")
    penalties = penalties.detach().double()
    first, second = penalties.sort().values[:2].tolist()
    of_closest = float(posterior(penalties[None])[0, :-1].max())
    certainty = (
        Certainty.SURE if of_closest > 0.5
        else Certainty.PROBABLE if of_closest >= LEAST
        else Certainty.NONE
    )  # fmt: skip
    return Verdict(int(penalties.argmin()), second - first, of_closest, certainty)
