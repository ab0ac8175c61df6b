"""The edge of a picture is paper, and ink whatever differs from it: simple, and wrong where it is not.

What the package did to pictures before it looked for paper everywhere. On drawings and patterns of
MNIST it gives what is given now.
"""

import numpy as np
from torch import Tensor

from paper_lenet5.paper import CONTRAST
from paper_lenet5.pictures import normalise, pixels

LONGEST = 400
"""Side that is worked on, pixels."""


