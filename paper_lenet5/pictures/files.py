"""Files of pictures to pixels: what can be read, how much of it, and what is said of the rest."""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

    Source = str | os.PathLike[str] | bytes | BinaryIO | Image
    """A path, the bytes of a file, an open one, or an image of Pillow."""

MAX_PIXELS = 50_000_000
"""A picture of that size takes 0.5 GB while it is read. A JPEG is decoded smaller than it is, and may
have `AS_JPEG` times as many: 400 million, twice what phones have."""
AS_JPEG = 8
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF", "HEIF")
"""What is read, where Pillow can; HEIF with the package pillow-heif. Others, EPS for one, would run
programs."""
ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm",
           ".pbm", ".jp2", ".j2k", ".avif", ".heic", ".heif")  # fmt: skip
"""What is taken for a picture in a folder."""
WORKED_ON = 800
"""Longest side of what is worked on, pixels."""


def pictures_in(folder: str | os.PathLike[str]) -> list[Path]:
    """The pictures in a folder, in those in it and in those that these link to, each once, by name.

    Without those whose names or folders begin with a dot, which are nobody's pictures.
    """
    top = Path(os.path.realpath(folder))
    found, seen = [], {top, *top.parents}  # a link to one of these leads here again
    for inner, folders, files in os.walk(folder, followlinks=True):
        for name in sorted(folders):
            folders.remove(name)
            real = Path(os.path.realpath(os.path.join(inner, name)))
            if name[0] != "." and real not in seen:
                folders.append(name)
                seen.add(real)
        found += [Path(inner, file) for file in files if file[0] != "."]
    return sorted(file for file in found if file.suffix.lower() in ENDINGS)


def pixels(source: "Source", max_pixels: int = MAX_PIXELS, page: int = 0) -> np.ndarray:
    """(rows, columns, 4) float32 in 0 ... 1: red, green, blue, opacity. Smaller if it is large.

    `page` is that of a TIFF, from 0; of an animation the last frame that is whole is taken, of an image
    of Pillow the one that it is at; it is not changed. Raises ValueError for what cannot be read as a
    picture, has more than `max_pixels`, or no such page; OSError for a path that cannot be opened.
    """
    from PIL import Image, ImageOps

    with _opened(source, max_pixels) as image:
        if isinstance(image, ValueError):
            raise image
        given = image is source
        small = image.format == "JPEG" and not (given or image.info.get("progressive"))
        most = max_pixels * (AS_JPEG if small else 1)
        if image.width * image.height > most:
            raise ValueError(f"the picture has more than {most:,} pixels: make it smaller")
        try:
            image = image.copy() if given else image
            _to_frame(image, page)
            image = _eight_bits(image)
            image.thumbnail((WORKED_ON, WORKED_ON), Image.Resampling.BOX)
            image = ImageOps.exif_transpose(image)
        except Exception as error:  # of any kind: decoders raise what they like
            raise _unreadable(error) from error
    planes = np.array([np.asarray(band) for band in image.split()], np.float32)  # which is faster
    planes /= 255
    return np.moveaxis(planes, 0, -1)


def pages(source: "Source") -> int:
    """How many pictures a file has that are looked at: the pages of a TIFF, else 1.

    1, too, for what cannot be read. Raises OSError for a path that cannot be opened.
    """
    with _opened(source) as image:
        if isinstance(image, ValueError) or image is source or image.format != "TIFF":
            return 1
        try:
            return int(getattr(image, "n_frames", 1))
        except Exception:  # of any kind: the directory is damaged, and `pixels` will say so
            return 1


@contextmanager
def _opened(source: "Source", max_pixels: int = MAX_PIXELS) -> Iterator["Image | ValueError"]:
    """The image, of which nothing is decoded yet; or what is wrong with it."""
    from PIL import Image, JpegImagePlugin

    if isinstance(source, Image.Image):
        yield source
        return
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as opened, _opened(opened, max_pixels) as image:
            yield image
        return
    file = BytesIO(source) if isinstance(source, bytes) else source
    start = file.read(16)
    file.seek(0)
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is looked at
            if start[:3] == b"\xff\xd8\xff":
                image = JpegImagePlugin.jpeg_factory(file)  # `open` has a limit of its own
            else:
                image = Image.open(file, formats=[f for f in FORMATS if f in _known()])
    except Image.DecompressionBombError:
        image = ValueError(f"the picture has more than {max_pixels:,} pixels: make it smaller")
    except Exception as error:  # of any kind, as above
        image = _unreadable(error, start)
    yield image


def _known() -> Mapping[str, Any]:
    from PIL import Image

    Image.init()
    return Image.OPEN


def _unreadable(error: Exception, start: bytes = b"") -> ValueError:
    """What is said of a file that cannot be decoded; `start` are its first bytes."""
    from PIL import UnidentifiedImageError

    words = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, UnidentifiedImageError):
        words = f"it is none of {', '.join(FORMATS[:-1])}"
    if start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        words = "HEIC, as iPhones have it: pip install pillow-heif, or save it as JPEG"
    elif start[4:8] == b"ftyp" and start[8:12] in (b"avif", b"avis"):
        words = f"AVIF, and it is damaged or this Pillow reads none: {words}"
    elif start[:4] == b"\0\5\x16\7":
        words = "a companion file of macOS, which has no picture in it"
    return ValueError(f"cannot be read as a picture ({words})")


def _to_frame(image: "Image", page: int) -> None:
    """Go to a page of a TIFF, or to the last frame of an animation that is whole."""
    frames = getattr(image, "n_frames", 1)
    if image.format == "TIFF" or frames == 1:
        if not 0 <= page < frames:
            raise ValueError(f"there is no page {page + 1}, it has {frames}")
        if page:
            image.seek(page)
        return
    for frame in range(frames - 1, -1, -1):
        try:
            image.seek(frame)
            image.load()
            return
        except (EOFError, OSError, SyntaxError):
            if not frame:
                raise


def _eight_bits(image: "Image") -> "Image":
    """As RGBA. What has more bits, one channel always, is stretched from its least to its largest."""
    from PIL import Image

    image.draft("RGB", (WORKED_ON, WORKED_ON))  # a large JPEG is decoded as a smaller one
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGBA")
    grey = np.asarray(image, np.float64)
    low, high = grey.min(), grey.max()
    if not np.isfinite(high - low):
        raise ValueError("not all of its pixels are numbers")
    grey = (grey - low) * (255 / max(high - low, 1))
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGBA")
