"""Shards: files of many small photographs, which one read and one decoding bring into memory."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from colorear.errors import DataError, TrainingError
from colorear.photo.atomic_write import replacing

__all__ = [
    "SUFFIX",
    "Shard",
    "ShardContents",
    "ShardError",
    "read_contents",
    "read_shard",
    "write_shard",
]

SUFFIX = ".shard"
"""How the names of shards end."""

_LONGEST_CONTENTS = 64 * 2**20  # bytes: that of 100,000 photographs takes 5 MiB

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Length = Annotated[int, msgspec.Meta(ge=1, le=2**20)]


class ShardError(DataError):
    """A file that is no shard, or a part of one."""


class ShardContents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line of a shard; the photographs' WebP files follow it, one after another.

    The last six have one entry for each photograph.
    """

    format: Literal["colorear-shard-1"] = "colorear-shard-1"
    sha256: str
    """Of what follows the line."""
    group_names: list[str]
    groups: list[_Count]
    """Which of these names each belongs to."""
    lengths: list[_Length]
    """Bytes."""
    heights: list[_Length]
    widths: list[_Length]
    digests: list[str]
    """The first 16 hexadecimal digits of the SHA-256 of the file that it was made of."""

    def __post_init__(self) -> None:
        """Refuse contents that contradict themselves."""
        counts = {len(each) for each in (self.groups, self.lengths, self.heights, self.widths)}
        if counts != {len(self.digests)} or not self.digests:
            raise ValueError("the photographs are not all described")
        if max(self.groups) >= len(self.group_names):
            raise ValueError("a photograph is of a group without a name")

    @property
    def decoded_bytes(self) -> int:
        """Of all photographs together, at 3 bytes a pixel."""
        return sum(3 * h * w for h, w in zip(self.heights, self.widths, strict=True))


class Shard(msgspec.Struct, frozen=True):
    """A whole shard."""

    contents: ShardContents
    files: list[bytes]
    """The photographs' WebP files."""


def write_shard(
    path: Path,
    files: list[bytes],
    *,
    group_names: list[str],
    groups: list[int],
    sizes: list[tuple[int, int]],
    digests: list[str],
) -> None:
    """Write a shard, whole or not at all.

    Parameters
    ----------
    path
        Of the shard.
    files
        WebP files.
    group_names, groups
        Names of groups, and for each file the number of its group among these.
    sizes
        Heights and widths in pixels.
    digests
        As `ShardContents.digests`.

    Raises
    ------
    TrainingError
        It cannot be written.
    """
    body = b"".join(files)
    contents = ShardContents(
        sha256=hashlib.sha256(body).hexdigest(),
        group_names=group_names,
        groups=groups,
        lengths=[len(file) for file in files],
        heights=[height for height, _ in sizes],
        widths=[width for _, width in sizes],
        digests=digests,
    )
    try:
        with replacing(path) as part:
            part.write_bytes(msgspec.json.encode(contents) + b"\n" + body)
    except OSError as error:
        raise TrainingError(
            f"{path}: could not be written ({error.strerror}); make room and pack again"
        ) from error


def read_contents(path: Path) -> ShardContents:
    """What a shard holds, by its first line alone.

    Raises
    ------
    ShardError
        It cannot be read, is no shard, or is longer or shorter than its first line says.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_CONTENTS)
        size = path.stat().st_size
    except OSError as error:
        raise ShardError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        contents = msgspec.json.decode(line, type=ShardContents)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ShardError(f"{path}: is no shard ({error})") from error
    expected = len(line) + sum(contents.lengths)
    if size != expected:
        raise ShardError(f"{path}: has {size:,} bytes instead of {expected:,}; copy it again")
    return contents


def read_shard(path: Path) -> Shard:
    """Read a shard.

    Raises
    ------
    ShardError
        As `read_contents`, or bytes in it have changed.
    """
    contents = read_contents(path)
    try:
        _, _, body = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise ShardError(f"{path}: cannot be read ({error.strerror})") from error
    if hashlib.sha256(body).hexdigest() != contents.sha256:
        raise ShardError(f"{path}: some of its bytes have changed; copy it again")
    files, start = [], 0
    for length in contents.lengths:
        files.append(body[start : start + length])
        start += length
    return Shard(contents, files)
