"""The claims table: what the paper says, section by section, and what comes out when it is tried.

Everything is made from what is on record; nothing is trained and nothing measured. Writes
results/claims.csv and .md.

On two cores it takes seconds.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from scipy import stats

from paper_lenet5.files import write_whole
from paper_lenet5.recipe import SCHEDULE, Recipe

from . import collapse, figure6, figure13, forty_passes, little_tuning, step_sizes
from .measures import costs, statistics
from .measures.invariance import CHANGES
from .measures.judging import (
    FACTOR,
    FAR_LESS,
    FEWEST,
    NOT,
    OPEN,
    REPRODUCED,
    SHARE,
    TRAINED,
    Claim,
    compared,
    counted,
    far_less,
    in_view,
    learned,
    less_tuning,
    no_rise,
    none,
    printed,
    reaches,
    sign,
    steps,
)
from .rows import datasets, reported
from .rows.readings import ALTERNATIVES, BY_HALF_EQ8, HALF_EQ8
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
from .rows.row import AnyRow, Rated, Record, Row
from .running.errors import NoRecords
from .running.runs import Runs, recorded
from .section_iii_c.claimed import of_section_iii_c
from .writing import findings, options, tables

EXPONENT = (0.5, 1.0)
"""Of the gap between test and training error in the number of patterns (eq. 1)."""
SETTLED_BY = 12
"""The pass after which the test error has converged (section III-B)."""
FEW = 5
"""The first few passes, in which weights shrink (section III-C.5)."""
COLLAPSED = 0.01
"""Centers have fallen together where their squared distance is this share of that of the bitmaps."""
ROUGHLY = 0.2
"""How far mean and variance of the input may be from what they roughly are."""
VERDICTS = f"""\
Errors in percent of the test set after the last pass unless it says otherwise; intervals hold 95 %.

