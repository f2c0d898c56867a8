"""Nothing is lost by mistake: reload, Back, another photograph, errors that are over."""

import re

import pytest

from server.ui.browsing import (
    EXAMPLES,
    colored,
    corrected,
    downloaded,
    needs_chromium,
    open_photo,
    wait_until,
)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = needs_chromium


def test_safe_or_vivid_is_chosen_and_kept(visit):
    page = visit()
    page.set_input_files("#panel-one input.file", EXAMPLES / "china.jpg")
    page.locator(".work:not([hidden])").wait_for()
    vivid = colored(page)
    page.locator(".side .manner").get_by_text("Safe").click()
    assert colored(page) != vivid
    assert page.locator("output[for=vividness]").inner_text() == "50 %"
    page.reload()
    page.locator(".work:not([hidden])").wait_for()
    assert page.locator(".side .manner :checked").get_attribute("value") == "0.5"
    page.get_by_role("slider", name="Vividness").fill("0.8")
    assert page.locator(".side .manner :checked").count() == 0
    page.locator(".side .manner").get_by_text("Vivid").click()
    assert page.get_by_role("slider", name="Vividness").input_value() == "1"
    page.get_by_label("Network").first.select_option("plain-shallow")
    page.locator(".side .manner").wait_for(state="hidden")  # it has no mean to give


def corrections(page) -> list[dict]:
    return page.evaluate("[...document.querySelectorAll('.dots button')].map(dot => dot.hint)")


def test_reload_back_and_another_photograph_lose_nothing(visit):
    page = open_photo(visit())
    corrected(page, 0.7, 0.3)
    page.get_by_role("slider", name="Vividness").fill("0.5")
    page.get_by_label("It looks at").first.select_option("most detail")
    done, known = colored(page), corrections(page)
    page.reload()
    page.locator(".work:not([hidden])").wait_for()
    assert page.locator(".side select.view").input_value() == "2"
    assert colored(page) == done
    assert corrections(page) == known
    assert page.locator("output[for=vividness]").inner_text() == "50 %"

    page.go_back()
    page.locator(".entry").wait_for()
    page.go_forward()
    page.locator(".work:not([hidden])").wait_for()
    assert colored(page) == done

    open_photo(page, "flower.jpg")
    assert corrections(page) == []
    page.get_by_role("button", name="Another photograph").click()
    names = [f"Go on with {name}" for name in ("flower.jpg", "china.jpg")]
    kept = page.locator(".kept li button:not(.forget)")
    playwright.expect(kept).to_have_count(2)
    assert [one.get_attribute("aria-label") for one in kept.all()] == names
    page.get_by_role("button", name=names[1]).click()
    page.locator(".work:not([hidden])").wait_for()
    assert colored(page) == done
    assert corrections(page) == known

    page.get_by_role("button", name="Another photograph").click()
    page.get_by_role("button", name="Forget china.jpg").click()
    playwright.expect(kept).to_have_count(1)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget all").click()
    page.locator(".kept").wait_for(state="hidden")
    page.reload()
    page.locator(".entry").wait_for()
    assert page.locator(".kept").is_hidden()


def test_where_nothing_can_be_kept_a_question_comes_first(visit):
    page = visit(init="IDBFactory.prototype.open = () => { throw new Error('forbidden'); }")
    open_photo(page)
    page.get_by_text("This browser keeps nothing").wait_for()
    corrected(page, 0.7, 0.3)
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Another photograph").click()
    assert "not saved" in asked[0]
    assert page.locator(".work").is_visible()
    assert len(corrections(page)) == 1
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked[1] == "beforeunload"


def test_a_full_store_gives_up_the_oldest_first(visit):
    refuse = """
        let puts = 0;
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (...what) {
            if (this.name === "photographs" && (puts += 1) === 3)
                throw new DOMException("full", "QuotaExceededError");
            return put.apply(this, what);
        };
    """
    page = visit(init=refuse)
    for name in ("flower.jpg", "china.jpg", "coffee.png"):
        open_photo(page, name)
    page.get_by_role("button", name="Another photograph").click()
    kept = page.locator(".kept li button:not(.forget)")
    playwright.expect(kept).to_have_count(2)
    names = [one.get_attribute("title").partition(",")[0] for one in kept.all()]
    assert names == ["coffee.png", "china.jpg"]


@pytest.mark.parametrize(
    ("language", "date"),
    [("en", r"china\.jpg, [A-Z][a-z]+ \d+, \d{4}"), ("es", r"china\.jpg, \d+ de [a-z]+ de \d{4}")],
)
def test_what_is_kept_tells_its_day_in_the_visitors_language(visit, language, date):
    page = visit(locale=language)
    page.set_input_files("#panel-one input.file", EXAMPLES / "china.jpg")
    page.locator(".work:not([hidden])").wait_for()
    page.locator(".another").click()
    kept = page.locator(".kept li button[title*=china]")
    assert re.fullmatch(date, kept.first.get_attribute("title"))


def test_an_error_that_is_over_disappears(visit):
    page = open_photo(visit(refusals=True))
    page.context.set_offline(True)
    page.get_by_role("slider", name="Vividness").fill("0")
    alert = page.get_by_role("alert")
    alert.get_by_text("cannot be reached").wait_for()
    before = page.locator("img.after").get_attribute("src")
    page.context.set_offline(False)  # and what was wished comes by itself
    wait_until(page, "document.querySelector('.problem').childElementCount === 0")
    assert colored(page) != before
    assert corrections(page) == []
    page.set_input_files("input.hints", EXAMPLES / "china.jpg")
    alert.get_by_text("china.jpg").wait_for()
    page.get_by_role("slider", name="Vividness").fill("0.6")
    wait_until(page, "document.querySelector('.problem').childElementCount === 0")


def test_many_that_are_not_taken_home_ask_first(visit, tmp_path):
    page = visit()
    page.get_by_role("tab", name="Many at once").click()
    page.set_input_files("#panel-batch input.files", [EXAMPLES / "flower.jpg"])
    every = page.get_by_role("button", name="Download all (1)")
    playwright.expect(every).to_be_enabled(timeout=60_000)
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.reload()")
    for _ in range(600):
        if asked:
            break
        page.wait_for_timeout(50)
    assert asked == ["beforeunload"]
    assert page.locator("#panel-batch .finished").count() == 1
    downloaded(page, every.click, tmp_path)
    page.reload()
    page.locator(".entry").wait_for()
    assert asked == ["beforeunload"]
