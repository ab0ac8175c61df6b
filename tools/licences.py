"""The licences of all that this project stands on, as a table: `python -m tools.licences`

Every package that `pip install .` brings, and what each extra adds, as they are installed here.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("", *distribution("paper-lenet5").metadata.get_all("Provides-Extra"))
"""None, and all that the package has, in its own order."""
OF_CUDA = ("cuda-", "nvidia-", "triton")
"""What the names of the packages begin with that PyTorch for the CPU does without. They are under
licences of their maker, and left out."""
APPROVED = ("OSI Approved", "DFSG approved")
"""Classifiers that name no licence."""
SHORT = {"BSD License": "BSD", "MIT License": "MIT", "Apache Software License": "Apache-2.0"}


def requires(name: str) -> list[str]:
    """What an installed package asks for; nothing where it is one of another system."""
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []


def brought(
    asked: Iterable[Requirement], requires_of: Callable[[str], list[str]] = requires
) -> set[str]:
    """Names of the packages that pip installs where it is asked for these."""
    left = [(canonicalize_name(of.name), extra) for of in asked for extra in {*of.extras, ""}]
    found = set()
    while left:
        name, extra = one = left.pop()
        if one not in found:
            found.add(one)
            needed = map(Requirement, requires_of(name))
            wanted = [of for of in needed if not of.marker or of.marker.evaluate({"extra": extra})]
            left += [
                (canonicalize_name(of.name), more) for of in wanted for more in {*of.extras, ""}
            ]
    return {name for name, _ in found}


def by_extra() -> Iterator[tuple[str, set[str]]]:
    """Each extra, none first, and the packages that those before it do not bring."""
    before = {"paper-lenet5"}
    for extra in EXTRAS:
        found = brought([Requirement(f"paper-lenet5[{extra}]")])
        yield extra, found - before
        before |= found


def licence(name: str) -> tuple[str, str]:
    """Version and licence of an installed package, the latter as its metadata have it."""
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        return "–", "not installed here"
    known = [metadata["License-Expression"]]
    known += [c.split(" :: ")[-1] for c in metadata.get_all("Classifier", []) if "License ::" in c]
    known += [(metadata["License"] or "").split("\n")[0][:60]]
    first = next((text for text in known if text and text not in APPROVED), "see its files")
    return metadata["Version"], SHORT.get(first, first)


def main() -> None:
    print("| package | version | licence | comes with |\n| --- | --- | --- | --- |")
    for extra, names in by_extra():
        for name in sorted(names):
            if name.startswith(OF_CUDA):
                continue
            version, terms = licence(name)
            print(f"| {name} | {version} | {terms} | {f'[{extra}]' if extra else 'always'} |")


if __name__ == "__main__":
    main()
