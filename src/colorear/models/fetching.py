"""Files of networks whose cards come with colorear, from wherever somebody has them."""

import hashlib
from pathlib import Path

from colorear.errors import ModelError
from colorear.models.registry import added_folder, card, is_here
from colorear.models.writing import write_file

__all__ = ["fetch"]

_SECONDS = 60  # without a byte


def fetch(name: str, source: str) -> Path:
    """Take the file of a network that is known by its card alone, and keep it.

    Parameters
    ----------
    name
        Of a network whose card comes with colorear.
    source
        A file, a folder that `NAME.onnx` is in, or the address of either (http, https).

    Returns
    -------
    path
        Where it is kept.

    Raises
    ------
    ModelError
        There is no such network, its file is here already, the source cannot be read, or it is
        another file than the one that the card describes (by its SHA-256).
    """
    about = card(name)
    if is_here(name):
        raise ModelError(f"the file of {name} is here already; use it with --model {name}")
    content = _read(_place(source, f"{name}.onnx"), about.bytes)
    if hashlib.sha256(content).hexdigest() != about.sha256:
        raise ModelError(
            f"{source} is not the file that the card of {name} describes (its SHA-256 differs); "
            f"name another place"
        )
    target = added_folder() / f"{name}.onnx"
    write_file(target, content)
    return target


def _is_address(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def _place(source: str, file: str) -> str:
    """The file itself, where a folder was named."""
    if _is_address(source):
        return source if source.lower().endswith(".onnx") else f"{source.rstrip('/')}/{file}"
    return str(Path(source) / file) if Path(source).is_dir() else source


def _read(place: str, size: int) -> bytes:
    """At most a byte more than the card says."""
    import http.client  # these are a seventh of what importing colorear would take
    import urllib.request

    try:
        if _is_address(place):
            with urllib.request.urlopen(place, timeout=_SECONDS) as answer:
                return bytes(answer.read(size + 1))
        with Path(place).open("rb") as file:
            return file.read(size + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:  # urllib's are among them
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        said = " ".join(str(reason).split())[:200]  # it may be what a server answered
        raise ModelError(
            f"{place} cannot be read: {said}; name a file, a folder or an address that has it"
        ) from error
