"""The page for people: drop a photograph, see its colors, correct them, take the file home.

What is seen are the files in `static`; their scripts ask the routes of `colorear.server.ui.routes`.
"""

from functools import partial
from pathlib import Path
from typing import Any, get_args

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import FileResponse

from colorear.languages import Language
from colorear.models import Card
from colorear.models.card import TEXTS, in_language
from colorear.server.access import has_token
from colorear.server.model_cache import available_models
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.ui.actions import PageActions
from colorear.server.ui.routes import EXAMPLES, routes
from colorear.server.ui.session import Sessions
from colorear.server.ui.shared import share_target
from colorear.server.ui.translations import MESSAGES
from colorear.server.worker_pool import WorkerPool
from colorear.version import __version__

__all__ = ["add_page", "lock"]

_STATIC = Path(__file__).parent / "static"
_REVALIDATE = {"Cache-Control": "no-cache"}


def add_page(app: FastAPI, pool: WorkerPool, settings: Settings) -> None:
    """Add the page at "/", and what it needs below "/page", to an application.

    Photographs are colored by `worker pool`. The sessions of visitors end with it, at the latest.
    """
    sessions = Sessions(pool)
    locked = lock(settings)
    app.include_router(share_target(sessions, settings), dependencies=locked)
    app.include_router(_document(settings), dependencies=locked)
    app.include_router(
        routes(PageActions(pool, sessions), sessions, settings, _STATIC),
        dependencies=locked,
    )


def lock(settings: Settings) -> list[Any]:
    """What routes of pages depend on, so that they want the token as a password."""
    if settings.token is None:
        return []
    return [Depends(partial(_check_password, settings.token.get_secret_value()))]


def _check_password(token: str, request: Request) -> None:
    if not has_token(request.headers.get("authorization"), token):
        raise ProblemError(
            "token-needed",
            "this server wants its token; give it as the password, with any user name",
            {"WWW-Authenticate": 'Basic realm="colorear", charset="UTF-8"'},
        )


def _document(settings: Settings) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "page.html", headers=_REVALIDATE)

    @router.get("/page/settings")
    def page_settings() -> dict[str, Any]:
        return {
            "version": __version__,
            "messages": MESSAGES,
            "networks": {name: _words(card) for name, card in available_models().items()},
            "network": settings.model,
            "examples": list(EXAMPLES),
        }

    return router


def _words(card: Card) -> dict[Language, dict[str, str]]:
    """What the card says, in every language: the visitor may choose another than the browser's."""
    return {
        language: {field: getattr(in_language(card, language), field) for field in TEXTS}
        for language in get_args(Language)
    }
