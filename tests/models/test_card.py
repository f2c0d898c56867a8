import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from colorear.errors import ModelError
from colorear.languages import Language
from colorear.models.card import TEXTS, UNKNOWN, Card, encode_card, in_language, read_card
from colorear.models.registry import BUNDLED, card

OTHERS = [language for language in get_args(Language) if language != "en"]
OURS = sorted(path.stem for path in BUNDLED.glob("*.json"))

CARD = Card(
    name="nandu",
    version="1.2.0",
    kind="contract",
    sha256="0" * 64,
    parameters=5_700_000,
    bytes=11_400_000,
    stride=2,
    multiple_of=32,
    size=256,
    hints=True,
    license="MIT",
    trained_on="landscapes",
    scores={"landscapes-test": {"mse": 0.004, "chroma_psnr": 21.5}},
)


def write(folder: Path, **changes: object) -> Path:
    fields = json.loads(encode_card(CARD)) | changes
    path = folder / "nandu.json"
    path.write_text(json.dumps({k: v for k, v in fields.items() if v != "leave out"}))
    return path


def test_a_card_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "nandu.json"
    path.write_bytes(encode_card(CARD))
    assert read_card(path) == CARD


def test_a_card_has_what_models_show_prints():
    assert set(json.loads(encode_card(CARD))) >= {
        "name",
        "version",
        "sha256",
        "parameters",
        "bytes",
        "stride",
        "hints",
        "trained_on",
        "scores",
    }


def test_a_card_cannot_be_changed():
    with pytest.raises(AttributeError):
        CARD.name = "other"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colour": "blue"}, "not a card.*unknown field `colour`.*mend or remove"),
        ({"stride": "leave out"}, "not a card.*missing required field `stride`"),
        ({"stride": 0}, "not a card.*>= 1"),
        ({"size": "large"}, r"not a card.*Expected `int`.*\$.size"),
        ({"kind": "pix2pix"}, r"not a card.*'pix2pix'.*\$.kind"),
        ({"sha256": "abc"}, r"not a card.*regex.*\$.sha256"),
        ({"name": "other"}, "is named 'other', expected 'nandu'"),
    ],
)
def test_a_damaged_card_gets_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(ModelError, match=sentence):
        read_card(write(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"name": "\xff"}'])
def test_what_is_no_json_object_gets_one_sentence(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a card that colorear can use"):
        read_card(path)


def test_a_missing_card_gets_one_sentence(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_card(tmp_path / "nobody.json")


def test_parameters_may_be_unknown(tmp_path):
    assert read_card(write(tmp_path, parameters=None)) == msgspec.structs.replace(
        CARD, parameters=None
    )


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", OURS)
def test_no_text_of_a_bundled_card_lacks_its_translation(name, language):
    ours = card(name)
    read = in_language(ours, language)
    for field in TEXTS:
        if getattr(ours, field):
            assert getattr(read, field) not in ("", getattr(ours, field))
    english = {field: getattr(ours, field) for field in TEXTS}
    assert msgspec.structs.replace(read, **english) == ours  # nothing else is changed
    assert in_language(ours, "en") == ours


@pytest.mark.parametrize("language", OTHERS)
def test_cards_of_others_stay_as_they_wrote_them(language):
    theirs = msgspec.structs.replace(card("skip-deep"), name="theirs", license=UNKNOWN)
    read = in_language(theirs, language)
    assert read.license != UNKNOWN  # which nobody wrote
    assert msgspec.structs.replace(read, license=UNKNOWN) == theirs
