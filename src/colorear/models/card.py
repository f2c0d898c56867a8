"""The card of a network: what it is, what it was trained on and how good it is."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from colorear.errors import ModelError
from colorear.languages import Language, translated

__all__ = ["TEXTS", "UNKNOWN", "Card", "Kind", "Layer", "encode_card", "in_language", "read_card"]

Kind = Literal["contract", "ddcolor", "deoldify", "deoldify-pixels", "eccv16", "siggraph17"]
"""How a network is spoken to: colorear's own contract, or the interface of the network named."""

UNKNOWN = "unknown"
"""What a card says where nobody has told more."""

TEXTS = ("trained_on", "good_at", "weak_at", "license")
"""The fields of a card that hold words."""

_OURS = Path(__file__).parent  # where the cards of colorear's own networks are

Positive = Annotated[int, msgspec.Meta(ge=1)]


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of a network's listing, as Keras's `summary()` has them."""

    layer: str
    shape: tuple[int, int, int]
    """Height, width and channels of its output, for a picture of the card's `size`."""
    parameters: int
    trainable: int
    """So many of these; the others are moving averages."""
    connected_to: tuple[str, ...]


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known about one network; `<name>.json` beside `<name>.onnx`."""

    name: str
    version: str
    kind: Kind
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    """Of the .onnx file; checked whenever it is loaded."""
    parameters: Positive | None
    """None where nobody has counted them, as in files that a user added."""
    bytes: Positive
    stride: Positive
    """One value of `ab` stands for stride x stride pixels of `lightness`."""
    multiple_of: Positive
    """Height and width of `lightness` must be multiples of it."""
    size: Positive
    """Pixels of the shorter side of the picture that the network wants to see."""
    hints: bool
    """Whether it can be told colours that the user knows."""
    license: str
    trained_on: str
    good_at: str = ""
    weak_at: str = ""
    scores: dict[str, dict[str, float]] = {}
    """Name of a data set -> name of a metric -> its value."""
    layers: tuple[Layer, ...] = ()


def read_card(path: Path) -> Card:
    """The card in the file `path`, whose stem must be the card's name. Raises ModelError."""
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise ModelError(
            f"the card {path} cannot be read: {error.strerror}; mend or remove the file"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            f"{path} is not a card that colorear can use: {error}; "
            f"mend or remove the file, or add the network again"
        ) from error
    if card.name != path.stem:
        raise ModelError(
            f"the card {path} is named {card.name!r}, expected {path.stem!r} as its file; "
            f"rename one of the two"
        )
    return card


def encode_card(card: Card) -> bytes:
    """The JSON text of a card, for people and for `read_card`."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"


def in_language(card: Card, language: Language) -> Card:
    """The card as it is read in that language; those that others wrote stay as they are.

    >>> in_language(read_card(Path(__file__).with_name("skip-deep.json")), "es").trained_on
    '2.375 fotos en color de paisajes y calles'
    """
    is_ours = (_OURS / f"{card.name}.json").exists()
    said = {field: getattr(card, field) for field in TEXTS}
    words = {
        field: translated(text, language, context="card")
        for field, text in said.items()
        if is_ours or text == UNKNOWN
    }
    return msgspec.structs.replace(card, **words)
