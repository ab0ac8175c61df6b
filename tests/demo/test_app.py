"""The demo in a browser: it is drawn, clicked and typed as visitors do."""

import base64
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason='the demo needs gradio: pip install ".[demo]"')
pytest.importorskip("playwright", reason='the browser needs playwright: pip install ".[test]"')

import httpx
from playwright.sync_api import Page, expect

from demo import digits
from demo.results import sections
from tests import ROOT
from tests.doubles.demo_server import CHROMIUM, served

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason=f"no {CHROMIUM}: apt-get install chromium"
)
expect.set_options(timeout=60_000)
LAYERS = ["input", "c1", "s2", "c3", "s4", "c5", "f6"]
TABS = ["draw", "inside", "then", "several", "misses", "results"]
STROKES = {  # on a pad of 280x280
    "1": [[(140, 50), (138, 230)]],
    "0": [[(140, 50), (95, 75), (75, 140), (95, 205), (140, 230), (185, 205), (205, 140), (185, 75),
           (140, 50)]],
    "7": [[(75, 60), (205, 60), (170, 130), (140, 230)]],
    "4": [[(95, 50), (80, 145), (200, 145)], [(180, 55), (175, 235)]],
}  # fmt: skip


@pytest.fixture(scope="module")
def url():
    with served() as address:
        yield address


@pytest.fixture
def complaints():
    """What pages said went wrong, and whom else than us they asked; in the end there may be nothing."""
    complaints = []
    yield complaints
    assert not complaints


@pytest.fixture
def visit(url, browser, complaints):
    """Open the page; its complaints are heard until the test is over."""
    contexts = []

    def visit(**options) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: None if ours(r.url) else complaints.append(r.url))
        page.goto(url)
        expect(page.locator("#answer .digit")).to_have_text("4")  # what is on the pad at first
        return page

    def ours(address: str) -> bool:
        return address.startswith((url, url.replace("127.0.0.1", "localhost"), "data:", "blob:"))

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit):
    return visit()


PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}


def open_tab(page: Page, name: str) -> None:
    page.locator(f"#tab-{name}-button").click()
    expect(page.locator(f"#tab-{name}")).to_be_visible()


def points(page: Page, strokes: list, pad: str = "#pad", left: float = 0) -> list:
    """Places on the page of points on the pad."""
    canvas = page.locator(f"{pad} canvas").first
    canvas.scroll_into_view_if_needed()
    box, width = canvas.bounding_box(), canvas.evaluate("canvas => canvas.width")
    scale = box["width"] / width
    return [
        [(box["x"] + scale * (left + x), box["y"] + scale * y) for x, y in line] for line in strokes
    ]


def draw(page: Page, strokes: list, **where) -> None:
    for first, *others in points(page, strokes, **where):
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point, steps=6)
        page.mouse.up()


