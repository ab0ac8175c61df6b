#!/usr/bin/env bash
# The quick suite on another Python and other libraries, in a virtual environment that is then removed:
#
#     bash tools/versions.sh python3.13                          the newest that fit
#     RESOLUTION=lowest-direct bash tools/versions.sh python3.10   the oldest that pyproject.toml names
#
# Prints what was installed and what came of it, and appends that to results/robustness/versions.csv. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT

uv venv --quiet --python "$python" "$environment/venv"
export VIRTUAL_ENV="$environment/venv" XDG_CACHE_HOME="$environment/cache"
export PATH="$VIRTUAL_ENV/bin:$PATH"
unset PYTHONPATH
uv pip install --quiet --resolution "${RESOLUTION:-highest}" -e ".[reproduce]"
uv pip install --quiet -e ".[quick]"

python -W error -c "import paper_lenet5"
# Of old libraries some warn of newer ones that they were not made for, and torch's export of itself.
ignored=(-W ignore::DeprecationWarning -W "ignore:Attempted to insert a get_attr:UserWarning"
         -W "ignore:Node c3_lifted_tensor:UserWarning")
[ "${RESOLUTION:-highest}" != highest ] || ignored=()
pytest tests/paper_lenet5 -q -p no:cacheprovider "${ignored[@]}" | tee "$environment/tests" || true
python - "$environment/tests" "${RESOLUTION:-highest}" << 'END'
import csv, platform, re, sys
from importlib.metadata import version
from pathlib import Path

last = Path(sys.argv[1]).read_text().splitlines()[-1]
counts = {word: re.search(rf"(\d+) {word}", last) for word in ("passed", "failed", "error", "skipped")}
line = {"python": platform.python_version(), "resolution": sys.argv[2]}
line |= {name: version(name) for name in ("torch", "numpy", "numba", "pillow", "huggingface-hub")}
line |= {word: int(found[1]) if found else 0 for word, found in counts.items()}
path = Path("results/robustness/versions.csv")
new = not path.exists()
with path.open("a", newline="") as file:
    writer = csv.DictWriter(file, list(line))
    if new:
        writer.writeheader()
    writer.writerow(line)
print(line)
sys.exit(line["passed"] == 0 or line["failed"] + line["error"] > 0)
END
