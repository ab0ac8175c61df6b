"""The claims table: what the paper says, section by section, and what comes out when it is tried.

Everything is made from what is on record; nothing is trained and nothing measured. Writes
results/claims.csv and .md.

On two cores it takes seconds.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from scipy import stats

from . import figure13
from .measures import costs, statistics
from .measures.invariance import CHANGES
from .rows import datasets, reported
from .rows.readings import ALTERNATIVES
from .rows.recipes import FIGURE_6, LADDER, LENET5, LENET5_DISTORTIONS, LENET5_EQ8, NOISE
from .rows.row import Record
from .running import rates
from .running.files import write_whole
from .running.runs import Runs, recorded
from .section_iii_c import classifiers
from .writing import findings, options, tables
from .writing.findings import NOT, OPEN, REPRODUCED

EXPONENT = (0.5, 1.0)
"""Of the gap between test and training error in the number of patterns (eq. 1)."""
SETTLED_BY = 12
"""The pass after which the test error has converged (section III-B)."""
DAYS = (2, 3)
"""What the training took on a 200 MHz R10000 (section IV)."""
NOTES = """\
Errors in percent of the test set after the last pass unless it says otherwise; intervals hold 95 %. A
printed number is *reproduced* if it lies where one more of our networks would with 95 % probability; a
difference, if its interval is on the side that the paper names, or, where it says that there is none,
within its own uncertainty of ±0.1 points. *Cannot be told*: the interval allows both.
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


# --- how a verdict is reached -----------------------------------------------------------------------


def printed(section: str, paper: str, number: float, values: Sequence[float]) -> Claim:
    """A number of the paper's, beside where one more of our networks would fall."""
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        near = abs(mean - number) <= reported.UNCERTAINTY
        return Claim(section, paper, f"{mean:.2f}", str(n), REPRODUCED if near else OPEN)
    half = stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) * np.sqrt(1 + 1 / n)
    inside = abs(number - mean) <= half
    ours = f"{mean:.2f}; one network {mean - half:.2f} … {mean + half:.2f}"
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


def curves(records: Sequence[Record]) -> np.ndarray:
    """Test error after each pass, percent (networks, passes)."""
    return np.array(
        [[100 * p["test_errors"] / r["dataset"]["test_patterns"] for p in r["passes"]]
         for r in records]
    )  # fmt: skip


def during_last(records: Sequence[Record]) -> list[float]:
    """Training error during the last pass of each network, percent."""
    return [statistics.training_error([record]) for record in records]


# --- the claims -------------------------------------------------------------------------------------


def of_training(runs: Runs) -> Iterator[Claim]:
    """Section III-B."""
    of_1998, distorted, eq8 = (
        recorded(row, runs) for row in (LENET5, LENET5_DISTORTIONS, LENET5_EQ8)
    )
    errors = [[statistics.percent(r) for r in records] for records in (of_1998, distorted)]
    paper = [reported.TEST_ERROR[row.name] for row in (LENET5, LENET5_DISTORTIONS)]
    yield printed("III-B", f"the test error is {paper[0]:g} %", paper[0], errors[0])
    yield printed("III-B", f"with distortions it is {paper[1]:g} %", paper[1], errors[1])
    yield compared("III-B", "distortions lower the error", distorted, of_1998, rises=False)
    train = reported.FIGURE_5_TRAIN[19]
    yield printed("III-B, Fig. 5", f"the training error ends at {train:g} %", train,
                  during_last(of_1998))  # fmt: skip
    yield printed("the same", "the same, with eq. 8 for the loss", train, during_last(eq8))

    by_pass = curves(of_1998)
    later = by_pass[:, -1] - by_pass[:, SETTLED_BY - 1]
    low, high = statistics.interval(later)
    yield Claim("III-B", "the test error has converged after 10 to 12 passes",
                f"{later.mean():+.2f} ({low:+.2f} … {high:+.2f}) points from pass {SETTLED_BY} to "
                f"{by_pass.shape[1]}", str(len(later)), none(low, high))  # fmt: skip
    mean = by_pass.mean(0)
    rise = mean[-1] - mean.min()
    yield Claim("III-B", "there is no overtraining",
                f"the mean ends {rise:.2f} points above its lowest pass; more than "
                f"{len(mean)} passes were not tried", str(len(later)),
                REPRODUCED if rise <= reported.UNCERTAINTY else NOT)  # fmt: skip

    low, high = (f([r["passes"][0][f"{which}_step"] for r in of_1998])
                 for f, which in ((min, "smallest"), (max, "largest")))  # fmt: skip
    paper_low, paper_high = reported.FIRST_PASS_STEPS
    near = max(abs(np.log(low / paper_low)), abs(np.log(high / paper_high))) <= np.log(1.5)
    yield Claim("III-B", f"the steps of the first pass run from {paper_low:.0e} to {paper_high:g}",
                f"{low:.1e} to {high:.3f}", str(len(of_1998)), REPRODUCED if near else NOT)  # fmt: skip


