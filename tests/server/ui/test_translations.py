import re
from pathlib import Path
from typing import get_args

import pytest

from colorear.server.ui.routes import EXAMPLES
from colorear.server.ui.translations import WORDS, Language

STATIC = Path(__file__).parents[3] / "src/colorear/server/ui/static"
SOURCES = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.[jh]*"))
COLOURS = set(re.findall(r'"([a-z]+)"', SOURCES[SOURCES.index("const HUES") :][:400]))


def test_every_language_is_complete():
    assert set(WORDS) == set(get_args(Language))
    for words in WORDS.values():
        assert list(words) == list(WORDS["en"])
        assert all(text.strip() for text in words.values())


@pytest.mark.parametrize("key", WORDS["en"])
def test_every_language_is_told_the_same(key):
    places = {tuple(sorted(re.findall(r"\{(\w+)\}", words[key]))) for words in WORDS.values()}
    assert len(places) == 1


def test_every_word_that_the_page_says_is_there_and_no_other():
    said = set(re.findall(r'data-(?:word|label)="(\w+)"', SOURCES))
    said |= set(re.findall(r'(?:say|tell)\(\s*"(\w+)"', SOURCES))
    said |= set(re.findall(r'"(cannot_\w+|correct)"', SOURCES))
    said |= (
        {"unreachable", "coloured", "version", "first_version", "brown", "grey"}
        | COLOURS
        | set(EXAMPLES)
    )
    assert said - {"key"} == set(WORDS["en"])
