"""Figure 10: test patterns to be rejected for 0.5 % error on the rest, ours and the paper's.

On two cores it takes seconds.
"""

import sys

from .section_iii_c import comparison

EXHIBIT = comparison.exhibit_of(comparison.REJECTION, __doc__)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
