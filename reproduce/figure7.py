"""Figure 7: ten patterns and ten distortions of each, and how they are distributed, beside the paper's.

Draws results/figures/figure7.png and .svg, and writes figure7.csv: smallest value, deciles and largest
value of a hundred distortions for each of their five parameters. Needs the training images; nothing
is trained.

On two cores it takes seconds.
"""

import argparse
import sys

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from rich.console import Console
from torch import Tensor
from torch.nn.functional import pad

from paper_lenet5.distort import distort, draw_distortions
from paper_lenet5.mnist import load_mnist

from .rows import reported
from .writing import drawing, exhibit, tables

ORIGINALS = (359, 366, 339, 330, 336, 376, 331, 337, 333, 334)
"""The training images of the paper's ten rows (D10)."""
VERSIONS = 10
TITLES = {"scale": "scale", "squeeze": "squeeze", "shear": "shear",
          "shift_x": "shift right, pixels", "shift_y": "shift down, pixels"}  # fmt: skip
FIGURES = 2_000
"""How many hundreds of distortions are drawn, to see how far one hundred differs from the next."""


def numbers(figures: int = FIGURES, seed: int = 0) -> pd.DataFrame:
    """One line for each parameter and decile: the paper, ours, and where 95 % of our hundreds lie."""
    drawn = draw_distortions(100 * figures, torch.Generator().manual_seed(seed)).double()
    drawn[:, 0] = 1 / drawn[:, 0]  # scale
    percent = np.linspace(0, 100, 11)
    lines = []
    for name, values in zip(TITLES, drawn.T.numpy(), strict=True):
        of_each = np.percentile(values.reshape(figures, 100), percent, axis=1)
        low, high = np.percentile(of_each, [2.5, 97.5], axis=1)
        lines.append(
            pd.DataFrame(
                {
                    "parameter": name,
                    "percent": percent.astype(int),
                    "paper": reported.FIGURE_7[name],
                    "ours": of_each.mean(1),
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(lines, ignore_index=True)


def inside(table: pd.DataFrame) -> pd.Series:
    """Whether the paper's value lies where 95 % of our hundreds have theirs."""
    return table["paper"].between(table["low"], table["high"])


def mosaic(images: Tensor, seed: int = 0) -> Tensor:
    """The ten patterns (10, 28, 28) uint8, each with its distortions to the right: (330, 373) uint8.

    33 pixels for each field of 32, and ten more after the originals.
    """
    parameters = draw_distortions(len(images) * VERSIONS, torch.Generator().manual_seed(seed))
    distorted = distort(images.repeat_interleave(VERSIONS, 0), parameters)
    rows = distorted.view(len(images), VERSIONS, 32, 32)
    fields = [pad(field, (0, 1, 0, 1), value=128) for field in rows.unbind(1)]
    original = pad(pad(images, [2] * 4), (0, 1, 0, 1), value=128)
    gap = original.new_zeros(len(images), 33, 10)
    return torch.cat([original, gap, *fields], 2).flatten(0, 1)


def draw(table: pd.DataFrame, images: Tensor) -> Figure:
    """The patterns, and below them the distributions: our band, our line, the paper's rings."""
    figure = Figure(figsize=(7, 8.4), layout="constrained")
    (top,), (bottom,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(3, 2))
    axes = top.subplots()
    axes.imshow(mosaic(images).numpy(), cmap="gray_r", vmin=0, vmax=255)
    axes.set_xticks([16, 43 + 165], ["MNIST", "ten distortions of each, as ours are drawn"])
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    panels = bottom.subplots(2, 3, sharey=True)
    for (name, title), axes in zip(TITLES.items(), panels.flat, strict=False):
        of_name = table[table["parameter"] == name]
        percent = of_name["percent"]
        axes.fill_betweenx(percent, of_name["low"], of_name["high"], color=drawing.OURS, alpha=0.25,
                           linewidth=0, label="95 % of our hundreds")  # fmt: skip
        axes.plot(of_name["ours"], percent, color=drawing.OURS, label="ours, mean")
        axes.plot(of_name["paper"], percent, "o", color=drawing.PAPER, markerfacecolor="white",
                  markersize=5, label="Fig. 7 of 1998")  # fmt: skip
        axes.set_title(title, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    for axes in panels[:, 0]:
        axes.set_ylabel("% below")
    panels.flat[-1].axis("off")
    panels.flat[-1].legend(*panels.flat[0].get_legend_handles_labels(), frameon=False, loc="center")
    bottom.suptitle("The parameters of a hundred distortions: deciles", fontsize=11)
    return figure


def sentence(table: pd.DataFrame) -> str:
    """How many of the paper's values are such as ours would be, and which are not."""
    near = inside(table)
    by_parameter = near.groupby(table["parameter"], sort=False).agg(["sum", "size"])
    counts = ", ".join(f"{name} {line['sum']}" for name, line in by_parameter.iterrows())
    return (
        f"Of the {len(table)} extremes and deciles of the paper's hundred distortions, {near.sum()} lie "
        f"where 95 % of our hundreds have theirs (of {by_parameter['size'].iloc[0]} each: {counts}). "
        "Our ranges were read from that figure (D10), so this says that they are uniform, and no more."
    )


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn:
    """The picture and its numbers, from the ranges and the training images."""
    images, _ = load_mnist("train", args.data)
    table = numbers().round(4)
    lines = [
        {"%": str(percent)}
        | {
            line.parameter: f"{line.paper:.2f} | {line.ours:.2f}"
            for line in of_percent.itertuples()
        }
        for percent, of_percent in table.groupby("percent")
    ]
    console.print(tables.grid("Smallest, deciles and largest: 1998 | ours", lines))
    return draw(table, images[list(ORIGINALS)]), table


EXHIBIT = exhibit.Figure("figure7", __doc__, picture=picture, sentence=sentence, seeds=None)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
