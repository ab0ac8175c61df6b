"""The demo, as a Space on Hugging Face starts it. With the package installed: `paper-lenet5 demo`."""

import sys

from paper_lenet5.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
