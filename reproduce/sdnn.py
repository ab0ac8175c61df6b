"""The space displacement network: strings of digits, read in one sweep. Section VII.

Draws results/figures/sdnn.png and .svg, as the paper's Figs. 25 and 26 are, and writes sdnn.md there
from sdnn.csv, which holds what was measured: for each network, errors on 1,000 strings of 2 to 5 of
MNIST's test digits, for each gap between them, with and without noise. `--measure` measures anew N
networks trained on strings and one LeNet-5 (1998), whose weights are in results/runs or in the package;
half a minute each on one core. `--train` first trains what has none.

On two cores it takes seconds; measuring 2 minutes.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track
from scipy import stats
from torch import Tensor

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.bitmaps import COLUMNS as CODE_COLUMNS
from paper_lenet5.bitmaps import ROWS as CODE_ROWS
from paper_lenet5.files import write_whole
from paper_lenet5.mnist import load_mnist
from paper_lenet5.patterns import generator, inverted
from paper_lenet5.preprocessing import FIELD
from paper_lenet5.reading import read_string
from paper_lenet5.strings import BLANK, STRIDE, string_fields

from .measures import string_errors
from .rows.recipes import LENET5, SDNN
from .running.record import to_json
from .writing import drawing, exhibit, tables
from .writing.options import positive

STRINGS = 1_000
SHOWN = (("2345", 0.0), ("540", 0.0), ("1114", 0.0), ("678", 0.0), ("3514", 0.0), ("2345", 0.1))
"""What the picture shows: the strings of the paper's Figs. 25 and 26, and one of them with noise."""
GAP = 4
"""Pixels between their bounding boxes."""
ANY = "-1 ... 4"
TITLES = {SDNN.name: "trained on strings", LENET5.name: "LeNet-5 (1998)"}


# --- the picture ----------------------------------------------------------------------------------


class Panel(NamedTuple):
    """One string and what becomes of it."""

    truth: str
    noise: float
    inputs: Tensor
    """(1, 1, 32, columns)."""
    codes: Tensor
    """F6's state at each answer, (answers, 84)."""
    raw: str
    """The label of the smallest penalty at each answer, a space for the blank."""
    text: str


@torch.no_grad()
def panels(model: LeNet5, images: Tensor, labels: Tensor) -> list[Panel]:
    """The strings of SHOWN, made of the first digits of each label in the test set, GAP pixels apart."""
    made = []
    for truth, noise in SHOWN:
        chosen = [
            int((labels == int(digit)).nonzero()[truth[:place].count(digit)])
            for place, digit in enumerate(truth)
        ]
        gaps = torch.full((1, len(truth) - 1), GAP)
        field, _ = string_fields(images, torch.tensor([chosen]), gaps, torch.zeros(1).long())
        inputs = inverted(preprocess(field), noise, generator(0, "picture"))
        (penalties,) = string_errors.penalties_with_blank(model, inputs)
        raw = "".join(" " if k == BLANK else str(k) for k in penalties.argmin(0).tolist())
        codes = model.states(inputs)["f6"].flatten(0, 2)
        made.append(Panel(truth, noise, inputs, codes, raw, read_string(penalties).text))
    return made


