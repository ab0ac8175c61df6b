"""How LeNet-5 (1998) learned, from its first values to the end: `python -m reproduce.demo_learning`."""

from pathlib import Path

LEARNING = Path(__file__).parent / "learning.json"
