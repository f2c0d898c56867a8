"""Many photographs at once: seen, corrected, taken home; in a real browser."""

import json
import re
import shutil
import zipfile
from base64 import b64encode

import numpy as np
import pytest
import pyvips

from colorear import verify
from server.ui.browsing import (
    EXAMPLES,
    colored,
    corrected,
    downloaded,
    needs_chromium,
    no_wider_than_the_screen,
    wait_until,
)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = needs_chromium

COUNT_URLS = """
    window.urls = new Set();
    const make = URL.createObjectURL.bind(URL), revoke = URL.revokeObjectURL.bind(URL);
    URL.createObjectURL = (what) => { const url = make(what); urls.add(url); return url; };
    URL.revokeObjectURL = (url) => { urls.delete(url); revoke(url); };
"""
ANSWER_AT_ONCE = """
    const ask = window.fetch.bind(window);
    window.fetch = (url, how) =>
        String(url).endsWith("photographs/batch") ? Response.json(%s) : ask(url, how);
"""


def send(page, files) -> None:
    page.get_by_role("tab", name="Many at once").click()
    page.set_input_files("#panel-batch input.files", files)


def wait_for_all(page, number: int) -> None:
    every = page.get_by_role("button", name=f"Download all ({number:,})")
    playwright.expect(every).to_be_enabled(timeout=180_000)


def tile(page, number: int):
    return page.locator("#panel-batch .grid li").nth(number)


def stamp(page, number: int) -> list[int]:
    """The pixels of the small picture of one of them."""
    tile(page, number).scroll_into_view_if_needed()
    image = tile(page, number).locator("img[src]")
    image.wait_for()
    return image.evaluate(
        """async (image) => {
            await image.decode();
            const canvas = new OffscreenCanvas(16, 16).getContext("2d");
            canvas.drawImage(image, 0, 0, 16, 16);
            return [...canvas.getImageData(0, 0, 16, 16).data];
        }"""
    )


def look_at(page, number: int) -> None:
    tile(page, number).get_by_role("button", name=re.compile("^Compare")).click()
    page.locator(".work:not([hidden])").wait_for()
    colored(page)


def test_one_of_many_is_compared_corrected_and_colored_anew(visit, tmp_path):
    page = visit()
    send(page, [EXAMPLES / name for name in ("china.jpg", "flower.jpg", "coffee.png")])
    wait_for_all(page, 3)
    before = [stamp(page, number) for number in range(3)]

    look_at(page, 0)
    assert page.locator(".lot .place").inner_text() == "1 of 3"
    assert page.get_by_role("button", name="Previous photograph").is_disabled()
    assert page.get_by_role("button", name="Take these to the next").is_disabled()
    corrected(page, 0.4, 0.6)
    page.get_by_role("button", name="All photographs").click()
    wait_for_all(page, 3)
    after = [stamp(page, number) for number in range(3)]
    assert after[0] != before[0]
    assert after[1:] == before[1:]
    assert "china" in page.evaluate("document.activeElement.ariaLabel")

    get = tile(page, 0).get_by_role("button", name="Download china-color.jpg")
    file = downloaded(page, get.click, tmp_path)
    assert verify(EXAMPLES / "china.jpg", file).identical_dct
    red = pyvips.Image.new_from_file(str(file)).colourspace("lab").numpy()[..., 1]
    y, x = (round(share * size) for share, size in zip((0.6, 0.4), red.shape, strict=True))
    assert red[y, x] > 25  # as corrected; it has a* = 5 elsewhere

    look_at(page, 0)
    assert page.locator(".dots button").count() == 1  # and it is still known
    page.go_back()
    page.locator("#panel-batch").wait_for()
    look_at(page, 1)
    assert page.locator(".dots button").count() == 0
    page.go_back()
    page.go_forward()
    page.locator(".lot .place").get_by_text("2 of 3").wait_for()


def test_a_correction_is_carried_to_the_next_photograph(visit):
    page = visit()
    send(page, [EXAMPLES / name for name in ("china.jpg", "flower.jpg", "rocket.jpg")])
    wait_for_all(page, 3)
    before = stamp(page, 1)
    look_at(page, 0)
    corrected(page, 0.7, 0.3)
    hints = "[...document.querySelectorAll('.dots button')].map(dot => dot.hint)"
    known = page.evaluate(hints)
    page.get_by_role("button", name="Take these to the next").click()
    page.locator(".lot .place").get_by_text("2 of 3").wait_for()
    colored(page)
    assert page.evaluate(hints) == known
    page.get_by_role("button", name="Undo").click()
    colored(page)
    assert page.evaluate(hints) == []
    page.get_by_role("button", name="Redo").click()
    colored(page)
    page.get_by_role("button", name="Next photograph", exact=True).click()
    page.locator(".lot .place").get_by_text("3 of 3").wait_for()
    assert page.get_by_role("button", name="Take these to the next").is_hidden()
    assert page.evaluate(hints) == []
    page.get_by_role("tab", name="Many at once").click()
    wait_for_all(page, 3)
    assert stamp(page, 1) != before


