"""Figure 11: multiply-accumulates for one pattern, ours and the paper's.

On two cores it takes seconds.
"""

import sys

from .section_iii_c import comparison

EXHIBIT = comparison.exhibit_of(comparison.MULTIPLY_ADDS, __doc__)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
