"""What goes wrong outside the page is said in the visitor's language, with a way on."""

import re
import shutil

import pytest
import pyvips

from server.ui.browsing import EXAMPLES, colored, corrected, needs_chromium, open_photo, wait_until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = needs_chromium

NO_PHOTOGRAPHS = [
    ("letter.pdf", b"%PDF-1.7 ...", "is a PDF", "es un PDF"),
    ("empty.jpg", b"", "is empty", "está vacío"),
    ("large.jpg", bytes(101_000_000), "larger than the 100 MB", "mayor que los 100 MB"),
]


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_file_that_cannot_be_taken_is_told_and_the_next_one_is_taken(visit, tmp_path, language):
    page = visit(locale=language, refusals=True)
    alert = page.get_by_role("alert")
    for name, content, *said in NO_PHOTOGRAPHS:
        file = tmp_path / name
        file.write_bytes(content)
        page.set_input_files("#panel-one input.file", file)
        alert.get_by_text(said[language == "es"]).wait_for()
    huge = tmp_path / "huge.png"
    pyvips.Image.black(20_000, 10_100).pngsave(str(huge), compression=9)
    page.set_input_files("#panel-one input.file", huge)
    alert.get_by_text("202 mill").wait_for()
    gone = tmp_path / "gone.jpg"
    shutil.copy(EXAMPLES / "flower.jpg", gone)
    page.evaluate("window.input = document.querySelector('input.file').cloneNode()")
    page.evaluate("document.body.append(Object.assign(input, {id: 'gone'}))")
    page.set_input_files("#gone", gone)
    gone.unlink()
    page.evaluate(
        """() => {
            const held = new DataTransfer();
            held.items.add(input.files[0]);
            const dropped = new DragEvent("drop", { dataTransfer: held });
            document.dispatchEvent(dropped);
        }"""
    )
    alert.get_by_text({"en": "no longer be read", "es": "ya no se puede leer"}[language]).wait_for()
    assert page.locator(".entry").is_visible()
    page.set_input_files("#panel-one input.file", EXAMPLES / "flower.jpg")
    page.locator(".work:not([hidden])").wait_for()
    assert alert.inner_text() == ""


DROP_A_FOLDER = """async (names) => {
    const files = names.map((name) => new File(["x"], name));
    const entry = {
        isDirectory: true,
        name: "attic",
        createReader: () => {
            let given = false;
            return { readEntries: (resolve) => {
                const entries = files.map((file) => ({
                    isDirectory: false, name: file.name, file: (resolve) => resolve(file),
                }));
                resolve(given ? [] : entries);
                given = true;
            } };
        },
    };
    const held = { files: [new File([], "attic")], items: [{ webkitGetAsEntry: () => entry }] };
    const dropped = new Event("drop");
    dropped.dataTransfer = held;
    document.dispatchEvent(dropped);
}"""


def test_a_folder_that_is_dropped_gives_its_photographs(visit):
    page = visit(locale="es")
    page.evaluate(DROP_A_FOLDER, ["letter.doc"])
    page.get_by_role("alert").get_by_text("En la carpeta attic no hay fotos").wait_for()
    page.evaluate(DROP_A_FOLDER, ["B.TIF", "letter.doc", "a10.jpg", "a9.jpg"])
    names = page.locator("#panel-batch .grid .name")
    playwright.expect(names).to_have_text(["a9.jpg", "a10.jpg", "B.TIF"])


def test_what_nobody_could_be_asked_is_asked_when_the_server_is_back(visit):
    page = open_photo(visit(refusals=True))
    page.get_by_role("button", name="Show doubt").click()
    page.locator("img.tint[src]").wait_for()
    for way in ("**/actions/*", "**/healthz"):
        page.route(way, lambda route: route.abort())
    page.get_by_role("button", name="Show doubt").click()
    page.get_by_role("button", name="Show doubt").click()
    box = page.locator("img.after").bounding_box()
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    page.get_by_role("alert").get_by_text("cannot be reached").wait_for()
    playwright.expect(page.locator(".likely-note")).to_be_hidden()  # nobody said there are none
    assert page.locator("img.tint").is_hidden()
    page.unroute_all()
    page.locator(".likely button").first.wait_for()
    page.locator("img.tint").wait_for()
    assert page.get_by_role("alert").inner_text() == ""


def test_in_two_tabs_the_one_that_took_it_last_keeps_what_is_done(visit):
    first = open_photo(visit())
    corrected(first, 0.4, 0.6)
    second = first.context.new_page()
    second.goto(first.url)
    second.get_by_role("button", name="Go on with china.jpg").click()
    second.locator(".work:not([hidden])").wait_for()
    colored(second)
    first.get_by_text("was opened in another tab").wait_for()
    first.get_by_role("slider", name="Vividness").fill("0.3")  # is not kept
    colored(first)
    corrected(second, 0.3, 0.8)
    told = colored(second)
    first.get_by_role("button", name="Go on here").click()
    wait_until(first, "document.querySelectorAll('.dots button').length === 2")
    assert colored(first) == told
    assert first.get_by_text("was opened in another tab").is_hidden()
    second.get_by_text("was opened in another tab").wait_for()


def test_a_server_of_another_version_is_told_and_the_page_loaded_anew(visit):
    page = visit()
    page.route(
        re.compile("actions/begin$"),
        lambda route: route.fulfill(json={**route.fetch().json(), "version": "99.0"}),
    )
    page.set_input_files("#panel-one input.file", EXAMPLES / "flower.jpg")
    page.get_by_text("The server was renewed").wait_for()
    page.get_by_text("flower.jpg: in colour").wait_for()
    page.unroute_all()
    page.get_by_role("button", name="Load anew").click()
    page.locator(".work:not([hidden])").wait_for()  # what the browser keeps
    colored(page)
    assert page.get_by_text("The server was renewed").is_hidden()
