"""Strings of test digits, once over and read: errors and cost. Section VII."""

import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.patterns import generator, inverted
from paper_lenet5.preprocessing import FIELD
from paper_lenet5.reading import read_string
from paper_lenet5.strings import BLANK, SECTION_VII, STRIDE, string_fields

from . import costs

LENGTHS = (2, 3, 4, 5)
GAPS = (*range(SECTION_VII.separation[0], SECTION_VII.separation[1] + 1), None)
"""Pixels between bounding boxes; None: any of them, drawn for each pair."""
NOISES = (0.0, 0.1)
"""The probability that a pixel is inverted."""
BLANK_PENALTY = 20.0
"""The penalty of the blank, for every answer of a network that has no such class (D17)."""
COLUMNS = 64
"""The width of the field that the paper's Figs. 25 and 26 are read from: nine answers."""


class DigitStrings(NamedTuple):
    """Fields of several digits, and what they say."""

    truth: list[str]
    fields: Tensor
    """(N, 32, columns) uint8."""
    answers: Tensor
    """How many answers of a sweep, the first ones, belong to each (N,)."""


def draw_strings(
    images: Tensor, labels: Tensor, length: int, gap: int | None, n: int
) -> DigitStrings:
    """Draw n strings of images (N, 28, 28) uint8, with the same digits and places for every gap."""
    rng = generator(0, "strings", length)
    chosen = torch.randint(len(images), (n, length), generator=rng)
    shift = torch.randint(STRIDE, (n,), generator=rng)
    low, high = SECTION_VII.separation
    separations = torch.randint(low, high + 1, (n, length - 1), generator=rng)
    if gap is not None:
        separations = torch.full_like(separations, gap)
    fields, answers = string_fields(images, chosen, separations, shift)
    return DigitStrings(["".join(map(str, of)) for of in labels[chosen].tolist()], fields, answers)


@torch.no_grad()
def at_once(model: LeNet5, inputs: Tensor) -> Tensor:
    """Penalties (N, classes, answers) of one sweep over each of the inputs (N, 1, 32, columns)."""
    return torch.cat([model(some).flatten(2) for some in inputs.split(50)])


def penalties_with_blank(model: LeNet5, inputs: Tensor, blank: float = BLANK_PENALTY) -> Tensor:
    """Penalties (N, 11, answers): with `blank` for all blanks where the network has no such class."""
    penalties = at_once(model, inputs)
    if len(model.classes) > BLANK:
        return penalties
    return torch.cat([penalties, torch.full_like(penalties[:, :1], blank)], 1)


@torch.no_grad()
def at_every_position(model: LeNet5, inputs: Tensor) -> Tensor:
    """The penalties of `at_once`, from each 32x32 part of the inputs by itself."""
    parts = inputs.unfold(-1, FIELD, STRIDE).movedim(-2, 1)  # (N, answers, 1, 32, 32)
    penalties: Tensor = model(parts.flatten(0, 1)).unflatten(0, parts.shape[:2]).movedim(1, -1)
    return penalties


def read_strings(model: LeNet5, strings: DigitStrings, noise: float) -> list[str]:
    """What the network reads, the noise the same for every network."""
    rng = generator(0, "noise of strings")
    penalties = penalties_with_blank(model, inverted(preprocess(strings.fields), noise, rng))
    answers = strings.answers.tolist()
    return [read_string(of[:, :n]).text for of, n in zip(penalties, answers, strict=True)]


def measure_strings(
    models: Mapping[tuple[str, int], LeNet5], images: Tensor, labels: Tensor, n: int
) -> Iterator[dict[str, object]]:
    """Errors of each network, named by its row and seed, on n strings of each length and gap."""
    for length in LENGTHS:
        for gap in GAPS:
            strings = draw_strings(images, labels, length, gap, n)
            for noise in NOISES:
                for (network, seed), model in models.items():
                    texts = read_strings(model, strings, noise)
                    pairs = list(zip(texts, strings.truth, strict=True))
                    yield {
                        "network": network, "seed": seed, "length": length,
                        "gap": "-1 ... 4" if gap is None else str(gap), "noise": noise,
                        "strings": n,
                        "errors": sum(one != other for one, other in pairs),
                        "too_short": sum(len(one) < len(other) for one, other in pairs),
                        "too_long": sum(len(one) > len(other) for one, other in pairs),
                    }  # fmt: skip


def compare_costs(model: LeNet5, images: Tensor, rounds: int = 30) -> dict[str, float]:
    """Compare one sweep over COLUMNS with the network at each of its positions, which gives the same.

    Returns multiply-adds, seconds of one core (medians, taken in turns), and the largest difference
    between the two in any penalty, as a fraction of the largest penalty.
    """
    chosen = torch.arange(60).view(20, 3)
    strings = string_fields(images, chosen, torch.full((20, 2), 4), torch.zeros(20).long())
    inputs = preprocess(strings[0])[..., :COLUMNS]
    once, each = at_once(model, inputs), at_every_position(model, inputs)
    answers = once.shape[-1]
    seconds: dict[Callable[[LeNet5, Tensor], Tensor], list[float]] = {
        at_once: [],
        at_every_position: [],
    }
    for _ in range(rounds):
        for way, of_way in seconds.items():
            started = time.thread_time()
            way(model, inputs)
            of_way.append((time.thread_time() - started) / len(inputs))
    return {
        "columns": COLUMNS,
        "answers": answers,
        "multiply_adds_sweep": costs.multiply_adds(model, columns=COLUMNS),
        "multiply_adds_each": answers * costs.multiply_adds(model),
        "seconds_sweep": median(seconds[at_once]),
        "seconds_each": median(seconds[at_every_position]),
        "largest_difference": float((once - each).abs().max() / each.max()),
    }
