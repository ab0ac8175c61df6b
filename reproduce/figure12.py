"""Figure 12: memory, in numbers that have to be kept, ours and the paper's.

Draws results/figures/figure12.png and .svg from the records and writes figure12.csv. `--train` first
fits and trains what has no record: all of Figs. 9 to 12 takes 40 minutes on one core.
"""

import sys
from collections.abc import Sequence

from . import comparison
from .comparison import Quantity

QUANTITY = Quantity(
    figure="figure12",
    column="memory",
    title="Numbers that have to be kept",
    unit="thousands",
    form="{:,.0f}",
    log=True,
    tolerance=0.5,
    same_when_distorted=True,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, write and print."""
    return comparison.main(QUANTITY, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
