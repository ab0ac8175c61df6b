"""LeNet-5. Section II-B, Fig. 2."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from .bitmaps import COLUMNS, DIGITS, ROWS, SPACE, bitmaps
from .config import LeNet5Config, Output
from .connections import TABLE_I
from .initialisation import Initialisation, initialise
from .layers import Subsampling, TableConvolution, squash
from .preprocessing import FIELD, check_input, check_values
from .pretrained import Answer, Pretrained, WeightsUnusable
from .rbf import EuclideanRBF
from .transform import Transform
from .verdict import posterior

SHIPPED = {
    "lenet5-1998": "4618d44e099406cd4fab3b5464e1b13768b73a2a3933fc46f9f8f10deba9a028",
    "lenet5-1998-distortions": "fc200dd3bdd629ef0035b252c6e1c092c7d3c13635d2f9302f234ce073d193ab",
    "lenet5-1998-half-eq8": "465f5a579f8b657bb31e949a9030436c02e113ee5f92566c724359a06f00bf29",
    "lenet5-1998-half-map-5-distortions": (
        "a9ed142ae0f65a0497df4d2ee5453d010f1d4008cedacf007ce535a5c5346039"
    ),
    "lenet5-1998-noise": "25ba2e4f91bfdb39843ffff1f2fc2f29caee2cbbb7719bd9ac08bd603b931bfd",
    "lenet5-sdnn": "7738bc6de715c779fb7afd828c3291b1548aafd4f75db6536d466e50ccb19e21",
}
"""The trained networks in the package, by the SHA-256 of their weights: of each row the one of seed 0,
whatever its error is. The first is what `LeNet5.from_pretrained()` gives."""
FOR_DIGITS, FOR_STRINGS = "lenet5-1998-distortions", "lenet5-sdnn"
"""Of these, the one that the demo and `read` ask about single digits, and the one that reads strings."""
UNITS = ROWS * COLUMNS
"""Of F6: as many as a bitmap has pixels."""
WITH_BLANK = LeNet5Config(output="bitmaps and blank")
"""What records and config.json say of a network with `blank`."""


class LeNet5(Pretrained):
    """The network of Fig. 2: 60,000 trainable parameters, 340,908 connections.

    (N, 1, 32, 32) float32 in -0.1 (paper) ... 1.175 (ink) to (N, 10) penalties, the smallest wins;
    (N, 11) with the `blank` that stands between the characters of a string. Inputs larger than 32x32
    give a map of penalties (N, 10, rows, columns), one answer every 4 pixels, since C5 is a
    convolution (section VII). Raises ValueError for other shapes, types or values: grey levels
    0 ... 255 are no input, preprocess them.

    A new network is drawn from `generator` (torch's own where there is none) by the rule of D4, or
    by another `initialisation`. `LeNet5.from_pretrained()` is a trained one.

    Other `classes` than the ten digits are any characters of Fig. 3, as in `classes="ABC"`; or any
    names, with `codes` of their own, (classes, 84), each of them about +1 and -1: a tensor, an array or
    lists. Raises ValueError for characters that Fig. 3 lacks, and for codes that are not finite, of
    another shape, or alike.
    """

    config: LeNet5Config
    options: ClassVar[type] = LeNet5Config
    shipped: ClassVar[Mapping[str, str]] = SHIPPED
    shipped_options: ClassVar[Mapping[str, LeNet5Config]] = {FOR_STRINGS: WITH_BLANK}
    preprocessing = Transform()
    answer: ClassVar[Answer] = "smallest"

    def __init__(
        self,
        generator: torch.Generator | None = None,
        initialisation: Initialisation | None = None,
        *,
        blank: bool = False,
        classes: Sequence[str] = DIGITS,
        codes: Any = None,
    ):
        super().__init__()
        if codes is None:
            output: Output = "bitmaps and blank" if blank else "bitmaps"
            self.config = LeNet5Config(output=output, classes=tuple(classes))
            codes = bitmaps([*self.config.classes, *([SPACE] if blank else [])])
        else:
            self.config = LeNet5Config(output="own codes", classes=tuple(classes))
            if blank:
                raise ValueError(
                    "expected codes or a blank: codes of one's own have no blank among them"
                )
            codes = as_codes(codes, len(self.config.classes))
        with torch.random.fork_rng(devices=[], enabled=generator is not None):
            self.c1 = nn.Conv2d(1, 6, 5)
            self.s2 = Subsampling(6)
            self.c3 = TableConvolution(TABLE_I)
            self.s4 = Subsampling(16)
            self.c5 = nn.Conv2d(16, 120, 5)
            self.f6 = nn.Linear(120, UNITS)
        self.rbf = EuclideanRBF(codes)
        initialise(self, generator, initialisation)

    @classmethod
    def of(cls, config: LeNet5Config | None) -> "LeNet5":
        """A new network that is described so. Raises WeightsUnusable if it is not as printed.

        Own codes are all 0 in it: they are no part of the description.
        """
        config = config or LeNet5Config()
        if not config.as_printed:
            raise WeightsUnusable(f"these weights are not of the network as printed but of {config}: "
                                  "load them with paper_lenet5.variants.Variant")  # fmt: skip
        if config.output != "own codes":
            return cls(blank=config == WITH_BLANK, classes=config.classes)
        network = cls()
        network.config = config
        network.rbf = EuclideanRBF(torch.zeros(len(config.classes), UNITS))
        return network

    def forward(self, x: Tensor) -> Tensor:
        """The penalties y_i of eq. 7, (N, 10); of wide input (N, 10, rows, columns)."""
        penalties = self.penalties_of(self.states(x))
        return penalties.flatten(1) if x.shape[-2:] == (FIELD, FIELD) else penalties

    def penalties_of(self, states: dict[str, Tensor]) -> Tensor:
        """The penalties, given the states: (N, 10, rows, columns), one row and column for 32x32."""
        distances: Tensor = self.rbf(states["f6"])  # (N, rows, columns, 10)
        return distances.movedim(-1, 1)

    def states(self, x: Tensor) -> dict[str, Tensor]:
        """The state (squashed output, D3) of every layer up to F6, by name.

        The shapes are those of a 32x32 input; F6's 84 units stand last. Raises ValueError for an
        input that is not (N, 1, >= 32, >= 32), or has other values than `preprocess` gives.
        """
        self.check(x)
        f = self.activation
        c1 = f("c1")(self.c1(x))  # (N, 6, 28, 28)
        s2 = f("s2")(self.s2(c1))  # (N, 6, 14, 14)
        c3 = f("c3")(self.c3(s2))  # (N, 16, 10, 10)
        s4 = f("s4")(self.s4(c3))  # (N, 16, 5, 5)
        c5 = f("c5")(self.c5(s4))  # (N, 120, 1, 1)
        f6 = f("f6")(self.f6(c5.movedim(1, -1)))  # (N, 1, 1, 84)
        return {"c1": c1, "s2": s2, "c3": c3, "s4": s4, "c5": c5, "f6": f6}

    def check(self, x: Tensor) -> None:
        """Raises ValueError for what is no input of the network."""
        if not isinstance(x, Tensor):
            raise ValueError(
                f"expected input as a torch.Tensor, got {type(x).__name__}: transforms() makes one of "
                "images of Pillow, arrays and lists, model(model.transforms()(images))"
            )
        if x.ndim != 4 or x.shape[1] != 1 or min(x.shape[2:]) < FIELD:
            raise ValueError(
                f"expected input of shape (N, 1, >= {FIELD}, >= {FIELD}), as transforms() gives it, "
                f"got {tuple(x.shape)}{': for one image give x[None]' if x.ndim == 3 else ''}"
            )
        if x.dtype != self.c1.weight.dtype:
            raise ValueError(
                f"expected {self.c1.weight.dtype}, as preprocess gives it, got {x.dtype}"
            )
        check_values(x)

    def activation(self, layer: str) -> Callable[[Tensor], Tensor]:
        """What follows the weighted sums of the layer of that name: eq. 6 in all of them (D3)."""
        return squash

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes are called, in the order of the penalties; last "blank" if there is one."""
        blank = self.config.output == "bitmaps and blank"
        return (*self.config.classes, "blank") if blank else self.config.classes

    @torch.no_grad()
    def classify(self, x: Tensor, *, check: bool = True) -> Tensor:
        """The classes of the smallest penalties: (N,), or (N, rows, columns) for wide input.

        They are places in `classes`: 0 ... 9 are the digits; 10, in a network for strings, is the blank.
        One image (1, 32, 32), as `transforms` gives it, has one class (). Raises ValueError, too, for
        what `transforms` would not give: other levels of paper and ink, no paper, ink for paper;
        `check=False` lets these pass. No gradient goes back from the answer.
        """
        return self._answers(x, check, lambda penalties: penalties.argmin(1))

    def posterior(self, x: Tensor, *, check: bool = True) -> Tensor:
        """What each class's share of eq. 9's sum is: (N, classes + 1), the last that of none of these.

        None of these, the rubbish class, has penalty 10, whatever the input (D7). Wide input, one image
        and `check` as in `classify`. Gradients go back from it: `detach` it, or ask under
        `torch.no_grad()`, for an array.
        """
        return self._answers(x, check, posterior)

    def logits(self, x: Tensor) -> Tensor:
        """The penalties with the sign turned, (N, classes), for what takes the largest for the answer.

        Their softmax is the posterior without none of these. Wide input and one image as in `classify`.
        Nothing of the input is checked that `forward` does not check.
        """
        return self._answers(x, False, torch.neg)

    def _answers(self, x: Tensor, check: bool, of: Callable[[Tensor], Tensor]) -> Tensor:
        """What is made `of` the penalties of some images, or of one."""
        one = isinstance(x, Tensor) and x.ndim == 3
        x = x[None] if one else x
        if check:
            self.check(x)
            check_input(x, self.preprocessing.levels)
        answers = of(self(x))
        return answers[0] if one else answers

    @torch.no_grad()
    def layer_table(self) -> list["LayerRow"]:
        """Size and cost of each layer on one 32x32 input, the totals in a last row named "total"."""
        states = self.states(self.c1.weight.new_zeros(1, 1, FIELD, FIELD))
        rows = []
        for name, layer in self.named_children():
            if isinstance(layer, EuclideanRBF):
                classes, inputs = layer.centers.shape
                rows.append(LayerRow("output", classes, 1, 0, classes * inputs))
                continue
            parameters = sum(p.numel() for p in layer.parameters() if p.requires_grad)
            maps = len(layer.get_parameter("bias"))
            units = states[name].numel() // maps  # per map; each of them has all the connections
            per_unit = 5 * maps if isinstance(layer, Subsampling) else parameters
            rows.append(LayerRow(name, maps, round(units**0.5), parameters, units * per_unit))
        totals = (sum(row.parameters for row in rows), sum(row.connections for row in rows))
        return [*rows, LayerRow("total", None, None, *totals)]


def as_codes(given: Any, classes: int | None = None) -> Tensor:
    """The codes, a tensor, an array or lists, as float32, (classes, 84).

    Raises ValueError for codes that are not finite, of another shape, or alike.
    """
    try:
        codes = torch.as_tensor(given, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"expected codes (classes, {UNITS}) of +1 and -1: {error}") from None
    many = len(codes) if classes is None and codes.ndim else classes
    if codes.shape != (many, UNITS) or not codes.isfinite().all():
        raise ValueError(
            f"expected finite codes ({many or 'classes'}, {UNITS}), got {tuple(codes.shape)}"
        )
    if len(codes.unique(dim=0)) < len(codes):
        raise ValueError("expected codes of which no two are alike")
    return codes


class LayerRow(NamedTuple):
    """One row of `LeNet5.layer_table()`."""

    layer: str
    maps: int | None
    size: int | None
    """Height and width of each map, in units."""
    parameters: int
    """How many of its numbers are trained."""
    connections: int
    """How many there are, counted as the paper does: each unit's inputs and its bias."""
