"""What the pages tell a reader to type works: README.md, CONTRIBUTING.md, DEVIATIONS.md, docs/."""

import importlib
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from PIL import Image

import paper_lenet5
from paper_lenet5.demo import digits
from paper_lenet5.mnist import VARIABLE, DataUnavailable
from reproduce.writing.snippets import CodeBlock, code_blocks, with_outputs
from tests import ROOT
from tests.conftest import MNIST
from tests.doubles.demo_server import served
from tests.doubles.letters import draw_letters
from tools import licences

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md"),
                 ROOT / "results" / "README.md"]
)  # fmt: skip
STAND_INS = {
    # makes an environment, but puts no pip into it and does not stay in it
    "python -m venv .venv && . .venv/bin/activate":
        "python -m venv --without-pip .venv && . .venv/bin/activate && deactivate",
    # some of the tests
    "pytest -n 2": "pytest --version",
    "pytest -n 2 tests/paper_lenet5": "pytest -q -n 2 tests/paper_lenet5/test_claims.py",
    # `demo` below runs this very line, or what it calls
    "python app.py": "test -f app.py",
    "paper-lenet5 demo": "paper-lenet5 demo --help",
    # whether there are such rows, in place of training them
    "python -m reproduce.table1 --rows lenet5-1998 lenet5-1998-distortions":
        "python -m reproduce.table1 --rows lenet5-1998 lenet5-1998-distortions --help",
}  # fmt: skip
"""What is run in place of a line that would take minutes or need the internet. All others are run as
they stand; of `pip install` it is checked that what it names exists."""
DEMO = "http://127.0.0.1:7860"
"""Where `python app.py` says that it serves the demo."""
SECONDS = 300
"""After which a block that runs no further fails: it needs a stand-in."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


SHELL = {
    block.code: f"{page}:{block.first + 1}"
    for page in PAGES
    for block in code_blocks(text_of(page))
    if block.language == "sh"
}
"""Every shell block of all pages, once, and where it stands."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the repository, and in it the pictures that the pages speak of."""
    tree = tmp_path_factory.mktemp("docs") / "paper-lenet5"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "unfinished",
                                     "*.egg-info", "mnist-*", "smoke", "yours")  # fmt: skip
    weights = str(ROOT / "results" / "runs")
    shutil.copytree(
        ROOT,
        tree,
        ignore=lambda folder, names: {
            *ignored(folder, names),
            *(name for name in names if folder == weights and name.endswith(".safetensors")),
        },
    )
    (tree / "folder").mkdir()
    for name, image in {
        "digit.png": digits.examples()[4],
        "folder/two.png": digits.examples()[2],
        "seven.png": digits.examples()[7],
        "1998.png": digits.string("1998"),
    }.items():
        Image.fromarray(255 - image.numpy()).save(tree / name)
    draw_letters(tree / "letters", "ABC", 12)
    return tree


@pytest.fixture(scope="module")
def demo(tree):
    """The address of a demo that runs."""
    with served(tree) as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_one_that_is_run(page):
    text = text_of(page)
    languages = [block.language for block in code_blocks(text)]
    assert set(languages) <= {"python", "sh", "text"}, "write ```python, ```sh or ```text"
    assert 2 * len(languages) == text.count("```"), "a block that is not seen as one"


@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in text_of(p)])
def test_the_python_of_a_page_prints_what_stands_below_it(page, tree, monkeypatch, request):
    text = text_of(page)
    if DEMO in text:
        text = text.replace(DEMO, request.getfixturevalue("demo"))
    monkeypatch.setenv(VARIABLE, str(MNIST))
    try:
        assert with_outputs(page, text, tree) == text, "run `python -m reproduce.pages`"
    except DataUnavailable as reason:
        pytest.skip(f"needs MNIST in {VARIABLE} or the cache: {reason}")