def touch(page: Page, strokes: list) -> None:
    session = page.context.new_cdp_session(page)

    def send(kind: str, *places: tuple) -> None:
        touches = [{"x": x, "y": y} for x, y in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    for first, *others in points(page, strokes):
        send("touchStart", first)
        before = first
        for point in others:
            for k in range(1, 7):
                send(
                    "touchMove",
                    tuple(a + (b - a) * k / 6 for a, b in zip(before, point, strict=True)),
                )
            before = point
        send("touchEnd")


def pixels(page: Page, canvas: str) -> str:
    return page.locator(canvas).first.evaluate("canvas => canvas.toDataURL()")


def becomes_other(page: Page, canvas: str, before: str) -> None:
    page.wait_for_function(
        "([canvas, before]) => document.querySelector(canvas).toDataURL() !== before",
        arg=[canvas, before],
    )


# --- drawing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("digit", STROKES)
def test_a_digit_drawn_with_the_mouse_gets_its_label(page, digit):
    draw(page, STROKES[digit])
    expect(page.locator("#answer .digit")).to_have_text(digit)
    expect(page.locator("#answer .bitmaps li").first).to_have_attribute("data-digit", digit)


@pytest.mark.parametrize("digit", STROKES)
def test_a_digit_drawn_by_touch_gets_its_label(visit, digit):
    page = visit(**PHONE)
    touch(page, STROKES[digit])
    expect(page.locator("#answer .digit")).to_have_text(digit)


def test_the_answer_is_there_while_the_line_is_still_being_drawn(page):
    (line,) = points(page, STROKES["1"])
    page.mouse.move(*line[0])
    page.mouse.down()
    page.mouse.move(*line[1], steps=20)
    expect(page.locator("#answer .digit")).to_have_text("1")
    page.mouse.up()


def test_a_digit_that_fills_the_pad_from_edge_to_edge_is_read(page):
    draw(page, [[(110, 3), (70, 3), (3, 140), (20, 277), (110, 200), (3, 180)]])
    expect(page.locator("#answer .digit")).to_have_text("6")


def test_clear_empties_the_pad_and_the_answer(page):
    draw(page, STROKES["7"])
    page.get_by_role("button", name="Clear").first.click()
    expect(page.locator("#answer .digit")).to_be_empty()
    expect(page.locator("#answer .detail")).to_contain_text("Draw a digit")
    expect(page.locator("#pad .hint")).to_be_visible()


def test_undo_takes_back_one_line_after_the_other_and_clear_too(page):
    draw(page, STROKES["1"])
    expect(page.locator("#answer .digit")).to_have_text("1")
    before = pixels(page, "#pad canvas")
    draw(page, [[(60, 60), (220, 60), (220, 220), (60, 220), (60, 60)]])
    assert pixels(page, "#pad canvas") != before
    undo = page.get_by_role("button", name="Undo").first
    undo.click()
    assert pixels(page, "#pad canvas") == before
    page.get_by_role("button", name="Clear").first.click()
    undo.click()
    assert pixels(page, "#pad canvas") == before
    expect(page.locator("#answer .digit")).to_have_text("1")
    undo.click()
    expect(page.locator("#answer .digit")).to_have_text("4")  # the picture of the beginning
    expect(undo).to_be_disabled()


def test_a_second_finger_draws_nothing(visit):
    page = visit(**PHONE)
    ((first, second, third),) = points(page, [[(60, 60), (220, 220), (220, 100)]])
    session = page.context.new_cdp_session(page)

    def send(kind: str, *places: tuple) -> None:
        touches = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", first)
    before = pixels(page, "#pad canvas")
    send("touchStart", first, second)
    send("touchMove", first, third)
    send("touchEnd")
    assert pixels(page, "#pad canvas") == before


# --- every tab and its examples --------------------------------------------------------------------


def test_every_example_of_a_digit_is_that_digit(page):
    for digit in "3150628974":
        page.get_by_role("button", name=f"Example: {digit}", exact=True).click()
        expect(page.locator("#answer .digit")).to_have_text(digit)


def test_a_letter_is_none_of_these(page):
    page.get_by_role("button", name="Example: the letter X").click()
    expect(page.locator("#answer .lead")).to_have_text("None of these")
    expect(page.locator("#answer .detail")).to_contain_text("Closest:")


def test_the_penalties_are_in_order_and_each_bitmap_has_one(page):
    page.get_by_role("button", name="Example: 2", exact=True).click()
    expect(page.locator("#answer .digit")).to_have_text("2")
    penalties = [float(text) for text in page.locator("#answer .penalty").all_inner_texts()]
    assert len(penalties) == 10
    assert penalties == sorted(penalties)


def test_the_maps_inside_are_those_of_the_drawing(page):
    open_tab(page, "inside")
    layers = [f'#inside canvas[data-layer="{name}"]' for name in LAYERS]
    before = [pixels(page, layer) for layer in layers]
    page.get_by_role("button", name="Example: 0", exact=True).click()
    for layer, earlier in zip(layers, before, strict=True):
        becomes_other(page, layer, earlier)


def test_a_map_of_c3_shows_what_table_i_lets_it_look_at(page):
    open_tab(page, "inside")
    page.get_by_role("button", name="C3 map 6, looks at S2 maps 0, 1, 2 and 3").click()
    expect(page.locator("#inside .looks")).to_have_text("C3 map 6 looks at S2 maps 0, 1, 2 and 3.")
    expect(page.locator("#inside .cross.on")).to_have_count(4)
    expect(page.locator("#inside .cross")).to_have_count(60)
    page.get_by_role("button", name="Example: 0", exact=True).click()
    expect(page.locator("#inside .cross.on")).to_have_count(4)  # the choice stays


def test_both_networks_answer_and_the_sliders_change_what_they_see(page):
    open_tab(page, "then")
    page.get_by_role("button", name="Example: 6", exact=True).click()
    expect(page.locator("#then .then-answer .digit")).to_have_text("6")
    expect(page.locator("#then .now-answer .digit")).to_have_text("6")
    expect(page.locator("#then .agree")).to_have_text("They agree.")
    expect(page.locator("#then .strip i")).to_have_text([re.compile(r"\d")] * (4 * 2 * 13))
    before = pixels(page, "#then [data-seen]")
    slider = page.get_by_label("Rotation, degrees")
    slider.fill("60")
    becomes_other(page, "#then [data-seen]", before)
    along = page.locator('#then [data-name="rotation"] .row').first.locator("i")
    expect(page.locator("#then .then-answer .digit")).to_have_text(along.last.inner_text())
    page.get_by_role("button", name="Reset sliders").click()
    expect(page.locator("#then .then-answer .digit")).to_have_text("6")
    expect(slider).to_have_value("0")


@pytest.mark.parametrize("number", ["1998", "42", "2345", "70168"])
def test_a_string_is_read(page, number):
    open_tab(page, "several")
    page.get_by_role("button", name=f"Example: {number}").click()
    expect(page.locator("#sweep .digit")).to_have_text(number)
    assert "".join(page.locator("#sweep .answers b").all_inner_texts()) == number


def test_a_drawn_string_is_read(page):
    open_tab(page, "several")
    draw(page, STROKES["1"], pad="#string-pad", left=0)
    draw(page, STROKES["0"], pad="#string-pad", left=180)
    draw(page, STROKES["7"], pad="#string-pad", left=400)
    expect(page.locator("#sweep .digit")).to_have_text("107")
    page.locator("#string-pad").get_by_role("button", name="Clear").click()
    expect(page.locator("#sweep .digit")).to_be_empty()


def test_a_miss_goes_onto_the_pad_and_is_missed(page):
    open_tab(page, "misses")
    known = json.loads((ROOT / "demo/digits.json").read_text())["digits"]
    digit = next(d for d in known if d["ours"] is not None and d["in_1998"] is not None)
    expect(page.locator("#misses .grid button:visible")).to_have_count(
        sum(d["ours"] is not None for d in known)
    )
    page.get_by_role("button", name=f"Test digit {digit['index']},").click()
    expect(page.locator("#tab-draw")).to_be_visible()
    expect(page.locator("#answer .bitmaps li").first).to_have_attribute(
        "data-digit", str(digit["ours"])
    )


def test_the_papers_82_misses_can_be_shown(page):
    open_tab(page, "misses")
    page.get_by_text("The paper’s 82").click()
    expect(page.locator("#misses .grid button:visible")).to_have_count(82)


def test_the_results_are_those_of_the_records(page):
    open_tab(page, "results")
    table = json.loads((ROOT / "results/table1.json").read_text())
    rows = page.locator(".results tbody tr")
    expect(rows).to_have_count(len(table))
    expect(rows.first).to_contain_text(f"{table[0]['test_error']:.3f}")
    for title, _ in sections():
        begins = re.compile(f"^{re.escape(title)}")
        page.locator("#figures").get_by_role("button", name=begins).click()
    pictures = page.locator("#figures img")
    expect(pictures.last).to_be_visible()
    for picture in pictures.all():
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 300", arg=picture.element_handle()
        )


