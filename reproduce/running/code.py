"""The code that the numbers of a run depend on, as one digest: what its record says of it.

A recipe names functions and classes, and what they do may change under the same name. The digest is of
the modules that define them and of all that these import from the project, without comments,
docstrings and layout, on which no number depends.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from threading import Lock
from typing import Any

ROOT = Path(__file__).parents[2]
"""The folder that the project's packages are in."""
DESCRIBED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
"""What has docstrings in it."""
PARSING = Lock()
"""One thread at a time builds a syntax tree: in some versions of Python (3.11.7 for one) all threads
count how deep they are in one place, and fail where the count comes out wrong (CPython's gh-106905)."""
BESIDE = frozenset(
    f"paper_lenet5.{name}" for name in ("files", "pretrained", "hub", "transform", "verdict")
)
"""How files are written, networks saved, fetched and asked about pictures: no number of a run depends
on it."""


def digest(recipe: Any) -> str:
    """The SHA-256 of the code that a run of this recipe goes through, in hex.

    It is of the files as they were when this process first looked at them, and of the text that this
    version of Python makes of them: another may write some of it otherwise (results/codes.csv says
    which). Raises ValueError for what the project does not define.
    """
    whole = hashlib.sha256()
    if not (modules := reached(defining(recipe))):
        raise ValueError(f"nothing in the project defines {recipe!r}")
    for module in sorted(modules):
        whole.update(f"{module}\n{essence(module)}\n".encode())
    return whole.hexdigest()


def defining(value: Any) -> Iterator[str]:
    """The project's modules that define the value or its class, and all that is in its fields."""
    module = (value if callable(value) else type(value)).__module__
    if module == "__main__":  # a command that is run calls itself so
        module = getattr(sys.modules[module].__spec__, "name", module)
    if file_of(module):
        yield module
    if is_dataclass(value):
        for field in fields(value):
            yield from defining(getattr(value, field.name))


def reached(modules: Iterable[str]) -> set[str]:
    """The modules, and all that they import from the project, at the top or in a function."""
    found: set[str] = set()
    left = list(modules)
    while left:
        if (module := left.pop()) not in found:
            found.add(module)
            left += imported(module) - BESIDE
    return found


@cache
def imported(module: str) -> frozenset[str]:
    """The project's modules that a module names in its imports."""
    is_package = source_of(module).stem == "__init__"
    package = module if is_package else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names = {f"{base}.{alias.name}" for alias in node.names}  # modules, or things in one
            found |= {name if file_of(name) else base for name in names}
    return frozenset(name for name in found if file_of(name))


@cache
def essence(module: str) -> str:
    """The module's code without comments, docstrings and layout."""
    tree = tree_of(module)
    for node in ast.walk(tree):
        if isinstance(
            node, DESCRIBED
        ):  # a string that stands by itself says something, and does nothing
            node.body = [one for one in node.body if not _is_text(one)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def tree_of(module: str) -> ast.Module:
    """The module's syntax tree."""
    source = source_of(module).read_text(encoding="utf-8")
    with PARSING:
        return ast.parse(source)


def source_of(module: str) -> Path:
    """The file of one of the project's modules. Raises ValueError for any other."""
    if (file := file_of(module)) is None:
        raise ValueError(f"{module} is no module of {ROOT}")
    return file


def file_of(module: str) -> Path | None:
    """The file of one of the project's modules; None for what is no such module."""
    path = ROOT.joinpath(*module.split("."))
    files = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((file for file in files if file.exists()), None)
