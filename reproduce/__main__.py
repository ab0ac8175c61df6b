"""The commands: what each makes, and how long it takes."""

import ast
import importlib.util
from pathlib import Path

from rich.console import Console
from rich.table import Table

COMMANDS = {
    "table1": "half an hour",
    "table2": "an hour and a half",
    "table3": "an hour",
    "cifar10": "2 minutes, and a download",
    "alternatives": "half an hour",
    "figure5": "seconds",
    "figure6": "seconds",
    "figure7": "seconds",
    "figure8": "seconds",
    "figure9": "seconds; training half an hour",
    "figure10": "seconds",
    "figure11": "seconds",
    "figure12": "seconds",
    "figure13": "seconds; measuring 7 minutes",
    "sdnn": "seconds; measuring 2 minutes",
    "step_sizes": "seconds",
    "figures": "half a minute",
    "curvature": "5 minutes",
    "benchmark": "5 minutes",
    "pages": "seconds",
    "export_onnx": "seconds",
    "publish": "seconds, and an upload",
    "demo_digits": "seconds",
}
"""Name, and how long it takes on two cores with its default options."""


def says(name: str) -> str:
    """The first line of the command's docstring."""
    source = Path(importlib.util.find_spec(f"reproduce.{name}").origin).read_text()
    return ast.get_docstring(ast.parse(source)).splitlines()[0]


def main() -> None:
    """Print every command."""
    console, grid = Console(highlight=False), Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    grid.add_column(max_width=18)
    for name, duration in COMMANDS.items():
        grid.add_row(name, says(name), duration)
    console.print("python -m reproduce.NAME; the times are for two cores\n")
    console.print(grid)
    console.print(
        "\nEach has --help. Tables train what they show (--recorded: nothing); figures draw what the "
        "records in results/runs say, and train or measure with --train, --measure."
    )


if __name__ == "__main__":
    main()
