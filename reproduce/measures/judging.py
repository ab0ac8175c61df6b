"""How a verdict on a claim of the paper is reached: the rules of the claims table."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..rows import reported
from ..rows.row import Record
from . import statistics

REPRODUCED, CONSISTENT, NOT, OPEN = "reproduced", "consistent", "not reproduced", "cannot be told"
"""Verdicts. What is consistent would be reproduced, but that our reading was chosen with it in view."""
FEWEST = 3
"""Networks from which an interval is worth something."""
SHARE = 0.1
"""Of the paper's number: within it, or its uncertainty, a classifier that is fitted once has it."""
FACTOR = 1.5
"""Steps, and costs compared, are the paper's within it."""
TRAINED = 10
"""Percent of errors beyond which a network has not learned."""
FAR_LESS = 2
"""Times that something costs less, if it costs far less."""
Range = tuple[float, float]


class Claim(NamedTuple):
    """A line of the table."""

    section: str
    paper: str
    """What the paper says, in our words."""
    ours: str
    n: str
    """Networks that it rests on."""
    verdict: str
    how: str = ""
    """What is otherwise, where a claim was tried in another way as well."""


def in_view(claim: Claim) -> Claim:
    """The claim, where our reading was chosen with what it says in view: it cannot be reproduced."""
    return claim._replace(verdict=CONSISTENT) if claim.verdict == REPRODUCED else claim


# --- a number -------------------------------------------------------------------------------------


def printed(section: str, paper: str, number: float, values: Sequence[float]) -> Claim:
    """A number of the paper's, rounded as it is printed, beside where one more network would fall.

    Of fewer than FEWEST networks it is beside their mean, and nothing is refuted.
    """
    n, mean = len(values), float(np.mean(values))
    rounding = 0.5 * 10.0 ** -len(f"{number:g}".partition(".")[2])
    if n < FEWEST:
        near = abs(mean - number) <= reported.UNCERTAINTY
        return Claim(section, paper, f"{mean:.2f}", str(n), REPRODUCED if near else OPEN)
    low, high = statistics.one_more(values) if np.ptp(values) else (mean, mean)
    inside = low - rounding <= number <= high + rounding
    ours = f"{mean:.2f}; one network {low:.2f} … {high:.2f}"
    return Claim(section, paper, ours, str(n), REPRODUCED if inside else NOT)


def fitted(section: str, paper: str, number: float, value: float) -> Claim:
    """A number of the paper's beside that of a classifier which is fitted once, and has no seeds."""
    near = abs(value - number) <= max(reported.UNCERTAINTY, SHARE * number)
    return Claim(section, paper, f"{value:.2f}", "1", REPRODUCED if near else NOT)


def within_factor(ours: float, paper: float) -> bool:
    """Whether a step, or how much more something costs, is about the paper's."""
    return 1 / FACTOR <= ours / paper <= FACTOR


def steps(ours: Range, paper: Range) -> str:
    """The verdict on the smallest and the largest step."""
    return REPRODUCED if all(map(within_factor, ours, paper)) else NOT


def counted(ours: float, paper: float) -> str:
    """The verdict on a number that needs no training, printed without decimals."""
    return REPRODUCED if abs(ours - paper) <= 0.5 else NOT


def far_less(times: float) -> str:
    """The verdict on what the paper says costs far less, and does by that factor."""
    return REPRODUCED if times >= FAR_LESS else NOT


def learned(errors: Sequence[float]) -> str:
    """The verdict on networks that the paper says are trained, from the errors of each, percent."""
    return NOT if min(errors) > TRAINED else REPRODUCED if max(errors) <= TRAINED else OPEN


def reaches(ours: Range, paper: Range) -> bool:
    """Whether characters are read well over all of the paper's range; nan where they never are."""
    return ours[0] <= paper[0] and paper[1] <= ours[1]


# --- a difference ---------------------------------------------------------------------------------


def sign(low: float, high: float, rises: bool) -> str:
    """The verdict on a difference that the paper says rises, or falls, from its interval."""
    if not rises:
        low, high = -high, -low
    return REPRODUCED if low > 0 else NOT if high < 0 else OPEN


def none(low: float, high: float) -> str:
    """The verdict on a difference that the paper says there is not."""
    allowed = reported.UNCERTAINTY
    if -allowed <= low and high <= allowed:
        return REPRODUCED
    return NOT if low > allowed or high < -allowed else OPEN


def no_rise(low: float, high: float) -> str:
    """The verdict on an error that the paper says does not rise, from the interval of the rise."""
    allowed = reported.UNCERTAINTY
    return REPRODUCED if high <= allowed else NOT if low > allowed else OPEN


def alone(difference: float, rises: bool | None) -> str:
    """The verdict on a difference between two that are fitted once; rises as in `compared`."""
    allowed = reported.UNCERTAINTY
    if rises is None:
        return REPRODUCED if abs(difference) <= allowed else NOT
    return sign(difference - allowed, difference + allowed, rises)


def compared(
    section: str, paper: str, of: Sequence[Record], others: Sequence[Record], rises: bool | None
) -> Claim:
    """Two rows: the paper says that the first errs more, or less, or (None) as often."""
    difference, low, high, *_ = statistics.welch(
        *([statistics.percent(record) for record in records] for records in (of, others))
    )
    verdict = none(low, high) if rises is None else sign(low, high, rises)
    ours = f"{difference:+.2f} ({low:+.2f} … {high:+.2f}) points"
    return Claim(section, paper, ours, f"{len(of)}, {len(others)}", verdict)


# --- little tuning --------------------------------------------------------------------------------

ByRate = Mapping[float, Sequence[float]]
"""The errors of the networks that were trained at each rate."""


def ends(of: ByRate) -> tuple[Sequence[float], Sequence[float]]:
    """The errors at the rate with the largest mean, and at that with the smallest."""
    return max(of.values(), key=np.mean), min(of.values(), key=np.mean)


def spread(of: ByRate) -> float:
    """From the best to the worst rate: how far the means are apart."""
    worst, best = ends(of)
    return float(np.mean(worst) - np.mean(best))


def less_spread(of: ByRate, others: ByRate) -> tuple[float, float, float]:
    """The difference of both spreads, and its 95 % interval: of the four means that they are made of."""
    (worst, best), (their_worst, their_best) = ends(of), ends(others)
    return statistics.contrast([worst, their_best], [best, their_worst])


def less_tuning(section: str, paper: str, of: ByRate, others: ByRate, rates: str) -> Claim:
    """The paper says that the error of one optimiser depends less on its rate than that of another."""
    difference, low, high = less_spread(of, others)
    fewest = min(map(len, (*of.values(), *others.values())))
    return Claim(section, paper,
                 f"{rates} the error varies by {spread(of):.2f} points, with SGD by "
                 f"{spread(others):.2f}: {difference:+.2f} ({low:+.2f} … {high:+.2f})",
                 f"{fewest} a rate", sign(low, high, rises=False))  # fmt: skip
