"""Photograph files: told by content, read as streams, refused in one sentence."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import pyvips

from colorear.errors import PhotographError, foreign
from colorear.photo import png, tiff_kinds
from colorear.photo.jpeg_kinds import JpegKind, Read, kind_of_jpeg

__all__ = [
    "CONVERTED",
    "HEAD",
    "PIXEL_LIMIT",
    "SUFFIXES",
    "Access",
    "Folder",
    "Format",
    "Kind",
    "Stamp",
    "check",
    "check_size",
    "ending_for",
    "format_in",
    "format_of",
    "holds_jpeg",
    "is_folder",
    "kind_in",
    "opened",
    "raw",
    "read_at",
    "reading",
    "stamp",
]

Format = Literal["jpeg", "png", "tiff", "webp"]
Access = Literal["sequential", "random"]
Kind = Literal["AVIF", "HEIC", "JPEG 2000", "JPEG XL"] | JpegKind
"""What is read too, but becomes a PNG or JPEG in color: see `conversion`."""

PIXEL_LIMIT = 1_000_000_000
"""A header that promises more pixels than this is taken for a decompression bomb."""

HEAD = 4096
"""How many of a file's first bytes tell its format, but of JPEGs that say much beforehand."""

SUFFIXES: dict[Format, tuple[str, ...]] = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "tiff": (".tif", ".tiff"),
    "webp": (".webp",),
}
CONVERTED = (".avif", ".heic", ".heif", ".hif", ".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jxl")
"""How the names of photographs end that become PNG or JPEG."""
_JPEG = b"\xff\xd8\xff"
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (_JPEG, "jpeg"),
    (png.SIGNATURE, "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
_OTHERS = (  # what a file is that begins so
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop file"),
    (b"II\xbc\1", "a JPEG XR"),
    (b"\x76\x2f\x31\x01", "an OpenEXR"),
    (b"PK\3\4", "a zip file"),
)
_RAW_HEADS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
_BRANDS = {b"avis": "an AVIF that moves", b"qt  ": "a film"}
_BRANDS |= dict.fromkeys((b"hevc", b"hevx", b"msf1"), "a HEIC that moves")
_KINDS: dict[bytes, Kind] = {
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
}
_STILLS: dict[bytes, Kind] = dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"mif1"), "HEIC")
_STILLS[b"avif"] = "AVIF"
_INTERPRETATIONS = ("b-w", "srgb", "rgb", "grey16", "rgb16", "scrgb")  # gray or RGB, for libvips
_TYPES = ("uchar", "ushort", "uint", "float")
_BOXES = 64  # bytes, within which libjxl says that a JPEG XL holds a JPEG
_LARGE_TIFF = 10_000_000  # bytes, from which on libtiff may take as much memory as it needs


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
        return format_in(file.read(HEAD), str(path), partial(read_at, file.fileno()))


def read_at(descriptor: int, at: int, size: int) -> bytes:
    """So many bytes of an open file, from a place on, or fewer where it ends."""
    os.lseek(descriptor, at, os.SEEK_SET)
    return os.read(descriptor, size)


def format_in(head: bytes, name: str, read: Read | None = None) -> Format:
    """The format of the file `name` in color, by its first bytes.

    Parameters
    ----------
    read
        What gives others, where these do not tell.

    Raises
    ------
    PhotographError
        Where it is another one.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if kind := kind_in(head, read):
        return "jpeg" if holds_jpeg(kind, head) else "png"
    if _is_raw(head):
        raise raw(name)
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return form
    raise PhotographError(
        f"'{name}' is {_other(head)}, but a JPEG, PNG, TIFF or WebP photograph is "
        "needed; convert it, or choose another file"
    )


def holds_jpeg(kind: Kind, head: bytes) -> bool:
    """Whether a file that begins so is a JPEG in another coding."""
    return kind == "JPEG XL" and b"jbrd" in head[:_BOXES]


def kind_in(head: bytes, read: Read | None = None) -> Kind | None:
    """Which format that becomes another begins so; `read` is as `format_in` has it."""
    if head[:3] == _JPEG:

        def part(at: int, size: int) -> bytes:
            here = head[at : at + size]
            more = len(here) < size and len(head) == HEAD  # else the file has ended
            return read(at, size) if read and more else here

        return kind_of_jpeg(part)
    if head[4:8] == b"ftyp":  # ISO 14496-12, 4.3
        brand = head[8:12]
        return "AVIF" if brand == b"mif1" and b"avif" in head[16:40] else _STILLS.get(brand)
    return next((kind for magic, kind in _KINDS.items() if head.startswith(magic)), None)


def raw(name: str) -> PhotographError:
    """The error for what a camera's sensor saw, before it was made a picture."""
    return PhotographError(
        f"'{name}' is a raw file of a camera, but a picture is needed; develop it with the program "
        "that you use for such files, and save it as TIFF of 16 bits"
    )


