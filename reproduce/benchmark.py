"""How fast a pass is: the eager loop, torch.compile and the compiled pass, beside the processor's floor.

Everything is measured in one process and by turns, on one core where nothing else is said; medians
count. Writes results/benchmark.json, which keeps every single time, and results/benchmark.md.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from paper_lenet5 import LeNet5, compiled, eager
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.mnist import DataCorrupt, DataUnavailable
from paper_lenet5.sdlm import SDLM
from paper_lenet5.training import Distorted, Recipe, Split, generator
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits
from torch.func import functional_call, grad

from . import datasets
from .datasets import Dataset
from .runs import machine, to_json, versions, write
from .timing import alternate, measured

RECIPE = Recipe()
PASS = 60_000
BATCHES = (1, 64, 1024)
WAYS = {"eager": "eager PyTorch", "torch_compile": "torch.compile", "compiled": "compiled pass"}


@dataclass(frozen=True)
class Extent:
    """How much is measured. Where there is less data than patterns, they come round again."""

    rounds: int = 7
    patterns: int = 5_000
    """That every way of training is given."""
    matrix: int = 2_048
    """Rows and columns of the matrix product that gives the processor's peak."""
    images: int = 2_048
    """To classify with each batch size."""
    passes: tuple[int, ...] = (15_000, 30_000, 60_000)
    torch_compile: bool = True


QUICK = Extent(rounds=3, patterns=50, matrix=256, images=64, passes=(250, 500, 1_000), torch_compile=False)


def multiply_adds(model: LeNet5) -> dict[str, int]:
    """Of one pattern's forward sweep, of the weights' gradients and of what is passed down.

    A unit multiplies by each of its parameters but the bias, so that a layer of `maps` maps makes
    size^2 (parameters - maps) products forward, and as many again for its weights' gradients and
    for its inputs'. The output layer has no weights to train, C1 passes nothing down.
    """
    rows = {row.layer: row for row in model.layer_table()[:-1]}
    output = rows.pop("output").connections
    layers = {name: row.size**2 * (row.parameters - row.maps) for name, row in rows.items()}
    trained = sum(layers.values())
    return {
        "forward": trained + output,
        "weight_gradients": trained,
        "input_gradients": trained - layers["c1"] + output,
    }


def one_graph(compile_step: Callable = torch.compile) -> Callable:
    """`eager.train_one_pass` with the whole step, loss to update, as one function to be compiled."""

    def step(model, loss, parameters, steps, image, label):
        def objective(parameters):
            answer = functional_call(model, parameters, (image,))
            return loss(answer, label), answer

        gradients, answer = grad(objective, has_aux=True)(parameters)
        for name, p in parameters.items():
            p.sub_(steps[name] * gradients[name])
        return answer.argmin(1)

    step = compile_step(step)

    def train_one_pass(model, optimizer, loss, images, labels, order):
        parameters = {name: p.detach() for name, p in model.named_parameters()}
        steps, errors = optimizer.step_sizes(), 0
        for pattern in order.tolist():
            label = labels[pattern : pattern + 1]
            errors += int(
                step(model, loss, parameters, steps, images[pattern : pattern + 1], label) != label
            )
        return errors

    return train_one_pass


def why_no_torch_compile(extent: Extent) -> str | None:
    """What keeps torch.compile out of the comparison, if anything."""
    if not extent.torch_compile:
        return "left out"
    compiler = os.environ.get("CXX") or {"win32": "cl", "darwin": "clang++"}.get(sys.platform, "g++")
    return None if shutil.which(compiler) else f"no C++ compiler ({compiler}) on this machine"


def trainer(train_one_pass: Callable, train: Split, patterns: int) -> Callable[[], int]:
    """A new network, its curvature known: each call presents the next pass of so many patterns."""
    model = LeNet5(generator(0, "parameters"))
    optimizer = SDLM(model.named_parameters(), RECIPE.schedule[0], RECIPE.mu)
    optimizer.set_curvature(curvature_of(model, train))
    order = torch.arange(patterns) % len(train.labels)
    return lambda: train_one_pass(model, optimizer, RECIPE.loss, train.inputs, train.labels, order)


def curvature_of(model: LeNet5, train: Split) -> dict[str, torch.Tensor]:
    """On the recipe's 500 patterns."""
    some = torch.arange(RECIPE.curvature_patterns) % len(train.labels)
    return compiled.diagonal_curvature(
        model, train.inputs[some], train.labels[some], RECIPE.loss, RECIPE.f6_curvature
    )


# --- what is measured --------------------------------------------------------------------------------


