"""A Dask cluster on this machine, each part a process of its own that can be killed."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager

from distributed import Client

from tests import ROOT


class Cluster(AbstractContextManager):
    """A scheduler and some workers of one thread each, on the loopback interface alone.

    What they have to say is printed if it ends with an error.
    """

    def __init__(self, workers: int = 2, **environment: str):
        self.environment = environment
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the cluster
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.processes: list[subprocess.Popen] = []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port))
        for _ in range(workers):
            self.join()

    def join(self) -> subprocess.Popen:
        """One worker more, under a nanny that starts it again when it dies."""
        return self._start("worker", self.address, "--host", "127.0.0.1", "--nthreads", "1")

    def wait_for_workers(self, n: int) -> None:
        """Until so many have joined, and their nannies know it: one that dies before is not replaced."""
        with Client(self.address) as client:
            client.wait_for_workers(n)
            wait_for(lambda: {*client.run(status, nanny=True).values()} == {"running"})

    def _start(self, kind: str, *options: str) -> subprocess.Popen:
        path = os.pathsep.join(map(str, (ROOT, os.environ.get("PYTHONPATH", ""))))
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, "--no-dashboard"],
            env=os.environ | {"PYTHONPATH": path} | self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def __exit__(self, error, *_) -> None:
        for process in self.processes:
            kill(process)
        with self.log:
            if error:
                self.log.seek(0)
                print(self.log.read())


def status(dask_worker) -> str:
    """What a worker, or its nanny, is at."""
    return dask_worker.status.name


def kill(process: subprocess.Popen) -> None:
    """Kill -9 the process and all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition, seconds: float = 120) -> None:
    """Raises TimeoutError if the condition does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)
