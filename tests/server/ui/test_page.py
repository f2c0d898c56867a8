"""The page in a real browser, against the real server."""

import http.server
import os
import re
import shutil
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import pyvips

from colorear import models, read_hints, verify
from server.ui.browsing import (
    CHROMIUM,
    EXAMPLES,
    QUIET,
    colored,
    corrected,
    downloaded,
    needs_chromium,
    no_wider_than_the_screen,
    open_photo,
    wait_until,
)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = needs_chromium


def test_a_photograph_is_colored_corrected_and_taken_home(visit, tmp_path):
    page = open_photo(visit())
    plain = colored(page)
    assert page.locator("img.before").get_attribute("src") != plain

    divider = page.get_by_role("slider", name="How much of the picture")
    assert divider.get_attribute("aria-valuenow") == "50"
    handle = divider.bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 40)
    page.mouse.down()
    page.mouse.move(handle["x"] - 200, handle["y"] + 40)
    page.mouse.up()
    assert int(divider.get_attribute("aria-valuenow")) < 50
    assert page.locator(".dots button").count() == 0

    page.get_by_role("slider", name="Vividness").fill("0")
    assert colored(page) != plain
    page.get_by_role("slider", name="Vividness").fill("1")
    assert colored(page) == plain

    corrected(page, 0.7, 0.3)
    once = colored(page)
    corrected(page, 0.8, 0.8, swatch=1)
    twice = colored(page)
    assert len({plain, once, twice}) == 3
    assert page.locator(".dots button").count() == 2
    page.get_by_role("button", name="Undo").click()
    assert colored(page) == once
    assert page.locator(".dots button").count() == 1

    page.get_by_role("button", name="Show doubt").click()
    page.locator("img.tint[src^='data:image/png']").wait_for()
    assert page.get_by_text("Strongly tinted: a guess").is_visible()

    page.get_by_role("button", name="Other versions").click()
    page.locator(".strips img[src]").nth(3).wait_for()
    page.get_by_role("radio", name="Version 2").check(force=True)
    assert colored(page) != once

    file = downloaded(page, page.get_by_role("button", name="Download").click, tmp_path)
    assert file.name == "china-color.jpg"
    verification = verify(EXAMPLES / "china.jpg", file)
    assert verification.ok
    assert verification.identical_dct
    assert verification.provenance.network == "able"


def test_corrections_are_moved_changed_removed_saved_and_opened_again(visit, tmp_path):
    page = open_photo(visit())
    plain = colored(page)
    corrected(page, 0.7, 0.3)
    first = colored(page)
    dot = page.locator(".dots button")
    box = dot.bounding_box()
    page.mouse.move(box["x"] + 13, box["y"] + 13)
    page.mouse.down()
    page.mouse.move(box["x"] + 13, box["y"] + 213, steps=3)
    page.mouse.up()
    assert colored(page) != first
    page.get_by_role("button", name="Undo").click()
    assert colored(page) == first

    dot.click()
    page.get_by_role("slider", name="Hue").fill("120")
    changed = colored(page)
    assert changed != first
    page.get_by_role("button", name="Done").click()

    save = page.get_by_role("button", name="Save corrections")
    file = downloaded(page, save.click, tmp_path)
    assert file.name == "china-hints.json"
    (hint,) = read_hints(file)
    assert hint.x == pytest.approx(0.7, abs=0.01)
    assert hint.y == pytest.approx(0.3, abs=0.01)

    page.get_by_role("button", name="Remove all").click()
    assert colored(page) == plain
    page.set_input_files("input.hints", file)
    page.get_by_text("Corrections opened: 1").wait_for()
    assert colored(page) == changed
    file.write_text("[{}]")
    page.set_input_files("input.hints", file)
    alert = page.get_by_role("alert")
    alert.get_by_text("china-hints.json").wait_for()
    assert "/" not in alert.inner_text().replace("colorear", "")

    dot.focus()
    page.keyboard.press("Delete")
    assert colored(page) == plain


