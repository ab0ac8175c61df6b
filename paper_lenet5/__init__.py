"""LeNet-5 as it was printed in 1998.

Read in this order: bitmaps, connections, layers, rbf, initialisation, preprocess, lenet5 (section
II-B); losses (II-C); mnist, distort (III-A, III-B); sdlm (appendix C); training; compiled.
"""

from .lenet5 import LeNet5
from .losses import MAPLoss, MSELoss

from .preprocess import preprocess
from .sdlm import SDLM, diagonal_curvature

__all__ = [
    "SDLM",
    "LeNet5",
    "MAPLoss",
    "MSELoss",
    "diagonal_curvature",
    "preprocess",
]
