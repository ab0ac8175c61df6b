"""Forty passes in place of twenty: whether the error rises, and whether weights shrink at first.

Section III-B observed no overtraining, and has a reason: the rate stays large. Here the printed
schedule goes on at its last rate, on 50,000 training images, and the other 10,000 judge every pass.
Section III-C.5 says of networks with one hidden layer, and of others by the same argument, that their
weights shrink during the first passes before they grow; so the size of all weights is taken after
every pass. Draws results/figures/forty_passes.png and .svg, and writes forty_passes.csv. `--measure`
first trains what results/forty_passes.json does not have: eight networks, 50 seconds of one core each.

On two cores it takes seconds.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from rich.console import Console
from torch import nn

from paper_lenet5.files import write_whole
from paper_lenet5.recipe import SCHEDULE

from .rows import datasets
from .rows.recipes import LENET5, OF_1998
from .rows.row import AnyRow, Record, Row
from .running import code
from .running.record import describe, is_recipe, machine, to_json, versions
from .writing import drawing, exhibit, tables

MORE = 20
"""Passes at the last rate of the printed schedule."""
LONGER = Row(
    "lenet5-1998-longer", LENET5.title, replace(LENET5.recipe, schedule=SCHEDULE + SCHEDULE[-1:] * MORE)
)  # fmt: skip
CONNECTED = next(rated.row for rated in OF_1998 if rated.name == "28x28-300-10")
"""The network of section III-C.5, for the twenty passes of its own."""
ROWS: dict[str, AnyRow] = {"LeNet-5": LONGER, CONNECTED.title.partition(",")[0]: CONNECTED}
SEEDS = dict(zip(ROWS, (5, 3), strict=True))
STYLES = dict(zip(ROWS, ((drawing.OURS, "-"), (drawing.OTHER, "--")), strict=True))


# --- training -------------------------------------------------------------------------------------


@torch.no_grad()
def sizes(model: nn.Module) -> dict[str, float]:
    """Root mean square of the weights of every layer, and of all together; biases are none of them."""
    weights = {
        name.partition(".")[0]: parameter.double()
        for name, parameter in model.named_parameters()
        if not name.endswith("bias")
    }
    weights["all"] = torch.cat([weight.flatten() for weight in weights.values()])
    return {
        name: round(weight.square().mean().sqrt().item(), 6) for name, weight in weights.items()
    }


def trained(network: str, seed: int, dataset: datasets.Dataset) -> Record:
    """What the passes of one network do: errors by pass, sizes before the first and after each."""
    started = time.thread_time()
    session = ROWS[network].session(dataset, seed)
    found = [sizes(session.model)]
    for _ in session.passes():
        found.append(sizes(session.model))
    return {
        "network": network,
        "seed": seed,
        "held_out_errors": [of_pass.test_errors for of_pass in session.records],
        "errors_during": [of_pass.errors_during for of_pass in session.records],
        "sizes": {layer: [of_pass[layer] for of_pass in found] for layer in found[0]},
        "seconds": round(time.thread_time() - started, 1),
    }


def measured(dataset: datasets.Dataset, record: Record) -> Iterator[Record]:
    """The record with one network more, until it has all."""
    known = {(run["network"], run["seed"]) for run in record["runs"]}
    for seed in range(max(SEEDS.values())):
        for network, seeds in SEEDS.items():
            if seed < seeds and (network, seed) not in known:
                record["runs"].append(trained(network, seed, dataset))
                yield record


def measure(path: Path, data: Path | None, console: Console) -> None:
    """Train what the file has no record of, and write it there after each network."""
    torch.set_num_threads(1)
    dataset = datasets.held_out(datasets.load(data))
    record: Record = {
        "dataset": dataset.name, "sha256": dataset.sha256,
        "train_patterns": len(dataset.train.labels), "test_patterns": len(dataset.test.labels),
        "recipes": {network: describe(row.recipe) for network, row in ROWS.items()},
        "code": {network: code.digest(row.recipe) for network, row in ROWS.items()},
        "machine": machine(), "versions": versions(), "runs": [],
    }  # fmt: skip
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        same = all(is_recipe(found["recipes"].get(n, {}), row.recipe) for n, row in ROWS.items())
        record = found if same and found["sha256"] == dataset.sha256 else record
    for so_far in measured(dataset, record):
        write_whole(path, to_json(so_far).encode())
        last = so_far["runs"][-1]
        error = 100 * last["held_out_errors"][-1] / so_far["test_patterns"]
        console.print(f"{last['network']}, seed {last['seed']}: {error:.2f} % held out")


# --- what it shows --------------------------------------------------------------------------------


def by_pass(record: Record, network: str) -> tuple[np.ndarray, np.ndarray]:
    """Held-out error after every pass, percent, and the size of all weights before and after each."""
    runs = [run for run in record["runs"] if run["network"] == network]
    errors = np.array([run["held_out_errors"] for run in runs])
    return 100 * errors / record["test_patterns"], np.array([run["sizes"]["all"] for run in runs])


def ratios(record: Record, network: str) -> dict[str, np.ndarray]:
    """The size of every layer's weights over that before training, by pass from 0: means."""
    runs = [run["sizes"] for run in record["runs"] if run["network"] == network]
    of_layer = {layer: np.array([sizes[layer] for sizes in runs]) for layer in runs[0]}
    return {layer: (size / size[:, :1]).mean(0) for layer, size in of_layer.items()}


