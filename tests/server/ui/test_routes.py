import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import colorear
from colorear.inference.verify import verify
from colorear.photo.sniffing import format_of
from colorear.server.settings import Settings
from colorear.server.ui.actions import PageActions
from colorear.server.ui.routes import EXAMPLES, routes
from colorear.server.ui.session import Sessions
from colorear.server.worker_pool import WorkerPool

STATIC = Path(colorear.__file__).parent / "server" / "ui" / "static"


@asynccontextmanager
async def visiting(model: str = "acuarela", address: str = "192.0.2.7"):
    """A client of the routes alone, in an application of this process; and the desk behind it."""
    settings = Settings(workers=1, model=model, upload_megabytes=1)
    pool = WorkerPool(settings)
    sessions = Sessions(pool)
    actions = PageActions(pool, sessions)
    app = FastAPI()
    app.include_router(routes(actions, sessions, settings, STATIC))
    transport = httpx.ASGITransport(app, client=(address, 1))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            yield client, actions, sessions
    finally:
        sessions.end_all()
        await pool.stop()


async def sent(client, secret: str, content: bytes, name: str = "niña.jpg", *, purpose="open"):
    """What is answered to an upload from that session."""
    answer = await client.post(
        f"/page/photographs/{purpose}",
        files={"photograph": (name, content)},
        headers={"session": secret},
    )
    return answer.json()


async def acted(client, name: str, **payload):
    """What is answered to a script of the page."""
    return (await client.post(f"/page/actions/{name}", json=payload)).json()


def test_a_photograph_comes_and_goes(able_network, tmp_path):
    async def work() -> None:
        async with visiting(able_network) as (client, actions, sessions):
            secret = sessions.begin("me")
            shown = await sent(client, secret, EXAMPLES["flower"].read_bytes())
            assert shown["name"] == "niña.jpg"
            payload = {"session": secret, "model": able_network}
            made = await actions.file("me", payload)
            answer = await client.get(f"/page/files/{made['file']}")
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-type"] == "application/octet-stream"
            assert "ni%C3%B1a-color.jpg" in answer.headers["content-disposition"]
            (tmp_path / "colored.jpg").write_bytes(answer.content)
            assert verify(EXAMPLES["flower"], tmp_path / "colored.jpg").ok
            assert await acted(client, "end", session=secret) == {}
            assert len(sessions) == 0
            assert (await client.get(f"/page/files/{made['file']}")).status_code == 404

    asyncio.run(work())


def test_visitors_of_one_network_share_their_turn(monkeypatch):
    told = []

    async def open_photo(_actions, client, *_):
        told.append(client)
        return {}

    async def work() -> None:
        async with visiting(address="2001:db8::7") as (client, _, sessions):
            assert await sent(client, sessions.begin("me"), b"any") == {}

    monkeypatch.setattr(PageActions, "open_photo", open_photo)
    asyncio.run(work())
    assert told == ["2001:db8::/64"]


def test_one_of_many_waits_for_its_zip(able_network):
    async def work() -> None:
        async with visiting(able_network) as (client, _, sessions):
            secret = sessions.begin("me")
            content = EXAMPLES["flower"].read_bytes()
            assert (await sent(client, secret, content, purpose="batch"))[
                "name"
            ] == "niña-color.jpg"
            (kept,) = sessions.of(secret).batch.values()
            assert verify(EXAMPLES["flower"], kept.path).ok

    asyncio.run(work())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GIF89a", "'niña.jpg' is a GIF"),
        (bytes(1_100_000), "larger than the 1 MB"),
    ],
)
def test_what_is_refused_leaves_nothing(content, said):
    async def work() -> None:
        async with visiting() as (client, _, sessions):
            secret = sessions.begin("me")
            assert said in (await sent(client, secret, content))["problem"]
            assert list(sessions.of(secret).folder.iterdir()) == []

    asyncio.run(work())


def test_only_a_sitting_may_send_and_only_for_what_there_is():
    async def work() -> None:
        async with visiting() as (client, _, sessions):
            secret = sessions.begin("me")
            assert await sent(client, "guessed", b"") == {"expired": True}
            answer = await client.post("/page/photographs/keep", headers={"session": secret})
            assert answer.status_code == 422
            assert list(sessions.of(secret).folder.iterdir()) == []

    asyncio.run(work())


