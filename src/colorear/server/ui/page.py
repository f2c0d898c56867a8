"""The page for people: drop a photograph, see its colours, correct them, take the file home.

Gradio carries it. What is seen are the files in `static`; `actions` is whom they ask.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import fastapi
import gradio as gr
from starlette.middleware import Middleware

from colorear.server.middleware import brief
from colorear.server.model_cache import here
from colorear.server.settings import Settings
from colorear.server.ui.actions import Answer, Desk, answered
from colorear.server.ui.routes import EXAMPLES, routes
from colorear.server.ui.session import Sittings
from colorear.server.ui.translations import WORDS
from colorear.server.uploads import client_of
from colorear.server.worker_pool import Studio

__all__ = ["MOUNTING", "Page", "build", "mount"]

_STATIC = Path(__file__).parent / "static"
_ASKED_BYTES = 2**20  # of one request of its scripts; photographs come by a route of their own

_HEAD = """
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="page/static/page.css">
<link rel="stylesheet" href="page/static/picture.css">
<link rel="stylesheet" href="page/static/controls.css">
<link rel="modulepreload" href="page/static/start.js">
"""
_START = """
import(new URL("page/static/start.js", document.baseURI))
    .then(({ start }) => start(element, props.about, server));
"""

MOUNTING: Mapping[str, Any] = {
    "theme": gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    "head": _HEAD,
    "footer_links": [],
    "run_history": False,
    "ssr_mode": False,
    "mcp_server": False,
    "pwa": False,
    "enable_monitoring": False,
    "show_error": False,
    "max_file_size": 1,  # photographs come by a route of the page, not into Gradio's shared folder
}
"""What `gradio.mount_gradio_app` is to be told besides the application, the blocks and the path."""


class Page(NamedTuple):
    """The page, and what it needs beside it in the same application."""

    blocks: gr.Blocks
    router: fastapi.APIRouter
    """To be included before the blocks are mounted at the same root."""
    sittings: Sittings


def build(studio: Studio, settings: Settings) -> Page:
    """The page of a server whose photographs are coloured by `studio`."""
    sittings = Sittings(studio)
    desk = Desk(studio, sittings)
    with gr.Blocks(title="colorear", analytics_enabled=False, delete_cache=(600, 600)) as blocks:
        gr.HTML(
            html_template=(_STATIC / "page.html").read_text(encoding="utf-8"),
            js_on_load=_START,
            apply_default_css=False,
            server_functions=_functions(desk, sittings),
            about={
                "words": WORDS,
                "networks": list(here()),
                "network": settings.model,
                "examples": list(EXAMPLES),
            },
        )
    return Page(blocks, routes(desk, sittings, settings, _STATIC), sittings)


def mount(app: fastapi.FastAPI, studio: Studio, settings: Settings) -> Page:
    """Put the page at the root of an application, behind the routes that it has already."""
    page = build(studio, settings)
    app.include_router(page.router)
    asked = Middleware(brief, most=_ASKED_BYTES, seconds=settings.upload_seconds)
    gr.mount_gradio_app(app, page.blocks, path="/", app_kwargs={"middleware": [asked]}, **MOUNTING)
    return page


def _functions(desk: Desk, sittings: Sittings) -> list[Callable[..., Awaitable[Answer]]]:
    """What the scripts of the page call, each with one object."""

    async def begin(asked: dict[str, Any], request: gr.Request) -> Answer:  # noqa: ARG001 - as all
        return {"sitting": sittings.begin(client_of(request))}

    async def colours(asked: dict[str, Any], request: gr.Request) -> Answer:
        return await answered(desk.colours(client_of(request), asked))

    async def suggestions(asked: dict[str, Any], request: gr.Request) -> Answer:
        return await answered(desk.suggestions(client_of(request), asked))

    async def doubt(asked: dict[str, Any], request: gr.Request) -> Answer:
        return await answered(desk.doubt(client_of(request), asked))

    async def file(asked: dict[str, Any], request: gr.Request) -> Answer:
        return await answered(desk.file(client_of(request), asked))

    async def hints(asked: dict[str, Any]) -> Answer:
        return await answered(desk.hints(asked))

    async def zipped(asked: dict[str, Any]) -> Answer:
        return await answered(desk.zipped(asked))

    async def emptied(asked: dict[str, Any]) -> Answer:
        return await answered(desk.emptied(asked))

    return [begin, colours, suggestions, doubt, file, hints, zipped, emptied]