def of_patterns(runs: Runs) -> Iterator[Claim]:
    """More patterns: Fig. 6, and eq. 1."""
    of_size = {row.recipe.training_patterns or 60_000: recorded(row, runs)
               for row in (*FIGURE_6, LENET5)}  # fmt: skip
    for size, records in of_size.items():
        row = next(r for r in (*FIGURE_6, LENET5) if (r.recipe.training_patterns or 60_000) == size)
        number = reported.FIGURE_6_TEST[row.name]
        yield printed("III-B, Fig. 6", f"with {size:,} patterns the error is {number:g} %", number,
                      [statistics.percent(record) for record in records])  # fmt: skip
    sizes, gaps = [], []
    for size, records in of_size.items():
        for record in records:
            sizes.append(size)
            gaps.append(statistics.percent(record) - 100 * record["train_errors"] / size)
    fit = stats.linregress(np.log(sizes), np.log(gaps))
    exponent, half = -fit.slope, stats.t.ppf(0.975, len(sizes) - 2) * fit.stderr
    low, high = exponent - half, exponent + half
    if high < EXPONENT[0] or low > EXPONENT[1]:
        verdict = NOT
    else:
        verdict = REPRODUCED if low >= EXPONENT[0] and high <= EXPONENT[1] else OPEN
    yield Claim("I-B, eq. 1", "the gap between test and training error falls as a power of the "
                f"number of patterns, {EXPONENT[0]:g} to {EXPONENT[1]:g}",
                f"{exponent:.2f} ({low:.2f} … {high:.2f}), from {min(sizes):,} to {max(sizes):,}",
                str(len(sizes)), verdict)  # fmt: skip


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
                    f"{figure13.written_range((low, high), change)}", str(noisy["seed"].nunique()),
                    REPRODUCED if low <= paper_low and high >= paper_high else NOT)  # fmt: skip
    of_1998 = recorded(LENET5, runs)
    seconds = min(record["seconds"] for record in of_1998)
    fold = [86_400 * days / seconds for days in DAYS]
    yield Claim("IV", f"training takes {DAYS[0]} to {DAYS[1]} days (200 MHz R10000)",
                f"{seconds:.0f} s on one core, {fold[0]:,.0f} to {fold[1]:,.0f} times as fast",
                "1", OPEN)  # fmt: skip
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
    found = [*of_training(runs), *of_patterns(runs), *of_details(runs), *of_rates(results),
             *of_codes(results), *of_others(runs, results)]  # fmt: skip
    return pd.DataFrame(found, columns=Claim._fields)


def words(results: Path) -> str:
    """The sentence of results/README.md."""
    return findings.counted(pd.read_csv(results / "claims.csv"))


def markdown(results: Path) -> str:
    """The content of results/claims.md."""
    return f"{words(results)}\n\n{findings.claims_table(results)}\n{NOTES}"


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write the table from the records."""
    args = options.parser("claims", __doc__, options.RESULTS).parse_args(argv)
    table = table_of(args.out)
    write_whole(args.out / "claims.csv", table.to_csv(index=False).encode())
    write_whole(args.out / "claims.md", markdown(args.out).encode())
    lines = table[["paper", "ours", "verdict"]].to_dict("records")
    Console(highlight=False).print(tables.grid("What the paper claims", lines, numbers=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
