"""What the benchmark measures: passes, classifications and what surrounds them, and the floor below.

All pieces of work that are compared take turns, over and over, and the median of each counts.
"""

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.func import functional_call, grad

from paper_lenet5 import SDLM, LeNet5, compiled, eager
from paper_lenet5.distort import FIG7_RANGES
from paper_lenet5.losses import Loss
from paper_lenet5.patterns import Distorted, Split, generator
from paper_lenet5.recipe import Recipe

from ..rows.datasets import Dataset
from . import costs

RECIPE = Recipe()
BATCHES = (1, 64, 1024)
Name = TypeVar("Name", bound=Hashable)
Measured = dict[str, Any]
"""Numbers by name, as results/benchmark.json has them."""
ByName = dict[str, Tensor]
Step = Callable[[LeNet5, Loss, ByName, ByName, Tensor, Tensor], Tensor]
TrainOnePass = Callable[[LeNet5, SDLM, Loss, Tensor, Tensor, Tensor], int]
"""What `eager` and `compiled` call `train_one_pass`, in batches of one."""


@dataclass(frozen=True)
class Extent:
    """How much is measured. Where there are fewer patterns than that, they come round again."""

    rounds: int = 7
    patterns: int = 5_000
    """How many patterns each way of training is given."""
    matrix: int = 2_048
    """Rows and columns of the matrix product that shows the processor's peak."""
    images: int = 2_048
    """How many images are classified with each batch size."""
    passes: tuple[int, ...] = (15_000, 30_000, 60_000)
    torch_compile: bool = True


def alternate(work: Mapping[Name, Callable[[], object]], rounds: int) -> dict[Name, list[float]]:
    """Seconds that each piece of work took in each of the rounds, by its name.

    A round does every piece once, so that a machine that slows down slows all of them. One more
    round comes first and is not counted: what happens only once, like compiling, happens there.
    Raises ValueError where there is no round to count.
    """
    if rounds < 1:
        raise ValueError(f"expected at least one round, got {rounds}")
    seconds: dict[Name, list[float]] = {name: [] for name in work}
    for _ in range(1 + rounds):
        for name, do in work.items():
            started = time.perf_counter()
            do()
            seconds[name].append(time.perf_counter() - started)
    return {name: of_rounds[1:] for name, of_rounds in seconds.items()}


def measured(seconds: list[float], items: int = 1) -> Measured:
    """The median in microseconds for each of `items`, and all the seconds that it is taken from."""
    microseconds = 1e6 * statistics.median(seconds) / items
    return {"microseconds": microseconds, "items": items, "seconds": seconds}


def step_multiply_adds(model: LeNet5) -> dict[str, int]:
    """Multiply-adds of one step: forward, for the gradients of the weights, for those passed down.

    Each of these has as many as the forward sweep, but that the output layer has no weights to train,
    and C1 passes nothing down.
    """
    layers = costs.multiply_adds_of_layers(model)
    forward = sum(layers.values())
    return {
        "forward": forward,
        "of_weights": forward - layers["rbf"],
        "passed_down": forward - layers["c1"],
    }


def in_one_graph(compile_step: Callable[[Step], Step]) -> TrainOnePass:
    """A form of `eager.train_one_pass` whose whole step, forward to update, is one function."""

    def step(
        model: LeNet5, loss: Loss, parameters: ByName, steps: ByName, image: Tensor, label: Tensor
    ) -> Tensor:
        def objective(parameters: ByName) -> tuple[Tensor, Tensor]:
            answer = functional_call(model, parameters, (image,))
            return loss(answer, label), answer

        gradients, answer = grad(objective, has_aux=True)(parameters)
        for name, p in parameters.items():
            p.sub_(steps[name] * gradients[name])
        label_of_smallest: Tensor = answer.argmin(1)
        return label_of_smallest

    compiled_step = compile_step(step)

    def train_one_pass(
        model: LeNet5, optimizer: SDLM, loss: Loss, images: Tensor, labels: Tensor, order: Tensor
    ) -> int:
        parameters = {name: p.detach() for name, p in model.named_parameters()}
        steps, errors = optimizer.step_sizes(), 0
        for pattern in order.tolist():
            image, label = images[pattern : pattern + 1], labels[pattern : pattern + 1]
            errors += int(compiled_step(model, loss, parameters, steps, image, label) != label)
        return errors

    return train_one_pass


def why_no_torch_compile(extent: Extent) -> str | None:
    """What keeps torch.compile out of the comparison, if anything."""
    if not extent.torch_compile:
        return "left out"
    default = {"win32": "cl", "darwin": "clang++"}.get(sys.platform, "g++")
    compiler = os.environ.get("CXX", default)
    return None if shutil.which(compiler) else f"no C++ compiler ({compiler}) here"


def trainer(train_one_pass: TrainOnePass, train: Split, patterns: int) -> Callable[[], int]:
    """A function, each call of which trains the same new network on the first `patterns` patterns."""
    model = LeNet5(generator=generator(0, "parameters"))
    optimizer = SDLM(model.named_parameters(), RECIPE.schedule[0], RECIPE.mu)
    optimizer.set_curvature(curvature(model, train))
    order = torch.arange(patterns) % len(train.labels)
    return lambda: train_one_pass(model, optimizer, RECIPE.loss, train.inputs, train.labels, order)


