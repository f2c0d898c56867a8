"""Nobody is kept out: axe finds no serious fault, however the page is seen."""

import re

import pytest

from server.ui.browsing import (
    EXAMPLES,
    colored,
    corrected,
    needs_chromium,
    no_wider_than_the_screen,
)

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
pytestmark = needs_chromium

SEEN = [  # every two of a width, a language and a theme come together
    (390, "en", "light"),
    (390, "es", "dark"),
    (1024, "en", "dark"),
    (1024, "es", "light"),
    (1440, "en", "light"),
    (1440, "es", "dark"),
]


@pytest.mark.parametrize(("width", "language", "scheme"), SEEN)
def test_axe_finds_no_serious_fault(visit, tmp_path, width, language, scheme):
    page = visit(width, locale=language, color_scheme=scheme)
    faults = []

    def look(where: str) -> None:
        assert no_wider_than_the_screen(page), where
        found = axe.Axe().run(page).response["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        faults.extend((where, one["id"], [n["html"][:200] for n in one["nodes"]]) for one in grave)

    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == (scheme == "dark")
    assert page.evaluate("document.documentElement.lang") == language
    look("at first")
    page.set_input_files("#panel-one input.file", EXAMPLES / "china.jpg")
    page.locator(".work:not([hidden])").wait_for()
    colored(page)
    page.locator("button.uncertainty").click()
    page.locator("button.vary").click()
    page.locator(".strips img[src]").nth(3).wait_for()
    corrected(page, 0.7, 0.3)
    look("corrected")
    page.locator(".dots button").click()
    page.locator(".swatches button").first.wait_for()
    look("a color is chosen")

    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photograph")
    page.locator("#panel-one input.file").set_input_files(broken)
    page.locator(".problem:not(:empty)").wait_for()
    look("something is wrong")
    page.locator("#tab-batch").click()
    page.set_input_files("#panel-batch input.files", [EXAMPLES / "china.jpg", broken])
    page.locator("#panel-batch .finished").wait_for()
    page.locator(".failures li").wait_for()
    look("many")
    page.locator("#panel-batch .finished button").first.click()
    page.locator(".lot:not([hidden])").wait_for()
    colored(page)
    look("one of many")
    assert faults == []
