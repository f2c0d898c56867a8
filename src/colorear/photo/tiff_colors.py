"""Colors of TIFFs that are neither gray nor RGB, as RGB of as many bits.

Clauses are those of TIFF 6.0; CIELAB of 16 bits and ICCLAB are in Adobe's Photoshop TIFF Technical
Notes of March 22, 2002.
"""

from collections.abc import Sequence

import pyvips

from colorear.color import LUMA

__all__ = ["rgb_of_ycbcr", "srgb_of_lab"]


def rgb_of_ycbcr(
    planes: pyvips.Image,
    coefficients: Sequence[float] | None = None,
    reference: Sequence[float] | None = None,
) -> pyvips.Image:
    """Luma and chroma of the same size, 8 or 16 bits, as RGB (section 21).

    Parameters
    ----------
    planes
        Y, Cb, Cr; further channels stay as they are.
    coefficients
        Of red, green and blue in luma (section 21, YCbCrCoefficients); those of ITU-R BT.601
        without it.
    reference
        The levels of black and of white, for each of the three (section 20, ReferenceBlackWhite);
        the whole range without it.

    Raises
    ------
    ValueError
        Where these numbers make no colors.
    """
    top = 65535 if planes.format == "ushort" else 255
    middle = (top + 1) // 2
    pairs = reference or (0, top, middle, top, middle, top)
    black, white = pairs[::2], pairs[1::2]
    red, green, blue = coefficients or LUMA
    if green <= 0 or any(b == w for b, w in zip(black, white, strict=True)):
        raise ValueError("its coefficients or its reference black and white make no colors")
    chroma = (top - 1) / 2  # section 21: its range on either side of the middle
    ranges = [r / (w - b) for r, w, b in zip((top, chroma, chroma), white, black, strict=True)]
    offsets = [-b * r for b, r in zip(black, ranges, strict=True)]
    light = planes.extract_band(0, n=3).linear(ranges, offsets)
    of_red, of_blue = 2 - 2 * red, 2 - 2 * blue
    rgb = light.recomb(
        [
            [1, 0, of_red],
            [1, -blue * of_blue / green, -red * of_red / green],
            [1, of_blue, 0],
        ]
    )
    rgb = rgb.rint().cast(planes.format)
    if planes.bands > 3:
        rgb = rgb.bandjoin(planes.extract_band(3, n=planes.bands - 3))
    return rgb.copy(interpretation="rgb16" if top == 65535 else "srgb")


def srgb_of_lab(planes: pyvips.Image, *, is_icc: bool) -> pyvips.Image:
    """L*, a*, b* of 8 or 16 bits as sRGB, by relative colorimetry.

    Their white is taken for D50, with which Photoshop writes them; grays do not depend on it.

    Parameters
    ----------
    planes
        The three as they are stored.
    is_icc
        Whether they are ICCLAB, where a* and b* lie around a middle, instead of CIELAB, where they
        have a sign (section 23).
    """
    deep = planes.format == "ushort"
    step = 256 if deep else 1  # of a* and b* in a unit
    if is_icc:
        lightness = planes[0] * (100 / (65280 if deep else 255))
        colors = planes.extract_band(1, n=2) / step - 128
    else:
        lightness = planes[0] * (100 / (65535 if deep else 255))
        signed = planes.copy(format="short" if deep else "char", interpretation="multiband")
        colors = signed.extract_band(1, n=2) / step
    lab = lightness.bandjoin(colors).cast("float").copy(interpretation="lab")
    depth = 16 if deep else 8
    srgb = lab.icc_export(output_profile="srgb", pcs="lab", intent="relative", depth=depth).copy()
    srgb.remove("icc-profile-data")  # the file that it came from had none
    return srgb
