"""The networks of `of_1998`, trained one pattern at a time: compiled. Appendix C, eq. 18 to 27.

The engine of `Recipe1998`: the same three functions as `paper_lenet5.eager` and `paper_lenet5.compiled`.
"""

import numpy as np
import torch
from torch import Tensor

from paper_lenet5.checks import check_pass
from paper_lenet5.losses import Loss, MSELoss
from paper_lenet5.preprocessing import FIELD
from paper_lenet5.sdlm import SDLM, diagonal_curvature

from .of_1998 import Layers
from .of_1998_kernels import CLASSES, last_states, train_in_order
from .of_1998_layout import layout_of, pack, unpack, workspace

__all__ = ["diagonal_curvature", "penalties", "train_one_pass"]


def train_one_pass(
    model: Layers, optimizer: SDLM, loss: Loss, images: Tensor, labels: Tensor, order: Tensor,
    batch: int = 1,
) -> int:  # fmt: skip
    """Do what `paper_lenet5.eager.train_one_pass` does, for SDLM, eq. 8 and batches of one.

    Raises ValueError for anything else, for labels or an order out of range, and for other images.
    """
    check_pass(model, images, labels, order, batch)
    if not isinstance(optimizer, SDLM) or loss != MSELoss() or batch != 1:
        raise ValueError(f"expected SDLM, eq. 8 and one pattern at a time, got {loss}, {batch}")
    layout = layout_of(model)
    weights = pack(layout, dict(model.named_parameters()))
    errors = train_in_order(
        layout.plan, _pixels(model, images), labels.contiguous().numpy(), order.contiguous().numpy(),
        weights, pack(layout, optimizer.step_sizes()), workspace(layout),
    )  # fmt: skip
    model.load_state_dict(unpack(layout, weights), strict=False)
    return int(errors)


def penalties(model: Layers, images: Tensor) -> Tensor:
    """Penalties (N, 10) for images (N, 1, 32, 32), by the compiled forward pass."""
    layout, out = layout_of(model), np.empty((len(images), CLASSES), np.float32)
    weights = pack(layout, dict(model.named_parameters()))
    last_states(layout.plan, _pixels(model, images), weights, workspace(layout), out)
    return model.penalties(torch.from_numpy(out))


def _pixels(model: Layers, images: Tensor) -> np.ndarray:
    """The pixels that are looked at, (N, side * side). Compiled code checks no bounds, so this does."""
    if images.dtype != torch.float32 or images.shape[1:] != (1, FIELD, FIELD):
        raise ValueError(
            f"expected float32 images of shape (N, 1, {FIELD}, {FIELD}), "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    return model.pixels(images).flatten(1).contiguous().numpy()
