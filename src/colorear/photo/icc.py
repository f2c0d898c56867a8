"""A grey ICC profile made into an RGB profile in which the same greys look the same.

A coloured photograph needs an RGB profile where a grey scan had a grey one. The tone curve is what
matters for the look, so it is kept, and the primaries of sRGB are put beside it. Colors that a file
tells by numbers become a profile too.

Clauses are those of ICC.1:2022 (profile version 4.4). What is written is a version 2 profile
(ICC.1:2001-04): its curve and matrix tags are the same, and every viewer reads it.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import pyvips

__all__ = ["Colors", "Curve", "color_space", "converted", "profile_of", "rgb_from_gray"]

ColorSpace = Literal["grey", "rgb", "other"]
Curve = float | Literal["sRGB", "linear", "BT.709"]
Place = tuple[float, float]

_ENTRIES = 4096  # of a sampled curve: linear steps between them stay below 16-bit rounding
_D50 = (0.9642, 1.0, 0.8249)  # the PCS illuminant, 7.2.16
_RED = (0.43607, 0.22249, 0.01392)  # IEC 61966-2-1 primaries, adapted to D50 (Annex E)
_GREEN = (0.38515, 0.71687, 0.09708)
_BLUE = tuple(white - r - g for white, r, g in zip(_D50, _RED, _GREEN, strict=True))
_MOST_TAGS, _NEWEST = 100, b"\5\0"  # of a profile; the version
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")  # of devices that are gray: 7.2.5
_PARAMETERS = (1, 3, 4, 5, 7)  # of parametricCurveType function types 0 to 4
_CONES = np.array(  # of Bradford's adaptation, Annex E.3
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


@dataclass(frozen=True)
class Colors:
    """What device values mean, by numbers; sRGB if nothing else is said."""

    is_gray: bool = False
    white: Place = (0.3127, 0.329)
    """x and y."""
    primaries: tuple[Place, Place, Place] = ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
    curve: Curve = "sRGB"
    """From device values to light; a number is a power."""


def color_space(profile: bytes) -> ColorSpace:
    """What the profile's device values are (7.2.6); "other" also where it is no profile at all."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return "other"
    spaces: dict[bytes, ColorSpace] = {b"GRAY": "grey", b"RGB ": "rgb"}
    return spaces.get(profile[16:20], "other")


def rgb_from_gray(profile: bytes) -> bytes:
    """An RGB profile whose R = G = B look like that grey; deterministic.

    The white point is D50, as relative intents map the paper of the grey profile to it anyway.
    Raises ValueError where the grey profile has no curve that can be read.
    """
    if color_space(profile) != "grey":
        raise ValueError("not a grey ICC profile")
    _check_readable(profile)
    tag = _tag(profile, b"kTRC")
    if tag[:4] == b"curv" and profile[20:24] == b"XYZ ":
        _gray_to_y(tag, pcs=b"XYZ ")  # raises if damaged
        curve = tag
    else:
        curve = _sampled(_gray_to_y(tag, pcs=profile[20:24]))
    return _matrix_profile(b"Grey of the scan, primaries of sRGB", (_RED, _GREEN, _BLUE), curve)


def profile_of(colors: Colors) -> bytes:
    """A profile that says the same; deterministic, and of gray values where the colors are.

    Raises ValueError where the primaries span no colors.
    """
    device: np.ndarray = np.linspace(0, 1, _ENTRIES)
    curve = _sampled(_light(device, colors.curve))
    if colors.is_gray:
        return _assembled(_about(b"Gray told by numbers") | {b"kTRC": curve}, b"GRAY")
    return _matrix_profile(b"Colors told by numbers", _adapted(colors), curve)


