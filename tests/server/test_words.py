"""Every word of each page is there in every language, and no other."""

import re
from pathlib import Path
from typing import get_args

import pytest

from colorear import server
from colorear.languages import Language
from colorear.server.films import words
from colorear.server.ui import translations
from colorear.server.ui.routes import EXAMPLES

PAGES = {"ui": translations.MESSAGES, "films": words.MESSAGES}
BUILT = {"language", *EXAMPLES}  # keys that no file quotes as a word of its own


@pytest.mark.parametrize("page", PAGES)
def test_every_language_is_complete(page):
    assert set(PAGES[page]) == set(get_args(Language))
    for messages in PAGES[page].values():
        assert list(messages) == list(PAGES[page]["en"])
        assert all(text.strip() for text in messages.values())


@pytest.mark.parametrize(
    ("page", "key"), [(page, key) for page in PAGES for key in PAGES[page]["en"]]
)
def test_every_language_is_told_the_same(page, key):
    places = {
        tuple(sorted(re.findall(r"\{(\w+)\}", messages[key]))) for messages in PAGES[page].values()
    }
    assert len(places) == 1


@pytest.mark.parametrize("page", PAGES)
def test_every_word_that_a_page_says_is_there_and_no_other(page):
    files = Path(server.__file__).parent.joinpath(page, "static").glob("*.[jh]*")
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    said = set(re.findall(r'data-(?:text|label|title)="(\w+)"', sources))
    said |= set(re.findall(r'(?:translate|showStatus)\(\s*"(\w+)"', sources))
    assert said <= set(PAGES[page]["en"])
    assert set(PAGES[page]["en"]) - set(re.findall(r'"(\w+)"', sources)) - BUILT == set()
