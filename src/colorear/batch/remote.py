"""Files that are not on this machine: S3-like stores and whatever else pyarrow or fsspec reaches.

A place is written as stores list it, with nothing escaped: `s3://bucket/attic/old photo.jpg`. How
its store is reached (keys, region, endpoint) is no part of it: that is the environment's. What is
written appears whole or not at all. (extra: cluster)
"""

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, NamedTuple

from colorear.batch import conditional
from colorear.batch.filesystems import filesystem_of
from colorear.errors import BatchError, ColorearError, MissingExtraError, PhotographError
from colorear.photo.sniffing import HEAD, Stamp

__all__ = ["Remote", "RemoteFile", "is_remote", "place"]

_URI = re.compile(r"([a-z][a-z0-9+.-]+)://([^/]*)(.*)", re.DOTALL | re.IGNORECASE)
_WHOLE = {"s3", "gcs", "abfs"}  # stores in which a file that is being written cannot be seen
_KINDS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "tif": "tiff", "tiff": "tiff"}
_BLOCK = 1 << 20  # bytes read at a time


class RemoteFile(NamedTuple):
    """A file within a remote folder."""

    path: str
    """From the folder on, with all its slashes."""
    stamp: Stamp


class Remote:
    """A file or folder of that place, which need not be there.

    What it is asked for raises PhotographError or BatchError where the store does not answer as it
    should, and MissingExtraError without the extra.
    """

    def __init__(self, uri: str) -> None:
        scheme, host, path = _parts(uri)
        self._uri = f"{scheme}://{host}{path.rstrip('/')}"

    def __str__(self) -> str:
        """As it is written."""
        return self._uri

    def __eq__(self, other: object) -> bool:
        """Whether it is the same place."""
        return isinstance(other, Remote) and str(other) == self._uri

    def __hash__(self) -> int:
        """Equal for the same place."""
        return hash(self._uri)

    def __truediv__(self, name: str | PurePath) -> "Remote":
        """What is there in it under that name."""
        return self if str(name) in ("", ".") else Remote(f"{self._uri}/{name}")

    @property
    def name(self) -> str:
        """The last part."""
        return self._uri.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of the name, with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "Remote":
        """The folder that holds it."""
        return Remote(self._uri.rpartition("/")[0])

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        with self._translated(BatchError, "cannot be reached"):
            filesystem, path = self._opened()
            return bool(filesystem.get_file_info(path).type.name == "Directory")

    def mkdir(self, *, parents: bool) -> None:
        """Make a folder of it, and of those that hold it if need be."""
        with self._translated(BatchError, "cannot be made"):
            filesystem, path = self._opened()
            filesystem.create_dir(path, recursive=parents)

    def list_files(self) -> list[RemoteFile]:
        """All files in it at any depth, each folder's own before those of the folders in it."""
        with self._translated(BatchError, "cannot be read"):
            from pyarrow import fs

            filesystem, path = self._opened()
            files = [
                RemoteFile(info.path.removeprefix(f"{path}/"), _stamp(info))
                for info in filesystem.get_file_info(fs.FileSelector(path, recursive=True))
                if info.is_file
            ]
        return sorted(files, key=lambda file: _in_order(file.path))

    def stamp(self) -> Stamp | None:
        """The stamp of the file, in whole seconds; None where there is none."""
        with self._translated(PhotographError, "cannot be read"):
            filesystem, path = self._opened()
            info = filesystem.get_file_info(path)
            return _stamp(info) if info.is_file else None

    def head(self) -> bytes:
        """As many of its first bytes as tell what it is."""
        with self._translated(PhotographError, "cannot be read"):
            filesystem, path = self._opened()
            with filesystem.open_input_file(path) as file:
                return bytes(file.read(HEAD))

    def download(self, target: Path) -> None:
        """Copy it to this machine."""
        with self._translated(PhotographError, "cannot be read"):
            filesystem, path = self._opened()
            with filesystem.open_input_stream(path) as file, target.open("wb") as copy:
                shutil.copyfileobj(file, copy, _BLOCK)

    def upload(self, source: Path, *, overwrite: bool = True) -> bool:
        """Put a copy of a file of this machine there; says whether it is there now.

        Without `overwrite` not in the place of whatever is there: see `create`.
        """
        import pyarrow as pa

        with (
            self._translated(PhotographError, "cannot be written"),
            pa.memory_map(str(source)) as file,
        ):
            content = file.read_buffer()
            if overwrite:
                self._write(content)
                return True
            # it may be our own: the answer to an earlier request may have been lost
            return bool(self._created(content)) or (self.read() or b"") == content

    def read(self) -> bytes | None:
        """What it holds; None where it is not."""
        with self._translated(BatchError, "cannot be read"), suppress(FileNotFoundError):
            filesystem, path = self._opened()
            with filesystem.open_input_stream(path) as file:
                return bytes(file.read())
        return None

    def write(self, content: bytes) -> None:
        """Have it hold that and nothing else."""
        with self._translated(BatchError, "cannot be written"):
            self._write(content)

    def create(self, content: bytes) -> str | None:
        """Make it, holding that, unless it is there: of many who try, one succeeds.

        Returns its version; None where it was there. Where the store knows no such request this is
        as good as a look before writing.
        """
        with self._translated(BatchError, "cannot be written"):
            if self._key()[0] != "file":
                return self._created(content)
            _, path = self._opened()
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            try:
                with Path(path).open("xb") as file:
                    file.write(content)
            except FileExistsError:
                return None
            return conditional.version_of(content)

    def read_version(self) -> tuple[bytes, str] | None:
        """What it holds and the version of that, for `replace`; None where it is not."""
        with (
            self._translated(BatchError, "cannot be read"),
            suppress(conditional.UnknownRequestError),
        ):
            return conditional.read(*self._key())
        held = self.read()
        return None if held is None else (held, conditional.version_of(held))

    def replace(self, content: bytes, version: str) -> str | None:
        """Have it hold that, unless it is of another version by now.

        Returns the new version; None where it was another. Where the store knows no such request
        this is as good as a look before writing, and one after it.
        """
        with (
            self._translated(BatchError, "cannot be written"),
            suppress(conditional.UnknownRequestError),
        ):
            return conditional.replace(*self._key(), content, version)
        held = self.read_version()
        if held is None or held[1] != version:
            return None
        self.write(content)
        held = self.read_version()
        return held[1] if held and held[0] == content else None

    def remove(self) -> None:
        """Delete it, if it is there."""
        with self._translated(BatchError, "cannot be deleted"), suppress(FileNotFoundError):
            filesystem, path = self._opened()
            filesystem.delete_file(path)

    def _created(self, content: Any) -> str | None:
        """Its version; None where it was there."""
        with suppress(conditional.UnknownRequestError):
            return conditional.create(*self._key(), content, self._about())
        filesystem, path = self._opened()
        if filesystem.get_file_info(path).is_file:
            return None
        self._write(content)
        return conditional.version_of(content)

    def _about(self) -> dict[str, str] | None:
        """What a store is told of it."""
        kind = _KINDS.get(self.suffix[1:].lower())
        return {"Content-Type": f"image/{kind}"} if kind else None

    def _write(self, content: Any) -> None:
        """All of it at once: closed half-way, it would be taken for whole."""
        filesystem, path = self._opened()
        if filesystem.type_name in _WHOLE:
            with filesystem.open_output_stream(path, metadata=self._about()) as file:
                file.write(content)
            return
        folder = path.rpartition("/")[0]
        part = f"{folder}/.colorear-{uuid.uuid4().hex}"
        filesystem.create_dir(folder, recursive=True)
        try:
            with filesystem.open_output_stream(part) as file:
                file.write(content)
            filesystem.move(part, path)
        except BaseException:
            with suppress(OSError):
                filesystem.delete_file(part)
            raise

    def _opened(self) -> tuple[Any, str]:
        """Its filesystem, and the path there."""
        scheme, host, path = _parts(self._uri)
        filesystem, root = filesystem_of(scheme, host)
        return filesystem, root.rstrip("/") + path

    def _key(self) -> tuple[str, str, str]:
        """Its scheme, bucket and name there."""
        scheme, host, path = _parts(self._uri)
        return scheme, host, path.lstrip("/")

    @contextmanager
    def _translated(self, kind: type[ColorearError], what: str) -> Iterator[None]:
        try:
            yield
        except ColorearError:
            raise
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"what is at '{self._uri}'", "cluster") from error
        except FileNotFoundError:
            raise kind(f"'{self._uri}' does not exist; check the name") from None
        except Exception as error:  # the errors of pyarrow and of fsspec's stores share no base
            reason = " ".join(str(error).split()).partition(" Debug source: ")[0]  # obstore's
            if reason.startswith("Empty path component"):  # pyarrow's, of S3 and the like
                raise kind(
                    f"'{self._uri}' has two slashes in a row and cannot be reached; rename it"
                ) from None
            raise kind(f"'{self._uri}' {what}: {reason}") from error


def is_remote(text: str) -> bool:
    """Whether that names something elsewhere.

    >>> is_remote("s3://bucket/a.jpg"), is_remote("attic/a.jpg")
    (True, False)
    """
    return bool(_URI.fullmatch(text))


def place(text: str) -> Path | Remote:
    """What a person means by it."""
    return Remote(text) if is_remote(text) else Path(text)


def _parts(uri: str) -> tuple[str, str, str]:
    found = _URI.fullmatch(uri)
    if not found:
        raise BatchError(f"'{uri}' is no address; expected one like s3://bucket/folder")
    scheme, host, path = found.groups()
    return scheme, host, path


def _stamp(info: Any) -> Stamp:
    """In whole seconds, as lists and answers about one file do not agree on more."""
    return Stamp(info.size, (info.mtime_ns or 0) // 10**9 * 10**9)


def _in_order(path: str) -> tuple[tuple[bool, str], ...]:
    *folders, name = path.split("/")
    return (*((True, folder) for folder in folders), (False, name))
