"""The classifiers of section III-C that have no passes to record one by one, and the record of each.

results/methods/NAME.json                written the moment the classifier has answered
results/methods/held-out/NAME.json       the same on held-out images, of what was chosen
results/methods/held-out/NAME--WORDS.json    and of what it was chosen from
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from threadpoolctl import threadpool_limits

from paper_lenet5.files import write_whole

from ..baselines.images import Version
from ..measures import rejection
from ..rows import datasets
from ..rows.datasets import MNIST_HELD_OUT, Dataset
from ..rows.row import Record
from ..running import code
from ..running.record import about, describe, is_recipe, machine, read_record, to_json, versions
from .boosting import Boosted
from .fitted import Classifier
from .last_layer import LastLayer, LastLayerLocal, LastLayerNeighbours
from .neighbours import NearestNeighbours, TangentDistance
from .single_layers import LeastSquares, Linear, PairwiseLinear, Quadratic, RadialBasis, Squashed
from .support_vectors import PolynomialSVM, ReducedSetSVM, VirtualSVM

CORNER = (10_000, 3_000)
"""Patterns that a method is fitted to and judged by where all of them would take long."""
AnyClassifier = Classifier | LastLayer | Boosted


@dataclass(frozen=True)
class Method:
    """A classifier that is fitted: `name` is what files call it, `title` what people read."""

    name: str
    title: str
    recipe: AnyClassifier
    others: Mapping[str, AnyClassifier] = field(default_factory=dict)
    """What it was chosen from on held-out images, by words for what is different."""

    small: bool = False
    """Whether they are compared on a corner of the held-out images, since they take long."""

    def candidates(self) -> list["Method"]:
        """The method, and one for each of the others."""
        return [self, *(
            replace(self, name=f"{self.name}--{re.sub(r'[^a-z0-9]+', '-', words.lower())}",
                    title=words, recipe=recipe, others={})
            for words, recipe in self.others.items()
        )]  # fmt: skip


UPRIGHT: Version = "deslanted, binary moments"
_LINEAR = Linear(units=Squashed(rate=0.03))
_UPRIGHT = Linear(UPRIGHT, 20, Squashed(rate=0.03))
_PAIRWISE = PairwiseLinear(units=Squashed(rate=0.03))
_QUADRATIC = Quadratic(units=Squashed(rate=0.01))
_SVM = PolynomialSVM(UPRIGHT, 20, unit_norm=True)
_VIRTUAL = VirtualSVM(UPRIGHT, 20, degree=9, unit_norm=True)
_REDUCED = ReducedSetSVM(UPRIGHT, 20, degree=5, unit_norm=True)
_TANGENT = TangentDistance("16x16", 20)
LEAST_SQUARES = "linear units, by least squares"

METHODS = (
    Method("linear", "linear", _LINEAR, {
        "a rate of 0.01": replace(_LINEAR, units=Squashed(rate=0.01)),
        "a rate of 0.1": replace(_LINEAR, units=Squashed(rate=0.1)),
        LEAST_SQUARES: replace(_LINEAR, units=LeastSquares()),
    }),
    Method("linear-deslanted", "linear, deslanted", _UPRIGHT, {
        "moments weighed by grey level": replace(_UPRIGHT, images="deslanted"),
        LEAST_SQUARES: replace(_UPRIGHT, units=LeastSquares()),
    }),
    Method("pairwise-linear", "pairwise linear", _PAIRWISE, {
        "a rate of 0.01": replace(_PAIRWISE, units=Squashed(rate=0.01)),
        "a rate of 0.1": replace(_PAIRWISE, units=Squashed(rate=0.1)),
        "deslanted": replace(_PAIRWISE, images=UPRIGHT),
        "the narrowest win": replace(_PAIRWISE, score="weakest win"),
        LEAST_SQUARES: replace(_PAIRWISE, units=LeastSquares()),
        f"{LEAST_SQUARES}, the narrowest win":
            replace(_PAIRWISE, units=LeastSquares(), score="weakest win"),
    }),
    Method("k-nn", "k-NN", NearestNeighbours()),
    Method("k-nn-deslanted", "k-NN, deslanted", NearestNeighbours(UPRIGHT, 20), {
        "moments weighed by grey level": NearestNeighbours("deslanted", 20),
    }),
    Method("pca-quadratic", "40 principal components + quadratic", _QUADRATIC, {
        "a rate of 0.003": replace(_QUADRATIC, units=Squashed(rate=0.003)),
        "a rate of 0.03": replace(_QUADRATIC, units=Squashed(rate=0.03)),
        LEAST_SQUARES: replace(_QUADRATIC, units=LeastSquares()),
    }),
    Method("rbf", "1,000 RBF + linear", RadialBasis()),
    Method("tangent-distance", "tangent distance, 16×16", _TANGENT, {
        "three neighbours": replace(_TANGENT, k=3),
        "the 16×16 pixels in the middle": replace(_TANGENT, side=16),
    }, small=True),
    Method("svm-poly-4", "SVM, polynomial 4", _SVM, {
        "moments weighed by grey level": replace(_SVM, images="deslanted"),
        "norms as they are": replace(_SVM, unit_norm=False),
        "regular images": PolynomialSVM(unit_norm=True),
    }, small=True),
    Method("svm-poly-4-regular", "SVM, polynomial 4, regular images", PolynomialSVM()),
    Method("v-svm-poly-9", "V-SVM, polynomial 9", _VIRTUAL, {
        "polynomial 5": replace(_VIRTUAL, degree=5),
    }, small=True),
    Method("rs-svm-poly-5", "RS-SVM, polynomial 5", _REDUCED, {
        "three times the steps": replace(_REDUCED, steps=300),
    }, small=True),
    Method("lenet4-k-nn", "LeNet-4, k-NN", LastLayerNeighbours(), {
        "one neighbour": LastLayerNeighbours(k=1),
        "ten neighbours": LastLayerNeighbours(k=10),
    }, small=True),
    Method("lenet4-local", "LeNet-4, local", LastLayerLocal(), {
        "100 neighbours": LastLayerLocal(k=100),
        "ten times the decay": LastLayerLocal(decay=100.0),
        "a tenth of the decay": LastLayerLocal(decay=1.0),
    }, small=True),
    Method("boosted-lenet4", "boosted LeNet-4, distortions", Boosted()),
)  # fmt: skip


def held_out(method: Method, dataset: Dataset) -> Dataset:
    """What the candidates of a method are compared on: held-out images, a corner of them if `small`."""
    whole = datasets.held_out(dataset)
    if not method.small:
        return whole
    train, test = whole.train.first(CORNER[0]), whole.test.first(CORNER[1])
    return replace(whole, train=train, test=test)


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
    write_whole(path_of(method, out, dataset.name), to_json(record).encode())
    return record


def recorded(method: Method, out: Path, dataset: str = "mnist") -> Record | None:
    """The record of the method as it is, if there is one. Another recipe's is passed over."""
    path = path_of(method, out, dataset)
    if not path.exists():
        return None
    record = read_record(path)
    return record if is_recipe(record["recipe"], method.recipe) else None


def path_of(method: Method, out: Path, dataset: str = "mnist") -> Path:
    """The file of the method's record on that data."""
    folder = out / "methods" / ("held-out" if dataset == MNIST_HELD_OUT else "")
    return folder / f"{method.name}.json"
