"""CMYK taken to sRGB through the ICC profile that is in the file."""

import io
from pathlib import Path

import pyvips

from colorear.errors import PhotographError
from colorear.photo.decoded import told

__all__ = ["as_srgb"]


def as_srgb(image: pyvips.Image, path: Path) -> pyvips.Image:
    """The picture in sRGB, of as many bits, with the profile of it; by relative colorimetry.

    Raises
    ------
    PhotographError
        Where nothing says what its inks look like, or where there are more than four.
    pyvips.Error
        Where it is damaged.
    """
    profile = told(image, "icc-profile-data")
    if image.bands != 4:
        raise PhotographError(
            f"'{path}' has {image.bands} channels of inks, but the four of CMYK are needed; "
            "convert it to gray or RGB"
        )
    if not _is_readable(profile):
        image.avg()  # which fails where it is the file that is damaged
        raise PhotographError(
            f"'{path}' is in CMYK without an ICC profile for it, so that nothing says how light "
            "its inks are; assign the profile that it was made for, or convert it to gray or RGB"
        )
    return image.icc_transform(
        "srgb",
        embedded=True,
        intent="relative",
        black_point_compensation=True,
        depth=16 if image.format == "ushort" else 8,
    )


def _is_readable(profile: bytes) -> bool:
    """Whether it can be used; in the place of one that cannot, libvips takes one of its own."""
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), "CMYK", "RGB")
    except (OSError, ImageCms.PyCMSError):
        return False
    return True
