"""LeNet-5 as it was printed in 1998.

The files, in the order of the paper: connections, bitmaps, layers, rbf, initialisation, preprocessing,
lenet5 (section II-B, appendix A), losses (II-C), mnist, distort (III-A, III-B), changes (III-E),
strings, reading (VII), recursion, sdlm (appendix C), patterns, eager, training, recipe (III-B); and
compiled, which does what eager does, faster. Beside the paper: own, labelled and images, which train on
images of yours; checkpoint, from which a training goes on; pretrained and hub, which keep networks;
pictures, which leads from a picture to what the network sees, and transform, which does so for images in
memory; verdict and doubt, which say what the answer is worth; __main__, train_command and terminal, the
command line; demo, what it serves; checks, of values, files and threads; config, variants and modern,
which are of today.

Names are imported when they are first asked for: PyTorch takes a second, and the Hub's client, whose
model class LeNet5 is, as long again.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .doubt import verdicts
    from .lenet5 import LeNet5
    from .losses import MAPLoss, MSELoss
    from .mnist import load_fashion_mnist, load_mnist
    from .own import Trained, train
    from .pictures import read_picture
    from .preprocessing import preprocess
    from .recipe import Recipe
    from .sdlm import SDLM, diagonal_curvature

_LATER = {
    "LeNet5": ".lenet5",
    "MAPLoss": ".losses",
    "MSELoss": ".losses",
    "Recipe": ".recipe",
    "SDLM": ".sdlm",
    "Trained": ".own",
    "diagonal_curvature": ".sdlm",
    "load_fashion_mnist": ".mnist",
    "load_mnist": ".mnist",
    "preprocess": ".preprocessing",
    "read_picture": ".pictures",
    "train": ".own",
    "verdicts": ".doubt",
}

__version__ = "0.1.0"

__all__ = [
    "SDLM",
    "LeNet5",
    "MAPLoss",
    "MSELoss",
    "Recipe",
    "Trained",
    "diagonal_curvature",
    "load_fashion_mnist",
    "load_mnist",
    "preprocess",
    "read_picture",
    "train",
    "verdicts",
]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