# --- a server that goes away, a page that is loaded again ------------------------------------------


def test_without_its_server_the_page_says_that_the_answer_is_an_earlier_one(browser, url):
    """And when it is back there is an answer to what was drawn meanwhile."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#answer .digit")).to_have_text("4")
    context.set_offline(True)
    draw(page, STROKES["7"])
    expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    assert float(page.locator("#answer .answer").evaluate("e => getComputedStyle(e).opacity")) < 0.5
    context.set_offline(False)
    expect(page.locator("#answer .digit")).to_have_text("7")
    expect(page.locator("#away")).to_have_count(0)
    expect(page.locator("#answer .answer")).to_have_css("opacity", "1")
    context.close()


def test_drawing_and_tab_are_there_again_when_the_page_is_loaded_again(page, complaints):
    draw(page, STROKES["7"])
    expect(page.locator("#answer .digit")).to_have_text("7")
    before = pixels(page, "#pad canvas")
    open_tab(page, "inside")
    assert not complaints
    page.reload()
    complaints.clear()  # leaving breaks off what was still being asked, and Gradio complains of that
    expect(page.locator("#tab-inside")).to_be_visible()
    assert pixels(page, "#pad canvas") == before
    open_tab(page, "draw")
    expect(page.locator("#answer .digit")).to_have_text("7")


def test_a_penalty_beyond_the_longest_bar_is_seen_to_be(page):
    page.get_by_role("button", name="Example: 7", exact=True).click()
    expect(page.locator("#answer .digit")).to_have_text("7")
    for item in page.locator("#answer .bitmaps li").all():
        beyond = float(item.locator(".penalty").inner_text()) > 160
        assert ("beyond" in (item.get_attribute("class") or "")) == beyond
    assert page.locator("#answer .beyond").count()


# --- screens, light and dark, keyboard -------------------------------------------------------------


def test_a_phone_needs_no_sideways_scrolling(visit):
    page = visit(**PHONE)
    for name in TABS:
        open_tab(page, name)
        wide = page.evaluate(
            "[...document.querySelectorAll('.gradio-container *')].filter(e =>"
            " !e.closest('.scroll, .examples, .visually-hidden, table, pre') &&"
            " e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
        )
        assert not wide, name
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name


CONTRAST = """element => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = numbers(colour).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  const clear = (e) => numbers(getComputedStyle(e).backgroundColor)[3] === 0;
  while (clear(behind)) behind = behind.parentElement;
  const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(light);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_the_page(visit, scheme):
    page = visit(color_scheme=scheme)
    texts = {
        "draw": "#header h1, #header h1 span, #header p, [role=tab], #answer p, #answer figcaption, "
        "#answer .penalty, #answer .name, #pad .tools button:enabled",
        "inside": "#inside h2, #inside p, #inside figcaption",
        "then": "#then p, #then label, #then .strip i",
        "several": "#sweep p, #sweep b",
        "misses": "#misses p, #misses .choices span, #misses .grid button:visible span",
        "results": ".results th, .results td, #figures p",
    }
    for name, selectors in texts.items():
        open_tab(page, name)
        for element in page.locator(f":is({selectors}):visible").all():
            assert element.evaluate(CONTRAST) >= 4.5, element.evaluate(
                "e => e.outerHTML.slice(0, 120)"
            )


