"""How the code is built: rooms (modules), arrows (imports) and floors, of this tree or of another.

python -m tools.floors [TREE]
"""

import argparse
import ast
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILT = ("paper_lenet5", "reproduce", "app.py", "hubconf.py")


class OnlyForTypes(ast.NodeTransformer):
    """Leaves out what is imported for annotations alone, and by no program that runs."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def modules(tree: Path) -> dict[str, Path]:
    """Every module of what is built in a tree, by its dotted name; a package by that of its folder."""
    files = [f for top in BUILT for f in ([tree / top, *(tree / top).rglob("*.py")])]
    found = {}
    for file in files:
        if file.is_file():
            parts = file.relative_to(tree).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def arrows(tree: Path) -> dict[str, set[str]]:
    """The modules that each module imports, wherever in the file it does.

    A package imports nothing of itself here: what its __init__ collects stands above, and not below.
    """
    known = modules(tree)
    found: dict[str, set[str]] = {name: set() for name in known}
    for name, file in known.items():
        package = name if file.stem == "__init__" else name.rpartition(".")[0]
        for node in ast.walk(OnlyForTypes().visit(ast.parse(file.read_text(encoding="utf-8")))):
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join(above * bool(node.level) + [node.module or ""]).strip(".")
                imported = [f"{base}.{alias.name}" for alias in node.names]
                imported = [one if one in known else base for one in imported]
            else:
                continue
            found[name] |= {
                one for one in imported if one in known and not f"{name}.".startswith(f"{one}.")
            }
    return found


def floors(of: dict[str, set[str]]) -> dict[str, int]:
    """The floor of each module: 1 where it imports no other. Raises CycleError for a circle."""
    floor: dict[str, int] = {}
    for name in TopologicalSorter(of).static_order():
        floor[name] = 1 + max((floor[below] for below in of[name]), default=0)
    return floor


def main(argv: Sequence[str] | None = None) -> None:
    """Print a line for each folder, and the way down from the highest floor."""
    parser = argparse.ArgumentParser("python -m tools.floors", description=__doc__.splitlines()[0])
    parser.add_argument("tree", metavar="TREE", nargs="?", type=Path, default=ROOT,
                        help="the folder of another")  # fmt: skip
    root = parser.parse_args(argv).tree
    if not (known := modules(root)):
        parser.error(f"{root} has none of {', '.join(BUILT)}")
    of = arrows(root)
    floor = floors(of)
    folders: dict[str, list[str]] = {}
    for name, file in known.items():
        folders.setdefault(str(file.parent.relative_to(root)), []).append(name)
    print(f"{'folder':<28}{'rooms':>7}{'lines':>8}{'longest':>9}{'floors':>9}")
    for folder, names in sorted(folders.items()):
        lines = [len(known[name].read_text(encoding="utf-8").splitlines()) for name in names]
        levels = [floor[name] for name in names]
        span = f"{min(levels)}-{max(levels)}"
        print(f"{folder:<28}{len(names):>7}{sum(lines):>8}{max(lines):>9}{span:>9}")
    print(f"{len(known)} rooms, {max(floor.values())} floors, {sum(map(len, of.values()))} arrows")
    way = [max(floor, key=lambda name: floor[name])]
    while of[way[-1]]:
        way.append(max(of[way[-1]], key=lambda name: floor[name]))
    print(" > ".join(way))


if __name__ == "__main__":
    main()
