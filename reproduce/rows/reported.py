"""What the paper reports, and at the end what tutorials claim. Percent where nothing else is said.

"Preprint" marks what only the vector drawings of the authors' preprint tell exactly.
"""

from typing import NamedTuple

FIRST_PASS_STEPS = (7e-5, 0.016)
"""Smallest and largest effective learning rate in the first pass (section III-B)."""

UNCERTAINTY = 0.1
"""The uncertainty of the test errors, points of percent (caption of Fig. 9)."""

FIGURE_5_TRAIN = (4.89, 3.06, 1.76, 1.47, 1.21, 0.90, 0.77, 0.69, 0.56, 0.49, 0.46, 0.44, 0.41,
                  0.385, 0.385, 0.385, 0.385, 0.36, 0.36, 0.36, 0.36)  # fmt: skip
"""Training error during each pass (preprint, Fig. 5). It draws 21 points, one more than the text has."""

TRAINING_ERROR = 0.35
"""Training error after 19 passes (text of section III-B, and 0.353 in Fig. 6; Fig. 5 draws 0.36)."""

FIGURE_5_TEST = (2.67, 2.24, 1.47, 1.42, 1.42, 1.08, 1.03, 1.05, 0.97, 0.95, 0.95, 0.97, 0.95,
                 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95)  # fmt: skip
"""Test error after each pass (preprint, Fig. 5)."""

FIGURE_6_TEST = {15_000: 1.68, 30_000: 1.14, 60_000: 0.94, 600_000: 0.82}
"""Test error by the number of training patterns, distorted ones the last time (preprint, Fig. 6)."""

FIGURE_6_TRAIN = {15_000: 0.054, 30_000: 0.31, 60_000: 0.353}
"""Training error by the number of training patterns (preprint, Fig. 6)."""

FIGURE_7 = {
    "scale": (0.717, 0.770, 0.807, 0.842, 0.884, 0.944, 0.986, 1.056, 1.131, 1.205, 1.296),
    "squeeze": (0.905, 0.933, 0.958, 0.974, 0.992, 1.004, 1.026, 1.039, 1.054, 1.077, 1.097),
    "shear": (-0.135, -0.114, -0.085, -0.049, -0.015, 0.012, 0.029, 0.058, 0.083, 0.112, 0.139),
    "shift_x": (-1.90, -1.35, -1.09, -0.79, -0.23, 0.11, 0.53, 0.92, 1.33, 1.78, 1.97),
    "shift_y": (-1.96, -1.72, -1.25, -1.00, -0.62, -0.14, 0.32, 0.73, 1.08, 1.57, 1.94),
}  # fmt: skip
"""Smallest value, nine deciles and largest value of the 100 distortions of Fig. 7.

The units are those of `paper_lenet5.distort.DistortionRanges`, but scale is 1 / shrink. Each is of the
affine map that fits one of the preprint's bitmaps best (D10; rms error 1.1 grey levels).
"""

FIGURE_13 = (4, 4, 4, 4, 3, 8, 4, 3, 3)
"""Answers to the nine unusual, distorted and noisy characters (Fig. 13), row by row."""

INVARIANCE = {"scale": (0.5, 2.0), "rotation": (-30.0, 30.0), "shift_y": (-10.0, 10.0)}
"""Within these characters are recognised accurately, by the paper's estimate (section III-E).

"Scale variations up to about a factor of 2", read as half to twice the size; degrees; and shifts of
"about half the height of the character", whose box is 20 pixels high.
"""

FIGURE_8 = {
    247: 6, 449: 5, 582: 2, 659: 1, 674: 3, 829: 8, 926: 8, 938: 5, 1014: 5, 1039: 3, 1232: 4,
    1319: 0, 1328: 8, 1393: 3, 1530: 7, 1621: 6, 1681: 7, 1790: 7, 1878: 3, 1901: 4, 1955: 2,
    2035: 3, 2043: 8, 2109: 9, 2118: 0, 2129: 8, 2130: 9, 2135: 1, 2293: 4, 2387: 1, 2414: 4,
    2462: 0, 2654: 1, 2921: 5, 2927: 2, 2939: 5, 3030: 0, 3422: 0, 3520: 0, 3762: 8, 3780: 6,
    3808: 3, 3869: 4, 3941: 6, 4176: 7, 4224: 7, 4265: 3, 4369: 4, 4405: 4, 4425: 4, 4497: 7,
    4575: 2, 4601: 4, 4740: 5, 4956: 4, 5736: 5, 5749: 5, 5955: 8, 5973: 8, 6091: 8, 6101: 5,
    6173: 8, 6538: 3, 6557: 2, 6558: 5, 6571: 5, 6597: 7, 6783: 6, 7434: 9, 8059: 1, 8094: 8,
    8408: 5, 8527: 9, 9009: 2, 9015: 2, 9679: 5, 9692: 7, 9698: 1, 9729: 6, 9770: 0, 9792: 9,
    9904: 8,
}  # fmt: skip
"""The 82 test patterns that the network trained with distortions missed, and its answers (Fig. 8).

Counted from 0 in today's test set: each image of the preprint's figure matches one of its images.
"""


