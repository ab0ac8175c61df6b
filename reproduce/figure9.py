"""Figure 9: test error of every classifier of section III-C, ours and the paper's.

Draws results/figures/figure9.png and .svg from the records and writes figure9.csv. `--train` first
fits and trains what has no record: forty minutes of one core, once for all of Figs. 9 to 12. `--rates`
tries learning rates on held-out images (results/methods/rates.csv), three quarters of an hour.

On two cores it takes seconds; training half an hour.
"""

import sys
from collections.abc import Sequence

from .section_iii_c import comparison
from .writing import options

QUANTITY = comparison.ERROR


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Draw, write and print."""
    return comparison.main(QUANTITY, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
