"""What some rows come to on a corner of the sample, as JSON: for comparing machines, bit by bit.

python tests/digests.py JOBS [ROW ...]
"""

import json
import sys
import tempfile

from rich.console import Console

from reproduce.rows import datasets
from reproduce.rows.recipes import NOISE, SDNN, TABLE_1
from reproduce.running.runs import Runs
from reproduce.running.sweep import runs_of, sweep

ROWS = {row.name: row for row in (*TABLE_1, NOISE, SDNN) if row.name != "lenet5-textbook-rgb"}


def main(jobs: str, *names: str) -> None:
    """Print the digest of the weights, and test errors, of seed 0 of each row."""
    rows = [ROWS[name] for name in names or ROWS]
    work = runs_of(rows, 1, datasets.smoke(datasets.sample()))
    with tempfile.TemporaryDirectory() as out:
        runs = Runs(out)
        sweep(work, runs, Console(file=sys.stderr), jobs=int(jobs))
        records = {run.row.name: runs.record(run.name) for run in work}
    found = {name: [r["weights_sha256"], r["test_errors"]] for name, r in records.items()}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
