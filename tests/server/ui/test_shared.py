"""Photographs that another app shares with the installed page."""

import json

import httpx
import pytest
import pyvips

from colorear.server.ui.shared import FIELD
from server.ui.browsing import EXAMPLES, colored, needs_chromium

AS_A_PHONE_DOES = {"Origin": "null", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}


def share(
    address: str, *names: str, field: str = FIELD, content: bytes | None = None, **headers
) -> httpx.Response:
    """What is answered to a phone that shares these examples, or `content`, by those names."""
    files = [(field, (name, content or (EXAMPLES / name).read_bytes())) for name in names]
    how = AS_A_PHONE_DOES | headers
    return httpx.post(f"{address}/shared", files=files, data={"title": "Abuela"}, headers=how)


def test_the_manifest_says_where_and_how(address):
    place = f"{address}/page/static/app.webmanifest"
    target = httpx.get(place).json()["share_target"]
    assert str(httpx.URL(place).join(target["action"])) == f"{address}/shared"
    assert (target["method"], target["enctype"]) == ("POST", "multipart/form-data")
    (files,) = target["params"]["files"]
    assert files["name"] == FIELD
    assert "image/*" in files["accept"]


def test_every_icon_is_there_in_the_size_that_is_told(address):
    place = httpx.URL(f"{address}/page/static/app.webmanifest")
    icons = [(place.join(icon["src"]), icon) for icon in httpx.get(place).json()["icons"]]
    icons.append((place.join("apple-touch-icon.png"), {"type": "image/png", "sizes": "180x180"}))
    assert "static/apple-touch-icon.png" in httpx.get(address).text
    for url, about in icons:
        answer = httpx.get(url)
        assert answer.headers["content-type"].startswith(about["type"])
        picture = pyvips.Image.new_from_buffer(answer.content, "")
        if about["sizes"] != "any":
            assert f"{picture.width}x{picture.height}" == about["sizes"]


@needs_chromium
def test_a_browser_finds_nothing_that_keeps_it_from_being_installed(visit, address):
    page = visit()
    asked = page.context.new_cdp_session(page)
    told = asked.send("Page.getAppManifest")
    assert told["errors"] == []
    assert told["manifest"]["shareTarget"]["action"] == f"{address}/shared"
    why_not = asked.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {one["errorId"] for one in why_not} <= {"in-incognito"}  # as every test is


@needs_chromium
def test_one_that_is_shared_is_opened(visit, address):
    answer = share(address, "china.jpg")
    assert answer.status_code == 303
    page = visit()
    page.goto(f"{address}/?{answer.headers['location'].removeprefix('./')}")
    page.get_by_text("china.jpg: in colour").wait_for()
    assert "shared" not in page.url
    done = colored(page)
    page.reload()
    page.locator(".work:not([hidden])").wait_for()
    assert colored(page) == done


@needs_chromium
def test_several_that_are_shared_make_a_grid_and_what_went_wrong_is_said(visit, address):
    def opened(answer: httpx.Response, **how):
        page = visit(**how)
        page.goto(f"{address}/?{answer.headers['location'].removeprefix('./')}")
        return page

    answer = share(address, "china.jpg", "coffee.png")
    page = opened(answer)
    page.locator("#panel-batch .finished").nth(1).wait_for()
    names = page.locator("#panel-batch .name").all_inner_texts()
    assert names == ["china-color.jpg", "coffee-color.png"]

    page = opened(answer)
    page.get_by_text("What was shared is not here any more").wait_for()
    page = opened(share(address, "a.jpg", field="text", content=b"?"), locale="es")
    page.get_by_text("no había ninguna foto").wait_for()
    page = opened(share(address, "a.pdf", content=b"%PDF-1.4"), locale="es")
    page.get_by_text("«a.pdf» es un PDF").wait_for()


@needs_chromium
def test_a_form_of_another_site_shares_nothing(visit, address):
    page = visit(refusals=True)
    form = f"<form method=post enctype=multipart/form-data action='{address}/shared'></form>"
    page.goto("data:text/html,<title>evil</title>")
    with page.expect_response("**/shared") as answered:
        page.evaluate(
            "form => { document.body.innerHTML = form; document.forms[0].submit(); }", form
        )
    assert answered.value.status == 403
    assert json.loads(answered.value.text())["type"].endswith(":foreign-site")


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_no_page_can_share(address, headers):
    assert share(address, "china.jpg", **headers).status_code == 403


def test_more_than_is_taken_is_refused(address):
    answer = share(address, "a.jpg", content=bytes(101_000_000))
    secret = answer.headers["location"].partition("=")[2]
    asked = {"session": secret, "number": 0}
    told = httpx.post(
        f"{address}/page/actions/shared", json=asked, headers={"Accept-Language": "es"}
    )
    assert "mayor que los 100 MB" in told.json()["problem"]
