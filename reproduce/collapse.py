"""Do the centers of the output layer fall together if they are trained as well? Section II-C.

The paper keeps them fixed, at the bitmaps of Fig. 3, and says what would happen else: under eq. 8 all of
them would become equal and F6 constant, under eq. 9 they would not. Here LeNet-5 is trained with both
losses, by stochastic gradient descent, on 2,000 of MNIST's training images, its centers fixed, at the
rate of the weights, or at thirty times that rate; 2,000 other training images judge it. Writes
results/collapse.json and .md.

On two cores it takes 2 minutes.
"""

import json
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor, nn

from paper_lenet5 import LeNet5
from paper_lenet5.losses import Loss, MSELoss
from paper_lenet5.patterns import Split, generator
from paper_lenet5.recipe import LOSS

from .rows import datasets
from .running import code
from .running.record import describe, machine, versions
from .writing import options, tables

LOSSES: dict[str, Loss] = {"eq. 8": MSELoss(), "eq. 9": LOSS}
TIMES = (0, 1, 30)
"""The rate of the centers over that of the weights. At first F6 is the same for all patterns, and the
centers come the nearer to it the faster they are."""
PATTERNS, PASSES, BATCH, RATE, SEEDS = 2_000, 4, 10, 0.003, 3


class Measured(NamedTuple):
    """What became of a network."""

    distance: float
    """Squared, between two centers: the mean over all pairs."""
    spread: float
    """The variance of F6 over the patterns, summed over its 84 units."""
    error: float
    """Percent."""


def network(seed: int, adaptive: bool) -> LeNet5:
    """LeNet-5 as it begins; if `adaptive`, its centers are parameters and begin at the bitmaps."""
    model = LeNet5(generator(seed, "parameters"))
    if adaptive:
        centers = model.rbf.centers.clone()
        del model.rbf.centers  # a buffer
        model.rbf.centers = nn.Parameter(centers)
    return model


def trained(loss: Loss, times: float, seed: int, train: Split) -> LeNet5:
    """The network after its passes, in a new order each."""
    model = network(seed, adaptive=times > 0)
    weights = [p for name, p in model.named_parameters() if name != "rbf.centers"]
    groups: list[dict[str, Any]] = [{"params": weights}]
    if times:
        groups.append({"params": [model.rbf.centers], "lr": times * RATE})
    optimizer = torch.optim.SGD(groups, RATE)
    for number in range(1, PASSES + 1):
        order = torch.randperm(len(train.labels), generator=generator(seed, "order", number))
        for some in order.split(BATCH):
            optimizer.zero_grad()
            loss(model(train.inputs[some]), train.labels[some]).backward()
            optimizer.step()
    return model


@torch.no_grad()
def measured(model: LeNet5, test: Split) -> Measured:
    """Distance of its centers, spread of F6 and error on the test patterns."""
    f6 = torch.cat([model.states(some)["f6"].flatten(1) for some in test.inputs.split(1000)])
    answers = model.rbf(f6).argmin(1)
    return Measured(
        distance=mean_distance(model.rbf.centers),
        spread=f6.double().var(0).sum().item(),
        error=100 * (answers != test.labels).double().mean().item(),
    )


def mean_distance(centers: Tensor) -> float:
    """The mean squared distance between two of the centers (classes, units)."""
    return torch.pdist(centers.double()).square().mean().item()


def words(results: Path) -> str:
    """The table of what is recorded."""
    record = json.loads((results / "collapse.json").read_text(encoding="utf-8"))
    lines = []
    for name, of_loss in record["measured"].items():
        for times, of in of_loss.items():
            distance = of["distance"]
            low, high = min(distance), max(distance)
            lines.append({
                "loss": name,
                "rate of the centers": "fixed" if times == "0" else f"× {times}",
                "squared distance of two centers": f"{np.mean(distance):.2f} ({low:.2f} … {high:.2f})",
                "spread of F6": f"{np.mean(of['spread']):.2f}",
                "error, %": f"{np.mean(of['error']):.1f}",
                "n": str(len(distance)),
            })  # fmt: skip
    return (
        f"{tables.markdown(lines)}\nAfter {record['passes']} passes over {record['patterns']:,} "
        f"patterns; the distance is {record['distance_before']:.1f} before. Means, and in brackets the "
        f"range. The spread of F6 is its variance over {record['judged_by']:,} other patterns, summed "
        "over its 84 units.\n"
    )


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train, measure, and write the record and its table."""
    args = options.parser("collapse", __doc__).parse_args(argv)
    console = Console(highlight=False, markup=False)
    torch.set_num_threads(1)
    dataset = datasets.held_out(datasets.load(args.data))
    train, test = dataset.train.first(PATTERNS), dataset.test.first(PATTERNS)
    found: dict[str, dict[str, dict[str, list[float]]]] = {
        name: {str(times): {what: [] for what in Measured._fields} for times in TIMES}
        for name in LOSSES
    }
    for seed, (name, loss), times in product(range(SEEDS), LOSSES.items(), TIMES):
        of_network = measured(trained(loss, times, seed, train), test)
        console.print(f"{name}, centers × {times}, seed {seed}: squared distance "
                      f"{of_network.distance:.2f}, error {of_network.error:.1f} %")  # fmt: skip
        for what, value in of_network._asdict().items():
            found[name][str(times)][what].append(round(value, 4))
    before = mean_distance(network(0, adaptive=False).rbf.centers)
    record = {
        "dataset": dataset.name, "sha256": dataset.sha256, "patterns": PATTERNS,
        "judged_by": PATTERNS, "passes": PASSES, "batch": BATCH, "rate": RATE,
        "losses": {name: describe(loss) for name, loss in LOSSES.items()},
        "distance_before": round(before, 4), "measured": found,
        "recipe": describe(trained), "code": code.digest(trained),
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    tables.write_measured("collapse", __doc__, record, words, args.out)
    console.print(Markdown(words(args.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
