"""A character scaled, turned and shifted: how far it may be is what Fig. 13 shows. Section III-E."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from .preprocessing import FIELD, WHITE


def moved(
    inputs: Tensor, scale: float = 1.0, degrees: float = 0.0, right: float = 0.0, down: float = 0.0
) -> Tensor:
    """Inputs (N, 1, 32, 32) scaled and turned clockwise about their centre, then shifted by pixels.

    Bilinear interpolation, paper all around, as in `distort`.
    """
    turn, shift = np.deg2rad(degrees), 2 / FIELD * np.array([right, down])
    back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / scale
    field_to_input = torch.tensor(np.column_stack([back, -back @ shift]), dtype=inputs.dtype)
    grid = affine_grid(field_to_input[None], [1, 1, FIELD, FIELD], align_corners=False)
    ink = inputs.flatten(0, 1)[None] - WHITE  # as channels of one image: one grid for all
    return (grid_sample(ink, grid, align_corners=False) + WHITE).view_as(inputs)