def converted(planes: np.ndarray, *, source: bytes | None, target: bytes | None) -> np.ndarray:
    """`(3, h, w)` from one RGB profile to another, None being sRGB, by lcms at 16 bits.

    A profile of other values than RGB (CMYK, say) counts as None: it cannot be that of the picture.
    """
    source, target = (p if p and color_space(p) == "rgb" else None for p in (source, target))
    if source is None and target is None:
        return planes
    how = {"intent": "relative", "black_point_compensation": True}
    levels = np.clip(np.round(planes.transpose(1, 2, 0) * 65535), 0, 65535).astype(np.uint16)
    image = pyvips.Image.new_from_array(np.ascontiguousarray(levels), interpretation="rgb16")
    try:
        if source:
            image.set_type(pyvips.GValue.blob_type, "icc-profile-data", source)
        lab = image.icc_import(input_profile="srgb", embedded=bool(source), **how)
        if not target:
            return _planar(lab.icc_export(output_profile="srgb", depth=16, **how))
        lab = lab.copy()
        lab.set_type(pyvips.GValue.blob_type, "icc-profile-data", target)
        return _planar(lab.icc_export(depth=16, **how))
    except pyvips.Error:
        return planes


def _light(device: np.ndarray, curve: Curve) -> np.ndarray:
    """Of device values, both in 0..1."""
    light: np.ndarray
    match curve:
        case "linear":
            return device
        case "sRGB":  # IEC 61966-2-1
            light = np.where(device <= 0.04045, device / 12.92, ((device + 0.055) / 1.055) ** 2.4)
        case "BT.709":  # ITU-R BT.709-6, 1.2, the other way round
            light = np.where(device < 0.081, device / 4.5, ((device + 0.099) / 1.099) ** (1 / 0.45))
        case _:
            light = device**curve
    return light


def _adapted(colors: Colors) -> tuple[tuple[float, ...], ...]:
    """XYZ of the three primaries as they look with D50 for their white (Annex E)."""
    mixed = np.array([_of_place(place) for place in colors.primaries]).T
    white = _of_place(colors.white)
    try:
        mixed = mixed * np.linalg.solve(mixed, white)
    except np.linalg.LinAlgError:
        raise ValueError("the primaries span no colors") from None
    with np.errstate(all="ignore"):  # whites that nobody means: refused below
        gains = (_CONES @ _D50) / (_CONES @ white)
        shown = np.linalg.solve(_CONES, gains[:, None] * (_CONES @ mixed))
    if not np.isfinite(shown).all() or np.abs(shown).max() > 4:
        raise ValueError("the primaries span no colors")
    return tuple(tuple(map(float, column)) for column in shown.T)


def _of_place(place: Place) -> np.ndarray:
    """XYZ of x and y, for a Y of 1."""
    x, y = place
    if y <= 0:
        raise ValueError("the primaries span no colors")
    return np.array([x / y, 1, (1 - x - y) / y])


def _check_readable(profile: bytes) -> None:
    """Raise ValueError where Little CMS reads no further: such a profile shows nothing anywhere."""
    (count,) = struct.unpack_from(">I", profile, 128)
    version, device = profile[8:10], profile[12:16]
    if count > _MOST_TAGS or version > _NEWEST or device not in _CLASSES:
        raise ValueError("the header of the ICC profile is damaged")


def _tag(profile: bytes, signature: bytes) -> bytes:
    """The data of one tag, by the tag table (7.3)."""
    (count,) = struct.unpack_from(">I", profile, 128)
    end = min(len(profile), int.from_bytes(profile[:4], "big"))  # 7.2.2
    for i in range(count):
        entry = profile[132 + 12 * i : 144 + 12 * i]
        if len(entry) == 12 and entry[:4] == signature:
            _, offset, size = struct.unpack(">4sII", entry)
            if size >= 12 and offset + size <= end:
                return profile[offset : offset + size]
    raise ValueError(f"the ICC profile lacks its {signature.decode()} tag")


def _gray_to_y(tag: bytes, *, pcs: bytes) -> np.ndarray:
    """Relative luminance at `_ENTRIES` device values from 0 to 1.

    The curve of a grey profile leads to Y where the PCS is XYZ and to L* where it is Lab (F.2).
    """
    device: np.ndarray = np.linspace(0, 1, _ENTRIES)
    value: np.ndarray
    if tag[:4] == b"curv":
        value = _curve(tag, device)
    elif tag[:4] == b"para":
        value = _parametric(tag, device)
    else:
        raise ValueError(f"the ICC profile's curve is of an unknown type {tag[:4]!r}")
    value = np.clip(value, 0, 1)
    if pcs == b"XYZ ":
        return value
    if pcs != b"Lab ":
        raise ValueError(f"the ICC profile leads to unknown values {pcs!r}")
    f = (100 * value + 16) / 116
    y: np.ndarray = np.where(f > 6 / 29, f**3, 100 * value * 27 / 24389)
    return y


