"""All tables, figures and pages from the records: nothing is trained and nothing measured anew.

Each table and figure has a command that trains or measures what it shows: see that.

On two cores it takes a minute.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console

from . import claims, pages, report
from .__main__ import exhibits
from .writing import options
from .writing.exhibit import Exhibit


def again(chosen: Iterable[Exhibit], args: argparse.Namespace) -> bool:
    """Make one after the other from its records; whether each of them had something to show."""
    console, missing = Console(), []
    out = ["--out", str(args.out)]
    data = ["--data", str(args.data)] if args.data else []
    for exhibit in chosen:
        console.rule(exhibit.name)
        if exhibit.main([*out, *(data if exhibit.DATA else []), *exhibit.RECORDED]) != 0:
            missing.append(exhibit.name)
    if missing:
        console.print(f"Not made: {', '.join(missing)}.", style="red")
    return not missing


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Make all; the exit status is 1 if one of them has nothing to show."""
    args = options.parser("everything", __doc__, options.RESULTS).parse_args(argv)
    if not again(exhibits().values(), args) or claims.main(["--out", str(args.out)]) != 0:
        return 1
    if args.out.resolve() != pages.RESULTS:
        return 0
    return pages.main([]) or report.main([])


if __name__ == "__main__":
    sys.exit(main())
