"""The tables of the page, digit for digit those of the committed results."""

from html.parser import HTMLParser
from itertools import dropwhile, takewhile

import pytest

from paper_lenet5.demo.tables import TABLES, Table
from tests import ROOT


class Cells(HTMLParser):
    """What stands in each cell, line by line, the heads first."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag == "tr":
            self.lines.append([])
        elif tag in ("th", "td"):
            self.lines[-1].append("")

    def handle_data(self, data) -> None:
        self.lines[-1][-1] += data


def in_markdown(name: str) -> list[dict[str, str]]:
    """The first table of results/NAME.md."""
    lines = (ROOT / f"results/{name}.md").read_text(encoding="utf-8").splitlines()
    table = takewhile(lambda line: line, dropwhile(lambda line: line[:1] != "|", lines))
    head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_the_cells_of_the_page_are_those_of_the_results(table: Table):
    cells = Cells()
    cells.feed(table.html())
    shown = [[cell.replace("−", "-") for cell in line] for line in cells.lines[1:]]
    assert shown == [[line[name] for name in table.columns] for line in in_markdown(table.name)]
