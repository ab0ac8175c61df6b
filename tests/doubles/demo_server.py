"""The demo as a process of its own, for the tests of the page and of the endpoints."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from urllib.error import URLError
from urllib.request import urlopen

from tests import ROOT

RUNNING = "PAPER_LENET5_DEMO"
"""Where this variable has the address of a demo that runs already, that one is asked."""
CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
           "--disable-background-networking", "--disable-component-update"]  # fmt: skip


@contextmanager
def served(
    folder: Path = ROOT, python: str = sys.executable, log: Path | None = None
) -> Iterator[str]:
    """The address of `python app.py`, started in that folder, as long as the block lasts.

    What it prints goes to `log`, if there is one.
    """
    if RUNNING in os.environ and not log:
        yield os.environ[RUNNING]
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    with log.open("w+", encoding="utf-8") if log else TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [python, "app.py"], cwd=folder, env=environment, text=True,
            stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            while not answers(url):
                if process.poll() is not None:
                    said.seek(0)
                    raise RuntimeError(f"app.py does not answer: {said.read()}")
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait()


def answers(url: str) -> bool:
    """Whether something is served there."""
    try:
        with urlopen(url, timeout=60) as response:
            return response.status == 200
    except URLError:
        return False
