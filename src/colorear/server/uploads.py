"""A photograph on its way in: counted and timed while it arrives, and kept on the disk."""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from colorear.server.filenames import safe_name
from colorear.server.problems import ProblemError, too_large, too_slow
from colorear.server.settings import Settings
from colorear.server.worker_pool import ClientLimit, QueueFull

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["PHOTOGRAPH", "Upload", "UploadLimits", "client_of", "receive", "receive_json"]

PHOTOGRAPH = "photograph"
_FIELDS = ("hints", "model", "vividness", "variants", "uncertainty")
_FIELD_BYTES = 256 * 1024
_PARTS = 16
_RETRY_AFTER = 5  # seconds: uploads come and go fast


@dataclass(frozen=True)
class Upload:
    """What a client sent."""

    photograph: Path
    name: str
    """What the client calls it."""
    fields: Mapping[str, bytes]


def client_of(request: Request) -> str:
    """Who is asking, for sharing fairly: an address, or the network of an IPv6 one."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6 and address.ipv4_mapped is None:  # one customer has a /64, at least
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host


class UploadLimits:
    """How many uploads are arriving, of whom: bounds what they take of the disk."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._each = settings.queue, settings.client_queue
        self._clients: Counter[str] = Counter()

    @contextmanager
    def slot(self, client: str) -> Iterator[None]:
        """Within it an upload of this client arrives. Raises QueueFull or ClientLimit."""
        if self._clients[client] >= self._each:
            raise ClientLimit(
                f"{self._each} of your photographs are arriving, and no more may at one time; "
                "send one after the other",
                _RETRY_AFTER,
            )
        if self._clients.total() >= self._most:
            raise QueueFull(
                f"{self._most} photographs are arriving, and no more may at one time; "
                f"try again in {_RETRY_AFTER} seconds",
                _RETRY_AFTER,
            )
        self._clients[client] += 1
        try:
            yield
        finally:
            self._clients[client] -= 1
            self._clients += Counter()  # forgets who has none


async def receive(
    headers: Mapping[str, str],
    body: AsyncIterator[bytes],
    folder: Path,
    settings: Settings,
    *,
    fields: Collection[str] = _FIELDS,
) -> Upload:
    """Take in a form; its photograph lies in `folder` then. Raises ProblemError.

    `fields` are those that may come besides the photograph.
    """
    most = settings.upload_bytes
    boundary = _boundary(headers.get("content-type", ""))
    _check_told_size(headers.get("content-length"), most)
    form = _Form(folder / PHOTOGRAPH, tuple(fields))
    try:
        async with asyncio.timeout(settings.upload_seconds):
            parser = MultipartParser(boundary, form.callbacks())
            size = 0
            async for chunk in body:
                size += len(chunk)
                if size > most:
                    raise too_large(most)
                parser.write(chunk)
    except TimeoutError:
        raise too_slow(settings.upload_seconds) from None
    except FormParserError:
        raise ProblemError(
            "malformed-request",
            "the body is not the multipart/form-data that its header says; send it by a library "
            "for such forms",
        ) from None
    finally:
        form.close()
    return form.upload()


async def receive_json(
    headers: Mapping[str, str], body: AsyncIterator[bytes], most: int, seconds: float
) -> dict[str, Any]:
    """Take in a JSON object of at most `most` bytes within so many seconds. Raises ProblemError."""
    kind = headers.get("content-type", "")
    if parse_options_header(kind)[0] != b"application/json":
        raise ProblemError(
            "malformed-request",
            f"a body of the type {kind[:80] or 'unknown'!r} came, but application/json is needed",
        )
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in body:
                content += chunk
                if len(content) > most:
                    raise ProblemError(
                        "too-many-bytes",
                        f"the request is larger than the {most:,} bytes that are taken; ask for "
                        "less",
                        {"Connection": "close"},
                    )
    except TimeoutError:
        raise too_slow(seconds) from None
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ProblemError(
            "malformed-request", "the body is not the JSON object that its header says; correct it"
        ) from None


def _fault(name: str, taken: Collection[str], *, is_file: bool) -> str:
    """What is wrong with a field of that name, in words that follow it."""
    known = (PHOTOGRAPH, *taken)
    if name in known:
        return "came twice; send it once"
    if is_file:
        return f"is unknown; send the file in the field {PHOTOGRAPH!r}"
    meant = get_close_matches(name[:40].lower(), known, 1)
    return f"is unknown; name it {meant[0]!r}" if meant else "is unknown; leave it out"


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise ProblemError(
            "not-a-photograph",
            f"a body of the type {content_type[:80] or 'unknown'!r} came, but multipart/form-data "
            f"with a file in the field {PHOTOGRAPH!r} is needed",
        )
    if not options.get(b"boundary"):
        raise ProblemError(
            "malformed-request",
            "the header Content-Type names no boundary; send the form by a library for such forms",
        )
    return options[b"boundary"]


def _check_told_size(told: str | None, most: int) -> None:
    with suppress(ValueError):  # the server has refused such a header already
        if told is not None and int(told) > most:
            raise too_large(most)


@dataclass
class _Form:
    """The parts of a form as the parser tells them: the photograph to a file, the rest kept."""

    path: Path
    taken: Collection[str]
    """Names of fields besides the photograph."""
    name: str | None = None
    fields: dict[str, bytearray] = field(default_factory=dict)
    ended: bool = False
    _parts: int = 0
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _disposition: bytes = b""
    _file: IO[bytes] | None = None
    _field: bytearray | None = None

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._name_part,
            "on_part_data": self._take,
            "on_part_end": self.close,
            "on_end": self._end,
        }

    def upload(self) -> Upload:
        """What came, when it is all there. Raises ProblemError."""
        if not self.ended:
            raise ProblemError(
                "malformed-request",
                "the form ends before its last boundary; send it again, whole",
            )
        if self.name is None:
            raise ProblemError(
                "wrong-field", f"the field {PHOTOGRAPH!r} is missing; send a file in it"
            )
        fields = {name: bytes(value) for name, value in self.fields.items()}
        return Upload(self.path, self.name, fields)

    def close(self) -> None:
        """End the part that arrives."""
        if self._file:
            self._file.close()
        self._file = self._field = None

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _PARTS:
            raise ProblemError("malformed-request", f"more than {_PARTS} fields came; send fewer")
        self._disposition = b""

    def _end_header(self) -> None:
        name, value = map(bytes, self._header)
        if name.lower() == b"content-disposition":
            self._disposition = value
        self._header = bytearray(), bytearray()

    def _name_part(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        name = options.get(b"name", b"").decode(errors="replace")
        if name == PHOTOGRAPH and self.name is None:
            told = options.get(b"filename", b"").decode(errors="replace")
            self.name = safe_name(told)
            self._file = self.path.open("xb")
        elif name in self.taken and name not in self.fields:
            self._field = self.fields[name] = bytearray()
        else:
            what = _fault(name, self.taken, is_file=b"filename" in options)
            raise ProblemError("wrong-field", f"the field {name[:40]!r} {what}")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file:
            self._file.write(data[start:end])
        elif self._field is not None:
            if len(self._field) + end - start > _FIELD_BYTES:
                raise ProblemError(
                    "too-many-bytes",
                    f"a field is longer than the {_FIELD_BYTES:,} bytes that are taken besides the "
                    "photograph; shorten it",
                    {"Connection": "close"},
                )
            self._field += data[start:end]

    def _end(self) -> None:
        self.ended = True