def _is_raw(head: bytes) -> bool:
    """Whether a camera's raw file begins so; Canon's are TIFF, or ISO media, by their heads."""
    canon = (head[:4] == b"II*\0" and head[8:10] == b"CR") or head[4:12] == b"ftypcrx "
    return canon or head.startswith(_RAW_HEADS)


def _other(head: bytes) -> str:
    """What a file that begins so is, in words."""
    if head[4:8] == b"ftyp":  # ISO 14496-12, 4.3
        return _BRANDS.get(head[8:12], "a film, or a file like one")
    what = next((name for magic, name in _OTHERS if head.startswith(magic)), "not an image")
    return what if head else "empty"


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


def check_size(width: int, height: int, path: Path) -> None:
    """Refuse a header that promises too many pixels."""
    if width * height > PIXEL_LIMIT:
        raise PhotographError(
            f"'{path}' has {width} x {height} pixels, but at most {PIXEL_LIMIT:,} are taken; "
            "make it smaller or cut it up"
        )


def check(image: pyvips.Image, path: Path, form: Format) -> None:
    """Refuse what is too large, moves, or is neither grey nor RGB in whole numbers."""
    bands, kind = image.bands, image.interpretation
    check_size(image.width, image.height, path)
    if _is_animated(image, path, form):
        raise PhotographError(
            f"'{path}' has several frames, but one picture is needed; "
            "save the one you want as a file of its own"
        )
    if kind not in _INTERPRETATIONS or not 1 <= bands <= 4:
        raise PhotographError(
            f"'{path}' holds {kind.upper()} values in {bands} channels, but grey or RGB is needed; "
            "convert it to grey or RGB first"
        )
    if image.format not in _TYPES:
        raise PhotographError(
            f"'{path}' holds pixels of the type {image.format}, but whole numbers from 0 on, or "
            "floating-point ones of 32 bits, are needed; convert it to 16 bits a channel first"
        )


def opened(path: Path, form: Format, access: Access = "sequential", **options: int) -> pyvips.Image:
    """The file as a stream of rows, which ends in an error where the file is damaged.

    With random access it may be read in any order; large ones are then decoded into a temporary
    file of libvips (in TMPDIR).
    """
    pyvips.cache_set_max(0)  # it would keep decoders, hence whole pictures, alive after their use
    how: dict[str, Any] = {"access": access, "fail_on": "error", "revalidate": True}
    if form == "tiff":
        how["unlimited"] = path.stat().st_size >= _LARGE_TIFF  # whoever sends less gets less
        if content := tiff_kinds.mended(path):
            return pyvips.Image.tiffload_buffer(content, **how, **options)
    load = getattr(pyvips.Image, f"{form}load")  # by name, as new_from_file reads "[" as options
    return load(os.fsencode(path), **how, **options)


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
        row = foreign(error)
        said = row.sentence(f"'{path}'", "read", error) if row else str(error)
        raise PhotographError(said) from error


def _is_animated(image: pyvips.Image, path: Path, form: Format) -> bool:
    """Whether there is more than one page or frame; vips does not see those of an animated PNG."""
    if form == "png":
        with path.open("rb") as file:
            return png.is_animated(file)
    several = bool(image.get_typeof("n-pages") and image.get("n-pages") > 1)
    return several and form != "tiff"
