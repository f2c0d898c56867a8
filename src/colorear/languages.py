"""What the server and the command say, in somebody's language: English, or that of a catalogue.

Errors are made all over the package and say their sentence in English. The catalogue has these
sentences as patterns, with a `{word}` for each value, and what they are in its language. It is
read when the first sentence is said in it.
"""

import re
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from polib import POFile

__all__ = ["Language", "language_of", "language_of_locale", "number", "plural", "translated"]

Language = Literal["en", "es"]
"""Those that the server speaks; English is what it says to everybody else."""

_LOCALE = Path(__file__).parent / "locale"
_PLACE = re.compile(r"\{(\w+)\}")
_MARKS = {"es": str.maketrans(",.", ".,")}  # of thousands and decimals, from those of English
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


def language_of_locale(environment: Mapping[str, str]) -> Language:
    """The language that a locale's environment variables ask for (POSIX, section 8.2).

    >>> language_of_locale({"LANG": "es_CO.UTF-8"}), language_of_locale({"LC_ALL": "C"})
    ('es', 'en')
    """
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "C")
    if locale.partition(".")[0] in ("C", "POSIX"):
        return "en"
    language: Language
    liked = environment.get("LANGUAGE", "").split(":")  # gettext's list goes before the locale
    for tag in (*liked, locale):
        for language in get_args(Language):
            if re.split("[_.@-]", tag.lower())[0] == language:
                return language
    return "en"


def plural(one: str, many: str, count: int, language: Language) -> str:
    """Words for so many things, which are in the catalogue in both forms."""
    if language == "en":
        return one if count == 1 else many
    return _translations(language).ngettext(one, many, count)


def number(value: float, language: Language, *, decimals: int = 0) -> str:
    """A number with the marks of that language.

    >>> number(1234.56, "en", decimals=1), number(12345.67, "es", decimals=1)
    ('1,234.6', '12.345,7')
    """
    return f"{value:,.{decimals}f}".translate(_MARKS.get(language, {}))


def translated(text: str, language: Language, *, context: str = "") -> str:
    """A sentence of the server in that language; as it is where the catalogue lacks it.

    Values that the catalogue has by themselves, such as what a file is, are said in it too. Only
    sentences of that context are looked at (gettext's msgctxt).
    """
    if language == "en":
        return text
    for sentence in _sentences(language, context):
        if sentence.may_be(text) and (found := _pattern(sentence.text).fullmatch(text)):
            values = found.groupdict().items()
            said = {name: translated(value, language, context=context) for name, value in values}
            return _filled(sentence.translation, said)
    return text


class _Sentence(NamedTuple):
    """One of a catalogue."""

    text: str
    start: str
    """What stands before its first value."""
    end: str
    """What stands after its last one."""
    translation: str

    def may_be(self, text: str) -> bool:
        """Whether it is worth to compile its pattern, which takes longer than to look."""
        return text.startswith(self.start) and text.endswith(self.end)


@cache
def _catalog(language: Language) -> "POFile":
    import polib  # late: most commands say nothing but English

    return polib.pofile(str(_LOCALE / f"{language}.po"))


@cache
def _sentences(language: Language, context: str) -> tuple[_Sentence, ...]:
    """Those without plurals; the ones that leave the least open come first."""
    found = []
    for entry in _catalog(language):
        if not entry.msgid_plural and (entry.msgctxt or "") == context:
            parts = _PLACE.split(entry.msgid)
            found.append(_Sentence(entry.msgid, parts[0], parts[-1], entry.msgstr))
    found.sort(key=lambda sentence: -len(_PLACE.sub("", sentence.text)))
    return tuple(found)


@cache
def _translations(language: Language) -> GNUTranslations:
    return GNUTranslations(BytesIO(_catalog(language).to_binary()))


@cache
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
