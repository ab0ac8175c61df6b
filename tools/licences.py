"""The licences of all that this project stands on, as a table: `python -m tools.licences`

Every package that `pip install .` brings, and what each extra adds, as they are installed here.
"""

import re
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

EXTRAS = ("", "train", "reproduce", "demo", "mcp", "onnx", "cluster", "fonts", "test")
OF_CUDA = ("cuda-", "nvidia-", "triton")
"""What torch's build for CUDA brings, under licences of its maker, is left out."""
SHORT = {"BSD License": "BSD", "MIT License": "MIT", "Apache Software License": "Apache-2.0"}


def needed(name: str, extra: str, found: dict[str, Requirement]) -> None:
    """Add to `found` what the package needs with that extra, and what that needs in its turn."""
    try:
        requires = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, requires):
        key = re.sub("[-_.]+", "-", requirement.name).lower()
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if not wanted or (key in found and key != "paper-lenet5"):
            continue
        if key != "paper-lenet5":
            found[key] = requirement
        for of in requirement.extras or {""}:
            needed(requirement.name, of, found)


def licence(name: str) -> tuple[str, str]:
    """Version and licence of an installed package, the latter as its metadata have it."""
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        return "–", "not installed here"
    known = [metadata["License-Expression"]]
    known += [c.split(" :: ")[-1] for c in metadata.get_all("Classifier", []) if "License ::" in c]
    known += [(metadata["License"] or "").split("\n")[0][:60]]
    first = next((text for text in known if text and text != "OSI Approved"), "see its files")
    return metadata["Version"], SHORT.get(first, first)


def main() -> None:
    seen: set[str] = set()
    print("| package | version | licence | comes with |\n| --- | --- | --- | --- |")
    for extra in EXTRAS:
        found: dict[str, Requirement] = {}
        needed("paper-lenet5", extra, found)
        for name in sorted(found.keys() - seen):
            if name.startswith(OF_CUDA):
                continue
            version, terms = licence(name)
            print(f"| {name} | {version} | {terms} | {f'[{extra}]' if extra else 'always'} |")
        seen |= found.keys()


if __name__ == "__main__":
    main()
