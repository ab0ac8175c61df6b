"""Write the demo as a folder of files that needs no server, for any web server or to be opened as it is.

The network runs in the browser: its weights are in the page.

On two cores it takes seconds.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from paper_lenet5.demo.site import build

from .writing import options


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write it, and say how large it is."""
    parser = options.described("site", __doc__)
    option = parser.add_argument
    option("--out", type=options.folder, default=Path("build/site"),
           help="the folder (default: build/site)")  # fmt: skip
    option(
        "--address",
        default="",
        help="where it will be found, https://…/, for the picture beside links",
    )
    args = parser.parse_args(argv)
    files = build(args.out, args.address)
    for path in files:
        print(f"{path.stat().st_size:12,}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
