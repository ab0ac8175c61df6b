"""All figures from the committed records, and results/README.md, which shows them.

Nothing is trained and nothing measured anew: see the command of each figure for that.

On two cores it takes half a minute.
"""

import sys
from collections.abc import Sequence

from rich.console import Console

from . import (
    figure5,
    figure6,
    figure7,
    figure8,
    figure9,
    figure10,
    figure11,
    figure12,
    figure13,
    pages,
    sdnn,
    step_sizes,
)
from .writing import options

FIGURES = (
    figure5,
    figure6,
    figure7,
    figure8,
    figure9,
    figure10,
    figure11,
    figure12,
    figure13,
    sdnn,
    step_sizes,
)
"""In the order of results/README.md. Each has `main`, which takes --out and --data."""


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Draw one after the other; the exit status is 1 if one of them has nothing to draw."""
    parser = options.parser("figures", __doc__)
    args, console = parser.parse_args(argv), Console()
    shared = ["--out", str(args.out)] + (["--data", str(args.data)] if args.data else [])
    failed = []
    for module in FIGURES:
        name = module.__name__.removeprefix("reproduce.")
        console.rule(name)
        if module.main(shared) != 0:
            failed.append(name)
    if failed:
        console.print(f"Not drawn: {', '.join(failed)}.", style="red")
        return 1
    if args.out.resolve() == pages.RESULTS:
        pages.renew("results/README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
