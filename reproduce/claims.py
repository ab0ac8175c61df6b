"""The claims table: what the paper says, section by section, and what comes out when it is tried.

Everything is made from what is on record; nothing is trained and nothing measured. Writes
results/claims.csv and .md.

On two cores it takes seconds.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from scipy import stats

from paper_lenet5.recipe import SCHEDULE, Recipe

from . import collapse, figure6, figure13, forty_passes
from .measures import costs, statistics
from .measures.invariance import CHANGES
from .rows import datasets, reported
from .rows.readings import ALTERNATIVES, BY_HALF_EQ8
from .rows.recipes import (
    EXPLAINS,
    FIGURE_6,
    FIGURE_6_EXPLAINS,
    FIGURE_6_EXPLAINS_LONG,
    FIGURE_6_LONG,
    LADDER,
    LENET5,
    LENET5_DISTORTIONS,
    NOISE,
)
from .rows.row import Record, Row
from .running import rates
from .running.files import write_whole
from .running.runs import Runs, recorded
from .section_iii_c import boosting, classifiers, methods
from .writing import findings, options, tables
from .writing.findings import NOT, OPEN, REPRODUCED

EXPONENT = (0.5, 1.0)
"""Of the gap between test and training error in the number of patterns (eq. 1)."""
SETTLED_BY = 12
"""The pass after which the test error has converged (section III-B)."""
FEW = 5
"""The first few passes, in which weights shrink (section III-C.5)."""
BOOSTED_COST = 1.75
"""Of boosted LeNet-4, which often stops after its first network, in networks (section III-C.9)."""
COLLAPSED = 0.01
"""Centers have fallen together where their squared distance is this share of that of the bitmaps."""
STEPS = 1.5
"""The factor within which the smallest and the largest step are the paper's."""
NOTES = f"""\
Errors in percent of the test set after the last pass unless it says otherwise; intervals hold 95 %. A
printed number is *reproduced* if, before it was rounded, it may lie where one more of our networks would
with 95 % probability (of one network alone: within the paper's own uncertainty of
±{reported.UNCERTAINTY:g} points); a difference, if its interval is on the side that the paper names, or,
where it says that there is none, within that uncertainty. *Cannot be told*: the interval allows both.
Steps are reproduced within a factor of {STEPS:g}; centers have fallen together where their squared
distance is below {100 * COLLAPSED:g} % of what it was. Lines in italics try the claim above them in
another way: by *{BY_HALF_EQ8.label}* in place of the loss of LeNet-5 (1998), or with so many
*passes* over the smaller sets of Fig. 6 that they are presented as often as all patterns.
"""


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


# --- how a verdict is reached -----------------------------------------------------------------------


def printed(section: str, paper: str, number: float, values: Sequence[float]) -> Claim:
    """A number of the paper's, rounded as it is printed, beside where one more network would fall."""
    n, mean = len(values), float(np.mean(values))
    rounding = 0.5 * 10.0 ** -len(f"{number:g}".partition(".")[2])
    if n < 2:
        near = abs(mean - number) <= reported.UNCERTAINTY
        return Claim(section, paper, f"{mean:.2f}", str(n), REPRODUCED if near else OPEN)
    low, high = statistics.one_more(values) if np.ptp(values) else (mean, mean)
    inside = low - rounding <= number <= high + rounding
    ours = f"{mean:.2f}; one network {low:.2f} … {high:.2f}"
    return Claim(section, paper, ours, str(n), REPRODUCED if inside else NOT)


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


def test_errors(records: Sequence[Record]) -> list[float]:
    """Test error of each network after its last pass, percent."""
    return [statistics.percent(record) for record in records]


def during_last(records: Sequence[Record]) -> list[float]:
    """Training error during the last pass of each network, percent."""
    return [statistics.by_pass(record, "train")[-1] for record in records]


# --- the claims -------------------------------------------------------------------------------------


def beside(settled: Iterable[Claim], other: Iterable[Claim]) -> Iterator[Claim]:
    """The claims by LeNet-5 (1998), each followed by the same by the other reading of the loss (D7)."""
    for claim, again in zip(settled, other, strict=True):
        yield claim
        yield again._replace(how=", ".join(filter(None, (again.how, BY_HALF_EQ8.label))))


