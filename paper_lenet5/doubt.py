"""Whether it is a digit at all: ten more units, that have been shown what is none. Section II-C.

The rubbish class of eq. 9 has the same penalty for every input, and F6 has learned to draw bitmaps: it
draws one for many a letter too. What a letter has that no digit has is still there in the layers below.
So beside each digit's bitmap stands a unit that looks at S4 and C5, and adds up what speaks against
that digit. `python -m reproduce.doubt` trains these units; the network is not changed by it.
"""

import hashlib
from functools import cache

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from .lenet5 import LeNet5
from .preprocessing import FIELD
from .pretrained import WEIGHTS
from .verdict import Verdict, verdict

LAYERS = ("s4", "c5")
"""Whose states the units look at, one after the other; last comes a bias."""
DECIMALS = 4
"""Of their weights."""
FILE = WEIGHTS / "doubt.safetensors"
"""The units (10, 521) by the name of the network."""


@cache
def shipped() -> dict[str, Tensor]:
    """The units of each of the package's networks that has them, by its name."""
    return load_file(FILE)


def units_of(model: LeNet5) -> Tensor | None:
    """The units (10, 521) for the network with these weights; None for one that has none.

    A network that was trained further is another one: all of its weights are looked at.
    """
    weights = save({name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()})
    digest = hashlib.sha256(weights).hexdigest()
    name = next((name for name, known in model.shipped.items() if known == digest), None)
    return None if name is None else shipped().get(name)


def seen(states: dict[str, Tensor]) -> Tensor:
    """What the units look at, of the states of N fields of 32x32: (N, 521)."""
    layers = [states[name].flatten(1) for name in LAYERS]
    return torch.cat([*layers, torch.ones_like(layers[0][:, :1])], 1).double()


def doubts(units: Tensor, states: dict[str, Tensor], closest: Tensor) -> Tensor:
    """How much speaks against the closest digits (N,), given the states of N fields: (N,).

    Above 0 it is none of these, as it is where the posterior is too small: one or the other holds of one
    in a hundred right answers to digits that were held out. Three in a hundred have more than -1.
    """
    return (seen(states) * units.to(closest.device, torch.float64)[closest]).sum(1)


def verdicts(model: LeNet5, x: Tensor) -> list[Verdict]:
    """What the network says of each input (N, 1, 32, 32), as `transforms` or `preprocess` gives it.

    One image (1, 32, 32) has one verdict in the list. They are by its units and eq. 9, or by eq. 9
    alone where it has no units. Raises ValueError as the network does, and for wide input.
    """
    x = x[None] if isinstance(x, Tensor) and x.ndim == 3 else x
    model.check(x)
    if x.shape[2:] != (FIELD, FIELD):
        raise ValueError(f"expected inputs of {FIELD}x{FIELD}, got {tuple(x.shape)}")
    with torch.no_grad():
        return of_states(model, model.states(x), units_of(model))


def of_states(model: LeNet5, states: dict[str, Tensor], units: Tensor | None) -> list[Verdict]:
    """The same, of the states of N such inputs and what `units_of` gives for the network."""
    penalties = model.penalties_of(states).detach().flatten(1)
    if units is None:
        return [verdict(each, classes=model.classes) for each in penalties]
    doubt = doubts(units, states, penalties.argmin(1)).tolist()
    return [
        verdict(each, against, model.classes)
        for each, against in zip(penalties, doubt, strict=True)
    ]
