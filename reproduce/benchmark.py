"""How fast a pass is: eager PyTorch, torch.compile and the compiled pass, beside the processor's floor.

Everything is measured in one process and by turns, on one core where nothing else is said; medians
count. Writes benchmark.json, which keeps every single time, and benchmark.md.

On two cores it takes 10 minutes.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone

import torch
from rich import box
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from paper_lenet5.files import write_whole

from .measures import kernels, timing, widths
from .measures.timing import Extent, Measured
from .rows import datasets
from .rows.datasets import Dataset
from .running.progress import compiling_shown
from .running.record import machine, to_json, versions
from .writing import options

PASS = 60_000
QUICK = Extent(3, patterns=50, matrix=256, images=1_024, passes=(250, 500), torch_compile=False)
QUICK_NOTE = "A quick run: it shows that everything works, and its times mean little."


def benchmark(dataset: Dataset, extent: Extent, tell: Callable[[str], object]) -> Measured:
    """All that results/benchmark.json holds; `tell` hears what is being measured."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    tell("One training step in every way, the longest part ...")
    step = timing.training_step(dataset.train, extent)
    tell("Classification ...")
    classification = timing.classification(dataset.test, extent)
    tell("Curvature, distortions, evaluation ...")
    around = timing.around_a_pass(dataset, extent)
    tell("Passes of several lengths ...")
    growth = timing.growth(dataset.train, extent)
    tell("Each width of vector registers, compiled for by itself ...")
    by_width = widths.by_width(extent)
    tell("Networks side by side ...")
    side_by_side = timing.side_by_side(dataset.train, extent)

    ours, curvature = step["ways"]["compiled"], around["curvature"]
    curvature["share_of_pass"] = 1e6 * seconds(curvature) / (PASS * ours["microseconds"])
    return {
        "microseconds_per_pattern": ours["microseconds"],
        "eager_microseconds_per_pattern": step["ways"]["eager"]["microseconds"],
        "ratio_to_eager": ours["ratio_to_eager"],
        "ratio_to_floor": ours["ratio_to_floor"],
        "two_core_speedup": side_by_side[2]["speedup"],
        "quick": extent.passes == QUICK.passes,
        "dataset": dataset.title,
        "rounds": extent.rounds,
        "training_step": step,
        "classification": classification,
        "around_a_pass": around,
        "growth": growth,
        "by_width": by_width,
        "side_by_side": side_by_side,
        "machine": machine() | {"load_before": load},
        "versions": versions(),
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def seconds(time: Measured) -> float:
    """Seconds for all items together."""
    return float(time["microseconds"] * time["items"] / 1e6)


def tables(result: Measured) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Title, headings and lines of each table."""
    step, around = result["training_step"], result["around_a_pass"]
    ways = {way: (t["microseconds"], t["gflops"]) for way, t in step["ways"].items()}
    ways["floor"] = (step["floor_microseconds"], step["peak_gflops"])
    lines = [
        [way, f"{time:,.1f}", f"{gflops:.2f}", f"{ways['eager'][0] / time:.1f}",
         f"{time / ways['floor'][0]:.1f}"]
        for way, (time, gflops) in ways.items()
    ]  # fmt: skip
    if step["no_torch_compile"]:
        lines.insert(1, [f"torch.compile: {step['no_torch_compile']}", "", "", "", ""])
    headings = ["", "µs a pattern", "GFLOP/s", "eager / this", "this / floor"]
    yield "One training step, on one core", headings, lines

    lines = []
    for size, times in result["classification"].items():
        cells = [f"{int(size):,}"]
        for way in ("eager", "compiled"):
            an_image = times[way]["microseconds"]
            cells += [f"{an_image * int(size):,.0f}", f"{1e6 / an_image:,.0f}"]
        lines.append(cells)
    headings = ["images at a time", "eager, µs", "images/s", "compiled, µs", "images/s"]
    yield "Classification, on one core", headings, lines

    curvature, distortion, evaluation = (
        around[name] for name in ("curvature", "distortion", "evaluation")
    )
    in_training = distortion["microseconds"] / result["microseconds_per_pattern"]
    lines = [
        [f"curvature on {curvature['items']} patterns", f"{seconds(curvature):.3f} s",
         f"{100 * curvature['share_of_pass']:.2f} % of a pass of {PASS:,}"],
        ["a distorted pattern", f"{distortion['microseconds']:.1f} µs",
         f"{in_training:.2f} times its training step"],
        [f"evaluation of {evaluation['items']:,}", f"{seconds(evaluation):.3f} s",
         f"{evaluation['microseconds']:.1f} µs an image"],
    ]  # fmt: skip
    yield "Around a pass, on one core", ["", "time", "which is"], lines

    lines = [
        [f"{time['items']:,}", f"{seconds(time):.3f}", f"{time['microseconds']:.1f}"]
        for time in result["growth"].values()
    ]
    yield "Longer passes, on one core", ["patterns", "seconds", "µs a pattern"], lines

    lines = [
        [of["registers"], f"{of['step']['microseconds']:,.1f}", f"{of['ratio_to_floor']:.1f}",
         f"{of['ratio_to_eager']:.1f}", f"{of['evaluation']['microseconds']:,.1f}",
         f"{of['evaluation_to_floor']:.1f}"]
        for of in result["by_width"].values()
    ]  # fmt: skip
    headings = [
        "registers",
        "a step, µs",
        "/ floor",
        "eager /",
        "an image's evaluation, µs",
        "/ floor",
    ]
    yield "The compiled pass by the width of the registers, on one core", headings, lines

    lines = [
        [
            kernel,
            *(
                f"{of['kernels'][kernel]['microseconds']:,.1f}"
                for of in result["by_width"].values()
            ),
        ]
        for kernel in kernels.KERNELS
    ]
    yield "Its kernels by themselves, µs of a step", ["", *result["by_width"]], lines

    lines = [
        [str(n), f"{time['patterns_per_second']:,.0f}", f"{time['speedup']:.2f}"]
        for n, time in result["side_by_side"].items()
    ]
    headings = ["networks, a thread each", "patterns/s", "times one"]
    yield "Networks side by side", headings, lines


def circumstances(result: Measured) -> str:
    """The machine, the versions and the data that the times belong to, in words."""
    m, v = result["machine"], result["versions"]
    load = "" if m["load_before"] is None else f" (load before: {m['load_before']:.1f})"
    return (
        f"{m['processor']}, {m['cores']} cores, {m['system']}{load}; Python {v['python']}, "
        f"torch {v['torch']}, numba {v['numba']}, numpy {v['numpy']}; {result['finished'][:10]}. "
        f"Rounds: {result['rounds']}, medians. Patterns: {result['dataset']}."
        + (f" {QUICK_NOTE}" if result["quick"] else "")
    )


def markdown(result: Measured) -> str:
    """The content of results/benchmark.md."""
    step = result["training_step"]
    counts, size = step["multiply_adds"], step["matrix_product"]["size"]
    parts = ["# How fast a pass is", circumstances(result)]
    for title, headings, lines in tables(result):
        rows = [headings, ["---"] + ["---:"] * (len(headings) - 1), *lines]
        parts.append(f"## {title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows))
    parts.append(
        f"The floor is what {sum(counts.values()):,} multiply-adds ({counts['forward']:,} forward, "
        f"{counts['of_weights']:,} for the gradients of the weights, {counts['passed_down']:,} for "
        f"those passed down) take at the speed of a product of two {size:,} × {size:,} float32 "
        "matrices, numpy's or torch's, whichever is faster. A multiply-add is two FLOP; updating "
        "the weights takes part of the time, and is not counted. Of a narrower width, the floor's "
        "libraries were told as well that the processor has no wider registers; SSE has no "
        "multiply-add rounded once, which is then a call for each number."
    )
    return "\n\n".join(parts) + "\n"


def show(result: Measured, console: Console) -> None:
    """Print all tables on a terminal of 80 columns."""
    for title, headings, lines in tables(result):
        grid = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for k, heading in enumerate(headings):
            grid.add_column(heading, justify="right" if k else "left")
        for line in lines:
            grid.add_row(*line)
        console.print(grid)
    console.print(circumstances(result), highlight=False)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = options.parser("benchmark", __doc__, None, "; results/smoke with --quick")
    option = parser.add_argument
    option("--repeats", type=int, help="rounds that the medians are taken over (default 7)")
    option("--quick", action="store_true",
           help="does everything run? A corner of it all")  # fmt: skip
    args = parser.parse_args(argv)
    if args.repeats is not None and args.repeats < 1:
        parser.error("--repeats must be at least 1")
    args.out = args.out or (options.RESULTS / "smoke" if args.quick else options.YOURS)
    return args


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Measure everything, write both files and show the tables."""
    args, console = arguments(argv), Console()
    dataset = datasets.load(args.data)
    extent = QUICK if args.quick else Extent()
    extent = replace(extent, rounds=args.repeats or extent.rounds)
    dataset = datasets.smoke(dataset) if args.quick else dataset
    torch.set_num_threads(1)
    with threadpool_limits(1), compiling_shown(console):
        result = benchmark(dataset, extent, console.print)
    write_whole(args.out / "benchmark.json", to_json(result).encode())
    write_whole(args.out / "benchmark.md", markdown(result).encode())
    show(result, console)
    console.print(f"Written: {args.out}/benchmark.json, .md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
