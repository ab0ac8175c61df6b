"""Tables and sentences in README.md, DEVIATIONS.md, results/README.md and docs, from the results.

Nobody retypes a number: each stands between `<!-- NAME -->` and `<!-- end -->`, NAME being the table's
or figure's, and this command writes them anew, and what the code of some pages in docs prints.

On two cores it takes seconds.
"""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd

from paper_lenet5.files import write_whole

from . import again, choices, claims, collapse, inputs, lines, pad, pictures, table1, verdicts
from .__main__ import exhibits
from .measures.statistics import percent
from .rows.recipes import TABLE_1
from .running.runs import Runs
from .section_iii_c import classifiers, comparison
from .writing import findings, options, snippets, speed, tables

ROOT = options.ROOT
RESULTS = ROOT / "results"
PAGES = (
    "README.md",
    "DEVIATIONS.md",
    "docs/classify.md",
    "docs/compiled-pass.md",
    "docs/demo.md",
    "docs/export.md",
    "docs/faq.md",
    "docs/gpu.md",
    "docs/letters.md",
    "docs/pictures.md",
    "docs/report.md",
    "docs/robustness.md",
    "docs/sdlm.md",
    "results/README.md",
)
OUTPUTS = tuple(
    f"docs/{page}.md" for page in ("classify", "export", "faq", "gpu", "letters", "sdlm")
)
"""Pages whose code needs no data and prints what stands below it."""
FUZZ_READ = ("the data", "a pattern", "a network")
"""Outcomes of tools/fuzz.py in which a damaged file is read all the same, and rightly."""


def fuzz_lines() -> str:
    """What the fuzzer tried on each reader, and what came of it."""
    measured = json.loads((RESULTS / "robustness" / "fuzz.json").read_text(encoding="utf-8"))
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


def strangers_lines() -> str:
    """What strangers could do to the demo's server, as Gradio comes and with the limits."""
    measured = json.loads((RESULTS / "robustness" / "strangers.json").read_text(encoding="utf-8"))

    def column(of: dict[str, Any]) -> dict[str, str]:
        disk, memory, refused = of["disk"], of["memory"], of["refused"].values()
        files = f"{disk['whole']} files of 4.9 MB, one after the other"
        return {
            f"{disk['broken_off']} uploads that break off leave": f"{disk['mb_after_broken_off']} MB",
            f"{files}: taken": str(disk["whole_taken"]),
            f"{disk['many']} files in one request: taken": "yes" if disk["many_taken"] else "no",
            "then on the disk": f"{disk['mb_after']} MB",
            f"{disk['wait_seconds']} s later": f"{disk['mb_at_last']} MB",
            "memory, after a picture": f"{memory['mb_before']} MB",
            f"with {memory['pictures']} pictures of {memory['pixels'] // 10**6} million pixels at once":
                f"{memory['mb_most']} MB",
            "afterwards": f"{memory['mb_after']} MB",
            f"{len(refused)} requests to be refused: answered in words":
                str(sum(one["answer"] is not None for one in refused)),
            "lines in the log": str(sum(one["log_lines"] for one in refused)),
        }  # fmt: skip

    before, now = column(measured["before"]), column(measured["now"])
    return tables.markdown(
        [{"": what, "as Gradio comes": before[what], "now": now[what]} for what in now]
    )


def versions_lines() -> str:
    """The Pythons and libraries that the quick suite was run with, in their order."""
    shown = pd.read_csv(RESULTS / "robustness" / "versions.csv", dtype=str)
    shown["resolution"] = shown["resolution"].map({"highest": "newest", "lowest-direct": "oldest"})
    shown = shown.rename(columns={"python": "Python", "resolution": "libraries"})
    order = sorted(
        shown.to_dict("records"), key=lambda line: [*map(int, line["Python"].split("."))]
    )
    return tables.markdown(order)


def ends_line() -> str:
    """What the two commands of README.md end with."""
    runs = Runs(RESULTS)
    first, second = (percent(runs.record(f"{row.name}-seed0")) for row in TABLE_1[:2])
    return f"With seed 0 they end at test errors of {first:.2f} % and {second:.2f} %.\n"


