"""The commands, one line each."""

import ast
import importlib.util
from pathlib import Path

COMMANDS = {
    "table1": "40 minutes; 4 for `--rows lenet5-1998 lenet5-1998-distortions`",
    "table2": "an hour and a half",
    "table3": "an hour",
    "cifar10": "2 minutes, and a download",
    "alternatives": "half an hour",
    "figure5": "seconds, from the records",
    "figure6": "seconds, from the records",
    "figure7": "seconds",
    "figure8": "seconds, from the records",
    "figure13": "seconds, from what was measured; measuring takes 7 minutes",
    "sdnn": "seconds, from what was measured; measuring takes 2 minutes",
    "step_sizes": "seconds, from the records",
    "figures": "half a minute, from the records",
    "curvature": "5 minutes",
    "benchmark": "5 minutes",
    "pages": "seconds, from the results",
    "export_onnx": "seconds",
    "publish": "seconds, and an upload",
}
"""Name, and how long it takes on two cores with its default options."""


def main() -> None:
    """Print every command with the first line of its docstring."""
    for name, duration in COMMANDS.items():
        source = Path(importlib.util.find_spec(f"reproduce.{name}").origin).read_text()
        first = ast.get_docstring(ast.parse(source)).splitlines()[0]
        print(f"python -m reproduce.{name:13} {first}\n{'':33} ({duration})")


if __name__ == "__main__":
    main()
