"""What records and config.json say of the network: the names of its parts and of its classes."""

from collections.abc import Iterable
from dataclasses import dataclass, is_dataclass
from numbers import Real
from types import NoneType
from typing import Literal, get_args, get_origin, get_type_hints

from .bitmaps import DIGITS

Output = Literal[
    "bitmaps", "bitmaps and blank", "random codes", "one of ten", "linear", "own codes"
]


@dataclass(frozen=True)
class LeNet5Config:
    """The network as printed, unless something of today is put in the place of one of its parts.

    `variants` has what is not the paper's. Raises ValueError for a name that is not known, and for
    classes that are fewer than two, or not told apart by their names.
    """

    activation: Literal["scaled tanh", "tanh", "relu"] = "scaled tanh"
    """What squashes C1, C3, C5 and F6, and S2 and S4 where they are trainable."""
    pooling: Literal["trainable", "average", "max"] = "trainable"
    """How S2 and S4 combine four inputs; "average" and "max" have no activation of their own."""
    table: Literal["table I", "full"] = "table I"
    """Which S2 maps C3 looks at."""
    output: Output = "bitmaps"
    """The centers of the RBF layer, one more with the blank of section VII; or weighted sums. Own codes
    stand with the weights."""
    classes: tuple[str, ...] = tuple(DIGITS)
    """What each class is called, in the order of the labels, without the blank: characters of Fig. 3, or
    any names for other codes. A string stands for its characters."""

    def __post_init__(self) -> None:
        check_kinds(self)
        object.__setattr__(self, "classes", class_names(self.classes))
        digits = self.classes == tuple(DIGITS)
        if self.output in ("bitmaps and blank", "one of ten") and not digits:
            raise ValueError(f"expected digits as classes with {self.output}, got {self.classes}")

    @property
    def as_printed(self) -> bool:
        """Whether all parts are the paper's, whatever classes it tells apart."""
        parts = (self.activation, self.pooling, self.table)
        codes = ("bitmaps", "bitmaps and blank", "own codes")
        return parts == ("scaled tanh", "trainable", "table I") and self.output in codes


def class_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple. Raises ValueError unless there are two at least, no two of them alike."""
    names = tuple(names)
    if len(names) < 2 or len({*names}) < len(names) or not all(isinstance(n, str) for n in names):
        raise ValueError(f"expected two names of classes at least, no two alike, got {names}")
    return names


def check_kinds(options: object) -> None:
    """Raises ValueError where a field of this dataclass has none of its names, or no object of its kind.

    Looked at are fields that are a Literal, and those that are a number, another dataclass, or one of
    several.
    """
    for field, hint in get_type_hints(type(options)).items():
        value, kinds = getattr(options, field), get_args(hint) or (hint,)
        if get_origin(hint) is Literal and value not in kinds:
            raise ValueError(f"expected {field} of {list(kinds)}, got {value!r}")
        known = all(is_dataclass(kind) or kind in (float, NoneType) for kind in kinds)
        numbers = (Real,) if float in kinds else ()
        if known and get_origin(hint) is not tuple and not isinstance(value, (*kinds, *numbers)):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(f"expected {field} to be {names}, got {value!r}")
