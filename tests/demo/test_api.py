"""The demo's endpoints: what they give, and what they say to bad input."""

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("gradio", reason='the demo needs gradio: pip install ".[demo]"')

import gradio as gr
import httpx
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from paper_lenet5 import LeNet5, pictures, preprocess
from paper_lenet5.demo import api, changes, digits
from paper_lenet5.demo.networks import lenet5, look, read
from tests import ROOT
from tests.doubles.demo_server import served

NUMBERS = ("1998", "42", "2345", "70168")
UNCHANGED = {name: slider.same for name, slider in changes.SLIDERS.items()}


@pytest.fixture(scope="module")
def url():
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    client = Client(url, verbose=False)
    yield client
    client.close()


@pytest.fixture
def file_of(tmp_path):
    """Write bytes, or a picture as a PNG, to a file that a client can send."""

    def file_of(content: bytes | Image.Image, name: str = "picture.png"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content.save(path)
        return handle_file(str(path))

    return file_of


def printed(image: torch.Tensor) -> Image.Image:
    return Image.fromarray(255 - image.numpy())


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it has side x side pixels, and holds them."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side // 8)) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# --- what they give --------------------------------------------------------------------------------


@pytest.mark.parametrize("digit", range(10))
def test_classify_says_what_the_network_says(client, file_of, digit):
    image = digits.examples()[digit]
    answer = client.predict(file_of(printed(image)), api_name="/classify")
    x = preprocess(image[None])
    penalties = LeNet5.from_pretrained("lenet5-1998-distortions")(x)[0]
    assert answer["digit"] == answer["closest"] == digit
    assert answer["penalties"] == pytest.approx(penalties.tolist(), rel=1e-4)
    first, second, *_ = sorted(answer["penalties"])
    assert answer["margin"] == pytest.approx(second - first)
    assert np.shape(answer["f6"]) == (12, 7)
    f6 = lenet5().states(x)["f6"].flatten()
    assert np.ravel(answer["f6"]) == pytest.approx(f6.tolist(), rel=1e-4)


def test_classify_says_none_of_these_to_a_cross(client, file_of):
    cross = np.full((100, 100), 255, np.uint8)
    cross[np.abs(np.arange(100)[:, None] - np.arange(100)) < 7] = 0
    cross = np.minimum(cross, cross[:, ::-1])
    answer = client.predict(file_of(Image.fromarray(cross)), api_name="/classify")
    assert (answer["digit"], answer["certainty"]) == (None, "none")
    assert answer["penalties"][answer["closest"]] == min(answer["penalties"])


@pytest.mark.parametrize("number", NUMBERS)
def test_read_string_reads_digits_side_by_side(client, file_of, number):
    answer = client.predict(file_of(printed(digits.string(number))), api_name="/read_string")
    assert answer["text"] == number
    assert len(answer["answers"]) == len(answer["read"])


def test_the_endpoints_have_names_types_and_descriptions(client):
    known = client.view_api(return_format="dict")["named_endpoints"]
    assert set(known) == {"/classify", "/read_string"}
    for endpoint in known.values():
        assert endpoint["description"]
        (parameter,) = endpoint["parameters"]
        assert parameter["parameter_name"] == "picture"
        assert parameter["python_type"]["type"] == "filepath"
        assert endpoint["returns"][0]["type"]["type"] == "object"


# --- bad input -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bad_files():
    grey = io.BytesIO()
    Image.fromarray(np.full((8, 8), np.nan, np.float32)).save(grey, "TIFF")
    paper = io.BytesIO()
    Image.new("L", (280, 280), 255).save(paper, "PNG")
    return {
        "no picture": (b"this is no picture", "cannot be read as a picture"),
        "empty file": (b"", "cannot be read as a picture"),
        "cut off": (paper.getvalue()[:60], "cannot be read as a picture"),
        "bomb": (bomb(30_000), "more than 25,000,000 pixels"),
        "huge": (bomb(6_000), "more than 25,000,000 pixels"),
        "nothing drawn": (paper.getvalue(), "nothing is drawn"),
        "NaN": (grey.getvalue(), "cannot be read as a picture."),
        "companion": (
            b"\0\5\x16\7" + bytes(80),
            "(a companion file of macos, which has no picture in it).",
        ),
    }


@pytest.mark.parametrize("endpoint", ["/classify", "/read_string"])
@pytest.mark.parametrize(
    "kind",
    ["no picture", "empty file", "cut off", "bomb", "huge", "nothing drawn", "NaN", "companion"],
)
def test_a_bad_file_gets_one_sentence_and_the_server_goes_on(
    client, file_of, bad_files, kind, endpoint
):
    content, words = bad_files[kind]
    with pytest.raises(AppError) as refused:
        client.predict(file_of(content), api_name=endpoint)
    assert words in str(refused.value).lower()
    assert_one_sentence(str(refused.value))
    good = file_of(printed(digits.examples()[2]), "good.png")
    assert client.predict(good, api_name="/classify")["digit"] == 2


def test_classify_sends_several_digits_to_the_endpoint_that_reads_them(client, file_of):
    with pytest.raises(AppError, match="side by side: use /read_string") as refused:
        client.predict(file_of(printed(digits.string("42"))), api_name="/classify")
    assert_one_sentence(str(refused.value))


@pytest.mark.parametrize("value", [None, 5, "x", [1, 2], {"no": "file"}])
def test_a_wrong_type_gets_one_sentence(client, value):
    with pytest.raises(AppError, match="Expected the file of a picture") as refused:
        client.predict(value, api_name="/classify")
    assert_one_sentence(str(refused.value))


@pytest.mark.parametrize("path", ["{folder}/digit.png", "{sent}/../digit.png", "{folder}/none"])
@pytest.mark.parametrize("endpoint", [api.classify, api.read_string])
def test_a_picture_on_the_server_that_was_not_sent_is_not_looked_at(
    endpoint, path, tmp_path, monkeypatch
):
    """Gradio checks no path of a request that does not say that it is of a file."""
    sent = tmp_path / "sent"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(sent))
    sent.mkdir()
    for folder in (tmp_path, sent):
        printed(digits.examples()[2]).save(folder / "digit.png")
    assert endpoint({"path": str(sent / "digit.png")}), "one that was sent is"
    with pytest.raises(gr.Error) as refused:
        endpoint({"path": path.format(folder=tmp_path, sent=sent)})
    assert "a path on the server" in refused.value.message
    assert_one_sentence(refused.value.message)


