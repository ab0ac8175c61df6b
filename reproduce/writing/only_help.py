"""--help at once, and no to a wrong option: other packages are then names without content.

The file of a command has its options beside its work, for which it imports PyTorch, pandas and the
like: seconds. Help needs no work, nor does an option that no command has, so names stand in their
place, as where documentation is made of packages that are not installed. The command itself is imported
as ever; its own parser prints what it has to say and ends the process, before anything is done with
them.
"""

import sys
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

PROJECT = ("paper_lenet5", "reproduce")
COMPILED = "paper_lenet5.compiled"
"""Of the project, but it asks while it is imported what the processor can do."""


class Name:
    """Stands for anything of another package; what is taken from it, or made with it, is one as well."""

    def __getattr__(self, name: str) -> "Name":
        if name.startswith("__"):  # Python asks for these, and goes on without
            raise AttributeError(name)
        value = self.__dict__[name] = Name()
        return value

    def __call__(self, *given: Any, **_: Any) -> Any:
        """What was decorated with it, or a name."""
        decorated = len(given) == 1 and isinstance(given[0], (FunctionType, type))
        return given[0] if decorated else Name()

    def __mro_entries__(self, _: tuple[object, ...]) -> tuple[type]:
        class Base:
            def __init_subclass__(cls, **_: Any) -> None:
                """Of whatever keyword arguments."""

        return (Base,)

    def __or__(self, _: object) -> "Name":  # of types
        return self

    __ror__ = __rmul__ = __or__

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __float__(self) -> float:
        return 0.0

    def __format__(self, _: str) -> str:
        return ""


class Names(ModuleType, Name):
    """A module of another package."""


class OnlyNames(MetaPathFinder, Loader):
    """Finds such a module in place of every one that is neither Python's own nor the project's."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """The module, if it is another package's."""
        root = name.partition(".")[0]
        if root in sys.stdlib_module_names or (root in PROJECT and not name.startswith(COMPILED)):
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module without content."""
        return Names(spec.name)

    def exec_module(self, _: ModuleType) -> None:
        """Nothing is in it."""


def if_asked() -> None:
    """Leave other packages out if Python is about to run a command of `reproduce` that does no work."""
    words = sys.argv[1:]
    if sys.argv[:1] == ["-m"] and ({"-h", "--help"} & set(words) or any(map(is_wrong, words))):
        sys.meta_path.insert(0, OnlyNames())


def is_wrong(word: str) -> bool:
    """Whether it is an option of no command, nor the beginning of one: in no file is it written down."""
    option = word.partition("=")[0]
    if not option.startswith("--") or option == "--":
        return False
    files = Path(__file__).parents[1].rglob("*.py")
    return not any(f'"{option}' in file.read_text(encoding="utf-8") for file in files)