def test_all_of_it_by_keyboard(visit, tmp_path):
    page = visit()

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            label = "e => e.ariaLabel || e.innerText || e.labels?.[0]?.innerText || ''"
            if re.search(name, page.evaluate(f"({label})(document.activeElement)")):
                return
        raise AssertionError(f"nothing called {name} is reached")

    tab_to("Temple")
    page.keyboard.press("Enter")
    page.locator(".work").wait_for()
    plain = colored(page)
    assert page.evaluate("document.activeElement.className") == "divider"
    page.keyboard.press("End")
    assert page.locator(".divider").get_attribute("aria-valuenow") == "100"
    page.keyboard.press("Home")

    tab_to("Add a correction")
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.locator(".swatches button").first.wait_for()
    tab_to("red")
    page.keyboard.press("Space")
    assert colored(page) != plain
    page.keyboard.press("Escape")
    assert page.locator(".panel").is_hidden()
    assert "Correction 1" in page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("Control+z")
    assert colored(page) == plain

    tab_to("Vividness")
    page.keyboard.press("Home")
    assert colored(page) != plain
    tab_to("Download")
    file = downloaded(page, lambda: page.keyboard.press("Enter"), tmp_path)
    assert verify(EXAMPLES / "china.jpg", file).ok


def test_a_network_that_cannot_says_so(visit):
    page = open_photo(visit())
    page.get_by_role("button", name="Show doubt").click()
    for network in ("plain-shallow", "skip-deep", "acuarela"):
        if page.locator(f"#panel-one option[value={network}]").count():
            break
    able_of = models.load(network)
    page.get_by_label("Network").first.select_option(network)
    colored(page)
    if not able_of.card.hints:
        page.get_by_text(f"The network {network} cannot be corrected by hand").wait_for()
        assert page.get_by_role("button", name="Add a correction").is_disabled()
    if not able_of.tells_uncertainty:
        page.get_by_text("does not tell where it is unsure").wait_for()
        assert page.locator("img.tint").is_hidden()
        page.get_by_text("makes one version only").wait_for()


def test_many_become_one_zip(visit, tmp_path):
    page = visit()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((EXAMPLES / "flower.jpg").read_bytes()[:5000])
    other = tmp_path / "other" / "china.jpg"
    other.parent.mkdir()
    shutil.copy(EXAMPLES / "china.jpg", other)
    page.get_by_role("tab", name="Many at once").click()
    files = [EXAMPLES / "china.jpg", broken, EXAMPLES / "coffee.png", other]
    page.set_input_files("#panel-batch input.files", files)
    every = page.get_by_role("button", name="Download all (3)")
    playwright.expect(every).to_be_enabled(timeout=60_000)
    assert "not coloured: 1" in page.locator("#panel-batch .status").inner_text()
    failed = page.locator("#panel-batch .failed").inner_text()
    assert "broken.jpg" in failed
    assert str(tmp_path.parent) not in failed
    file = downloaded(page, every.click, tmp_path)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["china-color.jpg", "coffee-color.png", "china-color (2).jpg"]
        archive.extractall(tmp_path)
    assert verify(EXAMPLES / "coffee.png", tmp_path / "coffee-color.png").ok
    page.get_by_role("button", name="Begin again").click()
    playwright.expect(page.locator("#panel-batch li")).to_have_count(0)


def test_what_needs_no_color_is_said_and_may_be_left_as_it_is(visit, tmp_path):
    page = open_photo(visit(), "flower.jpg")
    assert page.locator(".notices").is_hidden()
    file = downloaded(page, page.get_by_role("button", name="Download").click, tmp_path)
    page.set_input_files("#panel-one input.file", file)
    notice = page.get_by_role("group", name="About this photograph")
    notice.get_by_text("coloured this photograph before").wait_for()
    page.get_by_role("button", name="Colour it anew").click()
    assert notice.is_hidden()
    page.set_input_files("#panel-one input.file", file)
    page.get_by_role("button", name="Leave it as it is").click()
    page.locator(".entry").wait_for()
    page.get_by_role("tab", name="Many at once").click()
    page.set_input_files("#panel-batch input.files", [file])
    page.locator(".grid").get_by_text("Was coloured before").wait_for()


