"""Photographs from folders into shards, small and in random order."""

import hashlib
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from colorear import color
from colorear.errors import DataError
from colorear.training.datasets.manifest import SkippedFile
from colorear.training.datasets.photographs import downsample, natural_order
from colorear.training.datasets.pictures import UnusableError, decode, is_photograph, read_file
from colorear.training.datasets.shards import SUFFIX, write_shard

__all__ = ["MIN_SIZE", "PackingSummary", "pack_shards"]

MIN_SIZE = 32
"""Pixels of the shorter side: a smaller photograph shows no scene."""

_WEBP_QUALITY = 50  # 3.3 KB for a photograph of 160 pixels
_GRAY_BELOW = 1.0  # mean chroma in CIELAB units: a gray photograph of a JPEG has less
_AT_ONCE = 4096  # photographs that are read ahead

Pixels = NDArray[np.uint8]


class PackingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the photographs that were to be packed."""

    shards: list[str]
    """Their names."""
    photographs: int
    """In all of them."""
    bytes: int
    groups: dict[str, int]
    """How many of each group."""
    gray: int
    """Left out, since they have no color."""
    duplicates: int
    """Left out, since an equal file came earlier."""
    small: int
    """Left out, since the shorter side has less than `MIN_SIZE` pixels."""
    skipped: list[SkippedFile]
    """Left out, since they could not be used."""


class _Packed(NamedTuple):
    """One photograph, or the reason why it is left out."""

    group: int
    file: bytes = b""
    size: tuple[int, int] = (0, 0)
    digest: str = ""
    gray: bool = False
    small: bool = False
    skipped: SkippedFile | None = None


def pack_shards(
    folders: Sequence[Path], out: Path, *, size: int = 160, mebibytes: int = 55
) -> PackingSummary:
    """Pack the color photographs of folders into shards.

    Each folder directly in one of `folders` is a group, and so are the photographs that lie in
    none; a group is shown in balance with the others. Every shard has photographs of all groups.

    Parameters
    ----------
    folders
        With photographs at any depth.
    out
        The folder of the shards, which must not hold any.
    size
        Of the shorter side, in pixels; smaller photographs stay as they are. Of very long ones only
        the middle is kept.
    mebibytes
        Of one shard, at most.

    Raises
    ------
    DataError
        A folder is none, there is no photograph to pack, or there are shards already.
    TrainingError
        A shard cannot be written.
    """
    found = _find(folders)
    if not found:
        raise DataError(
            f"{', '.join(map(str, folders))}: no photographs; give folders that hold some"
        )
    _begin(out)
    names = list(dict.fromkeys(group for group, _ in found))
    random.Random(1).shuffle(found)
    writer, seen = _ShardWriter(out, names, mebibytes * 2**20), set[str]()
    reasons: Counter[str] = Counter()
    skipped = []
    for packed in _pack_all(found, names, size):
        if packed.skipped:
            skipped.append(packed.skipped)
        elif packed.small or packed.gray:
            reasons["small" if packed.small else "gray"] += 1
        elif packed.digest in seen:
            reasons["duplicates"] += 1
        else:
            seen.add(packed.digest)
            writer.add(packed)
    writer.flush()
    if not seen:
        raise DataError(
            f"{', '.join(map(str, folders))}: none of {len(found)} photographs could be used "
            f"({reasons['gray']} have no color, {reasons['small']} are small, "
            f"{len(skipped)} are damaged); give color photographs"
        )
    return PackingSummary(
        shards=writer.shards,
        photographs=len(seen),
        bytes=writer.bytes,
        groups={names[group]: count for group, count in sorted(writer.counts.items())},
        gray=reasons["gray"],
        duplicates=reasons["duplicates"],
        small=reasons["small"],
        skipped=skipped,
    )


def _find(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """The group and path of each photograph, in natural order."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: is not a folder; give folders of color photographs")
        inside = (p for p in folder.rglob("*") if is_photograph(p.relative_to(folder)))
        paths = sorted(
            (path for path in inside if path.is_file()),
            key=lambda path: natural_order(path.relative_to(folder).as_posix()),
        )
        name = folder.resolve().name
        for path in paths:
            first, *rest = path.relative_to(folder).parts
            found.append((f"{name}/{first}" if rest else name, path))
    return found


def _begin(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out}: cannot hold shards ({error.strerror}); give another -o") from error
    if any(out.glob(f"*{SUFFIX}")):
        raise DataError(f"{out}: holds shards already; remove them or give another -o")


def _pack_all(found: list[tuple[str, Path]], names: list[str], size: int) -> Iterator[_Packed]:
    number = {name: i for i, name in enumerate(names)}

    def pack(item: tuple[str, Path]) -> _Packed:
        return _pack(item[1], number[item[0]], size)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        quiet = not sys.stdout.isatty()
        steps = range(0, len(found), _AT_ONCE)
        for start in track(steps, "packing", transient=True, disable=quiet):
            yield from pool.map(pack, found[start : start + _AT_ONCE])


def _pack(path: Path, group: int, size: int) -> _Packed:
    try:
        content = read_file(path, str(path))
        picture = decode(content, str(path))
    except UnusableError as error:
        return _Packed(group, skipped=SkippedFile(error.source, error.reason))
    shorter = min(picture.shape[:2])
    if shorter < MIN_SIZE:
        return _Packed(group, small=True)
    picture = downsample(picture, min(size, shorter))
    if _mean_chroma(picture) < _GRAY_BELOW:
        return _Packed(group, gray=True)
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, file = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    height, width = picture.shape[:2]
    digest = hashlib.sha256(content).hexdigest()[:16]
    return _Packed(group, file.tobytes(), (height, width), digest)


def _mean_chroma(picture: Pixels) -> float:
    """Of every fourth pixel, in CIELAB units."""
    ab = color.srgb_to_lab(picture[::4, ::4].transpose(2, 0, 1) / 255)[1:]
    return float(np.hypot(*ab).mean())


class _ShardWriter:
    """Writes a shard whenever the photographs for one are together."""

    def __init__(self, out: Path, names: list[str], limit: int) -> None:
        self.shards: list[str] = []
        self.bytes = 0
        self.counts: Counter[int] = Counter()
        self._out, self._names, self._limit = out, names, limit
        self._photographs: list[_Packed] = []
        self._size = 0

    def add(self, packed: _Packed) -> None:
        size = len(packed.file) + 60  # and no more than that in the contents
        names = len("".join(self._names)) + 4 * len(self._names) + 1024
        if self._photographs and self._size + size + names > self._limit:
            self.flush()
        self._photographs.append(packed)
        self._size += size
        self.counts[packed.group] += 1

    def flush(self) -> None:
        some = self._photographs
        if not some:
            return
        path = self._out / f"{len(self.shards):04}{SUFFIX}"
        write_shard(
            path,
            [each.file for each in some],
            group_names=self._names,
            groups=[each.group for each in some],
            sizes=[each.size for each in some],
            digests=[each.digest for each in some],
        )
        self.shards.append(path.name)
        self.bytes += path.stat().st_size
        self._photographs, self._size = [], 0
