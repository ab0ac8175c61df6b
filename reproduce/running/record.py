"""The record of a run: how it is read and written, what it says of recipe, data and machine."""

import hashlib
import json
import math
import os
import platform
import re
from dataclasses import MISSING, fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..rows.datasets import Dataset
from ..rows.row import Record
from .errors import NotWhole

_STRING = r'"(?:[^"\\]|\\.)*"'
_FLAT = re.compile(rf'{_STRING}|[\[{{](?:[^][{{}}"]|{_STRING})*[]}}]')
"""Finds in JSON a string, whatever stands in it, or a list or dict that holds none of either."""


def read_record(path: Path) -> Record:
    """Read a record. Raises NotWhole for a file that is not whole."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or "recipe" not in record:
            raise ValueError("it names no recipe")
        return record
    except ValueError as error:
        raise NotWhole(f"{path} is no whole record ({error}): delete it, run again") from error


def is_recipe(recorded: Record, recipe: Any) -> bool:
    """Whether a record's recipe is this one.

    An option that the record does not name did not exist when it was made, and has its default.
    """
    return bool(_completed(recorded, recipe) == json.loads(json.dumps(describe(recipe))))


def _completed(recorded: Any, recipe: Any) -> Any:
    """What a record says of a recipe or of a part of it, with the defaults that it does not name."""
    if not (is_dataclass(recipe) and isinstance(recorded, dict)):
        return recorded
    whole = dict(recorded)
    for f in fields(recipe):
        if f.name in recorded:
            whole[f.name] = _completed(recorded[f.name], getattr(recipe, f.name))
        elif f.default is not MISSING:
            whole[f.name] = json.loads(json.dumps(describe(f.default)))
    return whole


def describe(recipe: Any) -> object:
    """A recipe as JSON: each dataclass with its class, each function by its name."""
    if is_dataclass(recipe) and not isinstance(recipe, type):
        values = {f.name: describe(getattr(recipe, f.name)) for f in fields(recipe)}
        return {"class": type(recipe).__name__, **values}
    if callable(recipe):
        return recipe.__name__
    if recipe == math.inf:
        return "infinity"  # JSON has no number for it
    return list(recipe) if isinstance(recipe, tuple) else recipe


def about(dataset: Dataset) -> dict[str, object]:
    """What a record says of the data."""
    return {
        "name": dataset.name,
        "title": dataset.title,
        "train_patterns": len(dataset.train.labels),
        "test_patterns": len(dataset.test.labels),
        "sha256": dataset.sha256,
    }


def sha256(content: bytes) -> str:
    """The digest of the content as records have it."""
    return hashlib.sha256(content).hexdigest()


def versions() -> dict[str, str]:
    """Versions of the packages that the numbers of a run depend on."""
    packages = ("paper-lenet5", "torch", "numpy", "numba", "llvmlite", "scipy")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def machine(model: nn.Module | None = None) -> dict[str, object]:
    """The processor and the system, in words; and the GPU, if a model is on one."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    found: dict[str, object] = {
        "processor": processor, "cores": os.cpu_count(), "system": platform.system(),
    }  # fmt: skip
    if model is not None and (device := next(model.parameters()).device).type == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
    return found


def to_json(value: object) -> str:
    """JSON that a person can read.

    A list or a dict stands on one line if it holds none of either.
    """
    text = json.dumps(value, indent=1)
    return _FLAT.sub(lambda found: re.sub(r"\n *", " ", found[0]), text) + "\n"