def codes_line() -> str:
    """Of how many networks the record names the code, and of how many a commit has that code."""
    paths = (RESULTS / "runs").glob("*.json")
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    named = [record["code"] for record in records if "code" in record]
    listed = pd.read_csv(RESULTS / "codes.csv", dtype=str).dropna(subset="last")
    committed = sum(pd.Series(named).isin(listed["digest"]))
    of_them = "all" if committed == len(named) else f"{committed:,}"
    text = (
        f"{len(named):,} of the {len(records):,} networks on record name their code, and for "
        f"{of_them} of these a commit has it (`results/codes.csv`)"
    )
    if older := [record["finished"] for record in records if "code" not in record]:
        text += f"; those without were made until {max(older)[:10]}, before records named it"
    return f"{text}.\n"


def compatibility_lines() -> str:
    """What PyTorch's tools, and libraries built on it, make of the network, its losses and SDLM."""
    found = pd.read_csv(RESULTS / "robustness" / "compatibility.csv", dtype=str)
    found["tool"] = [
        f"`{line.tool}`" if line.library == "torch" else f"{line.tool} {line.version}"
        for line in found.itertuples()
    ]
    return tables.markdown(found[["tool", "does", "outcome"]].to_dict("records"))


MEASURED = {
    "again": lambda: again.words(RESULTS),
    "abstract": lambda: findings.abstract(RESULTS),
    "benchmark": lambda: speed.ratios(RESULTS),
    "candidates": lambda: comparison.candidates_markdown(classifiers.candidates_of(RESULTS)),
    "choices": lambda: choices.words(RESULTS),
    "claims": lambda: claims.words(RESULTS),
    "claims_table": lambda: (
        f"{findings.claims_table(RESULTS, bars=False)}\n{claims.VERDICTS}\n{claims.ITALICS}"
    ),
    "classifiers": lambda: comparison.markdown(classifiers.table_of(RESULTS)),
    "collapse": lambda: collapse.words(RESULTS),
    "codes": codes_line,
    "compared": lambda: comparison.compared(classifiers.table_of(RESULTS, networks=1)),
    "compatibility": compatibility_lines,
    "cost": lambda: findings.cost(RESULTS),
    "ends": ends_line,
    "fuzz": fuzz_lines,
    "inputs": lambda: inputs.words(RESULTS),
    "kernels": lambda: speed.kernels(RESULTS),
    "languages": lambda: speed.languages(RESULTS),
    "lines": lambda: lines.words(RESULTS),
    "networks": lambda: findings.networks(RESULTS),
    "not_reproduced": lambda: findings.not_reproduced(RESULTS),
    "pad": lambda: pad.words(RESULTS),
    "pictures": lambda: pictures.words(RESULTS),
    "result": lambda: table1.result(RESULTS),
    "strangers": strangers_lines,
    "verdicts": lambda: verdicts.words(RESULTS),
    "versions": versions_lines,
}
"""Blocks beside those of tables and figures."""


def with_blocks(text: str) -> str:
    """A page's text with every block as the results have it.

    Raises ValueError for a block that lacks its beginning or its end, or that nothing is known of.
    """
    marks = re.findall(r"^<!-- (\w+) -->$", text, re.M)
    if {*marks[1::2]} - {"end"} or "end" in marks[::2] or len(marks) % 2:
        raise ValueError(f"expected each block to end before the next begins, got {marks}")

    shown = exhibits()

    def anew(block: re.Match[str]) -> str:
        name = block[1]
        if name not in MEASURED and name not in shown:
            raise ValueError(f"there is no table or figure {name!r} to make a block of")
        content = MEASURED[name]() if name in MEASURED else shown[name].block(RESULTS)
        return f"<!-- {name} -->\n{content.rstrip()}\n<!-- end -->\n"

    return re.sub(r"^<!-- (\w+) -->\n.*?^<!-- end -->\n", anew, text, flags=re.M | re.S)


def renew(page: str) -> None:
    """Write the page's blocks and outputs anew."""
    path = ROOT / page
    text = with_blocks(path.read_text(encoding="utf-8"))
    if page in OUTPUTS:
        text = snippets.with_outputs(page, text, ROOT)
    write_whole(path, text.encode())


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write the blocks and outputs of every page anew."""
    options.described("pages", __doc__).parse_args(argv)
    options.clone()
    for page in PAGES:
        renew(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
