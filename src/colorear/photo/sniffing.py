"""Photograph files: told by content, read as streams, refused in one sentence."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import pyvips

from colorear.errors import PhotographError
from colorear.photo import png, tiff

__all__ = [
    "HEAD",
    "PIXEL_LIMIT",
    "SUFFIXES",
    "Folder",
    "Format",
    "Stamp",
    "check",
    "ending_for",
    "format_in",
    "format_of",
    "is_folder",
    "opened",
    "reading",
    "reason_of",
    "stamp",
]

Format = Literal["jpeg", "png", "tiff", "webp"]
Access = Literal["sequential", "random"]

PIXEL_LIMIT = 1_000_000_000
"""A header that promises more pixels than this is taken for a decompression bomb."""

HEAD = 16
"""How many of a file's first bytes tell its format."""

SUFFIXES: dict[Format, tuple[str, ...]] = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "tiff": (".tif", ".tiff"),
    "webp": (".webp",),
}
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (png.SIGNATURE, "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
_UNSUPPORTED = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
)


class Folder(Protocol):
    """What may be a folder, here or elsewhere."""

    def is_dir(self) -> bool:
        """Whether it is one."""


class Stamp(NamedTuple):
    """What tells cheaply whether a file changed: bytes, and nanoseconds since 1970."""

    size: int
    modified: int


def stamp(path: str | Path) -> Stamp:
    """The stamp of a file as it is now. Raises OSError."""
    about = Path(path).stat()
    return Stamp(about.st_size, about.st_mtime_ns)


def format_of(path: Path) -> Format:
    """Tell the format by the first bytes. Raises OSError, or PhotographError for another one."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would be waited for
        raise PhotographError(f"'{path}' is a pipe or a device, but a file is needed; make one")
    with path.open("rb") as file:
        return format_in(file.read(HEAD), str(path))


def format_in(head: bytes, name: str) -> Format:
    """Tell the format of the file `name` by its first bytes. Raises PhotographError."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return form
    what = next((name for magic, name in _UNSUPPORTED if head.startswith(magic)), "not an image")
    if head[4:8] == b"ftyp":
        what = "a HEIC, AVIF or video file"
    raise PhotographError(
        f"'{name}' is {what if head else 'empty'}, but a JPEG, PNG, TIFF or WebP photograph is "
        "needed; convert it, or choose another file"
    )


def is_folder(path: Folder) -> bool:
    """Whether it is one, as far as this user may see."""
    try:
        return path.is_dir()
    except PermissionError:
        return False


def ending_for(path: Path, form: Format) -> str:
    """How the name of a file of this format ends: as that of `path` if it is right, else usually.

    >>> ending_for(Path("a.JPEG"), "jpeg"), ending_for(Path("a.jpg"), "png")
    ('.JPEG', '.png')
    """
    return path.suffix if path.suffix.lower() in SUFFIXES[form] else SUFFIXES[form][0]


def check(image: pyvips.Image, path: Path, form: Format) -> None:
    """Refuse what is too large, more than one picture, or neither grey nor RGB in whole numbers."""
    bands, kind = image.bands, image.interpretation
    if image.width * image.height > PIXEL_LIMIT:
        raise PhotographError(
            f"'{path}' has {image.width} x {image.height} pixels, but at most {PIXEL_LIMIT:,} "
            "are taken; make it smaller or cut it up"
        )
    if _is_animated(image, path, form):
        raise PhotographError(
            f"'{path}' has several pages or frames, but one picture is needed; "
            "save the one you want as a file of its own"
        )
    if kind not in ("b-w", "srgb", "rgb", "grey16", "rgb16") or not 1 <= bands <= 4:
        raise PhotographError(
            f"'{path}' holds {kind.upper()} values in {bands} channels, but grey or RGB is needed; "
            "convert it to grey or RGB first"
        )
    if image.format not in ("uchar", "ushort"):
        raise PhotographError(
            f"'{path}' holds pixels of the type {image.format}, but 8-bit or 16-bit whole numbers "
            "are needed; convert it to 16 bits a channel first"
        )


def opened(path: Path, form: Format, access: Access = "sequential", **options: int) -> pyvips.Image:
    """The file as a stream of rows, which ends in an error where the file is damaged.

    With random access it may be read in any order; large ones are then decoded into a temporary
    file of libvips (in TMPDIR).
    """
    pyvips.cache_set_max(0)  # it would keep decoders, hence whole pictures, alive after their use
    load = getattr(pyvips.Image, f"{form}load")  # by name, as new_from_file reads "[" as options
    return load(os.fsencode(path), access=access, fail_on="error", revalidate=True, **options)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a file that cannot be read raises into one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise PhotographError(f"'{path}' does not exist; check the name") from None
    except IsADirectoryError:
        raise PhotographError(f"'{path}' is a folder; name a photograph in it") from None
    except OSError as error:
        raise PhotographError(f"'{path}' cannot be read: {error.strerror}") from error
    except pyvips.Error as error:
        if "not supported" in (reason := reason_of(error)):
            raise PhotographError(
                f"'{path}' is stored in a way that cannot be read here ({reason}); save it anew "
                "with a program that opens it"
            ) from error
        raise PhotographError(
            f"'{path}' is damaged or cut short ({reason}); use an intact copy of it"
        ) from error


def reason_of(error: Exception) -> str:
    """The line of libvips' report that tells the most: its first after "unable to call"."""
    lines = str(error).strip().splitlines()
    return lines[min(1, len(lines) - 1)].strip()


def _is_animated(image: pyvips.Image, path: Path, form: Format) -> bool:
    """Whether there is more than one page or frame; vips does not see those of an animated PNG."""
    if form == "png":
        with path.open("rb") as file:
            return any(chunk.kind == b"acTL" for chunk in png.chunks(file))
    several = bool(image.get_typeof("n-pages") and image.get("n-pages") > 1)
    return several and not (form == "tiff" and tiff.is_one_picture(path))