def of_training(plain: Sequence[Record], distorted: Sequence[Record]) -> Iterator[Claim]:
    """Section III-B, from the networks of one reading of the loss, without and with distortions."""
    error, distorted_error = (reported.TEST_ERROR[row.name] for row in (LENET5, LENET5_DISTORTIONS))
    train = reported.TRAINING_ERROR
    yield printed("III-B", f"the test error is {error:g} %", error, test_errors(plain))
    yield printed("III-B", f"with distortions it is {distorted_error:g} %", distorted_error,
                  test_errors(distorted))  # fmt: skip
    yield printed("III-B", f"the training error ends at {train:g} %", train, during_last(plain))
    yield compared("III-B", "distortions lower the error", distorted, plain, rises=False)

    by_pass = np.array([statistics.by_pass(record, "test") for record in plain])
    later = by_pass[:, -1] - by_pass[:, SETTLED_BY - 1]
    low, high = statistics.interval(later)
    yield Claim("III-B", "the test error has converged after 10 to 12 passes",
                f"{later.mean():+.2f} ({low:+.2f} … {high:+.2f}) points from pass {SETTLED_BY} to "
                f"{by_pass.shape[1]}", str(len(later)), none(low, high))  # fmt: skip
    mean = by_pass.mean(0)
    rise = mean[-1] - mean.min()
    yield Claim("III-B", "there is no overtraining",
                f"the mean ends {rise:.2f} points above its lowest of {len(mean)} passes",
                str(len(later)),
                REPRODUCED if rise <= reported.UNCERTAINTY else NOT)  # fmt: skip

    low, high = (f([r["passes"][0][f"{which}_step"] for r in plain])
                 for f, which in ((min, "smallest"), (max, "largest")))  # fmt: skip
    paper_low, paper_high = reported.FIRST_PASS_STEPS
    near = max(abs(np.log(low / paper_low)), abs(np.log(high / paper_high))) <= np.log(STEPS)
    yield Claim("III-B", f"the steps of the first pass run from {paper_low:.0e} to {paper_high:g}",
                f"{low:.1e} to {high:.3f}", str(len(plain)), REPRODUCED if near else NOT)  # fmt: skip


def of_patterns(
    of_size: Mapping[int, Sequence[Record]], longer: Mapping[int, Sequence[Record]]
) -> Iterator[Claim]:
    """More patterns, Fig. 6 and eq. 1: networks of one reading of the loss by the size of their sets.

    `longer` are those that the smaller sets were presented to as often as all to the others.
    """
    for size in sorted(longer):
        for kind, in_figure, errors in (
            ("test", reported.FIGURE_6_TEST, test_errors),
            ("training", reported.FIGURE_6_TRAIN, during_last),
        ):
            paper = f"with {size:,} patterns the {kind} error is {in_figure[size]:g} %"
            for records, how in (
                (of_size[size], ""),
                (longer[size], f"{len(longer[size][0]['passes'])} passes"),
            ):
                claim = printed("III-B, Fig. 6", paper, in_figure[size], errors(records))
                yield claim._replace(how=how)
    paper = ("the gap between test and training error falls as a power of the number of patterns, "
             f"{EXPONENT[0]:g} to {EXPONENT[1]:g}")  # fmt: skip
    yield exponent(of_size, "I-B, eq. 1", paper)
    as_many = exponent({**of_size, **longer}, "I-B, eq. 1", paper)
    yield as_many._replace(how="more passes")


def by_size(rows: Iterable[Row[Recipe]], runs: Runs) -> dict[int, list[Record]]:
    """The records of rows of Fig. 6 by the number of their training patterns."""
    return {figure6.size_of(row): recorded(row, runs) for row in rows}