def draw(shown: Sequence[Panel]) -> Figure:
    """Each string, the F6 code and the raw answer at every position, and what is read."""
    figure = Figure(figsize=(7, 5.9), layout="constrained")
    width = max(panel.inputs.shape[-1] for panel in shown)
    for panel, axes in zip(shown, figure.subplots(3, 2).flat, strict=True):
        draw_panel(axes, panel)
        middle = panel.inputs.shape[-1] / 2
        axes.set(xlim=(middle - width / 2, middle + width / 2), ylim=(50, 3), aspect="equal")
        axes.axis("off")
    figure.suptitle("Input; F6 at every fourth pixel, stretched; its nearest class, nothing for the "
                    "blank between digits;\nand the string read: the best with a blank between any "
                    "two digits", fontsize=10)  # fmt: skip
    return figure


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw one string and what becomes of it; the unit is the pixel of the input."""
    columns = panel.inputs.shape[-1]
    axes.imshow(panel.inputs[0, 0].numpy(), cmap="gray_r", extent=(0, columns, FIELD, 0))
    height = 2 * (STRIDE - 0.5) * CODE_ROWS / CODE_COLUMNS
    for position, (code, label) in enumerate(zip(panel.codes, panel.raw, strict=True)):
        middle, top = FIELD / 2 + STRIDE * position, FIELD + 1
        extent = (middle - 1.75, middle + 1.75, top + height, top)
        axes.imshow(code.view(CODE_ROWS, CODE_COLUMNS).numpy(), cmap="gray_r", vmin=-1.2, vmax=1.2,
                    extent=extent)  # fmt: skip
        axes.text(middle, top + height + 1, label, ha="center", va="top", fontsize=9)
    noise = f"; {100 * panel.noise:.0f} % of pixels inverted" if panel.noise else ""
    right = "" if panel.text == panel.truth else f", not {panel.truth}"
    axes.set_title(f"read: {panel.text}{right}{noise}", fontsize=9, pad=3)


# --- the tables -----------------------------------------------------------------------------------


def error_of(lines: pd.DataFrame) -> str:
    """Mean error of the networks in percent, with its 95 % interval for that many strings (Wilson).

    All networks read the same strings, so these count once.
    """
    n = int(lines["strings"].iloc[0])
    mean = lines["errors"].mean()
    low, high = stats.binomtest(round(mean), n).proportion_ci(method="wilson")
    return f"{100 * mean / n:.1f} ({100 * low:.1f} … {100 * high:.1f})"


def by_length(table: pd.DataFrame) -> list[dict[str, str]]:
    """Errors for gaps of all sizes: a line for each length, a column for each network and noise."""
    table = table[table["gap"] == ANY]
    return [
        {"digits": str(length)}
        | {
            f"{title}{', noise' if noise else ''}": error_of(cell)
            for noise in string_errors.NOISES
            for name, title in TITLES.items()
            if len(cell := lines[(lines["network"] == name) & (lines["noise"] == noise)])
        }
        for length, lines in table.groupby("length")
    ]


def by_gap(table: pd.DataFrame, noise: float) -> list[dict[str, str]]:
    """Errors of the networks trained on strings: a line for each gap, a column for each length."""
    table = table[(table["network"] == SDNN.name) & (table["noise"] == noise)]
    return [
        {"gap, pixels": gap.replace("-", "−")}
        | {f"{n} digits": error_of(cell) for n, cell in lines.groupby("length")}
        for gap, lines in table.groupby("gap", sort=False)
    ]


def sentence(table: pd.DataFrame, cost: dict[str, float]) -> str:
    """What a sweep saves, and what the errors consist of."""
    ours = table[(table["network"] == SDNN.name) & (table["gap"] == ANY)]
    kinds = ours[["errors", "too_short", "too_long"]].sum()
    other = kinds["errors"] - kinds["too_short"] - kinds["too_long"]
    return (
        f"One sweep over {FIELD}×{cost['columns']} pixels gives the same {cost['answers']} answers as "
        "the network applied at each position (largest difference, of the largest penalty: "
        f"{cost['largest_difference']:.0g}) for {cost['multiply_adds_sweep']:,} multiply-adds instead "
        f"of {cost['multiply_adds_each']:,}, "
        f"{cost['multiply_adds_each'] / cost['multiply_adds_sweep']:.1f} times fewer; in PyTorch on one "
        f"core it is {cost['seconds_each'] / cost['seconds_sweep']:.1f} times as fast. Of the misread "
        f"strings {100 * other / kinds['errors']:.0f} % have the right length and a wrong digit, "
        f"{100 * kinds['too_short'] / kinds['errors']:.0f} % are read too short, "
        f"{100 * kinds['too_long'] / kinds['errors']:.0f} % too long."
    )


def markdown(table: pd.DataFrame, cost: dict[str, float]) -> str:
    """The content of results/figures/sdnn.md."""
    networks = table.groupby("network")["seed"].nunique()
    return "\n".join(
        [
            sentence(table, cost),
            "",
            f"Errors are percent of {STRINGS:,} strings of MNIST's test digits that are not read right "
            "in every digit, with the 95 % interval for that many strings; "
            f"mean of {networks[SDNN.name]} networks trained on strings. LeNet-5 (1998), a single "
            "network, has no blank class: every blank has the penalty "
            f"{string_errors.BLANK_PENALTY:g} (D17). "
            "*Noise* means that 10 % of the pixels are inverted. The paper gives no error.",
            "",
            f"Gaps of {ANY.replace('-', '−')} pixels, as in training:",
            "",
            tables.markdown(by_length(table)),
            "Trained on strings, by gap:",
            "",
            tables.markdown(by_gap(table, 0.0)),
            "The same with noise:",
            "",
            tables.markdown(by_gap(table, 0.1)),
        ]
    )


# --- the command ----------------------------------------------------------------------------------


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture, by the first network; writes sdnn.md, and measures if the options say so."""
    models, folder = drawing.networks_of([SDNN], args.seeds, args, console), args.out / "figures"
    if not models:
        return None
    models |= drawing.networks_of([LENET5], 1, args, console)
    torch.set_num_threads(1)
    images, labels = load_mnist("test", args.data)
    first = next(iter(models.values()))
    if args.measure or args.train:
        conditions = (string_errors.LENGTHS, string_errors.GAPS, string_errors.NOISES)
        steps = len(models) * prod(map(len, conditions))
        measured = string_errors.measure_strings(models, images, labels, args.strings)
        table = pd.DataFrame(track(measured, "Measuring", steps, console=console))
        write_whole(folder / "sdnn.csv", table.to_csv(index=False).encode())
        cost = string_errors.compare_costs(first, images)
        write_whole(folder / "sdnn.json", to_json(cost).encode())
    if not (folder / "sdnn.csv").exists():
        console.print(f"{folder}/sdnn.csv has no measurement: --measure makes one.")
        return None
    text = markdown(*recorded_numbers(folder))
    write_whole(folder / "sdnn.md", text.encode())
    console.print(Markdown(text))
    return draw(panels(first, images, labels)), None


def recorded_numbers(folder: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    """What sdnn.csv and sdnn.json of a folder say was measured."""
    return pd.read_csv(folder / "sdnn.csv"), json.loads(
        (folder / "sdnn.json").read_text(encoding="utf-8")
    )


def words(folder: Path) -> str:
    """The sentence and the table by length, which sdnn.md begins with as well."""
    table, cost = recorded_numbers(folder)
    return f"{sentence(table, cost)}\n\n{tables.markdown(by_length(table))}"


LENGTH = {"--strings": {"type": positive, "default": STRINGS, "help": "of each length and gap"}}
EXHIBIT = exhibit.Figure("sdnn", __doc__, picture=picture, words=words, seeds=3,
                         options=drawing.MEASURE | LENGTH)  # fmt: skip
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
