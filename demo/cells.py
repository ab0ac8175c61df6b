"""Numbers to cells that the page paints: base64 of one byte each, 0 paper to 255 ink."""

import base64

import torch
from torch import Tensor

from paper_lenet5.layers import A


def encoded(cells: Tensor) -> str:
    """uint8 of any shape."""
    return base64.b64encode(cells.contiguous().numpy().tobytes()).decode()


def of_states(states: Tensor) -> str:
    """States from -A, white, to A, black, as Fig. 13 draws them."""
    return encoded((255 * (states / A + 1) / 2).round().clamp(0, 255).byte())


def of_codes(codes: Tensor) -> str:
    """-1, white, to 1, black, as Fig. 3 draws the bitmaps; what lies beyond is cut off."""
    return encoded((255 * (codes + 1) / 2).round().clamp(0, 255).byte())


def canvas(
    cells: str, columns: int, label: str = "", attributes: str = "", accent: str = ""
) -> str:
    """HTML of a canvas that shows cells; hidden from screen readers where it has no label."""
    role = f'role="img" aria-label="{label}"' if label else 'aria-hidden="true"'
    ink = f'data-ink="{cells}"' if cells else ""
    over = f'data-accent="{accent}"' if accent else ""
    return f'<canvas {role} data-columns="{columns}" {ink} {over} {attributes}></canvas>'


def of_weights(weights: Tensor) -> tuple[str, str]:
    """Positive weights as ink, negative ones in the accent colour, both by the largest of all."""
    scaled = 255 * weights / weights.abs().max()
    positive, negative = (encoded(part.clamp(0).round().byte()) for part in (scaled, -scaled))
    return positive, negative


def stack(states: dict[str, Tensor]) -> dict[str, str]:
    """All layers of one pattern, by name."""
    return {name: of_states(layer[0].to(torch.float32)) for name, layer in states.items()}
