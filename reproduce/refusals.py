"""Both errors of none of these: digits that are refused, and accepted what is no digit.

Draws results/figures/refusals.png and .svg from verdicts.json, and writes refusals.csv: for each kind of
what is no digit the part that is accepted, against the part of the right answers to MNIST's test digits
that is refused, as the threshold varies. `python -m reproduce.verdicts` measures both.

On two cores it takes seconds.
"""

import argparse
import json
import sys
from itertools import product
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from .verdicts import BOTH, BY_EQ_9, NETWORKS, RIGHT
from .writing import drawing, exhibit

WAYS = {BOTH: "none", BY_EQ_9: BY_EQ_9}
"""How the table of verdicts calls what each way refuses."""
LABELS = {BOTH: "by doubt and eq. 9", BY_EQ_9: "by eq. 9 alone"}
STYLES = {BOTH: (drawing.OURS, "-"), BY_EQ_9: (drawing.OTHER, "--")}
MARKERS = "osv^D"
"""Of the kinds of what is no digit."""
TICKS = (0.1, 0.3, 1, 3, 10, 30, 100)


def numbers(record: dict[str, Any]) -> pd.DataFrame:
    """A line for each point of each curve, percent; the thresholds of the package among them."""
    lines = []
    for network, curves in record["curves"].items():
        shares = record["shares"][network]
        for way, name in WAYS.items():
            for kind, accepted in curves[way].items():
                points = [*zip(record["refused"], accepted, [False] * len(accepted), strict=True)]
                points.append((shares[RIGHT][name], 100 - shares[kind][name], True))
                for refused, share, threshold in points:
                    lines.append(
                        {"network": network, "way": way, "kind": kind, "refused": refused,
                         "accepted": share, "threshold": threshold}
                    )  # fmt: skip
    return pd.DataFrame(lines)


def draw(table: pd.DataFrame) -> Figure:
    """A panel for each network: a colour for each way, a marker for each kind.

    The thresholds of the package are marked larger. A curve that comes to nothing ends below 0.1 %.
    """
    figure = Figure(figsize=(7, 6.4), layout="constrained")
    panels = figure.subplots(len(NETWORKS), 1, sharex=True)
    kinds = list(table["kind"].unique())
    for axes, network in zip(panels, NETWORKS, strict=True):
        for (kind, marker), way in product(zip(kinds, MARKERS, strict=True), WAYS):
            of = table[(table[["network", "way", "kind"]] == [network, way, kind]).all(axis=1)]
            curve, (at,) = of[~of["threshold"]], of[of["threshold"]].itertuples()
            colour, line = STYLES[way]
            axes.plot(curve["refused"], curve["accepted"], marker + line, color=colour, linewidth=1,
                      markersize=3)  # fmt: skip
            axes.plot(at.refused, at.accepted, marker, color=colour, markersize=8,
                      markeredgecolor="0.2")  # fmt: skip
        axes.set(xscale="log", yscale="log", xlim=(0.095, 10.5), ylim=(0.1, 100),
                 ylabel="accepted of\nwhat is no digit, %")  # fmt: skip
        axes.set_title(network, fontsize=11)
        axes.set_xticks(TICKS[:5], [f"{tick:g}" for tick in TICKS[:5]])
        axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    panels[-1].set_xlabel("right answers refused, %")
    for way, (colour, line) in STYLES.items():
        panels[0].plot([], [], line, color=colour, label=LABELS[way])
    panels[0].plot([], [], "o", color="white", markersize=8, markeredgecolor="0.2",
                   label="the package's threshold")  # fmt: skip
    for kind, marker in zip(kinds, MARKERS, strict=True):
        panels[0].plot([], [], marker, color="0.3", markersize=5, label=kind)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def sentence(table: pd.DataFrame) -> str:
    """What is accepted at the package's thresholds, over all kinds alike."""
    at = table[table["threshold"]].groupby(["network", "way"], sort=False)["accepted"].mean()
    said = [
        f"{network} accepts {at[network, BOTH]:.0f} % of what is no digit, by eq. 9 alone "
        f"{at[network, BY_EQ_9]:.0f} %"
        for network in NETWORKS
    ]
    return f"At the thresholds of the package, {'; '.join(said)} (the mean over the kinds)."


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the record of verdicts."""
    path = args.out / "verdicts.json"
    if not path.exists():
        console.print(
            f"{args.out} has no record of verdicts: python -m reproduce.verdicts measures it.",
            soft_wrap=True,
        )
        return None
    table = numbers(json.loads(path.read_text(encoding="utf-8"))).round(3)
    return draw(table), table


EXHIBIT = exhibit.Figure("refusals", __doc__, picture=picture, sentence=sentence, seeds=None)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
