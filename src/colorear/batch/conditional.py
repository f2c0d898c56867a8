"""Requests that a store grants to one of many who make them at once; pyarrow's clients make none.

(extra: cluster)
"""

import functools
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

__all__ = ["UnknownRequestError", "create", "read", "replace", "version_of", "was_compared"]

_STORES = {"s3", "gs", "gcs", "abfs", "abfss"}
_TAG = "tag "  # begins the versions that a store gave
_PATIENCE = 30  # seconds in which a request is tried again
_SECONDS, _LONG = 30, 3600  # that one request may take, and one with a photograph
_SMALL = 1 << 16  # bytes
_KEYS = re.compile(r"performing \w+ http://(169\.254\.|metadata\.)")
_SILENCE = re.compile(r"HTTP error: |status code: 5(?!01)\d\d")


class UnknownRequestError(Exception):
    """The store knows no such request, or its client not the keys that pyarrow finds."""


def create(
    scheme: str, host: str, path: str, content: Any, about: dict[str, str] | None = None
) -> str | None:
    """Make a file; gives its version, None where it was there. Raises UnknownRequestError.

    `content` is bytes or a buffer of them; `about` is what the store is told of it.
    """
    with _known():
        import obstore

        client = _client(scheme, host, _SECONDS if len(content) <= _SMALL else _LONG)
        try:
            made = obstore.put(client, path, content, mode="create", attributes=about)
        except obstore.exceptions.AlreadyExistsError:
            return None
        return version_of(content, made)


def read(scheme: str, host: str, path: str) -> tuple[bytes, str] | None:
    """What a file holds, and its version; None where it is not. Raises UnknownRequestError."""
    with _known():
        import obstore

        try:
            found = obstore.get(_client(scheme, host), path)
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return None
        content = bytes(found.bytes())
        return content, version_of(content, found.meta)


def replace(scheme: str, host: str, path: str, content: bytes, version: str) -> str | None:
    """Replace a file of that version; gives the new one, None where it was of another.

    Raises UnknownRequestError.
    """
    if not was_compared(version):
        raise UnknownRequestError
    with _known():
        import obstore
        from obstore import exceptions

        tag = version.removeprefix(_TAG)
        try:
            made = obstore.put(_client(scheme, host), path, content, mode={"e_tag": tag})
        except (
            FileNotFoundError,
            exceptions.NotFoundError,
            exceptions.PreconditionError,
            exceptions.AlreadyExistsError,  # others were replacing it for as long as it was tried
        ):
            return None
        return version_of(content, made)


def version_of(content: bytes, about: Any = None) -> str:
    """What tells one version from another: the store's tag, else the content."""
    tag = about["e_tag"] if about else None
    return _TAG + str(tag) if tag else hashlib.sha256(content).hexdigest()


def was_compared(version: str) -> bool:
    """Whether the store itself saw to it that a file has this version, so that nobody came between.

    >>> was_compared("tag 0a1b"), was_compared(version_of(b"content"))
    (True, False)
    """
    return version.startswith(_TAG)


@functools.cache
def _client(scheme: str, host: str, seconds: int = _SECONDS) -> Any:
    """The client of that bucket, each of whose requests may take so many seconds."""
    if scheme not in _STORES:
        raise UnknownRequestError
    from obstore.store import from_url

    return from_url(
        f"{scheme}://{host}",
        client_options={"allow_http": True, "timeout": timedelta(seconds=seconds)},
        retry_config={"retry_timeout": timedelta(seconds=_PATIENCE)},
    )


@contextmanager
def _known() -> Iterator[None]:
    """Within it, the answer of a store that knows no such request becomes UnknownRequestError.

    Not its silence: a request that was not answered may yet be done, and whoever went on as if it
    were unknown would do without the store's word.
    """
    from obstore import exceptions

    try:
        yield
    except (
        exceptions.GenericError,
        exceptions.NotSupportedError,
        exceptions.PermissionDeniedError,
        exceptions.UnauthenticatedError,
        exceptions.UnknownConfigurationKeyError,
        NotImplementedError,
        ValueError,  # a name that its client does not take
    ) as error:
        if _is_silence(str(error)):
            raise
        raise UnknownRequestError from error


def _is_silence(said: str) -> bool:
    """Whether an error of obstore's says that no answer came, or that the store is out of order.

    >>> _is_silence("performing PUT http://store/a in 30s - HTTP error: error sending request")
    True
    >>> _is_silence("Server returned non-2xx status code: 501 Not Implemented")
    False
    """
    if _KEYS.search(said):  # those who give keys to machines of a cloud; there need be none
        return False
    return bool(_SILENCE.search(said))
