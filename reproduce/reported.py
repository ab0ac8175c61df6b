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
