"""Times that can be compared: all pieces of work by turns, over and over, and the median of each."""

import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
Seconds = Mapping[Name, list[float]]


def alternate(work: Mapping[Name, Callable[[], object]], rounds: int) -> Seconds:
    """Seconds that each piece of work took in each of the rounds, by its name.

    A round does every piece once, so that a machine that slows down slows all of them. One more
    round comes first and is not counted: what is done once, like compiling, happens there.
    """
    if rounds < 1:
        raise ValueError(f"expected at least one round, got {rounds}")
    seconds: dict[Name, list[float]] = {name: [] for name in work}
    for counts in (False, *[True] * rounds):
        for name, do in work.items():
            started = time.perf_counter()
            do()
            if counts:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def measured(seconds: list[float], items: int = 1) -> dict:
    """The median in microseconds for each of `items`, and all seconds that it is the median of."""
    microseconds = 1e6 * statistics.median(seconds) / items
    return {"microseconds": microseconds, "items": items, "seconds": seconds}
