"""The files of a network, written whole or not at all."""

from pathlib import Path

from colorear.errors import ModelError
from colorear.models.card import Card, encode_card
from colorear.photo.atomic_write import replacing

__all__ = ["name_taken", "write", "write_file", "write_new"]


def write(path: Path, model: bytes, card: Card) -> None:
    """Write an .onnx file and the card beside it, each whole or not at all. Raises ModelError."""
    write_file(path, model)
    write_file(path.with_suffix(".json"), encode_card(card))  # makes it known


def write_new(path: Path, model: bytes, card: Card) -> None:
    """The same, where there is no such card: of many who write one at once, one does.

    Raises ModelError, for the others too.
    """
    about = path.with_suffix(".json")
    write_file(about, encode_card(card), overwrite=False)
    try:
        write_file(path, model)
    except BaseException:
        about.unlink()
        raise


def write_file(path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write one file of a network, whole or not at all. Raises ModelError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, overwrite=overwrite) as part:
            part.write_bytes(content)
    except OSError as error:
        if not overwrite and path.exists():
            raise name_taken(path.stem) from None
        raise ModelError(
            f"{path.stem} cannot be kept in {path.parent}: {error.strerror}; "
            f"make room there, or name another folder (in COLOREAR_MODELS for added networks)"
        ) from error


def name_taken(name: str) -> ModelError:
    """The error for a name that another network has."""
    return ModelError(f"the name {name!r} is taken; choose another, or remove that network")
