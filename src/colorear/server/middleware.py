"""What surrounds every route: safe headers, patience that ends, and no word of what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from logging import getLogger
from typing import Any

from starlette.responses import Response

from colorear.server.problems import MEDIA_TYPE, Refusal, problem_of, refusal_of

__all__ = [
    "App",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "answering",
    "brief",
    "guarded",
    "patient",
    "problem_response",
]

_log = getLogger(__name__)

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_API = ("/v1", "/healthz", "/readyz", "/metrics")
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Gradio writes scripts and styles into the page, and makes functions of text (unsafe-eval).
_PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), clipboard-read=(self), geolocation=(), microphone=()",
}


def guarded(app: App) -> App:
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


def patient(app: App, seconds: float) -> App:
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


def brief(app: App, most: int, seconds: float) -> App:
    """With bodies of at most `most` bytes, which arrive whole within so many seconds."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(seconds):
                whole = await _whole(receive, most)
        except (Refusal, TimeoutError) as error:
            if isinstance(error, TimeoutError):
                said = f"the request had not arrived after {seconds:g} seconds; send it again"
                error = Refusal("upload-too-slow", said, {"Connection": "close"})
            await problem_response(error)(scope, receive, send)
            return
        waiting = [whole]

        async def replayed() -> Message:
            return waiting.pop() if waiting else await receive()

        await app(scope, replayed, send)

    return call


async def _whole(receive: Receive, most: int) -> Message:
    """A request's whole body as one message, or what came instead of its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > most:
            said = f"the request is larger than the {most:,} bytes that are taken; ask for less"
            raise Refusal("too-many-bytes", said, {"Connection": "close"})
        if not message.get("more_body"):
            return {"type": "http.request", "body": bytes(body)}


def answering(app: App) -> App:
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
            await problem_response(error)(scope, receive, send)

    return call


def problem_response(error: Exception) -> Response:
    """The answer to a request that ended in this error."""
    refusal = refusal_of(error)
    problem = problem_of(refusal)
    return Response(problem.model_dump_json(), problem.status, refusal.headers, MEDIA_TYPE)
