"""Names of files: as clients tell them, and as answers tell them back. None becomes a path."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from colorear.errors import ColorearError

__all__ = ["content_disposition", "named_in_errors", "safe_name"]

_MOST = 120  # characters: with an ending and in UTF-8 it fits every file system's 255 bytes, mostly
_UNSAFE = re.compile(r'["\\%;/]')


def safe_name(told: str) -> str:
    """The last part of a file name that a client told, without what could mislead.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\\\photos\\\\abuela.jpg"), safe_name("..")
    ('passwd', 'abuela.jpg', 'photograph')
    """
    last = re.split(r"[/\\]", told)[-1]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C")  # controls, directions
    stem, dot, ending = shown.strip(" .").rpartition(".")
    name = f"{stem[: _MOST - len(ending)]}{dot}{ending}" if len(ending) < 10 else shown[:_MOST]
    return name.strip(" .") or "photograph"


def content_disposition(name: str) -> str:
    """The header Content-Disposition of a file to be kept (RFC 6266, RFC 8187).

    >>> content_disposition("niña-color.jpg")
    'attachment; filename="ni_a-color.jpg"; filename*=UTF-8\\'\\'ni%C3%B1a-color.jpg'
    """
    simple = _UNSAFE.sub("_", "".join(c if " " <= c <= "~" else "_" for c in name))
    attr_char = "!#$&+-.^_`|~"  # besides letters and digits (RFC 8187, section 3.2.1)
    full = quote(name.encode(errors="replace"), safe=attr_char)
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{full}"


@contextmanager
def named_in_errors(path: Path, name: str) -> Iterator[None]:
    """Within it errors call a file as its owner does, and tell no path of the server."""
    try:
        yield
    except ColorearError as error:
        text = str(error).replace(str(path), name).replace(f"{path.parent}/", "")
        error.args = (text, *error.args[1:])
        raise
