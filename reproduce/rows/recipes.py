"""One frozen recipe per row of the tables, and the names they go by."""

from dataclasses import replace
from typing import Any, TypeVar

from torch.optim import SGD

from paper_lenet5.config import LeNet5Config
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.initialisation import PRINTED
from paper_lenet5.losses import MAPLoss, MSELoss
from paper_lenet5.recipe import SCHEDULE, Recipe
from paper_lenet5.strings import SECTION_VII
from paper_lenet5.variants import CROSS_ENTROPY

from ..baselines import networks
from ..baselines.minibatch import MinibatchRecipe, decay
from ..baselines.of_1998 import FullyConnected, LeNet1, LeNet4
from ..baselines.recipe_1998 import Recipe1998
from .characters import VISIBLE
from .readings import BY_HALF_EQ8, HALF
from .row import AnyRow, Rated, Row
from .today import MODERN, TODAY

LENET5 = Row("lenet5-1998", "LeNet-5 (1998)", Recipe(), step_sizes=True)
LENET5_DISTORTIONS = Row(
    "lenet5-1998-distortions", "LeNet-5 (1998), distortions", Recipe(distortions=FIG7_RANGES)
)
LENET5_EQ8 = Row(
    "lenet5-1998-eq8", "LeNet-5 (1998), eq. 8 instead of eq. 9", Recipe(loss=MSELoss())
)
LENET5_EQ8_DISTORTIONS = Row(
    "lenet5-1998-eq8-distortions", "LeNet-5 (1998), eq. 8 instead of eq. 9, distortions",
    Recipe(loss=MSELoss(), distortions=FIG7_RANGES),
)  # fmt: skip


def _read_as(name: str, title: str, recipe: Recipe) -> tuple[Row[Recipe], Row[Recipe]]:
    """Another reading of the paper, without and with distortions."""
    name, title = f"lenet5-1998-{name}", f"LeNet-5 (1998), {title}"
    return Row(name, title, recipe), Row(f"{name}-distortions", f"{title}, distortions",
                                         replace(recipe, distortions=FIG7_RANGES))  # fmt: skip


EXPLAINS = _read_as("half-eq8", BY_HALF_EQ8.label, Recipe(loss=MSELoss(0.5), **HALF))
"""The reading that comes nearest to the paper's three numbers on held-out images (D7)."""
BEST = _read_as("half-map-5", "eq. 9 with ½ and j = 5", Recipe(loss=MAPLoss(5.0, 0.5), **HALF))
"""The reading with the smallest errors on held-out images (D7)."""
TEXTBOOK = Row("lenet5-textbook", "LeNet-5 (textbook)", MinibatchRecipe(networks.textbook))
TEXTBOOK_ANNEALED = Row(
    "lenet5-textbook-annealed", "LeNet-5 (textbook), annealed",
    replace(TEXTBOOK.recipe, schedule=decay),
)  # fmt: skip

CIRCULATING = (
    TEXTBOOK,
    TEXTBOOK_ANNEALED,
    Row("lenet5-textbook-rgb", "LeNet-5 (textbook), three channels",
        MinibatchRecipe(networks.textbook_rgb)),
    Row("lenet5-tanh-average", "LeNet-5 (tanh, average pooling), 84 outputs",
        MinibatchRecipe(networks.tanh_average, schedule=decay)),
    Row("lenet5-tanh-average-ten", "LeNet-5 (tanh, average pooling), ten outputs",
        MinibatchRecipe(networks.tanh_average_ten, schedule=decay)),
    Row("lenet5-linear", "LeNet-5 (no activation)",
        MinibatchRecipe(networks.linear_cnn, passes=10, optimizer=SGD, reduction="sum")),
    Row("lenet5-wide-published", "LeNet-5 (wide), 100 steps",
        MinibatchRecipe(networks.wide, passes=1, batch=20, steps=100)),
    Row("lenet5-wide", "LeNet-5 (wide), trained to the end",
        MinibatchRecipe(networks.wide, passes=5)),
    Row("lenet5-sigmoid", "LeNet-5 (sigmoid, max pooling)",
        MinibatchRecipe(networks.sigmoid_max, passes=5, batch=256)),
)  # fmt: skip
"""What is called LeNet-5 today, as each author trains it; where none says how, as the textbook one."""


