"""The page without a server as a film, docs/demo.webp, and in pictures. `python -m tools.demo_film`.

Ten seconds: a digit is drawn, answered and looked into, and the recorded training plays. Frame by frame,
so that the machine may be as slow as it likes.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from paper_lenet5.demo import site
from tests.doubles.demo_server import CHROMIUM, OPTIONS

DOCS = Path(__file__).parent.parent / "docs"
FILM = DOCS / "demo.webp"
PICTURES = {"draw": ("#m=4", "body"), "inside": ("#m=4&u=c3.9.4.5", "#steps"),
            "then-and-now": ("#m=4&t=then&r=-40", "body")}  # fmt: skip
"""Of docs/demo-NAME.png: what the address holds, and what is near the top."""
SIZE = {"width": 900, "height": 680}
SIDE = 280
DIGIT = [(84, 66), (125, 48), (170, 55), (185, 86), (165, 118), (128, 130), (172, 142), (194, 178),
         (176, 216), (132, 232), (86, 214)]  # fmt: skip


class Film:
    """Frames of the page, and how long each is seen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def take(self, milliseconds: int) -> None:
        """One frame, as the page is."""
        picture = io.BytesIO(self.page.screenshot(animations="disabled"))
        self.frames.append(Image.open(picture).convert("RGB"))
        self.times.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write it as an animated WebP."""
        self.frames[0].save(path, save_all=True, append_images=self.frames[1:], duration=self.times,
                            loop=0, quality=50, method=6, minimize_size=True)  # fmt: skip


def drawn(film: Film) -> None:
    """A digit is drawn, and answered meanwhile."""
    box = film.page.locator("#pad").bounding_box()
    assert box
    scale = box["width"] / SIDE
    film.take(600)
    points = [(box["x"] + scale * x, box["y"] + scale * y) for x, y in DIGIT]
    film.page.mouse.move(*points[0])
    film.page.mouse.down()
    for point in points[1:]:
        film.page.mouse.move(*point, steps=5)
        film.page.wait_for_timeout(100)
        film.take(130)
    film.page.mouse.up()
    film.page.mouse.move(1, 1)
    film.page.wait_for_timeout(300)
    film.take(1000)


def scroll(page: Page, selector: str) -> None:
    """Until that is near the top, and there is time to paint it."""
    page.locator(selector).evaluate(
        "e => scrollTo(0, scrollY + e.getBoundingClientRect().top - 20)"
    )
    page.wait_for_timeout(300)


def looked_into(film: Film) -> None:
    """Down to the ten models, to the maps, and over some squares of C1."""
    scroll(film.page, "#ten")
    film.take(900)
    scroll(film.page, "#steps")
    film.page.wait_for_selector("#lens .total")
    film.take(500)
    scroll(film.page, ".layer.c1")
    box = film.page.locator(".layer.c1 [data-map='1'] canvas").first.bounding_box()
    assert box
    for k in range(8):
        at = 0.25 + 0.07 * k
        film.page.mouse.move(box["x"] + at * box["width"], box["y"] + at * box["height"])
        film.take(160)


def learned(film: Film) -> None:
    """The recorded training, moment by moment."""
    film.page.get_by_role("link", name="Watch it learn").click()
    slider = film.page.get_by_label("Moment of the training")
    slider.wait_for()
    film.page.locator("[data-ten] button").first.wait_for()
    scroll(film.page, "#learning .control")
    last = int(slider.get_attribute("max") or 0)
    for moment in range(last + 1):
        slider.fill(str(moment))
        film.take(1400 if moment == last else 220 if moment < 10 else 60)


def pictures(browser: Browser, address: str) -> None:
    """What README and docs/demo.md show."""
    for name, (after, top) in PICTURES.items():
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address + after)
        page.wait_for_selector("html[data-ready]")
        page.wait_for_timeout(1000)
        scroll(page, top)
        page.screenshot(path=DOCS / f"demo-{name}.png")
        page.close()


def main() -> int:
    """Write the film and the pictures, and say how long and how large the film is."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site.build(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
        address = (Path(folder) / "index.html").as_uri()
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        film = Film(page)
        drawn(film)
        looked_into(film)
        learned(film)
        pictures(browser, address)
        browser.close()
    film.save(FILM)
    print(f"{FILM}: {sum(film.times) / 1000:.1f} s, {FILM.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
