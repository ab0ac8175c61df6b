"""The classifiers of section III-C that have no passes to record one by one, and the record of each.

results/methods/NAME.json    written the moment the classifier has answered
"""

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from threadpoolctl import threadpool_limits

from ..measures import rejection
from ..rows.datasets import Dataset
from ..rows.row import Record
from ..running import code
from ..running.files import write_whole
from ..running.record import about, describe, is_recipe, machine, read_record, to_json, versions
from .boosting import Boosted
from .fitted import (
    Classifier,
    Linear,
    NearestNeighbours,
    PairwiseLinear,
    PolynomialSVM,
    Quadratic,
    RadialBasis,
)


@dataclass(frozen=True)
class Method:
    """A classifier that is fitted: `name` is what files call it, `title` what people read."""

    name: str
    title: str
    recipe: Classifier | Boosted


METHODS = (
    Method("linear", "linear", Linear()),
    Method("linear-deslanted", "linear, deslanted", Linear("deslanted", 20)),
    Method("pairwise-linear", "pairwise linear", PairwiseLinear()),
    Method("k-nn", "k-NN", NearestNeighbours()),
    Method("k-nn-deslanted", "k-NN, deslanted", NearestNeighbours("deslanted", 20)),
    Method("pca-quadratic", "40 principal components + quadratic", Quadratic()),
    Method("rbf", "1,000 RBF + linear", RadialBasis()),
    Method("svm-poly-4", "SVM, polynomial 4", PolynomialSVM()),
    Method("boosted-lenet4", "boosted LeNet-4, distortions", Boosted()),
)


def finish(method: Method, dataset: Dataset, out: Path) -> Record:
    """Fit, classify the test set on one core, and leave the record."""
    started = time.thread_time()
    with threadpool_limits(1):
        outcome = method.recipe.outcome(dataset.train, dataset.test)
    seconds = time.thread_time() - started
    labels, answers = dataset.test.labels.numpy(), outcome.scores.argmax(1)
    wrong = (answers != labels).nonzero()[0].tolist()
    record = {
        "name": method.name,
        "model": method.title,
        "dataset": about(dataset),
        "recipe": describe(method.recipe),
        "code": code.digest(method.recipe),
        "test_errors": len(wrong),
        "wrong_answers": {str(index): int(answers[index]) for index in wrong},
        "rejected": rejection.rejected(outcome.scores, labels),
        "variables": outcome.variables,
        "multiply_adds": outcome.multiply_adds,
        **outcome.details,
        "seconds": seconds,
        "versions": versions() | {"scikit-learn": version("scikit-learn")},
        "machine": machine(),
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    write_whole(path_of(method, out), to_json(record).encode())
    return record


def recorded(method: Method, out: Path) -> Record | None:
    """The record of the method as it is, if there is one. Another recipe's is passed over."""
    path = path_of(method, out)
    if not path.exists():
        return None
    record = read_record(path)
    return record if is_recipe(record["recipe"], method.recipe) else None


def path_of(method: Method, out: Path) -> Path:
    """The file of the method's record."""
    return out / "methods" / f"{method.name}.json"
