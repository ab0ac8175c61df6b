"""How figures are saved: small, the same bytes every time, for the page and for print."""

import io
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from .runs import write


def save(figure: Figure, path: Path) -> None:
    """path.png for pages of 700 pixels, path.svg for print."""
    with matplotlib.rc_context({"svg.hashsalt": "paper-lenet5"}):
        for kind, options in (
            ("png", {"dpi": 200, "metadata": {"Software": None}}),
            ("svg", {"metadata": {"Date": None}}),
        ):
            content = io.BytesIO()
            figure.savefig(content, format=kind, **options)
            write(path.with_suffix(f".{kind}"), content.getvalue())
