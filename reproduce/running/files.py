"""Files that are there whole or not at all."""

import glob
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put the content there in one step: whoever reads sees the old file or the new one, whole.

    Raises OSError, with the path, where that cannot be done; the old file is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def clear(path: Path) -> None:
    """Delete what a killed process has left of writing this path; nobody else may be writing it."""
    for temporary in path.parent.glob(f".{glob.escape(path.name)}-*"):
        temporary.unlink(missing_ok=True)
