"""The networks that the demo asks, and what they say to a pattern and to a line of digits."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from paper_lenet5 import LeNet5, doubt, preprocess
from paper_lenet5.lenet5 import FOR_DIGITS, FOR_STRINGS
from paper_lenet5.reading import Reading, read_line
from paper_lenet5.verdict import Verdict


@cache
def lenet5() -> LeNet5:
    """The network of Fig. 8, trained with distortions."""
    return LeNet5.from_pretrained(FOR_DIGITS)


@cache
def reader() -> LeNet5:
    """With a class for the blank between digits (section VII)."""
    return LeNet5.from_pretrained(FOR_STRINGS)


@cache
def units() -> Tensor | None:
    """What doubts that a pattern is a digit: those of `lenet5`."""
    return doubt.units_of(lenet5())


class Look(NamedTuple):
    """What the network makes of one pattern."""

    pattern: Tensor
    """What it sees: uint8 (28, 28), ink 255."""
    states: dict[str, Tensor]
    """Of each layer up to F6."""
    penalties: list[float]
    """Of the ten digits; the smallest wins."""
    verdict: Verdict
    """What they say, and how much speaks against them; as everywhere."""


@torch.inference_mode()
def look(pattern: Tensor) -> Look:
    """Show the network one pattern, uint8 (28, 28)."""
    network = lenet5()
    states = network.states(preprocess(pattern[None]))
    penalties = network.penalties_of(states).flatten().tolist()
    return Look(pattern, states, penalties, *doubt.of_states(network, states, units()))


@torch.inference_mode()
def read(field: Tensor) -> tuple[list[int], Reading]:
    """Sweep over a line of digits, uint8 (32, columns): the answers one by one, and what they read."""
    inputs = preprocess(field[None])
    penalties = reader()(inputs)[0]
    reading = read_line(field, penalties, lenet5()(inputs)[0])
    return penalties.argmin(0).flatten().tolist(), reading
