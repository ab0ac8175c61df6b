"""Any picture of a digit becomes a pattern as those of MNIST are."""

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch.nn.functional import pad

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.pictures import THICK, pattern_of, read_lines, read_picture, see
from paper_lenet5.pictures.files import MAX_PIXELS, pages
from paper_lenet5.pictures.lines import characters_of, levelled, lines_of, slope_of, spaced
from paper_lenet5.pictures.marks import parts_of
from paper_lenet5.pictures.normalise import normalise, normalise_line, stroke, thickened, thickness
from paper_lenet5.pictures.paper import running
from paper_lenet5.strings import STRIDE
from paper_lenet5.verdict import verdict
from tests.conftest import draw_digits, filled_six


def drawing(mode="L", size=(300, 200), paper=255, ink=0, width=12):
    """A seven, off the middle."""
    image = Image.new(mode, size, paper)
    ImageDraw.Draw(image).line([(150, 60), (260, 60), (190, 180)], ink, width, joint="curve")
    return image


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def centre_of_mass(pattern):
    places = torch.arange(28.0)
    mass = pattern.double()
    return float(mass.sum(1) @ places.double() / mass.sum()), float(
        mass.sum(0) @ places.double() / mass.sum()
    )


SEVEN = read_picture(drawing())


def close(pattern, other=SEVEN):
    """Within 6 of 255 grey levels on average, a pixel higher or to the left or not."""
    shifts = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    moved = torch.stack([other.roll(shift, (0, 1)) for shift in shifts])
    return (pattern.int() - moved.int()).abs().float().mean((1, 2)).min() < 6


def test_a_pattern_has_the_form_of_mnist():
    assert SEVEN.dtype == torch.uint8
    assert SEVEN.shape == (28, 28)
    rows, columns = (SEVEN > 0).any(1).nonzero(), (SEVEN > 0).any(0).nonzero()
    height, width = (int(found[-1] - found[0]) + 1 for found in (rows, columns))
    assert max(height, width) == 20
    assert width / height == pytest.approx(122 / 132, abs=0.1), "proportions are kept"
    assert SEVEN.max() == 255
    assert all(abs(place - 14) <= 0.5 for place in centre_of_mass(SEVEN))


def test_the_patterns_of_mnist_come_out_as_they_go_in(mnist_test):
    images = mnist_test[0][::50]
    out = torch.stack([read_picture(encoded(Image.fromarray(i.numpy()), "PNG")) for i in images])
    difference = (out.int() - images.int()).abs().amax((1, 2))
    assert (difference <= 1).float().mean() >= 0.98
    assert (difference == 0).float().mean() > 0.8


@pytest.mark.parametrize("form", ["times ten", "a small JPEG", "photographed", "in a corner"])
def test_the_network_reads_mnist_in_other_forms(form, mnist_test):
    rng = np.random.default_rng(0)
    images, labels = mnist_test[0][::100], mnist_test[1][::100]

    def changed(image):
        large = image.resize((140, 140), Image.Resampling.BICUBIC)
        if form == "times ten":
            return Image.eval(large.resize((280, 280)), lambda level: 255 - level)
        if form == "a small JPEG":
            return encoded(image, "JPEG")
        if form == "in a corner":
            page = Image.new("RGB", (700, 400), (250, 240, 200))
            page.paste((20, 30, 120), (550, 10), large)
            return page
        row, column = np.mgrid[:140, :140] / 140
        light = 190 - 60 * row - 40 * column  # from one side, on paper with noise
        pixels = light * (1 - np.asarray(large) / 400) + rng.normal(0, 3, (140, 140))
        return encoded(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), "JPEG")

    patterns = [read_picture(changed(Image.fromarray(i.numpy()))) for i in images]
    answers = LeNet5.from_pretrained().classify(preprocess(torch.stack(patterns)))
    assert (answers != labels).sum() <= 3, "of 100"


