"""What the paper reports, each number once. Percent where nothing else is said.

"Preprint" marks what only the vector drawings of the authors' preprint tell exactly.
"""

TEST_ERROR = {"lenet5-1998": 0.95, "lenet5-1998-distortions": 0.80}
"""Section III-B, Fig. 9."""

TRAIN_ERROR_DURING = 0.35
"""Measured during pass 19 (caption of Fig. 5)."""

FIRST_PASS_STEPS = (7e-5, 0.016)
"""Smallest and largest effective learning rate in the first pass (section III-B)."""

UNCERTAINTY = 0.1
"""Of the test errors (caption of Fig. 9)."""

FIGURE_5_TRAIN = (4.89, 3.06, 1.76, 1.47, 1.21, 0.90, 0.77, 0.69, 0.56, 0.49, 0.46, 0.44, 0.41,
                  0.385, 0.385, 0.385, 0.385, 0.36, 0.36, 0.36, 0.36)  # fmt: skip
"""Training error during each pass (preprint, Fig. 5). It draws 21 points, one more than the text has."""

FIGURE_5_TEST = (2.67, 2.24, 1.47, 1.42, 1.42, 1.08, 1.03, 1.05, 0.97, 0.95, 0.95, 0.97, 0.95,
                 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95)  # fmt: skip
"""Test error after each pass (preprint, Fig. 5)."""
