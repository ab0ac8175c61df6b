"""Tables and sentences in README.md, DEVIATIONS.md, results/README.md and docs, from the results.

Nobody retypes a number: each stands between `<!-- NAME -->` and `<!-- end -->`, and this command
writes them anew, and what the code of docs/faq.md prints.

On two cores it takes seconds.
"""

import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from . import alternatives, figure5, figure6, figure7, figure13, sdnn, step_sizes, table1, table2
from .section_iii_c import classifiers, comparison
from .writing import snippets, tables

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"
FUZZ_READ = ("the data", "a pattern", "a network")
"""Outcomes of tools/fuzz.py in which a damaged file is read all the same, and rightly."""


def benchmark_lines() -> str:
    """Ratios alone: times belong to a machine."""
    measured = json.loads((RESULTS / "benchmark.json").read_text())
    return (
        f"- {measured['ratio_to_eager']:.0f} times as fast as eager PyTorch, side by side on one core;\n"
        f"- {measured['ratio_to_floor']:.1f} times the time that the multiply-adds alone would take at "
        "the speed of a large matrix product;\n"
        f"- {measured['two_core_speedup']:.2f} times the patterns a second on two cores.\n"
    )


def numbers_of(figure: str) -> pd.DataFrame:
    """The figure's .csv."""
    return pd.read_csv(RESULTS / "figures" / f"{figure}.csv")


def figure13_lines() -> str:
    """Its sentence and its table."""
    measured, given = figure13.recorded_numbers(RESULTS / "figures")
    words = figure13.sentence(measured, figure13.as_in_1998(given))
    return f"{words}\n\n{figure13.markdown(measured)}"


def misses() -> str:
    """What figure8.md says first."""
    return (RESULTS / "figures" / "figure8.md").read_text().split("\n\n")[0] + "\n"


def compared(quantity: comparison.Quantity) -> str:
    """What one of Figs. 9 to 12 says."""
    return comparison.sentence(numbers_of(quantity.figure), quantity) + "\n"


def strings() -> str:
    """What sdnn.md says first."""
    table, cost = sdnn.recorded_numbers(RESULTS)
    return f"{sdnn.sentence(table, cost)}\n\n{tables.markdown(sdnn.by_length(table))}"


def fuzz_lines() -> str:
    """What the fuzzer tried on each reader, and what came of it."""
    measured = json.loads((RESULTS / "robustness" / "fuzz.json").read_text())
    del measured["seed"]
    lines = []
    for reader, of in measured.items():
        read = sum(of["outcomes"].get(outcome, 0) for outcome in FUZZ_READ)
        refused = sum(of["outcomes"].values()) - read
        lines.append(
            {"reader": reader, "cases": f"{of['cases']:,}", "read": f"{read:,}",
             "refused": f"{refused:,}", "findings": str(len(of["findings"])),
             "slowest": f"{of['slowest']:.1f} s", "most memory": f"{of['megabytes']:.0f} MB"}
        )  # fmt: skip
    return tables.markdown(lines)


def versions_lines() -> str:
    """On which Pythons and libraries the quick suite was run, in their order."""
    shown = pd.read_csv(RESULTS / "robustness" / "versions.csv", dtype=str)
    shown["resolution"] = shown["resolution"].map({"highest": "newest", "lowest-direct": "oldest"})
    shown = shown.rename(columns={"python": "Python", "resolution": "libraries"})
    order = sorted(
        shown.to_dict("records"), key=lambda line: [*map(int, line["Python"].split("."))]
    )
    return tables.markdown(order)


BLOCKS: dict[tuple[str, str], Callable[[], str]] = {
    ("README.md", "table1"): lambda: table1.summary(pd.read_csv(RESULTS / "table1.csv")),
    ("README.md", "figure8"): misses,
    **{
        (page, "ladder"): lambda: table2.summary(pd.read_csv(RESULTS / "table2.csv"))
        for page in ("README.md", "results/README.md")
    },
    ("README.md", "benchmark"): benchmark_lines,
    ("DEVIATIONS.md", "alternatives"): lambda: alternatives.markdown(
        pd.read_csv(RESULTS / "alternatives.csv")
    ),
    ("docs/robustness.md", "fuzz"): fuzz_lines,
    ("docs/robustness.md", "versions"): versions_lines,
    ("results/README.md", "figure5"): lambda: figure5.sentence(numbers_of("figure5")) + "\n",
    ("results/README.md", "figure6"): lambda: figure6.sentence(numbers_of("figure6")) + "\n",
    ("results/README.md", "figure7"): lambda: figure7.sentence(numbers_of("figure7")) + "\n",
    ("results/README.md", "figure8"): misses,
    **{
        ("results/README.md", quantity.figure): partial(compared, quantity)
        for quantity in comparison.QUANTITIES
    },
    ("results/README.md", "classifiers"): lambda: comparison.markdown(
        classifiers.table_of(RESULTS)
    ),
    ("results/README.md", "figure13"): figure13_lines,
    ("results/README.md", "sdnn"): strings,
    ("results/README.md", "step_sizes"): lambda: (
        step_sizes.sentence(numbers_of("step_sizes")) + "\n"
    ),
}


OUTPUTS = ("docs/faq.md",)
"""Pages whose code needs no data and prints what stands below it."""


def with_blocks(page: str, text: str) -> str:
    """The page's text with every block as the results have it. Raises ValueError for a lost block."""
    for (of_page, name), content in BLOCKS.items():
        if of_page == page:
            start, end = f"<!-- {name} -->\n", "<!-- end -->"
            fresh = f"{start}{content()}{end}"
            text, found = re.subn(
                f"{re.escape(start)}.*?{re.escape(end)}", lambda _, new=fresh: new, text, flags=re.S
            )
            if found != 1:
                raise ValueError(f"expected one block {name!r} in {page}, found {found}")
    return text


def renew(page: str) -> None:
    """Write the page's blocks anew."""
    path = ROOT / page
    path.write_text(with_blocks(page, path.read_text()))


def main() -> int:
    """Write the blocks and outputs of every page anew."""
    for page in dict.fromkeys(page for page, _ in BLOCKS):
        renew(page)
    for page in OUTPUTS:
        path = ROOT / page
        path.write_text(snippets.with_outputs(page, path.read_text(), ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
