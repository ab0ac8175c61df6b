"""The demo as a folder of files that needs no server: any web server shows it, and a browser by itself.

`index.html` holds all that the page needs at first, weights too, since a page that is opened from a file
may fetch nothing but scripts; so what one of its tabs alone needs is a script beside it. There also lie
what lets it be installed and used offline, its icons, and the picture that is shown where its link is
posted.
"""

import base64
import hashlib
import json
import re
import zlib
from dataclasses import asdict, astuple
from html import escape
from pathlib import Path

from paper_lenet5.lenet5 import FOR_DIGITS, FOR_STRINGS
from paper_lenet5.pretrained import WEIGHTS

from .. import engine, training
from ..changes import SLIDERS, order
from ..digits import COLUMNS, SHEET, digits
from ..learning import LEARNING
from ..static import text
from ..tables import RESULTS, TABLES
from .pictures import card, icon

HERE = Path(__file__).parent
TITLE = "LeNet-5 reads your digit"
SENTENCE = "Draw a digit. A network designed in 1998 says which one it is, and shows you why."
NETWORKS = {"lenet5": FOR_DIGITS, "reader": FOR_STRINGS}
"""The weights in the page: for one digit, and for several (section VII)."""
SCRIPTS = ("words", "tabs", "parcels", "chart", "drawing", "pad", "answer", "string", "inside", "photo",
           "misses", "then", "learning", "train", "results", "share", "walk", "main")  # fmt: skip
"""In the order in which they are read."""
ICONS = (192, 512)
"""Sides of the icons, pixels."""


def build(out: Path, address: str = "") -> list[Path]:
    """Write the page into the folder `out`, which is made; returns its files.

    `address` is where it will be found, "https://…/": places that show a picture beside a link want
    the whole address of that picture. Files of the same names are overwritten, others are left.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = files(address)
    for name, content in written.items():
        (out / name).write_bytes(content)
    return [out / name for name in written]


def files(address: str = "", beside: str = "") -> dict[str, bytes]:
    """All files by name. `beside` is HTML about what lies beside the page where it is served."""
    made: dict[str, bytes] = {"index.html": page(address, beside).encode(), "card.png": card(TITLE)}
    made |= {f"icon-{side}.png": icon(side) for side in ICONS}
    made |= {f"{name}.js": _parcel(name, content) for name, content in parcels().items()}
    made["manifest.webmanifest"] = json.dumps(manifest(), indent=2).encode()
    digest = hashlib.sha256(b"".join(made.values())).hexdigest()[:16]
    names = json.dumps(["./", *[name for name in made if name != "index.html"]])  # it is ./
    made["worker.js"] = _filled("worker.js", version=digest, files=names).encode()
    return made


def page(address: str = "", beside: str = "") -> str:
    """index.html, with everything in it."""
    scripts = [text("lenet.js")]
    scripts += [(HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    weights = "".join(
        f'<script type="text/plain" id="weights-{name}">{_packed(WEIGHTS / f"{file}.safetensors")}'
        "</script>"
        for name, file in NETWORKS.items()
    )
    icon_url = "data:image/png;base64," + base64.b64encode(icon(64)).decode()
    return _filled(
        "page.html",
        title=escape(TITLE),
        sentence=escape(SENTENCE),
        card=escape(address.rstrip("/") + "/card.png" if address else "card.png"),
        icon=icon_url,
        style=text("colours.css") + (HERE / "site.css").read_text(encoding="utf-8"),
        digits=json.dumps(_digits(), separators=(",", ":")),
        weights=weights,
        beside=beside,
        trainer=(HERE / "trainer.js").read_text(encoding="utf-8"),
        looker=(HERE / "looker.js").read_text(encoding="utf-8"),
        engine=engine.script(),
        script="\n".join(scripts),
    )


def parcels() -> dict[str, object]:
    """What a part of the page needs that not everybody opens, by the name of its file."""
    sliders = {
        name: {**asdict(slider), "amounts": slider.amounts} for name, slider in SLIDERS.items()
    }
    modern = {
        "weights": _base64(WEIGHTS / "modern-distortions.safetensors"),
        "order": base64.b64encode(order().numpy().tobytes()).decode(),
        "sliders": sliders,
    }
    return {
        "learning": json.loads(LEARNING.read_text(encoding="utf-8")),
        "modern": modern,
        "results": _tables(),
        "training": training.described() | {"sheet": _base64(training.DIGITS)},
    }


def _tables() -> str:
    """One below the other; or where they are, for a package without them."""
    if not RESULTS.is_dir():
        return "<p>The tables are in the repository.</p>"
    return "".join(
        f"<section><h3>{table.title}</h3><p class='quiet'>{table.about}</p>{table.html()}</section>"
        for table in TABLES
    )


def manifest() -> dict[str, object]:
    """What a browser asks for before it installs the page."""
    icons = [
        {"src": f"icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png",
         "purpose": "any maskable"}
        for side in ICONS
    ]  # fmt: skip
    return {
        "name": TITLE, "short_name": "LeNet-5", "description": SENTENCE, "start_url": "./",
        "scope": "./", "display": "standalone", "background_color": "#faf9f6",
        "theme_color": "#faf9f6", "icons": icons,
    }  # fmt: skip


def _digits() -> dict[str, object]:
    """The sheet of MNIST's digits, and of each that a network misses its place there and its fields."""
    known = digits()
    missed = [
        [place, *astuple(digit)]
        for place, digit in enumerate(known.digits)
        if digit.missed_by or digit.in_1998 is not None
    ]
    return {
        "sheet": _base64(SHEET), "columns": COLUMNS, "examples": 10, "networks": known.networks,
        "missed": missed,
    }  # fmt: skip


def _parcel(name: str, content: object) -> bytes:
    """A script that hands it over: even a page that is opened from a file may run those."""
    return f"parcels.receive({json.dumps(name)}, {json.dumps(content)});\n".encode()


def _packed(path: Path) -> str:
    return base64.b64encode(zlib.compress(path.read_bytes(), 9)).decode()


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _filled(name: str, **values: str) -> str:
    """The file's text with each @{place} filled in."""
    return re.sub(
        r"@\{(\w+)\}", lambda at: values[at[1]], (HERE / name).read_text(encoding="utf-8")
    )