def _curve(tag: bytes, device: np.ndarray) -> np.ndarray:
    """curveType: the identity, a gamma, or samples with straight lines between them."""
    (count,) = struct.unpack_from(">I", tag, 8)
    if len(tag) < 12 + 2 * count:
        raise ValueError("the ICC profile's curve is cut short")
    samples = np.frombuffer(tag, ">u2", count, 12)
    if count == 0:
        return device
    if count == 1:
        gamma = float(samples[0]) / 256
        powers: np.ndarray = device**gamma
        return powers
    value: np.ndarray = np.interp(device, np.linspace(0, 1, count), samples / 65535)
    return value


def _parametric(tag: bytes, device: np.ndarray) -> np.ndarray:
    """parametricCurveType: five functions of up to seven s15Fixed16Numbers."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind >= len(_PARAMETERS) or len(tag) < 12 + 4 * _PARAMETERS[kind]:
        raise ValueError(f"the ICC profile's parametric curve is damaged (function type {kind})")
    g, a, b, c, d, e, f = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    numbers = [n / 65536 for n in struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)]
    match kind:
        case 0:
            (g,) = numbers
        case 1 | 2:
            g, a, b = numbers[:3]
            e = f = numbers[3] if kind == 2 else 0.0
            d = -b / a if a else 0.0
        case 3:
            g, a, b, c, d = numbers
        case 4:
            g, a, b, c, d, e, f = numbers
    with np.errstate(over="ignore", divide="ignore"):  # exponents that nobody means: clipped later
        value: np.ndarray = np.where(
            device >= d, np.clip(a * device + b, 0, None) ** g + e, c * device + f
        )
    return value


def _xyz(values: tuple[float, ...]) -> bytes:
    """XYZType of one colour."""
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def _sampled(light: np.ndarray) -> bytes:
    """curveType of samples."""
    levels = np.round(light * 65535).astype(">u2")
    return b"curv" + struct.pack(">II", 0, levels.size) + levels.tobytes()


def _about(name: bytes) -> dict[bytes, bytes]:
    """The tags that every profile has."""
    name += b"\0"
    return {
        b"desc": b"desc" + struct.pack(">II", 0, len(name)) + name + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text" + bytes(4) + b"No copyright, use freely\0",
        b"wtpt": _xyz(_D50),
    }


def _matrix_profile(name: bytes, primaries: tuple[tuple[float, ...], ...], curve: bytes) -> bytes:
    places = zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, primaries), strict=True)
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _assembled(_about(name) | dict(places) | curves, b"RGB ")


def _assembled(tags: dict[bytes, bytes], space: bytes) -> bytes:
    """Header (7.2), tag table (7.3) and data; tags of equal data share it."""
    offset = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    places: dict[bytes, int] = {}
    for signature, content in tags.items():
        if content not in places:
            places[content] = offset + len(body)
            body += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", signature, places[content], len(content))
    made = datetime(2000, 1, 1, tzinfo=UTC)  # fixed, so that equal input gives equal files
    header = struct.pack(
        ">I4s4s4s4s4s6H4s",
        *(128 + len(table) + len(body), b"", b"\x02\x40\0\0", b"mntr", space, b"XYZ "),
        *(made.year, made.month, made.day, made.hour, made.minute, made.second, b"acsp"),
    )
    header += bytes(28) + _xyz(_D50)[8:]  # platform, flags, device, intent 0; then the illuminant
    return header.ljust(128, b"\0") + table + body


def _planar(image: pyvips.Image) -> np.ndarray:
    """`(3, h, w)` in 0..1 of 16-bit RGB."""
    return np.ascontiguousarray(image.numpy().transpose(2, 0, 1)) / np.float32(65535)
