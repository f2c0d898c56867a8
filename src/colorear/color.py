"""sRGB, CIELAB and Y'CbCr, on numpy and torch arrays alike.

Arrays are planar: `(..., channels, h, w)`. sRGB and luma run from 0 to 1, Cb and Cr from -0.5 to
0.5, L* from 0 to 100; a* and b* are in CIELAB units. Values outside the sRGB gamut are carried
through unclipped, so that every conversion can be undone.

Sources: sRGB curve and primaries, IEC 61966-2-1:1999; CIELAB, CIE 15:2004 section 8.2.1 with the
D65 white of those primaries; Y'CbCr, ITU-R BT.601-7 in the full range of JFIF 1.02, or with the
luma weights of another matrix, such as those of films (ITU-T H.273, table 4).
"""

from typing import Any

import numpy as np

__all__ = [
    "CHROMA_TO_RGB",
    "LUMA",
    "Weights",
    "ab_to_chroma",
    "chroma_to_rgb",
    "lab_to_srgb",
    "lightness_to_luma",
    "limit_chroma",
    "linear_to_srgb",
    "luma",
    "luma_to_lightness",
    "srgb_to_lab",
    "srgb_to_linear",
    "srgb_to_ycc",
    "ycc_to_srgb",
]

Array = Any  # numpy.ndarray or torch.Tensor: the two share no type

_LINEAR_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_XYZ_TO_LINEAR = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_WHITE = tuple(sum(row) for row in _LINEAR_TO_XYZ)  # so that greys have a* = b* = 0
_EPSILON = 216 / 24389  # CIE 15:2004 (8.4), exact as the standard's later corrigendum gives it
_KAPPA = 24389 / 27

Weights = tuple[float, float, float]
"""Of R, G and B in the luma; they add up to 1."""

LUMA: Weights = (0.299, 0.587, 0.114)
"""Weights of R, G, B in the luma: BT.601-7, table 3."""


def chroma_to_rgb(weights: Weights) -> tuple[tuple[float, float], ...]:
    """R - Y', G - Y', B - Y' from Cb, Cr."""
    red, green, blue = weights
    return (
        (0.0, 2 - 2 * red),
        (-blue * (2 - 2 * blue) / green, -red * (2 - 2 * red) / green),
        (2 - 2 * blue, 0.0),
    )


CHROMA_TO_RGB = chroma_to_rgb(LUMA)
"""The same for BT.601."""


def srgb_to_linear(srgb: Array) -> Array:
    """Undo the sRGB transfer curve; negative values are mirrored."""
    xp = _namespace(srgb)
    size = abs(srgb)
    curve = _power((_at_least(size, 0.04045) + 0.055) / 1.055, 2.4)
    return xp.where(size <= 0.04045, srgb / 12.92, xp.sign(srgb) * curve)


def linear_to_srgb(linear: Array) -> Array:
    """Apply the sRGB transfer curve; negative values are mirrored."""
    xp = _namespace(linear)
    size = abs(linear)
    curve = 1.055 * _power(_at_least(size, 0.0031308), 1 / 2.4) - 0.055
    return xp.where(size <= 0.0031308, linear * 12.92, xp.sign(linear) * curve)


def srgb_to_lab(srgb: Array) -> Array:
    """`(..., 3, h, w)` sRGB to CIELAB.

    >>> import numpy as np
    >>> white, red = np.ones((3, 1, 1)), np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    >>> srgb_to_lab(white).ravel().round(2).tolist()
    [100.0, 0.0, 0.0]
    >>> srgb_to_lab(red).ravel().round(2).tolist()
    [53.24, 80.09, 67.2]
    """
    xyz = _mixed(_LINEAR_TO_XYZ, srgb_to_linear(srgb))
    x, y, z = (_lab_curve(xyz[..., i, :, :] / _WHITE[i]) for i in range(3))
    return _namespace(srgb).stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), -3)


def lab_to_srgb(lab: Array) -> Array:
    """`(..., 3, h, w)` CIELAB to sRGB, below 0 or above 1 where the colour is outside the gamut."""
    lightness, a, b = (lab[..., i, :, :] for i in range(3))
    y = (lightness + 16) / 116
    xyz = [
        white * _lab_curve_inverse(f)
        for white, f in zip(_WHITE, (y + a / 500, y, y - b / 200), strict=True)
    ]
    return linear_to_srgb(_mixed(_XYZ_TO_LINEAR, _namespace(lab).stack(xyz, -3)))


def luma(srgb: Array, weights: Weights = LUMA) -> Array:
    """`(..., 3, h, w)` sRGB to its luma Y' `(..., 1, h, w)` (BT.601: what JPEG stores as Y)."""
    return _mixed((weights,), srgb)


def luma_to_lightness(luma: Array) -> Array:
    """L* of the grey whose sRGB values all equal `luma`; any shape.

    >>> import numpy as np
    >>> luma_to_lightness(np.array([0.0, 0.5, 1.0])).round(2).tolist()
    [0.0, 53.39, 100.0]
    """
    return 116 * _lab_curve(srgb_to_linear(luma)) - 16


def lightness_to_luma(lightness: Array) -> Array:
    """Undo `luma_to_lightness`."""
    return linear_to_srgb(_lab_curve_inverse((lightness + 16) / 116))