def exponent(of_size: Mapping[int, Sequence[Record]], section: str, paper: str) -> Claim:
    """Eq. 1's exponent, as the slope of the logarithms, from networks by the size of their sets."""
    sizes, gaps = [], []
    for size, records in of_size.items():
        for record in records:
            sizes.append(size)
            gaps.append(statistics.percent(record) - 100 * record["train_errors"] / size)
    fit = stats.linregress(np.log(sizes), np.log(gaps))
    slope, half = -fit.slope, stats.t.ppf(0.975, len(sizes) - 2) * fit.stderr
    low, high = slope - half, slope + half
    if high < EXPONENT[0] or low > EXPONENT[1]:
        verdict = NOT
    else:
        verdict = REPRODUCED if low >= EXPONENT[0] and high <= EXPONENT[1] else OPEN
    ours = f"{slope:.2f} ({low:.2f} … {high:.2f}), from {min(sizes):,} to {max(sizes):,}"
    return Claim(section, paper, ours, str(len(sizes)), verdict)


def of_details(runs: Runs) -> Iterator[Claim]:
    """What the appendices and section II say of the details, by the ladder and the readings."""
    of = {rung.name: recorded(rung.row, runs) for rung in LADDER}
    base = of["rate"]
    reading = {row.name.removeprefix("reading-"): recorded(row, runs, datasets.MNIST_HELD_OUT)
               for row in ALTERNATIVES}  # fmt: skip
    literal = [statistics.percent(record) for record in reading["literal"]]
    yield Claim("III-B, app. A, C", "weights from ±2.4 / F, curvature anew before each pass: trains",
                f"held out {np.mean(literal):.0f} %", str(len(literal)),
                NOT if np.mean(literal) > 10 else REPRODUCED)  # fmt: skip
    yield compared("app. C", "the curvature of 500 patterns before a pass serves for that pass",
                   reading["latest"], reading["settled"], rises=None)._replace(
        section="app. C, held out"
    )  # fmt: skip
    tried = rates.table_of(LADDER, runs, "change")
    spread, n = {}, 0
    for title in ("LeNet-5 (1998)", "SGD"):
        lines = tried[(tried["change"] == title) & tried["rate"].between(0.1, 1)]
        spread[title], n = np.ptp(lines["held_out_error"]), int(lines["n"].min())
    yield Claim("app. C, held out", "the method needs little tuning of its rate",
                f"over a factor of ten the error varies by {spread['LeNet-5 (1998)']:.2f} points, with "
                f"SGD by {spread['SGD']:.2f}", f"{n} a rate",
                REPRODUCED if n > 1 and 2 * spread["LeNet-5 (1998)"] < spread["SGD"]
                else OPEN)  # fmt: skip
    yield compared("app. B", "steps after single patterns beat batches (64 of them here)",
                   of["batch"], base, rises=True)  # fmt: skip
    yield compared("app. A", "the scale of the squashing function does not affect the result",
                   of["tanh"], base, rises=None)  # fmt: skip
    yield compared("II-B", "C3 need not look at all maps of S2", base, of["full"], rises=None)


def of_rates(results: Path) -> Iterator[Claim]:
    """Rates on two networks of today: results/figures/little_tuning.csv."""
    if not (path := results / "figures" / "little_tuning.csv").exists():
        return
    table = pd.read_csv(path)
    spans = table.groupby(["network", "optimizer"])["mean"].agg(np.ptp).unstack("optimizer")
    less = spans["SDLM"] < spans["SGD"]
    found = (
        f"{line.SDLM:.0f} points with SDLM, {line.SGD:.0f} with SGD" for line in spans.itertuples()
    )
    yield Claim("app. C, held out", "little tuning, on a small convolutional and a connected network",
                f"from the best to the worst of five rates {'; '.join(found)}",
                f"{table['n'].min()} a rate",
                REPRODUCED if less.all() else OPEN if less.any() else NOT)  # fmt: skip


def of_codes(results: Path) -> Iterator[Claim]:
    """Distributed codes and what is no character: results/rubbish.json."""
    if not (path := results / "rubbish.json").exists():
        return
    found = json.loads(path.read_text())["accepted"]
    for kind, of_bitmaps in found["bitmaps"].items():
        of_ten = found["one of ten"][kind]
        _, low, high, *_ = statistics.welch(of_bitmaps, of_ten)
        yield Claim("II-B", f"bitmaps refuse what is no character better than one unit a class: {kind}",
                    f"taken for digits: {np.mean(of_bitmaps):.1f} % with bitmaps, "
                    f"{np.mean(of_ten):.1f} % with one of ten", f"{len(of_bitmaps)}, {len(of_ten)}",
                    sign(low, high, rises=False))  # fmt: skip


