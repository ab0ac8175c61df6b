"""Figure 12: memory, in numbers that have to be kept, ours and the paper's.

On two cores it takes seconds.
"""

import sys

from .section_iii_c import comparison

EXHIBIT = comparison.exhibit_of(comparison.MEMORY, __doc__)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
