"""The page of films in a real browser."""

import pytest

import made_films as made
from server.ui.browsing import downloaded, needs_chromium, no_wider_than_the_screen

pytestmark = needs_chromium


@pytest.fixture
def films(browser, address):
    contexts, complaints = [], []

    def open_page(width: int = 1100, **how):
        context = browser.new_context(viewport={"width": width, "height": 900}, **how)
        contexts.append(context)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/films")
        page.locator(".films").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def shown(page):
    page.locator(".shots img").first.wait_for()
    page.locator(".films:not([aria-busy=true])").wait_for()
    return [image.get_attribute("src") for image in page.locator(".shots img").all()]


def test_a_film_is_corrected_colored_and_taken_home(films, film, lumas, tmp_path):
    page = films()
    assert "at most 120 seconds and 100 MB" in page.inner_text(".lead")
    page.set_input_files("input.file", film)
    before = shown(page)
    assert len(before) == 2
    page.locator(".shots button").nth(1).click(position={"x": 40, "y": 30})
    page.locator("dialog input[type=color]").fill("#2050c0")
    page.get_by_role("button", name="Set").click()
    page.locator(".shots li").nth(1).locator(".dot").wait_for()
    after = shown(page)
    assert [one != other for one, other in zip(before, after, strict=True)] == [False, True]
    page.select_option("select.kind", "mkv")
    page.get_by_role("button", name="Colour the film").click()
    link = page.get_by_role("link", name="Download abuela-color.mkv")
    link.wait_for()
    assert "16 pictures coloured" in page.inner_text(".status")
    got = made.read(downloaded(page, link.click, tmp_path))
    assert all((a["planes"][0] == b).all() for a, b in zip(got, lumas, strict=True))
    page.get_by_role("button", name="Remove this film").click()
    page.locator(".drop").wait_for()
    page.reload()
    page.locator(".drop").wait_for()


def test_a_reload_loses_nothing(films, film):
    page = films()
    page.set_input_files("input.file", film)
    shown(page)
    page.locator(".shots button").first.click(position={"x": 40, "y": 30})
    page.locator("dialog input[type=color]").fill("#2050c0")
    page.get_by_role("button", name="Set").click()
    page.locator(".dot").wait_for()
    colors = shown(page)
    page.reload()
    page.locator(".dot").wait_for()
    assert shown(page) == colors
    page.get_by_role("button", name="Remove", exact=True).click()
    page.locator(".dot").wait_for(state="detached")
    assert shown(page)[0] != colors[0]
    page.get_by_role("button", name="Remove this film").click()


def test_in_spanish_on_a_telephone(films, tmp_path):
    page = films(390, locale="es-CO")
    assert no_wider_than_the_screen(page)
    assert "120 segundos" in page.inner_text(".lead")
    (tmp_path / "nada.mp4").write_text("nothing")
    page.set_input_files("input.file", tmp_path / "nada.mp4")
    page.get_by_text("«nada.mp4»").wait_for()
    assert page.inner_text(".problem").startswith("No se pudo:")
    assert page.get_by_role("button", name="Elegir una película").is_enabled()