def test_a_negative_becomes_a_photograph_of_its_own(visit):
    page = open_photo(visit())
    page.get_by_role("button", name="Invert").click()
    page.get_by_text("china-inverted.png: in colour").wait_for()
    colored(page)
    page.go_back()
    page.get_by_text("china.jpg: in colour").wait_for()


def test_what_looks_like_a_negative_is_inverted_from_its_notice(visit, tmp_path):
    negative = tmp_path / "negative.png"
    pyvips.Image.new_from_file(str(EXAMPLES / "flower.jpg")).invert().pngsave(str(negative))
    page = open_photo(visit(), "flower.jpg")
    assert page.locator(".notices").is_hidden()
    page.set_input_files("#panel-one input.file", negative)
    notice = page.get_by_role("group", name="About this photograph")
    notice.get_by_text("looks like a negative").wait_for()
    notice.get_by_role("button", name="Close").click()
    corrected(page, 0.7, 0.3)
    assert notice.is_hidden()  # it is said once
    page.set_input_files("#panel-one input.file", negative)
    notice.get_by_role("button", name="Invert").click()
    page.get_by_text("negative-inverted.png: in colour").wait_for()
    assert notice.is_hidden()
    page.get_by_role("tab", name="Many at once").click()
    page.set_input_files("#panel-batch input.files", [negative])
    page.locator(".grid").get_by_text("Looks like a negative").wait_for()


def test_what_is_no_photograph_is_told_in_one_sentence(visit, tmp_path, folder):
    page = visit()
    text = tmp_path / "señora.jpg"
    text.write_text("no photograph")
    page.set_input_files("#panel-one input.file", text)
    alert = page.get_by_role("alert")
    alert.get_by_text("señora.jpg").wait_for()
    assert "not an image" in alert.inner_text()
    assert str(folder) not in alert.inner_text()
    assert page.locator(".entry").is_visible()
    open_photo(page)
    assert alert.inner_text() == ""


def test_it_speaks_spanish_to_those_who_do(visit, tmp_path):
    page = visit(locale="es-CO")
    assert page.evaluate("document.documentElement.lang") == "es"
    assert page.get_by_role("button", name="Elegir una foto").is_visible()
    page.get_by_role("button", name="Probar este ejemplo: Flor").click()
    page.locator(".work").wait_for()
    colored(page)
    corrected(page, 0.7, 0.3)
    assert "rojo" in page.locator(".dots button").get_attribute("aria-label")
    file = downloaded(page, page.get_by_role("button", name="Descargar").click, tmp_path)
    assert file.name == "flower-color.jpg"


def test_the_language_is_switched_and_the_server_speaks_it_too(visit, tmp_path):
    page = visit()
    page.get_by_label("Language").select_option("español")
    page.get_by_role("button", name="Elegir una foto").wait_for()
    page.reload()
    page.get_by_role("button", name="Elegir una foto").wait_for()
    text = tmp_path / "abuela.jpg"
    text.write_text("no photograph")
    page.set_input_files("#panel-one input.file", text)
    alert = page.get_by_role("alert")
    alert.get_by_text("«abuela.jpg» no es una imagen").wait_for()
    page.set_input_files("#panel-one input.file", EXAMPLES / "flower.jpg")
    page.get_by_text("flower.jpg: en color").wait_for()
    assert page.locator("output[for=size]").text_content() == ""
    box = page.locator("img.after").bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    page.locator(".likely button").first.wait_for()
    assert page.locator("output[for=size]").text_content() == "2 % del lado más corto"
    page.get_by_role("slider", name="Tamaño").fill("0")
    page.get_by_role("slider", name="Tamaño").fill("20")
    assert "," in page.locator("output[for=size]").text_content()


