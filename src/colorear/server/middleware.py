"""What surrounds every route: safe headers, patience that ends, and no word of what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from logging import getLogger
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from colorear.languages import language_of
from colorear.server.problems import MEDIA_TYPE, problem_document, to_problem_error

__all__ = [
    "App",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "catch_errors",
    "problem_response",
    "security_headers",
    "send_timeout",
]

_log = getLogger(__name__)

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_API = ("/v1", "/healthz", "/readyz", "/metrics")
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # previews come as data:
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), clipboard-read=(self), geolocation=(), microphone=()",
}


def security_headers(app: App) -> App:
    """With headers that keep browsers from guessing types, framing, telling and keeping."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        api = scope["path"].startswith(_API)
        policy = {"content-security-policy": _API_POLICY if api else _PAGE_POLICY}
        keep = {"cache-control": "no-store"} if api else {}
        safe = [(k.encode(), v.encode()) for k, v in (_ALWAYS | policy | keep).items()]

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *safe]
            await send(message)

        await app(scope, receive, send_safely)

    return call


def send_timeout(app: App, seconds: float) -> App:
    """With no more than so many seconds for each piece of an answer that a client takes."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        slow = False

        async def send_in_time(message: Message) -> None:
            nonlocal slow
            try:
                async with asyncio.timeout(seconds):
                    await send(message)
            except TimeoutError:
                slow = True
                raise

        try:
            await app(scope, receive, send_in_time)
        except TimeoutError:
            if not slow:
                raise  # else the server closes the line, as the answer is not whole

    return call


def catch_errors(app: App) -> App:
    """With a plain answer to what nobody foresaw; the log tells what it was."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await app(scope, receive, watched)
        except Exception as error:
            if begun:
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            await problem_response(error, scope)(scope, receive, send)

    return call


def problem_response(error: Exception, scope: Scope) -> Response:
    """The answer to a request that ended in this error, in the language that it asks for."""
    problem_error = to_problem_error(error)
    language = language_of(Headers(scope=scope).get("accept-language"))
    problem = problem_document(problem_error, language)
    headers = {"Content-Language": language, "Vary": "Accept-Language"} | problem_error.headers
    return Response(problem.model_dump_json(), problem.status, headers, MEDIA_TYPE)
