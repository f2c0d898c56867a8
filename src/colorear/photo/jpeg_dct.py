"""The luma coefficients of a JPEG, taken out of the file and written as they are (jpeglib).

jpeglib ends the process on a damaged file or a full disk, so files must have been decoded without
an error before they come here, and room is made sure of.
"""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorear.errors import PhotographError
from colorear.photo.jpeg import Jpeg, read, written

if TYPE_CHECKING:
    import jpeglib

__all__ = ["luma_blocks", "without_chroma"]

_lock = threading.Lock()  # jpeglib keeps what it reads in global variables


def without_chroma(jpeg: Jpeg) -> Jpeg:
    """The same luma coefficients and table as a grayscale JPEG; a grayscale one comes back as is.

    It is sequential even where the file was progressive. Raises PhotographError where there is no
    room for temporary files of its size.
    """
    if len(jpeg.components) == 1:
        return jpeg
    picture = _loaded(jpeg)
    picture.qt = picture.get_component_qt(0)[None]
    picture.quant_tbl_no = np.zeros(1, np.int16)
    picture.samp_factor = np.ones((1, 2), np.int32)
    picture.content = None  # nothing else is taken from the file that was read
    with tempfile.TemporaryDirectory(prefix="colorear-") as folder, _lock:
        target = Path(folder, "grey.jpg")
        with _failing(jpeg):
            picture.write_dct(str(target), flags=["+OPTIMIZE_CODING"])
        grey = read(target.read_bytes(), jpeg.name)
    luma = jpeg.components[0]._replace(table=grey.components[0].table)
    return replace(
        jpeg,
        progressive=False,
        components=(luma, *jpeg.components[1:]),
        segments=jpeg.about + grey.coded,
    )


def luma_blocks(jpeg: Jpeg) -> tuple[np.ndarray, np.ndarray]:
    """Quantised luma coefficients `(rows, columns, 8, 8)` int16, and their table `(8, 8)`."""
    picture = _loaded(jpeg)
    return picture.Y, picture.get_component_qt(0)


def _loaded(jpeg: Jpeg) -> "jpeglib.DCTJPEG":
    """What jpeglib reads, without the chroma."""
    import jpeglib

    with tempfile.TemporaryDirectory(prefix="colorear-") as folder, _lock:
        coded = Path(folder, "coded.jpg")
        with coded.open("wb") as file:
            file.writelines(written(jpeg.coded))
        room = 3 * coded.stat().st_size + 2**20
        if shutil.disk_usage(folder).free < room:
            raise PhotographError(
                f"'{jpeg.name}' needs {room >> 20} MB of room in {tempfile.gettempdir()} "
                "for a while; make room there"
            )
        with _failing(jpeg):
            picture = jpeglib.read_dct(str(coded))
            picture.jpeg_color_space = jpeglib.Colorspace.JCS_GRAYSCALE  # Cb, Cr are not loaded
            picture.load()
        return picture


@contextmanager
def _failing(jpeg: Jpeg) -> Iterator[None]:
    """Turn jpeglib's errors into one sentence: some damage is found by it alone."""
    try:
        yield
    except OSError as error:
        raise PhotographError(
            f"'{jpeg.name}' is a JPEG with damaged coefficients; use an intact copy of it"
        ) from error
