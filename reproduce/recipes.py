"""One frozen recipe per row of the tables, and the names they go by."""

from dataclasses import dataclass, replace
from threading import Lock

from torch.optim import SGD

from paper_lenet5 import compiled
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.initialisation import PRINTED
from paper_lenet5.lenet5 import LeNet5Config
from paper_lenet5.losses import CROSS_ENTROPY, MSELoss
from paper_lenet5.training import SCHEDULE, Recipe, Session

from . import reported
from .baselines import networks
from .baselines.minibatch import MinibatchRecipe, MinibatchSession, decay
from .datasets import Dataset

_GLOBAL_STREAM = Lock()
"""PyTorch's layers draw their first values from one stream that all threads share."""


@dataclass(frozen=True)
class Row:
    """A row of a table: `name` is what files call it, `title` what people read."""

    name: str
    title: str
    recipe: Recipe | MinibatchRecipe

    @property
    def paper_error(self) -> float | None:
        """Percent on the test set, where the paper has this row."""
        return reported.TEST_ERROR.get(self.name)

    def session(self, dataset: Dataset, seed: int) -> Session | MinibatchSession:
        """A network at the start of its training."""
        with _GLOBAL_STREAM:
            if isinstance(self.recipe, Recipe):
                return Session(self.recipe, seed, dataset.train, dataset.test, compiled)
            return MinibatchSession(self.recipe, seed, dataset.train, dataset.test)


LENET5 = Row("lenet5-1998", "LeNet-5 (1998)", Recipe())
LENET5_DISTORTIONS = Row(
    "lenet5-1998-distortions", "LeNet-5 (1998), distortions", Recipe(distortions=FIG7_RANGES)
)
LENET5_EQ8 = Row(
    "lenet5-1998-eq8", "LeNet-5 (1998), eq. 8 instead of eq. 9", Recipe(loss=MSELoss())
)
TEXTBOOK = Row("lenet5-textbook", "LeNet-5 (textbook)", MinibatchRecipe(networks.textbook))

CIRCULATING = (
    TEXTBOOK,
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


def _rung(name: str, title: str, **changes) -> Row:
    return Row(f"ladder-{name}", title, replace(LENET5.recipe, **changes))


def _at(factor: float) -> tuple[float, ...]:
    """The printed schedule times a factor: other optimisers need other rates."""
    return tuple(factor * eta for eta in SCHEDULE)


_STANDARDISED = tuple((grey - 0.1307) / 0.3081 for grey in (0, 1))
"""Paper and ink, so that the pixels of MNIST's 28x28 training images have mean 0 and variance 1."""

CANDIDATES: dict[str, tuple[Row, ...]] = {
    "linear": tuple(
        _rung(f"linear-{name}", f"linear output and cross entropy, {title}",
              network=LeNet5Config(output="linear"), loss=CROSS_ENTROPY, output_curvature=curvature)
        for name, title, curvature in (
            ("own", "the loss's own curvature", None), ("constant", "curvature 1/4", 0.25))
    ),
    "sgd": tuple(
        _rung(f"sgd-{factor:g}", f"SGD, η × {factor:g}", optimizer="sgd", schedule=_at(factor))
        for factor in (1, 3, 10)
    ),
    "adam": tuple(
        _rung(f"adam-{factor:g}", f"Adam, η × {factor:g}", optimizer="adam", schedule=_at(factor))
        for factor in (0.1, 0.3, 1)
    ),
    "batch": tuple(
        _rung(f"batch-{factor:g}", f"64 patterns, η × {factor:g}", batch=64, schedule=_at(factor))
        for factor in (4, 16, 64)
    ),
}  # fmt: skip
"""For the rungs that cannot keep everything else as it is: what there is to choose from."""

CONTROLS = (
    Row("mlp", "MLP, one hidden layer", MinibatchRecipe(networks.mlp)),
    Row("linear", "linear classifier", MinibatchRecipe(networks.linear)),
)

TABLE_1 = (LENET5, LENET5_DISTORTIONS, LENET5_EQ8, *CIRCULATING, *CONTROLS)
"""The networks that LeNet-5 is compared with."""

LADDER = (
    LENET5,
    _rung("random-codes", "random codes", network=LeNet5Config(output="random codes")),
    _rung("one-of-ten", "one-of-ten codes", network=LeNet5Config(output="one of ten")),
    LENET5_EQ8,
    _rung("tanh", "plain tanh", network=LeNet5Config(activation="tanh")),
    _rung("relu", "ReLU", network=LeNet5Config(activation="relu")),
    _rung("average", "average pooling", network=LeNet5Config(pooling="average")),
    _rung("max", "max pooling", network=LeNet5Config(pooling="max")),
    _rung("full", "full C3", network=LeNet5Config(table="full")),
    _rung("standardised", "input of mean 0, variance 1", levels=_STANDARDISED),
    _rung("printed-weights", "weights U(±2.4/F), as printed", initialisation=PRINTED),
    TEXTBOOK,
)
