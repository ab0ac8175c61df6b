"""What is distributed does what it promises: a wheel, made of the source distribution alone."""

import os
import re
import shlex
import socket
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from PIL import Image

import paper_lenet5
from paper_lenet5.terminal import EXTRAS, missing
from tests import ROOT
from tests.conftest import draw_digits
from tests.doubles.demo_server import answers
from tools import licences, release

BIN = "Scripts" if os.name == "nt" else "bin"


def run(*command, folder, rc=0) -> str:
    """What the command prints, run in a folder and an environment that know nothing of this clone."""
    ran = subprocess.run(
        [str(word) for word in command], cwd=folder, text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert ran.returncode == rc, ran.stdout
    return ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with a source distribution, and the wheel that was made of it alone."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """An environment with the wheel and with what it stands on: where its commands are."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder, folder=folder)
    python = folder / BIN / "python"
    here, there = (
        Path(
            run(
                of, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder
            ).strip()
        )
        for of in (sys.executable, python)
    )
    (wheel,) = built.glob("*.whl")
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--quiet",
        wheel,
        folder=folder,
    )
    (there / "stands-on.pth").write_text(
        f"{here}\n", encoding="utf-8"
    )  # searched last, and for no editable install
    return folder / BIN


@pytest.fixture
def empty(tmp_path):
    """A folder with a picture of a four, and nothing else."""
    images, labels = draw_digits(20)
    four = images[labels.tolist().index(4)]
    Image.fromarray(255 - four.numpy()).resize((280, 280)).save(tmp_path / "four.png")
    return tmp_path


def test_the_console_script_answers_from_the_wheel(installed, empty):
    said = run(installed / "paper-lenet5", "--version", folder=empty)
    assert said == f"paper-lenet5 {paper_lenet5.__version__}\n"
    where = run(
        installed / "python",
        "-c",
        "import paper_lenet5; print(paper_lenet5.__file__)",
        folder=empty,
    )
    assert str(installed.parent) in where, "not this clone"
    answer = run(installed / "paper-lenet5", "classify", "four.png", folder=empty)
    assert answer.splitlines()[-1].split()[0] == "4"


def test_tables_are_trained_by_the_wheel_in_any_folder(installed, empty):
    python = installed / "python"
    assert "table1" in run(python, "-m", "reproduce", folder=empty)
    run(python, "-m", "reproduce.table1", "--smoke", "--rows", "linear", folder=empty)
    assert list(empty.glob("results/*/table1.md"))


