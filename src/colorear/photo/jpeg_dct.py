"""The coefficients of a JPEG, coded anew as they are: without chroma, or in the usual order.

This is the only module that knows the library which does that, turbojpeg (libjpeg-turbo's lossless
transform). Another may take its place: `_transform` is all that is asked of it. Where it is not
installed (it is built for some systems only), files in color are not taken, and gray ones become
files of separate scans, with chroma at full resolution: those are read by more programs than
separate scans of subsampled chroma.
"""

from dataclasses import replace
from functools import cache
from importlib.util import find_spec

from colorear.errors import PhotographError
from colorear.photo.jpeg import Factors, Jpeg, Segment, read, written

__all__ = [
    "can_transform",
    "chroma_factors",
    "interleaved",
    "keeps_scans",
    "luma_key",
    "without_chroma",
]

_HALF, _FULL = (2, 2), (1, 1)
_USUAL = {_FULL, (2, 1), _HALF, (1, 2), (4, 1), (1, 4)}  # what libjpeg-turbo has a name for
_JFIF = Segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")  # what tells libjpeg that 3 components are YCbCr
_DQT, _DHT, _SOS = 0xDB, 0xC4, 0xDA  # T.81, table B.1


@cache
def can_transform() -> bool:
    """Whether the library is installed."""
    return find_spec("turbojpeg") is not None


def chroma_factors(jpeg: Jpeg) -> Factors:
    """How chroma is to be sampled in the file in color: as in the file, if it has chroma."""
    if not can_transform():
        return _FULL
    return jpeg.factors if jpeg.factors in _USUAL else _HALF


def without_chroma(jpeg: Jpeg) -> Jpeg:
    """The same luma coefficients and table as a gray JPEG; a gray one comes back as it is.

    Where there was chroma the file becomes sequential.

    Raises
    ------
    PhotographError
        Where it is damaged, or the library is missing.
    """
    if len(jpeg.components) == 1:
        return jpeg
    gray = _gray(jpeg)
    segments = (*jpeg.about, *gray.coded)
    return replace(jpeg, progressive=False, components=gray.components, segments=segments)


def keeps_scans(gray: Jpeg) -> bool:
    """Whether chroma is to follow the scans of a gray file in scans of its own.

    Programs read progressive files so, since in these most scans are of one component anyway, if
    there are no restart markers. Some show sequential ones as stripes, or refuse them.
    """
    return not can_transform() or (gray.progressive and not gray.restart_interval)


def interleaved(segments: list[Segment], original: Jpeg) -> list[Segment]:
    """The coded segments of a YCbCr file, its scans in the order that programs expect.

    Sequential files have one scan of all components (T.81, A.2.3), progressive ones those of
    libjpeg's script. There are no restart markers.

    Parameters
    ----------
    segments
        Of a file in any order.
    original
        Tells whether the file is to be progressive, and whether its codes are to be made for it.

    Raises
    ------
    PhotographError
        Where it is damaged.
    """
    file = b"".join(written([_JFIF, *segments]))
    name, progressive, optimize = original.name, original.progressive, not original.has_usual_codes
    made = _transform(file, name, progressive=progressive, optimize=optimize)
    return list(read(made, name).coded)


def luma_key(jpeg: Jpeg) -> tuple[object, ...]:
    """What is equal for two files if, and only if, their luma coefficients and table are.

    Whatever the order of the coefficients in the files: these are coded anew, in one way.

    Raises
    ------
    PhotographError
        Where it is damaged, or the library is missing.
    """
    gray = _gray(jpeg)
    tables = [s.payload[1:] for s in gray.segments if s.marker == _DQT]
    codes = [s.payload for s in gray.segments if s.marker == _DHT]
    scans = [bytes(s.scan) for s in gray.segments if s.marker == _SOS]
    return (jpeg.width, jpeg.height, *tables, *codes, *scans)


def _gray(jpeg: Jpeg) -> Jpeg:
    head = [_JFIF] if len(jpeg.components) > 1 else []
    file = b"".join(written([*head, *jpeg.coded]))
    return read(_transform(file, jpeg.name, gray=True), jpeg.name)


def _transform(
    file: bytes,
    name: str,
    *,
    gray: bool = False,
    progressive: bool = False,
    optimize: bool = False,
) -> bytes:
    """The file with the same quantized coefficients, and none of its metadata.

    Any damage is an error, and ends nothing but this call.
    """
    if not can_transform():
        raise PhotographError(
            f"'{name}' is a JPEG in color, and what takes the color out of one is not installed; "
            "install it with: pip install turbojpeg; where there is none for this system, save "
            "the photograph as PNG, TIFF or gray JPEG first"
        )
    import turbojpeg

    try:
        made: bytes = turbojpeg.transform(
            file, gray=gray, progressive=progressive, optimize=optimize, copynone=True
        )
    except RuntimeError as error:
        raise PhotographError(
            f"'{name}' is a JPEG with damaged coefficients ({error}); use an intact copy of it"
        ) from error
    return made
