"""A folder or zip file of photographs -> a data set with a fixed split and a manifest."""

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median_low
from typing import NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from colorear import __version__, color
from colorear.errors import DataError
from colorear.photo.atomic_write import replacing
from colorear.training.datasets.duplicates import (
    NEAR_BITS,
    NEAR_CORRELATION,
    Match,
    Sketch,
    repeats,
    sketch,
)
from colorear.training.datasets.manifest import (
    COLOR,
    GRAY,
    NAME,
    Duplicate,
    Manifest,
    Photograph,
    SkippedFile,
    Summary,
    encode,
    split,
)
from colorear.training.datasets.photographs import natural_order, resize
from colorear.training.datasets.pictures import UnusableError, decode
from colorear.training.datasets.sources import Arrangement, Pair, arrange, open_source

__all__ = ["LARGEST", "NEAR_GRAY_BELOW", "prepare"]

Pixels = NDArray[np.uint8]

NEAR_GRAY_BELOW = 3.0
"""Mean CIELAB chroma below which a photograph is nearly grey.

30 of the 3000 photographs of `landscapes`, one in a hundred, are: fog, snow, and black-and-white
ones. They teach that grey is right. (Their median is 12.)
"""

LARGEST = 8192
"""Pixels of a side: more than any photograph is stretched to with profit."""

_LOOK = 64  # photographs are judged at 64 x 64, whatever size they are kept at
_NAMED = 3  # bad photographs that an error names
_GRAY_FORMULA = (
    "Y' = 0.299 R' + 0.587 G' + 0.114 B' (ITU-R BT.601-7) of the resized sRGB bytes, rounded"
)
_WEIGHTS = np.rint(np.array(color.LUMA) * 1000).astype(np.uint32)


class _Written(NamedTuple):
    """A photograph that was written, and what is compared once all are."""

    photograph: Photograph
    written_digest: bytes  # of the pixels in the data set
    source_digest: str  # of the pixels of the source
    chroma: float
    sketch: Sketch


def prepare(
    source: Path, dest: Path, *, size: int | None = 160, skip_bad: bool = False
) -> Manifest:
    """Write `color/`, `gray/` and `manifest.json` into a new folder.

    Equal sources give equal bytes.

    Parameters
    ----------
    source
        A folder or a zip file, which is only read, with `color/` and `gray/` (pairs of one name,
        whatever the suffix), or with color photographs in any folders, of which gray ones are made.
    dest
        The folder, which appears when all is written, or not at all.
    size
        Photographs become PNG files of `size` x `size` pixels by OpenCV's bilinear filter, as in
        the slides; with None they keep their size.
    skip_bad
        Whether photographs that cannot be used are left out, and listed in the manifest.

    Returns
    -------
    manifest
        That of the data set, as it was written.

    Raises
    ------
    DataError
        There are bad photographs and they are not to be skipped, fewer than three good ones, or a
        `dest` that cannot be made, is not empty or lies inside `source`.
    """
    if size is not None and not 1 <= size <= LARGEST:
        raise DataError(f"a size of {size} pixels came, but 1 to {LARGEST} is needed; 160 is usual")
    with _building(source, dest) as folder, open_source(source) as files:
        found = arrange(list(files), source)
        made, skipped = [], found.skipped
        quiet = not sys.stdout.isatty()
        for pair in track(found.pairs, "preparing", transient=True, disable=quiet):
            try:
                made.append(_write_photograph(pair, files, folder, size))
            except UnusableError as error:
                skipped.append(error)
        skipped.sort(key=lambda error: natural_order(error.source))
        _check(source, len(made), skipped, skip_bad=skip_bad)
        manifest = _manifest(made, found, size)
        (folder / NAME).write_bytes(encode(manifest))
    return manifest


@contextmanager
def _building(source: Path, dest: Path) -> Iterator[Path]:
    """A temporary folder that becomes `dest` when all went well, else is removed."""
    try:
        dest = dest.resolve()
        if dest.is_relative_to(source.resolve()):
            raise DataError(
                f"{dest}: lies inside {source}, which is not to change; name another folder"
            )
        if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
            raise DataError(
                f"{dest}: is there already, and a new or empty folder is needed; name another one"
            )
        if not dest.parent.is_dir():
            raise DataError(f"{dest}: there is no folder {dest.parent}; make it first")
        with replacing(dest) as folder:
            folder.mkdir()
            yield folder
    except OSError as error:
        raise DataError(
            f"{dest}: cannot be written ({error.strerror or error}), nothing is left of it; "
            "make room, or name another folder"
        ) from error