class Bar(NamedTuple):
    """What Figs. 9 to 12 have of one classifier; None where they have no bar."""

    title: str
    error: float
    """Percent of the test set that is misclassified (Fig. 9)."""
    rejected: float | None = None
    """Percent of the test patterns to be rejected so that 0.5 % of the others are wrong (Fig. 10)."""
    multiply_adds: float | None = None
    """Thousands of them for one pattern (Fig. 11)."""
    memory: float | None = None
    """Thousands of variables (Fig. 12)."""


SECTION_III_C = {
    "linear": Bar("Linear", 12.0, None, 4, 4),
    "linear-deslanted": Bar("[deslant] Linear", 8.4),
    "pairwise-linear": Bar("Pairwise linear", 7.6, None, 36, 35),
    "k-nn": Bar("K-NN Euclidean", 5.0),
    "k-nn-deslanted": Bar("[deslant] K-NN Euclidean", 2.4, 8.1, 24_000, 24_000),
    "pca-quadratic": Bar("40 PCA + quadratic", 3.3, None, 39, 40),
    "rbf": Bar("1000 RBF + linear", 3.6, None, 794, 794),
    "tangent-distance": Bar("[16×16] Tangent distance", 1.1, 1.9, 20_000, 25_000),
    "svm-poly-4": Bar("SVM poly 4", 1.1, 1.8, 14_000, 14_000),
    "rs-svm-poly-5": Bar("RS-SVM poly 5", 1.0, None, 650, 650),
    "v-svm-poly-9": Bar("[dist] V-SVM poly 9", 0.8, None, 28_000, 28_000),
    "28x28-300-10": Bar("28×28-300-10", 4.7),
    "28x28-300-10-distortions": Bar("[dist] 28×28-300-10", 3.6),
    "20x20-300-10-deslanted": Bar("[deslant] 20×20-300-10", 1.6, 3.2, 123, 123),
    "28x28-1000-10": Bar("28×28-1000-10", 4.5, None, 795, 795),
    "28x28-1000-10-distortions": Bar("[dist] 28×28-1000-10", 3.8),
    "28x28-300-100-10": Bar("28×28-300-100-10", 3.05, None, 267, 267),
    "28x28-300-100-10-distortions": Bar("[dist] 28×28-300-100-10", 2.5),
    "28x28-500-150-10": Bar("28×28-500-150-10", 2.95, None, 469, 469),
    "28x28-500-150-10-distortions": Bar("[dist] 28×28-500-150-10", 2.45),
    "lenet1": Bar("[16×16] LeNet-1", 1.7, 3.7, 100, 3),
    "lenet4": Bar("LeNet-4", 1.1, 1.8, 260, 17),
    "lenet4-local": Bar("LeNet-4 / local", 1.1, 1.4, 20_000, 24_000),
    "lenet4-k-nn": Bar("LeNet-4 / K-NN", 1.1, 1.6, 10_000, 24_000),
    "lenet5-1998": Bar("LeNet-5", 0.95, None, 401, 60),
    "lenet5-1998-distortions": Bar("[dist] LeNet-5", 0.8),
    "boosted-lenet4": Bar("[dist] Boosted LeNet-4", 0.7, 0.5, 460, 51),
}
"""The classifiers of Figs. 9 to 12, in the order of Fig. 9."""

IN_THE_TEXT = {"svm-poly-4-regular": Bar("SVM poly 4, regular images (text)", 1.4)}
"""What section III-C.10 reports beside the figures: the machine of Burges and Schölkopf. The bar of the
SVM in Fig. 9 is the one of Cortes and Vapnik, with "a slightly different technique"."""

TEST_ERROR = {
    f"{reading}{data}": SECTION_III_C[f"lenet5-1998{data}"].error
    for reading in ("lenet5-1998", "lenet5-1998-half-eq8")
    for data in ("", "-distortions")
}
"""Test errors of the two networks of section III-B, for the readings that claim them (D7)."""

# --- what tutorials claim -------------------------------------------------------------------------
# Of the networks in `baselines/networks.py`, which says where they can be seen.

TANH_AVERAGE_PARAMETERS = (156, 2_416, 48_120, 10_164)
"""Parameters of each layer of the tutorials' LeNet-5 with tanh and average pooling; 60,856 in all."""

TANH_AVERAGE_MULTIPLY_ADDS = 4.22
"""Millions, for a batch of ten."""

TANH_AVERAGE_FASHION_TRAIN_ACCURACY = 91.0
"""More than that on Fashion-MNIST's training set, with learning-rate decay."""

LINEAR_CNN_TRAIN_ACCURACY = (87.57, 96.69, 97.48, 97.87, 98.15, 98.35, 98.51, 98.62, 98.69, 98.75)
"""Percent on MNIST's training set, by epoch, of the tutorials' LeNet-5 without activations."""

SIGMOID_FASHION_TEST_ACCURACY = (58.7, 67.9, 72.6, 74.4, 75.6)
"""Percent on Fashion-MNIST's test set, by epoch, of the tutorials' LeNet-5 with sigmoids."""

SIGMOID_FASHION_TRAIN_ACCURACY = (31.7, 75.4)
"""Percent during the first and the fifth epoch."""

SIGMOID_FASHION_LOSS = (1.8508, 0.6413)
"""Mean cross entropy during the first and the fifth epoch."""
