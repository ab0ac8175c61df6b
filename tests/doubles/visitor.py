"""A visitor of the page: what mouse and finger do on the pad."""

from collections.abc import Iterator, Sequence

from playwright.sync_api import Page

SIDE = 280
"""Of the pad, in the points of the lines that are drawn on it."""
Line = Sequence[tuple[float, float]]
STROKES: dict[str, list[Line]] = {
    "1": [[(140, 50), (138, 230)]],
    "0": [[(140, 50), (95, 75), (75, 140), (95, 205), (140, 230), (185, 205), (205, 140), (185, 75),
           (140, 50)]],
    "7": [[(75, 60), (205, 60), (170, 130), (140, 230)]],
    "4": [[(95, 50), (80, 145), (200, 145)], [(180, 55), (175, 235)]],
}  # fmt: skip
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}


def draw(page: Page, lines: Sequence[Line], steps: int = 6) -> None:
    """Draw with the mouse, with so many movements from point to point."""
    for first, *others in _places(page, lines):
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point, steps=steps)
        page.mouse.up()


def offline(page: Page) -> None:
    """Load the page again without a network, once its worker has kept it."""
    page.wait_for_function(
        "navigator.serviceWorker.getRegistration().then(known => Boolean(known?.active))"
    )
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-ready]")


def touch(page: Page, lines: Sequence[Line]) -> None:
    """Draw with a finger."""
    session = page.context.new_cdp_session(page)
    for first, *others in _places(page, lines):
        fingers(session, "touchStart", first)
        before = first
        for point in others:
            for k in range(1, 7):
                x, y = (a + (b - a) * k / 6 for a, b in zip(before, point, strict=True))
                fingers(session, "touchMove", (x, y))
            before = point
        fingers(session, "touchEnd")


def fingers(session, kind: str, *places: tuple[float, float]) -> None:
    """Put them down, move them or lift them, at those places of the page."""
    points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _places(page: Page, lines: Sequence[Line]) -> Iterator[list[tuple[float, float]]]:
    """Of each line's points on the page."""
    canvas = page.locator("#pad")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box, "the pad is not to be seen"
    scale = box["width"] / SIDE
    for line in lines:
        yield [(box["x"] + scale * x, box["y"] + scale * y) for x, y in line]
