"""The browser that the demo is looked at in, and how its pages are opened."""

from pathlib import Path

import pytest

from tests.doubles.demo_server import CHROMIUM, OPTIONS


def pytest_collection_modifyitems(items):
    """What needs the browser is tried twice: on a busy machine it may lose a page."""
    for item in items:
        if "browser" in item.fixturenames:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window."""
    from playwright.sync_api import expect, sync_playwright  # not all tests of the demo need it

    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    """What the pages of a test say went wrong, and whom else than us they ask."""
    return []


@pytest.fixture
def visit(places, browser, complaints):
    """Open the page in a place, by default the first; in the end it may complain of nothing."""
    contexts = []
    known = (*(address.removesuffix("index.html") for address in places.values()), "data:", "blob:")

    def visit(place=None, after="", **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith(known) else complaints.append(r.url))
        page.goto(places[place or next(iter(places))] + after)
        page.wait_for_selector("html[data-ready]")
        return page

    yield visit
    heard = [*complaints]  # before what closing breaks off
    for context in contexts:
        context.close()
    assert not heard


@pytest.fixture
def page(visit):
    """The page, on a desk."""
    return visit()


@pytest.fixture
def barriers():
    """What keeps people with other senses or hands out of a page, as axe finds it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def barriers(page):
        found = axe.run(page).response["violations"]
        return [
            f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    return barriers
