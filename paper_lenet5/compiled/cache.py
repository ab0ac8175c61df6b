"""Compiled code on disk, so that only the first run on a machine compiles."""

import hashlib
from pathlib import Path

import numba

from ..mnist import cache_folder


def _folder() -> Path:
    """One folder per content of the sources.

    Numba's own cache looks only at the file of the function that it compiles: it would go on using
    the old code when a file that this one imports has changed.
    """
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), here.parent / "layers.py"]
    content = b"".join(path.read_bytes() for path in sources)
    return (
        Path(numba.config.CACHE_DIR or cache_folder())
        / f"compiled-{hashlib.sha256(content).hexdigest()[:16]}"
    )


def cached(function):
    """numba.njit without the interpreter's lock, kept in `_folder()`.

    Divisions by zero are NumPy's: a check before each would keep loops out of vector code.
    """
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_folder())
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)(
            function
        )
    finally:
        numba.config.CACHE_DIR = before


def is_compiled() -> bool:
    """Whether an earlier process on this machine has left its compiled code."""
    return any(_folder().rglob("*.nbc"))
