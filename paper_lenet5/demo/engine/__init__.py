"""The network in the browser: a script for each module of paper_lenet5 that it repeats.

They are plain scripts, one after the other in one page, since a page opened from a file may import no
modules. Each leaves one name, that of its file; the numbers they need come from Python.
"""

import json
from importlib import import_module
from pathlib import Path

import numpy as np

from paper_lenet5.doubt import DECIMALS, shipped
from paper_lenet5.lenet5 import FOR_DIGITS

SCRIPTS = ("network", "doubt", "verdict", "image", "reading", "modern", "changes", "training",
           "paper", "marks", "lines", "normalise", "pictures")  # fmt: skip
"""In the order in which they are read."""
MODULES = ("connections", "doubt", "layers", "preprocessing", "reading", "strings", "verdict",
           "pictures", "pictures.files", "pictures.lines", "pictures.marks", "pictures.normalise",
           "pictures.paper")  # fmt: skip
"""Of paper_lenet5, those whose numbers they use."""


def script() -> str:
    """All of it, to stand in a page: the numbers, then the scripts."""
    folder = Path(__file__).parent
    parts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    known = numbers() | {"units": units()}
    return "\n".join([f"const NUMBERS = {json.dumps(known)};", *parts])


def numbers() -> dict[str, dict[str, object]]:
    """What Python's modules name in capitals, by the last of the modules' names."""
    return {name.split(".")[-1]: _named(name) for name in MODULES}


def units() -> list[list[float]]:
    """Those of the network for single digits that doubt."""
    return [[round(weight, DECIMALS) for weight in unit] for unit in shipped()[FOR_DIGITS].tolist()]


def _named(module: str) -> dict[str, object]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in vars(import_module(f"paper_lenet5.{module}")).items()
        if name.isupper() and type(value) in (int, float, tuple, np.ndarray)
    }
