"""Characters as patterns: those of ASCII printed in many typefaces, or EMNIST's handwritten letters.

The typefaces are files of packages that pip installs, under the SIL Open Font License or the Apache
License, but for DejaVu and STIX, which come with matplotlib under free licences of their own.
"""

import hashlib
import importlib.util
import os
import string
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from paper_lenet5 import distort, mnist
from paper_lenet5.bitmaps import FIGURE_3
from paper_lenet5.files import cache_folder
from paper_lenet5.patterns import Split, generator
from paper_lenet5.preprocessing import PATTERN

from .datasets import Dataset

VISIBLE = "".join(FIGURE_3)[1:-1]
"""The 94 characters of Fig. 3 that show something: all but space and delete."""
LETTERS = string.ascii_uppercase
LARGEST = 20
"""Height or width of the largest character of a typeface, in pixels (section II-B)."""
DRAWN = 200
"""The size at which characters are drawn, before they are made small; the em in pixels."""
COPIES = 6
"""How often each original stands in the training set: each time it is distorted differently."""


class Family(NamedTuple):
    """A typeface in several styles: files in a folder of a package."""

    package: str
    folder: str
    files: tuple[str, ...]

    def paths(self) -> list[Path]:
        """Where the files lie. Raises DataUnavailable if the package is not installed."""
        found = importlib.util.find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            raise mnist.DataUnavailable(
                f"The typefaces of {self.package.replace('_', '-')} are not installed: "
                'pip install -e ".[fonts]"'
            )
        return [Path(found.submodule_search_locations[0], self.folder, file) for file in self.files]


def _styles(family: str, *styles: str, ending: str = ".ttf") -> tuple[str, ...]:
    return tuple(f"{family}{style}{ending}" for style in styles)


_OBLIQUE = ("", "-Bold", "-Oblique", "-BoldOblique")
_ITALIC = ("-Regular", "-Bold", "-Italic", "-BoldItalic")
MATPLOTLIB = Family(
    "matplotlib", "mpl-data/fonts/ttf",
    _styles("DejaVuSans", *_OBLIQUE) + _styles("DejaVuSansMono", *_OBLIQUE)
    + _styles("DejaVuSerif", "", "-Bold", "-Italic", "-BoldItalic")
    + _styles("STIXGeneral", "", "Bol", "Italic", "BolIta"),
)  # fmt: skip
SEEN = (
    MATPLOTLIB,
    Family("font_roboto", "files", _styles("Roboto", "-Light", "-LightItalic", *_ITALIC)),
    Family("font_caladea", "files", _styles("Caladea", *_ITALIC)),
)
"""What networks are trained on: faces with serifs and without, upright and slanted, a typewriter's."""
UNSEEN = (
    Family("font_hanken_grotesk", "files", _styles("HankenGrotesk", *_ITALIC, ending=".otf")),
    Family("font_source_serif_pro", "files",
           _styles("SourceSerifPro", "-Regular", "-Bold", "-It", "-BoldIt")),
    Family("font_fredoka_one", "files", ("FredokaOne-Regular.ttf",)),
    Family("font_intuitive", "files", ("Intuitive.ttf",)),
)  # fmt: skip
"""What they are tested on: no face of these families is trained on. The last is drawn by hand."""


def faces(families: Sequence[Family]) -> list[Path]:
    """The files of all families. Raises DataUnavailable where a package is not installed."""
    return [path for family in families for path in family.paths()]


def drawn(characters: Sequence[str], face: Path) -> Tensor:
    """The characters in this typeface, uint8 (len(characters), 28, 28), ink 255.

    All are drawn at one size, on one line, each in the middle between left and right, so that capitals
    stay larger than small letters; the largest that ASCII has is 20 pixels high or wide.
    """
    font = ImageFont.truetype(face, DRAWN, layout_engine=ImageFont.Layout.BASIC)
    left, top, right, bottom = np.array([font.getbbox(c, anchor="ls") for c in VISIBLE]).T
    middle = (top.min() + bottom.max()) / 2
    side = round(PATTERN / LARGEST * max(bottom.max() - top.min(), (right - left).max()))
    images = []
    for character in characters:
        begins, _, ends, _ = font.getbbox(character, anchor="ls")
        sheet = Image.new("L", (side, side))
        at = ((side - begins - ends) / 2, side / 2 - middle)
        ImageDraw.Draw(sheet).text(at, character, 255, font, anchor="ls")
        images.append(np.asarray(sheet.resize((PATTERN, PATTERN), Image.Resampling.BOX)))
    return torch.from_numpy(np.stack(images))


def printed(characters: Sequence[str], paths: Sequence[Path]) -> Split:
    """The characters in each of the typefaces, face by face; labels 0, 1, ... in their order."""
    images = torch.cat([drawn(characters, path) for path in paths])
    return Split(images, torch.arange(len(characters)).repeat(len(paths)))


def load() -> Dataset:
    """The 94 visible characters, in the faces of SEEN to train on and in those of UNSEEN to test on.

    Each training original stands there six times, for a recipe with distortions. Of each test original
    there are also nine versions, distorted as in training: version i // N of original i % N, the same
    for every seed. Raises DataUnavailable where the typefaces are not installed.
    """
    seen, unseen = faces(SEEN), faces(UNSEEN)
    train, test = printed(VISIBLE, seen), printed(VISIBLE, unseen)
    versions, n = 1 + distort.DISTORTED_VERSIONS, len(test.labels)
    parameters = distort.draw_distortions((versions - 1) * n, generator(0, "unseen faces"))
    fields = distort.distorted_patterns(test.images, torch.arange(versions * n), parameters)
    return Dataset(
        "printed",
        f"{len(VISIBLE)} characters in {len(seen)} typefaces, tested on {len(unseen)} others",
        Split(train.images.repeat(COPIES, 1, 1), train.labels.repeat(COPIES)),
        Split(fields, test.labels.repeat(versions)),
        _digests([*seen, *unseen]),
        comparable=False,
    )


def emnist(root: str | os.PathLike[str] | None = None) -> Dataset:
    """EMNIST's 26 handwritten letters, capitals and small ones in one class: labels 0 ... 25.

    124,800 to train on and 20,800 to test on, which torchvision downloads to the user's cache (half a
    gigabyte); where `root` or the environment names a folder, its `EMNIST/raw` has them.
    Raises DataUnavailable.
    """
    from torchvision.datasets import EMNIST

    named = root if root is not None else os.environ.get(mnist.VARIABLE) or None
    folder = cache_folder() if named is None else Path(named).expanduser()
    try:
        sets = [
            EMNIST(str(folder), "letters", train=train, download=named is None)
            for train in (True, False)
        ]
    except (RuntimeError, OSError) as error:
        raise mnist.DataUnavailable(
            f"No EMNIST in {folder}/EMNIST/raw ({error}). To have it downloaded, name no folder and be "
            "online."
        ) from error
    # The files have columns where MNIST has rows, and count letters from 1.
    train, test = (Split(s.data.transpose(1, 2).contiguous(), s.targets.long() - 1) for s in sets)
    files = [Path(file) for s in sets for file in (s.images_file, s.labels_file)]
    return Dataset(
        "emnist-letters", "EMNIST, letters", train, test, _digests(files), comparable=False
    )


def _digests(files: Sequence[Path]) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
