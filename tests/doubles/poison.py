"""A network that kills the process that makes it: a run that no worker survives."""

import os
import signal


def dies():
    os.kill(os.getpid(), signal.SIGKILL)
