"""Break the package in one place at a time: for each break a test that sees it. `python -m tools.mutate`

The breaks are made in a copy. A break is caught if its test, which passes on the package as it is,
fails. Processes are forked, so that the libraries are imported once: not for Windows.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import huggingface_hub.hf_api  # noqa: F401 - these take the longest to import
import PIL.Image  # noqa: F401
import pytest
import torch.func  # noqa: F401

ROOT = Path(__file__).parent.parent


class Break(NamedTuple):
    """In `file` of the package, what stands there once is replaced; `test` fails."""

    what: str
    file: str
    before: str
    after: str
    test: str


BREAKS = [
    Break(
        "Table I: one cross moved", "connections.py",
        "(0, 1, 2), (1, 2, 3)", "(0, 1, 3), (1, 2, 3)",
        "test_claims.py::test_table_1_as_printed",
    ),
    Break(
        "C3: a kernel at another cross", "layers.py",
        "(torch.tensor(self.cross_map), torch.tensor(self.cross_input))",
        "(torch.tensor(self.cross_map), torch.tensor(self.cross_input[::-1]))",
        "test_behaviour.py::test_c3_is_the_loop_over_table_1",
    ),
    Break(
        "eq. 9: a sign", "losses.py",
        "torch.logsumexp(-self._with_rubbish", "torch.logsumexp(self._with_rubbish",
        "test_behaviour.py::test_map_is_equation_9_with_the_correct_class_in_the_sum",
    ),
    Break(
        "eq. 9: the correct class pushed up", "losses.py",
        "(_correct(scaled, labels) +", "(-_correct(scaled, labels) +",
        "test_behaviour.py::test_map_pulls_the_correct_class_down_and_pushes_the_others_up",
    ),
    Break(
        "subsampling: the mean in place of the sum", "layers.py",
        "4 * functional.avg_pool2d", "1 * functional.avg_pool2d",
        "test_behaviour.py::test_subsampling_adds_its_inputs_and_does_not_average_them",
    ),
    Break(
        "the recursion: slopes not squared", "sdlm.py",
        "slopes.square() * at_state", "slopes * at_state",
        "test_behaviour.py::test_curvature_is_not_the_squared_gradient",
    ),
    Break(
        "the recursion: weights not squared", "sdlm.py",
        "p.detach().square()", "p.detach().clone()",
        "test_sdlm_oracle.py::test_curvature_is_the_recursion_over_the_connections",
    ),
    Break(
        "the step: mu left out", "sdlm.py",
        'group["lr"] / (group["mu"] + ', 'group["lr"] / (1e-9 + ',
        "test_behaviour.py::test_step_sizes_are_one_per_parameter_not_per_layer",
    ),
    Break(
        "padding: ink around the image", "preprocess.py",
        "functional.pad(images, [margin] * 4)", "functional.pad(images, [margin] * 4, value=255)",
        "test_claims.py::test_two_pixels_of_background_all_around",
    ),
    Break(
        "paper at 0", "preprocess.py",
        "WHITE, BLACK = -0.1,", "WHITE, BLACK = 0.0,",
        "test_claims.py::test_paper_is_minus_0_1_and_ink_1_175",
    ),
    Break(
        "the answer: the largest penalty", "lenet5.py",
        "self(x).argmin(1)", "self(x).argmax(1)",
        "test_behaviour.py::test_smallest_penalty_wins[eager-0]",
    ),
    Break(
        "errors during the pass: the largest penalty", "eager.py",
        "answer.argmin(1)", "answer.argmax(1)",
        "test_behaviour.py::test_each_pattern_is_judged_before_it_is_learned_from[eager]",
    ),
    Break(
        "a bitmap: one bit of the 0", "bitmaps.py",
        '"""\n    .#####.   ...##..', '"""\n    ######.   ...##..',
        "test_claims.py::test_bitmaps_are_those_of_fig_3_ink_plus_1_paper_minus_1",
    ),
    Break(
        "the schedule's third step", "recipe.py",
        "(0.0001,) * 3", "(0.0002,) * 3",
        "test_claims.py::test_schedule_of_20_passes",
    ),
]  # fmt: skip


def copy_of_all(to: Path) -> None:
    """The package, its tests and their settings."""
    leave = shutil.ignore_patterns("__pycache__")
    for folder in ("paper_lenet5", "tests"):
        shutil.copytree(ROOT / folder, to / folder, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", to)


def in_copy(folder: Path, tests: Sequence[str], log: Path) -> None:
    """Become a process that runs the tests in the copy, which comes before an installed package."""
    os.chdir(folder)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    imported = "ignore::pytest.PytestAssertRewriteWarning"  # before pytest could rewrite it
    options = ["-q", "-p", "no:cacheprovider", "-W", imported]
    os._exit(pytest.main([*options, *(f"tests/paper_lenet5/{test}" for test in tests)]))


def run(folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Exit status of pytest, 1 where tests failed, and what it printed."""
    log = folder / "log"
    process = multiprocessing.get_context("fork").Process(target=in_copy, args=(folder, tests, log))
    process.start()
    process.join()
    return process.exitcode, log.read_text()


def main() -> int:
    """0 if all the tests pass on the package as it is, and every break is caught by its own."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_of_all(folder)
        status, printed = run(folder, sorted({of.test for of in BREAKS}))
        if status != 0:
            print(f"Nothing is broken yet, and this fails:\n{printed}")
            return 1
        missed = 0
        for of in BREAKS:
            path = folder / "paper_lenet5" / of.file
            source = path.read_text()
            if source.count(of.before) != 1:
                raise SystemExit(f"{of.file} has not one {of.before!r}: mend the list of breaks")
            path.write_text(source.replace(of.before, of.after))
            status, printed = run(folder, [of.test])
            path.write_text(source)
            caught = status == pytest.ExitCode.TESTS_FAILED
            print(f"{'caught' if caught else 'MISSED':8}{of.what:46}{of.test}", flush=True)
            missed += not caught
    print(f"{len(BREAKS) - missed} of {len(BREAKS)} breaks are caught.")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
