"""A photograph file -> its luma, and everything else that is in it.

Pictures are handled as they are stored; `upright` and `as_stored` turn small planes by the EXIF
orientation.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear.photo import icc, jpeg, jpeg_dct, png, raster, tiff_kinds, xmp
from colorear.photo.conversion import Converted, converted
from colorear.photo.ranges import check_range
from colorear.photo.sniffing import (
    Access,
    Format,
    Stamp,
    check,
    ending_for,
    format_of,
    opened,
    raw,
    reading,
    stamp,
)

__all__ = [
    "Photo",
    "alpha",
    "as_stored",
    "decode_coarse",
    "lightness",
    "luma",
    "open_photo",
    "pixels",
    "to_device",
    "upright",
]

Planes = NDArray[np.float32]

_MOST_CHROMA = 2_000_000  # samples, of a JPEG; more cost time and lie closer than eyes can see


@dataclass(frozen=True)
class Photo:
    """A photograph file, opened but not decoded; sizes are as stored."""

    path: Path
    stamp: Stamp
    """As it was when it was opened."""
    format: Format
    width: int
    height: int
    bits: Literal[8, 16, 24, 32]
    """Of a channel; 24 for floating-point numbers, which are as exact as whole ones of so many."""
    multiplied: bool
    """Whether the file has its colors multiplied by alpha, which libvips undoes."""
    orientation: int
    """EXIF orientation 1..8: how to turn the stored picture to see it upright."""
    profile: bytes | None = field(repr=False)
    """The ICC profile in the file; of a PNG without one, what it tells of its colors by numbers."""
    xmp: bytes | None = field(repr=False)
    """The XMP packet in the file; of a JPEG without what it has in ExtendedXMP."""
    chroma_factors: jpeg.Factors
    """How many pixels lie across and down one sample of chroma."""
    chroma_size: tuple[int, int]
    """Width and height of the chroma."""
    page: int = 0
    """Of a TIFF: the number of this picture in `path`, as libvips counts."""
    number: int = 0
    """Of a TIFF: its number in `source`."""
    pages: tuple[int, ...] = (0,)
    """Of a TIFF: the numbers of all pictures in `source`."""
    source: Path = Path()
    """The file that was named; `path` is that, or what it was converted to."""
    kept: Converted | None = field(default=None, repr=False, compare=False)
    """Keeps what it was converted to."""

    @property
    def chroma_step(self) -> int:
        """One of so many chroma samples, across and down, is made; the others are interpolated."""
        width, height = self.chroma_size
        step = 1
        while width * height > _MOST_CHROMA * step**2:
            step *= 2
        return step

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width, seen upright."""
        size = self.height, self.width
        return size[::-1] if self.orientation >= 5 else size

    @property
    def suffix(self) -> str:
        """The ending for a file of this format: its own if it is right, else the usual one."""
        return ending_for(self.path, self.format)

    @property
    def colored_profile(self) -> bytes | None:
        """The ICC profile of the coloured file: a grey one made RGB, any other as it is.

        A grey profile that cannot be read is left out: no program can show the picture by it.
        """
        if self.profile is None or icc.color_space(self.profile) != "grey":
            return self.profile
        try:
            return icc.rgb_from_gray(self.profile)
        except ValueError:
            return None


