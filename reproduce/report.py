"""The report: the reproduction as a paper of a few pages, docs/report.md and docs/report.pdf.

Its numbers are made anew from the results; it is set by Typst (extra `report`).

On two cores it takes seconds.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paper_lenet5.files import write_whole

from . import pages
from .writing import options
from .writing.typesetting import typst

PAGE = "docs/report.md"


def pdf(markdown: str) -> bytes:
    """The page as a PDF, its pictures taken from where the page has them; the same bytes every time."""
    import typst as typesetter  # it is an extra

    compiler: Any = typesetter.compile  # its types want a root of bytes, which it refuses
    title = markdown.partition("\n")[0].lstrip("# ")
    source = typst(title, markdown, str(Path(PAGE).parent)).encode()
    return bytes(compiler(source, root=str(pages.ROOT), format="pdf"))


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write the page's numbers anew, and the PDF."""
    options.described("report", __doc__).parse_args(argv)
    pages.renew(PAGE)
    path = pages.ROOT / PAGE
    write_whole(path.with_suffix(".pdf"), pdf(path.read_text(encoding="utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
