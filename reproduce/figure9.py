"""Figure 9: test error of every classifier of section III-C, ours and the paper's.

On two cores it takes seconds; training half an hour.
"""

import sys

from .section_iii_c import comparison

EXHIBIT = comparison.exhibit_of(comparison.ERROR, __doc__)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
