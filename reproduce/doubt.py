"""Train the units that say whether it is a digit at all, and set the thresholds of none of these.

For each digit a unit (paper_lenet5/doubt.py) learns to tell training digits of that kind from what is
none, by what the network has in S4 and C5: letters in 26 typefaces and as strokes, signs, scribbles,
clothes, pieces of digits that stand side by side, digits that lie over each other, on their side or in
a mirror. That is done twice, with the same 20,000 digits: for the network in the package; and for its
twin, of the same recipe and trained on 50,000 of the 60,000. Its right answers to the other 10,000 set
the thresholds, and no test digit says anything to them: refused is what is rare among these answers, by
its doubt or by its posterior, and equally rare by either, so that one in a hundred is refused. Writes
paper_lenet5/weights/doubt.safetensors, and doubt.json.

On two cores it takes 10 minutes.
"""

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from rich.console import Console
from safetensors.torch import save
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from paper_lenet5 import LeNet5, distort, preprocess
from paper_lenet5.doubt import DECIMALS, FILE, seen
from paper_lenet5.files import write_whole
from paper_lenet5.patterns import Split, generator
from paper_lenet5.pictures.normalise import normalise
from paper_lenet5.strings import BLANK, StringRanges, draw_fields
from paper_lenet5.verdict import LEAST_BESIDE_DOUBT, verdict

from .measures import drawings
from .rows import characters, datasets
from .rows.recipes import LENET5, LENET5_DISTORTIONS
from .running.record import machine, versions
from .writing import options

ROWS = (LENET5, LENET5_DISTORTIONS)
REFUSED, DOUBTED = 0.01, 0.03
"""Of the right answers to digits that are held out: none of these, and at most probable by doubt."""
LETTERS = "AEFHKMNRTVWXYfhkmnrvwx"
"""Those that look like no digit."""
VERSIONS = 10
"""Of each letter of a typeface, all but one distorted as in training."""
TIMES = 9
"""Of each letter and sign by strokes in each style, and six times as many scribbles."""
OWN = 20_000
"""Digits that the units learn."""
EACH = 2_500
"""Clothes, and fields with pieces of digits."""
TURNED, MIRRORED, EACH_DIGIT = (2, 3, 4, 5, 7), (3, 4, 7), 150
"""Digits that are none on their side, or in a mirror; and how many of each."""
WEAKNESS = 0.1
"""C of scikit-learn: how little the units' weights are held back."""
DIGITS = 10


def letters(families: Sequence[characters.Family], versions: int = 1) -> Tensor:
    """Letters in typefaces, as patterns (N, 28, 28), ever so many versions distorted."""
    printed = [characters.drawn(LETTERS, face) for face in characters.faces(families)]
    patterns = torch.stack([_fitted(one) for one in torch.cat(printed)])
    some = torch.arange(versions * len(patterns))
    if versions == 1:
        return patterns
    parameters = distort.draw_distortions(
        distort.DISTORTED_VERSIONS * len(patterns), generator(0, "doubt")
    )
    return distort.distorted_patterns(patterns, some, parameters)


def pieces(images: Tensor, labels: Tensor) -> Tensor:
    """Fields (N, 32, 32) in which two digits meet in the middle: pieces of both, and no digit."""
    ranges = StringRanges((1, 4), (0, 0), blanks=1, gaps=1)
    fields, kinds = draw_fields(images, labels, ranges, torch.Generator().manual_seed(0))
    return fields[kinds == BLANK]


def changed(images: Tensor, labels: Tensor) -> Tensor:
    """Digits on their side, in a mirror, or two over each other: patterns (N, 28, 28)."""
    first = [images[labels == digit][:EACH_DIGIT] for digit in range(DIGITS)]
    aside = torch.cat([first[digit] for digit in TURNED])
    mirrored = torch.cat([first[digit] for digit in MIRRORED]).flip(2)
    two = [torch.maximum(one, other) for one, other in pairwise(first)]
    ways = [aside.rot90(1, (1, 2)), aside.rot90(3, (1, 2)), mirrored, *two]
    return torch.stack([_fitted(one) for one in torch.cat(ways)])


def strokes(drawn: Sequence[drawings.Drawing]) -> Tensor:
    """Drawings as patterns (N, 28, 28)."""
    pictures = [np.asarray(drawings.picture(of.lines, 1), np.float64) for of in drawn]
    return torch.stack([normalise(1 - picture / 255) for picture in pictures])


def _fitted(pattern: Tensor) -> Tensor:
    return normalise(pattern.numpy().astype(np.float64))


# --- the units --------------------------------------------------------------------------------------


