"""What pages say of the benchmark: ratios, and what bounds each kernel of the compiled pass."""

import json
from pathlib import Path
from typing import Any

from paper_lenet5.compiled.lanes import LANES

from ..measures.kernels import KERNELS, operations
from . import tables

SHOWN = {"avx512": "AVX-512", "avx2": "AVX2", "neon": "NEON"}
"""What people call the registers that have a multiply-add."""
BOUNDS = {
    "C1 forward": "multiply-adds, 28 of 32 lanes in use; then 4,704 units to squash",
    "S2 forward": "loads and stores; 1,176 units to squash",
    "C3 forward": "multiply-adds; 36 of 96 are with Table I's gaps",
    "S4 forward": "loads and stores",
    "C5 forward": "its weights, which come from the second-level cache",
    "F6 forward": "each sum waits for its last addition",
    "F6 backward": "the update's loads and stores, and a sum over lanes for each input",
    "C5 backward": "the same, and weights and step sizes from the second-level cache",
    "S4 backward": "loads and stores",
    "C3 inputs": "multiply-adds; on average 10 of 16 lanes are in use",
    "C3 weights": "multiply-adds; 36 of 96 are with Table I's gaps",
    "S2 backward": "loads and stores",
    "C1 weights": "multiply-adds and as many loads; 28 of 32 lanes in use",
}
"""What keeps each kernel where it is, by the loads, stores and sums in its code."""


def measured(results: Path) -> dict[str, Any]:
    """What the benchmark's record holds."""
    record: dict[str, Any] = json.loads((results / "benchmark.json").read_text(encoding="utf-8"))
    return record


def ratios(results: Path) -> str:
    """The ratios that the benchmark measured, without times, which belong to a machine."""
    record = measured(results)
    return (
        f"- a training step is {record['ratio_to_eager']:.0f} times as fast as in eager PyTorch, "
        "the two timed alternately on one core;\n"
        f"- it takes {record['ratio_to_floor']:.1f} times as long as its multiply-adds alone would "
        "at the speed of a large matrix product;\n"
        f"- two networks at once, on two cores, learn from {record['two_core_speedup']:.2f} times as "
        "many patterns a second as one.\n"
    )


def kernels(results: Path) -> str:
    """Each kernel's time for every width of registers, and how near to the peak it is."""
    record = measured(results)
    needed = sum(record["training_step"]["multiply_adds"].values())
    widths = {name: of for name, of in record["by_width"].items() if name in SHOWN}
    peaks = {name: of["floor_microseconds"] / needed * LANES for name, of in widths.items()}
    lines, counts = [], operations()
    for kernel in KERNELS:
        line = {"kernel": kernel}
        for name, of in widths.items():
            taken = of["kernels"][kernel]["microseconds"]
            share = counts.get(kernel, 0) * peaks[name] / taken
            line[f"{SHOWN[name]}, µs"] = f"{taken:.1f}"
            line[f"{SHOWN[name]}, of peak"] = f"{share:.2f}" if share else ""
        lines.append(line | {"what keeps it there": BOUNDS[kernel]})
    in_all = sum(counts.values())
    shares = " and ".join(
        f"{in_all * peaks[name] / of['step']['microseconds']:.2f} of a step with {SHOWN[name]}"
        for name, of in widths.items()
    )
    useful = needed / (in_all * LANES)
    return (
        f"{tables.markdown(lines)}\n"
        f"{record['machine']['processor']}, {record['finished'][:10]}; each kernel by itself. "
        "The peak is the speed of a large matrix product of the same width. *Of peak* counts all "
        f"multiply-adds of vectors, {in_all:,} in a step, unused lanes and gaps among them: "
        f"{useful:.2f} of their lanes are needed. At the peak they would take {shares}.\n"
    )


def languages(results: Path) -> str:
    """How fast the same layers were in other words and languages, and what has to be installed."""
    record = json.loads((results / "earlier" / "languages.json").read_text(encoding="utf-8"))
    lines = [
        {"µs a pattern": way["way"]}
        | {part: f"{way['microseconds'][part]:g}" if part in way["microseconds"] else ""
           for part in record["ways"][0]["microseconds"]}
        | {"to install": way["to_install"],
           "MB": str(way["megabytes"] or ""), "MB unpacked": str(way["megabytes_unpacked"])}
        for way in record["ways"]
    ]  # fmt: skip
    return (
        f"{tables.markdown(lines)}\n{record['processor']}; written down {record['written_down']}. "
        "Squashing and the update are in *whole step* alone.\n"
    )
