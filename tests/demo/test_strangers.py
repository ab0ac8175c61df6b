"""What the demo's server takes from strangers, and what of it stays."""

import os
import re
import socket
import time
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason='the demo needs gradio: pip install ".[app]"')

import anyio
import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from paper_lenet5.demo import gate, uploads
from tests.doubles.demo_server import served
from tools.strangers import refusals, sentence

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "


# --- the server -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("server") / "log"


@pytest.fixture(scope="module")
def url(log):
    with served(log=log) as address:
        yield address


@pytest.mark.parametrize("name", refusals(""))
def test_what_is_refused_gets_a_sentence_and_the_log_a_line(url, log, name):
    before = log.stat().st_size
    words = sentence(refusals(url)[name]())
    assert words
    assert "\n" not in words
    deadline = time.monotonic() + 30
    while (
        not re.search(TIME, said := log.read_text(encoding="utf-8")[before:])
        and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    lines = [
        line for line in said.splitlines() if line and not line.startswith("*")
    ]  # Gradio's own
    assert len(lines) == 1, said
    assert re.match(TIME, lines[0])


def test_the_folder_of_pictures_is_gone_with_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with served(log=tmp_path / "log") as url:
        sent = httpx.post(f"{url}/gradio_api/upload", files={"files": ("a.png", b"a")}).json()
        assert Path(sent[0]).is_relative_to(tmp_path)
        assert Path(sent[0]).exists()
    assert not Path(sent[0]).exists()


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    log = tmp_path / "log"
    with served(log=log) as url:
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port)) as connection:
            connection.sendall(
                b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: "
                b'form-data; name="files"; filename="a.png"\r\n\r\n' + bytes(100_000)
            )
            time.sleep(1)
        deadline = time.monotonic() + 60
        while "broken off" not in log.read_text(encoding="utf-8") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "broken off" in log.read_text(encoding="utf-8")
        sizes = [p.stat().st_size for p in tmp_path.rglob("*") if p.is_file() and p != log]
        assert sum(sizes) < 10_000


# --- the gate -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sent").mkdir()
    return tmp_path / "sent"


@pytest.fixture
def ask(folder):
    """Ask a small application behind the gate; it says how many bytes have come."""
    reached = []

    async def counted(request: Request) -> PlainTextResponse:
        reached.append(request.url.path)
        if request.url.path == "/fault":
            raise KeyError(99)
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(
        routes=[Route("/{path:path}", counted, methods=["GET", "POST"])],
        middleware=[Middleware(gate.Gate, uploads=uploads.Uploads(folder))],
    )

    def ask(path: str, content=b"", **options) -> httpx.Response:
        async def sent() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://demo"
            ) as client:
                return await client.post(path, content=content, **options)

        return anyio.run(sent)

    ask.reached = reached
    return ask


def parts(number: int) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\na\r\n'
    return number * part + b"--x--\r\n"


def test_what_comes_whole_is_passed_on_whole(ask):
    assert ask("/join", b"x" * 100_000).text == "100000"
    assert ask("/upload", parts(gate.MAX_FILES)).text == str(len(parts(gate.MAX_FILES)))


def test_a_request_that_is_too_large_does_not_reach_gradio(ask, caplog):
    answer = ask("/join", bytes(gate.MAX_BODY + 1))
    assert answer.status_code == 413
    assert answer.json() == {"detail": f"A request has at most {gate.MAX_BODY:,} bytes."}
    assert not ask.reached
    assert len(caplog.records) == 1


def test_many_files_at_once_do_not_reach_gradio(ask):
    answer = ask("/upload", parts(gate.MAX_FILES + 1))
    assert (answer.status_code, ask.reached) == (413, [])


@pytest.mark.parametrize(("files", "size"), [(uploads.MAX_FILES, 1), (1, uploads.MAX_BYTES)])
def test_a_full_folder_takes_no_more(ask, folder, files, size):
    for number in range(files):
        with (folder / str(number)).open("wb") as file:
            os.truncate(file.name, size)
    assert ask("/upload", parts(1)).status_code == 503
    assert ask("/join", b"x").status_code == 200, "a drawing is no file"


def test_too_much_at_once_is_refused_and_forgotten(ask, monkeypatch):
    monkeypatch.setattr(gate, "MAX_AT_ONCE", 1_000)
    for _ in range(2):
        assert ask("/join", bytes(2_000)).status_code == 503
        assert ask("/join", bytes(900)).status_code == 200, "nothing is held any more"


def test_a_request_that_does_not_come_to_its_end_is_given_up(ask, monkeypatch):
    monkeypatch.setattr(gate, "PATIENCE", 0.1)

    async def slowly():
        yield b"x"
        await anyio.sleep(30)

    assert ask("/join", slowly()).status_code == 408


def test_a_fault_behind_the_gate_is_one_line(ask, caplog):
    answer = ask("/fault")
    assert answer.status_code == 500
    assert answer.json()["detail"].endswith(".")
    (record,) = caplog.records
    assert record.exc_info is None
    assert "KeyError" in record.getMessage()


# --- the folder -----------------------------------------------------------------------------------


def test_what_is_old_is_deleted_also_what_is_no_whole_upload(folder):
    (folder / "whole").mkdir()
    old, partial, new = folder / "whole/a.png", folder / "tmpabc", folder / "b.png"
    for path in (old, partial, new):
        path.write_bytes(b"a")
    for path in (old, partial):
        os.utime(path, times=(time.time() - uploads.KEPT - 1,) * 2)
    uploads.Uploads(folder).sweep()
    assert [*folder.rglob("*")] == [new]


def test_it_is_swept_while_the_server_runs(folder, monkeypatch):
    monkeypatch.setattr(uploads, "EVERY", 0.01)
    monkeypatch.setattr(uploads, "KEPT", -1.0)

    async def run() -> None:
        async with uploads.Uploads(folder).swept(None):
            (folder / "later").write_bytes(b"a")
            with anyio.fail_after(30):
                while (folder / "later").exists():
                    await anyio.sleep(0.01)

    anyio.run(run)
