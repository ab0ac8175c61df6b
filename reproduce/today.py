"""How small a network may be today, and misread no more digits than LeNet-5 did in 1998.

Above, ways to train the modern network of LeNet-5's size, on 50,000 training images: what each
comes to on the 10,000 held out. Below, the test errors of the one that comes to least, trained
on all of MNIST, and of smaller networks that are trained alike, with distortions; beside them LeNet-5 of
1998, without distortions and with, and LeNet-1. Draws results/figures/today.png and .svg, and writes
today.csv. `--train` first trains on all of MNIST what has no record, `--candidates` the ways to train on
the held-out images.

On two cores it takes seconds; training half an hour for each of the larger networks.
"""

import argparse
import sys
from collections.abc import Hashable, Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console

from .measures import statistics
from .rows import datasets, today
from .rows.recipes import LENET5, LENET5_DISTORTIONS, OF_1998
from .rows.row import AnyRow, Record
from .running.runs import Runs, recorded
from .running.sweep import runs_of, sweep
from .writing import drawing, exhibit, options, tables

LENET1 = next(network.row for network in OF_1998 if network.name == "lenet1")
BESIDE = {LENET5: "LeNet-5", LENET5_DISTORTIONS: "LeNet-5, distortions", LENET1: "LeNet-1"}
"""Networks of 1998, and what the figure calls them."""
COMPARED = {"plain": LENET5, "distorted": LENET5_DISTORTIONS}
"""Today's networks are compared with both: they see distortions, and LeNet-5 (1998) sees none."""
HELD_OUT, TEST = "held out", "test"
COLUMNS = ["images", "network", "parameters", "error", "sd", "low", "high", "one_low", "one_high", "n",
           *(f"from_{name}{end}" for name in COMPARED for end in ("", "_low", "_high"))]  # fmt: skip
"""`from_plain` and `from_distorted`: how much more it errs than either LeNet-5, with 95 % intervals."""
BARS = "dot: mean; bar: ± one deviation"
SHOWN = {"parameters": "{:,}", "error": "{:.3f}", "sd": "{:.3f}", "n": "{}"}
"""What a terminal shows of the numbers, and in which form."""


def line_of(images: str, row: AnyRow, records: Sequence[Record]) -> dict[str, object]:
    """What a row's networks come to, in percent, with the 95 % intervals of the mean and of one more."""
    error = statistics.error_of(records)
    return {
        "images": images, "network": row.title, "parameters": records[0]["parameters"],
        "error": error["test_error"], "sd": error["test_sd"], "n": error["n"],
        "low": error["ci_low"], "high": error["ci_high"],
        "one_low": error["one_low"], "one_high": error["one_high"],
    }  # fmt: skip


def differences(records: Sequence[Record], runs: Runs) -> dict[str, object]:
    """How much more a row errs on the test set than each of COMPARED: points of percent, Welch."""
    return {
        key.replace("difference", f"from_{name}"): value
        for name, row in COMPARED.items()
        for key, value in statistics.against(records, recorded(row, runs)).items()
        if key.startswith("difference")
    }


def numbers(runs: Runs) -> pd.DataFrame:
    """A line for each candidate on held-out images, and for each network on the test set."""
    lines = [
        line_of(HELD_OUT, row, found)
        for row in today.CANDIDATES
        if (found := recorded(row, runs, datasets.MNIST_HELD_OUT))
    ]
    for row in BESIDE:
        if found := recorded(row, runs):
            lines.append(line_of(TEST, row, found))
    for row in (today.TODAY, *today.SMALLER):
        if found := recorded(row, runs):
            lines.append(line_of(TEST, row, found) | differences(found, runs))
    return pd.DataFrame(lines, columns=COLUMNS)


def draw(table: pd.DataFrame) -> Figure:
    """Ways to train above, sizes below."""
    figure = Figure(figsize=(7, 6.6), layout="constrained")
    (above,), (below,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.2))
    ways, sizes = above.subplots(), below.subplots()
    draw_candidates(ways, table[table["images"] == HELD_OUT])
    draw_sizes(sizes, table[table["images"] == TEST])
    for axes in (ways, sizes):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw_candidates(axes: Axes, lines: pd.DataFrame) -> None:
    """The mean of every candidate with one deviation, the best at the top."""
    lines = lines.sort_values("error", ascending=False)
    for place, line in enumerate(lines.itertuples()):
        face = drawing.MODERN if line.network == today.CHOSEN.title else "white"
        axes.errorbar(line.error, place, xerr=line.sd, fmt="o", color=drawing.MODERN, capsize=3,
                      markerfacecolor=face)  # fmt: skip
    axes.set_yticks(range(len(lines)), lines["network"])
    axes.set_xlabel(f"held-out error, %; {BARS}")
    axes.set_title("Ways to train today's network (filled: chosen)", fontsize=11)
    axes.grid(axis="x", alpha=0.3)


