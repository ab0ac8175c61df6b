"""The page without a server, in a browser: from a web server and from a file, with no network else."""

import json
import re
import threading
from base64 import b64decode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from PIL import Image, ImageDraw

pytest.importorskip("playwright", reason='the browser needs playwright: pip install ".[test]"')

from playwright.sync_api import Page, expect

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.demo import site
from paper_lenet5.demo.changes import SLIDERS, changed
from paper_lenet5.demo.digits import digits, examples
from paper_lenet5.demo.learning import LEARNING
from paper_lenet5.demo.tables import TABLES
from paper_lenet5.modern import ModernNet
from paper_lenet5.verdict import RUBBISH
from tests import ROOT
from tests.doubles.visitor import PHONE, STROKES, draw, offline

LETTER = [[(70, 60), (210, 220)], [(210, 60), (70, 220)]]
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 900), "wide": (1440, 800)}
TABS = ["draw", "then", "learning", "train", "misses", "results"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    site.build(out)
    return out


@pytest.fixture(scope="module")
def places(folder):
    """Where the page is: as a file, and on a web server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "file": (folder / "index.html").as_uri(),
        "http": f"http://127.0.0.1:{server.server_port}/",
    }
    server.shutdown()
    server.server_close()


def said(page: Page):
    return page.locator("#answer .digit")


def test_the_folder_is_small_and_names_all_its_files(folder):
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert sum(files.values()) < 1_500_000
    text = (folder / "index.html").read_text(encoding="utf-8") + (folder / "worker.js").read_text(
        encoding="utf-8"
    )
    assert "@{" not in text
    for name in files.keys() - {"index.html", "worker.js"}:
        assert f'"{name}"' in text or name in text


@pytest.mark.parametrize("place", ["http", "file"])
def test_a_digit_is_answered_while_it_is_drawn(visit, place):
    page = visit(place)
    for digit, strokes in STROKES.items():
        page.locator("[data-do=clear]").click(force=True) if digit != "1" else None
        draw(page, strokes)
        expect(said(page)).to_have_text(digit)
        expect(page.locator("#answer .lead")).to_have_text(
            re.compile(rf"It is (probably )?a {digit}\.")
        )
        expect(page.locator("#ten li").first).to_have_attribute("data-digit", digit)


def test_a_digit_is_drawn_by_touch(visit):
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    box = page.locator("#pad").bounding_box()
    session = page.context.new_cdp_session(page)
    for x, y in [(75, 60), (140, 60), (205, 60), (185, 100), (170, 130), (155, 180), (140, 230)]:
        at = {"x": box["x"] + x * box["width"] / 280, "y": box["y"] + y * box["width"] / 280}
        kind = "touchStart" if (x, y) == (75, 60) else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(said(page)).to_have_text("7")


def test_what_is_no_digit_is_none_of_the_ten(page):
    draw(page, LETTER)
    expect(said(page)).to_have_text("?")
    expect(page.locator("#answer .lead")).to_have_text("It is none of the ten digits.")


def test_several_digits_are_read_as_a_string(page):
    for k, digit in enumerate("107"):
        draw(
            page, [[(20 + 90 * k + x / 4, 70 + y / 2) for x, y in line] for line in STROKES[digit]]
        )
    expect(said(page)).to_have_text("107")
    assert "".join(page.locator(".track b").all_inner_texts()) == "107"
    expect(page.locator("#steps")).to_be_hidden()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#steps")).to_be_visible()


def test_undo_and_clear(page):
    draw(page, STROKES["1"])
    expect(said(page)).to_have_text("1")
    page.get_by_role("button", name="Clear").click()
    expect(said(page)).to_be_empty()
    expect(page.locator(".hint")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(said(page)).to_have_text("1")


def test_a_digit_draws_itself_until_somebody_draws(page):
    expect(said(page)).to_have_text("3")
    expect(page.locator(".hint")).to_contain_text("Draw a digit here")
    expect(page.locator(".because")).to_contain_text("An example")
    draw(page, STROKES["1"])
    expect(said(page)).to_have_text("1")
    expect(page.locator(".because")).to_contain_text("What it made of your drawing")
    page.wait_for_timeout(6000)
    expect(said(page)).to_have_text("1")


HEARD = """elements => { heard = [];
  for (const each of elements) {
    const hear = () => each.checkVisibility() && heard.push(each.textContent);
    new MutationObserver(hear).observe(each, { childList: true, subtree: true });
  }
}"""


def test_who_does_not_see_hears_finished_answers_alone_and_none_to_what_draws_itself(page):
    page.locator("[role=status], [aria-live=polite]").evaluate_all(HEARD)
    expect(said(page)).to_have_text("3")
    assert page.evaluate("heard") == []
    draw(page, STROKES["7"])
    page.wait_for_function("heard.length")
    assert page.evaluate("heard") == ["It is a 7."]


def test_what_draws_itself_ends_with_its_last_digit_and_where_another_part_is_opened(visit):
    page = visit("http")
    page.evaluate(
        "() => { const at = setTimeout; setTimeout = (act, wait) => at(act, wait / 20); }"
    )
    said(page).evaluate_all(HEARD)
    page.wait_for_function("'342'.split('').every(digit => heard.includes(digit))")
    page.wait_for_timeout(1500)
    expect(said(page)).to_have_text("2")
    page.evaluate("heard = []")
    page.wait_for_timeout(1500)
    assert page.evaluate("heard") == []
    page.get_by_role("link", name="Then and now").click()
    expect(page.locator(".agree")).to_contain_text("Draw one digit")
    page.go_back()
    expect(page.locator(".hint b")).to_be_visible()
    expect(said(page)).to_be_empty()


def test_on_a_phone_both_answers_are_on_the_screen_with_the_pad(visit):
    page = visit(after="#t=then", viewport={"width": 360, "height": 740})
    draw(page, LETTER)
    expect(page.locator(".agree")).to_contain_text("1998 takes it for none of the ten")
    assert page.evaluate("scrollY") == 0
    pad, both = (page.locator(part).bounding_box() for part in ("#pad", ".both"))
    assert pad["y"] + pad["height"] <= both["y"]
    assert both["y"] + both["height"] <= 740
    page.locator(".slider").last.scroll_into_view_if_needed()
    expect(page.locator(".both")).to_be_in_viewport(ratio=1)


def test_arrow_keys_are_told_of_where_there_are_any(visit):
    for options, there in ({}, True), (PHONE, False):
        expect(visit(**options).get_by_text("Arrow keys move it.")).to_be_visible(visible=there)


@pytest.mark.parametrize(("after", "height"), [("", 640), ("?embed", 520)])
def test_on_a_phone_the_answer_is_on_the_screen_with_the_pad(visit, after, height):
    page = visit("http", after, viewport={"width": 360, "height": height})
    draw(page, STROKES["7"])
    expect(said(page)).to_have_text("7")
    assert page.evaluate("scrollY") == 0
    for part in ("#pad", ".verdict", ".tools"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height, part


def test_the_way_to_the_answer_leads_there_on_a_phone_too(visit):
    page = visit(viewport={"width": 360, "height": 640})
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "verdict"


def test_the_layers_of_the_example_are_shown_too(visit):
    page = visit(viewport={"width": 390, "height": 844})
    expect(page.locator("#lens .total")).to_have_count(1)
    assert page.locator("#inside").bounding_box()["y"] > 844 + 200


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_the_hint_lies_below_what_draws_itself(visit, width):
    page = visit(viewport={"width": width, "height": 844}, reduced_motion="reduce")
    expect(page.locator(".hint.aside b")).to_be_visible()
    pad, hint = page.locator("#pad").bounding_box(), page.locator(".hint b").bounding_box()
    lowest = page.evaluate("Math.max(...drawing.OWN.flat(2).map(([, y]) => y)) + drawing.LINE / 2")
    assert pad["y"] + lowest * pad["height"] / 280 < hint["y"]


def test_an_address_holds_the_drawing_and_back_goes_back(visit):
    page = visit("http")
    draw(page, STROKES["7"])
    expect(said(page)).to_have_text("7")
    address = page.url
    page.get_by_role("button", name="Clear").click()
    draw(page, STROKES["0"])
    expect(said(page)).to_have_text("0")
    page.go_back()
    expect(said(page)).to_be_empty()
    page.go_back()
    expect(said(page)).to_have_text("7")
    assert page.url == address
    detail = page.locator("#answer .detail").inner_text()
    other = visit("http", address[address.index("#") :])
    expect(said(other)).to_have_text("7")
    expect(other.locator("#answer .detail")).to_have_text(detail)


@pytest.mark.parametrize(
    "after", ["#d=%%%", "#d=AB", "#d=zzz", "#m=9999&u=c9.1.2.3", "#u=c1.99.0.0", "#s=77"]
)
def test_a_broken_address_is_an_empty_pad_or_what_is_whole_of_it(visit, after):
    visit(after=after)


def test_the_unit_that_is_pointed_at_adds_up_to_pythons_state(visit):
    network = LeNet5.from_pretrained("lenet5-1998-distortions")
    with torch.inference_mode():
        states = network.states(preprocess(digits().images[4][None]))
    units = {"c1": (2, 10, 14), "s2": (3, 6, 7), "c3": (9, 4, 5), "s4": (12, 1, 2), "c5": (40, 0, 0),
             "f6": (17, 0, 0)}  # fmt: skip
    for name, (k, row, column) in units.items():
        page = visit(after=f"#m=4&u={name}.{k}.{row}.{column}")
        state = states[name][0, 0, 0, k] if name == "f6" else states[name][0, k, row, column]
        shown = page.locator("#lens .out b").inner_text().replace("−", "-")
        assert float(shown) == pytest.approx(float(state), abs=0.0051)


@pytest.mark.parametrize("width", [320, 390, 820, 900, 1280])
def test_a_units_patch_weights_and_products_stand_in_line_and_can_be_read(visit, width):
    page = visit(after="#m=4&u=c1.1.14.14", viewport={"width": width, "height": 800})
    grids = page.locator("#lens .grid")
    expect(grids).to_have_count(3)
    places = [grid.bounding_box() for grid in grids.all()]
    assert len({place["x"] for place in places}) == 1 or len({place["y"] for place in places}) == 1
    room = page.locator("#lens .grid i").evaluate_all(
        """cells => Math.min(...cells.map(cell => {
          const words = document.createRange();
          words.selectNodeContents(cell);
          return cell.clientWidth - words.getBoundingClientRect().width;
        }))"""
    )
    assert room > 3


def test_a_map_of_c3_shows_what_table_i_lets_it_look_at(page):
    page.get_by_role("button", name="Example: 4").click()
    page.locator(".layer.c3 [data-map='6'] canvas").first.click()
    expect(page.locator("#lens h3")).to_contain_text("map 6")
    expect(page.locator(".layer.s2 .map.on")).to_have_count(4)
    expect(page.locator(".table canvas.on")).to_have_count(4)
    before = page.locator("#lens h3").inner_text()
    page.locator(".layer.c3 .maps").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#lens h3").inner_text() != before


GREYS = """canvas => {
  const pen = canvas.getContext("2d"), side = canvas.width / 7;
  const ink = (row, column) => pen.getImageData((column + 0.4) * side, (row + 0.4) * side, 1, 1).data[3];
  return Array.from({ length: 84 }, (_, k) => ink(Math.floor(k / 7), k % 7));
}"""
"""How dark each square of a picture of F6 is, 0 to 255."""


def greys(page: Page, picture: str) -> list[int]:
    return page.locator(picture).first.evaluate(GREYS)


def test_f6_has_the_same_greys_wherever_it_is_shown(visit):
    with torch.inference_mode():
        f6 = LeNet5.from_pretrained("lenet5-1998-distortions").states(
            preprocess(digits().images[4][None])
        )["f6"]
    page = visit(after="#m=4&u=f6.0.0.0")
    for picture in ("#answer [data-f6]", ".layer.f6 canvas"):
        shown = greys(page, picture)
        assert shown == pytest.approx((127.5 * (f6.flatten() + 1)).clamp(0, 255).tolist(), abs=1.5)
    out = page.locator("#lens .out i").evaluate("e => +getComputedStyle(e).getPropertyValue('--s')")
    assert 255 * out == pytest.approx(shown[0], abs=1.5)
    film = json.loads(LEARNING.read_text(encoding="utf-8"))["f6"]
    states = torch.frombuffer(bytearray(b64decode(film["values"])), dtype=torch.int8)
    expected = (127.5 * (film["unit"] * states.view(-1, 10, 84)[-1, 7] + 1)).clamp(0, 255).tolist()
    page = visit(after=f"#t=learning&w=7&k={len(states) // 840 - 1}")
    for picture in ("[data-ten] button:nth-child(8) [data-gap]", "#learning [data-f6]"):
        assert greys(page, picture) == pytest.approx(expected, abs=1.5)


def test_a_miss_goes_onto_the_pad_and_is_missed(page):
    miss = next(d for d in digits().digits if d.ours is not None)
    page.get_by_role("link", name="The misses").click()
    page.get_by_role("button", name=f"{miss.label}→{miss.ours}, test digit {miss.index}").click()
    expect(page.locator("#ten li").first).to_have_attribute("data-digit", str(miss.ours))


def test_the_papers_misses_are_marked_and_can_be_chosen(visit):
    page = visit(after="#t=misses", color_scheme="dark")
    known = digits().digits
    buttons = page.locator("#misses .grid button")
    expect(buttons).to_have_count(sum(d.ours is not None for d in known))
    both = [d for d in known if d.ours is not None and d.in_1998 is not None]
    expect(page.locator("#misses .of-1998")).to_have_count(len(both))
    frame = page.locator("#misses .of-1998").first.evaluate("e => getComputedStyle(e).borderColor")
    assert frame == "rgb(255, 143, 87)"
    page.get_by_role("radio", name="The paper’s 82").check()
    expect(buttons).to_have_count(82)
    expect(buttons.first).to_contain_text(
        f"→{next(d.in_1998 for d in known if d.in_1998 is not None)}"
    )
    page.get_by_role("radio", name=f"Both, {len(both)}").check()
    expect(buttons).to_have_count(len(both))


def test_a_word_is_explained_on_hover_focus_and_tap(page):
    draw(page, STROKES["1"])
    word = page.locator("#answer [data-word=penalty]")
    word.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("eq. 7")
    expect(page.get_by_role("tooltip")).to_contain_text(f"does not give; here it is {RUBBISH:g}.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    page.locator("#answer [data-word=F6]").focus()
    expect(page.get_by_role("tooltip")).to_contain_text("84 units")


def test_the_walk_has_six_steps_and_ends(page):
    page.get_by_role("button", name="Walk me through it").click()
    walk = page.locator("#walk")
    for step in range(1, 7):
        expect(walk.locator(".count")).to_have_text(f"{step} of 6")
        expect(page.locator(".lit")).to_have_count(1)
        walk.locator("[data-do=next]").click()
    expect(walk).to_be_hidden()


def test_the_walk_goes_on_without_the_drawing_and_only_where_it_leads(page):
    draw(page, STROKES["7"])
    page.get_by_role("button", name="Walk me through it").click()
    page.locator("#drawing [data-do=clear]").click()
    page.locator("#walk [data-do=next]").click()
    expect(page.locator("#walk .count")).to_have_text("2 of 6")
    expect(page.locator("#lens h3")).to_contain_text("C1")
    page.get_by_role("link", name="Results").click()
    expect(page.locator("#walk")).to_be_hidden()
    page.get_by_role("link", name="Draw").click()
    expect(page.locator("#walk")).to_be_visible()


def test_the_parts_are_in_the_address_and_back_goes_back(visit):
    page = visit("http", "#m=4")
    page.get_by_role("link", name="Watch it learn").click()
    expect(page.get_by_role("heading", name="Watch it learn")).to_be_visible()
    expect(page.locator("#pad")).to_be_hidden()
    assert "t=learning" in page.url
    assert page.title().startswith("Watch it learn")
    page.get_by_role("link", name="The misses").click()
    page.go_back()
    expect(page.get_by_role("heading", name="Watch it learn")).to_be_visible()
    page.go_back()
    expect(said(page)).to_have_text("4")
    expect(page.locator("#pad")).to_be_visible()


# --- watching it learn ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["http", "file"])
def test_the_film_of_a_training_ends_with_the_networks_closeness(visit, place):
    page = visit(place, "#t=learning")
    slider = page.get_by_label("Moment of the training")
    expect(page.locator("[data-when]")).to_have_text("Before it has seen any")
    slider.press("End")
    expect(page.locator("[data-when]")).to_have_text("After pass 20 of 20")
    film = json.loads(LEARNING.read_text(encoding="utf-8"))["moments"]
    expect(page.locator("[data-errors]")).to_have_text(str(film[-1]["test_errors"]))
    expect(page.locator("[data-error-curve] .y")).to_have_text(
        ["100", "300", "1,000", "3,000", "10,000"]
    )
    expect(page.get_by_text("passes of 60,000, not to scale")).to_be_visible()
    page.get_by_role("button", name="Digit 7", exact=True).click()
    network = LeNet5.from_pretrained("lenet5-1998")
    with torch.inference_mode():
        penalties = network(preprocess(examples()[7][None]))[0]
    shown = page.locator("[data-models] .close").all_inner_texts()
    for text, penalty in zip(shown, penalties.tolist(), strict=True):
        assert int(text.split()[0]) == pytest.approx(max(0, 100 - penalty / 1.68), abs=1.01)
    missed = [film[-1]["test_errors"], sum(digit.ours is not None for digit in digits().digits)]
    expect(page.locator("#learning > .quiet b")).to_have_text([str(n) for n in missed])
    assert "w=7" in page.url
    assert f"k={len(film) - 1}" in page.url
    again = visit(place, page.url[page.url.index("#") :])
    expect(again.locator("[data-says]")).to_have_text("It says 7.")
    expect(again.locator("[data-when]")).to_have_text("After pass 20 of 20")


# --- then and now, results --------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["http", "file"])
def test_both_networks_answer_the_changed_drawing_as_in_python(visit, place):
    settings = {"noise": 10.0, "rotation": -40.0, "scale": 1.0, "shift": 1.5}
    same = {name: slider.same for name, slider in SLIDERS.items()}
    along = [{**settings, "rotation": amount} for amount in SLIDERS["rotation"].amounts]
    with torch.inference_mode():
        inputs = changed(preprocess(digits().images[5][None]), [same, settings, *along])
        penalties = LeNet5.from_pretrained("lenet5-1998-distortions")(inputs)
        scores = ModernNet.from_pretrained("modern-distortions")(inputs)
    answers = [penalties.argmin(1).tolist(), scores.argmax(1).tolist()]
    page = visit(place, "#m=5&t=then&n=10&r=-40&x=1.5")
    own, now = (str(of[1]) for of in answers)
    expect(page.locator(".of-1998 .digit")).to_have_text(own)
    expect(page.locator(".of-now .digit")).to_have_text(now)
    agree = "They agree." if own == now else "They disagree."
    expect(page.locator(".agree")).to_have_text(agree)
    for row, (unchanged, _, *expected) in enumerate(answers):
        cells = page.locator("[data-name=rotation] .row").nth(row).locator("i")
        expect(cells).to_have_text([str(digit) for digit in expected])
        others = sum(digit != unchanged for digit in expected)
        expect(page.locator("[data-name=rotation] .row").nth(row).locator(".other")).to_have_count(
            others
        )
    assert len({*answers[0], *answers[1]}) > 1


def test_what_1998_refuses_today_has_no_answer_for(visit):
    page = visit(after="#t=then")
    draw(page, LETTER)
    expect(page.locator(".agree")).to_have_text(
        "1998 takes it for none of the ten; today’s network has no such answer."
    )
    page.get_by_role("button", name="Example: 4").click()
    expect(page.locator(".agree")).to_have_text("They agree.")


def test_the_sliders_are_in_the_address_and_can_be_reset(visit):
    page = visit("http", "#m=4&t=then")
    expect(page.locator(".of-now .digit")).to_have_text("4")
    page.get_by_label("Rotation, degrees").press("ArrowRight")
    expect(page).to_have_url(re.compile("t=then&r=5"))
    page.get_by_role("button", name="Reset the sliders").click()
    expect(page).not_to_have_url(re.compile("r=5"))
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".agree")).to_contain_text("Draw one digit")
    expect(page.locator(".of-1998 .digit")).to_be_empty()


def test_on_a_phone_the_names_of_rows_stay_and_so_does_what_stands_above_them(visit):
    page = visit(after="#t=results", viewport={"width": 360, "height": 740})
    for table in TABLES:
        box = page.get_by_role("group", name=table.title)
        box.evaluate("e => e.scrollLeft = 150")
        left = box.bounding_box()["x"]
        assert {cell.bounding_box()["x"] for cell in box.locator("th:first-child").all()} == {left}


def test_the_tables_are_those_of_the_records(page):
    page.get_by_role("link", name="Results").click()
    for table in TABLES:
        lines = json.loads((ROOT / f"results/{table.name}.json").read_text(encoding="utf-8"))
        first = next(iter(table.columns))
        rows = page.get_by_role("group", name=table.title).locator("tbody tr")
        expect(rows).to_have_count(len(lines))
        expect(rows.locator("th")).to_have_text([line[first] for line in lines])
    of_1998 = page.get_by_role("row", name="LeNet-5 (1998)", exact=False).first
    line = json.loads((ROOT / "results/table1.json").read_text(encoding="utf-8"))[0]
    expect(of_1998.locator("td").nth(1)).to_have_text(f"{line['test_error']:.2f}")


def test_the_film_plays_to_its_end_and_can_be_stopped(visit):
    page = visit(after="#t=learning&k=26&w=3")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("[data-when]")).to_have_text("After pass 20 of 20")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("[data-when]")).to_have_text("After 300 digits")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


@pytest.mark.parametrize("place", ["http", "file"])
def test_two_networks_that_begin_alike_learn_in_the_browser(visit, place):
    page = visit(place, "#t=train&e=0.0003")
    expect(page.get_by_label("SGD’s step")).to_have_value("0.0003")
    state, missed = page.locator("[data-state]"), page.locator("[data-missed]")
    expect(state).to_have_text("Nothing learned yet: the weights are random.")
    first = [float(text.split()[1]) for text in missed.all_inner_texts()]
    assert first[0] == first[1] > 75
    page.get_by_role("button", name="Start", exact=True).click()
    shares = page.locator("[data-curve] .y")
    expect(shares).to_have_text(["10 %", "30 %", "100 %"])
    for network in range(2):
        expect(missed.nth(network)).to_have_text(
            re.compile(r"misses [1-6]?\d\.\d % after 250 digits")
        )
    expect(state).to_have_text(re.compile(r"^Pass 1 of 20: \d+ digits seen"))
    for network in ("sdlm", "sgd"):
        assert 255 in greys(page, f"[data-of={network}] [data-f6s] canvas")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Start over").click()
    expect(state).to_have_text("Nothing learned yet: the weights are random.")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    page.get_by_label("SGD’s step").select_option("0.001")
    expect(page).to_have_url(re.compile("t=train&e=0.001"))


def test_a_file_that_is_missing_beside_the_page_is_named(browser, folder, tmp_path):
    alone = tmp_path / "index.html"
    alone.write_bytes((folder / "index.html").read_bytes())
    page = browser.new_page()
    page.goto(f"{alone.as_uri()}#t=learning")
    expect(page.locator("#learning .waiting")).to_contain_text("learning.js")
    page.close()


@pytest.fixture
def seven(tmp_path):
    """A photo of one."""
    photo = Image.new("RGB", (300, 400), (226, 221, 205))
    ImageDraw.Draw(photo).line([(90, 90), (210, 90), (150, 320)], (40, 44, 70), 16, "curve")
    photo.save(tmp_path / "seven.jpg", quality=85)
    return tmp_path / "seven.jpg"


def choose(page: Page, file) -> None:
    page.get_by_role("button", name="Picture…").click()
    page.locator("[data-from=file]").set_input_files(file)


@pytest.mark.parametrize("place", ["http", "file"])
def test_a_photo_of_ones_own_is_read_and_the_way_to_it_can_be_looked_at(visit, place, seven):
    page = visit(place)
    choose(page, seven)
    expect(page.locator("#picture")).to_be_hidden()
    expect(said(page)).to_have_text("7")
    page.get_by_role("button", name="Picture…").click()
    expect(page.locator("#picture .way li")).to_have_count(3)


def test_a_photo_is_there_again_when_one_goes_back(visit, seven):
    page = visit("http")
    choose(page, seven)
    expect(said(page)).to_have_text("7")
    page.get_by_role("link", name="Then and now").click()
    page.get_by_role("link", name="Draw").click()
    page.go_back()
    expect(page.locator(".of-1998 .digit")).to_have_text("7")
    page.go_back()
    expect(said(page)).to_have_text("7")
    page.get_by_role("button", name="Clear").click()
    page.go_back()
    expect(said(page)).to_have_text("7")
    assert page.locator("#pad.photo").count()


def test_a_picture_that_is_refused_is_refused_in_its_box(page, tmp_path):
    small = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(small).line([(27, 27), (31, 27), (29, 33)], 0)
    small.save(tmp_path / "small.png")
    choose(page, tmp_path / "small.png")
    expect(page.locator("#picture .said")).to_contain_text("pixels large, of 8 at least.")
    expect(page.locator("#picture .way li")).to_have_count(3)


NOTHING = "This cannot be read as a picture."
HEIC = (
    "This is a HEIC file, as iPhones save them, and this browser cannot read it: save it as JPEG."
)


@pytest.mark.parametrize(
    ("content", "words"), [(b"%PDF", NOTHING), (b"\0\0\0\x18ftypheic\0\0\0\0", HEIC)]
)
def test_what_is_no_picture_is_refused_in_a_sentence_dropped_or_chosen(
    page, tmp_path, content, words
):
    (tmp_path / "seven.pdf").write_bytes(content)
    choose(page, tmp_path / "seven.pdf")
    expect(page.locator("#picture .said")).to_have_text(words)
    page.locator("#picture [data-do=close]").click()
    page.evaluate(
        """content => {
          const dataTransfer = new DataTransfer(), type = "application/pdf";
          dataTransfer.items.add(new File([Uint8Array.from(content)], "7.pdf", { type }));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
        }""",
        [*content],
    )
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#picture .said")).to_have_text(words)


def test_a_drawing_is_shared_as_a_link_a_frame_and_a_picture(visit, tmp_path):
    page = visit("http")
    draw(page, STROKES["4"])
    page.get_by_role("button", name="Share…").click()
    assert page.locator("[data-link]").input_value() == page.url
    frame = page.locator("[data-embed]").input_value()
    assert "?embed#d=" in frame
    with page.expect_download() as download:
        page.get_by_role("button", name="Save a picture").click()
    download.value.save_as(tmp_path / "saved.png")
    with Image.open(tmp_path / "saved.png") as saved:
        assert saved.size == (1200, 630)
    width, height = map(int, re.findall(r'(?:width|height)="(\d+)"', frame))
    framed = visit(
        "http", frame.split("/", 3)[3].split('"')[0], viewport={"width": width, "height": height}
    )
    assert framed.evaluate("document.documentElement.scrollHeight") == height
    expect(said(framed)).to_have_text("4")
    expect(framed.locator("#head")).to_be_hidden()


def test_it_works_offline_after_one_visit(visit):
    page = visit("http")
    offline(page)
    draw(page, STROKES["7"])
    expect(said(page)).to_have_text("7")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_everybody_can_read_every_part_on_every_screen(visit, barriers, size, scheme):
    width, height = SIZES[size]
    page = visit(
        after="#m=4&u=c3.6.1.1", viewport={"width": width, "height": height}, color_scheme=scheme
    )
    for tab in TABS:
        page.locator(f"#parts [data-tab={tab}]").click()
        expect(page.locator(".waiting:visible")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") == width, tab
        assert not barriers(page), tab
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", background)[:3]))
    assert light > 600 if scheme == "light" else light < 120