def of_passes(results: Path) -> Iterator[Claim]:
    """More passes than the paper's, and the weights in the first ones: results/forty_passes.json."""
    if not (path := results / "forty_passes.json").exists():
        return
    record = json.loads(path.read_text())
    errors, _ = forty_passes.by_pass(record, "LeNet-5")
    last, more = len(SCHEDULE), errors.shape[1]
    later = errors[:, -1] - errors[:, last - 1]
    low, high = statistics.interval(later)
    yield Claim("III-B, held out", f"there is no overtraining, in {more} passes",
                f"{later.mean():+.2f} ({low:+.2f} … {high:+.2f}) points from pass {last} to {more}",
                str(len(later)), no_rise(low, high))  # fmt: skip
    for network in forty_passes.ROWS:
        _, size = forty_passes.by_pass(record, network)
        ratio = size / size[:, :1]
        low, high = statistics.interval(ratio[:, 1 : 1 + FEW].min(1) - 1)
        least = {layer: of.min() for layer, of in forty_passes.ratios(record, network).items()
                 if layer != "all" and of.min() < 1}  # fmt: skip
        shrunk = ", ".join(f"{layer} ({ratio:.2f})" for layer, ratio in least.items()) or "none"
        yield Claim("III-C.5, held out", f"weights shrink in the first few passes: {network}",
                    f"{ratio[:, 1].mean():.2f} times as large after the first pass, "
                    f"{ratio[:, -1].mean():.2f} after the last; layers that shrink: {shrunk}",
                    str(len(ratio)), sign(low, high, rises=False))  # fmt: skip


def of_centers(results: Path) -> Iterator[Claim]:
    """What becomes of centers that are trained: results/collapse.json."""
    if not (path := results / "collapse.json").exists():
        return
    record = json.loads(path.read_text())
    before = record["distance_before"]
    for name, paper, falls in (
        ("eq. 8", "trained, the centers fall together under eq. 8", True),
        ("eq. 9", "trained, the centers do not fall together under eq. 9", False),
    ):
        of = record["measured"][name]
        slow, fast = (of[str(times)] for times in collapse.TIMES[1:])
        fallen = [distance < COLLAPSED * before for distance in fast["distance"]]
        yield Claim("II-C, held out", paper,
                    f"squared distance {before:.0f} before, {np.mean(fast['distance']):.2f} after at "
                    f"{collapse.TIMES[2]} times the rate of the weights (error "
                    f"{np.mean(fast['error']):.0f} %), {np.mean(slow['distance']):.0f} at the same rate",
                    str(len(fallen)),
                    REPRODUCED if set(fallen) == {falls} else NOT if set(fallen) == {not falls}
                    else OPEN)  # fmt: skip


def of_early_stop(results: Path) -> Iterator[Claim]:
    """What boosting costs where the first network is sure: results/methods/boosted-lenet4.json."""
    record = methods.recorded(classifiers.FITTED["boosted-lenet4"], results)
    if record is None or not (by_share := record.get("test_errors_by_share")):
        return
    cost = [1 + 2 * k / boosting.SHARES for k in range(1 + boosting.SHARES)]
    percent = [100 * errors / record["dataset"]["test_patterns"] for errors in by_share]
    of_paper = percent[cost.index(BOOSTED_COST)]
    least = next(c for c, error in zip(cost, percent, strict=True) if error <= percent[-1])
    yield Claim("III-C.9", f"boosted LeNet-4 costs {BOOSTED_COST:g} times one network on average",
                f"{of_paper:.2f} % at that cost, {percent[-1]:.2f} % at three times; no more errors "
                f"than these from {least:.2f} times on", "1",
                REPRODUCED if of_paper - percent[-1] <= reported.UNCERTAINTY else NOT)  # fmt: skip


