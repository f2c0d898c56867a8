import asyncio

from colorear.server.middleware import send_timeout


def test_a_client_who_takes_nothing_is_left_after_a_while():
    left = []

    async def app(_scope, _receive, send):
        try:
            await send({"type": "http.response.start"})
        finally:
            left.append("left")

    async def never(_message):
        await asyncio.Event().wait()

    asyncio.run(send_timeout(app, 0.01)({"type": "http"}, never, never))
    assert left == ["left"]
