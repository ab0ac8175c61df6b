"""LeNet-5 as it was printed in 1998.

The files, in the order of the paper: connections, bitmaps, layers, rbf, initialisation, preprocess,
lenet5 (section II-B, appendix A), losses (II-C), mnist, distort (III-A, III-B), strings, reading (VII),
sdlm (appendix C), patterns, eager, training, recipe (III-B); and compiled, which does what eager does,
faster. Beside the paper: pretrained, hub and pictures, which make the network useful, and modern.

What builds on LeNet5 is imported when it is first asked for: the Hub's client, whose model class
LeNet5 is, takes several times as long as all the rest of the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .losses import MAPLoss, MSELoss
from .mnist import load_fashion_mnist, load_mnist
from .preprocess import preprocess

if TYPE_CHECKING:
    from .lenet5 import LeNet5
    from .sdlm import SDLM, diagonal_curvature

_LATER = {"LeNet5": ".lenet5", "SDLM": ".sdlm", "diagonal_curvature": ".sdlm"}

__all__ = [
    "SDLM",
    "LeNet5",
    "MAPLoss",
    "MSELoss",
    "diagonal_curvature",
    "load_fashion_mnist",
    "load_mnist",
    "preprocess",
]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name], __name__), name)