def test_a_path_in_a_request_is_not_looked_at(client):
    with pytest.raises(AppError, match="this is a path on the server"):
        client.predict({"path": str(ROOT / "paper_lenet5/demo/digits.png")}, api_name="/classify")


def test_nan_in_the_request_gets_one_sentence(url):
    calls, json_type = f"{url}/gradio_api/call/classify", {"Content-Type": "application/json"}
    event = httpx.post(calls, content='{"data": [NaN]}', headers=json_type).json()["event_id"]
    said = httpx.get(f"{calls}/{event}", timeout=60).text
    assert "got a value of type float." in said


def test_a_file_over_the_limit_is_not_taken(client, file_of):
    with pytest.raises(Exception, match=r"413|exceed"):
        client.predict(file_of(bytes(6_000_000)), api_name="/classify")


def assert_one_sentence(words: str) -> None:
    assert words[0].isupper()
    assert words.endswith(".")
    assert "\n" not in words
    assert len(words) < 200


# --- what is not given away ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    "app.py", "paper_lenet5/demo/page.py", "/etc/passwd", "../etc/passwd",
    "results/runs/lenet5-1998-seed0.json", "results/figures/../table1.json", "pyproject.toml",
    "paper_lenet5/weights/lenet5-1998.safetensors",
])  # fmt: skip
def test_files_outside_the_figures_are_not_served(url, path):
    assert httpx.get(f"{url}/gradio_api/file={path}", timeout=60).status_code in (403, 404)


def test_the_figures_are_served(url):
    figure = httpx.get(f"{url}/gradio_api/file=results/figures/figure5.png", timeout=60)
    assert figure.content == (ROOT / "results/figures/figure5.png").read_bytes()


