"""Ten programs ask at once: `python -m tools.load_app` writes results/robustness/demo.json and .md.

Starts app.py, waits until it answers, and lets the clients send pictures of digits to /classify,
together ten a second for a minute. No test: times belong to a machine.
"""

import argparse
import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median, quantiles

import httpx
from PIL import Image
from torch import Tensor

from paper_lenet5.demo import digits
from paper_lenet5.files import write_whole
from reproduce.running.record import machine, to_json, versions

ROOT = Path(__file__).parent.parent
CLIENTS, RATE, SECONDS = 10, 10, 60
"""RATE is pictures a second of all clients together."""
FILE = {"_type": "gradio.FileData"}
PATIENCE = 30
"""Seconds after which a picture is lost."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rate", type=float, default=RATE, help="pictures a second, of all clients"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "robustness")
    parser.add_argument("--app", default="app.py")
    args = parser.parse_args()
    port = "7899"
    began = time.perf_counter()
    server = subprocess.Popen([sys.executable, args.app], cwd=ROOT, stdout=subprocess.DEVNULL,
                              env={**os.environ, "GRADIO_SERVER_PORT": port})  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, server)
        started, after_start = time.perf_counter() - began, resident(server.pid)
        load(url, args.rate, 5)  # warm
        before = resident(server.pid)
        times, lost = load(url, args.rate, args.seconds)
        after = resident(server.pid)
    finally:
        server.terminate()
        server.wait()
    found = {
        "clients": CLIENTS, "pictures_per_second": args.rate, "seconds": args.seconds,
        "pictures": len(times) + lost, "lost": lost, "median_ms": round(1000 * median(times)),
        "p95_ms": round(1000 * quantiles(times, n=20)[-1]), "longest_ms": round(1000 * max(times)),
        "start_seconds": round(started, 1), "mb_after_start": after_start, "mb_before": before,
        "mb_after": after, "load_average": round(os.getloadavg()[0], 1),
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    write_whole(args.out / "demo.json", to_json(found).encode())
    write_whole(args.out / "demo.md", markdown(found).encode())
    print(markdown(found))
    return 0


def wait_for(url: str, server: subprocess.Popen) -> None:
    """Come back as soon as the page is served."""
    while server.poll() is None:
        try:
            httpx.get(url, timeout=5).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("app.py has ended")


def load(url: str, rate: float, seconds: float) -> tuple[list[float], int]:
    """Seconds from each picture to its answer, and how many had none."""
    several = [picture(digit) for digit in digits.examples()]
    times, lost, lock = [], [], threading.Lock()

    def client(number: int) -> None:
        every, count = CLIENTS / rate, round(seconds * rate / CLIENTS)
        start = time.perf_counter() + every * number / CLIENTS
        for k in range(count):
            time.sleep(max(0, start + k * every - time.perf_counter()))
            sent = time.perf_counter()
            answered = '"digit"' in classify(url, several[(k + number) % 10], PATIENCE)
            with lock:
                (times if answered else lost).append(time.perf_counter() - sent)

    threads = [threading.Thread(target=client, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(lost)


def picture(digit: Tensor) -> bytes:
    """A PNG of a digit, uint8 (28, 28) with ink 255, in black on white."""
    content = io.BytesIO()
    Image.fromarray(255 - digit.numpy()).save(content, "PNG")
    return content.getvalue()


def classify(url: str, picture: bytes, patience: float = 300) -> str:
    """What the endpoint says of a picture that is sent as clients send it, or what went wrong."""
    try:
        sent = httpx.post(
            f"{url}/gradio_api/upload", files={"files": ("p.png", picture)}, timeout=patience
        )
        if sent.status_code != 200:
            return sent.text
        return call(url, "classify", {"path": sent.json()[0], "meta": FILE}, patience=patience)
    except httpx.HTTPError as error:
        return str(error)


def call(url: str, endpoint: str, *inputs: object, patience: float = 300) -> str:
    """What an endpoint says."""
    calls = f"{url}/gradio_api/call/{endpoint}"
    begun = httpx.post(calls, json={"data": inputs}, timeout=patience)
    if begun.status_code != 200:
        return begun.text
    return httpx.get(f"{calls}/{begun.json()['event_id']}", timeout=patience).text


def resident(process: int) -> int:
    """Memory of the process in MB, of 10^6 bytes. Linux."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) * 1024 / 1e6)
    raise SystemExit("the process has no memory")


def markdown(found: dict) -> str:
    """The figures in words."""
    return """\
{clients} programs, together {pictures_per_second:g} pictures a second for {seconds:g} seconds:
{pictures} pictures, {lost} lost. From picture to answer: median {median_ms} ms, 95 % within {p95_ms} ms,
longest {longest_ms} ms. Memory: {mb_before} MB before, {mb_after} MB after. The app starts in
{start_seconds} s and then takes {mb_after_start} MB.

{machine[processor]}, {machine[cores]} cores, load average {load_average}, other work on the machine
included. `python -m tools.load_app`
""".format(**found)


if __name__ == "__main__":
    sys.exit(main())
