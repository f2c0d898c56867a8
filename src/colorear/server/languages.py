"""What the server says, in the language of the request: English, or a catalogue of `locale`.

Errors are made all over the package and say their sentence in English. The catalogue has these
sentences as patterns, with a `{word}` for each value, and what they are in its language.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from babel.messages.pofile import read_po

__all__ = ["Language", "language_of", "translated"]

Language = Literal["en", "es"]
"""Those that the server speaks; English is what it says to everybody else."""

_LOCALE = Path(__file__).parent / "locale"
_PLACE = re.compile(r"\{(\w+)\}")
_MOST = 1000  # characters of a header that are looked at


def language_of(accept_language: str | None) -> Language:
    """The language that an `Accept-Language` header likes best (RFC 9110, section 12.5.4).

    >>> language_of("es-CO,es;q=0.9,en;q=0.8"), language_of("de, es;q=0.3"), language_of(None)
    ('es', 'es', 'en')
    """
    best: tuple[float, Language] = (0.0, "en")
    for wish in (accept_language or "")[:_MOST].split(","):
        tag, _, weight = wish.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        quality = _quality(weight)
        for language in get_args(Language):
            if language == primary and quality > best[0]:
                best = (quality, language)
    return best[1]


def translated(text: str, language: Language) -> str:
    """A sentence of the server in that language; as it is where the catalogue lacks it.

    Values that the catalogue has by themselves, such as what a file is, are said in it too.
    """
    if language == "en":
        return text
    for pattern, target in _catalog(language):
        if found := pattern.fullmatch(text):
            values = found.groupdict().items()
            return _filled(target, {name: translated(value, language) for name, value in values})
    return text


@cache
def _catalog(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of sentences and what they become; those that leave the least open come first."""
    with (_LOCALE / f"{language}.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    messages.sort(key=lambda message: -len(_PLACE.sub("", str(message.id))))
    return tuple((_pattern(str(message.id)), str(message.string)) for message in messages)


def _pattern(text: str) -> re.Pattern[str]:
    parts = _PLACE.split(text)  # text, name, text, name, ...
    parts[::2] = [re.escape(part) for part in parts[::2]]
    parts[1::2] = [f"(?P<{name}>.+?)" for name in parts[1::2]]
    return re.compile("".join(parts), re.DOTALL)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values[place[1]], text)


def _quality(weight: str) -> float:
    name, _, value = weight.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
