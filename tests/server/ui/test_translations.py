import re
from pathlib import Path
from typing import get_args

import pytest

from colorear.photo.sniffing import CONVERTED, SUFFIXES
from colorear.server.languages import Language
from colorear.server.ui.routes import EXAMPLES
from colorear.server.ui.translations import MESSAGES

STATIC = Path(__file__).parents[3] / "src/colorear/server/ui/static"
SOURCES = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.[jh]*"))


def test_every_ending_can_be_chosen():
    endings = {ending for endings in SUFFIXES.values() for ending in endings} | set(CONVERTED)
    told = re.findall(r'class="files?"[^>]* accept="([^"]*)"', SOURCES)
    assert [set(one.split(",")) for one in told] == [endings | {"image/*"}] * 2


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
    said |= set(re.findall(r'(?:translate|showStatus)\(\s*"(\w+)"', SOURCES))
    assert said <= set(MESSAGES["en"])
    quoted = set(re.findall(r'"(\w+)"', SOURCES)) | set(EXAMPLES) | {"language"}
    assert set(MESSAGES["en"]) - quoted == set()
