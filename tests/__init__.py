"""The tests: a folder for each package, doubles, and what holds for the whole tree."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
"""The folder of the repository."""
