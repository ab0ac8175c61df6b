"""Strings of test digits, swept over and read: reproduce.sdnn and reproduce.measures.string_errors."""

import pandas as pd
import torch

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.strings import BLANK, STRIDE
from reproduce import sdnn
from reproduce.measures import costs, string_errors
from tests.conftest import draw_digits, random_model

DIGITS = draw_digits(60)


def test_every_gap_has_the_same_digits_in_the_same_places():
    images, labels = DIGITS
    near, far = (string_errors.draw_strings(images, labels, 3, gap, 8) for gap in (0, 4))
    assert near.truth == far.truth
    assert near.fields[:, :, :16].equal(far.fields[:, :, :16]), "the first digit's left part"
    assert (far.answers >= near.answers).all()
    assert near.fields.shape != far.fields.shape


def test_a_network_without_a_blank_class_gets_one_of_constant_penalty():
    inputs = preprocess(string_errors.draw_strings(*DIGITS, 2, None, 4).fields)
    of_ten, of_eleven = LeNet5(), LeNet5(blank=True)
    added, own = (string_errors.penalties_with_blank(m, inputs) for m in (of_ten, of_eleven))
    assert (added[:, BLANK] == string_errors.BLANK_PENALTY).all()
    assert own.equal(string_errors.at_once(of_eleven, inputs))


def test_errors_are_strings_that_differ_and_their_kinds_are_counted(monkeypatch):
    monkeypatch.setattr(
        string_errors, "read_strings", lambda model, strings, noise: ["12", "1", "123", "13"]
    )
    strings = string_errors.DigitStrings(["12", "12", "12", "12"], torch.zeros(0), torch.zeros(0))
    monkeypatch.setattr(string_errors, "draw_strings", lambda *_: strings)
    lines = list(string_errors.measure_strings({("net", 0): None}, *DIGITS, 4))
    assert len(lines) == len(string_errors.LENGTHS) * len(string_errors.GAPS) * len(
        string_errors.NOISES
    )
    assert {(line["errors"], line["too_short"], line["too_long"]) for line in lines} == {(3, 1, 1)}


def test_a_sweep_costs_less_than_the_network_at_every_position_and_gives_the_same():
    cost = string_errors.compare_costs(random_model(), DIGITS[0], rounds=1)
    assert cost["answers"] == 9
    assert cost["multiply_adds_each"] == 9 * 328_096
    assert cost["multiply_adds_each"] > 2.5 * cost["multiply_adds_sweep"]
    assert cost["largest_difference"] < 1e-5


def test_a_field_of_32_columns_costs_what_a_single_character_does():
    assert costs.multiply_adds(random_model(), columns=32) == 328_096


def lines_of(network, errors, **cell):
    cell = {"length": 2, "gap": sdnn.ANY, "noise": 0.0, "strings": 100} | cell
    kinds = {"too_short": 1, "too_long": 0}
    return [
        {"network": network, "seed": s, **cell, "errors": e, **kinds} for s, e in enumerate(errors)
    ]


def test_the_table_has_the_mean_of_the_networks_and_the_interval_of_the_strings():
    table = pd.DataFrame(lines_of("lenet5-sdnn", [4, 6]) + lines_of("lenet5-1998", [50]))
    (line,) = sdnn.by_length(table)
    assert line["trained on strings"] == "5.0 (2.2 … 11.2)", "Wilson's interval of 5 in 100"
    assert line["LeNet-5 (1998)"].startswith("50.0 (")
    (line,) = sdnn.by_gap(table, 0.0)
    assert line["2 digits"].startswith("5.0")


def test_the_picture_shows_every_string_with_an_answer_under_every_position():
    model = LeNet5(blank=True)
    panels = sdnn.panels(model, *DIGITS)
    assert [panel.truth for panel in panels] == [truth for truth, _ in sdnn.SHOWN]
    for panel in panels:
        positions = (panel.inputs.shape[-1] - 32) // STRIDE + 1
        assert len(panel.codes) == len(panel.raw) == positions
    figure = sdnn.draw(panels)
    pictures = sum(len(axes.images) for axes in figure.axes)
    assert pictures == sum(1 + len(panel.codes) for panel in panels)


def test_without_a_network_the_command_says_how_to_get_one(tmp_path, capsys):
    assert sdnn.main(["--out", str(tmp_path)]) == 1
    assert "--train" in capsys.readouterr().out
