"""Characters as data, and what their codes do to errors: reproduce.rows.characters, .characters."""

import string
import struct
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch

from paper_lenet5 import doubt, train
from paper_lenet5.mnist import VARIABLE, DataUnavailable
from reproduce import characters as exhibit
from reproduce.rows import characters
from reproduce.rows.characters import MATPLOTLIB, SEEN, UNSEEN, VISIBLE, Family
from reproduce.rows.recipes import CHARACTERS
from reproduce.running.runs import Runs, recorded
from tests import ROOT

DEJAVU = MATPLOTLIB.paths()[0]


def box(image):
    """Top, bottom, left, right of the ink of one pattern."""
    rows, columns = (image > 0).any(1).nonzero(), (image > 0).any(0).nonzero()
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@pytest.fixture(scope="module")
def all_of_dejavu():
    return dict(zip(VISIBLE, characters.drawn(VISIBLE, DEJAVU), strict=True))


def test_the_largest_character_is_20_pixels_and_none_is_empty(all_of_dejavu):
    sizes = []
    for image in all_of_dejavu.values():
        top, bottom, left, right = box(image)
        sizes.append(max(bottom - top, right - left) + 1)
        assert 3 <= top <= bottom <= 24, "within 20 rows, and the pixels that their edges fall on"
    assert 20 <= max(sizes) <= 22


def test_characters_stand_on_one_line_and_keep_their_sizes(all_of_dejavu):
    top, bottom, left, right = box(all_of_dejavu["x"])
    capital = box(all_of_dejavu["X"])
    assert bottom == capital[1]
    assert bottom - top < capital[1] - capital[0], "small x is smaller"
    assert box(all_of_dejavu["p"])[1] > bottom, "p goes below the line"
    assert abs((left + right) / 2 - 13.5) <= 1
    assert all_of_dejavu["X"].max() > 200, "ink is 255"


def test_labels_count_the_characters_of_each_face():
    split = characters.printed("ab", MATPLOTLIB.paths()[:3])
    assert split.labels.tolist() == [0, 1] * 3
    assert torch.equal(split.images[2:4], characters.drawn("ab", MATPLOTLIB.paths()[1]))


@pytest.mark.parametrize(
    ("classes", "passes"), [(string.digits + characters.LETTERS, 8), (VISIBLE, 14)]
)
def test_a_network_of_ones_own_learns_many_characters(classes, passes):
    """Where a class beyond the 32nd has no room in the compiled pass, nearly all stay wrong."""
    once = characters.printed(classes, MATPLOTLIB.paths())
    names = [classes[label] for label in once.labels]
    trained = train(
        once.images.repeat(4, 1, 1), names * 4, passes=passes, held_out=0, progress=False
    )
    model = trained.model
    said = doubt.verdicts(model, model.transforms()(once.images))
    right = [model.classes[of.closest] == name for of, name in zip(said, names, strict=True)]
    assert sum(right) > 0.6 * len(right)


def test_no_family_is_both_seen_and_unseen():
    seen, unseen = ({family.package for family in of} for of in (SEEN, UNSEEN))
    assert not seen & unseen
    names = [path.name for path in characters.faces((*SEEN, *UNSEEN))]
    assert len(names) == len({*names})


def test_a_package_without_typefaces_is_named():
    with pytest.raises(DataUnavailable, match=r"font-that-is-not-there .*\[fonts\]"):
        Family("font_that_is_not_there", "files", ("A.ttf",)).paths()


def test_what_is_tested_on_are_unseen_faces_once_plain_and_nine_times_distorted(monkeypatch):
    monkeypatch.setattr(characters, "SEEN", (MATPLOTLIB._replace(files=MATPLOTLIB.files[:2]),))
    monkeypatch.setattr(characters, "UNSEEN", (MATPLOTLIB._replace(files=MATPLOTLIB.files[2:3]),))
    monkeypatch.setattr(characters, "COPIES", 3)
    data = characters.load()
    assert len(data.train.labels) == 3 * 2 * 94
    assert data.test.images.shape == (10 * 94, 32, 32)
    assert torch.equal(data.test.labels, torch.arange(94).repeat(10))
    plain = characters.drawn(VISIBLE, MATPLOTLIB.paths()[2])
    assert torch.equal(data.test.images[:94, 2:30, 2:30], plain)
    assert not torch.equal(data.test.images[94:188], data.test.images[:94])
    assert set(data.sha256) == set(MATPLOTLIB.files[:3])
    assert torch.equal(characters.load().test.images, data.test.images), "the same each time"


# EMNIST


def write_idx(path, array):
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(header + bytes(array.flatten().tolist()))


@pytest.fixture
def emnist(tmp_path, monkeypatch):
    """A folder with files as EMNIST has them: three letters to train on, two to test on."""
    pytest.importorskip("torchvision")
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    images = torch.zeros(3, 28, 28, dtype=torch.uint8)
    images[:, 5, 20] = 255  # on its side: row 20, column 5 of the letter
    for part, labels in (("train", torch.tensor([1, 26, 3])), ("test", torch.tensor([2, 1]))):
        write_idx(raw / f"emnist-letters-{part}-images-idx3-ubyte", images[: len(labels)])
        write_idx(raw / f"emnist-letters-{part}-labels-idx1-ubyte", labels)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def test_emnists_letters_stand_upright_and_count_from_0(emnist):
    data = characters.emnist(emnist)
    assert data.train.labels.tolist() == [0, 25, 2]
    assert data.test.labels.tolist() == [1, 0]
    assert data.train.images[0].nonzero().tolist() == [[20, 5]]
    assert len(data.sha256) == 4


def test_a_named_folder_without_emnist_is_not_filled(tmp_path, monkeypatch):
    pytest.importorskip("torchvision")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(DataUnavailable, match="No EMNIST in"):
        characters.emnist()
    assert list(tmp_path.rglob("*idx*")) == []


