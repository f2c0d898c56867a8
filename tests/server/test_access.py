import asyncio
import base64

import pytest

from colorear.server.access import has_token, is_loopback, refuse_foreign_sites
from colorear.server.settings import Settings


@pytest.mark.parametrize("token", ["secret", "clé", "ключ", "with space"])
def test_a_token_is_presented_plainly_or_as_a_password(token):
    for spelling in {token.encode(), token.encode("latin-1", "ignore")}:
        right = spelling.decode("latin-1")
        is_same = spelling in (token.encode(), token.encode("latin-1", "replace"))
        assert has_token(f"Bearer {right}", token) == is_same
    password = base64.b64encode(f"any:{token}".encode()).decode()
    assert has_token(f"Basic {password}", token)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        "Bearer secret2",
        "secret",
        "Digest secret",
        "Basic secret",
        "Basic c2VjcmV0",  # secret, without a user's name
        "Basic \xe9",
        "Bearer \xff",
    ],
)
def test_anything_else_is_no_token(header):
    assert not has_token(header, "secret")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("LocalHost", True),
        ("colorear.localhost.", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("127.0.0.1.example.org", False),
        ("", False),
    ],
)
def test_what_leads_to_this_machine_only(host, expected):
    assert is_loopback(host) == expected


OWN = "127.0.0.1:7860"


SHARED = {"path": "/shared", "origin": "null", "sec_fetch_site": "none"}


def status(*, method="POST", path="/", loopback=True, host=OWN, settings=None, **headers) -> int:
    """What is answered: 200 where the request comes through."""
    answers = []

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        answers.append(message)

    async def receive():
        return {"type": "http.disconnect"}

    told = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": raw}
    wrapped = refuse_foreign_sites(app, settings or Settings(), loopback=loopback)
    asyncio.run(wrapped(scope, receive, send))
    return answers[0]["status"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),  # a program
        ({"origin": f"http://{OWN}"}, 200),
        ({"origin": f"https://{OWN}"}, 200),  # behind a proxy with TLS
        ({"origin": "http://127.0.0.1:8000"}, 403),
        ({"origin": "http://localhost:7860"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"sec_fetch_site": "cross-site", "sec_fetch_dest": "document"}, 403),  # a form
        ({"sec_fetch_site": "cross-site", "sec_fetch_dest": "document", "method": "GET"}, 200),
        ({"sec_fetch_site": "cross-site", "sec_fetch_dest": "image", "method": "GET"}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_dest": "iframe", "method": "GET"}, 403),
        (SHARED, 200),
        (SHARED | {"path": "/v1/colorize"}, 403),
        (SHARED | {"path": "/shared/"}, 403),
        (SHARED | {"method": "GET"}, 403),
        (SHARED | {"origin": "https://evil.example"}, 403),
        (SHARED | {"sec_fetch_site": "cross-site"}, 403),  # a form of another site
        (SHARED | {"sec_fetch_site": "same-site"}, 403),
        ({"path": "/shared", "origin": "null"}, 403),
        (SHARED | {"host": "evil.example:7860"}, 421),
        ({"host": "evil.example:7860", "origin": "http://evil.example:7860"}, 421),
        ({"host": ""}, 421),
        ({"host": "[::1]:7860"}, 200),
        ({"host": "[::1"}, 421),
        ({"host": "evil.example", "loopback": False}, 200),
    ],
)
def test_what_browsers_say_decides(headers, expected):
    assert status(**headers) == expected


def test_sites_and_hosts_can_be_named():
    settings = Settings(origins="https://a.example", hosts="Photos.example")
    site = {"origin": "https://a.example", "sec_fetch_site": "cross-site"}
    assert status(settings=settings, **site) == 200
    assert status(settings=settings, host="photos.EXAMPLE:443") == 200
    assert status(settings=settings, host="photos.example", loopback=False) == 200
    assert status(settings=settings, host="evil.example", loopback=False) == 421
