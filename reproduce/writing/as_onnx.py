"""Networks as ONNX, for programs without PyTorch."""

import json
import logging
import warnings
from collections.abc import Sequence

import torch
from torch import nn

from paper_lenet5.preprocessing import BLACK, FIELD, WHITE


def exported(model: nn.Module, classes: Sequence[str], smallest: bool, sha256: str = "") -> bytes:
    """The network as a file, with its weights; the metadata say what goes in and what comes out.

    The input is "field", float32 (N, 1, 32, 32) for any N, the output "penalties" (N, classes), of
    which the smallest wins, or "scores", of which the largest does. The same network gives the same
    bytes. Raises ImportError without the packages onnx and onnxscript.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision
    fields = torch.zeros(2, 1, FIELD, FIELD)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PyTorch's, at itself
        program = torch.onnx.export(
            model, (fields,), dynamo=True, verbose=False, input_names=["field"],
            output_names=["penalties" if smallest else "scores"],
            dynamic_shapes=({0: torch.export.Dim("patterns")},),
        )  # fmt: skip
    if program is None:
        raise RuntimeError("torch.onnx.export made no program, as it does without dynamo")
    for node in program.model.graph:
        node.metadata_props.clear()  # where on this machine the code is that it comes from
    program.model.metadata_props.update(
        classes=json.dumps(list(classes)), answer="smallest" if smallest else "largest",
        paper=str(WHITE), ink=str(BLACK), weights_sha256=sha256,
    )  # fmt: skip
    content: bytes = program.model_proto.SerializeToString()
    return content
