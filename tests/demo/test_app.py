"""What app.py serves, in a browser: the page, which asks the server nothing, and figures."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason='the demo needs gradio: pip install ".[demo]"')
pytest.importorskip("playwright", reason='the browser needs playwright: pip install ".[test]"')

import httpx
from playwright.sync_api import Page, expect

from paper_lenet5.demo.figures import page as text_of_figures
from paper_lenet5.demo.figures import sections
from tests import ROOT
from tests.doubles.demo_server import served
from tests.doubles.visitor import PHONE, STROKES, draw, fingers, offline, touch

LAYERS = ["input", "c1", "s2", "c3", "s4", "c5", "f6"]
SCREENS = {"phone": (390, 844), "tablet": (820, 1180), "laptop": (1440, 800)}


@pytest.fixture(scope="module")
def places():
    with served() as address:
        yield {"app": f"{address}/"}


@pytest.fixture
def url(places):
    return places["app"]


def said(page: Page):
    return page.locator("#answer .digit")


def pixels(page: Page, canvas: str) -> str:
    return page.locator(canvas).first.evaluate("canvas => canvas.toDataURL()")


# --- the process -----------------------------------------------------------------------------------


def test_what_is_imported_and_not_served_leaves_nothing_and_changes_nothing(tmp_path):
    code = "import os; before = dict(os.environ); import app; assert os.environ == before"
    environment = os.environ | {"TMPDIR": str(tmp_path), "GRADIO_TEMP_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_without_gradio_app_py_says_what_brings_it_and_with_help_what_it_does():
    code = "import sys; sys.modules['gradio'] = None; exec(open('app.py').read())"
    run = partial(subprocess.run, cwd=ROOT, capture_output=True, text=True)
    without = run([sys.executable, "-c", code])
    assert (without.returncode, without.stdout) == (1, "")
    assert without.stderr == 'This needs gradio: pip install "paper-lenet5[demo]"\n'
    assert "Serves a page" in run([sys.executable, "app.py", "--help"]).stdout


@pytest.mark.parametrize("there", [True, False])
def test_what_is_sent_lies_in_a_folder_of_its_own_as_long_as_it_is_served(
    there, tmp_path, monkeypatch
):
    """In the user's own folder for Gradio, where nothing else is touched."""
    own = tmp_path / "gradio"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(own))
    if there:
        own.mkdir()
        (own / "mine.png").write_bytes(b"a picture of another program")
    before = {path.name for path in own.glob("*")}
    with served(log=tmp_path / "log") as address:
        (sent,) = own.glob("lenet5-*")
        file = {"files": ("digit.png", b"sent")}
        (path,) = httpx.post(f"{address}/gradio_api/upload", files=file).json()
        assert sent in Path(path).parents
    assert {path.name for path in own.glob("*")} == before


def test_figures_are_served_where_no_path_leads_to_them_from_the_working_folder(url, monkeypatch):
    def on_another_drive(path):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", on_another_drive)
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", text_of_figures())
    assert pictures[0].startswith(f"gradio_api/file={ROOT.as_posix()}/")
    assert httpx.get(f"{url}{pictures[0]}").headers["Content-Type"] == "image/png"


# --- drawing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("digit", STROKES)
def test_a_digit_drawn_with_the_mouse_gets_its_label(page, digit):
    draw(page, STROKES[digit])
    expect(said(page)).to_have_text(digit)
    expect(page.locator("#ten li").first).to_have_attribute("data-digit", digit)


def test_a_digit_drawn_by_touch_gets_its_label(visit):
    page = visit(**PHONE)
    touch(page, STROKES["4"])
    expect(said(page)).to_have_text("4")


def test_the_server_is_asked_nothing_while_one_draws(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    draw(page, STROKES["7"])
    expect(said(page)).to_have_text("7")
    page.get_by_role("button", name="Example: 6").click()
    expect(said(page)).to_have_text("6")
    assert not asked


def test_the_answer_is_there_while_the_line_is_still_being_drawn(page):
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 300, steps=20)
    expect(said(page)).to_have_text("1")
    page.mouse.up()


def test_a_digit_that_fills_the_pad_from_edge_to_edge_is_read(page):
    draw(page, [[(110, 3), (70, 3), (3, 140), (20, 277), (110, 200), (3, 180)]])
    expect(said(page)).to_have_text("6")


