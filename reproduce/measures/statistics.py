"""Statistics over the seeds of one row, and of two rows compared."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from ..rows.row import Record


def percent(record: Record) -> float:
    """The run's test error in percent."""
    return float(100 * record["test_errors"] / record["dataset"]["test_patterns"])


def error_of(records: Sequence[Record]) -> dict[str, float]:
    """Test error in percent: mean, standard deviation, n, and the 95 % interval of the mean."""
    errors = [percent(record) for record in records]
    low, high = interval(errors)
    return {
        "test_error": float(np.mean(errors)),
        "test_sd": float(np.std(errors, ddof=1)) if len(errors) > 1 else np.nan,
        "n": len(errors),
        "ci_low": low,
        "ci_high": high,
    }


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean (Student's t); none for a single value or equal ones."""
    if len(values) < 2 or np.ptp(values) == 0:
        return np.nan, np.nan
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    return float(low), float(high)


def training_error(records: Sequence[Record]) -> float:
    """Percent during the last pass, each pattern judged just before it is learned from (Fig. 5)."""
    last = [record["passes"][-1] for record in records]
    return float(np.mean([100 * p["errors_during"] / p["patterns"] for p in last]))


def against(records: Sequence[Record], others: Sequence[Record]) -> dict[str, float | str]:
    """How a row's test error differs from another's, over the seeds that both have.

    The other's mean on these seeds; the mean difference in points of percent, with its 95 % interval
    over seeds; the median of the exact McNemar p-values of the pairs, and in how many of them p is
    below 0.05. Nothing where they have no seed in common, or are the same records.
    """
    by_seed = {record["seed"]: record for record in others}
    pairs = [(r, by_seed[r["seed"]]) for r in records if r["seed"] in by_seed]
    if not pairs or all(one is other for one, other in pairs):
        return {}
    differences = [percent(one) - percent(other) for one, other in pairs]
    low, high = interval(differences)
    p = [mcnemar(one, other) for one, other in pairs]
    return {
        "lenet5_error": float(np.mean([percent(other) for _, other in pairs])),
        "difference": float(np.mean(differences)),
        "difference_low": low,
        "difference_high": high,
        "mcnemar_p": float(np.median(p)),
        "mcnemar_below_05": f"{sum(value < 0.05 for value in p)} of {len(p)}",
    }


def mcnemar(one: Record, other: Record) -> float:
    """Exact two-sided p of the null hypothesis that both networks miss equally often.

    Only the test patterns count that exactly one of the two misses.
    """
    misses, of_other = set(one["wrong_answers"]), set(other["wrong_answers"])
    only_one, only_other = len(misses - of_other), len(of_other - misses)
    if only_one + only_other == 0:
        return 1.0
    return float(stats.binomtest(only_one, only_one + only_other, 0.5).pvalue)
