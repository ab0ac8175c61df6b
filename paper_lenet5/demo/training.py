"""The digits that a network is trained on in the browser: `python -m reproduce.demo_training`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from paper_lenet5.recipe import Recipe

DIGITS, DESCRIPTION = (Path(__file__).parent / f"training.{kind}" for kind in ("webp", "json"))
COLUMNS = 50
"""Digits in a row of the picture."""


def described() -> dict[str, Any]:
    """The labels, how many are to learn from, and the numbers of the printed recipe."""
    recipe = Recipe()
    numbers = {
        "schedule": recipe.schedule, "mu": recipe.mu, "j": recipe.loss.j,
        "outputCurvature": recipe.output_curvature, "curvaturePatterns": recipe.curvature_patterns,
        "initialisation": asdict(recipe.initialisation),
    }  # fmt: skip
    return {
        **json.loads(DESCRIPTION.read_text(encoding="utf-8")),
        "columns": COLUMNS,
        "recipe": numbers,
    }