def srgb_to_ycc(srgb: Array, weights: Weights = LUMA) -> Array:
    """`(..., 3, h, w)` sRGB to Y', Cb, Cr."""
    xp = _namespace(srgb)
    y = luma(srgb, weights)
    cb = (srgb[..., 2:3, :, :] - y) / (2 - 2 * weights[2])
    cr = (srgb[..., 0:1, :, :] - y) / (2 - 2 * weights[0])
    return xp.concat((y, cb, cr), axis=-3)


def ycc_to_srgb(ycc: Array, weights: Weights = LUMA) -> Array:
    """`(..., 3, h, w)` Y', Cb, Cr to sRGB: the exact inverse of `srgb_to_ycc`."""
    return ycc[..., 0:1, :, :] + _mixed(chroma_to_rgb(weights), ycc[..., 1:3, :, :])


def ab_to_chroma(luma: Array, ab: Array, weights: Weights = LUMA) -> Array:
    """The Cb, Cr `(..., 2, h, w)` that give `ab` to a picture whose `luma` `(..., 1, h, w)` stays.

    Colours of one luma differ in L* (a blue is darker than its luma says), so L* is solved for by
    secant steps: six bring the luma's lightness within 0.05 for every colour of the sRGB gamut, and
    usual colours need two or three. Each place is solved by itself, and left when it is near.
    The result may lie outside the gamut: see `limit_chroma`.
    """
    xp = _namespace(luma, ab)
    target = luma_to_lightness(luma)

    def ycc(lightness: Array) -> Array:
        return srgb_to_ycc(lab_to_srgb(xp.concat((lightness, ab), axis=-3)), weights)

    def error(lightness: Array) -> Array:
        return luma_to_lightness(ycc(lightness)[..., 0:1, :, :]) - target

    before, error_before = target, error(target)
    lightness = before - error_before
    for _ in range(5):
        now = ycc(lightness)
        error_now = luma_to_lightness(now[..., 0:1, :, :]) - target
        left = abs(error_now) >= 0.05
        if not xp.any(left):
            return now[..., 1:3, :, :]
        if xp is np and luma.ndim == 3 and left.mean() < 0.5:  # the rest alone takes less time
            rest, chroma = left[0], now[1:3]
            few = luma[:, None, rest], ab[:, None, rest]
            chroma[:, rest] = ab_to_chroma(*few, weights)[:, 0]
            return chroma
        change = error_now - error_before
        level = abs(change) < 1e-6  # converged, or float32 cannot tell: a plain step
        step = (lightness - before) / xp.where(level, xp.ones_like(change), change)
        step = xp.clip(xp.where(level, xp.ones_like(step), step), 0.2, 8.0)
        before, error_before = lightness, error_now
        lightness = lightness - xp.where(left, error_now * step, xp.zeros_like(step))
    return ycc(lightness)[..., 1:3, :, :]


def limit_chroma(luma: Array, chroma: Array, weights: Weights = LUMA) -> Array:
    """Bring Cb, Cr `(..., 2, h, w)` inside the sRGB gamut at constant luma and hue.

    R, G and B depart from the luma in proportion to Cb, Cr, so the largest factor that keeps all
    three in 0..1 is exact and needs no search.
    """
    xp = _namespace(luma, chroma)
    differences = _mixed(chroma_to_rgb(weights), chroma)
    room = xp.where(differences > 0, 1 - luma, luma)
    factors = xp.clip(room / _at_least(abs(differences), 1e-6), 0, 1)
    return chroma * xp.min(factors, axis=-3, keepdims=True)


def _mixed(matrix: tuple[tuple[float, ...], ...], planes: Array) -> Array:
    """The matrix applied to the channels, without needing one of its type, device and precision."""
    xp = _namespace(planes)
    rows = [sum(weight * planes[..., i, :, :] for i, weight in enumerate(row)) for row in matrix]
    return xp.stack(rows, -3)


def _namespace(*arrays: Array) -> Any:
    """What calculates with them: NumPy itself, or its functions for torch.

    array_api_compat has a NumPy too, but that takes as long to import as NumPy did.
    """
    if all(isinstance(array, np.ndarray | np.generic) for array in arrays):
        return np
    from array_api_compat import array_namespace

    return array_namespace(*arrays)


def _at_least(values: Array, least: float) -> Array:
    """No value below `least`."""
    if isinstance(values, np.ndarray):  # it takes a fraction of the time of `clip`
        return np.maximum(values, least)
    return _namespace(values).clip(values, least, None)


def _power(positive: Array, exponent: float) -> Array:
    """Of numbers above 0; NumPy takes logarithms of several at once, but powers one by one."""
    if isinstance(positive, np.ndarray):
        return np.exp(exponent * np.log(positive))
    return positive**exponent


def _lab_curve(ratio: Array) -> Array:
    xp = _namespace(ratio)
    root = _power(_at_least(ratio, _EPSILON), 1 / 3)
    return xp.where(ratio > _EPSILON, root, (_KAPPA * ratio + 16) / 116)


def _lab_curve_inverse(f: Array) -> Array:
    cube = f * f * f
    return _namespace(f).where(cube > _EPSILON, cube, (116 * f - 16) / _KAPPA)
