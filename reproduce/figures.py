"""All figures from the committed records, and results/README.md, which shows them.

Nothing is trained and nothing measured anew: see the command of each figure for that.

On two cores it takes half a minute.
"""

import sys
from collections.abc import Sequence

from . import everything, pages
from .__main__ import exhibits
from .writing import options
from .writing.exhibit import Figure


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Draw all; the exit status is 1 if one of them has nothing to draw."""
    args = options.parser("figures", __doc__, options.RESULTS).parse_args(argv)
    if not everything.again([e for e in exhibits().values() if isinstance(e, Figure)], args):
        return 1
    if args.out.resolve() == pages.RESULTS:
        pages.renew("results/README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