def draw_sizes(axes: Axes, lines: pd.DataFrame) -> None:
    """The mean of every size with one deviation; those of 1998 by their names."""
    names = {row.title: name for row, name in BESIDE.items()}
    of_1998 = lines["network"].isin(names)
    for chosen, colour, marker, line, label in (
        (~of_1998, drawing.MODERN, "o", "-", "recipe of today, with distortions"),
        (of_1998, drawing.OURS, "s", "", "recipe of 1998, ours"),
    ):
        some = lines[chosen].sort_values("parameters")
        axes.errorbar(some["parameters"], some["error"], some["sd"].fillna(0), fmt=marker,
                      linestyle=line, color=colour, capsize=3, label=label)  # fmt: skip
        for one in some.itertuples():
            name = names.get(one.network)
            to_the_left = one.parameters == lines["parameters"].max()
            axes.annotate(f"{name} {one.error:.2f}" if name else f"{one.error:.2f}",
                          (one.parameters, one.error), xytext=(-7, -3) if to_the_left else (6, 5),
                          ha="right" if to_the_left else "left", textcoords="offset points",
                          fontsize=9)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="test error, %")
    ticks = [t for t in (0.25, 0.5, 1, 2, 4) if axes.get_ylim()[0] <= t <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.set_xticks([1_000, 3_000, 10_000, 30_000], ["1,000", "3,000", "10,000", "30,000"])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.set_title("Sizes, trained the best way", fontsize=11)
    axes.legend(frameon=False, fontsize=9, loc="lower left", alignment="left", title=BARS,
                title_fontsize=9)  # fmt: skip


def sentence(table: pd.DataFrame) -> str:
    """Which way to train is best, and how small a network errs no more than LeNet-5, or less."""
    tried, met = (table[table["images"] == of].set_index("network") for of in (HELD_OUT, TEST))
    said = []
    if today.CHOSEN.title in tried.index:
        best = tried.loc[today.CHOSEN.title]
        said.append(
            f"Of {len(tried)} ways to train a network of {best['parameters']:,.0f} parameters today, "
            f"*{today.CHOSEN.title}* errs least on held-out images: "
            f"{best['error']:.2f} ± {best['sd']:.2f} % (n = {best['n']:.0f})."
        )
    if today.TODAY.title in met.index:
        whole = met.loc[today.TODAY.title]
        said.append(
            f"On the test set the network that is trained so errs {whole['error']:.2f} % (95 % interval "
            f"of the mean {whole['low']:.2f} … {whole['high']:.2f}, one more network "
            f"{whole['one_low']:.2f} … {whole['one_high']:.2f}, n = {whole['n']:.0f})."
        )
    return " ".join([*said, *small_enough(met)])


def small_enough(met: pd.DataFrame) -> list[str]:
    """The smallest of today's that errs no more than LeNet-5 did, and that errs less with distortions.

    No more: the interval of the difference is not above 0. Less: it is below 0.
    """
    smaller = met[met.index.isin([row.title for row in today.SMALLER])].sort_values("parameters")
    as_often = smaller[smaller["from_plain_low"] <= 0].head(1).to_dict("records")
    less_often = smaller[smaller["from_distorted_high"] < 0].head(1).to_dict("records")
    said = []
    for line in as_often:
        of_1998 = met.loc[LENET5.title]
        how = "err less often than" if line["from_plain_high"] < 0 else "cannot be told from"
        said.append(
            f"Trained so, networks of {line['parameters']:,.0f} parameters {how} LeNet-5 (1998), of "
            f"{of_1998['parameters']:,.0f}, which sees no distortions: {beside(line, of_1998, 'plain')}."
        )
    for line in less_often:
        of_1998 = met.loc[LENET5_DISTORTIONS.title]
        said.append(
            f"Those of {line['parameters']:,.0f} err less often than LeNet-5 (1998) with distortions: "
            f"{beside(line, of_1998, 'distorted')}."
        )
    return said


def beside(line: Mapping[Hashable, float], of_1998: pd.Series, name: str) -> str:
    """One of today's networks and one of COMPARED: their errors, and the difference."""
    low, high = line[f"from_{name}_low"], line[f"from_{name}_high"]
    return (
        f"{line['error']:.2f} against {of_1998['error']:.2f} %, difference {line[f'from_{name}']:+.2f} "
        f"(95 % interval {low:+.2f} … {high:+.2f}), n = {line['n']:.0f} and {of_1998['n']:.0f}"
    )


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records."""
    runs = Runs(args.out)
    if args.candidates:
        held_out = datasets.held_out(drawing.mnist_of(args))
        work = runs_of(today.CANDIDATES, min(args.seeds, today.SEEDS), held_out)
        sweep(work, runs, console, **options.of_sweep(args))
    drawing.records_of((*BESIDE, today.TODAY, *today.SMALLER), args, console)
    table = numbers(runs).round(4)
    if table.empty:
        return None
    for images, of in table.groupby("images"):
        lines = tables.formatted(of[["network", *SHOWN]], SHOWN)
        console.print(tables.grid(f"Today, errors in %, {images} images", lines))
    return draw(table), table


EXHIBIT = exhibit.Figure(
    "today", __doc__, picture=picture, sentence=sentence, seeds=today.SEEDS,
    options={
        "--candidates": {"action": "store_true",
                         "help": "first train the ways to train on held-out images"}
    },
)  # fmt: skip
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
