"""The stylised 7x12 bitmaps that F6 learns to draw. Section II-B, Fig. 3.

The drawings are the paper's own data: its preprint embeds every cell of Fig. 3 as a 7x12 image.
"""

import torch

ROWS, COLUMNS = 12, 7

_ZERO_TO_FOUR = """
    .#####.   ...##..   .#####.   #######   .#####.
    .......   ..###..   .......   .....##   .......
    ..###..   .####..   .#####.   ....##.   .......
    .##.##.   ...##..   ##...##   ...##..   .##..##
    ##...##   ...##..   #....##   ..####.   .##..##
    ##...##   ...##..   ....##.   .....##   ###..##
    ##...##   ...##..   ..###..   .....##   ##...##
    ##...##   ...##..   .##....   .....##   ##...##
    .##.##.   ...##..   ##.....   ##...##   ##..###
    ..###..   .######   #######   .#####.   .######
    .......   .......   .......   .......   .....##
    .......   .......   .......   .......   .....##
"""

_FIVE_TO_NINE = """
    .#####.   ..####.   #######   .#####.   .#####.
    .......   .##....   .....##   ##...##   ##..###
    #######   ##.....   .....##   ##...##   ##...##
    ##.....   ##.....   ....##.   ##...##   ##...##
    ##.....   ######.   ...##..   .#####.   ##..###
    .####..   ###..##   ...##..   ##...##   .######
    ..####.   ##...##   ..##...   ##...##   .....##
    .....##   ##...##   ..##...   ##...##   .....##
    ##...##   ###..##   ..##...   ##...##   ....##.
    .#####.   .#####.   ..##...   .#####.   .####..
    .......   .......   .......   .......   .......
    .......   .......   .......   .......   .......
"""


def digit_bitmaps(blank: bool = False) -> torch.Tensor:
    """The ten digits of Fig. 3, the target vectors of F6.

    Returns float32 (10, 84): row d is digit d, its 12 rows of 7 pixels one after the other, ink +1
    and paper -1 (Fig. 13 draws both the ink of the input and the strokes in F6 as black; D2). An
    eleventh row is the `blank` between the characters of a string (section VII): Fig. 3's space.
    """
    drawings = []
    for five in (_ZERO_TO_FOUR, _FIVE_TO_NINE):
        lines = [line.split() for line in five.strip().splitlines()]
        drawings += ["".join(digit) for digit in zip(*lines, strict=True)]
    if blank:
        drawings.append("." * ROWS * COLUMNS)
    return torch.tensor([[1.0 if pixel == "#" else -1.0 for pixel in d] for d in drawings])