def test_the_demo_is_served_by_the_wheel(installed, empty):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(installed / "paper-lenet5"), "demo"]
    with subprocess.Popen(command, cwd=empty, env=environment | {"GRADIO_SERVER_PORT": port}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # fmt: skip
        try:
            said = process.stdout.readline()  # printed when it listens
            assert answers(f"http://127.0.0.1:{port}"), said + process.stdout.read()
        finally:
            process.terminate()


@pytest.mark.parametrize(
    "name", ["pages", "publish --namespace a --source http://a.b/c", "demo_digits"]
)
def test_what_needs_a_clone_says_so(name, installed, empty):
    said = run(installed / "python", "-m", *f"reproduce.{name}".split(), folder=empty, rc=1)
    assert "run it in a clone" in said
    assert "Traceback" not in said


def test_records_that_are_not_there_are_said_to_be_in_the_repository(installed, empty):
    said = run(installed / "python", "-m", "reproduce.table1", "--recorded", folder=empty, rc=1)
    assert "in the repository" in said


def test_the_wheel_has_types_weights_and_the_demo(built):
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("paper_lenet5", "reproduce")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "paper_lenet5/py.typed" in wanted
    assert names == wanted


def test_the_tests_of_the_source_distribution_run(built, tmp_path):
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    here, there = (sorted(p.name for p in of.rglob("tests/**/*.py")) for of in (ROOT, tree))
    assert here == there
    pytest_of = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    run(*pytest_of, "--collect-only", folder=tree)
    few = ("paper_lenet5/test_claims.py", "reproduce/test_tables.py", "test_supply_chain.py")
    run(*pytest_of, *(f"tests/{name}" for name in few), folder=tree)


def test_what_is_missing_is_said_with_the_extra_that_brings_it():
    error = ModuleNotFoundError(name="numba.core")
    assert missing(error) == 'This needs numba: pip install "paper-lenet5[train]"'
    with pytest.raises(ModuleNotFoundError):
        missing(ModuleNotFoundError(name="paper_lenet6"))


def test_every_extra_brings_what_it_is_said_to():
    """But for those of tests and looks, and mlxtend, which one does without."""
    modules = {"sklearn": "scikit-learn", "markdown_it": "markdown-it-py"}
    assert {*licences.EXTRAS} - {"", "fonts", "mcp", "quick", "test"} == {*EXTRAS}
    for extra, brought in EXTRAS.items():
        asked = [Requirement(text) for text in requires("paper-lenet5")]
        names = {of.name for of in asked if of.marker and of.marker.evaluate({"extra": extra})}
        left = names - {"paper-lenet5", "mlxtend"}
        assert {modules.get(module, module) for module in brought} == left, extra


# --- what is published ----------------------------------------------------------------------------


def test_the_repository_is_named_where_a_release_looks_for_its_name():
    looked_at = {path for name in release.NAMED_IN for path in ROOT.glob(name)}
    kinds = {".md", ".toml", ".py", ".cff", ".txt", ".ipynb", ".html", ".js"}
    built = ("docs", "examples", "paper_lenet5", "reproduce")
    files = {*ROOT.glob("*.*"), *(path for name in built for path in (ROOT / name).rglob("*.*"))}
    named = {
        p
        for p in files
        if p.suffix in kinds and release.PLACEHOLDER in p.read_text(encoding="utf-8")
    }
    assert ROOT / "pyproject.toml" in named
    assert named <= looked_at


def test_no_link_of_a_published_readme_is_relative():
    readme = release.for_pypi((ROOT / "README.md").read_text(encoding="utf-8"), "me/mine", "v9")
    links = re.findall(r"\]\(([^)\s]+)\)", readme)
    assert "https://raw.githubusercontent.com/me/mine/v9/docs/demo.webp" in links
    assert "https://github.com/me/mine/blob/v9/docs/faq.md" in links
    assert all(link.startswith(("https://", "#")) for link in links)


def test_a_release_of_another_version_is_refused():
    with pytest.raises(SystemExit, match="The tag is v99"):
        release.main(["me/mine", "v99"])


@pytest.fixture
def workflows():
    """The workflows by name."""
    files = ROOT.glob(".github/workflows/*")
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}


def test_the_workflows_are_yaml_and_call_what_is_there(workflows):
    assert {"checks", "release"} == set(workflows)
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert {"run": ".ci/run"} in workflows["checks"]["jobs"]["all"]["steps"]


def test_an_extra_of_what_another_brings_as_well_is_followed():
    asks = {"a": ['b; extra == "demo"', 'a[demo]; extra == "more"', 'b[c]; extra == "more"'],
            "b": ['d; extra == "c"'], "d": []}  # fmt: skip
    for extra, names in (("", {"a"}), ("demo", {"a", "b"}), ("more", {"a", "b", "d"})):
        assert licences.brought([Requirement(f"a[{extra}]")], asks.__getitem__) == names


def test_the_quick_suite_starts_with_what_the_checks_install_for_it(workflows, built, tmp_path):
    """In an environment of these packages and no other: links to those that are installed here."""
    (wheel,) = built.glob("*.whl")
    (of_wheel,) = distributions(path=[str(wheel)])

    def requires_of(name):
        return of_wheel.requires if name == "paper-lenet5" else licences.requires(name)

    commands = [step.get("run", "") for step in workflows["checks"]["jobs"]["tests"]["steps"]]
    install, suite = (
        next(command for command in commands if command.startswith(start)).removeprefix(start)
        for start in ("python -m pip install -e ", "python -m pytest ")
    )
    words = [f"paper-lenet5{word.removeprefix('.')}" if word.startswith(".") else word
             for word in shlex.split(install)]  # fmt: skip
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path, folder=tmp_path)
    python = tmp_path / BIN / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    there = Path(run(python, "-c", where, folder=tmp_path).strip())
    for name in licences.brought(map(Requirement, words), requires_of) - {"paper-lenet5"}:
        for of in distributions(name=name):
            for top in {file.parts[0] for file in of.files} - {"..", "__pycache__"}:
                if not (there / top).exists():
                    (there / top).symlink_to(of.locate_file(top))
    assert not list(there.glob("gradio*"))
    options = ("--collect-only", "-q", "-p", "no:cacheprovider")
    said = run(python, "-m", "pytest", *shlex.split(suite), *options, folder=ROOT)
    assert "tests/paper_lenet5/test_cache.py::" in said
