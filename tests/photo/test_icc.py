import io
import struct

import numpy as np
import pytest
import pyvips
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from colorear.photo import icc
from colorear.photo.inspection.profiles import show_the_same

RAMP = np.linspace(0, 1, 52)
_device = np.linspace(0, 1, 256)
DOT_GAIN = np.round(65535 * np.clip(_device + 0.18 * np.sin(np.pi * _device), 0, 1) ** 1.9)


def gray_profile(curve: bytes, *, version=b"\x02\x40\0\0", pcs=b"XYZ ", device=b"prtr"):
    """A monochrome profile as a scanner or a printing house would write it (ICC.1:2022, 8.3)."""
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    name = b"made grey\0"
    text = b"desc" + struct.pack(">II", 0, len(name)) + name + bytes(78)
    if version[0] == 4:
        wide = name.decode().rstrip("\0").encode("utf-16-be")
        text = b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(wide), 28) + wide
    tags = {b"desc": text, b"cprt": text if version[0] == 4 else b"text" + bytes(4) + b"none\0"}
    tags |= {b"wtpt": white, b"kTRC": curve}
    table, body = struct.pack(">I", len(tags)), b""
    for signature, content in tags.items():
        table += struct.pack(">4sII", signature, 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I", 132 + 12 * len(tags) + len(body))
    header += bytes(4) + version + device + b"GRAY" + pcs
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white[8:]
    return header.ljust(128, b"\0") + table + body


def curv(*values: int) -> bytes:
    return b"curv" + struct.pack(f">II{len(values)}H", 0, len(values), *values)


def para(kind: int, *numbers: float) -> bytes:
    fixed = (round(n * 65536) for n in numbers)  # s15Fixed16Number
    return b"para" + struct.pack(f">IHH{len(numbers)}i", 0, kind, 0, *fixed)


PROFILES = {
    "gamma 2.2": gray_profile(curv(round(2.2 * 256))),
    "identity": gray_profile(curv()),
    "dot gain": gray_profile(curv(*map(int, DOT_GAIN))),
    "dot gain, Lab": gray_profile(curv(*map(int, DOT_GAIN)), pcs=b"Lab "),
    "gamma 1.8, Lab": gray_profile(curv(round(1.8 * 256)), pcs=b"Lab "),
    "parametric 0": gray_profile(para(0, 2.4), version=b"\x04\x30\0\0"),
    "parametric 1": gray_profile(para(1, 2.4, 0.9, 0.1), version=b"\x04\x30\0\0"),
    "parametric 2": gray_profile(para(2, 2.0, 0.9, 0.05, 0.05), version=b"\x04\x30\0\0"),
    "parametric 3 (sRGB)": gray_profile(
        para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), version=b"\x04\x30\0\0"
    ),
    "parametric 4": gray_profile(
        para(4, 2.2, 0.95, 0.02, 0.2, 0.05, 0.01, 0.0), version=b"\x04\x40\0\0", device=b"mntr"
    ),
    "parametric 3, Lab": gray_profile(
        para(3, 1.5, 0.9, 0.1, 0.5, 0.05), version=b"\x04\x30\0\0", pcs=b"Lab "
    ),
}


def seen(levels: np.ndarray, profile: bytes, bands: int) -> np.ndarray:
    """L*, a*, b* of device greys, as lcms sees them: (n, 3)."""
    pixels = np.repeat(np.round(levels * 65535).astype(np.uint16)[None, :, None], bands, 2)
    image = pyvips.Image.new_from_array(pixels, interpretation="grey16" if bands == 1 else "rgb16")
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image.icc_import(embedded=True, intent="relative").numpy()[0]


@pytest.mark.parametrize("name", PROFILES)
def test_grays_look_as_before(name):
    before = seen(RAMP, PROFILES[name], 1)
    if name == "identity":  # lcms itself sees these greys too dark, by 2.4 at worst; CIE 15:2004
        before[:, 0] = 116 * np.cbrt(RAMP) - 16
        before[0, 0] = 0
    after = seen(RAMP, icc.rgb_from_gray(PROFILES[name]), 3)
    assert np.ptp(before[:, 0]) > 50  # lcms took the profile, and it is not flat
    np.testing.assert_allclose(after, before, atol=0.05)


def test_profiles_differ_from_one_another():
    looks = [seen(RAMP, icc.rgb_from_gray(profile), 3)[:, 0] for profile in PROFILES.values()]
    for i, look in enumerate(looks):
        for other in looks[:i]:
            assert np.abs(look - other).max() > 0.5


def test_a_curve_that_suits_is_kept_byte_for_byte():
    assert curv(*map(int, DOT_GAIN)) in icc.rgb_from_gray(PROFILES["dot gain"])


def test_size_in_the_header_is_true():
    made = icc.rgb_from_gray(PROFILES["gamma 2.2"])
    assert struct.unpack(">I", made[:4])[0] == len(made)
    assert icc.color_space(made) == "rgb"


def test_color_space():
    assert icc.color_space(PROFILES["identity"]) == "grey"
    assert icc.color_space(b"") == "other"
    assert icc.color_space(bytes(500)) == "other"


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        (b"junk", "not a grey ICC profile"),
        (gray_profile(b"sf32" + bytes(20)), "unknown type"),
        (gray_profile(b"curv" + struct.pack(">II", 0, 9999)), "cut short"),
        (gray_profile(para(7)), "function type 7"),
        (PROFILES["dot gain"][:300], "lacks its kTRC"),
        (PROFILES["identity"].replace(b"kTRC", b"xTRC"), "lacks its kTRC"),
    ],
)
def test_damaged_profiles(profile, says):
    with pytest.raises(ValueError, match=says):
        icc.rgb_from_gray(profile)


