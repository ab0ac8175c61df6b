"""Figure 13: characters made larger, turned, shifted and noisy, and the paper's nine examples.

Draws results/figures/figure13.png and .svg from figure13.csv, which holds what was measured: for each
network, errors on MNIST's 10,000 test images, changed by ever more. `--measure` measures anew the
networks whose weights are in results/runs or in the package: one of each, or the first N with --seeds.
It takes 15 seconds each on one core, 3 minutes for a modern one. `--train` first trains those that
have none.

`--inputs FILE` shows them the paper's nine inputs as well, a .npy file with uint8 (9, 32, 32) in the
grey levels of print, which the project does not have; the answers go to figure13.json in results/yours.

On two cores it takes seconds; measuring 7 minutes.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from torch import Tensor

from paper_lenet5.files import write_whole
from paper_lenet5.mnist import load_mnist
from paper_lenet5.preprocessing import FIELD, preprocess

from .measures.invariance import CHANGES, Change, answers, measure_changes
from .measures.judging import reaches
from .rows import reported
from .rows.recipes import LENET5, LENET5_DISTORTIONS, NOISE, TEXTBOOK
from .rows.row import AnyRow
from .rows.today import MODERN
from .running.record import to_json
from .writing import drawing, exhibit, options, tables

COLUMNS = ["network", "seed", "change", "amount", "errors", "patterns"]
ACCURATE = 5.0
"""Percent: a character is taken to be recognised accurately where fewer are missed."""


@dataclass(frozen=True)
class Curve:
    """A row that is measured, and how its curve looks."""

    row: AnyRow
    label: str
    colour: str
    style: str
    marker: str = ""


CURVES = (
    Curve(LENET5, "recipe of 1998", drawing.OURS, "-"),
    Curve(LENET5_DISTORTIONS, "recipe of 1998, distortions", drawing.OURS, "--"),
    Curve(NOISE, "recipe of 1998, noise", drawing.OURS, "-", "o"),
    Curve(TEXTBOOK, "textbook", drawing.OTHER, ":"),
    Curve(MODERN[0], "modern", drawing.MODERN, "-", "^"),
    Curve(MODERN[1], "modern, distortions", drawing.MODERN, "--", "^"),
)


# --- what was measured ----------------------------------------------------------------------------


def updated(table: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """The lines of both tables; for a network and seed that was measured again, the new ones."""
    if table.empty:
        return measured
    key = ["network", "seed"]
    again = table[key].apply(tuple, axis=1).isin(measured[key].apply(tuple, axis=1))
    return pd.concat([table[~again], measured], ignore_index=True)


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """The lines in the order of CURVES, seeds, CHANGES and amounts, without networks that are gone."""
    places = {"network": [curve.row.name for curve in CURVES], "change": list(CHANGES)}
    table = table[table["network"].isin(places["network"])]
    return table.sort_values(
        ["network", "seed", "change", "amount"],
        key=lambda column: column.map(places[column.name].index) if column.name in places else column,
        ignore_index=True,
    )  # fmt: skip


# --- the paper's nine inputs ----------------------------------------------------------------------


def from_print(pictures: np.ndarray) -> Tensor:
    """Pictures (9, 32, 32) uint8 with light paper and black ink as ours: uint8, paper 0, ink 255.

    Paper is the lightest grey of each picture. Raises ValueError for another shape or type.
    """
    expected = (len(reported.FIGURE_13), FIELD, FIELD)
    if pictures.dtype != np.uint8 or pictures.shape != expected:
        raise ValueError(f"expected uint8 {expected}, got {pictures.dtype} {pictures.shape}")
    grey = torch.from_numpy(pictures).float()
    paper = grey.flatten(1).amax(1)[:, None, None]
    return (255 * (1 - grey / paper)).round().byte()


def nine_inputs(path: str) -> Tensor:
    """The inputs (9, 1, 32, 32) of the pictures in a .npy file, as --inputs takes it."""
    try:
        return preprocess(from_print(np.load(path)))
    except (OSError, EOFError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise argparse.ArgumentTypeError(f"{path} cannot be read: {why}") from None


def as_in_1998(given: dict[str, dict[str, list[int]]]) -> dict[str, float]:
    """How many of the nine the networks of each row answer as the paper's did, on average."""
    paper = np.array(reported.FIGURE_13)
    return {
        name: float(np.mean([(np.array(nine) == paper).sum() for nine in by_seed.values()]))
        for name, by_seed in given.items()
    }


