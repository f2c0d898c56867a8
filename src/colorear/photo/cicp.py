"""Colors that a file tells by code points of ITU-T H.273 (tables 2 and 3), as an ICC profile."""

from dataclasses import replace
from pathlib import Path

from colorear.errors import PhotographError
from colorear.photo import icc

__all__ = ["UNSPECIFIED", "VIDEO", "profile_of_codes"]

UNSPECIFIED = 2
VIDEO = (1, 6, 14, 15)
"""Transfers that are the curve of BT.709, of cameras; screens show it by that of BT.1886."""
_SRGB = icc.Colors()
_ILLUMINANT_C, _DCI = (0.310, 0.316), (0.314, 0.351)
_BT_601 = icc.Colors(primaries=((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)))
_P3 = icc.Colors(primaries=((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)))
_PRIMARIES = {
    4: icc.Colors(white=_ILLUMINANT_C, primaries=((0.67, 0.33), (0.21, 0.71), (0.14, 0.08))),
    5: icc.Colors(primaries=((0.64, 0.33), (0.29, 0.60), (0.15, 0.06))),
    6: _BT_601,
    7: _BT_601,
    8: icc.Colors(white=_ILLUMINANT_C, primaries=((0.681, 0.319), (0.243, 0.692), (0.145, 0.049))),
    9: icc.Colors(primaries=((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    11: replace(_P3, white=_DCI),
    12: _P3,
    22: icc.Colors(primaries=((0.630, 0.340), (0.295, 0.605), (0.155, 0.077))),
}
_BT_1886 = 2.4
_CURVES: dict[int, icc.Curve] = {4: 2.2, 5: 2.8, 8: "linear", 17: 2.6}
_CURVES |= dict.fromkeys(VIDEO, _BT_1886)
_HDR = (16, 18)  # PQ and HLG


def profile_of_codes(
    path: Path, primaries: int, transfer: int, *, is_gray: bool = False
) -> bytes | None:
    """A profile that says the same; None for sRGB, as which whatever else is told counts too.

    Parameters
    ----------
    path
        The file that tells them, for the sentence of the error.

    Raises
    ------
    PhotographError
        Where they are those of HDR, of which no such profile can tell.
    """
    if transfer in _HDR:
        raise PhotographError(
            f"'{path}' is of HDR (PQ or HLG), and its brightness would not be right; save it as "
            "PNG or TIFF without HDR"
        )
    colors = _SRGB if is_gray else _PRIMARIES.get(primaries, _SRGB)
    colors = replace(colors, curve=_CURVES.get(transfer, "sRGB"))
    return None if colors == _SRGB else icc.profile_of(replace(colors, is_gray=is_gray))