def numbers(record: Record) -> pd.DataFrame:
    """One line for each network and pass, 0 before the first: means and ranges over the seeds."""
    lines = []
    for network in ROWS:
        errors, size = by_pass(record, network)
        if not len(errors):
            continue
        for number, of_pass in enumerate(size.T):
            line = {"network": network, "pass": number, "n": len(errors), "size": of_pass.mean(),
                    "size_low": of_pass.min(), "size_high": of_pass.max()}  # fmt: skip
            if number:
                held_out = errors[:, number - 1]
                line |= {"error": held_out.mean(), "error_low": held_out.min(),
                         "error_high": held_out.max()}  # fmt: skip
            lines.append(line)
    return pd.DataFrame(lines).round(5)


def draw(table: pd.DataFrame) -> Figure:
    """Held-out error by pass, and the size of the weights as a multiple of their first one."""
    figure = Figure(figsize=(7, 3.4), layout=ConstrainedLayoutEngine(wspace=0.05))
    left, right = figure.subplots(1, 2)
    for network, lines in table.groupby("network", sort=False):
        (colour, line), passes = STYLES[str(network)], lines["pass"]
        left.plot(passes, lines["error"], line, color=colour)
        left.fill_between(passes, lines["error_low"], lines["error_high"], color=colour, alpha=0.25,
                          linewidth=0)  # fmt: skip
        first = lines["size"].iloc[0]
        right.plot(passes, lines["size"] / first, line, color=colour, label=network)
    left.set(yscale="log", xlabel="pass", ylabel="held-out error, %")
    left.set_yticks([1, 1.5, 2, 3, 4, 6], ["1", "1.5", "2", "3", "4", "6"])
    left.minorticks_off()
    left.axvline(len(SCHEDULE), color=drawing.PAPER, linewidth=0.8, linestyle=":")
    left.annotate("the paper's\nlast pass", (len(SCHEDULE), 0.97), (4, 0), fontsize=9,
                  xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
                  bbox={"color": "white", "pad": 1})  # fmt: skip
    right.axhline(1, color="0.6", linewidth=0.8, linestyle=":")
    right.set(xlabel="pass", ylabel="weights, times their first size")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    right.legend(frameon=False, fontsize=9, loc="center right", alignment="left", title_fontsize=9,
                 title="bands: lowest to highest")  # fmt: skip
    return figure


def sentence(table: pd.DataFrame) -> str:
    """What the further passes do to the error, and the first ones to the weights."""
    of = {
        network: lines.set_index("pass") for network, lines in table.groupby("network", sort=False)
    }
    error = of["LeNet-5"]["error"]
    at, last = len(SCHEDULE), error.index[-1]
    text = (
        f"LeNet-5's held-out error is {error[at]:.2f} % after pass {at}, {error[last]:.2f} % after "
        f"pass {last}, and never below {error[1:].min():.2f} % (means of {of['LeNet-5']['n'].iloc[0]} "
        "networks)."
    )
    for network, lines in of.items():
        size = lines["size"] / lines["size"].iloc[0]
        least = size[1:].min()
        text += (
            f" The weights of {network} are {size[1]:.2f} times as large after the first pass as before "
            f"it, {size.iloc[-1]:.2f} times after the last, and "
            + ("never smaller." if least >= 1 else f"{least:.2f} times at their smallest.")
        )
    return text


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the record."""
    record = drawing.measured_record("forty_passes", args, console, measure)
    if record is None:
        return None
    table = numbers(record)
    forms = {"error": "{:.2f}", "size": "{:.4f}"}
    some = table[table["pass"].isin([0, 1, 2, 3, 5, 10, 20, 30, 40])]
    lines = tables.formatted(some[["network", "pass", "error", "size", "n"]], forms)
    console.print(tables.grid("Held-out error in %, size of the weights", lines))
    return draw(table), table


EXHIBIT = exhibit.Figure(
    "forty_passes",
    __doc__,
    picture=picture,
    sentence=sentence,
    seeds=None,
    options=drawing.MEASURE,
)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