# --- drawing --------------------------------------------------------------------------------------


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Mean error in percent over seeds: a line for each change and amount, a column for each row."""
    percent = table.assign(percent=100 * table["errors"] / table["patterns"])
    wide = percent.pivot_table(
        index=["change", "amount"], columns="network", values="percent", sort=False
    )
    return wide.sort_index(level="amount", sort_remaining=False)


def accurate_range(error: pd.Series, same: float) -> tuple[float, float]:
    """The amounts (the index) between which the error stays below ACCURATE; nan where it never is.

    They are interpolated linearly, and infinite where the error stays below it to the end.
    """
    if error[same] >= ACCURATE:
        return np.nan, np.nan
    above = error[error.index >= same]
    below = error[error.index <= same][::-1]
    return -_crossing(-below.index, below.to_numpy()), _crossing(above.index, above.to_numpy())


def _crossing(amounts: Sequence[float], error: np.ndarray) -> float:
    over = np.flatnonzero(error >= ACCURATE)
    if len(over) == 0:
        return np.inf
    around = slice(over[0] - 1, over[0] + 1)
    return float(np.interp(ACCURATE, error[around], amounts[around]))


def written_range(ends: tuple[float, float], change: Change) -> str:
    """The range as people read it; an end that was not reached with < or >."""
    low, high = ends
    if np.isnan(low):
        return "none"
    if change.same == change.amounts[0]:
        low = change.same
    first = f"<{change.amounts[0]:g}" if np.isinf(low) else f"{low:.{change.digits}f}"
    last = f">{change.amounts[-1]:g}" if np.isinf(high) else f"{high:.{change.digits}f}"
    return f"{first} … {last}".replace("-", "−")


def ranges(table: pd.DataFrame) -> pd.DataFrame:
    """The paper's estimates and ours as text: a line for each network, a column for each change."""
    by_amount = means(table)
    lines = {"the paper's estimate": {
        name: written_range(ends, CHANGES[name]) for name, ends in reported.INVARIANCE.items()
    }}  # fmt: skip
    for curve in CURVES:
        if (errors := by_amount.get(curve.row.name)) is not None:
            lines[curve.label] = {
                name: written_range(accurate_range(errors[name], change.same), change)
                for name, change in CHANGES.items()
            }
    return pd.DataFrame.from_dict(lines, orient="index", columns=list(CHANGES)).fillna("")


def draw(table: pd.DataFrame) -> Figure:
    """A panel for each change: mean errors of each network, the paper's estimate shaded."""
    figure = Figure(figsize=(7, 5.2), layout="constrained")
    panels = list(figure.subplots(2, 3, sharey=True).flat)
    by_amount = means(table)
    for (name, change), axes in zip(CHANGES.items(), panels, strict=False):
        if name in reported.INVARIANCE:
            axes.axvspan(*reported.INVARIANCE[name], color=drawing.PAPER, alpha=0.1, linewidth=0,
                         label="the paper's estimate (of three)")  # fmt: skip
        axes.axhline(ACCURATE, color="0.4", linewidth=0.8,
                     label=f"{ACCURATE:.0f} %: taken for accurate")  # fmt: skip
        for curve in CURVES:
            if (errors := by_amount.get(curve.row.name)) is not None:
                axes.plot(errors[name].index, errors[name], curve.style, color=curve.colour,
                          marker=curve.marker, markersize=3.5, label=curve.label)  # fmt: skip
        axes.set(xlabel=change.title, yscale="log", ylim=(0.3, 100))
        axes.set_yticks([1, 5, 10, 100], ["1", "5", "10", "100"])
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    for axes in (panels[0], panels[3]):
        axes.set_ylabel("test error, %")
    panels[-1].axis("off")
    panels[-1].legend(
        *panels[0].get_legend_handles_labels(), frameon=False, loc="center", fontsize=9
    )
    figure.suptitle("Error on MNIST's test set when its characters are changed", fontsize=11)
    return figure


def sentence(table: pd.DataFrame, nine: dict[str, float]) -> str:
    """The paper's estimates and what holds of them for the network that Fig. 13 shows."""
    errors = means(table)[NOISE.name]
    said = []
    for name, estimate in reported.INVARIANCE.items():
        change = CHANGES[name]
        ours = written_range(accurate_range(errors[name], change.same), change)
        said.append(
            f"{change.title} {ours} (the paper's estimate: {written_range(estimate, change)})"
        )
    text = f"The network trained with noise misses fewer than {ACCURATE:.0f} % at " + "; ".join(
        said
    )
    text += f". {against_estimates(table)}"
    if NOISE.name in nine:
        text += (
            f" Of the paper's nine inputs the network trained with noise answers "
            f"{nine[NOISE.name]:.1f} as in 1998 on average."
        )
    return text


