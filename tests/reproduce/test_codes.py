"""From a record to the commits that have its code: results/codes.csv, tools.codes, results/README.md."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from reproduce.__main__ import commands
from reproduce.rows import today
from reproduce.rows.recipes import (
    CHARACTERS,
    FIGURE_6_EXPLAINS,
    FIGURE_6_LONG,
    LADDER,
    NOISE,
    OF_1998,
    SDNN,
    TABLE_1,
)
from tests import ROOT
from tools import codes

RECORDS = sorted((ROOT / "results" / "runs").glob("*.json"))
HERE = "{}.{}".format(*sys.version_info)


# --- the list -------------------------------------------------------------------------------------


def test_every_digest_on_record_has_its_line_and_no_other_has():
    counts = Counter()
    for path in (ROOT / "results").rglob("*.json"):
        if "yours" not in path.parts:
            for code in re.findall(
                r'"code": ("\w{64}"|\{[^}]*\})', path.read_text(encoding="utf-8")
            ):
                counts.update(re.findall(r'"(\w{64})"', code))
    assert len(counts) > 20
    assert hashlib.sha256().hexdigest() not in counts, "a digest of nothing"
    listed = codes.listed(ROOT / codes.LIST)
    assert Counter({line["digest"]: int(line["records"]) for line in listed}) == counts, (
        "run `python -m tools.codes`"
    )
    assert len(listed) == len(counts)


def test_its_commits_are_in_the_history_and_have_the_code():
    try:
        codes.history(ROOT)
    except codes.NoHistory as why:
        pytest.skip(str(why))
    listed = [line for line in codes.listed(ROOT / codes.LIST) if line["last"]]
    known = codes.git(ROOT, "log", "--abbrev=10", "--format=%h %cs").decode().splitlines()
    for line in listed:
        first, last = (f"{line[end]} {line[f'{end}_date']}" for end in ("first", "last"))
        assert known.index(first) >= known.index(last), "newest first"
    recorded = codes.on_record(ROOT / "results")
    of_this_python = [line for line in listed if line["python"] == HERE]
    for line in sorted(of_this_python, key=lambda line: int(line["records"]))[-1:]:
        with codes.checked_out(ROOT, line["last"]) as then:
            assert line["digest"] in codes.digests(then, recorded)


# --- how it is made -------------------------------------------------------------------------------


def source(rate):
    return f"class Recipe:\n    rate = {rate}\n"


def digest(rate):
    """The digest of a recipe that one module defines, which imports nothing."""
    return hashlib.sha256(f"paper_lenet5.recipe\n{source(rate)}".encode()).hexdigest()


def git(folder, *words):
    of_nobody = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER")
                 for what in ("NAME", "EMAIL")}  # fmt: skip
    ran = subprocess.run(["git", "-C", folder, *words], env=os.environ | of_nobody, check=True,
                         capture_output=True, text=True)  # fmt: skip
    return ran.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """A repository in which a rate was 2 before there were digests, then 1, 2, 2 and 3; its commits."""
    root = tmp_path / "clone"
    (root / "reproduce" / "running").mkdir(parents=True)
    (root / "results" / "runs").mkdir(parents=True)
    (root / "paper_lenet5").mkdir()
    for package in ("paper_lenet5", "reproduce", "reproduce/running"):
        (root / package / "__init__.py").touch()
    (root / "paper_lenet5" / "linear.py").write_text("def linear(): pass\n", encoding="utf-8")
    git(tmp_path, "init", "-q", root)
    made = []
    for text in (source(2), source(1), source(2), source(2) + "# why\n", source(3)):
        (root / "paper_lenet5" / "recipe.py").write_text(text, encoding="utf-8")
        if made:
            (root / codes.CODE).write_text(
                (ROOT / codes.CODE).read_text(encoding="utf-8"), encoding="utf-8"
            )
        git(root, "add", "-A")
        git(root, "commit", "-qm", "a change")
        made.append(git(root, "log", "-1", "--abbrev=10", "--format=%h"))
    return root, made


def leave_record(root, name, code, python=f"{HERE}.0"):
    """A setting of its recipe is called like a function, which it is not."""
    record = {"recipe": {"class": "Recipe", "output": "linear"}, "code": code}
    path = root / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record | {"versions": {"python": python}}), encoding="utf-8")


def test_a_digest_has_the_last_and_the_first_commit_of_that_code(clone, capsys):
    root, made = clone
    for name, code in (("a", digest(2)), ("b", digest(2)), ("c", digest(3)), ("d", digest(4))):
        leave_record(root, f"runs/{name}", code)
    leave_record(root, "yours/e", digest(1))
    assert codes.main([str(root)]) is None
    listed = {line["digest"]: line for line in codes.listed(root / codes.LIST)}
    found = {rate: listed.pop(digest(rate)) for rate in (2, 3, 4)}
    assert not listed
    ends = {rate: (line["last"], line["first"]) for rate, line in found.items()}
    assert ends == {2: (made[3], made[2]), 3: (made[4], made[4]), 4: ("", "")}
    assert [line["records"] for line in found.values()] == ["2", "1", "1"]
    assert capsys.readouterr().out.splitlines() == [
        f"No commit has {digest(4)[:12]} (Python {HERE}, records: 1)"
    ]


def test_what_another_python_found_stays(clone):
    root, _ = clone
    leave_record(root, "runs/a", digest(2), python="2.7.18")
    leave_record(root, "runs/b", digest(1))
    codes.main([str(root)])
    path = root / codes.LIST
    before = path.read_text(encoding="utf-8")
    assert f"{digest(2)},2.7,1,,,,\n" in before, "not looked for"
    known = "abc,2026-01-02,def,2026-01-01\n"
    path.write_text(before.replace("2.7,1,,,,\n", f"2.7,7,{known}"), encoding="utf-8")
    codes.main([str(root)])
    assert f"{digest(2)},2.7,1,{known}" in path.read_text(encoding="utf-8")


def test_where_the_history_is_not_it_says_so(clone, tmp_path):
    root, _ = clone
    assert "no history" in codes.main([str(tmp_path)])
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "short")
    assert "cut short" in codes.main([str(tmp_path / "short")])
    assert not (tmp_path / "short" / codes.LIST).exists()


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def commands_of():
    """The commands that results/README.md names for a record, by the longest beginning of its name."""
    page = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    known = {one.name for one in commands()}
    places = {}
    for line in page.split("| the name begins with |")[1].split("\n\n")[0].splitlines()[2:]:
        begins, *cells = line.split("|")[1:4]
        usual, held_out = ({*re.findall(r"\w+", cell)} & known for cell in cells)
        places |= dict.fromkeys(re.findall(r"`(\S+)`", begins), (usual, held_out or usual))

    def found(record):
        longest = max((name for name in places if record.startswith(name)), key=len)
        return places[longest]["-mnist-held-out-" in record]

    return found


def test_every_record_has_a_command_on_the_page(commands_of):
    assert len(RECORDS) > 1000
    for path in RECORDS:
        assert commands_of(path.stem), path.stem


@pytest.mark.parametrize(
    ("command", "rows"),
    [
        ("table1", [row for row in TABLE_1 if row is not today.TODAY]),
        ("table2", [row for of in LADDER for row in of.candidates.values()]),
        ("figure6", [*FIGURE_6_EXPLAINS, *FIGURE_6_LONG]),
        ("figure9", [of.row for of in OF_1998]),
        ("figure13", [NOISE]),
        ("sdnn", [SDNN]),
        ("characters", CHARACTERS),
        ("today", today.SMALLER),
    ],
)  # fmt: skip
def test_it_is_one_that_trains_the_row(command, rows, commands_of):
    for row in rows:
        ladder = command == "table2" and not row.name.startswith("ladder")
        assert ladder or command in commands_of(f"{row.name}-seed0"), row.name
