"""What surrounds every route, around applications of a few lines."""

import asyncio
import json

import pytest

from colorear.errors import ColorearError
from colorear.server.middleware import catch_errors, security_headers, send_timeout
from colorear.server.problems import too_slow

OTHER = {"type": "lifespan"}


def request(path: str = "/", language: str = "en") -> dict:
    headers = [(b"accept-language", language.encode())]
    return {"type": "http", "method": "GET", "path": path, "headers": headers}


def sent_by(app, scope, *, send=None) -> list[dict]:
    """What an application sends in answer to a request."""
    sent = []

    async def keep(message):
        sent.append(message)

    asyncio.run(app(scope, "receive", send or keep))
    return sent


def saying(*messages):
    """An application that sends these messages, whatever it is asked."""

    async def app(_scope, receive, send):
        assert receive == "receive"
        for message in messages:
            await send(dict(message))

    return app


def failing(error: Exception, *messages):
    async def app(scope, receive, send):
        await saying(*messages)(scope, receive, send)
        raise error

    return app


START = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
BODY = {"type": "http.response.body", "body": b"whole"}


@pytest.mark.parametrize(
    ("path", "is_api"),
    [
        ("/v1/colorize", True),
        ("/healthz", True),
        ("/readyz", True),
        ("/metrics", True),
        ("/", False),
        ("/docs", False),
        ("/static/page.js", False),
    ],
)
def test_every_answer_is_kept_from_doing_harm(path, is_api):
    start, body = sent_by(security_headers(saying(START, BODY)), request(path))
    assert body == BODY
    assert start["headers"][0] == (b"a", b"b")
    headers = dict(start["headers"])
    policy = headers.pop(b"content-security-policy").decode()
    assert headers.pop(b"cache-control", None) == (b"no-store" if is_api else None)
    assert headers == {
        b"a": b"b",
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
        b"referrer-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"permissions-policy": b"camera=(self), clipboard-read=(self), geolocation=(), "
        b"microphone=()",
    }
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    if is_api:
        assert len(rules) == 2
    else:
        assert rules["script-src"] == rules["connect-src"] == rules["style-src"] == "'self'"
        assert rules["base-uri"] == rules["form-action"] == rules["trusted-types"] == "'none'"
        assert rules["require-trusted-types-for"] == "'script'"


def test_an_answer_without_headers_gets_them_too():
    (start,) = sent_by(security_headers(saying({"type": "http.response.start"})), request())
    assert (b"x-frame-options", b"DENY") in start["headers"]


@pytest.mark.parametrize(
    "around", [security_headers, catch_errors, lambda app: send_timeout(app, 0.01)]
)
def test_what_is_no_request_is_let_through(around, monkeypatch):
    monkeypatch.setattr(asyncio, "timeout", None)  # it may take as long as it likes
    assert sent_by(around(saying(START)), OTHER) == [START]
    with pytest.raises(ZeroDivisionError):
        sent_by(around(failing(ZeroDivisionError())), OTHER)


def test_a_client_who_takes_nothing_is_left_after_a_while():
    left = []

    async def app(_scope, _receive, send):
        try:
            await send(START)
            left.append("went on")
        finally:
            left.append("left")

    async def never(_message):
        await asyncio.Event().wait()

    sent_by(send_timeout(app, 0.01), request(), send=never)
    assert left == ["left"]


def test_a_client_may_take_each_piece_in_its_time(monkeypatch):
    timeout, limits = asyncio.timeout, []

    def limit(seconds):
        limits.append(seconds)
        return timeout(seconds)

    monkeypatch.setattr(asyncio, "timeout", limit)
    assert sent_by(send_timeout(saying(START, BODY, BODY), 60), request()) == [START, BODY, BODY]
    assert limits == [60, 60, 60]


def test_a_timeout_of_something_else_is_none_of_the_client():
    with pytest.raises(TimeoutError, match="of the disk"):
        sent_by(send_timeout(failing(TimeoutError("of the disk"), START), 60), request())


def test_what_nobody_foresaw_is_a_plain_problem_and_told_in_the_log(caplog):
    start, body = sent_by(catch_errors(failing(ZeroDivisionError("/secret"))), request("/v1/x"))
    assert start["status"] == 500
    assert json.loads(body["body"])["type"].endswith("server-error")
    assert b"secret" not in body["body"]
    (record,) = caplog.records
    assert record.getMessage() == "GET /v1/x failed"
    assert "/secret" in str(record.exc_info[1])


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_problem_is_told_in_the_language_that_is_asked_for(language):
    error = too_slow(3)
    said, error.headers = str(error), {"Retry-After": "7"}
    start, body = sent_by(catch_errors(failing(error)), request(language=language))
    headers = {name: value for name, value in start["headers"] if name != b"content-length"}
    assert headers == {
        b"content-language": language.encode(),
        b"vary": b"Accept-Language",
        b"retry-after": b"7",
        b"content-type": b"application/problem+json",
    }
    problem = json.loads(body["body"])
    assert start["status"] == problem["status"] == 408
    assert (problem["detail"] == said) == (language == "en")


def test_an_answer_that_has_begun_is_not_begun_again(caplog):
    sent = []

    async def keep(message):
        sent.append(message)

    for error in (ZeroDivisionError(), ColorearError("no")):
        with pytest.raises(type(error)):
            sent_by(catch_errors(failing(error, START)), request(), send=keep)
        with pytest.raises(type(error)):
            sent_by(catch_errors(failing(error, START, BODY)), request(), send=keep)
    assert sent == [START, START, BODY] * 2
    assert caplog.records == []
