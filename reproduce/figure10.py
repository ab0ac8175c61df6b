"""Figure 10: the test patterns to be rejected for 0.5 % error on the rest, ours and the paper's.

Draws results/figures/figure10.png and .svg from the records and writes figure10.csv. `--train` first
fits and trains what has no record: all of Figs. 9 to 12 takes 40 minutes on one core.
"""

import sys
from collections.abc import Sequence

from . import comparison
from .comparison import Quantity

QUANTITY = Quantity(
    figure="figure10",
    column="rejected",
    title="Rejected for 0.5 % error on the rest",
    unit="test patterns rejected, %",
    form="{:.1f}",
    log=False,
    tolerance=0.3,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, write and print."""
    return comparison.main(QUANTITY, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