def test_the_language_is_switched_where_the_browser_keeps_nothing(visit):
    forbidden = "throw new DOMException('no', 'SecurityError');"
    page = visit(
        init=f"Object.defineProperty(window, 'localStorage', {{ get() {{ {forbidden} }} }});"
    )
    page.get_by_label("Language").select_option("español")
    page.get_by_role("button", name="Elegir una foto").wait_for()
    page.reload()
    page.get_by_label("Idioma").select_option("English")
    page.get_by_role("button", name="Choose a photograph").wait_for()


def test_the_card_of_the_network_is_read_in_the_language_of_the_page(visit):
    page = open_photo(visit())
    page.get_by_label("Network").first.select_option("acuarela")
    colored(page)
    page.get_by_text("About acuarela").click()
    page.get_by_text("147,667 colour photographs").wait_for()
    page.get_by_label("Language").select_option("español")
    page.get_by_text("Acerca de acuarela").click()
    page.get_by_text("147.667 fotos en color").wait_for()
    card = page.locator(".about dl").inner_text()
    assert "cielo, agua" in card
    assert "sin licencia clara" in card
    page.get_by_label("Red neuronal").first.select_option("able")
    page.get_by_text("Acerca de able").wait_for()
    assert "desconocido" in page.locator(".about dl").inner_text()


def test_it_fits_a_phone(visit):
    page = visit(390, has_touch=True, is_mobile=True)
    assert no_wider_than_the_screen(page)
    open_photo(page, "astronaut.jpg")
    page.get_by_role("button", name="Show doubt").click()
    page.get_by_role("button", name="Other versions").click()
    page.locator("img.after").tap(position={"x": 60, "y": 60}, force=True)
    page.locator(".swatches button").first.tap()
    colored(page)
    assert no_wider_than_the_screen(page)
    page.get_by_role("button", name="Done").tap()
    page.get_by_role("tab", name="Many at once").tap()
    assert no_wider_than_the_screen(page)


def test_the_camera_takes_one(visit):
    page = visit(permissions=["camera"])
    page.get_by_role("button", name="Take a photograph").click()
    wait_until(page, "document.querySelector('video').videoWidth > 0")
    page.get_by_role("button", name="Take the picture").click()
    page.locator(".work").wait_for()
    colored(page)
    assert page.get_by_text("camera.jpg: in colour").is_visible()


def test_it_is_pasted_and_dropped(visit):
    page = visit()
    give = """async ([kind, url]) => {
        const answer = await fetch(url);
        const held = new DataTransfer();
        held.items.add(new File([await answer.blob()], `${kind}.jpg`));
        const told = kind === 'paste' ? { clipboardData: held } : { dataTransfer: held };
        const event = kind === 'paste' ? new ClipboardEvent(kind, told) : new DragEvent(kind, told);
        document.dispatchEvent(event);
    }"""
    for kind in ("paste", "drop"):
        page.evaluate(give, [kind, "page/examples/flower"])
        page.get_by_text(f"{kind}.jpg: in colour").wait_for()
        page.get_by_role("button", name="Another photograph").click()


def photographs_in(folder, others=frozenset()):
    """Of all visitors but those; folders may vanish meanwhile."""
    found = (
        Path(place, "photograph") for place, _, files in os.walk(folder) if "photograph" in files
    )
    return [path for path in found if path not in others]


def wait_until_none_is_kept(page, folder, others):
    for _ in range(600):
        if not photographs_in(folder, others):
            return
        page.wait_for_timeout(50)
    pytest.fail("photographs are kept though no page is open")


def test_nothing_stays_when_the_page_is_closed_and_it_comes_back_if_put_away(
    visit, address, folder
):
    secrets = []
    page = visit()
    others = frozenset(photographs_in(folder))  # of pages that other tests have left
    page.on("request", lambda request: secrets.append(request.headers.get("session")))
    open_photo(page)
    plain = colored(page)
    secret = next(filter(None, secrets))
    kept = photographs_in(folder, others)
    assert len(kept) == 1
    assert secret not in str(kept)

    assert page.request.post(f"{address}/page/actions/end", data={"session": secret}).ok
    assert not kept[0].exists()
    page.get_by_role("slider", name="Vividness").fill("0")
    assert colored(page) != plain
    assert page.get_by_role("alert").inner_text() == ""
    assert photographs_in(folder, others) != []

    page.goto("about:blank")
    wait_until_none_is_kept(page, folder, others)


