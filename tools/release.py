"""Make this tree the one that is published, before it is built.

python -m tools.release OWNER/NAME TAG

The pages name no repository, for whoever publishes them has one of their own.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import paper_lenet5

ROOT = Path(__file__).parent.parent
PLACEHOLDER = "OWNER/paper-lenet5"
"""What stands for the repository in pyproject.toml, and wherever else it is named."""
NAMED_IN = ("pyproject.toml", "hubconf.py", "*.md", "docs/*.md", "examples/*.ipynb")


def released(text: str, repository: str) -> str:
    """The text with the repository's name in place of the placeholder."""
    return text.replace(PLACEHOLDER, repository)


def for_pypi(readme: str, repository: str, tag: str) -> str:
    """README.md with links that lead to the repository as it was at the tag, pictures to their files."""
    raw = f"https://raw.githubusercontent.com/{repository}/{tag}/"
    page = f"https://github.com/{repository}/blob/{tag}/"
    relative = r"\]\((?!https?:|#)"
    readme = re.sub(rf"(!\[[^]]*){relative}", rf"\1]({raw}", readme)
    return re.sub(relative, f"]({page}", readme)


def main(argv: Sequence[str] | None = None) -> None:
    """Rewrite the files. Exits with a sentence where the tag is not that of this version."""
    parser = argparse.ArgumentParser("python -m tools.release", description=__doc__.splitlines()[0])
    parser.add_argument("repository", metavar="OWNER/NAME", help="where it is on GitHub")
    parser.add_argument("tag", metavar="TAG", help="that of this version, like v0.1.0")
    args = parser.parse_args(argv)
    if args.tag != f"v{paper_lenet5.__version__}":
        sys.exit(f"The tag is {args.tag}, but the version is {paper_lenet5.__version__}.")
    for path in (path for name in NAMED_IN for path in ROOT.glob(name)):
        text = released(path.read_text(encoding="utf-8"), args.repository)
        if path.name == "README.md":
            text = for_pypi(text, args.repository, args.tag)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
