"""Little tuning: does SDLM care less for its rate than SGD and Adam? On two networks of today.

Appendix C says that the method needs little tuning. A small convolutional network and a fully connected
one are trained one pattern at a time on 1,000 of MNIST's training images, at five rates of each
optimiser, ten times; the error is that on 10,000 other training images. The rates go a factor of about
three and of ten both ways from the one that was best on both networks when three were trained at each;
in that first measurement, until 26 November 2026, Adam's were a step lower, with its best the fourth.

Draws results/figures/little_tuning.png and .svg, and writes little_tuning.csv. `--measure` first trains
what results/little_tuning.json does not have: 300 networks, one to four seconds of one core each.

On two cores it takes seconds.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor, nn

from paper_lenet5.files import write_whole
from paper_lenet5.patterns import Split, generator
from paper_lenet5.sdlm import CURVATURE_PATTERNS, SDLM, diagonal_curvature

from .measures import judging
from .measures.judging import NOT, OPEN, REPRODUCED
from .rows import datasets
from .rows.row import Record
from .running.record import machine, to_json, versions
from .writing import drawing, exhibit, tables

PATTERNS, PASSES, SEEDS = 1_000, 2, 10
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "convolutional": lambda: nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2), nn.Tanh(),  # (N, 8, 14, 14)
        nn.Conv2d(8, 16, 5, stride=2), nn.Tanh(),  # (N, 16, 5, 5)
        nn.Flatten(), nn.Linear(400, 10),
    ),
    "fully connected": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10)
    ),
}  # fmt: skip


class Rated(NamedTuple):
    """An optimiser, and the rates that it is tried at, the best of a first measurement in the middle."""

    build: Callable[[nn.Module, float], torch.optim.Optimizer]
    rates: tuple[float, ...]
    style: drawing.Style


OPTIMIZERS = {
    "SDLM": Rated(lambda model, lr: SDLM(model.named_parameters(), lr),
                  (0.00003, 0.0001, 0.0003, 0.001, 0.003), drawing.Style(drawing.OURS, "o", "-")),
    "SGD": Rated(lambda model, lr: torch.optim.SGD(model.parameters(), lr),
                 (0.001, 0.003, 0.01, 0.03, 0.1), drawing.Style(drawing.OTHER, "s", "--")),
    "Adam": Rated(lambda model, lr: torch.optim.Adam(model.parameters(), lr),
                  (0.0001, 0.0003, 0.001, 0.003, 0.01), drawing.Style(drawing.MODERN, "^", "-.")),
}  # fmt: skip


class Run(NamedTuple):
    """One training."""

    network: str
    optimizer: str
    rate: float
    seed: int


def runs() -> Iterator[Run]:
    """All of them, seed by seed."""
    for seed, network, (name, rated) in product(range(SEEDS), NETWORKS, OPTIMIZERS.items()):
        for rate in rated.rates:
            yield Run(network, name, rate, seed)


# --- training -------------------------------------------------------------------------------------


def train(run: Run, x: Tensor, labels: Tensor) -> nn.Module:
    """The network after its passes over the inputs, one at a time, in a new order each."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model = NETWORKS[run.network]()
    optimizer, loss = OPTIMIZERS[run.optimizer].build(model, run.rate), nn.CrossEntropyLoss()
    for number in range(1, PASSES + 1):
        order = torch.randperm(len(x), generator=generator(run.seed, "order", number))
        if isinstance(optimizer, SDLM):
            some = order[:CURVATURE_PATTERNS]
            optimizer.set_curvature(diagonal_curvature(model, x[some], labels[some], loss))
        for one in order.split(1):
            optimizer.zero_grad()
            loss(model(x[one]), labels[one]).backward()
            optimizer.step()
    return model


@torch.no_grad()
def error(model: nn.Module, x: Tensor, labels: Tensor) -> float:
    """Percent of the inputs that are misclassified: some 90 where the network is lost."""
    scores = torch.cat([model(some) for some in x.split(1000)])
    return 100 * (scores.argmax(1) != labels).double().mean().item()


def measured(train_on: Split, test_on: Split, record: Record) -> Iterator[Record]:
    """The record with one run more, until it has all."""
    known = {Run(*(done[field] for field in Run._fields)) for done in record["runs"]}
    x, labels = train_on.inputs, train_on.labels
    for run in runs():
        if run not in known:
            started = time.process_time()
            of_run = error(train(run, x, labels), test_on.inputs, test_on.labels)
            seconds = round(time.process_time() - started, 2)
            record["runs"].append({**run._asdict(), "error": of_run, "seconds": seconds})
            yield record


def measure(path: Path, data: Path | None, console: Console) -> None:
    """Train what the file has no record of, and write it there after each network."""
    torch.set_num_threads(1)
    dataset = datasets.held_out(datasets.load(data))
    about = {
        "dataset": dataset.name,
        "sha256": dataset.sha256,
        "patterns": PATTERNS,
        "passes": PASSES,
    }
    record: Record = {**about, "machine": machine(), "versions": versions(), "runs": []}
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if {key: found.get(key) for key in about} == about:
            record = found
    for so_far in measured(dataset.train.first(PATTERNS), dataset.test, record):
        write_whole(path, to_json(so_far).encode())
        last: dict[str, Any] = so_far["runs"][-1]
        console.print("{network}, {optimizer}, {rate:g}, seed {seed}: {error:.1f} %".format(**last))


