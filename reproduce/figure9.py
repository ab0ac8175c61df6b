"""Figure 9: test error of every classifier of section III-C, ours and the paper's.

Draws results/figures/figure9.png and .svg from the records and writes figure9.csv. `--train` first
fits and trains what has no record: all of Figs. 9 to 12 takes 40 minutes on one core.
"""

import sys
from collections.abc import Sequence

from . import comparison
from .comparison import Quantity

QUANTITY = Quantity(
    figure="figure9",
    column="error",
    title="Test error",
    unit="test error, %",
    form="{:.2f}",
    log=False,
    tolerance=0.1,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, write and print."""
    return comparison.main(QUANTITY, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