@pytest.mark.parametrize("code", SHELL, ids=SHELL.values())
def test_the_shell_of_a_page_runs(code, tree):
    script = []
    for command in commands_of(code):
        if command.startswith(("pip install ", "uv pip install ")):
            assert_installable(command)
        else:
            script.append(STAND_INS.get(command, command))
    environment = {**os.environ, "PYTHONPATH": str(tree), VARIABLE: str(MNIST),
                   "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}  # fmt: skip
    shutil.rmtree(tree / "build", ignore_errors=True)  # what another block has made
    ran = subprocess.run(["bash", "-e", "-c", "\n".join(script)], cwd=tree, env=environment, text=True,
                         timeout=SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    assert ran.returncode == 0, ran.stdout


def commands_of(code: str) -> list[str]:
    """The lines of a block, without remarks; what follows an installation on its line, by itself."""
    lines = [line.split("  #")[0].strip() for line in re.sub(r"\\\n *", "", code).splitlines()]
    return [
        command
        for line in lines
        for command in (line.split(" && ") if "pip install " in line else [line])
    ]


def assert_installable(command: str) -> None:
    """Of `pip install`, this folder and extras that there are; of anything else, a stand-in."""
    for_the_cpu = ("--extra-index-url https://download.pytorch.org/whl/cpu", "--torch-backend cpu")
    command = command.removesuffix(f" {for_the_cpu[command.startswith('uv ')]}")
    extras = re.fullmatch(r'(?:uv )?pip install (?:-e )?"?\.(?:\[([\w,]+)\])?"?', command)
    assert extras, f"{command} needs a stand-in"
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert set(filter(None, (extras[1] or "").split(","))) <= set(project["optional-dependencies"])


@pytest.mark.parametrize("command", ["pip install jupyter", 'pip install -e ".[extra]"'])
def test_an_installation_that_is_not_of_this_project_is_noticed(command):
    with pytest.raises(AssertionError):
        assert_installable(command)


def test_every_stand_in_stands_for_a_line_of_a_page():
    assert set(STAND_INS) <= {command for code in SHELL for command in commands_of(code)}


def test_readme_says_what_every_extra_is_for():
    table = re.search(r"\| extra \| for \|\n(.*?)\n\n", text_of("README.md"), re.S)[1]
    named = {
        name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    assert named == set(extras)


def test_the_supply_chain_has_what_every_extra_adds():
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    assert list(licences.EXTRAS) == ["", *extras]
    sizes = re.findall(r"^\| (\w+) \| \d+ \| \d+ \|", text_of("docs/supply-chain.md"), re.M)
    assert sizes == ["none", *extras]


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_in_a_sentence_exist_with_their_options(page, capsys):
    for name, rest in re.findall(r"`python -m ((?:paper_lenet5|reproduce)[.\w]*)([^`]*)`",
                                 text_of(page)):  # fmt: skip
        command = importlib.import_module(name)
        if hasattr(command, "__path__"):
            command = importlib.import_module(f"{name}.__main__")
        options = set(re.findall(r"--[\w-]+", rest))
        if options:
            with pytest.raises(SystemExit):
                command.main([*re.findall(r"^ ([a-z]+)", rest), "--help"])
            assert options <= set(re.findall(r"--[\w-]+", capsys.readouterr().out)), name


@pytest.mark.parametrize("name", ["codes", "digests", "floors", "release"])
def test_a_tool_says_what_it_takes(name, capsys):
    tool = importlib.import_module(f"tools.{name}")
    for word, status in (("--help", 0), ("--unknown", 2)):
        with pytest.raises(SystemExit) as end:
            tool.main([word])
        assert end.value.code == status
        assert f"usage: python -m tools.{name}" in "".join(capsys.readouterr())


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_exists(page):
    text = re.sub(r"```.*?```", "", text_of(page), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"https?:|mailto:", target):
            path, _, section = target.partition("#")
            linked = (ROOT / page).parent / path if path else ROOT / page
            assert linked.exists(), target
            if section:
                assert section in sections(linked.read_text(encoding="utf-8")), target


def sections(text: str) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_python_that_prints_something_else_is_noticed(tmp_path):
    page = "```python\nprint(1 + 1)\n```\n\n```text\n{}\n```\n"
    assert with_outputs("page", page.format(3), tmp_path) == page.format(2)
    assert with_outputs("page", page.format(2), tmp_path) == page.format(2)


def test_python_that_fails_says_on_which_line_of_the_page(tmp_path):
    with pytest.raises(ZeroDivisionError) as error:
        with_outputs("page.md", "words\n\n```python\nx = 1\nx / 0\n```\n", tmp_path)
    last = error.traceback[-1]
    assert (str(last.path), last.lineno + 1) == ("page.md", 5)


def test_blocks_are_found_with_their_lines():
    assert code_blocks("a\n```sh\nls\n```\n") == [CodeBlock("sh", "ls\n", 2, 3)]


@pytest.mark.parametrize("page", ["```\nls\n```\n", "words\n\n    ls\n"])
def test_code_without_a_language_is_noticed(page):
    assert [block.language for block in code_blocks(page)] == [""]


NOT_MEASURED = {
    "0.95": "the paper's error",
    "0.8": "with distortions (III-B)",
    "99.05": "its accuracy",
    "1.4": "the support vectors of Burges and Schölkopf (III-C)",
    "1.1": "those of Cortes and Vapnik (Fig. 9)",
    "0.5": "the errors that are left after rejection (Fig. 10)",
    "10": "of the pixels are inverted (III-E, VII)",
    "95": "what intervals hold, and the coverage that is asked for",
    "98.4 to 98.9": "what others say that they get",
    "9.8": "of the test digits are zeros",
    "9.80": "the same",
    "9.82": "of them are fours",
}
"""The percentages that may stand in a sentence, and what they are. All others are made from records."""


@pytest.mark.parametrize("page", PAGES)
def test_no_percentage_on_a_page_is_typed_by_hand(page):
    text = re.sub(r"^<!-- (\w+) -->\n.*?^<!-- end -->\n", "", text_of(page), flags=re.M | re.S)
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    typed = set(re.findall(r"(\d[\d.,]*(?: to \d[\d.]*)?)\s?%", text)) - set(NOT_MEASURED)
    assert not typed, f"{typed}: from a record, in a block, or not at all"


def test_a_percentage_that_may_stand_in_a_sentence_does_so():
    all_pages = "".join(map(text_of, PAGES))
    assert all(re.search(rf"\b{re.escape(number)}\s?%", all_pages) for number in NOT_MEASURED)


def test_contributing_is_a_page_of_60_lines():
    assert len(text_of("CONTRIBUTING.md").splitlines()) <= 60


def test_the_citation_is_of_this_software_and_names_the_paper():
    text = text_of("CITATION.cff")
    citation = yaml.safe_load(text)
    assert citation["version"] == paper_lenet5.__version__
    assert "preferred-citation" not in citation, "GitHub would show that in place of the software"
    assert [one["doi"] for one in citation["references"]] == ["10.1109/5.726791"]
    assert not re.search(r": [*&]", text), "GitHub reads no YAML aliases"


def test_the_bibtex_has_what_the_citation_has():
    page, citation = text_of("docs/cite.md"), yaml.safe_load(text_of("CITATION.cff"))
    (paper,) = citation["references"]
    assert f"pages   = {{{paper['start']}--{paper['end']}}}" in page
    for field, value in (("title", paper["title"]), ("journal", paper["journal"]),
                         ("volume", paper["volume"]), ("number", paper["issue"]),
                         ("year", paper["year"]), ("doi", paper["doi"]),
                         ("title", citation["title"]), ("version", citation["version"])):  # fmt: skip
        assert re.search(rf"{field} += \{{{re.escape(str(value))}\}}", page), field


def test_whose_digits_are_shipped_is_said_where_the_licenses_are():
    notice = text_of("NOTICE")
    assert "Attribution-ShareAlike 3.0" in notice
    for path in re.findall(r"\b(?:docs|paper_lenet5|results)/[\w./]*\w", notice):
        assert (ROOT / path).exists(), path
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["license-files"] == [
        "LICENSE",
        "NOTICE",
    ]


def test_the_changelog_begins_with_this_version():
    newest = re.search(r"^## \[(.*?)\]", text_of("CHANGELOG.md"), re.M)
    assert newest[1] == paper_lenet5.__version__


def test_every_question_of_the_faq_has_python_and_its_output():
    questions = text_of("docs/faq.md").split("\n## ")[1:]
    assert len(questions) >= 11
    for question in questions:
        languages = {block.language for block in code_blocks(question)}
        assert languages == {"python", "text"}, question[:40]
