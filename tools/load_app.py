"""Ten clients draw at once: `python -m tools.load_app` writes results/robustness/demo.json and .md.

Starts app.py, waits until it answers, and lets the clients send drawings as the page does, together
ten a second for a minute. No test: times belong to a machine.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import httpx

from demo import digits
from reproduce.running.files import write_whole
from reproduce.running.record import machine, to_json, versions

ROOT = Path(__file__).parent.parent
CLIENTS, RATE, SECONDS = 10, 10, 60
"""RATE is drawings a second of all clients together."""
PATIENCE = 30
"""Seconds after which a drawing is lost."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rate", type=float, default=RATE, help="drawings a second, of all clients"
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
        function = drawing_function(wait_for(url, server))
        started, after_start = time.perf_counter() - began, resident(server.pid)
        load(url, function, args.rate, 5)  # warm
        before = resident(server.pid)
        times, lost = load(url, function, args.rate, args.seconds)
        after = resident(server.pid)
    finally:
        server.terminate()
        server.wait()
    found = {
        "clients": CLIENTS, "drawings_per_second": args.rate, "seconds": args.seconds,
        "drawings": len(times) + lost, "lost": lost, "median_ms": round(1000 * median(times)),
        "p95_ms": round(1000 * quantiles(times, n=20)[-1]), "longest_ms": round(1000 * max(times)),
        "start_seconds": round(started, 1), "mb_after_start": after_start, "mb_before": before,
        "mb_after": after, "load_average": round(os.getloadavg()[0], 1),
        "machine": machine(), "versions": versions(),
    }  # fmt: skip
    write_whole(args.out / "demo.json", to_json(found).encode())
    write_whole(args.out / "demo.md", markdown(found).encode())
    print(markdown(found))
    return 0


def wait_for(url: str, server: subprocess.Popen) -> dict:
    """The page's configuration, as soon as there is one."""
    while server.poll() is None:
        try:
            return httpx.get(f"{url}/config", timeout=5).json()
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("app.py has ended")


def drawing_function(config: dict) -> int:
    """The number of the function that a drawing on the pad calls."""
    (pad,) = (c["id"] for c in config["components"] if c["props"].get("elem_id") == "pad")
    (function,) = (d["id"] for d in config["dependencies"] if [pad, "draw"] in d["targets"])
    return function


def load(url: str, function: int, rate: float, seconds: float) -> tuple[list[float], int]:
    """Seconds from each drawing to its answer, and how many had none."""
    pictures = [digits.png(image) for image in digits.examples()]
    times, lost, lock = [], [], threading.Lock()

    def client(number: int) -> None:
        every, count = CLIENTS / rate, round(seconds * rate / CLIENTS)
        start = time.perf_counter() + every * number / CLIENTS
        session = uuid4().hex
        with httpx.Client(base_url=f"{url}/gradio_api", timeout=PATIENCE) as connection:
            for k in range(count):
                time.sleep(max(0, start + k * every - time.perf_counter()))
                sent = time.perf_counter()
                answered = draw(connection, session, function, pictures[(k + number) % 10])
                with lock:
                    (times if answered else lost).append(time.perf_counter() - sent)

    threads = [threading.Thread(target=client, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(lost)


def draw(connection: httpx.Client, session: str, function: int, picture: str) -> bool:
    """Send a drawing and wait for its answer, as the page does."""
    request = {"data": [picture], "fn_index": function, "session_hash": session}
    try:
        connection.post("/queue/join", json=request).raise_for_status()
        with connection.stream("GET", "/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    if message["msg"] == "process_completed":
                        return bool(message["success"] and message["output"]["data"][0]["ranking"])
    except httpx.HTTPError:
        pass
    return False


def resident(process: int) -> int:
    """Memory of the process in MB, of 10^6 bytes. Linux."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) * 1024 / 1e6)
    raise SystemExit("the process has no memory")


def markdown(found: dict) -> str:
    """The figures in words."""
    return """\
{clients} clients, together {drawings_per_second:g} drawings a second for {seconds:g} seconds:
{drawings} drawings, {lost} lost. From drawing to answer: median {median_ms} ms, 95 % within {p95_ms} ms,
longest {longest_ms} ms. Memory: {mb_before} MB before, {mb_after} MB after. The app starts in
{start_seconds} s and then takes {mb_after_start} MB.

{machine[processor]}, {machine[cores]} cores, load average {load_average}, other work on the machine
included. `python -m tools.load_app`
""".format(**found)


if __name__ == "__main__":
    sys.exit(main())
