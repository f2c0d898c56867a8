"""What tests of the page share: the browser, and what a visitor does with it."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from colorear import models

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
EXAMPLES = Path(models.__file__).parents[1] / "examples"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


def open_photo(page, name: str = "china.jpg"):
    page.set_input_files("#panel-one input.file", EXAMPLES / name)
    page.get_by_text(f"{name}: in colour").wait_for()
    colored(page)
    return page


def colored(page) -> str:
    """Wait until the picture shows what is wished; gives it."""
    page.locator(".work:not([aria-busy])").wait_for()
    return page.locator("img.after").get_attribute("src")


def corrected(page, x: float, y: float, swatch: int = 0) -> None:
    """Click at a place, as fractions, and take one of the network's colors."""
    box = page.locator("img.after").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.locator(".likely button").nth(swatch).click()
    colored(page)
    page.get_by_role("button", name=re.compile("^(Done|Listo)$")).click()


def downloaded(page, click: Callable[[], None], folder: Path) -> Path:
    with page.expect_download() as download:
        click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def wait_until(page, expression: str) -> None:
    """Wait for what surely comes; Playwright's own way needs eval, which the page forbids."""
    for _ in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came: {expression}")


def no_wider_than_the_screen(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
