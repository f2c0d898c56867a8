"""How a photograph is looked at: near, side by side, in gray, with its doubt; in a real browser."""

import numpy as np
import pytest
import pyvips

from server.ui.browsing import (
    EXAMPLES,
    colored,
    needs_chromium,
    no_wider_than_the_screen,
    open_photo,
    wait_until,
)

pytestmark = needs_chromium

A_PIXEL_FOR_EACH = "(e => Math.abs(e.naturalWidth - e.getBoundingClientRect().width) <= 2)"


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A photograph of 2400 x 1600 pixels: black with white lines of one pixel, half its height."""
    path = tmp_path_factory.mktemp("large") / "lines.png"
    picture = np.full((1600, 2400), 90, np.uint8)
    picture[800:, ::8] = 255
    pyvips.Image.new_from_array(picture).pngsave(str(path))
    return path


def zoom_of(page) -> float:
    """How many times nearer than as a whole."""
    across = page.locator("img.after").bounding_box()["width"]
    down = page.locator("img.after").bounding_box()["height"]
    view = page.locator(".picture").bounding_box()
    return max(across / view["width"], down / view["height"])


@pytest.mark.parametrize("size", [(1024, 768), (1440, 900)])
def test_side_by_side_nothing_lies_below_the_fold(visit, size):
    page = visit(size[0], height=size[1])
    open_photo(page)
    page.get_by_role("button", name="Show doubt").click()
    page.get_by_role("button", name="Other versions").click()
    page.locator(".strips img[src]").nth(3).wait_for()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("(e => e.scrollHeight <= e.clientHeight)(document.querySelector('.side'))")
    picture = page.locator(".picture").bounding_box()
    assert page.locator(".side").bounding_box()["x"] >= picture["x"] + picture["width"]
    assert picture["height"] > size[1] / 3
    for button in page.locator("#panel-one .work button:visible").all():
        box = button.bounding_box()
        assert box["y"] + box["height"] <= size[1]


def test_one_of_many_has_all_above_the_fold_too_whatever_its_name(visit, tmp_path):
    page = visit(1024, height=768, locale="es")
    photograph = tmp_path / f"{'abuela_' * 8}1931.jpg"
    photograph.write_bytes((EXAMPLES / "china.jpg").read_bytes())
    page.locator("#tab-batch").click()
    page.set_input_files("#panel-batch input.files", [photograph, EXAMPLES / "flower.jpg"])
    page.locator("#panel-batch .finished").nth(1).wait_for()
    page.locator("#panel-batch .finished button").first.click()
    page.locator(".lot:not([hidden])").wait_for()
    colored(page)
    for side in ("Height", "Width"):
        fits = f"(e => e.scroll{side} <= e.client{side})(document.querySelector('.side'))"
        assert page.evaluate(fits)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.locator("#panel-one .status").bounding_box()["height"] < 60
    assert page.locator(".picture").bounding_box()["height"] > 768 / 2


def test_it_is_seen_from_near_to_the_pixels_of_the_file(visit, large):
    page = visit()
    page.set_input_files("#panel-one input.file", large)
    colored(page)
    assert zoom_of(page) == pytest.approx(1, abs=0.01)
    box = page.locator(".picture").bounding_box()
    place = box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(*place)
    page.mouse.wheel(0, -400)
    assert zoom_of(page) == pytest.approx(np.e, rel=0.05)
    sheet = page.locator("img.after").bounding_box()  # what was under the pointer still is
    assert (place[0] - sheet["x"]) / sheet["width"] == pytest.approx(0.75, abs=0.01)

    page.get_by_role("button", name="1:1").click()
    assert page.locator("img.after").bounding_box()["width"] == pytest.approx(2400, abs=1)
    detail = page.locator(".gray img.detail")
    detail.wait_for()
    wait_until(page, f"{A_PIXEL_FOR_EACH}(document.querySelector('.gray img.detail'))")
    before = sheet["x"]
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(place[0] - 50, place[1], steps=3)
    page.mouse.up()
    assert page.locator("img.after").bounding_box()["x"] < before
    assert page.locator(".dots button").count() == 0  # whoever drags corrects nothing

    page.keyboard.press("0")
    assert zoom_of(page) == pytest.approx(1, abs=0.01)
    assert detail.is_hidden()
    page.keyboard.press("+")
    assert zoom_of(page) == pytest.approx(1.4, rel=0.01)
    page.locator(".picture").focus()
    left = page.locator("img.after").bounding_box()["x"]
    page.keyboard.press("ArrowRight")
    assert page.locator("img.after").bounding_box()["x"] < left
    for _ in range(30):
        page.keyboard.press("-")
    assert page.get_by_role("button", name="Whole").is_disabled()


def test_two_fingers_bring_it_nearer(visit):
    page = open_photo(visit(390, has_touch=True, is_mobile=True))
    box = page.locator(".picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *apart: float) -> None:
        points = [
            {"x": x + side * by, "y": y, "id": number}
            for by in apart
            for number, side in enumerate((-1, 1))
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    for apart in (40, 50, 60, 70, 80, 90):
        touch("touchMove", apart)
    touch("touchEnd")
    assert zoom_of(page) == pytest.approx(3, rel=0.2)
    assert page.locator(".dots button").count() == 0


def test_a_held_key_shows_the_gray(visit):
    page = open_photo(visit())
    clip = "getComputedStyle(document.querySelector('.picture .gray')).clipPath"
    assert page.evaluate(clip) != "none"
    page.keyboard.down("g")
    assert page.evaluate(clip) == "none"
    page.keyboard.up("g")
    assert page.evaluate(clip) != "none"


@pytest.mark.parametrize("width", [390, 1200])
def test_gray_and_color_are_seen_side_by_side(visit, width):
    page = open_photo(visit(width))
    beside = page.get_by_role("button", name="side by side")
    beside.click()
    assert beside.get_attribute("aria-pressed") == "true"
    assert no_wider_than_the_screen(page)
    gray, colors = (page.locator(f"img.{which}").bounding_box() for which in ("before", "after"))
    assert gray["x"] + gray["width"] <= colors["x"] + 1
    sides = ("y", "width", "height")
    assert [gray[side] for side in sides] == pytest.approx([colors[side] for side in sides])
    for box, place in ((gray, (0.25, 0.5)), (colors, (0.75, 0.25))):
        x, y = place
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        dot = page.locator(".dots button").last
        assert dot.evaluate("dot => [dot.hint.x, dot.hint.y]") == pytest.approx(place, abs=0.01)
        page.get_by_role("button", name="Done").click()
    page.mouse.move(gray["x"] + 0.5 * gray["width"], gray["y"] + 0.5 * gray["height"])
    for _ in range(3):
        page.get_by_role("button", name="Nearer").click()
    near, shown = (page.locator(f"img.{which}").bounding_box() for which in ("before", "after"))
    half = page.locator(".picture").bounding_box()["width"] / 2
    assert near["width"] > 1.5 * gray["width"]
    assert shown["x"] - near["x"] == pytest.approx(half, abs=1)
    page.keyboard.press("b")
    wait_until(page, "!document.querySelector('.picture').classList.contains('beside')")
    assert page.get_by_role("slider", name="How much").is_visible()


def test_doubt_lies_upon_the_gray_picture(visit):
    page = open_photo(visit())
    page.get_by_role("button", name="Show doubt").click()
    page.locator(".gray img.tint[src^='data:image/png']").wait_for()
    assert page.get_by_role("slider", name="How much").get_attribute("aria-valuenow") == "100"
    page.get_by_role("button", name="Show doubt").click()
    assert page.get_by_role("slider", name="How much").get_attribute("aria-valuenow") == "50"


def test_versions_keep_their_proportions(visit, tmp_path):
    path = tmp_path / "tall.jpg"
    image = pyvips.Image.new_from_file(str(EXAMPLES / "china.jpg"))
    image.crop(0, 0, image.height // 3, image.height).jpegsave(str(path))
    page = visit(390)
    page.set_input_files("#panel-one input.file", path)
    colored(page)
    page.get_by_role("button", name="Other versions").click()
    page.locator(".strips img[src]").nth(3).wait_for()
    wait_until(page, "document.querySelectorAll('.strips img')[3].naturalWidth > 0")
    for image in page.locator(".strips img").all():
        box = image.bounding_box()
        assert (box["width"] - 6) / (box["height"] - 6) == pytest.approx(1 / 3, rel=0.04)
