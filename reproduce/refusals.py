"""Both errors of none of these: digits that are refused, and accepted what is no digit.

Draws results/figures/refusals.png and .svg from verdicts.json, and writes refusals.csv: for each kind of
what is no digit the part that is accepted, against the part of the right answers to MNIST's test digits
that is refused, as the threshold varies. `python -m reproduce.verdicts` measures both.

On two cores it takes seconds.
"""

import argparse
import json
import sys
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from rich.console import Console

from .verdicts import BOTH, BY_EQ_9, NETWORKS, RIGHT
from .writing import exhibit

WAYS = {BOTH: ("none", "-", "s"), BY_EQ_9: (BY_EQ_9, "--", "o")}
"""How the table of verdicts calls what each way refuses, and how its curve looks."""
COLOURS = ("#2166ac", "#67a9cf", "#b2182b", "#e08214", "#5aae61")
TICKS = (0.1, 0.3, 1, 3, 10)


def numbers(record: dict[str, Any]) -> pd.DataFrame:
    """A line for each point of each curve, percent; the thresholds of the package among them."""
    lines = []
    for network, curves in record["curves"].items():
        shares = record["shares"][network]
        for way, (name, _, _) in WAYS.items():
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
    """A panel for each network; the thresholds of the package are marked."""
    figure = Figure(figsize=(7, 3.9), layout=ConstrainedLayoutEngine(wspace=0.05))
    panels = figure.subplots(1, len(NETWORKS), sharey=True)
    kinds = list(table["kind"].unique())
    for axes, network in zip(panels, NETWORKS, strict=True):
        for kind, colour in zip(kinds, COLOURS, strict=True):
            for way, (_, style, marker) in WAYS.items():
                of = table[(table[["network", "way", "kind"]] == [network, way, kind]).all(axis=1)]
                curve, (at,) = of[~of["threshold"]], of[of["threshold"]].itertuples()
                axes.plot(curve["refused"], curve["accepted"], style, color=colour,
                          linewidth=1.6 if way == BOTH else 1)  # fmt: skip
                axes.plot(at.refused, at.accepted, marker, color=colour, markersize=5,
                          markerfacecolor=colour if way == BOTH else "white")  # fmt: skip
        axes.axvline(1, color="black", linewidth=0.8, linestyle=":")
        axes.set(xscale="log", xlim=(0.1, 10), ylim=(0, 100), title=network,
                 xlabel="right answers refused, %")  # fmt: skip
        axes.title.set_fontsize(10)
        axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS], minor=False)
        axes.set_xticks([], minor=True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("accepted of what is no digit, %")
    for kind, colour in zip(kinds, COLOURS, strict=True):
        panels[0].plot([], [], color=colour, label=kind)
    panels[0].plot([], [], "-s", color="black", markersize=5, label="by doubt and eq. 9")
    panels[0].plot([], [], "--o", color="black", markersize=5, markerfacecolor="white",
                   label="by eq. 9 alone")  # fmt: skip
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
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