def _write_photograph(
    pair: Pair, files: dict[str, Callable[[], bytes]], folder: Path, size: int | None
) -> _Written:
    """Write one photograph and its gray copy."""
    content = files[pair.color]()
    source = decode(content, pair.color)
    height, width = source.shape[:2]
    picture = _resize_square(source, size)
    gray_content = None
    if pair.gray is None:
        gray = _luma(picture)
    else:
        gray_content = files[pair.gray]()
        copy = decode(gray_content, pair.gray, gray=True)
        if copy.shape != (height, width):
            raise UnusableError(
                pair.color,
                f"is {width} x {height}, but {pair.gray} is {copy.shape[1]} x {copy.shape[0]}",
            )
        gray = _resize_square(copy, size)
    _write(folder / COLOR / pair.name, picture[..., ::-1])  # OpenCV writes B, G, R
    _write(folder / GRAY / pair.name, gray)
    look = resize(source, _LOOK, _LOOK, cv2.INTER_AREA)
    photograph = Photograph(
        name=pair.name,
        part="train",  # until all are counted
        source=pair.color,
        sha256=hashlib.sha256(content).hexdigest(),
        gray_source=pair.gray,
        gray_sha256=None if gray_content is None else hashlib.sha256(gray_content).hexdigest(),
        width=width,
        height=height,
    )
    return _Written(
        photograph=photograph,
        written_digest=_digest(picture, gray),
        source_digest=_digest(source).hex(),
        chroma=_chroma(look),
        sketch=sketch(_luma(look)),
    )


def _check(source: Path, good: int, skipped: Sequence[UnusableError], *, skip_bad: bool) -> None:
    if skipped and not skip_bad:
        named = "; ".join(str(error) for error in skipped[:_NAMED])
        more = f"; and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
        raise DataError(
            f"{source}: {len(skipped)} of its photographs cannot be used ({named}{more}); "
            "mend or remove them, or leave them out (--skip-bad)"
        )
    if good < len(split(0)):
        raise DataError(
            f"{source}: holds {good} photographs that can be used, but at least {len(split(0))} "
            "are needed to train, validate and test; give more"
        )


def _manifest(made: Sequence[_Written], found: Arrangement, size: int | None) -> Manifest:
    photographs = [each.photograph for each in made]
    parts = split(len(made))
    for part, (start, stop) in parts.items():
        photographs[start:stop] = [
            msgspec.structs.replace(each, part=part) for each in photographs[start:stop]
        ]
    test = parts["test"][0]
    files, pixels = [each.sha256 for each in photographs], [each.source_digest for each in made]
    sketches = [each.sketch for each in made]

    def named(matches: Sequence[Match]) -> list[Duplicate]:
        names = [each.name for each in photographs]
        return [Duplicate(names[m.later], names[m.earlier], m.match, m.bits) for m in matches]

    return Manifest(
        colorear=__version__,
        opencv=cv2.__version__,
        layout=found.layout,
        size=size,
        filter=None if size is None else "bilinear (cv2.INTER_LINEAR)",
        gray=_GRAY_FORMULA if found.layout == "color" else "that of the source",
        count=len(made),
        pixels_sha256=hashlib.sha256(b"".join(each.written_digest for each in made)).hexdigest(),
        width=_spread([each.width for each in photographs]),
        height=_spread([each.height for each in photographs]),
        split=parts,
        photographs=photographs,
        near_gray=[each.photograph.name for each in made if each.chroma < NEAR_GRAY_BELOW],
        near_gray_below=NEAR_GRAY_BELOW,
        duplicates=named(repeats(files, pixels, sketches)),
        leaks=named(repeats(files, pixels, sketches, first=test, before=test)),
        near_bits=NEAR_BITS,
        near_correlation=NEAR_CORRELATION,
        skipped=[SkippedFile(error.source, error.reason) for error in found.skipped],
        ignored=found.ignored,
    )


def _spread(numbers: Sequence[int]) -> Summary:
    return Summary(min(numbers), median_low(numbers), max(numbers))


def _resize_square(picture: Pixels, size: int | None) -> Pixels:
    return picture if size is None else resize(picture, size, size, cv2.INTER_LINEAR)


def _luma(srgb: Pixels) -> Pixels:
    """(h, w, 3) -> (h, w), in whole numbers: a half is rounded up on every machine."""
    luma: Pixels = ((srgb @ _WEIGHTS + 500) // 1000).astype(np.uint8)
    return luma


def _chroma(srgb: Pixels) -> float:
    a, b = color.srgb_to_lab(srgb.transpose(2, 0, 1) / 255)[1:]
    return float(np.hypot(a, b).mean())


def _digest(*pictures: Pixels) -> bytes:
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(repr(picture.shape).encode())
        digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def _write(path: Path, pixels: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
