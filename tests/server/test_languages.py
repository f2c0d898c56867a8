import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.pofile import read_po

import colorear
from colorear.photo import sniffing
from colorear.server.languages import Language, language_of, translated

PACKAGE = Path(colorear.__file__).parent
LOCALE = PACKAGE / "server" / "locale"
OTHERS = [language for language in get_args(Language) if language != "en"]
# what the server runs; and of it what only commands say, to whoever sits at the server
ROOMS = [
    "hints.py",
    "inference",
    "photo",
    "server",
    "models/network.py",
    "video/facts.py",
    "video/hint_tracks.py",
]
COMMANDS = {
    "photo/atomic_write.py",
    "photo/c2pa.py",
    "photo/icc.py",
    "inference/verify.py",
    "server/settings.py",
}
NEVER_SENT = (  # the server names its own files only, and tries networks when they are added
    "does not exist; check",
    "is a folder; name",
    "is a pipe or a device",
    "cannot be read",
    "would be a",
    "the array has shape",
    "gives a* and b* alone",
    "takes pictures of",
    "answered {",
)
MADE_OF_PARTS = {"the field {} {}", "{} {}; name a network that does", "'{}' {}"}


def sentences() -> list[str]:
    """What the errors of these rooms say, with `{}` for each value."""
    found = []
    for room in ROOMS:
        path = PACKAGE / room
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            if file.relative_to(PACKAGE).as_posix() in COMMANDS:
                continue
            for call in ast.walk(ast.parse(file.read_text())):
                if isinstance(call, ast.Call) and is_error(call.func):
                    found += [text for value in call.args if (text := text_of(value))]
    return sorted(set(found))


def is_error(function: ast.expr) -> bool:
    name = getattr(function, "id", "")
    others = {"ClientLimit", "QueueFull", "Stopping", "NotReady", "Timeout", "OutOfMemory"}
    return name in others | {"WorkerLost"} or (
        name.endswith("Error") and name not in {"ValueError", "RuntimeError", "TypeError"}
    )


def text_of(value: ast.expr) -> str:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        text = value.value
    elif isinstance(value, ast.JoinedStr):
        text = "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in value.values
        )
    else:
        return ""
    is_said = " " in text and text not in MADE_OF_PARTS
    return text if is_said and not any(part in text for part in NEVER_SENT) else ""


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("sentence", sentences())
def test_every_sentence_of_the_server_is_in_every_language(sentence, language):
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
        places = [sorted(re.findall(r"\{\w+\}", text)) for text in (message.id, message.string)]
        assert places[0] == places[1]
        assert message.string.strip()
        assert not message.fuzzy


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