def test_vividness_is_for_all_or_for_one(visit):
    page = visit()
    send(page, [EXAMPLES / "china.jpg", EXAMPLES / "flower.jpg"])
    wait_for_all(page, 2)
    before = [stamp(page, number) for number in range(2)]
    look_at(page, 0)
    page.get_by_role("slider", name="Vividness").fill("2")
    colored(page)
    page.get_by_role("button", name="All photographs").click()
    wait_for_all(page, 2)
    own = stamp(page, 0)
    assert own != before[0]
    assert stamp(page, 1) == before[1]
    shown = tile(page, 1).locator("img").get_attribute("src")
    page.get_by_role("slider", name="Vividness of all").fill("0")
    playwright.expect(tile(page, 1).locator("img[src]")).not_to_have_attribute("src", shown)
    wait_for_all(page, 2)
    assert stamp(page, 0) == own
    gray = np.array(stamp(page, 1)).reshape(-1, 4)[:, :3]
    assert np.ptp(gray, axis=1).max() <= 6  # without color


ASKED = """
window.asked = [];
const { append } = FormData.prototype;
FormData.prototype.append = function (name, value, ...others) {
  if (name === "work") asked.push(JSON.parse(value));
  return append.call(this, name, value, ...others);
};
"""


def test_what_holds_for_all_is_kept_and_one_may_differ(visit):
    page = visit(init=ASKED)
    page.get_by_role("tab", name="Many at once").click()
    page.locator("#panel-batch .manner").get_by_text("Safe").click()
    page.locator("#panel-batch select.view").select_option("1.5")
    page.reload()
    send(page, [EXAMPLES / "china.jpg"])
    wait_for_all(page, 1)
    assert page.locator("#panel-batch .manner :checked").get_attribute("value") == "0.5"
    asked = page.evaluate("asked.at(-1)")
    assert (asked["vividness"], asked["view"]) == (0.5, 1.5)
    before = stamp(page, 0)
    look_at(page, 0)
    assert page.locator(".side select.view").input_value() == "1.5"
    page.locator(".side select.view").select_option("1")
    colored(page)
    page.get_by_role("button", name="All photographs").click()
    wait_for_all(page, 1)
    page.get_by_role("slider", name="Vividness of all").fill("1.5")
    wait_until(page, "document.querySelectorAll('#panel-batch .finished').length < 1")
    wait_for_all(page, 1)
    asked = page.evaluate("asked.at(-1)")
    assert (asked["vividness"], asked["view"]) == (1.5, 1)
    assert stamp(page, 0) != before


def test_what_failed_is_told_above_and_tried_again(visit, tmp_path):
    page = visit(refusals=True)
    photograph = tmp_path / "mended.jpg"
    photograph.write_bytes((EXAMPLES / "flower.jpg").read_bytes()[:5000])
    send(page, [EXAMPLES / "china.jpg", photograph])
    wait_for_all(page, 1)
    failures = page.locator(".failures")
    assert "mended.jpg' is a JPEG that is damaged" in failures.inner_text()
    photograph.unlink()
    page.get_by_role("button", name="Try mended.jpg again").click()
    failures.get_by_text("mended.jpg can no longer be read").wait_for()
    wait_for_all(page, 1)
    assert no_wider_than_the_screen(page)


def test_what_the_server_put_away_is_colored_again(visit, address, tmp_path):
    secrets = []
    page = visit()
    page.on("request", lambda request: secrets.append(request.headers.get("session")))
    send(page, [EXAMPLES / "china.jpg", EXAMPLES / "flower.jpg"])
    wait_for_all(page, 2)
    secret = next(filter(None, secrets))
    assert page.request.post(f"{address}/page/actions/end", data={"session": secret}).ok
    every = page.get_by_role("button", name="Download all (2)")
    with zipfile.ZipFile(downloaded(page, every.click, tmp_path)) as archive:
        assert len(archive.namelist()) == 2
    secret = list(filter(None, secrets))[-1]
    assert page.request.post(f"{address}/page/actions/end", data={"session": secret}).ok
    single = page.locator("#panel-batch .grid").get_by_role("button", name="Download").first
    assert downloaded(page, single.click, tmp_path).name == "china-color.jpg"


def test_without_the_network_it_waits_and_goes_on(visit):
    page = visit(refusals=True)
    send(page, [EXAMPLES / "china.jpg"])
    wait_for_all(page, 1)
    page.context.set_offline(True)
    send(page, [EXAMPLES / "flower.jpg", EXAMPLES / "coffee.png"])
    status = page.locator("#panel-batch .status")
    status.get_by_text("cannot be reached").wait_for()
    assert page.locator(".grid .failed").count() == 0
    assert page.get_by_role("button", name="Go on").is_visible()
    page.context.set_offline(False)  # the browser tells the page
    wait_for_all(page, 3)
    assert "reached" not in status.inner_text()