# --- trained as LeNet-5 is, but for the learning rate ---------------------------------------------


FACTORS = (0.1, 0.3, 1)
OfRecipe = TypeVar("OfRecipe", bound=Recipe)


def _rated(
    name: str, title: str, recipe: OfRecipe, factors: tuple[float, ...]
) -> dict[float, Row[OfRecipe]]:
    """A row for each factor that the printed schedule is multiplied with."""
    return {
        factor: Row(f"{name}-{factor:g}", f"{title}, rate × {factor:g}",
                    replace(recipe, schedule=tuple(factor * eta for eta in SCHEDULE)))
        for factor in factors
    }  # fmt: skip


# --- from 1998 to today, one change at a time -----------------------------------------------------


def _change(
    name: str, title: str, chosen: float, factors: tuple[float, ...] = FACTORS, **changes: Any
) -> Rated:
    rated = _rated(f"ladder-{name}", title, replace(LENET5.recipe, **changes), factors)
    of_table_1 = (LENET5, LENET5_EQ8)
    candidates = {
        factor: next((known for known in of_table_1 if known.recipe == row.recipe), row)
        for factor, row in rated.items()
    }
    return Rated(name, title, candidates, chosen)


_STANDARDISED = tuple((grey - 0.1307) / 0.3081 for grey in (0, 1))
"""Paper and ink, so that the pixels of MNIST's 28x28 training images have mean 0 and variance 1."""

LADDER = (
    _change("rate", "LeNet-5 (1998)", 0.3, (0.03, *FACTORS, 3)),
    Rated("1998", "the printed rate", {1: LENET5}, 1),
    _change("linear", "linear output, cross entropy", 0.3,
          network=LeNet5Config(output="linear"), loss=CROSS_ENTROPY, output_curvature=0.25),
    _change("random-codes", "random codes", 0.3, network=LeNet5Config(output="random codes")),
    _change("one-of-ten", "one-of-ten codes", 1, (*FACTORS, 3),
          network=LeNet5Config(output="one of ten")),
    _change("eq8", "eq. 8", 0.3, loss=MSELoss()),
    _change("tanh", "plain tanh", 0.1, (0.03, *FACTORS), network=LeNet5Config(activation="tanh")),
    _change("relu", "ReLU", 0.1, (0.03, *FACTORS), network=LeNet5Config(activation="relu")),
    _change("average", "average pooling", 0.1, (0.03, *FACTORS),
          network=LeNet5Config(pooling="average")),
    _change("max", "max pooling", 0.3, network=LeNet5Config(pooling="max")),
    _change("full", "full C3", 0.3, network=LeNet5Config(table="full")),
    _change("sgd", "SGD", 1, (0.1, 0.3, 1, 3, 10), optimizer="sgd"),
    _change("adam", "Adam", 0.3, (0.03, *FACTORS), optimizer="adam"),
    _change("batch", "64 patterns a step", 16, (4, 16, 64), batch=64),
    _change("reshuffle", "a new order in each pass", 1, (*FACTORS, 3), reshuffle=True),
    _change("standardised", "input of mean 0, variance 1", 0.3, levels=_STANDARDISED),
    _change("printed-weights", "weights U(±2.4/F), as printed", 0.03, (0.01, 0.03, 0.1, 0.3, 1),
          initialisation=PRINTED),
)  # fmt: skip
"""What table 2 compares. Its last lines are the textbook LeNet-5, all of today at once.

Each has the rate with the smallest mean error of five networks on held-out images. Where that is the
smallest or the largest of those tried, one more is tried beyond it.
"""

CONTROLS = (
    Row("mlp", "MLP, one hidden layer", MinibatchRecipe(networks.mlp)),
    Row("linear", "linear classifier", MinibatchRecipe(networks.linear)),
)

READINGS: tuple[tuple[Row[Recipe], Row[Recipe]], ...] = (
    (LENET5, LENET5_DISTORTIONS),
    EXPLAINS,
    BEST,
    (LENET5_EQ8, LENET5_EQ8_DISTORTIONS),
)
"""The readings of the paper that have met the test set, without and with distortions (D7)."""
TABLE_1: tuple[AnyRow, ...] = (
    *(row for reading in READINGS for row in reading),
    *CIRCULATING,
    *MODERN,
    TODAY,
    *CONTROLS,
)
"""The networks that LeNet-5 is compared with."""


