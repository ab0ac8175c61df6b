"""Write the digits for training in the browser, paper_lenet5/demo/training.webp and .json.

The first of MNIST's training images to learn from, the last to count errors on, in few levels of grey,
so that they load quickly. No test image is among them.

On two cores it takes seconds.
"""

import json
import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from paper_lenet5.demo.training import COLUMNS, DESCRIPTION, DIGITS
from paper_lenet5.files import write_whole
from paper_lenet5.mnist import load_mnist

from .writing import options

LEARNED, UNSEEN = 2_000, 500
LEVELS = 3
"""Of grey: paper, half, ink."""


def sheet(images: np.ndarray) -> Image.Image:
    """Images (N, 28, 28), ink 255, side by side in rows of COLUMNS, in few levels, ink 0."""
    few = np.rint(np.rint(images / 255 * (LEVELS - 1)) * (255 / (LEVELS - 1)))
    rows, side = len(images) // COLUMNS, images.shape[1]
    grid = few.reshape(rows, COLUMNS, side, side).swapaxes(1, 2).reshape(rows * side, -1)
    return Image.fromarray((255 - grid).astype(np.uint8))


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Write the picture of the digits, and their labels."""
    parser = options.described("demo_training", __doc__)
    parser.add_argument("--data", help="folder with MNIST (default: as everywhere)")
    args = parser.parse_args(argv)
    options.clone()
    images, labels = load_mnist("train", args.data)
    chosen = [*range(LEARNED), *range(len(labels) - UNSEEN, len(labels))]
    sheet(images[chosen].numpy()).save(DIGITS, lossless=True, quality=100, method=6)
    content = {"learned": LEARNED, "labels": "".join(map(str, labels[chosen].tolist()))}
    write_whole(DESCRIPTION, json.dumps(content).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