# What codes do to errors


def penalties_of(*orders):
    """Penalties (N, 94) by which each pattern's nearest characters are these, in this order."""
    penalties = torch.full((len(orders), len(VISIBLE)), 100.0)
    for pattern, order in zip(penalties, orders, strict=True):
        for place, character in enumerate(order):
            pattern[VISIBLE.index(character)] = place
    return penalties


def labels_of(characters):
    return torch.tensor([VISIBLE.index(character) for character in characters])


def answers_of(codes, seed, orders, truth="lOaAx"):
    answers = exhibit.answers_of(penalties_of(*orders), labels_of(truth))
    return answers.assign(codes=codes, seed=seed)


@pytest.fixture
def answers():
    """Of two pairs of networks, each on five patterns: "l", "O", "a", "A", "x"."""
    return pd.concat(
        [
            answers_of(exhibit.BITMAPS, 0, ["Il", "0oO", "a", "A", "x"]),
            answers_of(exhibit.RANDOM, 0, ["Il", "O", "a", "A", "zyx"]),
            answers_of(exhibit.BITMAPS, 1, ["Il", "O", "Aa", "A", "x"]),
            answers_of(exhibit.RANDOM, 1, ["l", "O", "a", "BA", "x"]),
        ]
    )


def test_answers_are_counted_and_where_the_right_character_comes_second():
    orders, truth = ["l", "Il", "Il", "I1l", "0O"], "llllO"
    kinds = exhibit.answers_of(penalties_of(*orders), labels_of(truth))
    assert list(kinds.columns) == ["character", "answer", "count", "second"]
    assert set(kinds.itertuples(index=False, name=None)) == {
        ("O", "0", 1, 1), ("l", "I", 3, 2), ("l", "l", 1, 0)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pair", "alike"),
    [("O0", True), ("o0", True), ("l[", True), ("1I", True), ("Kk", True), ("gG", True),
     ("O1", False), ("QO", False), ("ij", False), ("{[", False)],
)  # fmt: skip
def test_alike_is_what_the_paper_names_and_a_letter_in_both_cases(pair, alike):
    assert exhibit.alike(*pair) == exhibit.alike(*reversed(pair)) == alike


def test_the_three_numbers_are_compared_seed_by_seed(answers):
    of = exhibit.compared(answers).set_index("number")
    assert of.loc["error", ["bitmaps", "random", "difference", "n"]].tolist() == [40, 30, 10, 2]
    assert of.loc["alike", ["bitmaps", "random"]].tolist() == [100, 25], "mean of 50 % and 0 %"
    assert of.loc["second", ["bitmaps", "random"]].tolist() == [75, 75]
    assert of.loc["error", "low"] < 10 < of.loc["error", "high"]


def test_a_seed_that_one_kind_lacks_is_not_compared(answers):
    one_less = answers[(answers["codes"] == exhibit.BITMAPS) | (answers["seed"] == 0)]
    assert (exhibit.compared(one_less)["n"] == 1).all()


def test_pairs_are_counted_either_way_and_a_network(answers):
    counts = exhibit.most_confused(answers, exhibit.BITMAPS)
    assert counts.to_dict() == {("I", "l"): 1.0, ("0", "O"): 0.5, ("A", "a"): 0.5}
    assert exhibit.most_confused(answers)["I", "l"] == 0.75


def test_what_was_measured_is_read_back_with_digits_commas_and_quotes(tmp_path):
    rows = [("1", "l"), ("'", ","), ('"', "'"), ("N", "n")]
    table = pd.DataFrame(rows, columns=["character", "answer"]).assign(count=1)
    table.to_csv(tmp_path / "characters.csv", index=False)
    read = exhibit.read(tmp_path / "characters.csv")
    assert list(zip(read["character"], read["answer"], strict=True)) == rows


def test_the_picture_and_the_words_need_no_weights(answers, tmp_path, capsys):
    assert exhibit.main(["--out", str(tmp_path)]) == 1
    assert "no record of it" in capsys.readouterr().out
    (tmp_path / "figures").mkdir()
    answers.to_csv(tmp_path / "figures" / "characters.csv", index=False)
    assert exhibit.main(["--out", str(tmp_path)]) == 0
    said = exhibit.words(tmp_path / "figures")
    assert "40.0 % with the bitmaps and 30.0 % with random codes (difference +10.0" in said
    assert "most often are I and l" in said
    assert (tmp_path / "figures" / "characters.png").stat().st_size > 10_000


def test_the_picture_counts_every_error_once_and_divides_by_the_pairs_that_differ_so(answers):
    left, right = exhibit.draw(answers).axes
    apart = [exhibit.pixels_apart(*pair) for pair in combinations(VISIBLE, 2)]
    pairs, _ = np.histogram(apart, exhibit.APART)
    assert pairs.sum() == 94 * 93 / 2
    errors = [(line.get_ydata() * pairs).sum() for line in left.lines]
    assert errors == pytest.approx([2.0, 1.5]), "errors of a network"
    assert np.isclose(sum(bar.get_width() for bar in right.containers[0]), 2.0)


def test_every_network_that_was_measured_is_on_record():
    answers = exhibit.read(ROOT / "results" / "figures" / "characters.csv")
    wrong = answers[answers["character"] != answers["answer"]]
    measured = wrong.groupby(["codes", "seed"])["count"].sum().to_dict()
    of_codes = zip((exhibit.BITMAPS, exhibit.RANDOM), CHARACTERS, strict=True)
    found = {
        (codes, record["seed"]): record["test_errors"]
        for codes, row in of_codes
        for record in recorded(row, Runs(ROOT / "results"), "printed")
    }
    assert found == measured
