import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.pofile import read_po

import colorear
from colorear.errors import FOREIGN, Action
from colorear.languages import (
    Language,
    language_of,
    language_of_locale,
    plural,
    translated,
)
from colorear.photo import sniffing
from colorear.photo.appearance import REASONS

PACKAGE = Path(colorear.__file__).parent
LOCALE = PACKAGE / "locale"
OTHERS = [language for language in get_args(Language) if language != "en"]
MADE_OF_PARTS = {
    "the field {} {}",
    "{} {}; name a network that does",
    "{} {}; choose a network that does",
    "'{}' {}",
    "{} ({}); {}",
    "{}: {}",
    "{}; mend or remove it",
    "{}; the nearest is {}",
    "note: {} {}; {}",
    "color: {}",  # the same in Spanish, as is what follows
    "error: {}",
}
SAYING = {"say", "said", "print_error", "print_note"}  # what commands say things by


def sentences() -> list[str]:
    """What errors say, and what commands do, with `{}` for each value."""
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        is_command = file.parent.name == "cli"
        for call in ast.walk(ast.parse(file.read_text())):
            if not isinstance(call, ast.Call):
                continue
            if is_error(call.func):
                found += [text for value in call.args if (text := text_of(value))]
            if is_command:
                values = [one.value for one in call.keywords if one.arg in ("done", "error")]
                values += call.args if getattr(call.func, "id", "") in SAYING else []
                found += [text for value in values if (text := text_of(value, least=""))]
    return sorted(set(found))


def is_error(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute) and function.attr == "__init__":
        return True  # of an error that has its sentence
    name = getattr(function, "id", "")
    others = {"ClientLimit", "QueueFull", "Stopping", "NotReady", "Timeout", "OutOfMemory"}
    return name in others | {"WorkerLost"} or (
        name.endswith("Error") and name not in {"ValueError", "RuntimeError", "TypeError"}
    )


def text_of(value: ast.expr, *, least: str = " ") -> str:
    """The words of a literal, if it has some, and `least` is among them."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        text = value.value
    elif isinstance(value, ast.JoinedStr):
        text = "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in value.values
        )
    else:
        return ""
    has_words = re.search("[a-z]{2}", text) and least in text
    return text if has_words and text not in MADE_OF_PARTS else ""


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("sentence", sentences())
def test_every_sentence_is_in_every_language(sentence, language):
    filled = sentence.replace("{}", "7")
    said = translated(filled, language)
    assert said != filled
    assert not re.search(r"\{\w*\}", said)
    assert said.count("7") == sentence.count("{}")


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(
    "sentence",
    [
        "the field 'hue' is unknown; leave it out",
        "the field 'model' came twice; send it once",
        "able takes no hints; name a network that does",
        "able does not tell what is likely; name a network that does",
        "the field 'hint' is unknown; name it 'hints'",
        *(f"note: a b.jpg {why}; it came back as it was" for why in REASONS.values()),
        *(
            f"a b.jpg was left alone: it {why} (--recolor colors it all the same)"
            for why in REASONS.values()
        ),
        "there is no network called 'x'; known are: acuarela; a file must end in .onnx",
        "there is no network called 'x'; did you mean 'y'? known are: y; a file must end in .onnx",
        "there is no recipe called 'x'; known are: y; a file must end in .toml",
        (
            "the journal 'a/.colorear' cannot be used (disk I/O error); without it colorear does "
            "not know what is done: delete it, and allow to overwrite (--overwrite)"
        ),
        (
            "a.onnx was not done after 20 seconds when it was tried on one picture; it is too slow "
            "here, or never ends: take another network"
        ),
        (
            "'a.tif' would become 'b.tif', which is that of 'c.tif'; give it another name, or "
            "color it into another folder"
        ),
        "another run is writing into 'a'; wait until it has ended, or give another folder",
        "red does not exist at the lightness of (0.5, 0.5); the nearest is #102030",
        "able makes no variants; name a network that does",
        "able does not tell how sure it is; name a network that does",
        (
            "'a.jpg' is a CMYK JPEG, but a grayscale or color (YCbCr) one is needed; "
            "convert it to RGB or grayscale first"
        ),
        "'a.jpg' is a JPEG coded as RGB, which has no luma to keep; save it as PNG or TIFF first",
        (
            "'a.jpg' is not an image, but a JPEG, PNG, TIFF or WebP photograph is needed; "
            "convert it, or choose another file"
        ),
    ],
)
def test_sentences_of_several_parts_are_too(sentence, language):
    assert translated(sentence, language) not in (sentence, "")


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_has_the_places_of_its_sentence(language):
    with (LOCALE / f"{language}.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    assert messages
    for message in messages:
        assert not message.fuzzy
        plain = isinstance(message.id, str)
        for original in [message.id] if plain else message.id:
            for text in [message.string] if plain else message.string:
                assert text.strip()
                places = [sorted(re.findall(r"\{\w+\}", words)) for words in (original, text)]
                assert places[0] == places[1]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("row", FOREIGN, ids=lambda row: f"{row.raised} {row.code}")
def test_what_becomes_of_foreign_errors_is_too(row, action, language):
    sentence = row.sentence("'a b.tif'", action, OSError(5, "Input/output error"))
    said = translated(sentence, language)
    assert said != sentence
    assert "a b.tif" in said
    assert action not in said.split()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "es_CO.UTF-8"}, "es"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "es_MX@euro", "LC_ALL": ""}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "C", "LANGUAGE": "es"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "gl:es:en"}, "es"),
        ({"LANG": "est_EE"}, "en"),
    ],
)
def test_the_language_of_a_locale(environment, language):
    assert language_of_locale(environment) == language


@pytest.mark.parametrize(
    ("count", "said"), [(0, "{count} cuadros"), (1, "{count} cuadro"), (2, "{count} cuadros")]
)
def test_plurals_are_those_of_the_catalog(count, said):
    assert plural("{count} frame", "{count} frames", count, "es") == said
    assert plural("{count} frame", "{count} frames", 1, "en") == "{count} frame"


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(
    "what", sorted({name for _, name in sniffing._OTHERS} | set(sniffing._BRANDS.values()))
)
def test_what_a_file_is_is_said_in_every_language(what, language):
    sentence = f"'a.x' is {what}, but a JPEG, PNG, TIFF or WebP photograph is needed"
    said = translated(f"{sentence}; convert it, or choose another file", language)
    assert what not in said
    assert "a.x" in said


def test_values_come_along_and_what_is_unknown_stays():
    text = "'niña.jpg' is a JPEG that is damaged or cut short; use an intact copy of it"
    said = "«niña.jpg» es un JPEG dañado o incompleto; use una copia intacta"
    assert translated(text, "es") == said
    assert translated(text, "en") == text
    assert translated("nobody says this", "es") == "nobody says this"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es", "es"),
        ("ES-MX", "es"),
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("fr, es;q=0.5, en;q=0.4", "es"),
        ("es;q=0, en", "en"),
        ("es;q=x", "en"),
        ("*", "en"),
        ("", "en"),
        ("," * 100_000, "en"),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(header, language):
    assert language_of(header) == language