def open_photo(path: str | Path, page: int | None = None) -> Photo:
    """Read a photograph's header; its format is told by its content, never by its name.

    Parameters
    ----------
    page
        Of a TIFF: one of its `pages`; the first of them without it.

    Raises
    ------
    PhotographError
        Where it is not a photograph that can be coloured.
    """
    source = Path(path)
    with reading(source):
        opened_at = stamp(source)
        form = format_of(source)
        if form == "tiff" and tiff_kinds.is_raw(source):
            raise raw(str(source))
        pages = (tiff_kinds.pages(source) or (0,)) if form == "tiff" else (0,)
    number = pages[0] if page is None else page
    kept = converted(source, number)
    path, page = (kept.path, 0) if kept else (source, number)
    with reading(path):
        taken = jpeg.read(path.read_bytes(), str(path)) if form == "jpeg" else None
        image = opened(path, form, "sequential", **_of(form, page))
        profile = png.profile(path) if form == "png" else _field(image, "icc-profile-data", None)
    check(image, path, form)
    if raster.bits(image) > 16:
        with reading(path):
            check_range(opened(path, form, "sequential", **_of(form, page)), path, page)
    packet = xmp.of_jpeg(taken) if taken else _field(image, "xmp-data", None)
    xmp.check_size(packet, f"'{path}'")
    orientation = _field(image, "orientation", 1)
    across, down = jpeg_dct.chroma_factors(taken) if taken else (1, 1)
    return Photo(
        path=path,
        stamp=opened_at,
        format=form,
        width=image.width,
        height=image.height,
        bits=raster.bits(image),
        multiplied=form == "tiff"
        and image.bands in (2, 4)
        and tiff_kinds.has_associated_alpha(path, page),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        profile=profile,
        xmp=packet,
        chroma_factors=(across, down),
        chroma_size=(-(-image.width // across), -(-image.height // down)),  # T.81, A.1.1
        page=page,
        number=number,
        pages=pages,
        source=source,
        kept=kept,
    )


def _of(form: Format, page: int) -> dict[str, int]:
    return {"page": page} if form == "tiff" else {}


def pixels(photo: Photo, access: Access = "sequential") -> pyvips.Image:
    """Its pixels as `opened` gives them."""
    return opened(photo.path, photo.format, access, **_of(photo.format, photo.page))


def decode_coarse(photo: Photo) -> pyvips.Image | None:
    """Decode a JPEG at a pixel for each chroma sample that is made, into memory.

    It serves the network and the chroma alike, since decoding takes long. After it the whole file
    has been decoded, and so been found intact.

    Returns
    -------
    pyvips.Image or None
        None for other formats, which are read as streams.

    Raises
    ------
    PhotographError
        Where the picture is damaged.
    """
    if photo.format != "jpeg":
        return None
    across, down = (factor * photo.chroma_step for factor in photo.chroma_factors)
    large = min(photo.width, photo.height) >= 64  # libvips cannot shrink the smallest on load
    on_load = next((s for s in (8, 4, 2) if large and across % s == down % s == 0), 1)
    with reading(photo.path):
        image = opened(photo.path, "jpeg", shrink=on_load)
        image = image.shrink(across / on_load, down / on_load, ceil=True)
        size = (-(-side // photo.chroma_step) for side in photo.chroma_size)
        image = image.embed(0, 0, *size, extend="copy")  # libvips rounds down on load
        return image.copy_memory()


def lightness(
    photo: Photo, height: int, width: int, *, coarse: pyvips.Image | None = None
) -> Planes:
    """L* of the gray photograph, small, as a network sees it.

    Grays are seen as the file's ICC profile wants them seen; colors are taken to their luma.
    A profile that cannot be read counts as sRGB, which is how viewers take it.

    Parameters
    ----------
    height, width
        Of the result, as stored.
    coarse
        What `decode_coarse` gave, if it was called already.

    Returns
    -------
    ndarray of float32, (height, width), 0..100
        As stored: `upright` turns it.

    Raises
    ------
    PhotographError
        Where the picture is damaged.
    """
    coarse = coarse or decode_coarse(photo)
    with reading(photo.path):
        enough = coarse and coarse.height >= height and coarse.width >= width
        image = coarse if enough else pixels(photo)
        device = raster.shrunk(image, height, width)
    return raster.gray_lightness(icc.converted(device, source=photo.colored_profile, target=None))


def luma(photo: Photo) -> pyvips.Image:
    """Luma of the whole picture, as stored, one float band in 0..1: a stream to be read once.

    Reading it raises pyvips.Error where the file is damaged.
    """
    with reading(photo.path):
        image = pixels(photo)
        return raster.luma(raster.multiplied(image) if photo.multiplied else image)


def alpha(photo: Photo) -> pyvips.Image | None:
    """Alpha, or whatever another channel means, as stored; None if there is none. As `luma`."""
    with reading(photo.path):
        return raster.alpha(pixels(photo))


def to_device(photo: Photo, srgb: Planes) -> Planes:
    """A small sRGB picture `(3, h, w)` in 0..1, in the values of the coloured file's ICC profile.

    Comes back as it is where there is no profile, or one that only leads out of the device (some
    scanners').
    """
    return icc.converted(srgb, source=None, target=photo.colored_profile)


def upright(planes: Planes, orientation: int) -> Planes:
    """Turn stored `(..., h, w)` planes by their EXIF orientation (Exif 2.32, tag 274).

    >>> upright(np.array([[1, 2, 3]]), 6).tolist()  # 6: the camera was turned to the left
    [[1], [2], [3]]
    """
    planes = planes.swapaxes(-2, -1) if orientation >= 5 else planes
    planes = planes[..., ::-1] if orientation in (2, 3, 6, 7) else planes
    return planes[..., ::-1, :] if orientation in (3, 4, 7, 8) else planes


def as_stored(planes: Planes, orientation: int) -> Planes:
    """Undo `upright`."""
    planes = planes[..., ::-1, :] if orientation in (3, 4, 7, 8) else planes
    planes = planes[..., ::-1] if orientation in (2, 3, 6, 7) else planes
    return planes.swapaxes(-2, -1) if orientation >= 5 else planes


def _field(image: pyvips.Image, name: str, default: Any) -> Any:
    return image.get(name) if image.get_typeof(name) else default
