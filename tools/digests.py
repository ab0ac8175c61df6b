"""What some rows come to on a corner of the sample, as JSON: for comparing machines, bit by bit.

python -m tools.digests JOBS [ROW ...]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from reproduce.rows import datasets
from reproduce.rows.recipes import NOISE, SDNN, TABLE_1
from reproduce.running.runs import Runs
from reproduce.running.sweep import runs_of, sweep

ROWS = {row.name: row for row in (*TABLE_1, NOISE, SDNN) if row.name != "lenet5-textbook-rgb"}


PROCESSORS = {
    "AVX2 (Haswell, 2013)": {
        "NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,-avx512f",
        "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}  # fmt: skip
"""What makes Numba, PyTorch, oneDNN and MKL take this processor for another."""


def digests(jobs: int, rows: Sequence[str] = (), **environment: str) -> dict[str, list]:
    """What `main` prints in a process of its own, with these variables in its environment."""
    command = [sys.executable, "-m", "tools.digests", str(jobs), *rows]
    root = Path(__file__).parent.parent
    made = subprocess.run(
        command, cwd=root, env=os.environ | environment, capture_output=True, text=True
    )
    if made.returncode:
        raise RuntimeError(made.stderr)
    return json.loads(made.stdout)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the digest of the weights, and test errors, of seed 0 of each row."""
    parser = argparse.ArgumentParser("python -m tools.digests", description=__doc__.splitlines()[0])
    parser.add_argument("jobs", metavar="JOBS", type=int, help="runs at a time")
    parser.add_argument("rows", metavar="ROW", nargs="*", help=f"some of: {', '.join(ROWS)}")
    args = parser.parse_args(argv)
    rows = [ROWS[name] for name in args.rows or ROWS]
    work = runs_of(rows, 1, datasets.smoke(datasets.sample()))
    with tempfile.TemporaryDirectory() as out:
        runs = Runs(out)
        sweep(work, runs, Console(file=sys.stderr), jobs=args.jobs)
        records = {run.row.name: runs.record(run.name) for run in work}
    found = {name: [r["weights_sha256"], r["test_errors"]] for name, r in records.items()}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
