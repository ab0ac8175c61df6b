"""The compiled pass for each width of vector registers that this processor can run, beside its floor.

python -m reproduce.measures.widths measures one width, the one that the environment names: for every
line that it reads it does one round, and writes the seconds. `by_width` gives each width a process of
its own, since one process compiles for one width, and lets them take turns. The floor is of the same
width: PyTorch, MKL and OpenBLAS are told that the processor is an older one, as Numba is.
"""

import json
import os
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import IO, cast

import torch
from threadpoolctl import threadpool_limits

from paper_lenet5 import LeNet5, compiled, eager
from paper_lenet5.compiled.registers import KINDS, REGISTERS, VARIABLE, kinds_up_to
from paper_lenet5.patterns import Split, generator

from ..rows import datasets
from . import kernels, timing
from .timing import Extent, Measured

OLDER = {
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
             "MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "sse": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41",
            "MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "OPENBLAS_CORETYPE": "Nehalem"},
}  # fmt: skip
"""What the libraries are told where they shall use no wider registers; Numba is told in registers.py."""
SHARE = {"eager": 50, "sse": 10}
"""How many times fewer patterns these two are measured on, since they are slow."""


def by_width(extent: Extent) -> dict[str, Measured]:
    """{kind of registers: times of a step, an image's evaluation, the floor}, the widest first."""
    with ExitStack() as stack:
        widths = {name: stack.enter_context(Width(name, extent)) for name in kinds_up_to(REGISTERS)}
        for width in widths.values():
            width.read()  # it is ready: compiled, and has done everything once
        rounds = [
            {name: width.round() for name, width in widths.items()} for _ in range(extent.rounds)
        ]
    return {name: of_width(name, [of[name] for of in rounds], extent) for name in widths}


class Width(AbstractContextManager["Width"]):
    """A process that compiles for one width, and does a round of everything when it is asked to."""

    def __init__(self, name: str, extent: Extent):
        # It inherits nothing of ours that says for which processor to compile.
        told = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_CPU_")}
        told |= {} if name == REGISTERS.name else OLDER[name] | {VARIABLE: name}
        counts = [str(n) for n in (extent.patterns, extent.images, extent.matrix)]
        command = [sys.executable, "-m", "reproduce.measures.widths", *counts]
        self.process = subprocess.Popen(  # nosec B603
            command, env=told, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def round(self) -> dict[str, float]:
        """Seconds that each piece of work takes."""
        print(file=self.process.stdin, flush=True)
        seconds: dict[str, float] = json.loads(self.read())
        return seconds

    def read(self) -> str:
        """The next line that the process prints."""
        return cast(IO[str], self.process.stdout).readline()

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def of_width(name: str, rounds: list[dict[str, float]], extent: Extent) -> Measured:
    """What the rounds of one width come to."""
    seconds = {key: [of_round[key] for of_round in rounds] for key in rounds[0]}
    patterns = shares(name, extent.patterns)
    counts = timing.step_multiply_adds(LeNet5())
    times = {
        "step": timing.measured(seconds["step"], patterns["compiled"]),
        "eager": timing.measured(seconds["eager"], patterns["eager"]),
        "evaluation": timing.measured(
            seconds["evaluation"], shares(name, extent.images)["compiled"]
        ),
        "numpy": timing.measured(seconds["numpy"], extent.matrix**3),
        "torch": timing.measured(seconds["torch"], extent.matrix**3),
    }
    fastest = min(times[library]["microseconds"] for library in ("numpy", "torch"))
    step, evaluation = times["step"]["microseconds"], times["evaluation"]["microseconds"]
    return times | {
        "registers": str(KINDS[name]),
        "floor_microseconds": fastest * sum(counts.values()),
        "ratio_to_floor": step / (fastest * sum(counts.values())),
        "ratio_to_eager": times["eager"]["microseconds"] / step,
        "evaluation_to_floor": evaluation / (fastest * counts["forward"]),
        "kernels": {
            kernel: timing.measured(seconds[kernel], patterns["compiled"])
            for kernel in kernels.KERNELS
        },
    }


def shares(name: str, n: int) -> dict[str, int]:
    """How many of n patterns each way is given."""
    return {"compiled": max(16, n // SHARE.get(name, 1)), "eager": max(16, n // SHARE["eager"])}


def work(train: Split, patterns: int, images: int, matrix: int) -> dict[str, Callable[[], object]]:
    """What one round does."""
    counts = shares(REGISTERS.name, patterns)
    model = LeNet5(generator=generator(0, "parameters"))
    some = train.inputs[
        torch.arange(shares(REGISTERS.name, images)["compiled"]) % len(train.labels)
    ]
    a, b = torch.randn(2, matrix, matrix, generator=generator(0, "matrices"))
    return {
        "step": timing.trainer(compiled.train_one_pass, train, counts["compiled"]),
        "eager": timing.trainer(eager.train_one_pass, train, counts["eager"]),
        "evaluation": lambda: compiled.penalties(model, some),
        "numpy": lambda: a.numpy() @ b.numpy(),
        "torch": lambda: a @ b,
        **kernels.work(train, counts["compiled"]),
    }


def main() -> int:
    """One round for each line."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        pieces = work(datasets.sample().train, *map(int, sys.argv[1:]))
        for do in pieces.values():
            do()
        print("ready", flush=True)
        for _ in sys.stdin:
            seconds = {}
            for name, do in pieces.items():
                started = time.perf_counter()
                do()
                seconds[name] = time.perf_counter() - started
            print(json.dumps(seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
