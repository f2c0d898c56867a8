import asyncio

import pytest

from colorear.server.middleware import brief, patient


def test_a_client_who_takes_nothing_is_left_after_a_while():
    left = []

    async def app(_scope, _receive, send):
        try:
            await send({"type": "http.response.start"})
        finally:
            left.append("left")

    async def never(_message):
        await asyncio.Event().wait()

    asyncio.run(patient(app, 0.01)({"type": "http"}, never, never))
    assert left == ["left"]


def asked(messages, *, most=10, seconds=5.0):
    """What an application behind `brief` was told, and what was answered."""
    told, answers, left = [], [], list(messages)

    async def app(_scope, receive, _send):
        told.extend([await receive(), await receive()])

    async def receive():
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message):
        answers.append(message)

    asyncio.run(brief(app, most, seconds)({"type": "http"}, receive, send))
    return told, answers


def body(data, *, more):
    return {"type": "http.request", "body": data, "more_body": more}


GONE = {"type": "http.disconnect"}


def test_a_brief_request_comes_whole_and_then_what_follows():
    told, answers = asked([body(b"12345", more=True), body(b"67890", more=False), GONE])
    assert told == [{"type": "http.request", "body": b"1234567890"}, GONE]
    assert answers == []
    assert asked([body(b"123", more=True), GONE, GONE])[0] == [GONE, GONE]


@pytest.mark.parametrize(
    ("messages", "status"),
    [([body(b"123456", more=True)] * 2, 413), ([body(b"1", more=True)], 408)],
)
def test_a_long_or_slow_request_is_refused(messages, status):
    told, answers = asked(messages, seconds=0.05)
    assert told == []
    assert answers[0]["status"] == status
    assert (b"connection", b"close") in answers[0]["headers"]
