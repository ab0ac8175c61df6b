"""What strangers can do to the demo's server: `python -m tools.strangers` writes strangers.json.

Starts app.py and sends it uploads that break off, uploads without end, forty pictures of 25 million
pixels at once, and requests that have to be refused; then it looks at the disk, the memory, the answers
and the log. `--tree FOLDER --as NAME` does the same to another copy of the project. No test: memory
belongs to a machine. Five minutes. Linux.
"""

import argparse
import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from paper_lenet5.demo import digits
from paper_lenet5.files import write_whole
from reproduce.running.record import machine, to_json, versions

from .load_app import FILE, call, classify, resident, wait_for

ROOT = Path(__file__).parent.parent
PORT = "7898"
URL = f"http://127.0.0.1:{PORT}"
BROKEN_OFF, WHOLE, MANY = 100, 40, 900
"""Uploads that end in the middle, of a megabyte; whole ones of 4.9 MB; files in one request."""
PICTURES, SIDE = 40, 5_000
"""At once, and how large each is."""
WAIT = 150
"""Seconds after which no picture should lie there any more."""
JSON = "application/json"
ADDRESSES = ("http://127.0.0.1:9/a.png", "http://localhost/a.png", "http://[::1]/a.png",
             "http://2130706433/a.png", "http://169.254.169.254/latest", "http://nowhere.invalid/",
             "https://nowhere.invalid/a.png", "file:///etc/passwd", "ftp://localhost/a")  # fmt: skip
PATHS = ("/etc/passwd", "app.py", "../app.py", "/proc/self/environ")


@contextmanager
def server(tree: Path, folder: Path) -> Iterator[tuple[int, Path]]:
    """app.py of that tree, its process and its log. All that it writes is in `folder`."""
    log = folder.with_suffix(".log")
    environment = {**os.environ, "GRADIO_SERVER_PORT": PORT, "PYTHONPATH": str(tree),
                   "TMPDIR": str(folder), "GRADIO_TEMP_DIR": str(folder / "gradio")}  # fmt: skip
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=tree, env=environment,
                                   stdout=written, stderr=subprocess.STDOUT)  # fmt: skip
        try:
            wait_for(URL, process)
            yield process.pid, log
        finally:
            process.terminate()
            process.wait()


def megabytes(folder: Path) -> float:
    """Of all files in the folder, MB of 10^6 bytes."""
    return round(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6, 1)


# --- disk -----------------------------------------------------------------------------------------


def disk(folder: Path) -> dict:
    """What uploads leave."""
    broken_off()
    after_broken = megabytes(folder)
    whole = [upload([(f"{k}.png", os.urandom(4_900_000))]) for k in range(WHOLE)]
    many = upload([(f"{k}.png", str(k).encode()) for k in range(MANY)])
    after, files = megabytes(folder), sum(p.is_file() for p in folder.rglob("*"))
    time.sleep(WAIT)
    return {
        "broken_off": BROKEN_OFF, "mb_after_broken_off": after_broken, "whole": WHOLE,
        "whole_taken": whole.count(200), "many": MANY, "many_taken": many == 200, "mb_after": after,
        "files_after": files, "wait_seconds": WAIT, "mb_at_last": megabytes(folder),
    }  # fmt: skip


def broken_off() -> None:
    """Uploads whose sender goes away in the middle."""
    begun = (
        b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: "
        b'form-data; name="files"; filename="a.png"\r\n\r\n'
    )
    for _ in range(BROKEN_OFF):
        with socket.create_connection(("127.0.0.1", int(PORT))) as connection:
            connection.sendall(begun + os.urandom(1_000_000))
            time.sleep(0.05)
    time.sleep(2)


def upload(files: list[tuple[str, bytes]]) -> int:
    """The answer's status."""
    sent = [("files", file) for file in files]
    return httpx.post(f"{URL}/gradio_api/upload", files=sent, timeout=60).status_code


# --- memory ---------------------------------------------------------------------------------------


