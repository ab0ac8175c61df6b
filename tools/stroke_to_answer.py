"""How long after a stroke is the answer there, without a server? `python -m tools.stroke_to_answer`.

Digits are drawn with the mouse in Chromium. From the time that the browser gives an event to the frame
that shows the answer, with whatever else the machine does; and the processor's time of it alone.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from paper_lenet5.demo import site
from tests.doubles.demo_server import CHROMIUM, OPTIONS
from tests.doubles.visitor import STROKES, draw

WATCHED = """() => {
  window.times = [];
  let first = null;
  const root = document.getElementById("answer");
  addEventListener("pointermove", (event) => { if (event.buttons) first ??= event.timeStamp; }, true);
  const shown = new MessageChannel();
  shown.port1.onmessage = ({ data }) => times.push(performance.now() - data);
  new MutationObserver(() => {
    const began = first;
    first = null;
    if (began !== null) requestAnimationFrame(() => shown.port2.postMessage(began));
  }).observe(root.querySelector(".detail"), { childList: true });
}"""


def drawn(page: Page) -> list[float]:
    """Milliseconds from a movement to the answer, of all of them."""
    page.evaluate(WATCHED)
    for digit in STROKES.values():
        page.evaluate("document.querySelector('[data-do=clear]').click()")
        draw(page, digit, steps=8)
    times: list[float] = page.evaluate("times")
    return times


def busy(session: CDPSession) -> float:
    """Milliseconds that the page's thread has worked."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def main() -> int:
    """Print all of it."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site.build(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto((Path(folder) / "index.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        opened = busy(session)
        times = drawn(page)
        median, most = np.percentile(times, [50, 95])
        each = (busy(session) - opened) / len(times)
        print(f"opened with {opened:.0f} ms of the processor")
        print(f"{len(times)} answers: median {median:.0f} ms, 95th percentile {most:.0f} ms; "
              f"of the processor {each:.0f} ms each")  # fmt: skip
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