def of_others(runs: Runs, results: Path) -> Iterator[Claim]:
    """The other classifiers, invariance, cost."""
    bars = classifiers.table_of(results).set_index("name")
    for name in ("lenet1", "lenet4", "boosted-lenet4"):
        bar, row = bars.loc[name], classifiers.ROWS.get(name)
        values = [statistics.percent(r) for r in recorded(row, runs)] if row else [bar["error"]]
        if not np.isnan(values).any() and values:
            yield printed("III-C, Fig. 9", f"{bar['method']}: {bar['error_paper']:g} %",
                          bar["error_paper"], values)  # fmt: skip
    measured, _ = figure13.recorded_numbers(results / figure13.EXHIBIT.FOLDER)
    noisy = measured[measured["network"] == NOISE.name]
    errors = figure13.means(measured)[NOISE.name]
    for name, (paper_low, paper_high) in reported.INVARIANCE.items():
        change = CHANGES[name]
        low, high = figure13.accurate_range(errors[name], change.same)
        estimate = figure13.written_range((paper_low, paper_high), change)
        yield Claim("III-E", f"characters are still read well, {change.title}: {estimate}",
                    f"fewer than {figure13.ACCURATE:g} % errors: "
                    f"{figure13.written_range((low, high), change)}; at the ends of the paper's range "
                    f"{errors[name][paper_low]:.0f} and {errors[name][paper_high]:.0f} %",
                    str(noisy["seed"].nunique()),
                    REPRODUCED if low <= paper_low and high >= paper_high else NOT)  # fmt: skip
    network = LENET5.recipe.build(None)
    ours = costs.multiply_adds(network)
    yield Claim("III-C, Fig. 11", f"{bars.loc[LENET5.name]['multiply_adds_paper']:,.0f} thousand "
                "multiply-accumulates", f"{ours / 1000:,.0f} thousand", "–", NOT)  # fmt: skip
    parameters = costs.parameters(network)
    yield Claim("II-B", "60,000 trainable parameters", f"{parameters:,}", "–",
                REPRODUCED if parameters == 60_000 else NOT)  # fmt: skip
    sweep = json.loads((results / "figures" / "sdnn.json").read_text())
    saved = sweep["multiply_adds_each"] / sweep["multiply_adds_sweep"]
    yield Claim("VII", "a sweep over a wide field costs far less than the network at each place",
                f"{saved:.1f} times fewer products for {sweep['answers']} answers", "–",
                REPRODUCED if saved > 2 else NOT)  # fmt: skip


def table_of(results: Path) -> pd.DataFrame:
    """Every claim, in the order of the network, its training, and what is said of it."""
    runs = Runs(results)
    either = ((LENET5, LENET5_DISTORTIONS), EXPLAINS)
    of_sets = (((*FIGURE_6, LENET5), FIGURE_6_LONG),
               ((*FIGURE_6_EXPLAINS, EXPLAINS[0]), FIGURE_6_EXPLAINS_LONG))  # fmt: skip
    training = (of_training(*(recorded(row, runs) for row in rows)) for rows in either)
    patterns = (of_patterns(*(by_size(rows, runs) for rows in sets)) for sets in of_sets)
    found = [*beside(*training), *of_passes(results), *beside(*patterns), *of_details(runs),
             *of_rates(results), *of_centers(results), *of_codes(results), *of_early_stop(results),
             *of_others(runs, results)]  # fmt: skip
    return pd.DataFrame(found, columns=Claim._fields)


def words(results: Path) -> str:
    """The sentence of results/README.md."""
    return findings.counted(pd.read_csv(results / "claims.csv"))


def markdown(results: Path) -> str:
    """The content of results/claims.md."""
    text = f"{words(results)}\n\n{findings.claims_table(results)}\n{NOTES}"
    return tables.headed("claims", __doc__, text)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write the table from the records."""
    args = options.parser("claims", __doc__, options.RESULTS).parse_args(argv)
    table = table_of(args.out)
    write_whole(args.out / "claims.csv", table.to_csv(index=False).encode())
    write_whole(args.out / "claims.md", markdown(args.out).encode())
    again = table["how"].ne("")
    table["paper"] = table["paper"].where(~again, "  " + table["how"])
    lines = table[["paper", "ours", "verdict"]].to_dict("records")
    Console(highlight=False, markup=False).print(
        tables.grid("What the paper claims", lines, numbers=False)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