def memory(process: int) -> dict:
    """Before, during and after many large pictures at once."""
    digit = Image.fromarray(255 - digits.examples()[7].numpy())
    content = {}
    for side in (280, SIDE):
        picture = io.BytesIO()
        digit.resize((side, side), Image.Resampling.NEAREST).convert("RGBA").save(picture, "PNG")
        content[side] = picture.getvalue()
    classify(URL, content[280])
    before = resident(process)
    peak, ended = [before], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], resident(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(PICTURES) as pool:
        said = list(pool.map(partial(classify, URL), [content[SIDE]] * PICTURES))
    ended.set()
    watcher.join()
    time.sleep(5)
    return {"pictures": PICTURES, "pixels": SIDE**2, "answered": sum('"digit"' in s for s in said),
            "mb_before": before, "mb_most": peak[0], "mb_after": resident(process)}  # fmt: skip


# --- refusals -------------------------------------------------------------------------------------


def refusals(url: str) -> dict[str, Callable[[], str]]:
    """What has to be refused, by name: each asks the server at that address and gives its answer."""

    def called(endpoint: str, *inputs: object) -> Callable[[], str]:
        return lambda: call(url, endpoint, *inputs)

    def posted(path: str, **request: object) -> Callable[[], str]:
        return lambda: httpx.post(f"{url}/gradio_api/{path}", timeout=60, **request).text

    paper = io.BytesIO()
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(paper, "PNG")
    asked = {
        "no picture": lambda: classify(url, b"no picture"),
        "a picture of one colour": lambda: classify(url, paper.getvalue()),
        "a value for a line of digits that is none": called("read_string", "x"),
        "no input": called("classify"),
        "a number": called("classify", 5),
        "an endpoint that there is not": called("nothing", 1),
        "a function that there is not": posted(
            "queue/join", json={"data": [], "fn_index": 99, "session_hash": "x"}
        ),
        "a request without inputs": posted("call/classify", json={}),
        "no JSON": posted("call/classify", content=b"{", headers={"Content-Type": JSON}),
        "a file of 6 MB": posted("upload", files={"files": ("a.png", bytes(6_000_000))}),
        "a request of 20 MB": posted("upload", files={"files": ("a.png", bytes(20_000_000))}),
        "an upload of no form": posted("upload", content=b"x"),
        "an upload without a file": posted(
            "upload?upload_id=x", data={"files": "a"}, files={"x": ("a", b"1")}
        ),
    }
    for address in ADDRESSES:
        asked[f"the address {address}"] = called("classify", {"path": address, "meta": FILE})
    for path in PATHS:
        for endpoint in ("classify", "read_string"):
            asked[f"the path {path} to {endpoint}"] = called(endpoint, {"path": path, "meta": FILE})
        asked[f"the path {path} as it is"] = called("classify", {"path": path})
    return asked


def refused(log: Path) -> dict:
    """Of each, what was answered and how much the log says."""
    found = {}
    for name, ask in refusals(URL).items():
        at = log.stat().st_size
        words = sentence(ask())
        time.sleep(0.3)
        said = log.read_bytes()[at:].decode()
        lines = [line for line in said.splitlines() if not line.startswith("* ")]  # Gradio's own
        found[name] = {"answer": words, "log_lines": len(lines), "traceback": "Traceback" in said}
    return found


def sentence(answer: str) -> str | None:
    """The words in an answer, or None where there is none."""
    event = re.search(r"^data: (.*)$", answer, re.M)
    try:
        content = json.loads(event[1] if event else answer)
    except ValueError:
        return answer if answer.endswith(".") else None
    if not isinstance(content, dict):
        return None
    words = content.get("error") or content.get("detail")
    return words if isinstance(words, str) else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", type=Path, default=ROOT, help="a folder with app.py")
    parser.add_argument("--as", dest="name", default="now", help="the name in the record")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "robustness")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("refused", "memory", "disk"):
            Path(folder, name).mkdir()
        with server(args.tree, Path(folder, "refused")) as (_, log):
            found = {"refused": refused(log)}
        with server(args.tree, Path(folder, "memory")) as (process, _):
            found["memory"] = memory(process)
        with server(args.tree, Path(folder, "disk")) as _:
            found["disk"] = disk(Path(folder, "disk"))
    found |= {"machine": machine(), "versions": versions()}
    path = args.out / "strangers.json"
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_whole(path, to_json(record | {args.name: found}).encode())
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
