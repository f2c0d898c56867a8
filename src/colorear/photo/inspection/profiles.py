"""Whether two ICC profiles show the same grays, by Little CMS as Pillow has it."""

import io

import numpy as np

__all__ = ["show_the_same"]

_GRAYS = np.arange(256)
_LEVELS = 2  # of 255: tables of the profiles, and 8 bits, cost about one


def show_the_same(before: bytes | None, after: bytes | None) -> bool:
    """Whether grays look alike by both: equal ones, or a gray one and one for RGB in its place.

    A gray profile that nobody can read may be missing, and so may what is no profile at all, and
    CIELAB's. What was in CMYK is in sRGB.
    """
    if before == after or (after is None and _needs_no_other(before)):
        return True
    if before and before[16:20] == b"CMYK" and after:
        seen = _ramp(after, "RGB")
        return seen is not None and bool(np.abs(seen - _GRAYS[:, None]).max() <= _LEVELS)
    if not before or before[16:20] != b"GRAY":
        return False
    expected = _ramp(before, "L")
    if expected is None or after is None:
        return expected is None and after is None
    seen = _ramp(after, "RGB")
    return seen is not None and bool(np.abs(seen - expected).max() <= _LEVELS)


def _needs_no_other(profile: bytes | None) -> bool:
    """Whether it is none (ICC.1, 7.2.12), or that of CIELAB, which becomes sRGB."""
    return profile is not None and (profile[36:40] != b"acsp" or profile[16:20] == b"Lab ")


def _ramp(profile: bytes, mode: str) -> "np.ndarray | None":
    """All grays by a profile, as sRGB has them, (256, 3); None where it cannot be read."""
    from PIL import Image, ImageCms

    ramp = Image.fromarray(_GRAYS[None].astype(np.uint8)).convert(mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.NOOPTIMIZE,  # else dark grays are off by up to ten levels
        )
        seen = ImageCms.applyTransform(ramp, transform)
    except (OSError, ImageCms.PyCMSError):
        return None
    return None if seen is None else np.asarray(seen)[0].astype(int)