@given(st.integers(0, len(PROFILES["dot gain"]) - 1), st.integers(0, 255))
def test_any_damage_is_a_value_error_or_a_profile(at, value):
    damaged = bytearray(PROFILES["dot gain"])
    damaged[at] = value
    try:
        made = icc.rgb_from_gray(bytes(damaged))
    except ValueError:
        return
    assert icc.color_space(made) == "rgb"


@given(st.integers(0, 127), st.integers(0, 255))
@example(3, 150)  # a size that leaves the curve out
@example(8, 6)  # a version
@example(12, 0)  # a class
@example(20, 0)  # what it leads to
def test_a_damaged_header_is_taken_as_little_cms_takes_it(at, value):
    damaged = bytearray(PROFILES["gamma 2.2"])
    damaged[at] = value
    assume(icc.color_space(bytes(damaged)) == "grey")
    try:
        made = icc.rgb_from_gray(bytes(damaged))
    except ValueError:
        made = None
    assert show_the_same(bytes(damaged), made)


@pytest.mark.parametrize(("exponent", "factor"), [(-1, 0.5), (30_000, 2)])
def test_exponents_beyond_all_numbers_are_no_warning(exponent, factor):
    """0 to the power of -1, and 2 to that of 30,000: both are more than white."""
    made = icc.rgb_from_gray(gray_profile(para(1, exponent, factor, 0)))
    brightest = seen(np.array([0.9, 1]), made, 3)
    np.testing.assert_allclose(brightest[:, 0], 100, atol=0.1)


def test_converted_there_and_back():
    rng = np.random.default_rng(0)
    srgb = rng.uniform(0, 1, (3, 20, 30)).astype(np.float32)
    profile = icc.rgb_from_gray(PROFILES["gamma 2.2"])
    device = icc.converted(srgb, source=None, target=profile)
    assert np.abs(device - srgb).max() > 0.01
    np.testing.assert_allclose(icc.converted(device, source=profile, target=None), srgb, atol=6e-3)


def test_converted_with_a_profile_that_cannot_be_read():
    srgb = np.full((3, 2, 2), 0.5, np.float32)
    assert np.array_equal(icc.converted(srgb, source=None, target=b"junk"), srgb)
    np.testing.assert_allclose(icc.converted(srgb, source=b"junk", target=None), srgb, atol=1e-4)
    assert icc.converted(srgb, source=None, target=None) is srgb


def test_a_profile_of_other_values_counts_as_none():
    """Where a CMYK or grey profile was left in an RGB file: no channels but its own come of it."""
    srgb = np.random.default_rng(0).random((3, 5, 6), np.float32)
    cmyk = pyvips.Operation.call("profile_load", "cmyk")  # one that comes with libvips
    for profile in (cmyk, PROFILES["gamma 2.2"]):
        assert np.array_equal(icc.converted(srgb, source=None, target=profile), srgb)
        assert np.array_equal(icc.converted(srgb, source=profile, target=None), srgb)


def shown(profile: bytes, values: np.ndarray) -> np.ndarray:
    """sRGB of a row of 8-bit values, by lcms."""
    made = io.BytesIO(profile)
    return np.asarray(
        ImageCms.profileToProfile(
            Image.fromarray(values[None]), made, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    )[0].astype(int)


COLORS = np.array([[0, 0, 0], [255] * 3, [200, 90, 30], [30, 160, 220], [128] * 3], np.uint8)


def test_numbers_of_srgb_make_its_profile():
    made = icc.profile_of(icc.Colors())
    assert icc.color_space(made) == "rgb"
    assert np.abs(shown(made, COLORS) - COLORS).max() <= 1
    assert made == icc.profile_of(icc.Colors())


def test_other_primaries_and_white():
    """Display P3 and ProPhoto, whose places of colors in XYZ their profiles are known to have."""
    p3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
    for colors, red, green in (
        (icc.Colors(primaries=p3), (0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419)),
        (
            icc.Colors(
                white=(0.345704, 0.358540),
                primaries=((0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105)),
                curve=1.8,
            ),
            (0.7977, 0.2880, 0.0),
            (0.1352, 0.7119, 0.0),
        ),
    ):
        made = icc.profile_of(colors)
        for tag, expected in ((b"rXYZ", red), (b"gXYZ", green)):
            place = np.frombuffer(icc._tag(made, tag), ">i4", 3, 8) / 65536
            assert place == pytest.approx(expected, abs=3e-4)


@pytest.mark.parametrize(
    ("curve", "levels"),  # that 50, 100 and 200 are shown as
    [("linear", (122, 168, 229)), ("BT.709", (66, 114, 206)), (2.2, (46, 100, 201))],
)
def test_curves_of_gray(curve, levels):
    made = icc.profile_of(icc.Colors(is_gray=True, curve=curve))
    assert icc.color_space(made) == "grey"
    values = np.array([50, 100, 200], np.uint8)
    assert np.abs(shown(made, values)[:, 0] - levels).max() <= 1
    assert (
        np.abs(
            shown(icc.rgb_from_gray(made), np.repeat(values[:, None], 3, 1))[:, 1] - levels
        ).max()
        <= 1
    )


@pytest.mark.parametrize("place", [(0.3, 0.0), (0.64, 0.33)])
def test_primaries_of_no_colors(place):
    with pytest.raises(ValueError, match="span no colors"):
        icc.profile_of(icc.Colors(primaries=((0.64, 0.33), place, (0.15, 0.06))))
