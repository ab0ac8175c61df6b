"""Break the code in one place at a time: for each break a test that sees it. `python -m tools.mutate`

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
    """In `file`, what stands there once is replaced; `test` (under tests) fails."""

    what: str
    file: str
    before: str
    after: str
    test: str


BREAKS = [
    Break(
        "Table I: one cross moved", "paper_lenet5/connections.py",
        "(0, 1, 2), (1, 2, 3)", "(0, 1, 3), (1, 2, 3)",
        "paper_lenet5/test_claims.py::test_table_1_as_printed",
    ),
    Break(
        "C3: a kernel at another cross", "paper_lenet5/layers.py",
        "(torch.tensor(self.cross_map), torch.tensor(self.cross_input))",
        "(torch.tensor(self.cross_map), torch.tensor(self.cross_input[::-1]))",
        "paper_lenet5/test_behaviour.py::test_c3_is_the_loop_over_table_1",
    ),
    Break(
        "eq. 9: a sign", "paper_lenet5/losses.py",
        "torch.logsumexp(-self._with_rubbish", "torch.logsumexp(self._with_rubbish",
        "paper_lenet5/test_behaviour.py::test_map_is_equation_9_with_the_correct_class_in_the_sum",
    ),
    Break(
        "eq. 9: the correct class pushed up", "paper_lenet5/losses.py",
        "of_patterns = _correct(scaled, labels) +", "of_patterns = -_correct(scaled, labels) +",
        "paper_lenet5/test_behaviour.py::test_map_pulls_the_correct_class_down_and_pushes_the_others_up",
    ),
    Break(
        "compiled: no pixel is looked at", "paper_lenet5/compiled/passes.py",
        "outside = outside + outside_of(pixels, FURTHEST)", "outside = outside + zeros(1)",
        "paper_lenet5/test_compiled.py"
        "::test_a_value_that_no_image_has_is_found_wherever_a_pass_meets_it",
    ),
    Break(
        "compiled: all parameters by the first rate", "paper_lenet5/compiled/optimizers.py",
        'groups = {p: group for group in optimizer.param_groups for p in group["params"]}',
        "groups = dict.fromkeys(model.parameters(), optimizer.param_groups[0])",
        "paper_lenet5/test_variants.py::test_every_optimiser_steps_as_pytorchs_does[SGD of F6-1]",
    ),
    Break(
        "doubt: that of another digit", "paper_lenet5/doubt.py",
        "doubts(units, states, penalties.argmin(1))", "doubts(units, states, penalties.argmax(1))",
        "paper_lenet5/test_doubt.py::test_letters_are_none_of_these_and_digits_are_said",
    ),
    Break(
        "none of these: by doubt alone where there is one", "paper_lenet5/verdict.py",
        "of_closest < LEAST_BESIDE_DOUBT or doubt > 0", "doubt > 0",
        "paper_lenet5/test_doubt.py::test_a_verdict_goes_by_eq_9_and_by_doubt_where_there_is_one",
    ),
    Break(
        "doubt: of a network that was trained further", "paper_lenet5/doubt.py",
        "if known == digest", "if known",
        "paper_lenet5/test_doubt.py::test_a_network_that_was_trained_further_goes_by_eq_9_alone",
    ),
    Break(
        "subsampling: the mean in place of the sum", "paper_lenet5/layers.py",
        "4 * functional.avg_pool2d", "1 * functional.avg_pool2d",
        "paper_lenet5/test_behaviour.py::test_subsampling_adds_its_inputs_and_does_not_average_them",
    ),
    Break(
        "the recursion: slopes not squared", "paper_lenet5/layers.py",
        "slope(squash(a)).square() * curvature", "slope(squash(a)) * curvature",
        "paper_lenet5/test_behaviour.py::test_curvature_is_not_the_squared_gradient",
    ),
    Break(
        "the recursion: weights not squared", "paper_lenet5/recursion.py",
        "value.detach().square()", "value.detach().clone()",
        "paper_lenet5/test_sdlm_oracle.py::test_curvature_is_the_recursion_over_the_connections",
    ),
    Break(
        "the recursion: a state times a state is linear", "paper_lenet5/recursion.py",
        "if not used_twice and _parameters(first)", "if False and _parameters(first)",
        "paper_lenet5/test_recursion.py"
        "::test_what_is_not_linear_is_refused_by_name[states as weights]",
    ),
    Break(
        "the recursion: any ending is eq. 7's", "paper_lenet5/recursion.py",
        "return moved.numel() == output.numel() and", "return True or",
        "paper_lenet5/test_recursion.py"
        "::test_a_loss_above_what_is_more_than_distances_is_differentiated_as_it_is[eq. 8]",
    ),
    Break(
        "the step: mu left out", "paper_lenet5/sdlm.py",
        'group["lr"] / (group["mu"] + ', 'group["lr"] / (1e-9 + ',
        "paper_lenet5/test_behaviour.py::test_step_sizes_are_one_per_parameter_not_per_layer",
    ),
    Break(
        "SDLM: a group that is refused is kept", "paper_lenet5/sdlm.py",
        "self._check(group)\n        self.param_groups.append(group)",
        "self.param_groups.append(group)\n        self._check(group)",
        "paper_lenet5/test_behaviour.py::test_a_group_that_is_refused_is_not_kept",
    ),
    Break(
        "padding: ink around the image", "paper_lenet5/preprocessing.py",
        "functional.pad(images, [margin] * 4)", "functional.pad(images, [margin] * 4, value=255)",
        "paper_lenet5/test_claims.py::test_two_pixels_of_background_all_around",
    ),
    Break(
        "paper at 0", "paper_lenet5/preprocessing.py",
        "WHITE, BLACK = -0.1,", "WHITE, BLACK = 0.0,",
        "paper_lenet5/test_claims.py::test_paper_is_minus_0_1_and_ink_1_175",
    ),
    Break(
        "input that ToTensor made is taken", "paper_lenet5/preprocessing.py",
        "(scaled.flatten(1).amin(1) > SLACK).any()", "(scaled.flatten(1).amin(1) > 9).any()",
        "paper_lenet5/test_transform.py"
        "::test_input_that_transforms_would_not_give_is_refused[ToTensor, padded]",
    ),
    Break(
        "own data: what is held out is trained on", "paper_lenet5/own.py",
        "return given.some(~judged), given.some(judged)", "return given, given.some(judged)",
        "paper_lenet5/test_own.py::test_a_share_of_each_class_is_held_out_and_not_trained_on",
    ),
    Break(
        "own data: labels in the order of the data's classes", "paper_lenet5/labelled.py",
        "torch.tensor([classes.index(name) for name in self.classes])",
        "torch.arange(len(self.classes))",
        "paper_lenet5/test_own.py"
        "::test_a_network_to_start_from_keeps_its_classes_and_is_left_as_it_was[9876543210]",
    ),
    Break(
        "own data: a dataset's classes in the order of their names", "paper_lenet5/labelled.py",
        "{label: by_number[label] for label in sorted(labels)}",
        "{label: by_number[label] for label in sorted(labels, key=by_number.get)}",
        "paper_lenet5/test_own.py"
        "::test_classes_stand_in_the_order_of_the_dataset_if_it_names_them",
    ),
    Break(
        "own data: a trained network goes on at the rates of a new one", "paper_lenet5/own.py",
        "if eta <= SMALL", "if eta <= 1",
        "paper_lenet5/test_own.py"
        "::test_a_few_hundred_digits_from_a_trained_network_keep_nearly_all_others_right",
    ),
    Break(
        "own data: Ctrl-C leaves half of a pass", "paper_lenet5/own.py",
        "session.restore(whole[0], [asdict(record) for record in whole[1]])", "pass",
        "paper_lenet5/test_own.py::test_ctrl_c_leaves_what_is_there_and_the_same_call_goes_on",
    ),
    Break(
        "own data: a network without a checkpoint before its training is over", "paper_lenet5/own.py",
        "        if not over:\n", "        if self.unfinished.exists():\n",
        "paper_lenet5/test_own.py"
        "::test_a_training_killed_between_two_changes_of_its_folder_goes_on[-1]",
    ),
    Break(
        "own data: a training goes on with other labels", "paper_lenet5/own.py",
        "data = [given.images.numpy().tobytes(), given.labels.numpy().tobytes()]",
        "data = [given.images.numpy().tobytes()]",
        "paper_lenet5/test_own.py"
        "::test_a_training_does_not_go_on_with_other_data_or_options[labels]",
    ),
    Break(
        "the answer: the largest penalty", "paper_lenet5/lenet5.py",
        "penalties.argmin(1)", "penalties.argmax(1)",
        "paper_lenet5/test_behaviour.py::test_smallest_penalty_wins[eager-0]",
    ),
    Break(
        "errors during the pass: the largest penalty", "paper_lenet5/eager.py",
        "answer.argmin(1)", "answer.argmax(1)",
        "paper_lenet5/test_behaviour.py::test_each_pattern_is_judged_before_it_is_learned_from[eager]",
    ),
    Break(
        "a bitmap: one bit of the 0", "paper_lenet5/bitmaps.py",
        "6         7\n    .#####.   ...##..", "6         7\n    ######.   ...##..",
        "paper_lenet5/test_claims.py::test_bitmaps_are_those_of_fig_3_ink_plus_1_paper_minus_1",
    ),
    Break(
        "a bitmap: one bit of the [", "paper_lenet5/bitmaps.py",
        "...####   .......   .####..", "...###.   .......   .####..",
        "paper_lenet5/test_claims.py::test_all_96_bitmaps_are_those_of_the_preprint",
    ),
    Break(
        "the schedule's third step", "paper_lenet5/recipe.py",
        "(0.0001,) * 3", "(0.0002,) * 3",
        "paper_lenet5/test_claims.py::test_schedule_of_20_passes",
    ),
    Break(
        "SGD and Adam: the rate of the pass before", "paper_lenet5/training.py",
        'recipe, eta = self.recipe, self.recipe.schedule[number - 1]',
        'recipe, eta = self.recipe, self.recipe.schedule[max(number - 2, 0)]',
        "paper_lenet5/test_behaviour.py::test_each_pass_of_sgd_and_adam_has_its_own_learning_rate",
    ),
    Break(
        "noise: the same in each pass", "paper_lenet5/patterns.py",
        'generator(self.seed, "noise", number)', 'generator(self.seed, "noise")',
        "paper_lenet5/test_behaviour.py"
        "::test_noise_and_the_fields_of_strings_are_drawn_anew_in_each_pass[noise]",
    ),
    Break(
        "strings: the same fields in each pass", "paper_lenet5/patterns.py",
        'generator(self.seed, "strings", number)', 'generator(self.seed, "strings")',
        "paper_lenet5/test_behaviour.py"
        "::test_noise_and_the_fields_of_strings_are_drawn_anew_in_each_pass[strings]",
    ),
    Break(
        "the smallest step: that of a layer's mean", "paper_lenet5/training.py",
        "min((s.min()", "min((s.mean()",
        "paper_lenet5/test_behaviour.py"
        "::test_how_a_pass_combines_its_estimate_with_the_earlier_ones",
    ),
    Break(
        "the scores' curvature: rubbish left out", "paper_lenet5/losses.py",
        "torch.softmax(-self._with_rubbish(self.factor * penalties), 1)[:, :-1]",
        "torch.softmax(-self.factor * penalties, 1)",
        "paper_lenet5/test_sdlm_oracle.py"
        "::test_curvature_at_the_penalties_is_the_exact_second_derivative",
    ),
    Break(
        "Fig. 7: shifts of three pixels", "paper_lenet5/distort.py",
        "shift_y=(-2.0, 2.0)", "shift_y=(-3.0, 3.0)",
        "reproduce/test_figures.py"
        "::test_distortions_are_drawn_between_the_least_and_the_most_of_the_papers_hundred",
    ),
    Break(
        "weights: any digest will do", "paper_lenet5/pretrained.py",
        "fits = sha256 in (None, digest, hashlib.sha256(save(tensors)).hexdigest())", "fits = True",
        "paper_lenet5/test_pretrained.py::test_a_single_flipped_bit_is_found",
    ),
    Break(
        "MNIST: training and test set exchanged", "reproduce/rows/datasets.py",
        'load_mnist(split, root)) for split in ("train", "test")',
        'load_mnist(split, root)) for split in ("test", "train")',
        "reproduce/test_datasets.py::test_the_data_that_are_trained_on_are_the_training_images",
    ),
    Break(
        "Fashion-MNIST: training and test set exchanged", "reproduce/rows/datasets.py",
        'load_fashion_mnist(split, root)) for split in ("train", "test")',
        'load_fashion_mnist(split, root)) for split in ("test", "train")',
        "reproduce/test_datasets.py::test_the_data_that_are_trained_on_are_the_training_images",
    ),
    Break(
        "held out: images of the test set", "reproduce/rows/datasets.py",
        "test=Split(images[:HELD_OUT], labels[:HELD_OUT])",
        "test=Split(dataset.test.images[:HELD_OUT], dataset.test.labels[:HELD_OUT])",
        "reproduce/test_datasets.py"
        "::test_what_is_held_out_are_training_images_that_are_not_trained_on",
    ),
    Break(
        "held out: trained on all the same", "reproduce/rows/datasets.py",
        "train=Split(images[HELD_OUT:], labels[HELD_OUT:])", "train=Split(images, labels)",
        "reproduce/test_datasets.py"
        "::test_what_is_held_out_are_training_images_that_are_not_trained_on",
    ),
    Break(
        "a record: the error of the best pass", "reproduce/running/runs.py",
        '"test_errors": len(wrong)', '"test_errors": min(r.test_errors for r in session.records)',
        "reproduce/test_runs.py"
        "::test_errors_and_weights_on_record_are_those_of_the_last_pass_not_of_the_best"
        "[lenet5-textbook]",
    ),
    Break(
        "a run's weights: those before it", "reproduce/running/runs.py",
        "content = weights(session.model)", "content = weights(row.session(dataset, seed).model)",
        "reproduce/test_runs.py"
        "::test_errors_and_weights_on_record_are_those_of_the_last_pass_not_of_the_best"
        "[lenet5-textbook]",
    ),
    Break(
        "table 3: a deviation over n", "reproduce/table3.py",
        "np.std(values, ddof=1)", "np.std(values)",
        "reproduce/test_table3.py::test_the_deviation_beside_a_mean_is_that_of_a_sample",
    ),
    Break(
        "a card: the error to one digit", "reproduce/writing/cards.py",
        'error=f"{error:.2f}"', 'error=f"{error:.1f}0"',
        "reproduce/test_publish.py::test_the_numbers_of_the_card_are_those_of_the_records",
    ),
    Break(
        "a card: training errors over test patterns", "reproduce/writing/cards.py",
        "/ data['train_patterns']", "/ data['test_patterns']",
        "reproduce/test_publish.py::test_the_numbers_of_the_card_are_those_of_the_records",
    ),
    Break(
        "today: every pass distorts as the first does", "reproduce/baselines/augmented.py",
        'generator(self.seed, "augmentation", number)', 'generator(self.seed, "augmentation")',
        "reproduce/test_baselines.py::test_each_pass_distorts_anew_and_each_seed_too",
    ),
    Break(
        "today: a way to train that others beat on held-out images", "reproduce/rows/today.py",
        'row.name == "today-fig7"', 'row.name == "today-smoothed"',
        "reproduce/test_today.py::test_the_chosen_way_errs_least_on_held_out_images",
    ),
    Break(
        "the demo: any path on the server is read", "paper_lenet5/demo/api.py",
        "if not path.is_relative_to(Path(get_upload_folder()).resolve()):", "if False:",
        "demo/test_api.py::test_a_picture_on_the_server_that_was_not_sent_is_not_looked_at",
    ),
    Break(
        "the browser: S2 takes the mean of four inputs", "paper_lenet5/demo/engine/network.js",
        "values[at] = sum * coefficient", "values[at] = (sum / 4) * coefficient",
        "demo/test_engine.py::test_a_thousand_digits_have_pythons_states_and_penalties",
    ),
    Break(
        "the browser: a digit may follow a digit", "paper_lenet5/demo/engine/reading.js",
        "c <= cost[BLANK] ? label : BLANK", "least(cost)",
        "demo/test_engine.py::test_two_hundred_strings_are_read_as_python_reads_them",
    ),
    Break(
        "the browser: only one network is asked what paper parts", "paper_lenet5/demo/engine/reading.js",
        "penalty + sweep[first][digit]", "penalty",
        "demo/test_engine.py::test_lines_are_read_as_python_reads_them",
    ),
    Break(
        "a line: only one network is asked what paper parts", "paper_lenet5/reading.py",
        "sweep[:BLANK, first] + single[:, first]", "sweep[:BLANK, first]",
        "paper_lenet5/test_strings.py::test_both_networks_are_heard_and_the_surer_one_more",
    ),
    Break(
        "a line: digits keep the gaps that they have", "paper_lenet5/pictures/lines.py",
        "ink[:, inked[0] : inked[-1] + 1]", "ink",
        "paper_lenet5/test_pictures.py::test_characters_are_put_side_by_side_wherever_they_stood",
    ),
    Break(
        "the browser: thin strokes stay thin", "paper_lenet5/demo/engine/normalise.js",
        "if (radius < ((STROKE - THIN) * size) / 2 || radius < 0.5) return ink;", "return ink;",
        "demo/test_engine.py::test_drawings_become_the_patterns_and_fields_that_python_makes_of_them",
    ),
    Break(
        "the browser: the modern network without its shortcuts", "paper_lenet5/demo/engine/modern.js",
        "x + before.values[k]", "x",
        "demo/test_engine.py::test_changed_digits_and_both_networks_answers_are_pythons",
    ),
    Break(
        "the browser: the curvature takes the weights for their squares",
        "paper_lenet5/demo/engine/training.js",
        "square(squared.weights.whole, weights.whole);", "squared.weights.whole.set(weights.whole);",
        "demo/test_engine.py::test_a_network_is_trained_as_in_python",
    ),
    Break(
        "the browser: Back forgets the drawing", "paper_lenet5/demo/site/main.js",
        'addEventListener("popstate", open);', "",
        "demo/test_site.py::test_an_address_holds_the_drawing_and_back_goes_back",
    ),
]  # fmt: skip


def copy_of_all(to: Path) -> None:
    """The code, its tests, their settings, and the records that some of them read."""
    leave = shutil.ignore_patterns("__pycache__")
    for folder in ("paper_lenet5", "reproduce", "tests", "results"):
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
    os._exit(pytest.main([*options, *(f"tests/{test}" for test in tests)]))


def run(folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Exit status of pytest, 1 where tests failed, and what it printed."""
    log = folder / "log"
    process = multiprocessing.get_context("fork").Process(target=in_copy, args=(folder, tests, log))
    process.start()
    process.join()
    return process.exitcode, log.read_text(encoding="utf-8")


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
            path = folder / of.file
            source = path.read_text(encoding="utf-8")
            if source.count(of.before) != 1:
                raise SystemExit(f"{of.file} has not one {of.before!r}: mend the list of breaks")
            path.write_text(source.replace(of.before, of.after), encoding="utf-8")
            status, printed = run(folder, [of.test])
            path.write_text(source, encoding="utf-8")
            caught = status == pytest.ExitCode.TESTS_FAILED
            print(f"{'caught' if caught else 'MISSED':8}{of.what:54}{of.test}", flush=True)
            missed += not caught
    print(f"{len(BREAKS) - missed} of {len(BREAKS)} breaks are caught.")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
