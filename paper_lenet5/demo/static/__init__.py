"""Style and scripts of the page."""

from pathlib import Path


def text(name: str) -> str:
    """The file's text."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
