"""LeNet-5 as it was printed in 1998.

The files, in the order of the paper: connections, bitmaps, layers, rbf, initialisation, preprocess,
lenet5 (section II-B, appendix A), losses (II-C), mnist, distort (III-A, III-B), sdlm (appendix C),
eager, training (III-B); and compiled, which does what eager does, faster.
"""

from .lenet5 import LeNet5
from .losses import MAPLoss, MSELoss
from .mnist import load_fashion_mnist, load_mnist
from .preprocess import preprocess
from .sdlm import SDLM, diagonal_curvature

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
