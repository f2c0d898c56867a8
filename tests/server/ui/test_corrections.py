"""How colors are corrected: kept, erased, undone and done again; in a real browser."""

import re

import pytest

from server.ui.browsing import colored, corrected, needs_chromium, open_photo, wait_until

pytestmark = needs_chromium


def click_at(page, x: float, y: float) -> None:
    box = page.locator("img.after").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def saved(page) -> list[dict]:
    """The corrections as they would be saved."""
    return page.evaluate(
        "[...document.querySelectorAll('.dots button')].map(dot => dot.hint)",
    )


def test_one_click_keeps_the_present_color_and_the_eraser_takes_it_back(visit):
    page = open_photo(visit())
    plain = colored(page)
    page.get_by_role("radio", name="Keep").check(force=True)
    click_at(page, 0.7, 0.3)
    page.get_by_text("The colour of this place is kept").wait_for()
    colored(page)
    (hint,) = saved(page)
    assert page.locator(".panel").is_hidden()
    red, green, blue = (int(hint["color"][i : i + 2], 16) for i in (1, 3, 5))
    assert abs(red - blue) + abs(green - blue) > 5  # the color there, not the gray
    page.get_by_role("radio", name="Correct").check(force=True)
    corrected(page, 0.2, 0.8)
    assert len(saved(page)) == 2

    page.get_by_role("radio", name="Erase").check(force=True)
    click_at(page, 0.9, 0.6)
    page.get_by_text("There is no correction here").wait_for()
    assert len(saved(page)) == 2
    click_at(page, 0.705, 0.3)
    colored(page)
    page.locator(".dots button").click()
    assert colored(page) == plain
    assert saved(page) == []


def test_coarse_colors_come_first_and_make_way_for_fine_ones(visit):
    watch = """
        window.seen = [];
        document.addEventListener("load", ({ target }) => {
            if (target.matches?.(".draft .chroma, img.after"))
                seen.push([target.className, target.naturalWidth, target.naturalHeight]);
        }, true);
    """
    page = open_photo(visit(init=watch))
    page.evaluate("seen.length = 0")
    page.get_by_role("slider", name="Vividness").fill("0.5")
    colored(page)
    wait_until(page, "document.querySelector('.draft').hidden")
    assert page.evaluate("seen") == [["chroma", 384, 256], ["after", 640, 427]]


def test_fine_colors_are_asked_for_once_coarse_ones_are_seen(visit):
    """The browser and a server beside it share a processor; nobody waits for a hidden page."""
    watch = """
        window.seen = [];
        const ask = fetch;
        window.fetch = (url, how) => {
            if (url.endsWith("actions/colors") && !JSON.parse(how.body).draft)
                seen.push(!document.querySelector(".draft").hidden);
            return ask(url, how);
        };
    """
    for hidden in ("", "window.requestAnimationFrame = () => 0;"):
        page = open_photo(visit(init=watch + hidden))
        assert page.evaluate("seen") == [True]


def test_the_next_wish_does_not_wait_for_fine_colors(visit):
    held = []
    page = open_photo(visit())
    page.route(
        "**/actions/colors",
        lambda route: (
            route.continue_() if route.request.post_data_json.get("draft") else held.append(route)
        ),
    )
    vividness = page.get_by_role("slider", name="Vividness")
    for value in (0.5, 0):
        draft = page.locator(".draft .chroma").get_attribute("src")
        vividness.fill(str(value))
        for _ in range(600):
            page.wait_for_timeout(50)
            wished = [route.request.post_data_json["vividness"] for route in held]
            if value in wished and page.locator(".draft .chroma").get_attribute("src") != draft:
                break
        else:
            pytest.fail(f"no coarse colors of {value} came before fine ones")
    fine = page.locator("img.after").get_attribute("src")
    for route in reversed(held):  # what was wished before comes after what is
        route.continue_()
    gray = colored(page)
    assert gray != fine
    page.wait_for_timeout(500)
    assert colored(page) == gray


def test_what_was_undone_is_done_again_until_something_else_is(visit):
    page = open_photo(visit())
    plain = colored(page)
    corrected(page, 0.7, 0.3)
    once = colored(page)
    undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    assert redo.is_disabled()
    undo.click()
    assert colored(page) == plain
    redo.click()
    assert colored(page) == once
    page.keyboard.press("Control+z")
    assert colored(page) == plain
    page.keyboard.press("Control+Shift+z")
    assert colored(page) == once
    undo.click()
    corrected(page, 0.3, 0.8)
    assert redo.is_disabled()


def test_a_place_has_a_size_which_is_seen_with_its_reach(visit):
    page = open_photo(visit())
    corrected(page, 0.7, 0.3)
    small = colored(page)
    page.locator(".dots button").click()
    area = page.locator("i.area")
    before = area.bounding_box()["width"]
    page.get_by_role("slider", name="Size").fill("100")
    assert colored(page) != small
    assert area.bounding_box()["width"] > 5 * before
    shorter = page.evaluate(
        "Math.min(...['Width', 'Height'].map(side =>"
        "document.querySelector('.dots')['client' + side]))"
    )
    assert area.bounding_box()["width"] == pytest.approx(0.5 * shorter, abs=3)
    wait_until(page, "!document.querySelector('canvas.reach').hidden")
    page.get_by_role("button", name="Done").click()
    assert area.is_hidden()
    assert page.locator("canvas.reach").is_hidden()
    page.get_by_role("button", name="Undo").click()
    assert colored(page) == small


def test_colors_used_before_are_at_hand(visit):
    page = open_photo(visit())
    corrected(page, 0.7, 0.3, swatch=1)
    (first,) = saved(page)
    click_at(page, 0.2, 0.8)
    page.locator(".palette button").first.click()
    colored(page)
    page.get_by_role("button", name=re.compile("^Done$")).click()
    assert [hint["color"] for hint in saved(page)] == [first["color"]] * 2


def test_keep_in_the_panel_takes_the_color_that_is_there(visit):
    page = open_photo(visit())
    click_at(page, 0.7, 0.3)
    shown = page.locator(".panel").evaluate("panel => panel.style.getPropertyValue('--present')")
    page.get_by_role("button", name="Keep this colour").click()
    colored(page)
    (hint,) = saved(page)
    assert hint["color"] == shown
    assert page.locator(".panel").is_hidden()
