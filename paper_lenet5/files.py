"""Files: the folder of the package's own, and how to write one whole or not at all."""

import glob
import os
import secrets
from contextlib import suppress
from pathlib import Path


def cache_folder() -> Path:
    """Where downloads and compiled code are kept.

    That is paper-lenet5 in $XDG_CACHE_HOME, %LOCALAPPDATA% or ~/.cache.
    """
    local = os.environ.get("LOCALAPPDATA") if os.name == "nt" else None
    return Path(os.environ.get("XDG_CACHE_HOME") or local or Path.home() / ".cache", "paper-lenet5")


def write_whole(path: Path, content: bytes) -> None:
    """Put the content there in one step: whoever reads sees the old file or the new one, whole.

    Raises OSError, with the path, where that cannot be done; the old file is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):  # it is not there, or the disk is read-only
            temporary.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def clear(path: Path) -> None:
    """Delete what a killed process has left of writing this path; nobody else may be writing it."""
    for temporary in path.parent.glob(f".{glob.escape(path.name)}-*"):
        temporary.unlink(missing_ok=True)
