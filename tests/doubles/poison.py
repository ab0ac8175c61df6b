"""What kills the process that it comes to: a network, and data at its first arrival."""

import os
import signal
from pathlib import Path

from reproduce.running.cluster import Data


def dies():
    os.kill(os.getpid(), signal.SIGKILL)


class DataThatKillsOnce(Data):
    """Kills the first worker that it is registered with."""

    def __init__(self, datasets, mark: Path):
        super().__init__(datasets)
        self.mark = mark

    def setup(self, worker) -> None:
        if not self.mark.exists():
            self.mark.touch()
            dies()
        super().setup(worker)
