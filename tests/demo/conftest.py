"""The browser that the demo is looked at in."""

import pytest

from tests.doubles.demo_server import CHROMIUM, OPTIONS


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window."""
    from playwright.sync_api import sync_playwright  # not all tests of the demo need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()