A printed number is *reproduced* if, before it was rounded, it may lie where one more of our networks
would with 95 % probability: a rule that is kinder where networks are few or differ much. Of fewer than
{FEWEST} networks their mean has to be within the paper's own uncertainty of ±{reported.UNCERTAINTY:g}
points, and nothing is refuted; of a classifier that is fitted once, and has no seeds, within that or
{100 * SHARE:g} %. A difference is reproduced if its interval is on the side that the paper names, or,
where it says that there is none, within that uncertainty; without seeds it counts from
±{reported.UNCERTAINTY:g} on. *Cannot be told*: the interval allows both. *Consistent*: it would be
reproduced, but our reading of the paper was chosen with that in view (DEVIATIONS.md), so that it could
hardly come out otherwise.
"""
DETAILS = f"""\
Steps, by the medians over our networks, and costs compared are reproduced within a factor of {FACTOR:g}.
A network has learned with at most {TRAINED} % of errors. Little tuning is a smaller spread of the means
over a factor of ten of the rate, the best in its middle; on the two small networks, over all rates that
were tried. The interval of the difference is Welch's, of the four means that are the ends of both
spreads. Centers have fallen together where their squared distance is below {100 * COLLAPSED:g} % of what
it was, and have not where most of it is left. Mean and variance of the inputs are roughly what is said
within {ROUGHLY:g}. A sweep costs far less by a factor of {FAR_LESS} or more.
"""
ITALICS = f"""\
Lines in italics try the claim above them in another way: by *{BY_HALF_EQ8.label}* in place of the loss
of LeNet-5 (1998), or with so many *passes* over the smaller sets of Fig. 6 that they are presented as
often as all patterns.
"""


def needed(row: AnyRow, runs: Runs, dataset: str = "mnist") -> list[Record]:
    """All records of the row on that data. Raises NoRecords where there are none."""
    if not (found := recorded(row, runs, dataset)):
        raise NoRecords(row.title, runs.folder)
    return found


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
    for claim in (
        printed("III-B", f"the test error is {error:g} %", error, test_errors(plain)),
        printed("III-B", f"with distortions it is {distorted_error:g} %", distorted_error,
                test_errors(distorted)),
        printed("III-B", f"the training error ends at {train:g} %", train, during_last(plain)),
        compared("III-B", "distortions lower the error", distorted, plain, rises=False),
    ):  # fmt: skip
        yield in_view(claim)

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
                str(len(later)), no_rise(rise, rise))  # fmt: skip

    low, high = step_sizes.ends(plain).median()
    paper_low, paper_high = reported.FIRST_PASS_STEPS
    yield in_view(Claim(
        "III-B", f"the steps of the first pass run from {paper_low:.0e} to {paper_high:g}",
        f"{low:.1e} to {high:.3f} (medians over networks)", str(len(plain)),
        steps((low, high), reported.FIRST_PASS_STEPS),
    ))  # fmt: skip


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
    return {figure6.size_of(row): needed(row, runs) for row in rows}


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
    rungs = {rung.name: rung for rung in LADDER}
    of = {name: needed(rung.row, runs) for name, rung in rungs.items()}
    base = of["rate"]
    reading = {row.name.removeprefix("reading-"): needed(row, runs, datasets.MNIST_HELD_OUT)
               for row in ALTERNATIVES}  # fmt: skip
    yield to_the_letter(reading["literal"])
    serves = "the curvature of 500 patterns before a pass serves for that pass"
    yield compared("app. C, held out", serves, reading["latest"], reading["settled"], rises=None)
    half = needed(HALF_EQ8, runs, datasets.MNIST_HELD_OUT)
    yield compared(
        "app. C, held out", serves, reading["half-eq8-latest"], half, rises=None
    )._replace(how=BY_HALF_EQ8.label)
    yield less_tuning("app. C, held out", "the method needs little tuning of its rate",
                      around_the_best(rungs["rate"], runs), around_the_best(rungs["sgd"], runs),
                      "over a factor of ten")  # fmt: skip
    yield compared("app. B", "steps after single patterns beat batches (64 of them here)",
                   of["batch"], base, rises=True)  # fmt: skip
    yield compared("app. A", "the scale of the squashing function does not affect the result",
                   of["tanh"], base, rises=None)  # fmt: skip
    yield compared("II-B", "C3 need not look at all maps of S2", base, of["full"], rises=None)


def to_the_letter(records: Sequence[Record]) -> Claim:
    """Whether networks learn at all with the printed weights and the latest curvature."""
    errors = test_errors(records)
    return Claim("III-B, app. A, C", "weights from ±2.4 / F, curvature anew before each pass: trains",
                 f"held out {min(errors):.0f} to {max(errors):.0f} %", str(len(errors)),
                 learned(errors))  # fmt: skip


def around_the_best(rung: Rated, runs: Runs) -> dict[float, list[float]]:
    """Held-out errors of the networks at the chosen rate and at its neighbours, by the rate."""
    tried = sorted(rung.candidates)
    middle = tried.index(rung.chosen)
    return {
        rate: test_errors(needed(rung.candidates[rate], runs, datasets.MNIST_HELD_OUT))
        for rate in tried[middle - 1 : middle + 2]
    }


def of_rates(results: Path) -> Iterator[Claim]:
    """Rates on two networks of today: results/little_tuning.json."""
    if not (path := results / "little_tuning.json").exists():
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    for network in little_tuning.NETWORKS:
        sdlm, sgd = (little_tuning.by_rate(record, network, name) for name in ("SDLM", "SGD"))
        yield less_tuning("app. C, held out", f"little tuning, on a small {network} network",
                          sdlm, sgd, "over a factor of a hundred")  # fmt: skip


def of_codes(results: Path) -> Iterator[Claim]:
    """Distributed codes and what is no character: results/rubbish.json."""
    if not (path := results / "rubbish.json").exists():
        return
    found = json.loads(path.read_text(encoding="utf-8"))["accepted"]
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
    record = json.loads(path.read_text(encoding="utf-8"))
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
    record = json.loads(path.read_text(encoding="utf-8"))
    before = record["distance_before"]
    for name, paper, falls in (
        ("eq. 8", "trained, the centers fall together under eq. 8", True),
        ("eq. 9", "trained, the centers do not fall together under eq. 9", False),
    ):
        of = record["measured"][name]
        slow, fast = (of[str(times)] for times in collapse.TIMES[1:])
        left = np.array(fast["distance"]) / before
        together, apart = (left < COLLAPSED).all(), (left > 0.5).all()
        as_said, otherwise = (together, apart) if falls else (apart, together)
        yield Claim("II-C, held out", paper,
                    f"of their squared distance, {before:.0f}, {np.mean(slow['distance']):.0f} is left "
                    f"at the rate of the weights, {np.mean(fast['distance']):.1f} at "
                    f"{collapse.TIMES[2]} times that rate (error {np.mean(fast['error']):.0f} %)",
                    str(len(left)), REPRODUCED if as_said else NOT if otherwise else OPEN)  # fmt: skip


def of_inputs(results: Path) -> Iterator[Claim]:
    """The values of the training inputs: results/inputs.json."""
    if not (path := results / "inputs.json").exists():
        return
    found = json.loads(path.read_text(encoding="utf-8"))["training"]
    for which, paper in (("mean", 0), ("variance", 1)):
        near = abs(found[which] - paper) <= ROUGHLY
        yield Claim("II-B", f"the inputs have a {which} of roughly {paper}", f"{found[which]:.2f}", "–",
                    REPRODUCED if near else NOT)  # fmt: skip


def of_changes(results: Path) -> Iterator[Claim]:
    """Characters that are made larger, turned and shifted: results/figures/figure13.csv."""
    measured, _ = figure13.recorded_numbers(results / figure13.EXHIBIT.FOLDER)
    noisy = measured[measured["network"] == NOISE.name]
    if noisy.empty:
        return
    errors = figure13.means(measured)[NOISE.name]
    for name, (paper_low, paper_high) in reported.INVARIANCE.items():
        change = CHANGES[name]
        ours = figure13.accurate_range(errors[name], change.same)
        estimate = figure13.written_range((paper_low, paper_high), change)
        yield Claim("III-E", f"characters are still read well, {change.title}: {estimate}",
                    f"fewer than {figure13.ACCURATE:g} % errors: "
                    f"{figure13.written_range(ours, change)}; at the ends of the paper's range "
                    f"{errors[name][paper_low]:.0f} and {errors[name][paper_high]:.0f} %",
                    str(noisy["seed"].nunique()),
                    REPRODUCED if reaches(ours, (paper_low, paper_high)) else NOT)  # fmt: skip


def of_costs(results: Path) -> Iterator[Claim]:
    """Products and parameters of the network, and what a sweep saves: results/figures/sdnn.json."""
    network = LENET5.recipe.build(None)
    thousand = costs.multiply_adds(network) / 1000
    paper = reported.SECTION_III_C[LENET5.name].multiply_adds or np.nan
    yield Claim("III-C, Fig. 11", f"{paper:,.0f} thousand multiply-accumulates",
                f"{thousand:,.0f} thousand", "–", counted(thousand, paper))  # fmt: skip
    parameters = costs.parameters(network)
    yield Claim("II-B", "60,000 trainable parameters", f"{parameters:,}", "–",
                counted(parameters, 60_000))  # fmt: skip
    if not (path := results / "figures" / "sdnn.json").exists():
        return
    sweep = json.loads(path.read_text(encoding="utf-8"))
    saved = sweep["multiply_adds_each"] / sweep["multiply_adds_sweep"]
    yield Claim("VII", "a sweep over a wide field costs far less than the network at each place",
                f"{saved:.1f} times fewer products for {sweep['answers']} answers", "–",
                far_less(saved))  # fmt: skip


def table_of(results: Path) -> pd.DataFrame:
    """Every claim, in the order of the network, its training, and what is said of it."""
    runs = Runs(results)
    either = ((LENET5, LENET5_DISTORTIONS), EXPLAINS)
    of_sets = (((*FIGURE_6, LENET5), FIGURE_6_LONG),
               ((*FIGURE_6_EXPLAINS, EXPLAINS[0]), FIGURE_6_EXPLAINS_LONG))  # fmt: skip
    training = (of_training(*(needed(row, runs) for row in rows)) for rows in either)
    patterns = (of_patterns(*(by_size(rows, runs) for rows in sets)) for sets in of_sets)
    found = [*beside(*training), *of_passes(results), *beside(*patterns), *of_details(runs),
             *of_rates(results), *of_centers(results), *of_codes(results), *of_inputs(results),
             *of_section_iii_c(runs, results), *of_changes(results),
             *of_costs(results)]  # fmt: skip
    return pd.DataFrame(found, columns=Claim._fields)


def words(results: Path) -> str:
    """The sentence of results/README.md."""
    return findings.counted(pd.read_csv(results / "claims.csv"))


def markdown(results: Path) -> str:
    """The content of results/claims.md."""
    text = f"{words(results)}\n\n{findings.claims_table(results)}\n{VERDICTS}\n{DETAILS}\n{ITALICS}"
    return tables.headed("claims", __doc__, text)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write the table from the records."""
    args = options.reader("claims", __doc__).parse_args(argv)
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