def against_estimates(table: pd.DataFrame) -> str:
    """How many of the paper's estimates hold, and how many characters are missed at their ends."""
    of_network, holding = means(table), 0
    for name, estimate in reported.INVARIANCE.items():
        ours = accurate_range(of_network[NOISE.name][name], CHANGES[name].same)
        holding += reaches(ours, estimate)
    text = (
        f"The paper does not say up to which error; by the {ACCURATE:.0f} % that we take "
        f"{holding or 'none'} of its {len(reported.INVARIANCE)} estimates is reproduced"
    )
    missed = []
    for row, title in ((NOISE, "the network trained with noise"),
                       (LENET5_DISTORTIONS, "the one trained with distortions")):  # fmt: skip
        if (errors := of_network.get(row.name)) is not None:
            missed.append(f"for {title}, " + ", ".join(
                f"{CHANGES[name].title.partition(',')[0]} {errors[name][low]:.0f} and "
                f"{errors[name][high]:.0f} %"
                for name, (low, high) in reported.INVARIANCE.items()
            ))  # fmt: skip
    return f"{text}. At the ends of its ranges the errors are: {'; '.join(missed)}."


def markdown(table: pd.DataFrame) -> str:
    """The limits within which each network misses fewer than ACCURATE, beside the paper's."""
    lines = ranges(table).rename(columns={n: c.title for n, c in CHANGES.items()})
    named = lines.rename_axis(f"fewer than {ACCURATE:.0f} % errors").reset_index()
    return tables.markdown(named.to_dict("records"))


def recorded_numbers(folder: Path) -> tuple[pd.DataFrame, dict[str, dict[str, list[int]]]]:
    """The table of figure13.csv and the answers of figure13.json; empty where there are none."""
    measured, given = folder / "figure13.csv", folder / "figure13.json"
    return (
        pd.read_csv(measured) if measured.exists() else pd.DataFrame(columns=COLUMNS),
        json.loads(given.read_text(encoding="utf-8"))["answers"] if given.exists() else {},
    )


def show(table: pd.DataFrame, given: dict[str, dict[str, list[int]]], console: Console) -> None:
    """The paper's estimates and ours, and the answers to the nine inputs."""
    short = {name: change.title.partition(",")[0] for name, change in CHANGES.items()}
    lines = ranges(table).rename(columns=short).rename_axis("").reset_index()
    title = f"Fewer than {ACCURATE:.0f} % errors between"
    console.print(tables.grid(title, lines.to_dict("records")))
    if given:
        console.print("The paper's nine inputs:", *reported.FIGURE_13)
    for name, by_seed in given.items():
        for seed, nine in by_seed.items():
            console.print(f"{name}, seed {seed}:", *nine)


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers: those of figure13.csv, and what is measured if the options say so."""
    folder = args.out / "figures"
    table, given = recorded_numbers(folder)
    if args.measure or args.train or args.inputs is not None:
        models = drawing.networks_of([curve.row for curve in CURVES], args.seeds, args, console)
    if args.inputs is not None:
        for (name, seed), model in models.items():
            given.setdefault(name, {})[str(seed)] = answers(model, args.inputs).tolist()
        write_whole(folder / "figure13.json", to_json({"answers": given}).encode())
    if (args.measure or args.train) and models:
        torch.set_num_threads(1)
        images, labels = load_mnist("test", args.data)
        steps = len(models) * sum(len(change.amounts) for change in CHANGES.values())
        measured = measure_changes(models, preprocess(images), labels)
        lines = pd.DataFrame(track(measured, "Measuring", steps, console=console))
        table = ordered(updated(table, lines))
    if table.empty and args.inputs is not None:  # the answers are new, and drawn beside our curves
        table, _ = recorded_numbers(options.RESULTS / "figures")
    if table.empty:
        console.print(f"{folder}/figure13.csv has no measurement: --measure makes one.")
        return None
    show(table, given, console)
    return draw(table), table


def words(folder: Path) -> str:
    """The sentence and the table of Fig. 13."""
    measured, given = recorded_numbers(folder)
    return f"{sentence(measured, as_in_1998(given))}\n\n{markdown(measured)}"


INPUTS = {"--inputs": {"type": nine_inputs, "metavar": "FILE",
                       "help": "the paper's nine inputs (.npy)"}}  # fmt: skip
EXHIBIT = exhibit.Figure("figure13", __doc__, picture=picture, words=words, seeds=1,
                         options=drawing.MEASURE | INPUTS)  # fmt: skip
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