def test_what_one_visitor_has_no_other_can_reach(visit, address, folder):
    page = open_photo(visit())
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    url = download.value.url
    assert re.fullmatch(re.escape(address) + r"/page/files/[\w-]{32}", url)
    other = visit()
    assert other.request.get(f"{address}/page/files/{'x' * 32}").status == 404
    for path in ("static/../page.py", "static/%2e%2e%2fpage.py", "static/page.html", "examples/x"):
        assert other.request.get(f"{address}/page/{path}").status == 404
    answer = other.request.post(f"{address}/page/photographs/open", headers={"session": "guessed"})
    assert answer.json() == {"expired": True}
    told = other.request.get(f"{address}/page/settings").text()
    assert url[-32:] not in told
    assert str(folder) not in told


def test_no_script_but_its_own_runs(browser, address):
    page = browser.new_page()
    answer = page.goto(address)
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    page.evaluate(
        """() => {
            window.refused = [];
            document.addEventListener("securitypolicyviolation", (event) =>
                window.refused.push(event.effectiveDirective));
            const button = document.createElement("button");
            const script = document.createElement("script");
            script.append("window.ran = true");
            const attempts = [
                () => button.setAttribute("onclick", "window.ran = true"),
                () => document.body.append(script),
                () => setTimeout("window.ran = true"),
                () => { button.innerHTML = "<img src=x onerror='window.ran = true'>"; },
                () => button.setAttribute("style", "color: red"),
            ];
            for (const attempt of attempts) {
                try { attempt(); } catch { /* told by the event, too */ }
            }
            button.click();
        }"""
    )
    wait_until(page, "window.refused.length >= 5")
    assert page.evaluate("window.ran") is None
    page.close()


@pytest.fixture
def elsewhere(tmp_path) -> Iterator[str]:
    """Another web site on this machine; gives its address."""
    (tmp_path / "index.html").write_text("<!doctype html><title>elsewhere</title>")
    handler = partial(Silent, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield f"http://localhost:{site.server_port}"
        site.shutdown()
        thread.join()


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        """Say nothing."""


def test_a_page_from_elsewhere_can_do_nothing(visit, browser, address, elsewhere, folder):
    mine = visit()
    others = frozenset(photographs_in(folder))
    secrets = []
    mine.on("request", lambda request: secrets.append(request.headers.get("session")))
    open_photo(mine)
    secret = next(filter(None, secrets))
    other = browser.new_page()
    other.goto(elsewhere)
    statuses = []
    other.on("response", lambda response: statuses.append((response.url, response.status)))
    other.evaluate(
        """async ([address, secret]) => {
            const body = JSON.stringify({ session: secret });
            const end = `${address}/page/actions/end`;
            await fetch(end, { method: "POST", mode: "no-cors", body }).catch(() => {});
            await fetch(`${address}/v1/models`).catch(() => {});
            navigator.sendBeacon(end, body);
            const form = document.createElement("form");
            Object.assign(form, { method: "POST", action: end, enctype: "text/plain" });
            document.body.append(form);
            form.submit();
        }""",
        [address, secret],
    )
    other.wait_for_url(f"{address}/**")
    assert "another web site" in other.inner_text("body")
    sent = [status for url, status in statuses if url.startswith(address)]
    assert set(sent) == {403}
    assert len(sent) >= 3
    assert len(photographs_in(folder, others)) == 1
    other.close()


def test_another_name_for_this_machine_opens_nothing(player, address):
    port = address.rsplit(":", 1)[1]
    rules = "--host-resolver-rules=MAP rebound.example 127.0.0.1"
    browser = player.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, rules])
    answer = browser.new_page().goto(f"http://rebound.example:{port}/")
    assert answer.status == 421
    browser.close()
