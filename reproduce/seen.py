"""What the test set had shown before the loss was settled: the whole of it, in order. DEVIATIONS.md.

Kept by hand in results/seen.json, since nothing else remembers it: the errors of what has records are
counted from these, those that a later recipe replaced (results/earlier) included.

On two cores it takes seconds.
"""

import json
import sys
from pathlib import Path

import numpy as np

from .measures.statistics import percent
from .running.errors import NoRecords
from .running.record import read_record
from .writing import exhibit, tables


def markdown(results: Path) -> str:
    """A line for each time that somebody looked, from seen.json and the records under the folder.

    Raises NoRecords where there is no such file.
    """
    if not (kept := results / "seen.json").exists():
        raise NoRecords("seen", results)
    lines = []
    for look in json.loads(kept.read_text(encoding="utf-8")):
        if pattern := look.get("records"):
            errors = [percent(read_record(path)) for path in results.glob(pattern)]
            spread = f" ± {np.std(errors, ddof=1):.3f}" if len(errors) > 1 else ""
            look |= {"n": str(len(errors)), "error": f"{np.mean(errors):.3f}{spread}"}
        lines.append({"when": look["date"], "what": look["what"], "n": look["n"],
                      "test error, %": look["error"]})  # fmt: skip
    return tables.markdown(lines)


EXHIBIT = exhibit.Text("seen", __doc__, words=markdown)
main = EXHIBIT.main

if __name__ == "__main__":
    sys.exit(main())
