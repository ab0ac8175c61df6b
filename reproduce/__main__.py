"""The commands: what each makes, and how long it takes; and the tables and figures among them."""

import argparse
import ast
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.table import Table

from paper_lenet5.terminal import any_terminal

from . import __path__ as folders

if TYPE_CHECKING:
    from .writing.exhibit import Exhibit


class Command(NamedTuple):
    """A command as its file describes it, which is read and not imported: that would take seconds."""

    name: str
    says: str
    """The first line of its docstring: what it makes."""
    takes: str
    """How long it takes with its default options, from the line "On two cores it takes ..."."""
    shows: bool
    """Whether it is that of a table or a figure: its file has the value EXHIBIT."""


def commands() -> list[Command]:
    """Read all commands: the paper's tables and figures by their numbers, then the others by name."""
    files = (file for folder in folders for file in Path(folder).glob("[!_]*.py"))
    return sorted(map(_described, files), key=_place)


def exhibits() -> dict[str, "Exhibit"]:
    """All tables and figures by name, in that order, from their files, which are imported for it."""
    shown = [command.name for command in commands() if command.shows]
    return {name: import_module(f"{__package__}.{name}").EXHIBIT for name in shown}


def _described(file: Path) -> Command:
    source = file.read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source)) or ""
    takes = re.search(r"^On two cores it takes (.+)\.$", text, re.M)
    shows = re.search(r"^EXHIBIT = ", source, re.M) is not None
    return Command(file.stem, text.partition("\n")[0], takes[1] if takes else "", shows)


def _place(command: Command) -> tuple[object, ...]:
    numbered = re.fullmatch(r"(table|figure)(\d+)", command.name)
    return (0, numbered[1] != "table", int(numbered[2])) if numbered else (1, command.name)


def main(argv: Sequence[str] | None = None) -> None:
    """Print every command, what it makes and how long it takes."""
    argparse.ArgumentParser(prog="python -m reproduce", description=__doc__).parse_args(argv)
    any_terminal()
    console, grid = Console(highlight=False, markup=False), Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    grid.add_column(max_width=18)
    for command in commands():
        grid.add_row(command.name, command.says, command.takes)
    console.print("python -m reproduce.NAME; the times are for two cores\n")
    console.print(grid)
    console.print(
        "\nEach has --help. Tables train what they show (--recorded: nothing); figures draw what the "
        "records in results/runs say, and train or measure with --train, --measure. What you train "
        "and measure goes to results/yours, and with --out results into the records."
    )


if __name__ == "__main__":
    main()
