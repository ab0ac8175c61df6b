"""The demo: see a network of 1998 think. `paper-lenet5 demo`, `python app.py`, or a Space."""

import atexit
import logging
import os
import shutil
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from paper_lenet5.terminal import any_terminal


def main() -> int:
    """Serve the page until Ctrl+C."""
    any_terminal()
    logging.basicConfig(format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    sent = set_environment()
    serve(sent)
    return 0


def set_environment() -> Path:
    """Set what Gradio reads, some of it when it is imported; returns the folder for what visitors send.

    That is in the user's own GRADIO_TEMP_DIR, if there is one, and deleted when the process ends.
    """
    # Without the last two it keeps the times of the last 10,000 events, and after each event makes
    # statistics of all of them: answers get slower with every drawing.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"
    folder = os.environ.get("GRADIO_TEMP_DIR") or None
    if folder:
        os.makedirs(folder, exist_ok=True)
    sent = os.environ["GRADIO_TEMP_DIR"] = mkdtemp(prefix="lenet5-", dir=folder)
    atexit.register(shutil.rmtree, sent, ignore_errors=True)
    return Path(sent)


def serve(sent: Path) -> None:
    """Serve the page; what visitors send goes to that folder, which is for nothing else."""
    import torch

    from . import gate, memory
    from .page import build, routes
    from .theme import appearance
    from .uploads import Uploads

    memory.give_back()
    torch.set_num_threads(1)  # for one digit more of them only wait for each other
    page = build()
    page.queue(max_size=256).launch(
        **appearance(),
        enable_monitoring=False,
        footer_links=["api"],
        app_kwargs=gate.settings(Uploads(sent)) | {"routes": routes()},
        max_file_size=gate.MAX_FILE,
        mcp_server=find_spec("mcp") is not None,
        run_history=False,
        share=False,
        ssr_mode=False,
        state_session_capacity=1000,
    )


if __name__ == "__main__":
    sys.exit(main())
