"""Export a trained network to ONNX, for programs without PyTorch.

The input "field" is float32 (N, 1, 32, 32) in -0.1 (paper) ... 1.175 (ink), for any N; the output
"penalties" is (N, 10), the smallest wins. The file is checked with onnxruntime before the command ends.

On two cores it takes seconds.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from paper_lenet5.lenet5 import LeNet5
from paper_lenet5.preprocessing import BLACK, FIELD, WHITE

from .writing import as_onnx, options

TOLERANCE = 1e-5
"""The largest difference of a penalty that is accepted; relative to it where it is above 1."""


def run(path: Path, fields: Tensor) -> np.ndarray:
    """The penalties (N, 10) that onnxruntime computes from the file for `fields` (N, 1, 32, 32)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    penalties: np.ndarray
    (penalties,) = session.run(["penalties"], {"field": fields.numpy()})
    return penalties


@torch.no_grad()
def difference(model: LeNet5, path: Path, fields: Tensor) -> float:
    """The largest difference between the file's penalties and the network's, as TOLERANCE counts it."""
    expected = model(fields).numpy()
    return float((np.abs(run(path, fields) - expected) / np.maximum(1, np.abs(expected))).max())


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Export the network and check the file; the exit status is 1 if it differs or cannot be made."""
    parser = options.described("export_onnx", __doc__)
    parser.add_argument("--weights", default="lenet5-1998", metavar="NAME",
                        help="a network of the package, a folder, or OWNER/NAME on the Hub")  # fmt: skip
    parser.add_argument("--out", type=Path, help="the file (default: build/NAME.onnx)")
    args = parser.parse_args(argv)
    path = args.out or Path("build", f"{Path(args.weights).name}.onnx")
    if path.is_dir():
        parser.error(f"argument --out: expected a file, but {path} is a folder")
    try:
        model = LeNet5.from_pretrained(args.weights)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_onnx.exported(model, model.classes, smallest=True))
        rng = torch.Generator().manual_seed(0)
        fields = WHITE + (BLACK - WHITE) * torch.rand(100, 1, FIELD, FIELD, generator=rng)
        away = difference(model, path, fields)
    except ImportError as error:
        print(f"{error}: pip install onnx onnxscript onnxruntime", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path}: {path.stat().st_size:,} bytes; onnxruntime differs by {away:.1e} at most")
    return int(away > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
