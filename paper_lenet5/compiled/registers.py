"""The vector registers that Numba compiles for, and how many sums each kernel keeps in them at a time.

A block that does not fit the registers lives in memory and costs up to twice as much. The
shapes of the blocks follow from the registers alone, once, when this file is loaded. Each single sum
adds up in the same order whatever the shapes are, so that every processor leaves the same bits.
"""

import os
from dataclasses import dataclass
from typing import NamedTuple

from llvmlite import binding
from numba.core import config
from numba.core.codegen import get_host_cpu_features

VARIABLE = "PAPER_LENET5_VECTORS"
"""The environment variable that names a kind of registers, narrower ones than the processor has."""


class Blocks(NamedTuple):
    """How many sums a kernel keeps in registers; beside them it needs the factors they are made of."""

    c1_maps: int
    """C1 forward: the maps, of six ..."""
    c1_vectors: int
    """... and of each map's row the vectors, of two."""
    c1_kernels: int
    """C1's weights: the maps, of six ..."""
    c1_kernel_columns: int
    """... and of a row of their kernels the columns, all five or one."""
    c3_positions: int
    """C3 forward: the positions of a row, of ten."""
    c3_kernel_rows: int
    """C3's weights: the rows of a kernel, of five, with all five columns."""
    c3_input_rows: int
    """C3's inputs: the rows of an S2 map, of 14."""
    c5_vectors: int
    """C5 forward: the vectors of units, of eight ..."""
    f6_vectors: int
    """... and F6's, of six."""
    images_c1_columns: int
    """Sixteen images at once, C1: the columns of a row, of 28, for all six maps."""
    images_units: int
    """Sixteen images at once, C5 and F6: the units, of 120 and 96."""


# In vectors of sixteen lanes: 12, 10, 10, 25, 14, 8 and 6 sums at a time; of sixteen
# images 24, 10 and 24. Below eight, the multiply-adds of one core would wait for each other; 25
# take each derivative from memory once.
_FOR_32 = Blocks(6, 2, 2, 5, 10, 5, 14, 8, 6, 4, 24)
# 6, 6, 5, 5, 5, 4 and 6, of images 6, 5 and 6; twice as many registers of AVX2: of its 16, four to
# eight are left for the factors. Ten positions are two times five, 14 rows 5, 5 and 4.
_FOR_8 = Blocks(6, 1, 6, 1, 5, 1, 5, 4, 6, 1, 6)


@dataclass(frozen=True)
class Registers:
    """A processor's vector registers."""

    name: str
    count: int
    lanes: int
    """How many float32 each of them holds."""

    @property
    def blocks(self) -> Blocks:
        """What fits: 32 vectors of sixteen lanes in AVX-512, eight in AVX2 and NEON.

        SSE has room for four, but no multiply-add: each is a call that leaves nothing in registers.
        """
        return _FOR_32 if self.count * self.lanes >= 32 * 16 else _FOR_8

    def __str__(self) -> str:
        return f"{self.name}: {self.count} registers of {self.lanes} float32"


KINDS = {
    name: Registers(name, count, lanes)
    for name, count, lanes in (("avx512", 32, 16), ("avx2", 16, 8), ("sse", 16, 4), ("neon", 32, 4))
}
_AS_OLDER = {"avx2": ("x86-64-v3", "+avx2,+fma,-avx512f"), "sse": ("x86-64", "-avx")}
"""The processor and the features that LLVM is told, to compile for no more than these registers."""


def compiled_for() -> Registers:
    """The registers of the processor, or of the one that Numba's own variables name.

    Only features that are written out count: a processor named without them is taken for one of SSE.
    """
    if not binding.get_process_triple().startswith(("x86", "i686")):
        return KINDS["neon"]
    named = vars(config)["CPU_FEATURES"]  # Numba makes its variables while it is loaded
    has = set((get_host_cpu_features() if named is None else named).split(","))
    if "+avx512f" in has:
        return KINDS["avx512"]
    return KINDS["avx2" if {"+avx2", "+fma"} <= has else "sse"]


def kinds_up_to(here: Registers) -> list[str]:
    """What a processor with these registers can run, the widest first."""
    x86 = ["avx512", "avx2", "sse"]
    return x86[x86.index(here.name) :] if here.name in x86 else [here.name]


def choose(name: str | None) -> Registers:
    """The processor's registers, or narrower ones: then Numba is told that the processor is older.

    It has to be told before it compiles anything. Raises ValueError for what the processor lacks.
    """
    here = compiled_for()
    if name in (None, "", here.name):
        return here
    able = kinds_up_to(here)
    if name not in able:
        raise ValueError(f"expected {VARIABLE} of {able} on this processor, got {name!r}")
    os.environ["NUMBA_CPU_NAME"], os.environ["NUMBA_CPU_FEATURES"] = _AS_OLDER[name]
    config.reload_config()
    return KINDS[name]


REGISTERS = choose(os.environ.get(VARIABLE))