@pytest.mark.parametrize(
    "image",
    [
        drawing(paper=0, ink=255),
        drawing("1", paper=1, ink=0),
        drawing("RGB", paper=(255, 255, 0), ink=(0, 0, 255)),
        drawing("RGB", paper=(200, 60, 60), ink=(60, 138, 60)),  # as bright as its paper
        drawing("RGBA", paper=(0, 0, 0, 0), ink=(0, 0, 0, 255)),
        drawing("RGBA", paper=(0, 0, 0, 0), ink=(255, 255, 255, 255)),
        drawing("LA", paper=(255, 255), ink=(0, 255)),
        drawing().quantize(4),
        drawing("CMYK", paper=(0, 0, 0, 0), ink=(0, 0, 0, 255)),
        drawing("I;16", paper=60_000, ink=300),
        drawing("F", paper=1.0, ink=-1.0),
        drawing().crop((145, 54, 268, 188)),
        drawing(size=(1000, 700)),
    ],
    ids=lambda image: f"{image.mode} {image.width}x{image.height}",
)
def test_colours_and_size_of_the_picture_do_not_matter(image):
    assert close(read_picture(image))


def test_transparent_corners_are_paper():
    card = Image.new("RGBA", (300, 260), (0, 0, 0, 0))
    ImageDraw.Draw(card).rounded_rectangle((0, 0, 299, 259), 60, "white")
    card.paste(drawing("RGBA", paper="white", ink="black").crop((100, 40, 280, 190)), (100, 40))
    assert close(read_picture(card))


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG"])
def test_every_form_of_file_is_read(form, tmp_path):
    path = tmp_path / "seven"
    path.write_bytes(encoded(drawing(), form))
    assert close(read_picture(path))
    assert torch.equal(read_picture(path.read_bytes()), read_picture(str(path)))


def test_a_photograph_is_turned_as_its_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned to the right
    turned = drawing().transpose(Image.Transpose.ROTATE_90)
    assert close(read_picture(encoded(turned, "JPEG", exif=exif.tobytes(), quality=95)))


def test_a_heavy_end_is_not_cut_off():
    ink = np.zeros((100, 100))
    ink[:12, 30:70] = 1  # a T with its mass on top
    ink[:, 49:51] = 1
    pattern = normalise(ink)
    assert (pattern > 0).any(1).sum() == 20


@pytest.mark.parametrize(
    "image",
    [Image.new("L", (50, 50), 255), Image.new("RGBA", (50, 50)), Image.new("I;16", (9, 9), 700),
     Image.new("RGB", (1, 1), "red"), drawing(paper=200, ink=190)],
)  # fmt: skip
def test_an_empty_picture_is_refused(image):
    with pytest.raises(ValueError, match="nothing is drawn"):
        read_picture(image)


def test_what_is_not_a_number_is_refused():
    pixels = np.zeros((30, 30), np.float32)
    pixels[10:20] = np.nan
    with pytest.raises(ValueError, match="numbers"):
        read_picture(Image.fromarray(pixels))


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", encoded(drawing(), "PNG")[:-60], encoded(drawing(), "JPEG")[:200],
     b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"<svg xmlns='x'/>",
     b"\x89PNG\r\n\x1a\n" + bytes(40)],
)  # fmt: skip
def test_garbage_is_refused(content):
    with pytest.raises(ValueError, match="cannot be read as a picture"):
        read_picture(content)


