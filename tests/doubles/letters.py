"""A folder of letters as somebody might have drawn it: pictures, in a folder for each letter."""

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from reproduce.rows.characters import MATPLOTLIB


def draw_letters(folder: Path, letters: str, of_each: int, seed: int = 0) -> None:
    """Letters in matplotlib's typefaces, of any size, slant and grey, each picture by itself."""
    rng, faces = random.Random(seed), MATPLOTLIB.paths()
    for letter in letters:
        (folder / letter).mkdir(parents=True)
        for number in range(of_each):
            font = ImageFont.truetype(faces[number % len(faces)], rng.randint(40, 64))
            sheet = Image.new("L", (96, 96), 255)
            ImageDraw.Draw(sheet).text((48, 48), letter, rng.randint(0, 90), font, anchor="mm")
            turned = sheet.rotate(rng.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=255)
            turned.save(folder / letter / f"{number}.png")
