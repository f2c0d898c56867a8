"""Which filesystem a URI is of: pyarrow's, or one that fsspec knows. (extra: cluster)"""

import functools
from typing import Any

from colorear.errors import BatchError

__all__ = ["filesystem_of"]


@functools.cache
def filesystem_of(scheme: str, host: str) -> tuple[Any, str]:
    """The filesystem, and its path of what is before the names in a URI."""
    import pyarrow as pa
    from pyarrow import fs

    root = f"{scheme}://{host}/"
    try:
        found: tuple[Any, str] = fs.FileSystem.from_uri(root)
    except pa.ArrowInvalid:  # a scheme that pyarrow does not know
        import fsspec

        try:
            filesystem, path = fsspec.core.url_to_fs(root)
        except (ImportError, ValueError) as error:
            raise BatchError(
                f"'{root}' cannot be reached: {error}; give a folder, or an address that pyarrow "
                "or fsspec knows"
            ) from error
        return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path
    return found
