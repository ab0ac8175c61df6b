"""Damaged files at the readers of data, pictures and weights: `python -m tools.fuzz --seconds 600`.

Each case is a good file, changed at random, sometimes with its checksums mended so that the change is
not seen at once. A reader may give what the good file gives, or a pattern of a picture, or its
documented error. Everything else is a finding, and so are a crash, a case of more than 20 seconds, a
file opened for writing outside of the temporary folder, a new process and a connection. The cases
follow from --seed; what a process died of lies in the folder that is then printed.
"""

import argparse
import contextlib
import faulthandler
import gzip
import hashlib
import io
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save

from paper_lenet5 import LeNet5, mnist
from paper_lenet5.pictures import read_picture
from paper_lenet5.pretrained import WeightsUnusable

PATIENCE = 20
"""Seconds that a case may take."""
NUMBERS = [0, 1, 2, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1]
DANGEROUS = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.system", "os.exec", "os.fork",
             "os.posix_spawn", "subprocess.Popen", "socket.connect", "shutil.rmtree"}  # fmt: skip


class Slow(BaseException):
    """A case took too long. No reader catches this."""


class Outside(BaseException):
    """A reader touched what it has no business with. No reader catches this."""


# --- changing a file ------------------------------------------------------------------------------


def changed(content: bytes, rng: random.Random) -> bytes:
    """One to eight changes, of a bit, a byte, a number, or of a stretch left out, doubled or moved."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 8])):
        at, length = rng.randrange(len(data) + 1), rng.choice([1, 2, 4, 16, 100, 1000])
        kind = rng.randrange(8)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 2:
            size, order = rng.choice([1, 2, 4, 8]), rng.choice(["big", "little"])
            number = rng.choice(NUMBERS) % 256**size
            data[at : at + size] = number.to_bytes(size, order)
        elif kind == 3:
            del data[at : at + length]
        elif kind == 4:
            data[at:at] = data[at : at + length]
        elif kind == 5:
            data[at:at] = rng.randbytes(length)
        elif kind == 6:
            data[at : at + length] = data[rng.randrange(len(data) + 1) :][:length]
        else:
            del data[at:]
    return bytes(data)


def with_checksums(png: bytes) -> bytes:
    """The chunks of a PNG with the CRCs that belong to them, so far as there are chunks."""
    out, at = png[:8], 8
    while at + 12 <= len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        body = png[at + 4 : at + 8 + length]
        out += png[at : at + 4] + body + zlib.crc32(body).to_bytes(4, "big")
        at += 12 + length
    return out


# --- the readers ----------------------------------------------------------------------------------


class Data:
    """`load_mnist` on a small data set that it takes for MNIST."""

    documented = mnist.DataCorrupt

    def __init__(self, folder: Path):
        self.folder, rng = folder, np.random.default_rng(0)
        mnist.SHAPES = {name: (20, *shape[1:]) for name, shape in mnist.SHAPES.items()}
        self.arrays = {name: rng.integers(0, 10, shape, np.uint8)
                       for name, shape in mnist.SHAPES.items()}  # fmt: skip
        self.good = {name: mnist._header(a.shape) + a.tobytes() for name, a in self.arrays.items()}
        mnist.SHA256["mnist"] = {
            name: hashlib.sha256(content).hexdigest() for name, content in self.good.items()
        }
        self.names = [name for name in self.good if name.startswith("train")]
        good = self.good[self.names[0]]
        self.bombs = [gzip.compress(good + bytes(n), 1) for n in (1, 100_000, 100_000_000)]

    def case(self, rng: random.Random) -> bytes:
        """A changed file, plain or zipped, or zipped and then changed; or a bomb."""
        good = self.good[self.names[0]]
        kind = rng.randrange(10)
        if kind == 0:
            return rng.choice(self.bombs)
        if kind < 4:
            return changed(gzip.compress(good), rng)
        return gzip.compress(changed(good, rng)) if kind < 7 else changed(good, rng)

    def read(self, content: bytes) -> str:
        """Raises AssertionError if what is read is not the data."""
        for name, good in self.good.items():
            (self.folder / name).write_bytes(content if name == self.names[0] else good)
        images, labels = mnist.load_mnist("train", self.folder)
        assert np.array_equal(images.numpy(), self.arrays[self.names[0]])
        assert np.array_equal(labels.numpy(), self.arrays[self.names[1]])
        return "the data"


class Pictures:
    """`read_picture` on files of every form and mode that it reads."""

    documented = ValueError

    def __init__(self, folder: Path):
        self.folder = folder
        ways = {
            "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
            "JPEG": ("L", "RGB", "CMYK"), "GIF": ("P", "L"), "BMP": ("1", "L", "P", "RGB"),
            "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "F"),
            "WEBP": ("RGB", "RGBA"), "PPM": ("1", "L", "RGB", "I;16"),
        }  # fmt: skip
        self.good = [encoded(mode, form) for form, modes in ways.items() for mode in modes]
        for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4"):
            mode = "1" if packing == "group4" else "L"
            self.good.append(encoded(mode, "TIFF", compression=packing))
        self.good.append(encoded("RGB", "JPEG", progressive=True, exif=rotated()))
        self.good.append(encoded("RGB", "WEBP", lossless=True))
        frames = [drawing("L"), drawing("L").rotate(90)]
        self.good.append(encoded("L", "GIF", save_all=True, append_images=frames))
        self.good += [b"P2 3 2 255 " + b"0 9 255 " * 2, b"P1 2 2 1 0 0 1", b"P3 1 1 9 1 2 3"]

    def case(self, rng: random.Random) -> bytes:
        """A changed picture; a PNG has its checksums mended every other time."""
        content = changed(rng.choice(self.good), rng)
        return with_checksums(content) if content[1:4] == b"PNG" and rng.random() < 0.5 else content

    def read(self, content: bytes) -> str:
        """Raises AssertionError if there comes no pattern."""
        pattern = read_picture(content)
        assert pattern.shape == (28, 28)
        assert pattern.dtype == torch.uint8
        assert pattern.max() > 0
        return "a pattern"


class Weights:
    """`LeNet5.from_pretrained` on a folder of `save_pretrained`."""

    documented = WeightsUnusable

    def __init__(self, folder: Path):
        self.folder = folder
        model = LeNet5(generator=torch.Generator().manual_seed(0))
        model.save_pretrained(folder)
        self.weights = save(model.state_dict())
        self.config = (folder / "config.json").read_bytes()

    def case(self, rng: random.Random) -> bytes:
        """A changed config.json; or changed weights, of which it has the digest or not."""
        if rng.random() < 0.3:
            return changed(self.config, rng)
        header = 8 + int.from_bytes(self.weights[:8], "little")
        if rng.random() < 0.8:  # most of the file are numbers, and any will do
            head = changed(self.weights[:header], rng)
            if rng.random() < 0.5:
                head = max(len(head) - 8, 0).to_bytes(8, "little") + head[8:]
            return b"W" + head + self.weights[header:]
        return b"W" + changed(self.weights, rng)

    def read(self, content: bytes) -> str:
        """Raises AssertionError if there comes a network without an answer."""
        config, weights = content, self.weights
        if content[:1] == b"W":
            weights = content[1:]
            options = json.loads(self.config)
            options["weights_sha256"] = hashlib.sha256(weights).hexdigest()
            config = json.dumps(options).encode()
        (self.folder / "config.json").write_bytes(config)
        (self.folder / "model.safetensors").write_bytes(weights)
        network = LeNet5.from_pretrained(self.folder)
        assert all(p.isfinite().all() for p in network.parameters())
        return "a network"


READERS: dict[str, Callable[[Path], Data | Pictures | Weights]] = {
    "data": Data, "pictures": Pictures, "weights": Weights,
}  # fmt: skip


def drawing(mode: str) -> Image.Image:
    """A seven."""
    image = Image.new("L", (60, 45), 255)
    ImageDraw.Draw(image).line([(15, 8), (45, 8), (25, 38)], 0, 5)
    if mode in ("I;16", "F"):
        pixels = np.asarray(image).astype(np.float32 if mode == "F" else np.uint16)
        return Image.fromarray(pixels * 200)
    return Image.merge("LAB", [image] * 3) if mode == "LAB" else image.convert(mode)


def encoded(mode: str, form: str, **options) -> bytes:
    """The seven as a file."""
    buffer = io.BytesIO()
    drawing(mode).save(buffer, form, **options)
    return buffer.getvalue()


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


# --- one process: many cases ----------------------------------------------------------------------


def watch(folder: Path) -> None:
    """From now on raise Outside for what no reader may do. It cannot be taken back."""

    def hook(event: str, args: tuple) -> None:
        if event == "open":
            path, _, flags = args
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not writes or not isinstance(path, (str, bytes)):
                return
            place = Path(os.fsdecode(path)).resolve()
            if not place.is_relative_to(folder) and str(place) != os.devnull:
                raise Outside(f"{place} was opened for writing")
        elif event in DANGEROUS:
            raise Outside(f"{event} {args}")

    sys.addaudithook(hook)


def process(folder: Path, reader: str, seed: int, seconds: float, cases: int) -> dict:
    """Cases of one reader until the time is up or there were so many."""
    rng, target = random.Random(seed), READERS[reader](folder)
    kept = folder / "case"
    done = {"cases": 0, "outcomes": Counter(), "findings": [], "slowest": 0.0}
    watch(folder)

    def too_long(*_) -> None:
        raise Slow(f"more than {PATIENCE} seconds")

    signal.signal(signal.SIGALRM, too_long)
    end = time.monotonic() + seconds
    while time.monotonic() < end and done["cases"] < cases:
        content = target.case(rng)
        kept.write_bytes(content)
        started = time.monotonic()
        signal.alarm(PATIENCE)
        try:
            outcome = target.read(content)
        except target.documented as error:
            outcome = type(error).__name__
        except BaseException as error:
            outcome = "finding"
            digest = hashlib.sha256(content).hexdigest()[:16]
            done["findings"].append(f"{digest}: {''.join(traceback.format_exception(error))}")
            (folder / f"finding-{digest}").write_bytes(content)
        finally:
            signal.alarm(0)
        done["slowest"] = max(done["slowest"], time.monotonic() - started)
        done["cases"] += 1
        done["outcomes"][outcome] += 1
    done["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return done


# --- all of it ------------------------------------------------------------------------------------


def main() -> int:
    """0 if there was no finding."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--seconds", type=float, default=60, help="in all, a third for each reader (60)")
    option("--cases", type=int, default=10**9, help="stop after so many of each reader")
    option("--seed", type=int, default=0)
    option("--out", type=Path, help="write what happened to this JSON file")
    option("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        torch.set_num_threads(1)
        reader, folder = args.child
        with (
            open(Path(folder, "fault"), "w", encoding="utf-8") as fault,
            contextlib.redirect_stdout(sys.stderr),
        ):
            faulthandler.enable(fault)
            done = process(Path(folder), reader, args.seed, args.seconds, args.cases)
        print(json.dumps(done))
        return 0
    record = {}
    for reader in READERS:
        folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{reader}-")).resolve()
        command = [sys.executable, "-W", "ignore", "-m", "tools.fuzz", "--child", reader, str(folder),
                   "--seconds", str(args.seconds / len(READERS)), "--cases", str(args.cases),
                   "--seed", str(args.seed)]  # fmt: skip
        # Decoders write to stderr whatever they like.
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode:
            print(
                f"{reader}: died with status {done.returncode} of {folder}/case (see fault there)"
            )
            record[reader] = {"cases": 0, "findings": [f"died of {folder}/case"]}
            continue
        record[reader] = of = json.loads(done.stdout)
        outcomes = ", ".join(f"{n:,} {what}" for what, n in sorted(of["outcomes"].items()))
        print(f"{reader}: {of['cases']:,} cases ({outcomes}), the slowest {of['slowest']:.2f} s, "
              f"at most {of['megabytes']:,} MB")  # fmt: skip
        for finding in of["findings"]:
            print(f"\n{folder}/finding-{finding}")
        if not of["findings"]:
            shutil.rmtree(folder)
    if args.out:
        args.out.write_text(
            json.dumps({"seed": args.seed, **record}, indent=1) + "\n", encoding="utf-8"
        )
    return int(any(of["findings"] for of in record.values()))


if __name__ == "__main__":
    sys.exit(main())
