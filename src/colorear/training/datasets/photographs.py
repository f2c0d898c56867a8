"""Color photographs, listed in natural order and decoded once into a memory map."""

import hashlib
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from rich.progress import track

from colorear.errors import DataError
from colorear.photo.atomic_write import replacing
from colorear.training.datasets.manifest import parts
from colorear.training.datasets.pictures import UnusableError, decode, is_photograph, read_file
from colorear.training.recipe import Folder

__all__ = [
    "PackedImages",
    "downsample",
    "list_photographs",
    "natural_order",
    "pack",
    "pack_squares",
    "resize",
]

Pixels = NDArray[np.uint8]

_MAX_ASPECT = 2  # of a longer photograph only the middle is kept


def list_photographs(root: Path, folder: Folder) -> list[Path]:
    """The photographs of a folder in natural order: 2.jpg before 10.jpg.

    Parameters
    ----------
    root
        What the folder is relative to.
    folder
        The folder, and what part of it.

    Raises
    ------
    DataError
        There is no such folder, nothing in its part, or others than its manifest names.
    """
    place = root / folder.folder
    if not place.is_dir():
        raise DataError(f"{place}: is not a folder; give the one that holds {folder.folder}")
    named = (path for path in place.rglob("*") if is_photograph(path.relative_to(place)))
    found = [path for path in named if not path.is_dir()]
    found.sort(key=lambda path: natural_order(path.relative_to(place).as_posix()))
    start, stop = folder.start, folder.stop
    if folder.part:
        names = [path.relative_to(place).as_posix() for path in found]
        start, stop = parts(place, names)[folder.part]
    part = found[start:stop]
    without = folder.except_every
    part = [part[i] for i in range(0, len(part), folder.every) if without is None or i % without]
    if not part:
        raise DataError(
            f"{place}: holds {len(found)} photographs, none in "
            f"[{start}:{'' if stop is None else stop}]"
        )
    return part


def natural_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """A sort key: numbers in names by value, names that differ only in zeros (1, 01) as text.

    >>> sorted(["10.jpg", "b/1.jpg", "2.jpg", "02.jpg"], key=natural_order)
    ['02.jpg', '2.jpg', '10.jpg', 'b/1.jpg']
    """
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


@dataclass(frozen=True)
class PackedImages:
    """Decoded photographs, one after another in one memory-mapped file of sRGB bytes."""

    pixels: NDArray[np.uint8]
    shapes: NDArray[np.int64]
    """(count, 2): height and width."""
    digests: tuple[str, ...]
    """Of the files: the first 16 hexadecimal digits of SHA-256."""
    fingerprint: str
    """Of the files, their order and their size: equal for equal data."""

    def __len__(self) -> int:
        """How many photographs."""
        return len(self.shapes)

    def __getitem__(self, index: int) -> Pixels:
        """(h, w, 3) view of one photograph."""
        height, width = self.shapes[index]
        start = self._starts[index]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        sizes: NDArray[np.int64] = self.shapes.prod(1) * 3
        starts: NDArray[np.int64] = sizes.cumsum() - sizes
        return starts


def pack(paths: Sequence[Path], shorter_side: int) -> PackedImages:
    """Decode photographs, once: the result is kept in the user's cache.

    Parameters
    ----------
    paths
        The files.
    shorter_side
        Of the decoded photographs, in pixels.

    Raises
    ------
    DataError
        A file is not a picture that OpenCV reads, or the cache has no room.
    """
    return _packed(paths, f"shorter side {shorter_side}", lambda p: downsample(p, shorter_side))


def pack_squares(paths: Sequence[Path], size: int) -> PackedImages:
    """Like `pack`, but stretched to size x size by OpenCV's bilinear filter, as the slides do."""
    return _packed(paths, f"square {size}", lambda p: resize(p, size, size, cv2.INTER_LINEAR))


def resize(picture: Pixels, height: int, width: int, filter_: int) -> Pixels:
    """(h,w) or (h,w,3) bytes at another size, by one of OpenCV's filters (cv2.INTER_...)."""
    return cv2.resize(picture, (width, height), interpolation=filter_).astype(np.uint8, copy=False)


def _packed(paths: Sequence[Path], form: str, shrink: Callable[[Pixels], Pixels]) -> PackedImages:
    digests = [hashlib.sha256(read_file(path, str(path))).digest() for path in paths]
    fingerprint = hashlib.sha256(b"".join((form.encode(), *digests))).hexdigest()[:32]
    place = user_cache_path("colorear") / "photographs" / fingerprint
    if not (place / "shapes.npy").exists():
        try:
            _decode_into(place, paths, form, shrink)
        except OSError as error:
            raise DataError(
                f"{place}: decoded photographs cannot be kept there ({error.strerror}); make room, "
                "or name another cache folder in XDG_CACHE_HOME"
            ) from error
    pixels = np.memmap(place / "pixels.u8", dtype=np.uint8, mode="r")
    shapes = np.load(place / "shapes.npy")
    return PackedImages(pixels, shapes, tuple(each.hex()[:16] for each in digests), fingerprint)


def _decode_into(
    place: Path, paths: Sequence[Path], form: str, shrink: Callable[[Pixels], Pixels]
) -> None:
    """Write the pixels, then their shapes, which say that all is there."""
    place.mkdir(parents=True, exist_ok=True)
    with replacing(place / "shapes.npy") as sizes, replacing(place / "pixels.u8") as pixels:
        shapes = []
        with pixels.open("wb") as file:
            label = f"decoding ({form})"
            for path in track(paths, label, transient=True, disable=not sys.stdout.isatty()):
                picture = shrink(_decoded(path))
                shapes.append(picture.shape[:2])
                file.write(np.ascontiguousarray(picture).data)
        with sizes.open("wb") as file:
            np.save(file, np.array(shapes, dtype=np.int64))


def _decoded(path: Path) -> Pixels:
    try:
        return decode(read_file(path, str(path)), str(path))
    except UnusableError as error:
        raise DataError(f"{error}; mend or remove it") from error


def downsample(picture: Pixels, shorter_side: int) -> Pixels:
    """(h,w,3) bytes at another size; of a long photograph only the middle is kept."""
    height, width = picture.shape[:2]
    keep = _MAX_ASPECT * min(height, width)
    top, left = max(0, (height - keep) // 2), max(0, (width - keep) // 2)
    picture = picture[top : top + keep, left : left + keep]
    scale = shorter_side / min(height, width)
    filter_ = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return resize(
        picture, round(picture.shape[0] * scale), round(picture.shape[1] * scale), filter_
    )
