"""Third tab: the same drawing through the network of 1998 and through one of today."""

from typing import Any

import gradio as gr
import torch
from torch import Tensor, nn

from paper_lenet5 import preprocess
from paper_lenet5.preprocessing import BLACK, WHITE
from paper_lenet5.verdict import verdict

from . import cells
from .changes import SLIDERS, Slider, amounts_of, changed
from .networks import lenet5, modern
from .static import text

UNCHANGED = {name: slider.same for name, slider in SLIDERS.items()}


def then_and_now(answers: dict[str, Any] | None) -> gr.HTML:
    """Its value is {"settings": of the sliders, "answers": `described(...)` or None}."""
    sliders = "".join(_slider(name, slider) for name, slider in SLIDERS.items())
    return gr.HTML(
        value={"settings": UNCHANGED, "answers": answers},
        html_template=f"""
<div class="view then">
  <div class="pair">
    <figure>{cells.canvas("", 32, "The changed drawing", "data-seen")}
      <figcaption>What both see</figcaption>
    </figure>
    <div class="verdict then-answer">
      <p class="lead">1998</p><p class="digit"></p><p class="detail"></p>
    </div>
    <div class="verdict now-answer">
      <p class="lead">Now</p><p class="digit"></p><p class="detail"></p>
    </div>
    <p class="agree" role="status" aria-live="polite"></p>
  </div>
  <p class="about">1998: LeNet-5, {_weights(lenet5()):,} weights. Now: batch normalisation, residual
  blocks and Adam, {_weights(modern()):,} weights. Both were trained with the paper’s distortions.</p>
  <div class="sliders">{sliders}</div>
  <p class="legend">Under each slider the answers along it: 1998 above, now below.
  <span class="mark"></span> differs from the answer to the unchanged drawing.</p>
  <button type="button" class="reset">Reset sliders</button>
</div>""",
        js_on_load=text("then.js"),
        apply_default_css=False,
        elem_id="then",
    )


def _weights(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _slider(name: str, slider: Slider) -> str:
    columns = "".join("<i></i>" for _ in slider.amounts)
    return (
        f'<div class="slider" data-name="{name}" data-same="{slider.same:g}">'
        f'<label for="slider-{name}">{slider.title}</label><output for="slider-{name}"></output>'
        f'<input id="slider-{name}" type="range" min="{slider.low:g}" max="{slider.high:g}" '
        f'step="{slider.step:g}" value="{slider.same:g}">'
        f'<div class="strip" role="img" aria-label="Answers along the slider">'
        f'<div class="row">{columns}</div><div class="row">{columns}</div></div></div>'
    )


def settings_of(value: object) -> dict[str, float]:
    """The sliders' settings in the component's value. Raises ValueError for anything else."""
    return amounts_of(value.get("settings") if isinstance(value, dict) else None)


@torch.inference_mode()
def described(pattern: Tensor, settings: dict[str, float]) -> dict[str, Any]:
    """Both answers to the pattern as the sliders stand, and along each of them."""
    several = [settings, UNCHANGED]
    for name, slider in SLIDERS.items():
        several += [{**settings, name: amount} for amount in slider.amounts]
    fields = changed(preprocess(pattern[None]), several)
    penalties = lenet5()(fields)
    shares = modern()(fields).softmax(1)
    then, now = penalties.argmin(1).tolist(), shares.argmax(1).tolist()
    grey = 255 * (fields[0, 0] - WHITE) / (BLACK - WHITE)
    along = {}
    for number, (name, slider) in enumerate(SLIDERS.items()):
        part = slice(2 + number * len(slider.amounts), 2 + (number + 1) * len(slider.amounts))
        along[name] = [then[part], now[part]]
    return {
        "seen": cells.encoded(grey.round().clamp(0, 255).byte()),
        "then": {"digit": then[0], "penalty": round(float(penalties[0].min()), 1),
                 "certainty": verdict(penalties[0]).certainty.value, "unchanged": then[1]},
        "now": {"digit": now[0], "share": round(float(shares[0].max()), 3), "unchanged": now[1]},
        "along": along,
    }  # fmt: skip