# --- what it shows --------------------------------------------------------------------------------


def by_rate(record: Record, network: str, optimizer: str) -> dict[float, list[float]]:
    """Held-out errors, percent, of the networks at each rate that there are any of."""
    found: dict[float, list[float]] = {rate: [] for rate in OPTIMIZERS[optimizer].rates}
    for run in record["runs"]:
        if (run["network"], run["optimizer"]) == (network, optimizer) and run["rate"] in found:
            found[run["rate"]].append(run["error"])
    return {rate: errors for rate, errors in found.items() if errors}


def numbers(record: Record) -> pd.DataFrame:
    """One line for each network, optimiser and rate: held-out error, percent."""
    return pd.DataFrame(
        [
            {
                "network": network,
                "optimizer": name,
                "rate": rate,
                "mean": round(float(np.mean(errors)), 3),
                "low": round(min(errors), 3),
                "high": round(max(errors), 3),
                "n": len(errors),
            }
            for network, name in product(NETWORKS, OPTIMIZERS)
            for rate, errors in by_rate(record, network, name).items()
        ]
    )


def draw(table: pd.DataFrame) -> Figure:
    """A panel for each network: the error of each optimiser over its rates, mean and range."""
    figure = Figure(figsize=(7, 3.6), layout=ConstrainedLayoutEngine(wspace=0.05))
    panels = figure.subplots(1, len(NETWORKS), sharey=True)
    for axes, network in zip(panels, NETWORKS, strict=True):
        for name, rated in OPTIMIZERS.items():
            lines = table[(table["network"] == network) & (table["optimizer"] == name)]
            reach = [lines["mean"] - lines["low"], lines["high"] - lines["mean"]]
            colour, marker, line = rated.style
            axes.errorbar(lines["rate"], lines["mean"], reach, fmt=marker + line, markersize=5,
                          capsize=3, color=colour, label=name)  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="rate")
        axes.set_title(f"{network} network", fontsize=11)
        axes.set_yticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("held-out error, %")
    panels[-1].legend(frameon=False, fontsize=9, alignment="left", title_fontsize=9,
                      title="bars: lowest to highest")  # fmt: skip
    return figure


def sentence(record: Record) -> str:
    """How near each optimiser comes to its best over all of its rates."""
    table, texts = numbers(record), []
    for network, of_network in table.groupby("network", sort=False):
        means = of_network.groupby("optimizer", sort=False)["mean"]
        texts.append(
            f"{network} network "
            + ", ".join(f"{name} {of.min():.1f} to {of.max():.1f} %" for name, of in means)
        )
    lead = "".join(verdict(record, network) for network in NETWORKS)
    spans = {rated.rates[-1] / rated.rates[0] for rated in OPTIMIZERS.values()}
    few, many = table["n"].min(), table["n"].max()
    return (
        f"{lead}Held-out error from the best to the worst of five rates, the largest "
        f"{max(spans):.0f} times the smallest: {'; '.join(texts)}. {bests(table)} "
        f"Means of {few if few == many else f'{few} to {many}'} networks a rate, of {PATTERNS:,} images "
        f"and {PASSES} passes; bars in the figure from the lowest to the highest."
    )


def verdict(record: Record, network: str) -> str:
    """How much SDLM's error varies over its rates on this network, beside that of the others."""
    how = {REPRODUCED: "less than {}", NOT: "more than {}",
           OPEN: "as much as {}, as far as can be told"}  # fmt: skip
    sdlm, found = by_rate(record, network, "SDLM"), []
    for name in OPTIMIZERS:
        if name != "SDLM" and sdlm and (other := by_rate(record, network, name)):
            _, low, high = judging.less_spread(sdlm, other)
            found.append(how[judging.sign(low, high, rises=False)].format(f"{name}'s"))
    if not found:
        return ""
    return f"On the {network} network SDLM's error varies over the rates {', and '.join(found)}. "


def bests(table: pd.DataFrame) -> str:
    """Where the best of the rates lies: the spread over them is the larger, the less in the middle."""
    best = table.loc[table.groupby(["network", "optimizer"], sort=False)["mean"].idxmin()]
    aside = [
        f"{line.optimizer} on the {line.network} network, best at {line.rate:g}"
        for line in best.itertuples()
        if line.rate != np.median(OPTIMIZERS[line.optimizer].rates)
    ]
    return f"The best rate is that in the middle{', but for ' if aside else ''}{'; '.join(aside)}."


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the record."""
    record = drawing.measured_record("little_tuning", args, console, measure)
    if record is None:
        return None
    table = numbers(record)
    shown = {"network": "{}", "optimizer": "{}", "rate": "{:g}", "mean": "{:.1f}", "n": "{}"}
    console.print(tables.grid("Held-out error in %", tables.formatted(table[list(shown)], shown)))
    console.print(Markdown(sentence(record)))
    return draw(table), table


def words(folder: Path) -> str:
    """The sentence, from the record in the folder above the figures."""
    path = folder.parent / "little_tuning.json"
    return sentence(json.loads(path.read_text(encoding="utf-8")))


EXHIBIT = exhibit.Figure(
    "little_tuning",
    __doc__,
    picture=picture,
    words=words,
    seeds=None,
    options=drawing.MEASURE,
)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
