"""What section III-C claims of the other classifiers: the bars of Fig. 9, and how some compare."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..measures import statistics
from ..measures.judging import (
    NOT,
    REPRODUCED,
    Claim,
    alone,
    fitted,
    in_view,
    printed,
    within_factor,
)
from ..rows import datasets, reported
from ..rows.recipes import LENET5, LENET5_DISTORTIONS
from ..running.runs import Runs, recorded
from ..writing import findings
from . import boosting, classifiers, comparison, methods

BOOSTED_COST = 1.75
"""Of boosted LeNet-4, which often stops after its first network, in networks (section III-C.9)."""
VIRTUAL_COST = 2
"""Of virtual support vectors, in plain ones (section III-C.10)."""
OF_ONE_NETWORK = ("lenet4-local", "lenet4-k-nn", "boosted-lenet4")
"""Bars that rest on networks trained from one seed, and might be others with another."""
CHOSEN_BY = ("linear", "linear-deslanted", "pca-quadratic")
"""Bars that the units of our classifiers were chosen with in view (D19)."""


def of_section_iii_c(runs: Runs, results: Path) -> Iterator[Claim]:
    """All of them that there are records of."""
    yield from of_bars(runs, results)
    yield from of_comparisons(results)
    yield from of_early_stop(results)


def of_bars(runs: Runs, results: Path) -> Iterator[Claim]:
    """All bars of Fig. 9 but those of LeNet-5, which section III-B has already."""
    bars = classifiers.table_of(results).set_index("name")
    for name, bar in bars[bars.index.isin(reported.SECTION_III_C)].iterrows():
        if name in (LENET5.name, LENET5_DISTORTIONS.name) or np.isnan(bar["error"]):
            continue
        said = (findings.BARS, f"{bar['method']}: {bar['error_paper']:g} %", bar["error_paper"])
        if (row := classifiers.ROWS.get(name)) is not None:
            yield printed(*said, [statistics.percent(record) for record in recorded(row, runs)])
        elif name in OF_ONE_NETWORK:
            yield printed(*said, [bar["error"]])
        else:
            claim = fitted(*said, bar["error"])
            yield in_view(claim) if name in CHOSEN_BY else claim


def of_comparisons(results: Path) -> Iterator[Claim]:
    """What section III-C says of classifiers beside others, each of them fitted once."""
    of = classifiers.table_of(results, networks=1).set_index("name")
    for name, layer in (("lenet4-k-nn", "nearest neighbours"), ("lenet4-local", "local learning")):
        for quantity, paper, rises in (
            (comparison.ERROR, f"LeNet-4 errs as often with {layer} for its last layer", None),
            (comparison.REJECTION, f"LeNet-4 rejects less with {layer} for its last layer", False),
        ):  # fmt: skip
            ours, base = (of.loc[each, quantity.column] for each in (name, "lenet4"))
            if not np.isnan([ours, base]).any():
                yield Claim("III-C.7", paper, f"{ours:.2f} against {base:.2f} %", "1",
                            alone(ours - base, rises))  # fmt: skip
    virtual, plain = of.loc["v-svm-poly-9"], of.loc["svm-poly-4"]
    if not np.isnan([virtual["error"], plain["error"]]).any():
        yield Claim("III-C.10", "virtual support vectors lower the error of plain ones",
                    f"{virtual['error']:.2f} against {plain['error']:.2f} %", "1",
                    alone(virtual["error"] - plain["error"], rises=False))  # fmt: skip
        times = virtual["multiply_adds"] / plain["multiply_adds"]
        yield Claim("III-C.10", f"virtual support vectors cost {VIRTUAL_COST} times as much",
                    f"{times:.1f} times", "1",
                    REPRODUCED if within_factor(times, VIRTUAL_COST) else NOT)  # fmt: skip
    method = classifiers.FITTED["linear"]
    candidates = {candidate.title: candidate for candidate in method.candidates()}
    squashed, linear = (
        methods.recorded(candidates[title], results, datasets.MNIST_HELD_OUT)
        for title in (method.title, methods.LEAST_SQUARES)
    )
    if squashed and linear:
        errors = [statistics.percent(record) for record in (squashed, linear)]
        yield Claim("III-C.1, held out",
                    "squashed units by gradient descent and linear systems do much the same",
                    f"{errors[0]:.1f} against {errors[1]:.1f} %", "1",
                    alone(errors[0] - errors[1], rises=None))  # fmt: skip


def of_early_stop(results: Path) -> Iterator[Claim]:
    """What boosting costs where the first network is sure: results/methods/boosted-lenet4.json."""
    record = methods.recorded(classifiers.FITTED["boosted-lenet4"], results)
    if record is None or not (by_share := record.get("test_errors_by_share")):
        return
    cost = [1 + 2 * k / boosting.SHARES for k in range(1 + boosting.SHARES)]
    percent = [100 * errors / record["dataset"]["test_patterns"] for errors in by_share]
    of_paper = percent[cost.index(BOOSTED_COST)]
    least = next(c for c, error in zip(cost, percent, strict=True) if error <= percent[-1])
    yield Claim("III-C.9", f"boosted LeNet-4 need cost no more than {BOOSTED_COST:g} times one network",
                f"{of_paper:.2f} % at that cost, {percent[-1]:.2f} % at three times; no more errors "
                f"than these from {least:.2f} times on", "1",
                REPRODUCED if of_paper - percent[-1] <= reported.UNCERTAINTY else NOT)  # fmt: skip