def test_analytics_are_off(url):
    assert httpx.get(f"{url}/config", timeout=60).json()["analytics_enabled"] is False


# --- what lies under them ----------------------------------------------------------------------------


def test_a_picture_of_a_test_digit_reaches_the_network_as_it_is():
    """But for the faintest specks; one in a hundred that begins with one is a column further right."""
    known, moved = digits.digits(), 0
    for image, digit in zip(known.images, known.digits, strict=True):
        content = io.BytesIO()
        printed(image).save(content, "PNG")
        seen = pictures.read_picture(content.getvalue())
        if ((seen.int() - image.int()).abs() > 1).sum() <= 7:
            assert look(seen).verdict.closest == (digit.label if digit.ours is None else digit.ours)
        else:
            moved += 1
    assert moved <= len(known.images) / 100


def test_the_recorded_misses_are_the_networks_own():
    known = digits.digits()
    with torch.no_grad():
        answers = lenet5().classify(preprocess(known.images)).tolist()
    for answer, digit in zip(answers, known.digits, strict=True):
        assert answer == (digit.label if digit.ours is None else digit.ours)


def test_a_look_says_what_its_penalties_do():
    seen = look(digits.examples()[6])
    first, second = sorted(seen.penalties)[:2]
    assert seen.penalties.index(first) == seen.verdict.closest == 6
    assert seen.verdict.margin == pytest.approx(second - first)


def test_sliders_at_rest_change_nothing():
    field = preprocess(digits.examples()[:1])
    torch.testing.assert_close(changes.changed(field, [UNCHANGED]), field)


def test_noise_inverts_so_many_pixels_and_more_noise_inverts_them_too():
    field = torch.full((1, 1, 32, 32), -0.1)
    ten, twenty = changes.changed(field, [{**UNCHANGED, "noise": n} for n in (10, 20)]) > 0.5
    assert ten.float().mean() == pytest.approx(0.1, abs=0.03)
    assert twenty.float().mean() == pytest.approx(0.2, abs=0.04)
    assert (twenty | ~ten).all()


def test_the_sliders_move_the_way_their_names_say():
    field = torch.full((1, 1, 32, 32), -0.1)
    field[..., 6:10, 14:18] = 1.175  # above the middle
    moves = {"shift": 6, "rotation": 60, "scale": 0.5}

    def centre(name: str) -> list[float]:
        (moved,) = changes.changed(field, [{**UNCHANGED, name: moves[name]}])[:, 0] + 0.1
        place = torch.arange(32.0) - 15.5
        return [float((moved.sum(axis) * place).sum() / moved.sum()) for axis in (0, 1)]

    assert centre("shift") == pytest.approx([6, -8], abs=0.3)
    assert centre("scale") == pytest.approx([0, -4], abs=0.3)
    right, down = centre("rotation")  # clockwise: what was above is on the right
    assert right == pytest.approx(8 * 3**0.5 / 2, abs=0.3)
    assert down == pytest.approx(-4, abs=0.3)


def test_a_line_on_noisy_paper_is_read():
    """As a camera sees it in the evening: of four lines one may be misread, not all."""
    noise = np.random.default_rng(0)
    seen = []
    for number in NUMBERS:
        line = Image.fromarray(np.pad(digits.string(number).numpy(), 8))
        large = line.resize((8 * line.width, 8 * line.height), Image.Resampling.BICUBIC)
        photo = 215 - 0.85 * np.asarray(large) + noise.normal(0, 15, large.size[::-1])
        content = io.BytesIO()
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(content, "JPEG", quality=80)
        seen.append(read(torch.cat(pictures.read_lines(content.getvalue()), 1))[1].text)
    assert sum(text == number for text, number in zip(seen, NUMBERS, strict=True)) >= 3


def test_the_digits_fit_a_small_file():
    assert digits.SHEET.stat().st_size < 300_000
    assert digits.SHEET.is_relative_to(ROOT / "paper_lenet5/demo")
