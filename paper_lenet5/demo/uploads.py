"""The folder of the pictures that visitors send: how much may lie in it, and for how long."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio

MAX_FILES, MAX_BYTES = 200, 100_000_000
"""Of all that lies there. A visitor who comes when it is full is asked to come back."""
KEPT = 120.0
"""Seconds: a picture is looked at in the first of them."""
EVERY = 20.0
"""Seconds between two looks for what is older."""


class Uploads:
    """The folder, which is for nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def is_full(self) -> bool:
        """Whether no more is taken at the moment."""
        sizes = [size for _, size, _ in self._files()]
        return len(sizes) >= MAX_FILES or sum(sizes) >= MAX_BYTES

    def sweep(self) -> None:
        """Delete what is older than KEPT, and the folders that are empty then.

        Gradio's `delete_cache` knows only what came whole.
        """
        before = time.time() - KEPT
        for path, _, changed in list(self._files()):
            if changed < before:
                path.unlink(missing_ok=True)
        for folder in self.folder.glob("*/"):
            with suppress(OSError):  # it is not empty
                folder.rmdir()

    @asynccontextmanager
    async def swept(self, _: object) -> AsyncIterator[None]:
        """While the server runs, sweep it every EVERY seconds."""

        async def forever() -> None:
            while True:
                await anyio.to_thread.run_sync(self.sweep)
                await anyio.sleep(EVERY)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(forever)
            yield
            tasks.cancel_scope.cancel()

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        """Each with its bytes and the time of its last change."""
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):  # swept meanwhile
                if path.is_file():
                    about = path.stat()
                    yield path, about.st_size, about.st_mtime
