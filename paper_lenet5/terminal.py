"""What every command says in words: on any terminal, and where something is not installed."""

import codecs
import io
import sys

COMPILING = "Compiling for this processor, once ..."
"""What is said where the compiled pass is not on disk yet, and no bar can show it."""
EXTRAS = {
    "train": ("filelock", "numba"),
    "reproduce": (
        "markdown_it",
        "matplotlib",
        "pandas",
        "rich",
        "scipy",
        "sklearn",
        "threadpoolctl",
        "torchvision",
    ),
    "demo": ("gradio",),
    "onnx": ("onnx", "onnxruntime", "onnxscript"),
    "report": ("typst",),
    "cluster": ("distributed",),
}
"""Each extra, and the modules that it brings. What is done without where it is missing is left out."""
_IN_ASCII = {
    "±": "+-",
    "×": "x",
    "·": "-",
    "–": "-",
    "−": "-",
    "…": "...",
    "√": "sqrt",
    "μ": "mu",
    "η": "eta",
}


def any_terminal() -> None:
    """From here on, what the terminal has no letter for is printed in letters that it has.

    Lines are printed as they come, in a pipe or a log as well.
    """
    codecs.register_error("paper-lenet5", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="paper-lenet5", line_buffering=True)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """How Python encodes what it otherwise cannot; names of files need not even be text."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    known = [
        _IN_ASCII.get(one) or one.encode("ascii", "backslashreplace").decode() for one in letters
    ]
    return "".join(known), error.end


def missing(error: ModuleNotFoundError) -> str:
    """What to install, in words. Raises the error itself if no extra brings that module."""
    module = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if module in modules:
            return f'This needs {module}: pip install "paper-lenet5[{extra}]"'
    raise error
