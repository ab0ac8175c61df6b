"""How many megabytes each extra adds, as it is installed here: `python -m tools.sizes`"""

from importlib.metadata import PackageNotFoundError, distribution

from tools.licences import OF_CUDA, by_extra


def megabytes(name: str) -> float:
    """Of all files of an installed package; 0 if it is not installed."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return 0.0
    paths = (file.locate() for file in files)
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def main() -> None:
    print("| extra | more packages | MB | the largest |\n| --- | --- | --- | --- |")
    for extra, names in by_extra():
        sizes = {name: megabytes(name) for name in names}
        cuda = {name: size for name, size in sizes.items() if name.startswith(OF_CUDA)}
        own = {name: size for name, size in sizes.items() if name not in cuda}
        largest = sorted(own, key=lambda name: -own[name])[:3]
        named = ", ".join(f"{name} {own[name]:.0f}" for name in largest)
        print(f"| {extra or 'none'} | {len(own)} | {sum(own.values()):.0f} | {named} |")
        if cuda:
            print(f"| CUDA, if not left out | {len(cuda)} | {sum(cuda.values()):.0f} | |")


if __name__ == "__main__":
    main()
