"""The demo's Space on the Hub, of each kind that an account may have."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import SpaceCard, SpaceCardData

from paper_lenet5.demo import site

from .cards import SPACE, NotReady

GRADIO = "6.31.0"
"""What the Space runs on."""
FILES = ("app.py", "requirements.txt", "paper_lenet5/**/*", "results/README.md",
         "results/table[1-3].json", "results/figures/*.png")  # fmt: skip
NEEDED = ("app.py", "requirements.txt")
"""There is no Space with a server without these."""
THERE = ("--extra-index-url", "torch", "huggingface-hub")
"""Of requirements.txt, what ZeroGPU brings itself, in versions of its own."""
_LEFT_OUT = ("__pycache__", ".pyc", ".pyi")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Kind:
    """One way to have the demo on the Hub."""

    sdk: Literal["gradio", "static"]
    about: str
    """What it is, for whom."""
    hardware: str | None = None
    """What is asked for, or None for the free processor."""


KINDS = {
    "gradio": Kind("gradio", "a Gradio Space, which needs a paid plan"),
    "zerogpu": Kind("gradio", "a Gradio Space on ZeroGPU, of which an account has two for free",
                    "zero-a10g"),
    "static": Kind("static", "a static Space, free for all: the page in the browser, no endpoints"),
}  # fmt: skip
"""By name, in the order in which they are tried."""


def kind_of(sdk: str | None, hardware: str | None) -> str:
    """The name of the kind that a Space on the Hub is."""
    if sdk == "static":
        return "static"
    return "zerogpu" if hardware == KINDS["zerogpu"].hardware else "gradio"


def space_folder(
    name: str, namespace: str, models: Sequence[str], source: str, tree: Path, folder: Path
) -> None:
    """Write all files of the Space of the kind `name`. Raises NotReady."""
    folder.mkdir(parents=True, exist_ok=True)
    data = SpaceCardData(
        title="LeNet-5 (1998)", emoji="✍️", colorFrom="blue", colorTo="green", license="mit",
        models=[f"{namespace}/{model}" for model in models], tags=["mnist", "lenet"],
        short_description="Draw a digit for the network of 1998",
        **_front_matter(name),
    )  # fmt: skip
    if name == "static":
        host = re.sub(r"[^a-z0-9]+", "-", f"{namespace}-{SPACE}".lower())
        site.build(folder, f"https://{host}.static.hf.space/")
    else:
        _copy(tree, folder)
    if name == "zerogpu":
        shutil.copyfile(_HERE / "zerogpu.py", folder / "zerogpu.py")
        lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(THERE)]
        (folder / "requirements.txt").write_bytes("".join(kept).encode())
    card = SpaceCard.from_template(
        data, template_path=str(_HERE / "space.md"), models=data.models, source=source, name=name
    )
    card.save(folder / "README.md")


def _front_matter(name: str) -> dict[str, Any]:
    """What the Hub has to know to start it."""
    if name == "static":
        return {"sdk": "static", "app_file": "index.html"}
    python, app = ("3.12.12", "zerogpu.py") if name == "zerogpu" else ("3.12", "app.py")
    return {"sdk": "gradio", "sdk_version": GRADIO, "python_version": python, "app_file": app}


def _copy(tree: Path, folder: Path) -> None:
    """The demo and the package. Raises NotReady."""
    missing = [name for name in NEEDED if not (tree / name).is_file()]
    if missing:
        raise NotReady(f"there is no {' and no '.join(missing)} in {tree.resolve()}")
    for pattern in FILES:
        for path in tree.glob(pattern):
            relative = path.relative_to(tree)
            if path.is_file() and not any(part in str(relative) for part in _LEFT_OUT):
                (folder / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, folder / relative)


def pages_folder(folder: Path, address: str = "") -> None:
    """The page without a server, for GitHub Pages or any other web server."""
    site.build(folder, address)
    (folder / ".nojekyll").touch()  # GitHub is to serve the files as they are
