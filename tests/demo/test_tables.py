"""The tables of the page: the numbers of the committed results, with as many digits as in the report."""

import re
from html.parser import HTMLParser
from itertools import dropwhile, takewhile

import pytest

from paper_lenet5.demo.tables import TABLE_1, TABLE_2, TABLES, Table
from tests import ROOT

ROUNDED = {"test_error", "test_sd", "difference"}
"""Columns with a digit more in the results."""


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


def shown(table: Table) -> list[list[str]]:
    """The lines of the page, without its heads."""
    cells = Cells()
    cells.feed(table.html())
    return cells.lines[1:]


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_the_cells_of_the_page_are_those_of_the_results(table: Table):
    for cells, line in zip(shown(table), in_markdown(table.name), strict=True):
        for cell, name in zip(cells, table.columns, strict=True):
            number = cell.replace("−", "-").replace("·10", "e")
            if name in ROUNDED and number:
                assert float(number) == pytest.approx(float(line[name]), abs=0.0055)
            else:
                assert number == line[name] or float(number) == float(line[name])


def test_errors_are_written_as_in_the_report_and_a_small_p_as_a_power_of_ten():
    text = (ROOT / "docs/report.md").read_text(encoding="utf-8")
    for title, paper, mean, deviation, n, weights in shown(TABLE_1):
        assert re.search(
            rf"\n\| {re.escape(title)} \| {paper} \| {mean} ± {deviation} \| {n} \|.*\| {weights} \|\n",
            text,
        )
    assert "·10<sup>−" in TABLE_2.html()
    assert not re.search(r"\de[-−]", TABLE_2.html())
