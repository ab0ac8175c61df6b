"""What is served: the page, which runs in the browser, and beside it what needs a server."""

import gzip
import mimetypes

import gradio as gr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import api, site
from .figures import figures
from .gate import Guarded

BESIDE = '<a href="figures">The figures and the API</a> are here as well.'
"""What the page says of the rest."""
PACKED = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}


def build() -> gr.Blocks:
    """The endpoints for programs, and the figures as a page of Gradio's that tells of both."""
    blocks = Guarded(title=site.TITLE, analytics_enabled=False)
    with blocks.route("Figures", "figures"):
        figures()
        api.endpoints()
    return blocks


def routes() -> list[Route]:
    """The files of the page, which come before Gradio's own."""
    files = site.files(beside=BESIDE)
    return [_route(name, content) for name, content in files.items()]


def _route(name: str, content: bytes) -> Route:
    """Packed once, not for every visitor."""
    kind = mimetypes.guess_type(name)[0] or "application/manifest+json"
    packed = gzip.compress(content, 6, mtime=0)

    async def answer(request: Request) -> Response:
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(packed, media_type=kind, headers=PACKED)
        return Response(content, media_type=kind)

    return Route("/" if name == "index.html" else f"/{name}", answer)
