"""What records and config.json say of the network: the names of its parts."""

from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class LeNet5Config:
    """The network as printed, unless something of today is put in the place of one of its parts.

    `variants` has what is not the paper's. Raises ValueError for a name that is not known.
    """

    activation: Literal["scaled tanh", "tanh", "relu"] = "scaled tanh"
    """What squashes C1, C3, C5 and F6, and S2 and S4 where they are trainable."""
    pooling: Literal["trainable", "average", "max"] = "trainable"
    """How S2 and S4 combine four inputs; "average" and "max" have no activation of their own."""
    table: Literal["table I", "full"] = "table I"
    """Which S2 maps C3 looks at."""
    output: Literal[
        "bitmaps", "bitmaps and blank", "random codes", "one of ten", "linear"
    ] = "bitmaps"  # fmt: skip
    """The centers of the RBF layer, eleven with the blank of section VII; or ten weighted sums."""

    def __post_init__(self) -> None:
        check_names(self)


def check_names(options: object) -> None:
    """Raises ValueError where a field of this dataclass is none of the names in its Literal."""
    for field, kind in get_type_hints(type(options)).items():
        value, known = getattr(options, field), list(get_args(kind))
        if get_origin(kind) is Literal and value not in known:
            raise ValueError(f"expected {field} of {known}, got {value!r}")
