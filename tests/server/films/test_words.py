"""Every word of the page is there in every language, and no other."""

import re
from pathlib import Path
from typing import get_args

import pytest

from colorear.server.films import words
from colorear.server.films.words import MESSAGES
from colorear.server.languages import Language

STATIC = Path(words.__file__).parent / "static"
SOURCES = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.[jh]*"))


def test_every_language_is_complete():
    assert set(MESSAGES) == set(get_args(Language))
    for messages in MESSAGES.values():
        assert list(messages) == list(MESSAGES["en"])
        assert all(text.strip() for text in messages.values())


@pytest.mark.parametrize("key", MESSAGES["en"])
def test_every_language_is_told_the_same(key):
    places = {
        tuple(sorted(re.findall(r"\{(\w+)\}", messages[key]))) for messages in MESSAGES.values()
    }
    assert len(places) == 1


def test_every_word_that_the_page_says_is_there_and_no_other():
    said = set(re.findall(r'data-(?:text|label|title)="(\w+)"', SOURCES))
    said |= set(re.findall(r'translate\(\s*"(\w+)"', SOURCES))
    assert said <= set(MESSAGES["en"])
    quoted = set(re.findall(r'"(\w+)"', SOURCES)) | {"language"}
    assert set(MESSAGES["en"]) - quoted == set()
