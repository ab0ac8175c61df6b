"""Which commits have the code that a record was made with, in results/codes.csv.

python -m tools.codes [TREE]

A record names its code by a digest (reproduce/running/code.py). This goes back through the history of
git, from the newest commit to the first that had digests, and asks each commit's own code.py what it
makes of the recipes on record. It needs git, and of Python no package; it takes a minute or more.

Python itself writes the text that a digest is of, and some of it otherwise in another version. So what
was recorded with the Python that runs this is looked for, and all other lines stay as they are: run it
with each. A digest that has no commit was made with code that was never committed as it stood.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import make_dataclass
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tools.floors import ROOT, modules

LIST = "results/codes.csv"
CODE = "reproduce/running/code.py"
PACKAGES = ("paper_lenet5", "reproduce")
COLUMNS = ("digest", "python", "records", "last", "last_date", "first", "first_date")


class NoHistory(Exception):
    """Says why there is no history to look through."""


class OnRecord(NamedTuple):
    """A digest, as records have it."""

    records: int
    """How many carry it."""
    pythons: frozenset[str]
    """The versions of Python that they were made with, as in "3.11"."""
    words: frozenset[frozenset[str]]
    """What their recipes say: names of classes and functions among settings."""


# --- what is on record ----------------------------------------------------------------------------


def on_record(results: Path) -> dict[str, OnRecord]:
    """Every digest in the records of a results folder. What lies in its `yours` is no record of ours."""
    counts: Counter[str] = Counter()
    pythons, words = defaultdict(set), defaultdict(set)
    for path in results.rglob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        if "yours" in path.relative_to(results).parts or "code" not in record:
            continue
        for digest, recipe in codes(record):
            counts[digest] += 1
            pythons[digest].add(minor(record["versions"]["python"]))
            words[digest].add(frozenset(words_of(recipe)))
    return {d: OnRecord(n, frozenset(pythons[d]), frozenset(words[d])) for d, n in counts.items()}


def codes(record: dict) -> Iterator[tuple[str, object]]:
    """The digests in a record, one or one for each of its recipes, with what it says of the recipe."""
    code, recipe = record["code"], record.get("recipe", record.get("recipes"))
    if isinstance(code, dict):
        yield from ((digest, recipe[name]) for name, digest in code.items())
    else:
        yield code, recipe


def words_of(recipe: object) -> Iterator[str]:
    """All strings in a recipe on record."""
    if isinstance(recipe, str):
        yield recipe
    elif isinstance(recipe, (dict, list)):
        for part in recipe.values() if isinstance(recipe, dict) else recipe:
            yield from words_of(part)


def minor(version: str) -> str:
    """The version of Python that a digest may depend on: "3.11" of "3.11.7"."""
    return ".".join(version.split(".")[:2])


# --- what a commit makes of it --------------------------------------------------------------------


def git(tree: Path, *words: str) -> bytes:
    """What git prints. Raises CalledProcessError if it refuses."""
    return subprocess.run(["git", "-C", tree, *words], capture_output=True, check=True).stdout


def history(tree: Path) -> list[list[str]]:
    """Hash and date of every commit that touched the packages, newest first. Raises NoHistory."""
    try:
        shallow = git(tree, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoHistory("There is no history of git here: run this in a clone.") from error
    if shallow:
        raise NoHistory("The history of this clone is cut short: `git fetch --unshallow` first.")
    log = git(tree, "log", "--abbrev=10", "--format=%h %cs", "--", *PACKAGES).decode()
    return [line.split() for line in log.splitlines()]


@contextmanager
def checked_out(tree: Path, commit: str) -> Iterator[Path]:
    """A folder with the packages as the commit has them, for a while."""
    archive = BytesIO(git(tree, "archive", commit, *PACKAGES))
    with TemporaryDirectory() as folder, tarfile.open(fileobj=archive) as packed:
        packed.extractall(folder, filter="data")
        yield Path(folder)


def digests(tree: Path, wanted: dict[str, OnRecord]) -> set[str]:
    """Those of the wanted digests that the code in a tree has."""
    spec = spec_from_file_location("code_of_a_commit", tree / CODE)
    code = module_from_spec(spec)
    spec.loader.exec_module(code)
    defined = definitions(tree)
    guessed = {words: set(guesses(words, defined)) for of in wanted.values() for words in of.words}
    made = {guess: code.digest(stand_in(guess)) for guess in set().union(*guessed.values())}
    return {
        digest
        for digest, of in wanted.items()
        if any(made[guess] == digest for words in of.words for guess in guessed[words])
    }


def definitions(tree: Path) -> dict[str, list[str]]:
    """The modules that define a class or a function, by its name."""
    found = defaultdict(list)
    for module, file in modules(tree).items():
        for name in re.findall(r"^(?:class|def) (\w+)", file.read_text(encoding="utf-8"), re.M):
            found[name].append(module)
    return found


def guesses(words: frozenset[str], defined: dict[str, list[str]]) -> Iterator[frozenset[str]]:
    """Sets of modules, one of which defines the parts of the recipe that has these words.

    A record does not say in which module a name is, and a setting may be called like some function
    ("linear"). To guess does no harm: no wrong modules have the right digest.
    """
    named = [(None, *defined[word]) for word in words if word in defined]
    for chosen in product(*named):
        if guess := frozenset(chosen) - {None}:
            yield guess


def stand_in(defining: frozenset[str]) -> object:
    """What stands for a recipe whose parts these modules define."""
    parts = [type("Part", (), {"__module__": module}) for module in sorted(defining)]
    return make_dataclass("Recipe", [f"part{n}" for n in range(len(parts))])(*parts)


# --- the list -------------------------------------------------------------------------------------


def search(tree: Path, wanted: dict[str, OnRecord]) -> dict[str, list[list[str]]]:
    """The commits that have each wanted digest, newest first. Raises NoHistory."""
    having = defaultdict(list)
    for commit in history(tree):
        with checked_out(tree, commit[0]) as then:
            if not (then / CODE).exists():
                break  # there were no digests yet
            for digest in digests(then, wanted):
                having[digest].append(commit)
    return having


def renew(tree: Path) -> list[dict[str, str]]:
    """Write the list anew; returns its lines. Raises NoHistory."""
    here = minor(sys.version.split()[0])
    recorded = on_record(tree / "results")
    path = tree / LIST
    kept = {line["digest"]: line for line in listed(path)} if path.exists() else {}
    having = search(tree, {d: of for d, of in recorded.items() if here in of.pythons})
    lines = []
    for digest, of in sorted(recorded.items()):
        line = dict.fromkeys(COLUMNS, "") | kept.get(digest, {})
        line |= {
            "digest": digest,
            "python": " ".join(sorted(of.pythons)),
            "records": str(of.records),
        }
        if digest in having:
            (last, last_date), (first, first_date) = having[digest][0], having[digest][-1]
            line |= {"last": last, "last_date": last_date, "first": first, "first_date": first_date}
        lines.append(line)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return lines


def listed(path: Path) -> list[dict[str, str]]:
    """The lines of the list."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main(argv: Sequence[str] | None = None) -> str | None:
    """Write the list and say what is not in it; or why it cannot be written."""
    parser = argparse.ArgumentParser("python -m tools.codes", description=__doc__.splitlines()[0])
    parser.add_argument("tree", metavar="TREE", nargs="?", type=Path, default=ROOT,
                        help="another clone")  # fmt: skip
    try:
        lines = renew(parser.parse_args(argv).tree)
    except NoHistory as why:
        return str(why)
    for line in lines:
        if not line["last"]:
            print("No commit has {digest:.12} (Python {python}, records: {records})".format(**line))
    return None


if __name__ == "__main__":
    sys.exit(main())
