"""Ways to read what the paper leaves open, one frozen recipe each. DEVIATIONS.md, D4 to D11."""

import math
from dataclasses import dataclass, replace
from typing import Any

from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.initialisation import PRINTED, Initialisation
from paper_lenet5.losses import MAPLoss, MSELoss
from paper_lenet5.recipe import Recipe

from .row import Row


@dataclass(frozen=True)
class Reading:
    """One of two readings of the loss that tables and figures show side by side (D7)."""

    label: str
    """What tells it from the other, as in table 1."""
    suffix: str
    """What the names of its columns in a .csv end with."""


BY_EQ9 = Reading("eq. 9 with j = 10", "")
"""That of LeNet-5 (1998)."""
BY_HALF_EQ8 = Reading("eq. 8 with ½", "_half_eq8")
"""That which comes nearest to the paper's numbers on held-out images."""
SETTLED = Recipe()


def _reading(name: str, title: str, **changes: Any) -> Row[Recipe]:
    return Row(f"reading-{name}", title, replace(SETTLED, **changes))


def distorted(row: Row[Recipe]) -> Row[Recipe]:
    """The same reading, trained with distortions."""
    name = "reading-distortions" if row.recipe == SETTLED else f"{row.name}-distortions"
    recipe = replace(row.recipe, distortions=FIG7_RANGES)
    return Row(name, f"{row.title}, with distortions", recipe)


HALF: dict[str, Any] = {
    "output_curvature": 1.0,
    "initialisation": Initialisation(scale=math.sqrt(3)),
}
"""The later code's: penalties and their curvature are halved (D9), weights are a little larger (D4)."""

_SETTLED = _reading("settled", "settled")
_EQ8 = _reading("eq8", "eq. 8", loss=MSELoss())
HALF_EQ8 = _reading("half-eq8", "½, eq. 8", loss=MSELoss(0.5), **HALF)
_MAP_5 = _reading("map-5", "eq. 9, j = 5", loss=MAPLoss(5.0))

CANDIDATES = (
    _EQ8,
    _reading("map-1", "eq. 9, j = 1", loss=MAPLoss(1.0)),
    _reading("map-2", "eq. 9, j = 2", loss=MAPLoss(2.0)),
    _MAP_5,
    _SETTLED,
    HALF_EQ8,
    _reading("half-map-1", "½, eq. 9, j = 1", loss=MAPLoss(1.0, 0.5), **HALF),
    _reading("half-map-2", "½, eq. 9, j = 2", loss=MAPLoss(2.0, 0.5), **HALF),
    _reading("half-map-5", "½, eq. 9, j = 5", loss=MAPLoss(5.0, 0.5), **HALF),
)
"""The losses that might be the paper's, with the penalty of eq. 7 and with half of it."""

ALTERNATIVES = (
    _SETTLED,
    _reading("literal", "to the letter: eq. 8, weights U(±2.4/F), latest curvature",
             loss=MSELoss(), initialisation=PRINTED, curvature_memory="latest"),
    _reading("eq8-latest", "eq. 8, latest curvature", loss=MSELoss(), curvature_memory="latest"),
    _reading("half-eq8-latest", "eq. 8 with ½, latest curvature",
             loss=MSELoss(0.5), curvature_memory="latest", **HALF),
    _EQ8,
    _MAP_5,
    _reading("map-20", "eq. 9, j = 20", loss=MAPLoss(20.0)),
    _reading("latest", "latest curvature", curvature_memory="latest"),
    _reading("own-curvature", "the loss's own curvature at F6", output_curvature=None),
    _reading("each", "a coefficient's connections are four, each with its input (D8)",
             coefficient_input="each"),
    _reading("reshuffle", "a new order in each pass (D11)", reshuffle=True),
    distorted(_SETTLED),
    distorted(_EQ8),
)  # fmt: skip
"""Choices of every other kind, one at a time."""