def bomb(side):
    """A few kilobytes that say they are `side` x `side` pixels."""
    header = struct.pack(">2I5B", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1_000_000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@pytest.mark.parametrize("side", [7_100, 10_000, 60_000])
def test_a_bomb_is_refused_before_it_is_unpacked(side):
    assert side**2 > MAX_PIXELS
    with pytest.raises(ValueError, match="more than 50,000,000 pixels"):
        read_picture(bomb(side))


def test_the_limit_can_be_set():
    assert torch.equal(read_picture(drawing(size=(300, 200)), max_pixels=60_000), SEVEN)
    with pytest.raises(ValueError, match="more than 59,999 pixels"):
        read_picture(drawing(size=(300, 200)), max_pixels=59_999)


def test_a_missing_file_is_that(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "missing.png")


def test_a_pattern_goes_in_and_the_penalties_come_out():
    images, _ = draw_digits(1)
    pattern = read_picture(Image.fromarray(images[0].numpy()))
    assert LeNet5.from_pretrained()(preprocess(pattern[None])).shape == (1, 10)


# --- paper, and what is beside it -----------------------------------------------------------------

THREE = [(90, 70), (150, 60), (205, 95), (175, 150), (120, 165), (185, 180), (215, 230), (170, 285),
         (80, 290)]  # fmt: skip


def three(size=(300, 360), paper=244, ink=30, pen=12):
    """A three on a page, grey levels."""
    page = Image.new("L", size, paper)
    left, top = (size[0] - 300) // 2, (size[1] - 360) // 2
    points = [(x + left, y + top) for x, y in THREE]
    ImageDraw.Draw(page).line(points, ink, pen, joint="curve")
    return np.asarray(page, float)


def lit(light):
    """The page under a light, of which the arguments are row and column, 0 ... 1."""
    return three() * light(*np.meshgrid(*(np.linspace(0, 1, n) for n in (360, 300)), indexing="ij"))


def bordered(top=0, right=0, bottom=0, left=0, of=0):
    page = three()
    for width, part in ((top, np.s_[:top]), (bottom, np.s_[360 - bottom :]),
                        (left, np.s_[:, :left]), (right, np.s_[:, 300 - right :])):  # fmt: skip
        if width:
            page[part] = of
    return page


def on_a_desk():
    desk = np.full((520, 460), 52.0)
    desk[80:440, 80:380] = three()
    return desk


def boxed(page):
    for part in (np.s_[30:33, 30:270], np.s_[327:330, 30:270], np.s_[30:330, 30:33],
                 np.s_[30:330, 267:270]):  # fmt: skip
        page[part] = 20
    return page


def window():
    page = bordered(top=26, of=224)
    page[8:18, 250:260] = page[8:18, 270:280] = 120
    return page


def ruled(level, both=False, climb=0):
    page, row, column = three(), *np.mgrid[:360, :300]
    lines = (row + climb * column / 300) % 44 < 2
    lines |= (column % 44 < 2) & both
    return np.where(lines, np.minimum(page, level), page)


def noisy(sigma):
    return three() + np.random.default_rng(1).normal(0, sigma, (360, 300))


def dusty():
    page, rng = three(), np.random.default_rng(2)
    for row, column in rng.integers(5, 290, (25, 2)):
        page[row : row + 5, column : column + 4] = 50
    return page


FIELD_PICTURES = {
    "fineliner": lambda: three(pen=8),
    "pen of 2 pixels": lambda: three(pen=2),
    "broad marker": lambda: three(pen=26),
    "faint pencil": lambda: three(ink=188),
    "chalk": lambda: three(paper=50, ink=220),
    "black border of a scan": lambda: bordered(10, 10, 10, 10),
    "black border on one side": lambda: bordered(left=14, of=12),
    "frame of one pixel at the edge": lambda: bordered(1, 1, 1, 1, of=90),
    "letterbox": lambda: np.pad(three(), ((0, 0), (90, 90))),
    "sheet on a dark desk": on_a_desk,
    "window of a screen": window,
    "box around": lambda: boxed(three()),
    "shadow with a soft edge": lambda: lit(
        lambda r, c: 1 - 0.4 * ((r + c - 1) * 5 + 0.5).clip(0, 1)
    ),
    "shadow with a sharp edge": lambda: lit(lambda r, c: np.where(r + 0.4 * c > 0.8, 0.6, 1)),
    "dark corners": lambda: lit(lambda r, c: 1 - ((r - 0.5) ** 2 + (c - 0.5) ** 2)),
    "light from one side": lambda: lit(lambda r, c: 1 - 0.5 * r),
    "faint lines": lambda: ruled(190),
    "faint lines that climb": lambda: ruled(190, climb=12),
    "squares": lambda: ruled(190, both=True),
    "lines as dark as ink": lambda: ruled(40),
    "noise": lambda: noisy(15),
    "dust": dusty,
    "small": lambda: three()[::6, ::6],
}
"""Twins of what people send, as grey levels."""


@pytest.mark.parametrize("kind", FIELD_PICTURES)
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_three_is_a_three_whatever_lies_around_it(kind, form):
    image = Image.fromarray(FIELD_PICTURES[kind]().clip(0, 255).round().astype(np.uint8))
    answer = verdict(
        LeNet5.from_pretrained()(preprocess(read_picture(encoded(image, form))[None]))[0]
    )
    assert answer.label == "3"


@pytest.mark.parametrize("kind", ["black border of a scan", "sheet on a dark desk", "box around",
                                  "window of a screen", "letterbox", "dark corners"])  # fmt: skip
def test_the_writing_alone_is_left(kind):
    image = Image.fromarray(FIELD_PICTURES[kind]().clip(0, 255).round().astype(np.uint8))
    clean = read_picture(Image.fromarray(three().astype(np.uint8)))
    assert close(read_picture(image), clean)


@pytest.mark.parametrize(
    ("page", "words"),
    [(lambda: lit(lambda r, c: 1 - 0.5 * r) * 0 + 244 * np.linspace(1, 0.5, 360)[:, None],
      "nothing that looks like ink on paper"),
     (lambda: np.where(np.indices((300, 300)).max(0) < 200, 30, 244), "nothing that looks like ink"),
     (lambda: three()[:, 130:], "touches the edge"),
     (lambda: np.pad(np.full((60, 60), 30), 80, constant_values=244), "filled shape"),
     (lambda: np.concatenate([three(), three()], 1), "several characters side by side$"),
     (lambda: three()[::60, ::60], "pixels large|nothing"),
     (lambda: np.pad(np.full((8, 90), 30), 90, constant_values=244), "as flat as a dash"),
     (lambda: np.array([[0, 255], [255, 255]]), "nothing that looks|touches")],
)  # fmt: skip
def test_what_is_doubtful_is_refused_in_words(page, words):
    image = Image.fromarray(page().clip(0, 255).round().astype(np.uint8))
    with pytest.raises(ValueError, match=words):
        read_picture(image)


def test_a_stroke_that_comes_in_at_the_edge_is_left_out():
    page = three()
    page[100:112, :40] = page[250:262, 270:] = 20
    clean = read_picture(Image.fromarray(three().astype(np.uint8)))
    assert close(read_picture(Image.fromarray(page.astype(np.uint8))), clean)


@pytest.mark.parametrize("pen", [2, 5, 9])
def test_thin_pens_draw_what_a_broad_one_does(pen):
    broad, thin = (
        read_picture(Image.fromarray(three(pen=of).astype(np.uint8))) for of in (22, pen)
    )
    assert close(thin, broad)
    assert stroke(thin.numpy() > 100) > 0.8 * stroke(broad.numpy() > 100)


def test_strokes_as_thick_as_those_of_mnist_stay_as_they_are():
    ink = np.zeros((60, 60))
    ink[5:55, 20:26] = 1
    assert thickened(ink, 50) is ink
    ink[5:55, 22:26] = 0
    assert thickened(ink, 50)[30].sum() == 4, "two columns more"


def test_a_stroke_may_touch_the_edge_but_not_go_on_beyond_it():
    stem = Image.new("L", (400, 400), 244)
    ImageDraw.Draw(stem).line([(60, 90), (160, 80), (110, 200)], 30, 12, joint="curve")
    ImageDraw.Draw(stem).ellipse((103, 189, 117, 203), 30)
    assert close(read_picture(stem.crop((0, 0, 400, 204))), read_picture(stem))
    with pytest.raises(ValueError, match="touches the edge"):
        read_picture(stem.crop((0, 0, 400, 170)))


def test_mnist_may_end_in_the_last_row():
    pattern = np.zeros((28, 28), np.uint8)
    pattern[8:11, 6:22] = pattern[8:, 15:18] = 255  # a seven, whose mass is above its middle
    assert read_picture(Image.fromarray(pattern)).shape == (28, 28)


def test_grey_flecks_of_its_outline_do_not_win_over_a_filled_digit():
    pattern = read_picture(filled_six())
    assert thickness(pattern) > THICK, "it weighs less than a digit of strokes"
    assert (pattern > 128).sum() > 100, "nearly all of it"
    assert verdict(LeNet5.from_pretrained()(preprocess(pattern[None]))[0]).label == "6"


def test_a_drawing_that_was_cut_out_along_its_box_is_read():
    image = Image.fromarray(three().astype(np.uint8))
    cut_out = image.crop(Image.eval(image, lambda level: 244 - level).getbbox())
    assert close(read_picture(cut_out), read_picture(image))


# --- files ------------------------------------------------------------------------------------------


def test_heic_and_a_companion_of_macos_are_named():
    with pytest.raises(ValueError, match="HEIC, as iPhones have it"):
        read_picture(b"\0\0\0\x18ftypheic" + bytes(400))
    with pytest.raises(ValueError, match="companion file of macOS"):
        read_picture(b"\0\5\x16\7" + bytes(60))


@pytest.mark.parametrize("form", ["AVIF", "JPEG2000"])
def test_new_forms_are_read_where_pillow_can(form):
    Image.init()
    if form not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {form}")
    assert close(read_picture(encoded(drawing("RGB", paper="white", ink="black"), form)))


def test_a_photo_of_200_megapixels_is_read(tmp_path):
    image = Image.new("L", (16_320, 12_240), 250)
    ImageDraw.Draw(image).line([(4000, 2000), (9000, 2000), (6000, 9000)], 20, 600, joint="curve")
    image.save(tmp_path / "phone.jpg", quality=30)
    assert close(read_picture(tmp_path / "phone.jpg"), read_picture(image.resize((1632, 1224))))


def test_the_last_whole_frame_of_an_animation_is_looked_at():
    frames = [Image.new("L", (300, 200), 255), Image.new("L", (300, 200), 255), drawing()]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert close(read_picture(content))
    ended = encoded(drawing(), "GIF", save_all=True, append_images=[drawing(ink=200), drawing()])
    assert close(read_picture(ended[: len(ended) * 4 // 5]))


@pytest.mark.parametrize("form", ["JPEG", "GIF"])
def test_an_image_of_pillow_is_looked_at_as_it_is_and_stays_so(form):
    large, blank = drawing().resize((2400, 1600)), Image.new("L", (2400, 1600), 255)
    frames = {"save_all": True, "append_images": [blank]} if form == "GIF" else {}
    given = Image.open(io.BytesIO(encoded(large, form, **frames)))
    before = given.size, given.mode, given.tell()
    assert close(read_picture(given))
    assert (given.size, given.mode, given.tell()) == before


def test_the_pages_of_a_tiff_are_counted():
    content = encoded(drawing(), "TIFF", save_all=True, append_images=[drawing(width=20)])
    assert pages(content) == 2
    assert pages(encoded(drawing(), "PNG")) == 1
    assert pages(b"no picture") == 1
    assert close(pattern_of(see(content)))
    with pytest.raises(ValueError, match="no page 3"):
        see(content, page=2)


# --- lines of digits ------------------------------------------------------------------------------


def line(columns=300):
    """Two upright strokes, the first and last column of the ink, and a dot at the height of both."""
    image = Image.new("L", (columns + 100, 200), 255)
    draw = ImageDraw.Draw(image)
    for left in (50, columns + 40):
        draw.rectangle([left, 40, left + 9, 159], 0)
    return image


@pytest.mark.parametrize("columns", [30, 150, 300])
def test_characters_of_a_line_stand_in_fields_of_their_own(columns):
    (field,) = read_lines(line(columns))
    alone = read_picture(line().crop((0, 0, 110, 200)))
    assert field.equal(torch.cat(2 * [pad(alone, [2] * 4)], 1))


def test_a_line_that_is_scaled_down_is_read_all_the_same():
    (field,) = read_lines(line(2000))
    assert field.shape == (32, 64)
    for each in field.split(32, 1):
        rows, columns = ((each > 128).any(axis).nonzero().flatten() for axis in (1, 0))
        assert len(rows) == 20
        assert abs(rows[0] - (31 - rows[-1])) <= 1
        assert abs(columns[0] - (31 - columns[-1])) <= 2


def test_what_is_much_smaller_than_a_line_is_not_made_as_large_as_its_digits():
    ink = np.zeros((120, 100))
    ink[:, 10:22] = ink[100:112, 60:72] = 1
    digit, dot = normalise_line(ink).split(32, 1)
    assert [(of > 128).any(1).sum() for of in (digit, dot)] == [20, 4]


def test_digits_that_touch_stay_together_and_are_as_high_as_others():
    row, column = np.mgrid[:120, :300]
    rings = [np.abs(np.hypot(row - 60, column - middle) - 50) < 6 for middle in (60, 162)]
    field = normalise_line((rings[0] | rings[1]).astype(float))
    inked = (field > 128).any(0).nonzero().flatten()
    assert field.shape[1] % STRIDE == 0
    assert (inked.diff() == 1).all()
    assert (field > 128).any(1).sum() == 20
    assert inked[0] == pytest.approx(field.shape[1] - 1 - inked[-1], abs=2)
    assert inked[0] >= 12, "even a 1 at its edge is in the middle of an answer"


def test_paper_of_a_line_is_clean_whatever_its_noise():
    noise = np.random.default_rng(0).normal(0, 12, (200, 400))
    photo = Image.fromarray((0.8 * np.asarray(line()) + noise).clip(0, 255).astype(np.uint8))
    (clean,), (noisy,) = read_lines(line()), read_lines(photo)
    assert 0 <= (noisy.amax(0) > 0).sum() - (clean.amax(0) > 0).sum() <= 4, "as many columns of ink"


def test_a_line_without_ink_is_refused():
    with pytest.raises(ValueError, match="nothing is drawn"):
        read_lines(Image.new("L", (300, 100), 255))


def strokes(*boxes, size=(120, 400)):
    """Filled boxes (first row, first column, last row, last column) on paper, and their parts."""
    ink = np.zeros(size)
    for top, left, bottom, right in boxes:
        ink[top : bottom + 1, left : right + 1] = 1
    return parts_of(ink > 0, ink)


def test_parts_hang_together_at_corners_and_know_their_boxes():
    mask = np.zeros((6, 9), bool)
    mask[1, 1] = mask[2, 2] = mask[3, 1] = True  # one, by its corners
    mask[1:4, 5] = mask[3, 5:8] = mask[1, 7] = True  # two: the last lies two rows above
    parts = parts_of(mask, mask * 0.5)
    assert sorted(map(tuple, parts.boxes)) == [(1, 1, 3, 2), (1, 5, 3, 7), (1, 7, 1, 7)]
    assert sorted(parts.mass) == [0.5, 1.5, 2.5]
    assert (parts.labels >= 0).sum() == mask.sum()
    assert len(parts_of(np.zeros((3, 3), bool), np.zeros((3, 3))).boxes) == 0


@pytest.mark.parametrize("length", [1, 2, 7, 11])
@pytest.mark.parametrize("turned", [False, True])
def test_running_extremes_are_those_of_every_window(length, turned):
    array = np.random.default_rng(0).integers(0, 99, (11, 17)).astype(np.uint16)
    array = array.T if turned else array
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(array, length, axis)
        assert np.array_equal(running(array, length, axis, np.maximum), windows.max(-1))
        assert np.array_equal(running(array, length, axis, np.minimum), windows.min(-1))


def test_two_lines_that_climb_are_two_lines():
    boxes = [(20 + row - 12 * k, 60 * k, 40 + row - 12 * k, 60 * k + 9)
             for row in (60, 130) for k in range(5)]  # fmt: skip
    parts = strokes(*boxes, size=(200, 320))
    lines = lines_of(parts, np.arange(10))
    assert [len(line) for line in lines] == [5, 5]
    assert slope_of(parts.boxes[lines[0]]) == pytest.approx(-0.2)


@pytest.mark.parametrize(("row", "in_lines"), [(43, [6, 5]), (64, [5, 5]), (85, [5, 6])])
def test_a_speck_is_of_a_line_only_where_it_is_near_to_it(row, in_lines):
    boxes = [(top, 60 * k, top + 20, 60 * k + 9) for top in (20, 90) for k in range(5)]
    parts = strokes(*boxes, (row, 35, row + 2, 37), size=(120, 320))
    assert [len(line) for line in lines_of(parts, np.arange(11))] == in_lines


def test_a_level_line_keeps_its_columns_and_loses_its_slope():
    ink = np.zeros((80, 200))
    for column in range(0, 200, 10):
        ink[30 + column // 10 : 40 + column // 10, column] = 1
    level = levelled(ink, 0.1)
    assert level.sum() == ink.sum()
    assert (level.any(0) == ink.any(0)).all()
    assert level.any(1).sum() <= 11


def test_parts_over_each_other_are_one_character():
    parts = strokes((10, 20, 20, 60), (30, 24, 90, 34), (10, 80, 90, 90))
    line = sorted(range(3), key=lambda part: parts.boxes[part, 1])
    characters = characters_of(parts, line)
    assert [len(character) for character in characters] == [2, 1]


def test_characters_are_put_side_by_side_wherever_they_stood():
    one, other = np.zeros((4, 30)), np.zeros((4, 30))
    one[:, 3:6], other[2, 5:7] = 1, 1
    assert spaced([one, other]).any(0).tolist() == 2 * [0] + 3 * [1] + 4 * [0] + 2 * [1] + 2 * [0]
    assert spaced([one, other])[0].sum() == 3
