"""Figure 8: the test patterns that the network trained with distortions misses, ours and the paper's.

Draws results/figures/figure8.png and .svg: the paper's 82, and how many of our networks miss each, by
either reading of the loss (D7); then those that half of ours miss and the paper's did not. Writes
figure8.csv with one line for each test pattern that the paper or any of our networks missed, and
figure8.md. Reads the records of table 1 and the test set. `--train` first trains what has no record: 50
seconds a network on one core.

On two cores it takes seconds.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import multimode

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor

from paper_lenet5.files import write_whole
from paper_lenet5.mnist import load_mnist

from .rows import reported
from .rows.readings import BY_EQ9, BY_HALF_EQ8, Reading
from .rows.recipes import EXPLAINS, LENET5_DISTORTIONS
from .rows.row import Record
from .writing import drawing, exhibit

ROWS = {BY_EQ9: LENET5_DISTORTIONS, BY_HALF_EQ8: EXPLAINS[1]}
OfReadings = Mapping[Reading, Sequence[Record]]
"""The records of each reading that has any."""
ABREAST = 11
"""Patterns in a line of the picture."""
HEIGHT = 1.75
"""Of a pattern there with its label and bars, which is 1 wide."""


def missed(records: OfReadings, labels: Sequence[int]) -> pd.DataFrame:
    """One line per pattern that anybody missed: its label, the paper's answer, how many of ours.

    The commonest answer of ours is left out where two are as common.
    """
    given: dict[Reading, dict[int, list[int]]] = {reading: {} for reading in records}
    for reading, of_reading in records.items():
        for record in of_reading:
            for index, answer in record["wrong_answers"].items():
                given[reading].setdefault(int(index), []).append(answer)
    indices = sorted(reported.FIGURE_8.keys() | set().union(*given.values()))
    columns: dict[str, object] = {
        "test_index": indices,
        "label": [labels[i] for i in indices],
        "paper_answer": pd.array([reported.FIGURE_8.get(i) for i in indices], dtype="Int64"),
    }
    for reading, ours in given.items():
        columns[f"missed_by{reading.suffix}"] = [len(ours.get(i, [])) for i in indices]
        columns[f"commonest_answer{reading.suffix}"] = pd.array(
            [most[0] if len(most := multimode(ours.get(i, []))) == 1 else None for i in indices],
            dtype="Int64",
        )
    return pd.DataFrame(columns)


def overlap(table: pd.DataFrame, reading: Reading, records: Sequence[Record]) -> dict[str, float]:
    """How much the paper's 82 errors and ours have in common, by one reading."""
    n, patterns = len(records), records[0]["dataset"]["test_patterns"]
    missed_by = table[f"missed_by{reading.suffix}"]
    commonest = table[f"commonest_answer{reading.suffix}"]
    of_paper = missed_by[table["paper_answer"].notna()]
    mean_errors = missed_by.sum() / n
    return {
        "networks": n,
        "mean_errors": mean_errors,
        "of_the_82": of_paper.sum() / n,
        "by_chance": len(of_paper) * mean_errors / patterns,
        "of_the_82_by_all": int((of_paper == n).sum()),
        "of_the_82_by_none": int((of_paper == 0).sum()),
        "of_the_82_by_any": int((of_paper > 0).sum()),
        "by_all": int((missed_by == n).sum()),
        "same_answer": int((commonest == table["paper_answer"]).sum()),
    }


# --- drawing --------------------------------------------------------------------------------------


