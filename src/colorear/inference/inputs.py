"""What Python programs have instead of files and arrays: bytes, file objects, images of Pillow."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from colorear.errors import PhotographError, UsageError
from colorear.inference.colored import Colored
from colorear.inference.naming import beside

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Source", "Target", "as_array", "through_files"]

Source = str | Path | bytes | BinaryIO
"""A path, the content of a file, or a file that is open for reading."""
Target = str | Path | BinaryIO | None
"""A path, or a file that is open for writing."""


def as_array(picture: "NDArray[Any] | Image") -> NDArray[Any]:
    """The pixels of an image of Pillow: (h, w) gray or (h, w, 3) RGB; an array as it is.

    Alpha is left out, palettes and other colors become RGB; nothing is turned.
    """
    if isinstance(picture, np.ndarray) or not hasattr(picture, "getbands"):
        return cast("NDArray[Any]", picture)  # anything else is refused, with its type
    if picture.mode.startswith("I;16"):
        return np.asarray(picture).astype(np.uint16)
    # numbers of 32 bits are refused, with their type
    plain = picture.mode in ("L", "RGB", "I", "F")
    return np.asarray(picture if plain else picture.convert("RGB"))


def through_files(
    colorize: Callable[[Path, Path], Colored], source: Source, target: Target
) -> Colored:
    """Color what is no path, or goes to none, by files of a folder that vanishes.

    Raises
    ------
    UsageError
        Where there is no target.
    PhotographError
        As `colorize` does; it is said of "the photograph". Nothing is written then.
    """
    if target is None:
        raise UsageError(
            "bytes and file objects have no folder for the colored file; name a target, or give a "
            "file object that is open for writing"
        )
    named = isinstance(source, str | Path)
    with tempfile.TemporaryDirectory(prefix="colorear-") as folder:
        path = Path(source) if isinstance(source, str | Path) else Path(folder, "photograph")
        if not isinstance(source, str | Path):
            with path.open("wb") as file:
                stream = BytesIO(source) if isinstance(source, bytes) else source
                shutil.copyfileobj(stream, file)
        try:
            if isinstance(target, str | Path):
                made = colorize(path, Path(target))
            else:
                made = colorize(path, beside(path, Path(folder)))
                with Path(made.output).open("rb") as colored:
                    shutil.copyfileobj(colored, target)
        except PhotographError as error:
            said = str(error) if named else str(error).replace(f"'{path}'", "the photograph")
            raise PhotographError(said) from error
    return replace(
        made,
        source=str(source) if named else "",
        output=str(target) if isinstance(target, str | Path) else "",
    )