@pytest.mark.parametrize("secret", ["", "guessed", None, 7, ["x"], {}])
def test_nobody_ends_the_sitting_of_another(secret):
    async def work() -> None:
        async with visiting() as (client, _, sessions):
            sessions.begin("me")
            assert await acted(client, "end", session=secret) == {}
            assert len(sessions) == 1

    asyncio.run(work())


def test_the_scripts_of_the_page_call_by_json(able_network):
    async def work() -> None:
        async with visiting(able_network) as (client, _, sessions):
            secret = (await acted(client, "begin"))["session"]
            assert sessions.of(secret).client == "192.0.2.7"
            assert await acted(client, "colors", session=secret) == {"expired": True}
            await sent(client, secret, EXAMPLES["flower"].read_bytes())
            request = {"session": secret, "model": able_network}
            assert (await acted(client, "colors", **request))["after"].startswith("data:image/jpeg")
            assert len((await acted(client, "suggestions", **request))["colors"]) == 3
            assert (await acted(client, "uncertainty", **request))["tint"].startswith(
                "data:image/png"
            )
            assert (await acted(client, "hints", session=secret, text="[]")) == {"hints": []}
            assert (await client.post("/page/actions/run", json={})).status_code == 404

    asyncio.run(work())


@pytest.mark.parametrize(
    ("content_type", "content", "said"),
    [
        ("text/plain", b"{}", "a body of the type 'text/plain' came, but application/json"),
        ("", b"{}", "a body of the type 'unknown' came"),
        ("application/json", b"[]", "not the JSON object"),
        ("application/json", b"[" * 100_000, "not the JSON object"),
        ("application/json", b'{"a": "\xff"}', "not the JSON object"),
        ("application/json", b" " * 2**20 + b"{}", "larger than the 1,048,576 bytes"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_only_json_is_taken_and_not_too_much_of_it(content_type, content, said):
    async def work() -> None:
        async with visiting() as (client, *_):
            headers = {"Content-Type": content_type}
            answer = await client.post("/page/actions/begin", content=content, headers=headers)
            assert said in answer.json()["problem"]

    asyncio.run(work())


def test_scripts_and_examples_are_served_and_no_other_file():
    async def work() -> None:
        async with visiting() as (client, *_):
            for path in STATIC.iterdir():
                answer = await client.get(f"/page/static/{path.name}")
                if path.suffix in {".js", ".css", ".svg", ".png", ".webmanifest"}:
                    assert answer.content == path.read_bytes()
                    assert answer.headers["cache-control"] == "no-cache"
                else:
                    assert answer.status_code == 404
            for place in ("static/..%2Fpage.py", "files/..%2Fpage.py", "examples/CREDITS"):
                assert (await client.get(f"/page/{place}")).status_code == 404
            answer = await client.get("/page/examples/china")
            assert answer.content == EXAMPLES["china"].read_bytes()
            assert 'filename="china.jpg"' in answer.headers["content-disposition"]

    asyncio.run(work())


def test_the_page_is_an_app_of_the_server_alone():
    async def work() -> None:
        async with visiting() as (client, *_):
            address = "http://here/page/static/app.webmanifest"
            answer = await client.get(address)
            assert answer.headers["content-type"] == "application/manifest+json"
            about = answer.json()
            for name in ("start_url", "scope", "id"):
                assert str(answer.url.join(about[name])) == "http://here/"
            for icon in about["icons"]:
                shown = await client.get(str(answer.url.join(icon["src"])))
                assert shown.headers["content-type"] == icon["type"]
            purposes = {purpose for icon in about["icons"] for purpose in icon["purpose"].split()}
            assert purposes == {"any", "maskable"}

    asyncio.run(work())


def test_examples_have_stamps():
    async def work() -> None:
        async with visiting() as (client, *_):
            first, again = [await client.get("/page/thumbnails/chelsea") for _ in range(2)]
            assert first.headers["content-type"] == "image/jpeg"
            assert first.content.startswith(b"\xff\xd8")
            assert again.content == first.content
            assert (await client.get("/page/thumbnails/CREDITS")).status_code == 404

    asyncio.run(work())


def test_every_example_is_a_photograph():
    assert {format_of(path) for path in EXAMPLES.values()} == {"jpeg", "png", "tiff"}
    assert all(path.stem == name for name, path in EXAMPLES.items())
