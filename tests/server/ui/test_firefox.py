"""The page's main story in Firefox, driven by its own protocol (Marionette)."""

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from colorear import verify
from server.ui.browsing import EXAMPLES

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
driver = pytest.importorskip("marionette_driver")
pytestmark = [
    pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox"),
    # of the driver's own
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


class Firefox:
    """A window of Firefox, and what a visitor does in it."""

    def __init__(self, marionette, downloads: Path) -> None:
        self.marionette, self.downloads = marionette, downloads

    def all(self, selector: str) -> list:
        return self.marionette.find_elements("css selector", selector)

    def one(self, selector: str):
        return self.marionette.find_element("css selector", selector)

    def until(self, is_so: Callable[[], object]) -> None:
        driver.Wait(self.marionette, timeout=60).until(lambda _: is_so())

    def colored(self) -> str:
        """Wait until the picture shows what is wished; gives it."""
        self.until(lambda: self.all(".work:not([hidden]):not([aria-busy])"))
        return self.one("img.after").get_attribute("src")

    def click_at(self, x: float, y: float) -> None:
        """At a place of the picture, as fractions."""
        picture = self.one("img.after")
        from_middle = [
            round((part - 0.5) * picture.rect[side]) for part, side in ((x, "width"), (y, "height"))
        ]
        pointer = self.marionette.actions.sequence("pointer", "mouse", {"pointerType": "mouse"})
        pointer.pointer_move(*from_middle, origin=picture).pointer_down().pointer_up().perform()

    def downloaded(self, name: str) -> Path:
        path = self.downloads / name
        self.until(lambda: path.exists() and path.stat().st_size > 0)
        self.until(lambda: not list(self.downloads.glob("*.part")))
        return path


@pytest.fixture
def firefox(address, tmp_path) -> Iterator[Firefox]:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    preferences = {
        "browser.download.dir": str(downloads),
        "browser.download.folderList": 2,
        "intl.accept_languages": "en",
    }
    marionette = driver.marionette.Marionette(
        bin=FIREFOX, headless=True, prefs=preferences, gecko_log=str(tmp_path / "gecko.log")
    )
    try:
        marionette.start_session({"strictFileInteractability": False})
        marionette.set_window_rect(width=1280, height=900)
        marionette.navigate(address)
        firefox = Firefox(marionette, downloads)
        firefox.until(lambda: firefox.all(".colorear:not([hidden])"))
        yield firefox
    finally:
        marionette.quit(in_app=False)
        marionette.cleanup()


def test_one_is_corrected_taken_home_and_still_there_after_a_reload(firefox):
    firefox.one("#panel-one input.file").send_keys(str(EXAMPLES / "china.jpg"))
    firefox.until(lambda: "in colour" in firefox.one("#panel-one .status").text)
    plain = firefox.colored()
    firefox.click_at(0.4, 0.6)
    firefox.until(lambda: firefox.all(".likely button"))
    firefox.one(".likely button").click()
    firefox.until(lambda: firefox.colored() != plain)
    told = firefox.colored()
    firefox.until(lambda: firefox.one("canvas.reach").is_displayed())
    firefox.one(".panel .done").click()
    firefox.one(".undo").click()
    firefox.until(lambda: firefox.colored() == plain)
    firefox.one(".redo").click()
    firefox.until(lambda: firefox.colored() == told)
    firefox.one("button.uncertainty").click()
    firefox.until(lambda: firefox.one("img.tint").is_displayed())
    firefox.one(".nearer").click()
    assert firefox.one("img.after").rect["width"] > firefox.one(".picture").rect["width"]
    firefox.one(".whole").click()

    firefox.one(".download").click()
    file = firefox.downloaded("china-color.jpg")
    assert verify(EXAMPLES / "china.jpg", file).identical_dct

    firefox.marionette.refresh()
    firefox.until(lambda: firefox.all(".dots button"))
    firefox.until(lambda: firefox.colored() == told)


def test_many_are_seen_as_a_grid_and_come_home_in_a_zip(firefox):
    firefox.one("#tab-batch").click()
    for name in ("china.jpg", "coffee.png"):
        firefox.one("#panel-batch input.files").send_keys(str(EXAMPLES / name))
    firefox.until(lambda: len(firefox.all("#panel-batch .finished img[src]")) == 2)
    firefox.marionette.set_window_rect(width=500)
    many = "const grid = document.querySelector('.grid'); for (let i = 0; i < 30; i += 1)"
    firefox.marionette.execute_script(f"{many} grid.append(grid.lastChild.cloneNode(true))")
    grid, second = (firefox.one(f"#panel-batch .grid{which}").rect for which in ("", " li + li"))
    assert second["x"] + second["width"] < grid["x"] + grid["width"] + 1
    firefox.marionette.execute_script(f"{many} grid.lastChild.remove()")
    firefox.marionette.set_window_rect(width=1280)
    firefox.one("#panel-batch .grid button").click()
    firefox.colored()
    assert firefox.one(".lot .place").text == "1 of 2"
    firefox.one("#panel-one .all").click()
    firefox.until(lambda: firefox.one("#panel-batch .zip").is_enabled())
    firefox.one("#panel-batch .zip").click()
    with zipfile.ZipFile(firefox.downloaded("colorear.zip")) as archive:
        assert archive.namelist() == ["china-color.jpg", "coffee-color.png"]


def test_it_speaks_spanish_when_asked(firefox):
    firefox.one("select.language option[value=es]").click()
    firefox.until(lambda: re.search("Suelte una foto", firefox.one("#panel-one").text))
    assert firefox.marionette.execute_script("return document.documentElement.lang") == "es"
