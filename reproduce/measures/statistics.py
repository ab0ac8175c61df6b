"""Statistics over the seeds of one row, and of two rows compared."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import optimize, stats

from ..rows.row import Record


def percent(record: Record) -> float:
    """The run's test error in percent."""
    return float(100 * record["test_errors"] / record["dataset"]["test_patterns"])


def error_of(records: Sequence[Record]) -> dict[str, float]:
    """Test error in percent: mean, standard deviation, n, and the 95 % interval of the mean.

    `one_low` to `one_high` is the interval that one more network falls into with 95 % probability.
    """
    errors = [percent(record) for record in records]
    low, high = interval(errors)
    one_low, one_high = one_more(errors)
    return {
        "test_error": float(np.mean(errors)),
        "test_sd": deviation(errors),
        "n": len(errors),
        "ci_low": low,
        "ci_high": high,
        "one_low": one_low,
        "one_high": one_high,
    }


def deviation(values: Sequence[float] | np.ndarray) -> float:
    """The standard deviation from one network to the next; none for a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean (Student's t); none for a single value or equal ones."""
    if len(values) < 2 or np.ptp(values) == 0:
        return np.nan, np.nan
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    return float(low), float(high)


def one_more(values: Sequence[float]) -> tuple[float, float]:
    """Where one more value falls with 95 % probability (Student's t); as `interval`, if nowhere."""
    low, high = interval(values)
    wider = np.sqrt(len(values) + 1)  # a network's variance beside that of the mean of n
    middle = float(np.mean(values))
    return float(middle - wider * (middle - low)), float(middle + wider * (high - middle))


def training_error(records: Sequence[Record]) -> float:
    """Percent during the last pass, each pattern judged just before it is learned from (Fig. 5)."""
    return float(np.mean([by_pass(record, "train")[-1] for record in records]))


def seconds(records: Sequence[Record]) -> float:
    """The median time to train one network on one core; not a number where all were on a GPU."""
    on_a_core = [record["seconds"] for record in records if "gpu" not in record["machine"]]
    return float(np.median(on_a_core)) if on_a_core else np.nan


def by_pass(record: Record, which: Literal["train", "test"]) -> list[float]:
    """Percent by pass of one run: "train", during the pass, or "test", after it."""
    if which == "train":
        return [100 * p["errors_during"] / p["patterns"] for p in record["passes"]]
    return [100 * p["test_errors"] / record["dataset"]["test_patterns"] for p in record["passes"]]


def against(records: Sequence[Record], others: Sequence[Record]) -> dict[str, float]:
    """How a row's test error differs from another's, over all networks of both: Welch's t test.

    The mean difference in points of percent with its 95 % interval, the p of no difference, and the
    difference that so many networks would show with 80 % probability. No pairs are made of networks of
    one seed: they share the order of the patterns and, where they have the same layers, the first
    weights, but their errors hardly go together for that. Nothing where one row has no record, or both
    are the same; the mean alone where a row does not spread.
    """
    if not records or not others or records == others:
        return {}
    ours, theirs = ([percent(record) for record in of] for of in (records, others))
    difference, low, high, p, freedom = welch(ours, theirs)
    compared = {"difference": difference}
    if not np.isnan(p):
        compared |= {"difference_low": low, "difference_high": high, "p": p}
        compared["detectable"] = detectable((high - low) / 2, freedom)
    return compared


def welch(
    ours: Sequence[float], theirs: Sequence[float]
) -> tuple[float, float, float, float, float]:
    """The difference of the means, its 95 % interval, the p of no difference, degrees of freedom.

    The difference alone, and nan, where either does not spread.
    """
    difference = float(np.mean(ours) - np.mean(theirs))
    if 0 in (np.ptp(ours), np.ptp(theirs)):  # a single network, or all alike
        return difference, np.nan, np.nan, np.nan, np.nan
    test = stats.ttest_ind(ours, theirs, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return difference, float(low), float(high), float(test.pvalue), float(test.df)


def contrast(
    more: Sequence[Sequence[float]], less: Sequence[Sequence[float]]
) -> tuple[float, float, float]:
    """The means of `more`, added up, less those of `less`; its 95 % interval (Welch, Satterthwaite).

    The difference alone, and nan, where one of them does not spread.
    """
    groups = [*more, *less]
    difference = float(sum(map(np.mean, more)) - sum(map(np.mean, less)))
    if 0 in map(np.ptp, groups):
        return difference, np.nan, np.nan
    variances = np.array([stats.sem(values) ** 2 for values in groups])
    freedom = variances.sum() ** 2 / sum(variances**2 / [len(values) - 1 for values in groups])
    half = float(stats.t.ppf(0.975, freedom) * np.sqrt(variances.sum()))
    return difference, difference - half, difference + half


def detectable(half_width: float, freedom: float) -> float:
    """The difference that is significant at 5 % with 80 % probability, two-sided, by itself.

    From half the width of the 95 % interval of a difference, and its degrees of freedom.
    """
    critical = stats.t.ppf(0.975, freedom)
    # The far tail adds less than a thousandth to the probability.
    shift = optimize.brentq(lambda d: stats.nct.sf(critical, freedom, d) - 0.8, 0, 3 * critical)
    return float(shift * half_width / critical)


def holm(p: Sequence[float]) -> list[float]:
    """The p of each of a family of tests, corrected for their number by Holm's method.

    A test whose p is not a number is none of the family.
    """
    corrected = np.full(len(p), np.nan)
    family = [int(k) for k in np.argsort(p) if not np.isnan(p[k])]
    worst = 0.0
    for place, k in enumerate(family):
        worst = max(worst, min(1.0, (len(family) - place) * p[k]))
        corrected[k] = worst
    return corrected.tolist()
