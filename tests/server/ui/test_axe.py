"""Nobody is kept out: axe finds no serious fault, however the page is seen."""

import itertools
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

WIDTHS = (390, 1024, 1440)
SCHEMES = ("light", "dark")


@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_no_serious_fault(visit, tmp_path, language):
    """At every width and in both themes, one after the other on one page: to begin is dear."""
    page = visit(WIDTHS[-1], locale=language)
    faults = []

    def look(where: str) -> None:
        for width, scheme in itertools.product(WIDTHS, SCHEMES):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            seen = (where, width, scheme)
            paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
            is_dark = sum(map(int, re.findall(r"\d+", paper)[:3])) < 200
            assert is_dark == (scheme == "dark"), seen
            assert no_wider_than_the_screen(page), seen
            found = axe.Axe().run(page).response["violations"]
            grave = [one for one in found if one["impact"] in ("serious", "critical")]
            faults.extend(
                (seen, one["id"], [n["html"][:200] for n in one["nodes"]]) for one in grave
            )

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
