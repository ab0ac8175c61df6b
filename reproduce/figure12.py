"""Figure 12: memory, in numbers that have to be kept, ours and the paper's.

Draws results/figures/figure12.png and .svg from the records and writes figure12.csv. `--train` first
fits and trains what has no record: forty minutes of one core, once for all of Figs. 9 to 12. `--rates`
tries learning rates on held-out images (results/methods/rates.csv), three quarters of an hour.

On two cores it takes seconds.
"""

import sys
from collections.abc import Sequence

from .section_iii_c import comparison
from .writing import options

QUANTITY = comparison.MEMORY


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Draw, write and print."""
    return comparison.main(QUANTITY, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