def test_where_there_is_no_room_they_are_taken_home_first(visit, tmp_path):
    page = visit()
    full = {"problem": "2 photographs are here, and there is no room", "kind": "too-many-of-yours"}
    is_full = True

    def answer(route) -> None:
        if is_full and b'"number":2' in route.request.post_data_buffer:
            route.fulfill(json=full)
        else:
            route.continue_()

    page.route("**/page/photographs/batch", answer)
    send(page, [EXAMPLES / name for name in ("china.jpg", "flower.jpg", "coffee.png")])
    page.get_by_text("there is no room").wait_for()
    every = page.get_by_role("button", name="Download all (2)")
    playwright.expect(every).to_be_enabled(timeout=60_000)
    with zipfile.ZipFile(downloaded(page, every.click, tmp_path)) as archive:
        assert archive.namelist() == ["china-color.jpg", "flower-color.jpg"]
    is_full = False
    page.get_by_role("button", name="Go on").click()
    wait_for_all(page, 1)
    assert page.locator(".grid .home").count() == 2
    assert "3 of 3 done" in page.locator("#panel-batch .status").inner_text()
    every = page.get_by_role("button", name="Download all (1)")
    with zipfile.ZipFile(downloaded(page, every.click, tmp_path)) as archive:
        assert archive.namelist() == ["coffee-color.png"]


def test_a_thousand_do_not_fill_the_browser(visit, tmp_path):
    small = pyvips.Image.black(320, 240).copy(interpretation="b-w").jpegsave_buffer(Q=90)
    stamp = f"data:image/jpeg;base64,{b64encode(bytes(small)).decode()}"
    answer = {"name": "x-color.jpg", "seconds": 0.5, "stamp": stamp}
    page = visit(init=COUNT_URLS + ANSWER_AT_ONCE % json.dumps(answer))
    files = []
    for number in range(1000):
        files.append(tmp_path / f"{number}.jpg")
        shutil.copy(EXAMPLES / "rocket.jpg", files[-1])
    send(page, files)
    playwright.expect(page.locator("#panel-batch .grid li")).to_have_count(1000)
    wait_for_all(page, 1000)
    in_memory = "[urls.size, document.querySelectorAll('.grid img[src]').length]"
    for share in (0.5, 1, 0):
        page.evaluate(f"scrollTo(0, {share} * document.documentElement.scrollHeight)")
        wait_until(page, "[...document.querySelectorAll('.grid img[src]')].length > 3")
        page.wait_for_timeout(300)
        urls, images = page.evaluate(in_memory)
        assert urls == images
        assert urls < 80  # of a thousand
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Begin again").click()
    wait_until(page, "urls.size === 0")
    assert page.locator("#panel-batch .grid li").count() == 0


def test_an_album_of_twelve_comes_home_with_three_corrections(visit, tmp_path):
    """The story of a grandmother's album, in Spanish and on a telephone's width."""
    album = tmp_path / "album"
    album.mkdir()
    names = ("china.jpg", "flower.jpg", "coffee.png", "chelsea.tif", "rocket.jpg", "astronaut.jpg")
    for number in range(12):
        name = names[number % 6]
        shutil.copy(EXAMPLES / name, album / f"{number:02} {name}")
    files = sorted(album.iterdir())
    page = visit(390, 844, locale="es", has_touch=True, is_mobile=True)
    page.get_by_role("tab", name="Muchas a la vez").click()
    page.set_input_files("#panel-batch input.files", files)
    zip_button = page.get_by_role("button", name="Descargar todas (12)")
    playwright.expect(zip_button).to_be_enabled(timeout=120_000)
    before = [stamp(page, number) for number in (0, 1, 6)]

    tile(page, 0).get_by_role("button", name="Comparar y corregir").click()
    colored(page)
    corrected(page, 0.4, 0.6)
    page.get_by_role("button", name="Llevarlas a la foto siguiente").click()
    page.locator(".lot .place").get_by_text("2 de 12").wait_for()
    colored(page)
    page.get_by_role("button", name="Todas las fotos").click()
    tile(page, 6).get_by_role("button", name="Comparar y corregir").click()
    colored(page)
    corrected(page, 0.4, 0.6, swatch=1)
    page.get_by_role("button", name="Todas las fotos").click()
    playwright.expect(zip_button).to_be_enabled(timeout=120_000)
    after = [stamp(page, number) for number in (0, 1, 6)]
    assert all(new != old for new, old in zip(after, before, strict=True))
    assert no_wider_than_the_screen(page)

    with zipfile.ZipFile(downloaded(page, zip_button.click, tmp_path)) as archive:
        assert len(archive.namelist()) == 12
        archive.extractall(tmp_path / "home")
    for file in files:
        assert verify(file, tmp_path / "home" / f"{file.stem}-color{file.suffix}").ok