def test_dark_is_dark_and_light_is_light(visit):
    background = "getComputedStyle(document.querySelector('.gradio-container')).backgroundColor"
    brightness = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        brightness[scheme] = sum(map(int, re.findall(r"\d+", page.evaluate(background))[:3]))
    assert brightness["light"] > 600
    assert brightness["dark"] < 120


def test_the_keyboard_reaches_the_pad_the_examples_and_the_tabs_in_this_order(page):
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.title || "
            "document.activeElement.innerText).trim()"
        ))  # fmt: skip
        if reached[-1] == "Example: 7":
            page.keyboard.press("Enter")
    pad, clear = reached.index("Pad to draw a digit on. Examples follow."), reached.index("Clear")
    assert pad < clear < reached.index("Example: 0") < reached.index("Draw")
    expect(page.locator("#answer .digit")).to_have_text("7")


def test_headings_skip_no_level(page):
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_a_name_begins_with_what_is_written_on_the_button(page):
    open_tab(page, "misses")
    for button in page.locator("#misses .grid button:visible").all():
        assert button.get_attribute("aria-label").startswith(button.inner_text().strip())


def test_the_marked_misses_stand_out_in_the_dark(visit):
    """The frame is not turned round with the picture."""
    page = visit(color_scheme="dark")
    open_tab(page, "misses")
    marked = page.locator("#misses [data-in~=paper]:visible i").first
    assert marked.evaluate("e => getComputedStyle(e).filter") == "none"
    assert "rgb(255, 143, 87)" in marked.evaluate("e => getComputedStyle(e).boxShadow")


def test_a_tablet_has_pad_and_answer_side_by_side(visit):
    page = visit(viewport={"width": 820, "height": 1180})
    pad, answer = (page.locator(place).bounding_box() for place in ("#pad", "#answer"))
    assert pad["x"] + pad["width"] <= answer["x"]
    for name in TABS:
        open_tab(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") == 820, name


def test_the_page_comes_compressed_and_has_its_pictures_once(url):
    answer = httpx.get(url, headers={"Accept-Encoding": "gzip"}, timeout=60)
    assert answer.headers["Content-Encoding"] == "gzip"
    sheet = base64.b64encode(digits.SHEET.read_bytes()).decode()
    assert answer.text.count(sheet[1000:2000]) == 1


def test_what_is_not_text_has_a_name(page):
    for name in TABS:
        open_tab(page, name)
        nameless = page.evaluate(
            "[...document.querySelectorAll('canvas, img, button, input')].filter(e =>"
            " e.checkVisibility() && !e.closest('[aria-hidden=true]') &&"
            " !(e.getAttribute('aria-label') || e.alt || e.innerText || e.labels?.length))"
            ".map(e => e.outerHTML.slice(0, 90))"
        )
        assert not nameless, name


def test_the_answer_is_announced(page):
    expect(page.locator("#answer [role=status]")).to_contain_text("The closest bitmap")
