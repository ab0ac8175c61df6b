"""What the server takes from strangers. What it refuses gets one sentence, and the log one line."""

import logging
from typing import Any

import anyio
import gradio as gr
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from gradio.exceptions import InvalidPathError
from gradio_client.utils import is_file_obj_with_meta, is_http_url_like, traverse
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .refusals import FOREIGN, refuse
from .uploads import Uploads

MAX_FILE = 5_000_000
"""Bytes of a picture that is sent."""
MAX_BODY, MAX_AT_ONCE = 7_000_000, 70_000_000
"""Bytes of one request, which may hold a picture as base64, and of all that are being sent."""
MAX_FILES = 10
"""In one request."""
PATIENCE = 60.0
"""Seconds in which a request has to arrive."""

_log = logging.getLogger("demo")


class Guarded(gr.Blocks):
    """A page that says in a sentence what is wrong with its inputs."""

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        """As Gradio does it; but addresses are not fetched, for nothing limits what lies there."""
        traverse(inputs, _no_address, is_file_obj_with_meta)
        try:
            processed: list[Any] = await super().preprocess_data(
                block_fn, inputs, state, explicit_call
            )
        except InvalidPathError:
            raise refuse(FOREIGN) from None
        except Exception as error:  # of any kind: what was sent is not of the inputs' form
            name = type(error).__name__
            raise refuse(f"The inputs are not those of this endpoint ({name}).") from None
        return processed


def _no_address(file: dict[str, Any]) -> dict[str, Any]:
    if is_http_url_like(file["path"]):
        raise refuse("Addresses are not fetched here: send the picture itself.")
    return file


class Refused(Exception):
    """A request that is not answered: a status, and why in a sentence."""


class Gate:
    """In front of Gradio: takes a request when all of it has come, and if it is not too large.

    So an upload that breaks off leaves nothing on the disk.
    """

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self.app = app
        self.uploads = uploads
        self.held = 0
        """Bytes of the requests that are being sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                if 400 <= message["status"] < 500:  # above, Gradio or `refuse` has said why
                    _log.warning("%d for %s", message["status"], _named(scope))
            await send(message)

        try:
            if scope["method"] not in ("GET", "HEAD"):
                body = await self._whole(receive)
                if scope["path"].endswith("/upload"):
                    await self._check_upload(body)
                receive = _again(body, receive)
            await self.app(scope, receive, watched)
        except Exception as error:  # of any kind: Gradio lets what it did not expect go through
            if begun:
                raise
            refused = isinstance(error, Refused)
            status, words = error.args if refused else (500, "The request has not a known form.")
            why = words if refused else f"{type(error).__name__}: {str(error)[:100]!r}"
            _log.warning("%d for %s: %s", status, _named(scope), why)
            await JSONResponse({"detail": words}, status)(scope, receive, send)

    async def _whole(self, receive: Receive) -> bytes:
        """The body of a request. Raises Refused."""
        body, size = bytearray(), 0
        try:
            with anyio.fail_after(PATIENCE):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refused(400, "The request was broken off.")
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= MAX_BODY:  # what is too large is read, to be answered, but not kept
                        self.held += len(part)
                        body += part
                    if self.held > MAX_AT_ONCE:
                        raise Refused(503, "Too much is sent at once: try again in a minute.")
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            raise Refused(408, f"A request has to arrive in {PATIENCE:g} seconds.") from None
        finally:
            self.held -= len(body)
        if size > MAX_BODY:
            raise Refused(413, f"A request has at most {MAX_BODY:,} bytes.")
        return bytes(body)

    async def _check_upload(self, body: bytes) -> None:
        """Raises Refused."""
        if body.lower().count(b"content-disposition") > MAX_FILES:
            raise Refused(413, f"At most {MAX_FILES} files are taken at once.")
        if await anyio.to_thread.run_sync(self.uploads.is_full):
            raise Refused(503, "Too many pictures are looked at: try again in a minute.")


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body that has been received, and then what `receive` gives."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


def _named(scope: Scope) -> str:
    return f"{scope['method']} {scope['path'][:100]!r}"


async def _malformed(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The request is not JSON of the form that is expected."}, 422)


def settings(uploads: Uploads) -> dict[str, Any]:
    """For the application under Gradio's, which compresses what has an ending, not the page itself."""
    return {
        "lifespan": uploads.swept,
        "middleware": [Middleware(Gate, uploads=uploads), Middleware(GZipMiddleware)],
        "exception_handlers": {RequestValidationError: _malformed},
    }
