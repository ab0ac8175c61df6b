"""Tables 1 to 3 as HTML, from the committed results."""

import json
import re
from html import escape
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parents[2] / "results"


class Table(NamedTuple):
    """One of them; it lies in results/NAME.json."""

    name: str
    title: str
    about: str
    columns: dict[str, tuple[str, str]]
    """Heading and form of each column that is shown; the first names the line."""
    words: bool = False
    """Whether its columns are words, not numbers."""

    def html(self) -> str:
        """What has no value is left empty."""
        lines = json.loads((RESULTS / f"{self.name}.json").read_text(encoding="utf-8"))
        heads = "".join(f'<th scope="col">{heading}</th>' for heading, _ in self.columns.values())
        rows = ""
        for line in lines:
            first, *others = (
                self._cell(line[name], form) for name, (_, form) in self.columns.items()
            )
            cells = "".join(f"<td>{value}</td>" for value in others)
            rows += f'<tr><th scope="row">{first}</th>{cells}</tr>'
        return (
            f'<div class="scroll" tabindex="0" role="group" aria-label="{self.title}">'
            f"<table{' data-words' if self.words else ''}><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )

    def _cell(self, value: str | float | None, form: str) -> str:
        if value is None:
            return ""
        text = escape(form.format(value))
        if isinstance(value, str):
            return text
        return re.sub(r"e-0*(\d+)", r"·10<sup>-\1</sup>", text).replace("-", "−")


TABLE_1 = Table(
    "table1",
    "LeNet-5, its namesakes, and a network of today",
    "Test errors on MNIST, in percent, of networks that were all trained here from scratch, and what "
    "the paper reports.",
    {
        "model": ("network", "{}"),
        "paper_error": ("paper, test error %", "{:.2f}"),
        "test_error": ("ours, mean", "{:.2f}"),
        "test_sd": ("± sd", "{:.2f}"),
        "n": ("networks", "{}"),
        "parameters": ("weights", "{:,}"),
    },
)
TABLE_2 = Table(
    "table2",
    "Which details matter",
    "One thing of the network of 1998 is changed at a time, and its rate is chosen anew. The "
    "difference is in points of percent; p is that of no difference, corrected for so many "
    "comparisons.",
    {
        "change": ("what is changed", "{}"),
        "test_error": ("test error %, mean", "{:.2f}"),
        "test_sd": ("± sd", "{:.2f}"),
        "n": ("networks", "{}"),
        "difference": ("difference", "{:+.2f}"),
        "p_holm": ("p", "{:.2g}"),
    },
)
TABLE_3 = Table(
    "table3",
    "What tutorials claim",
    "Networks that are called LeNet-5, trained as their authors show it.",
    {
        "network": ("network", "{}"),
        "data": ("data", "{}"),
        "claim": ("what is claimed", "{}"),
        "claimed": ("by its author", "{}"),
        "ours": ("ours", "{}"),
        "verdict": ("so it is", "{}"),
    },
    words=True,
)
TABLES = (TABLE_1, TABLE_2, TABLE_3)