def _of_patterns(of: Row[Recipe]) -> tuple[Row[Recipe], ...]:
    """The row on smaller training sets."""
    return tuple(
        Row(f"{of.name}-{n}", f"{of.title}, {n:,} patterns",
            replace(of.recipe, training_patterns=n))
        for n in (15_000, 30_000)
    )  # fmt: skip


def _longer(rows: tuple[Row[Recipe], ...]) -> tuple[Row[Recipe], ...]:
    """The same rows with as many patterns presented as with all of them."""
    return tuple(
        Row(f"{row.name}-{times * len(SCHEDULE)}-passes", f"{row.title}, {times * len(SCHEDULE)} passes",
            replace(row.recipe, schedule=tuple(eta for eta in SCHEDULE for _ in range(times))))
        for row, times in zip(rows, (4, 2), strict=True)
    )  # fmt: skip


FIGURE_6, FIGURE_6_EXPLAINS = _of_patterns(LENET5), _of_patterns(EXPLAINS[0])
"""Smaller training sets (section III-B), by the settled reading and by EXPLAINS."""
FIGURE_6_LONG, FIGURE_6_EXPLAINS_LONG = _longer(FIGURE_6), _longer(FIGURE_6_EXPLAINS)
"""The same with each eta held so many times as long that as many patterns are presented as with all."""

NOISE = Row("lenet5-1998-noise", "LeNet-5 (1998), 10 % of the pixels inverted",
            replace(LENET5.recipe, noise=0.1))  # fmt: skip
"""The network of Fig. 13 (section III-E)."""

SDNN = Row("lenet5-sdnn", "LeNet-5 (1998) for strings, tested on the character between two others",
           replace(LENET5.recipe, network=LeNet5Config(output="bitmaps and blank"), noise=0.1,
                   strings=SECTION_VII))  # fmt: skip
"""The space displacement network (section VII). Its records count errors on fields made from the test
digits, as noisy as those that it is trained on, an eleventh of them blanks (D15)."""

CHARACTERS = tuple(
    Row(f"characters-{output.replace(' ', '-')}", f"94 characters, {output}",
        Recipe(LeNet5Config(output=output, classes=tuple(VISIBLE)), distortions=FIG7_RANGES))
    for output in ("bitmaps", "random codes")
)  # fmt: skip
"""Networks for all visible characters, by their codes (section II-B)."""


# --- the other networks of section III-C ----------------------------------------------------------


def _of_1998(
    name: str, title: str, chosen: float, recipe: Recipe1998, factors: tuple[float, ...] = FACTORS
) -> Rated:
    return Rated(name, title, _rated(name, title, recipe, factors), chosen)


def _connected(
    *hidden: int, chosen: float, factors: tuple[float, ...] = FACTORS, distorted: bool = False
) -> Rated:
    """A fully connected network, on the originals or with distortions."""
    units = "-".join(map(str, hidden))
    recipe = Recipe1998(FullyConnected(hidden), distortions=FIG7_RANGES if distorted else None)
    name, title = ("-distortions", ", distortions") if distorted else ("", "")
    return _of_1998(f"28x28-{units}-10{name}", f"28×28-{units}-10{title}", chosen, recipe, factors)


OF_1998 = (
    _connected(300, chosen=0.3),
    _connected(300, chosen=0.3, distorted=True),
    _of_1998("20x20-300-10-deslanted", "20×20-300-10, deslanted", 0.3,
             Recipe1998(FullyConnected((300,), side=20), images="deslanted")),
    _connected(1000, chosen=0.3),
    _connected(1000, chosen=0.3, distorted=True),
    _connected(300, 100, chosen=1, factors=(*FACTORS, 3)),
    _connected(300, 100, chosen=0.3, distorted=True),
    _connected(500, 150, chosen=1, factors=(*FACTORS, 3)),
    _connected(500, 150, chosen=0.3, distorted=True),
    _of_1998("lenet1", "LeNet-1, 16×16", 3, Recipe1998(LeNet1(), images="16x16"),
             (*FACTORS, 3, 10)),
    _of_1998("lenet4", "LeNet-4", 1, Recipe1998(LeNet4()), (*FACTORS, 3)),
)  # fmt: skip
"""The other networks that learn one pattern at a time, named as in Fig. 9."""