def training_step(train: Split, extent: Extent) -> dict:
    """One pattern: forward, backward, update, in every way there is; and the matrix product."""
    missing = why_no_torch_compile(extent)
    passes = {"eager": eager.train_one_pass, "compiled": compiled.train_one_pass}
    if not missing:
        passes["torch_compile"] = one_graph()
    work = {way: trainer(one_pass, train, extent.patterns) for way, one_pass in passes.items()}
    a, b = torch.randn(2, extent.matrix, extent.matrix, generator=generator(0, "matrices"))
    products = {"numpy": lambda: a.numpy() @ b.numpy(), "torch": lambda: a @ b}
    seconds = alternate(work | products, extent.rounds)

    counts = multiply_adds(LeNet5())
    per_step = sum(counts.values())
    ways = {way: measured(seconds[way], extent.patterns) for way in work}
    for way in ways.values():
        way["gflops"] = 2 * per_step / way["microseconds"] / 1e3
        way["ratio_to_eager"] = ways["eager"]["microseconds"] / way["microseconds"]
    peaks = {name: measured(seconds[name], extent.matrix**3) for name in products}
    per_multiply_add = min(peak["microseconds"] for peak in peaks.values())
    return {
        "ways": ways,
        "no_torch_compile": missing,
        "multiply_adds": counts,
        "matrix_product": {"size": extent.matrix, **peaks},
        "peak_gflops": 2 / per_multiply_add / 1e3,
        "floor_microseconds": per_step * per_multiply_add,
    }


def classification(dataset: Dataset, extent: Extent) -> dict:
    """Penalties of batches of images, microseconds an image: {batch size: {way: ...}}."""
    model = LeNet5(generator(0, "parameters"))
    images = dataset.test.inputs[torch.arange(extent.images) % len(dataset.test.labels)]
    ways = {"eager": torch.no_grad()(model), "compiled": lambda some: compiled.penalties(model, some)}
    sizes = [size for size in BATCHES if size <= extent.images]
    work = {
        (size, way): lambda size=size, way=way: [ways[way](some) for some in images.split(size)]
        for size in sizes
        for way in ways
    }
    seconds = alternate(work, extent.rounds)
    return {
        str(size): {way: measured(seconds[size, way], extent.images) for way in ways}
        for size in sizes
    }


def beside_the_pass(dataset: Dataset, extent: Extent) -> dict:
    """The curvature before a pass, distorted patterns for it, the evaluation after it."""
    train, test = dataset.train, dataset.test
    model = LeNet5(generator(0, "parameters"))
    distorted = Distorted(train, 0, RECIPE.reshuffle, FIG7_RANGES)
    work = {
        "curvature": (lambda: curvature_of(model, train), RECIPE.curvature_patterns),
        "distortion": (lambda: distorted.of_pass(2), len(train.labels)),
        "evaluation": (lambda: compiled.penalties(model, test.inputs).argmin(1), len(test.labels)),
    }
    seconds = alternate({name: do for name, (do, _) in work.items()}, extent.rounds)
    return {name: measured(seconds[name], items) for name, (_, items) in work.items()}


def growth(train: Split, extent: Extent) -> dict:
    """{patterns: time of a compiled pass over so many}."""
    work = {n: trainer(compiled.train_one_pass, train, n) for n in extent.passes}
    seconds = alternate(work, extent.rounds)
    return {str(n): measured(seconds[n], n) for n in work}


def side_by_side(train: Split, extent: Extent) -> dict:
    """{threads: time of so many passes at once, one network each, over the same data}."""
    patterns, cores = extent.passes[-1], os.cpu_count() or 1
    counts = sorted({1, 2, cores, *(2**k for k in range(2, cores.bit_length()))})
    trainers = [trainer(compiled.train_one_pass, train, patterns) for _ in range(counts[-1])]
    with ThreadPoolExecutor(counts[-1]) as pool:
        work = {n: lambda n=n: list(pool.map(lambda train: train(), trainers[:n])) for n in counts}
        seconds = alternate(work, extent.rounds)
    times = {n: measured(seconds[n], n * patterns) for n in counts}
    for n in counts:
        times[n]["patterns_per_second"] = 1e6 / times[n]["microseconds"]
        times[n]["speedup"] = times[1]["microseconds"] / times[n]["microseconds"]
    return {str(n): times[n] for n in counts}


def benchmark(dataset: Dataset, extent: Extent, tell: Callable[[str], object]) -> dict:
    """Everything that results/benchmark.json holds; `tell` hears what is going on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    tell("One training step, in every way (the longest part) ...")
    step = training_step(dataset.train, extent)
    tell("Classification ...")
    classes = classification(dataset, extent)
    tell("Curvature, distortions, evaluation ...")
    beside = beside_the_pass(dataset, extent)
    tell("Passes of several lengths ...")
    lengths = growth(dataset.train, extent)
    tell("Networks side by side ...")
    cores = side_by_side(dataset.train, extent)
    ways = step["ways"]
    own = ways["compiled"]["microseconds"]
    beside["curvature"]["share_of_pass"] = sum_of(beside["curvature"]) / (PASS * own)
    return {
        "microseconds_per_pattern": own,
        "eager_microseconds_per_pattern": ways["eager"]["microseconds"],
        "ratio_to_eager": ways["compiled"]["ratio_to_eager"],
        "ratio_to_floor": own / step["floor_microseconds"],
        "two_core_speedup": cores["2"]["speedup"],
        "dataset": dataset.title,
        "rounds": extent.rounds,
        "training_step": step,
        "classification": classes,
        "beside_the_pass": beside,
        "growth": lengths,
        "side_by_side": cores,
        "machine": machine() | {"load_at_start": load},
        "versions": versions(),
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
