"""One frozen recipe per row of the tables, and the names they go by."""

from dataclasses import dataclass

from paper_lenet5 import compiled
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.losses import MSELoss
from paper_lenet5.training import Recipe, Session

from . import reported
from .baselines.minibatch import MinibatchRecipe, MinibatchSession
from .baselines.textbook import textbook
from .datasets import Dataset


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
        if isinstance(self.recipe, Recipe):
            return Session(self.recipe, seed, dataset.train, dataset.test, compiled)
        return MinibatchSession(self.recipe, seed, dataset.train, dataset.test)


TABLE_1 = (
    Row("lenet5-1998", "LeNet-5 (1998)", Recipe()),
    Row("lenet5-1998-distortions", "LeNet-5 (1998), distortions", Recipe(distortions=FIG7_RANGES)),
    Row("lenet5-1998-eq8", "LeNet-5 (1998), eq. 8 instead of eq. 9", Recipe(loss=MSELoss())),
    Row("lenet5-textbook", "LeNet-5 (textbook)", MinibatchRecipe(textbook)),
)