def draw(table: pd.DataFrame, images: Tensor, records: OfReadings) -> Figure:
    """The paper's 82, and below them what half of our networks miss beside these.

    Under each stand its label and the answer, and for each reading a bar: the share of its networks that
    miss it.
    """
    shares = pd.DataFrame({
        reading: table[f"missed_by{reading.suffix}"] / len(of_reading)
        for reading, of_reading in records.items()
    })  # fmt: skip
    in_paper = table["paper_answer"].notna()
    often = ~in_paper & (shares >= 0.5).any(axis=1)
    parts = {
        f"The {in_paper.sum()} that were missed in 1998, and what they were taken for": in_paper,
        f"{often.sum()} others that half of ours or more miss, by one reading at least": often,
    }
    lines = [max(1, -(-chosen.sum() // ABREAST)) for chosen in parts.values()]
    figure = Figure(figsize=(7, 0.8 + 0.64 * HEIGHT * sum(lines)), layout="constrained")
    for axes, (title, chosen), n in zip(
        figure.subplots(2, 1, height_ratios=lines), parts.items(), lines, strict=True
    ):
        axes.set_title(title, fontsize=10, loc="left")
        axes.axis("off")
        for place, index in enumerate(table.index[chosen]):
            down, along = divmod(place, ABREAST)
            tile(axes, (along, HEIGHT * down), table.loc[index], images, shares.loc[index])
        axes.set(xlim=(0, ABREAST), ylim=(HEIGHT * n, 0), aspect="equal")
    bars = [
        Patch(color=drawing.STYLES[of].colour, label=f"share of ours that miss it, {of.label}")
        for of in records
    ]
    figure.legend(handles=bars, loc="outside upper left", ncols=2, frameon=False, fontsize=9,
                  handleheight=0.3)  # fmt: skip
    return figure


def tile(
    axes: Axes, corner: tuple[float, float], line: pd.Series, images: Tensor, shares: pd.Series
) -> None:
    """One pattern, its label and the answer, and a bar for each reading."""
    left, top = corner
    axes.imshow(images[line["test_index"]].numpy(), cmap="gray_r", vmin=0, vmax=255,
                extent=(left + 0.05, left + 0.95, top + 0.95, top + 0.05))  # fmt: skip
    answers = [line["paper_answer"], *(line[f"commonest_answer{r.suffix}"] for r in shares.index)]
    answer = next((given for given in answers if not pd.isna(given)), "?")
    axes.text(
        left + 0.5, top + 1.14, f"{line['label']}→{answer}", fontsize=9, ha="center", va="center"
    )
    for k, (reading, share) in enumerate(shares.items()):
        for length, colour in ((1, "0.88"), (share, drawing.STYLES[reading].colour)):
            axes.plot([left + 0.08, left + 0.08 + 0.84 * length], [top + 1.4 + 0.14 * k] * 2,
                      color=colour, linewidth=2, solid_capstyle="butt")  # fmt: skip


# --- in words -------------------------------------------------------------------------------------


def compared(counts: Mapping[str, Mapping[str, float]]) -> str:
    """The paper's 82 errors and ours in words, from the `overlap` of every reading, by its label."""

    def each(key: str, form: str = "{}") -> str:
        return " and ".join(dict.fromkeys(form.format(of[key]) for of in counts.values()))

    paper = len(reported.FIGURE_8)
    by = " and ".join(f"{of['mean_errors']:.1f} by {label}" for label, of in counts.items())
    alike = " and ".join(
        f"{of['same_answer']} of {of['of_the_82_by_any']}" for of in counts.values()
    )
    return (
        f"Trained with distortions, the paper's network missed {paper} test patterns (Fig. 8); ours "
        f"miss on average {by} ({each('networks')} networks each), among them "
        f"{each('of_the_82', '{:.1f}')} of those {paper}; {each('by_chance', '{:.1f}')} would be "
        f"expected by chance. {each('of_the_82_by_all')} of the {paper} are missed by all of ours, "
        f"{each('of_the_82_by_none')} by none. Where at least one of ours misses, their most common "
        f"wrong answer is that of 1998 for {alike} (a tie counts as no match). "
        f"Of the whole test set {each('by_all')} patterns are missed by all of ours."
    )


def matrix(confusion: pd.DataFrame) -> str:
    """A mean confusion matrix as a Markdown table; its diagonal, which is no error, is left empty."""
    lines = ["| | " + " | ".join(map(str, range(10))) + " |", "| --- |" + " ---: |" * 10]
    for label, row in confusion.iterrows():
        cells = ["" if label == column else f"{value:.1f}" for column, value in row.items()]
        lines.append(f"| **{label}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def markdown(table: pd.DataFrame, records: OfReadings, labels: Sequence[int]) -> str:
    """The comparison in words, and the mean confusion matrix by every reading."""
    counts = {reading.label: overlap(table, reading, of) for reading, of in records.items()}
    matrices = [
        f"Mean number of errors per network by {reading.label}, label (row) answered as (column):\n\n"
        f"{matrix(confusion_matrix(of, labels))}\n"
        for reading, of in records.items()
    ]
    return "\n".join([f"{compared(counts)}\n", *matrices])


def confusion_matrix(records: Sequence[Record], labels: Sequence[int]) -> pd.DataFrame:
    """Mean errors per network, (10, 10): label by answer."""
    counts = np.zeros((10, 10))
    for record in records:
        for index, answer in record["wrong_answers"].items():
            counts[labels[int(index)], answer] += 1
    return pd.DataFrame(counts / len(records))


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of table 1 and the test set; writes figure8.md."""
    found = drawing.records_of(list(ROWS.values()), args, console)
    records = {reading: of for reading, of in zip(ROWS, found, strict=True) if of}
    if not records:
        return None
    images, labels = load_mnist("test", args.data)
    table = missed(records, labels.tolist())
    text = markdown(table, records, labels.tolist())
    write_whole(args.out / "figures" / "figure8.md", text.encode())
    console.print(Markdown(text))
    return draw(table, images, records), table


def words(folder: Path) -> str:
    """The comparison in words, with which figure8.md begins."""
    return (folder / "figure8.md").read_text(encoding="utf-8").split("\n\n")[0]


EXHIBIT = exhibit.Figure("figure8", __doc__, picture=picture, words=words)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