@torch.inference_mode()
def looked_at(model: LeNet5, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """What the units look at (N, 521), and the penalties (N, 10)."""
    found, penalties = [], []
    for some in images.split(1000):
        states = model.states(preprocess(some))
        found.append(seen(states).float())
        penalties.append(model.rbf(states["f6"]).flatten(1))
    return torch.cat(found).numpy(), torch.cat(penalties).numpy()


def units(model: LeNet5, digits: Split, drawn: Split, others: Sequence[Tensor]) -> np.ndarray:
    """Of each digit the weights and bias (10, 521) of what speaks against it, in log odds.

    `drawn` are digits by strokes, lest a pen's even line be taken for a sign of what is no digit.
    """
    labels = torch.cat([digits.labels, drawn.labels]).numpy()
    own = np.concatenate([looked_at(model, some.images)[0] for some in (digits, drawn)])
    against = np.concatenate([looked_at(model, some)[0] for some in others])
    found = []
    for digit in range(DIGITS):
        of_digit = own[labels == digit]
        inputs = np.concatenate([of_digit, against])[:, :-1].astype(np.float64)
        is_none = np.arange(len(inputs)) >= len(of_digit)
        fitted = LogisticRegression(C=WEAKNESS, solver="newton-cholesky")
        fitted.fit(inputs, is_none)
        found.append(np.append(fitted.coef_[0], fitted.intercept_[0]))
    return np.stack(found)


def right(model: LeNet5, units: np.ndarray, held: Split) -> tuple[np.ndarray, np.ndarray]:
    """Of the right answers to held-out digits the log odds against them, and the posteriors."""
    inputs, penalties = looked_at(model, held.images)
    closest = penalties.argmin(1)
    is_right = closest == held.labels.numpy()
    odds = (inputs * units[closest]).sum(1)
    posteriors = [verdict(torch.from_numpy(of)).posterior for of in penalties[is_right]]
    return odds[is_right], np.array(posteriors)


def share_of_each(odds: np.ndarray, posteriors: np.ndarray) -> float:
    """The part of right answers that either measure refuses, where both together refuse `REFUSED`.

    What counts of an answer is the rarer of its two.
    """
    rarer = np.maximum(rankdata(odds), rankdata(-posteriors))
    return float(1 - np.quantile(rarer, 1 - REFUSED) / len(rarer))


def beside_eq_9(odds: np.ndarray, posteriors: np.ndarray) -> float:
    """The log odds from which none of these refuses `REFUSED` of right answers, with those by eq. 9."""
    refused = posteriors < LEAST_BESIDE_DOUBT
    return float(np.quantile(np.where(refused, np.inf, odds), 1 - REFUSED))


def scaled(units: np.ndarray, none: float, doubtful: float) -> Tensor:
    """The units with these log odds at 0 and at -1."""
    shifted = units.copy()
    shifted[:, -1] -= none
    return torch.from_numpy((shifted / (none - doubtful)).round(DECIMALS).astype(np.float32))


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train the twins and the units, and write both files."""
    parser = options.parser("doubt", __doc__)
    args, console = parser.parse_args(argv), Console(highlight=False, markup=False)
    options.clone()
    dataset, fashion = datasets.load(args.data), datasets.fashion(args.data)
    held = datasets.held_out(dataset)
    by_hand = [list(drawings.digits(0)), list(drawings.no_digits(0, TIMES))]
    drawn = Split(strokes(by_hand[0]), torch.tensor([int(of.name) for of in by_hand[0]]))
    learned = Split(held.train.images[:OWN], held.train.labels[:OWN])
    others = [
        letters(characters.SEEN, VERSIONS), strokes(by_hand[1]), fashion.train.images[:EACH],
        pieces(learned.images[:EACH], learned.labels[:EACH]),
        changed(learned.images[EACH:], learned.labels[EACH:]),
    ]  # fmt: skip
    networks, found = {}, {}
    for row in ROWS:
        session = row.session(held, 0)
        for _ in session.passes():
            pass
        twin = cast(LeNet5, session.model.eval())
        of_twin = units(twin, learned, drawn, others)
        odds, posteriors = right(twin, of_twin, held.test)
        none, doubtful = beside_eq_9(odds, posteriors), float(np.quantile(odds, 1 - DOUBTED))
        each = share_of_each(odds, posteriors)
        ours = LeNet5.from_pretrained(row.name)
        networks[row.name] = scaled(units(ours, learned, drawn, others), none, doubtful)
        found[row.name] = {
            "none": none, "doubtful": doubtful, "right": len(odds), "share_of_each": each,
            "least_posterior": float(np.quantile(posteriors, REFUSED)),
            "least_beside_doubt": float(np.quantile(posteriors, each)),
        }  # fmt: skip
        console.print(f"{row.name}: {found[row.name]}")
    write_whole(FILE, save(networks))
    record: dict[str, Any] = {
        "sha256": {of.name: of.sha256 for of in (dataset, fashion)},
        "held_out": len(held.test.labels), "refused": REFUSED, "doubted": DOUBTED,
        "shown": sum(map(len, others)), "networks": found,
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    write_whole(args.out / "doubt.json", json.dumps(record, indent=1).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