def curvature(model: LeNet5, train: Split) -> dict[str, Tensor]:
    """The curvature of `model` on as many training patterns as the recipe asks for."""
    some = torch.arange(RECIPE.curvature_patterns) % len(train.labels)
    return compiled.diagonal_curvature(
        model, train.inputs[some], train.labels[some], RECIPE.loss, RECIPE.output_curvature,
        RECIPE.coefficient_input,
    )  # fmt: skip


# --- what is measured -----------------------------------------------------------------------------


def training_step(train: Split, extent: Extent) -> Measured:
    """Times of one step, forward, backward, update, in every way there is; and the floor below them."""
    missing = why_no_torch_compile(extent)
    passes: dict[str, TrainOnePass] = {"eager": eager.train_one_pass}
    if missing is None:
        passes["torch.compile"] = in_one_graph(torch.compile)
    passes["compiled"] = compiled.train_one_pass
    work = {way: trainer(one_pass, train, extent.patterns) for way, one_pass in passes.items()}
    a, b = torch.randn(2, extent.matrix, extent.matrix, generator=generator(0, "matrices"))
    products = {"numpy": lambda: a.numpy() @ b.numpy(), "torch": lambda: a @ b}
    seconds = alternate(work | products, extent.rounds)

    counts = step_multiply_adds(LeNet5())
    ways = {way: measured(seconds[way], extent.patterns) for way in work}
    peaks = {name: measured(seconds[name], extent.matrix**3) for name in products}
    fastest = min(peak["microseconds"] for peak in peaks.values())
    floor = sum(counts.values()) * fastest
    for way in ways.values():
        way["gflops"] = 2e-3 * sum(counts.values()) / way["microseconds"]
        way["ratio_to_eager"] = ways["eager"]["microseconds"] / way["microseconds"]
        way["ratio_to_floor"] = way["microseconds"] / floor
    return {
        "ways": ways,
        "no_torch_compile": missing,
        "multiply_adds": counts,
        "matrix_product": {"size": extent.matrix, **peaks},
        "peak_gflops": 2e-3 / fastest,
        "floor_microseconds": floor,
    }


def classification(test: Split, extent: Extent) -> dict[int, dict[str, Measured]]:
    """Time of an image in each way: {images at a time: {way: time}}."""
    model = LeNet5(generator=generator(0, "parameters"))
    images = test.inputs[torch.arange(extent.images) % len(test.labels)]
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "eager": torch.no_grad()(model),
        "compiled": lambda some: compiled.penalties(model, some),
    }
    work = {
        (size, way): lambda size=size, way=way: [ways[way](some) for some in images.split(size)]
        for size in BATCHES
        for way in ways
    }
    seconds = alternate(work, extent.rounds)
    return {
        size: {way: measured(seconds[size, way], extent.images) for way in ways} for size in BATCHES
    }


def around_a_pass(dataset: Dataset, extent: Extent) -> dict[str, Measured]:
    """Times of what surrounds a pass: curvature before it, distortions for it, evaluation after it."""
    train, test = dataset.train, dataset.test
    model = LeNet5(generator=generator(0, "parameters"))
    distorted = Distorted(train, 0, RECIPE.reshuffle, FIG7_RANGES)
    work = {
        "curvature": lambda: curvature(model, train),
        "distortion": lambda: distorted.of_pass(2),
        "evaluation": lambda: compiled.penalties(model, test.inputs).argmin(1),
    }
    items = {
        "curvature": RECIPE.curvature_patterns,
        "distortion": len(train.labels),
        "evaluation": len(test.labels),
    }
    seconds = alternate(work, extent.rounds)
    return {name: measured(seconds[name], items[name]) for name in work}


def growth(train: Split, extent: Extent) -> dict[int, Measured]:
    """Time of a pattern in compiled passes of several lengths: {patterns in the pass: time}."""
    work = {n: trainer(compiled.train_one_pass, train, n) for n in extent.passes}
    seconds = alternate(work, extent.rounds)
    return {n: measured(seconds[n], n) for n in work}


def side_by_side(train: Split, extent: Extent) -> dict[int, Measured]:
    """Time of a pattern when each thread trains a network of its own: {threads: time}."""
    patterns, cores = extent.passes[-1], os.cpu_count() or 1
    counts = sorted({1, 2, cores, *(2**k for k in range(2, cores.bit_length()))})
    trainers = [trainer(compiled.train_one_pass, train, patterns) for _ in range(counts[-1])]
    with ThreadPoolExecutor(counts[-1]) as pool:
        work = {n: lambda n=n: list(pool.map(lambda one: one(), trainers[:n])) for n in counts}
        seconds = alternate(work, extent.rounds)
    times = {n: measured(seconds[n], n * patterns) for n in counts}
    for of_threads in times.values():
        of_threads["patterns_per_second"] = 1e6 / of_threads["microseconds"]
        of_threads["speedup"] = times[1]["microseconds"] / of_threads["microseconds"]
    return times
