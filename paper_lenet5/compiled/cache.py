"""Compiled code on disk, so that only the first run on a machine compiles.

A file for each function: named by what it was compiled from and for, not by where that lay, so that
clones share it. What cannot be read is compiled again; what cannot be written is compiled each time.
"""

import hashlib
import inspect
import logging
import pickle  # nosec B403
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import numba
from filelock import FileLock, Timeout
from numba.core import event
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.serialize import dumps

from ..files import cache_folder, write_whole
from .registers import REGISTERS

_HERE = Path(__file__).parent
SOURCES = (
    *sorted(_HERE.glob("*.py")),
    _HERE.parent / "layers.py",
    _HERE.parent / "preprocessing.py",
)
"""What compiled code is made of, the modules whose numbers go into it among them."""
_OF_COMPILED_CODE: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "no_cfunc_wrapper": True,
}

Tell = Callable[[str | None], object]

_told: list[Tell] = []
_log = logging.getLogger(__name__)


def _folder() -> Path:
    """One folder per content of the sources, and per kind of registers that it is compiled for.

    Numba's own cache looks only at the file of the function that it compiles: it would go on using
    the old code when a file that this one imports has changed.
    """
    content = b"".join(path.read_bytes() for path in SOURCES) + REGISTERS.name.encode()
    return (
        Path(vars(numba.config)["CACHE_DIR"] or cache_folder())
        / f"compiled-{hashlib.sha256(content).hexdigest()[:16]}"
    )


def cached(function: Callable[..., Any]) -> Any:
    """numba.njit without the interpreter's lock, kept in `_folder()`.

    Divisions by zero are NumPy's: a check before each would keep loops out of vector code.
    """
    dispatcher: Any = numba.njit(**_OF_COMPILED_CODE)(function)
    dispatcher._cache = files = _Files(function)
    load_or_compile = dispatcher.compile

    def compile(signature: object) -> object:
        """Numba's own, but told of, and one process at a time where there is no file to load.

        Numba's lock is taken first, as Numba takes it: in another order two threads could wait for
        each other. A thread may take it again, where one function of ours calls another.
        """
        with global_compiler_lock:
            there = files.path(signature, dispatcher.targetctx).exists()
            with nullcontext() if there else _one_process_at_a_time(), _listening():
                return load_or_compile(signature)

    dispatcher.compile = compile
    return dispatcher


class _Files(NullCache):
    """A cache in place of Numba's, which is keyed by path and time, and raises what goes wrong."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.source = Path(inspect.getfile(function))

    @property
    def cache_path(self) -> str:
        """The folder, as Numba asks for it."""
        return str(_folder())

    def path(self, signature: object, target: Any) -> Path:
        """Where the code lies for arguments of these types on this processor."""
        versions = numba.__version__, sys.implementation.cache_tag
        key = repr((signature, target.codegen().magic_tuple(), versions)).encode()
        digest = hashlib.sha256(self.source.read_bytes() + key).hexdigest()
        return _folder() / f"{self.name}-{digest[:16]}.nbc"

    def load_overload(self, signature: object, target: Any) -> object:
        """The compiled function; None if there is none, or the file is not what was written."""
        target.refresh()
        try:
            content = self.path(signature, target).read_bytes()
            if hashlib.sha256(content[32:]).digest() != content[:32]:
                return None
            return CompileResult._rebuild(target, *pickle.loads(content[32:]))  # nosec B301
        except Exception:
            return None

    def save_overload(self, signature: object, compiled: Any) -> None:
        """Write it, in one step. Or say, once, that it cannot be written."""
        code = dumps(compiled._reduce())
        path = self.path(signature, compiled.target_context)
        try:
            write_whole(path, hashlib.sha256(code).digest() + code)
        except OSError as error:
            _say_once(f"The next run compiles again: {path.parent}: {error.strerror}.")


@cache
def _say_once(sentence: str) -> None:
    """Log the sentence as a warning, unless it was logged before."""
    _log.warning(sentence)


# --- who compiles, and who is told of it ----------------------------------------------------------


@contextmanager
def _one_process_at_a_time() -> Iterator[None]:
    """A lock: one process compiles; the others wait, and load what it has written.

    It may be taken again by who has it. Where processes cannot have a lock, all compile.
    """
    with ExitStack() as held:
        try:
            _folder().mkdir(parents=True, exist_ok=True)
            lock = FileLock(_folder() / "lock", is_singleton=True)
            try:
                held.enter_context(lock.acquire(timeout=0))
            except Timeout:
                _tell("waiting for another process")
                held.enter_context(lock.acquire())
                _tell(None)
        except (OSError, NotImplementedError):
            pass
        yield


class _Begun(event.Listener):
    """A listener that tells of every function of ours, also of those within the one that is called."""

    depth = 0

    def on_start(self, begun: event.Event) -> None:
        """Tell the name of the function that begins to be compiled."""
        self.depth += 1
        function = begun.data["dispatcher"].py_func
        if function.__name__.isidentifier() and not function.__module__.startswith("numba."):
            _tell(function.__name__)

    def on_end(self, ended: event.Event) -> None:
        """Tell None, once the function that was called is compiled."""
        self.depth -= 1
        if self.depth == 0:
            _tell(None)


_begun = _Begun()


def _listening() -> AbstractContextManager[object]:
    """A context in which what is compiled is told of, once, also where it is entered again within."""
    return nullcontext() if _begun.depth else event.install_listener("numba:compile", _begun)


def _tell(what: str | None) -> None:
    """Call everyone who is within `on_compiling`."""
    for tell in _told:
        tell(what)


@contextmanager
def on_compiling(tell: Tell) -> Iterator[None]:
    """Within this context, `tell` is given the name of each function that begins to be compiled.

    Then None, when that is done. It is not called for code that is on disk already.
    """
    _told.append(tell)
    try:
        yield
    finally:
        _told.remove(tell)
