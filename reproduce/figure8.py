"""Figure 8: the test patterns that the network trained with distortions misses, ours and the paper's.

Draws results/figures/figure8.png and .svg, and writes figure8.csv with one line for each test pattern
that the paper or any of our networks missed, and figure8.md. Reads the records of table 1 and the test
set. `--train` first trains what has no record: 50 seconds a network on one core.

On two cores it takes seconds.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console
from torch import Tensor

from paper_lenet5.mnist import load_mnist

from .rows import reported
from .rows.recipes import LENET5_DISTORTIONS
from .rows.row import Record
from .running.files import write_whole
from .writing import drawing, exhibit

ROW = LENET5_DISTORTIONS
COLUMNS = 10


def missed(records: Sequence[Record], labels: Sequence[int]) -> pd.DataFrame:
    """One line per pattern that anybody missed: its label, the paper's answer, how many of ours."""
    ours: dict[int, list[int]] = {}
    for record in records:
        for index, answer in record["wrong_answers"].items():
            ours.setdefault(int(index), []).append(answer)
    indices = sorted(ours.keys() | reported.FIGURE_8.keys())
    return pd.DataFrame(
        {
            "test_index": indices,
            "label": [labels[i] for i in indices],
            "paper_answer": pd.array([reported.FIGURE_8.get(i) for i in indices], dtype="Int64"),
            "missed_by": [len(ours.get(i, [])) for i in indices],
            "commonest_answer": pd.array(
                [max(set(a), key=a.count) if (a := ours.get(i)) else None for i in indices],
                dtype="Int64",
            ),
        }
    )


def overlap(table: pd.DataFrame, records: Sequence[Record]) -> dict[str, float]:
    """How much the paper's 82 errors and ours have in common."""
    n, patterns = len(records), records[0]["dataset"]["test_patterns"]
    of_paper = table[table["paper_answer"].notna()]
    mean_errors = table["missed_by"].sum() / n
    return {
        "networks": n,
        "mean_errors": mean_errors,
        "of_the_82": of_paper["missed_by"].sum() / n,
        "by_chance": len(of_paper) * mean_errors / patterns,
        "of_the_82_by_all": int((of_paper["missed_by"] == n).sum()),
        "of_the_82_by_none": int((of_paper["missed_by"] == 0).sum()),
        "by_all": int((table["missed_by"] == n).sum()),
        "same_answer": int((of_paper["commonest_answer"] == of_paper["paper_answer"]).sum()),
    }


def draw(table: pd.DataFrame, images: Tensor, n: int) -> Figure:
    """The patterns that at least half of our networks miss, "label→answer" under each.

    A frame marks those that the network of 1998 missed too.
    """
    shown = table[table["missed_by"] >= n / 2].reset_index(drop=True)
    rows = -(-len(shown) // COLUMNS)
    figure = Figure(figsize=(7, 0.82 * rows + 0.45), layout="constrained")
    figure.suptitle(
        f"Missed by at least half of {n} networks; framed: missed in 1998 as well", fontsize=10
    )
    for place, axes in enumerate(figure.subplots(rows, COLUMNS).flat):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        if place >= len(shown):
            continue
        line = shown.iloc[place]
        axes.imshow(images[line["test_index"]], cmap="gray_r", vmin=0, vmax=255)
        axes.set_xlabel(f"{line['label']}→{line['commonest_answer']}", fontsize=9, labelpad=2)
        if not pd.isna(line["paper_answer"]):
            axes.spines[:].set(visible=True, linewidth=1.6, color="#b2182b")
    return figure


def markdown(counts: dict[str, float], confusion: pd.DataFrame) -> str:
    """The comparison in words, and the mean confusion matrix."""
    lines = [
        f"Trained with distortions, each of our {counts['networks']} networks misses "
        f"{counts['mean_errors']:.1f} test patterns on average; the paper's missed "
        f"{len(reported.FIGURE_8)} (Fig. 8). Of these {len(reported.FIGURE_8)}, ours miss "
        f"{counts['of_the_82']:.1f} on average; "
        f"{counts['by_chance']:.1f} would be expected by chance.",
        f"{counts['of_the_82_by_all']} of them are missed by all of ours, "
        f"{counts['of_the_82_by_none']} by none; where ours miss one, the commonest answer is the "
        f"paper's {counts['same_answer']} times. {counts['by_all']} patterns of the whole test set are "
        "missed by all of ours.",
        "",
        "Mean number of errors per network, label (row) answered as (column):",
        "",
        "| | " + " | ".join(map(str, range(10))) + " |",
        "| --- |" + " ---: |" * 10,
    ]
    for label, row in confusion.iterrows():
        cells = ["" if label == column else f"{value:.1f}" for column, value in row.items()]
        lines.append(f"| **{label}** | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def confusion_matrix(records: Sequence[Record], labels: Sequence[int]) -> pd.DataFrame:
    """Mean errors per network, (10, 10): label by answer."""
    counts = np.zeros((10, 10))
    for record in records:
        for index, answer in record["wrong_answers"].items():
            counts[labels[int(index)], answer] += 1
    return pd.DataFrame(counts / len(records))


def picture(args: argparse.Namespace, console: Console) -> exhibit.Drawn | None:
    """The picture and its numbers, from the records of table 1 and the test set; writes figure8.md."""
    (records,) = drawing.records_of([ROW], args, console)
    if not records:
        return None
    images, labels = load_mnist("test", args.data)
    table = missed(records, labels.tolist())
    text = markdown(overlap(table, records), confusion_matrix(records, labels.tolist()))
    write_whole(args.out / "figures" / "figure8.md", text.encode())
    console.print(text, soft_wrap=True)
    return draw(table, images, len(records)), table


def words(folder: Path) -> str:
    """The comparison in words, with which figure8.md begins."""
    return (folder / "figure8.md").read_text().split("\n\n")[0]


EXHIBIT = exhibit.Figure("figure8", __doc__, picture=picture, words=words)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