def test_undo_takes_back_one_line_after_the_other_and_clear_too(page):
    draw(page, STROKES["1"])
    expect(said(page)).to_have_text("1")
    before = pixels(page, "#pad")
    draw(page, [[(60, 60), (220, 60), (220, 220), (60, 220), (60, 60)]])
    assert pixels(page, "#pad") != before
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    assert pixels(page, "#pad") == before
    page.get_by_role("button", name="Clear").click()
    expect(said(page)).to_be_empty()
    undo.click()
    assert pixels(page, "#pad") == before
    expect(said(page)).to_have_text("1")
    undo.click()
    expect(page.locator(".hint")).to_be_visible()
    expect(undo).to_be_disabled()


def test_a_second_finger_draws_nothing(visit):
    page = visit(**PHONE)
    box = page.locator("#pad").bounding_box()
    first, second, third = (
        (box["x"] + x, box["y"] + y) for x, y in ((60, 60), (220, 220), (220, 100))
    )
    session = page.context.new_cdp_session(page)
    fingers(session, "touchStart", first)
    before = pixels(page, "#pad")
    fingers(session, "touchStart", first, second)
    fingers(session, "touchMove", first, third)
    fingers(session, "touchEnd")
    assert pixels(page, "#pad") == before


def test_every_example_of_a_digit_is_that_digit(page):
    for digit in "3150628974":
        page.get_by_role("button", name=f"Example: {digit}", exact=True).click()
        expect(said(page)).to_have_text(digit)


def test_the_maps_inside_are_those_of_the_drawing(page):
    page.get_by_role("button", name="Example: 4").click()
    page.locator("#inside").scroll_into_view_if_needed()
    layers = [f"#inside [data-layer={name}] canvas" for name in LAYERS]
    before = [pixels(page, layer) for layer in layers]
    page.get_by_role("button", name="Example: 0").click()
    page.locator("#inside").scroll_into_view_if_needed()
    for layer, earlier in zip(layers, before, strict=True):
        page.wait_for_function(
            "([canvas, before]) => document.querySelector(canvas).toDataURL() !== before",
            arg=[layer, earlier],
        )


def test_without_its_server_the_page_goes_on(page):
    offline(page)
    draw(page, STROKES["7"])
    expect(said(page)).to_have_text("7")
    page.context.set_offline(False)


def test_the_drawing_is_there_again_when_the_page_is_loaded_again(page):
    draw(page, STROKES["7"])
    expect(said(page)).to_have_text("7")
    before = pixels(page, "#pad")
    page.reload()
    expect(said(page)).to_have_text("7")
    assert pixels(page, "#pad") == before


# --- the figures -----------------------------------------------------------------------------------


def figures(page: Page) -> Page:
    page.get_by_role("link", name="The figures").click()
    expect(page.locator("#figures button").first).to_be_visible()
    return page


def test_the_figures_are_shown_with_their_words(page):
    figures(page)
    for title, _ in sections():
        begins = re.compile(f"^{re.escape(title)}")
        page.locator("#figures").get_by_role("button", name=begins).click()
    pictures = page.locator("#figures img")
    expect(pictures.last).to_be_visible()
    for picture in pictures.all():
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 300", arg=picture.element_handle()
        )


def test_the_figures_lead_back_to_the_drawing(page, complaints):
    figures(page).get_by_role("link", name="Draw a digit").click()
    expect(page.locator("#pad")).to_be_visible()
    complaints.clear()  # leaving breaks off what was still being asked, and Gradio complains of that


def test_the_endpoints_are_told_of(page, complaints):
    figures(page).get_by_role("button", name="Use via API").click()
    for endpoint in ("/classify", "/read_string"):
        expect(page.get_by_text(endpoint, exact=True).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert all("Failed to load" in said for said in complaints), complaints
    complaints.clear()  # Gradio asks for MCP's tools and for statistics, whether there are any or not


# --- screens, light and dark, keyboard -------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_everybody_can_read_the_figures_on_every_screen(visit, barriers, screen, scheme):
    width, height = SCREENS[screen]
    page = figures(visit(viewport={"width": width, "height": height}, color_scheme=scheme))
    page.locator("#figures button").first.click()
    expect(page.locator("#figures img").first).to_be_visible()
    assert not barriers(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    background = page.locator(".gradio-container").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    light = sum(map(int, re.findall(r"\d+", background)[:3]))
    assert light > 600 if scheme == "light" else light < 120


def test_the_keyboard_reaches_the_pad_and_then_the_examples(page):
    reached = []
    while "Example: 7" not in reached:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        assert len(reached) < 40
    assert any(name and name.startswith("Pad: draw a digit") for name in reached)
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text("7")


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "identity"])
def test_the_page_comes_whole_and_packed_for_whom_that_is_good(url, accepted):
    answer = httpx.get(url, headers={"Accept-Encoding": accepted}, timeout=60)
    assert answer.headers.get("Content-Encoding") == (None if accepted == "identity" else "gzip")
    assert answer.text.rstrip().endswith("</html>")
