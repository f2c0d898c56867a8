"""The photograph with color, in its own format: its luma and everything else as they were."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pyvips

from colorear.errors import PhotographError
from colorear.photo import jpeg, jpeg_dct, multi_picture, png, provenance, raster, tiff, webp
from colorear.photo.atomic_write import writing_photograph
from colorear.photo.photograph import Photo, decode_coarse, pixels
from colorear.photo.raster import Chroma
from colorear.photo.sniffing import SUFFIXES, reading, stamp

__all__ = ["is_large", "save"]

_LARGE = 2**31  # bytes, from which on a TIFF is a BigTIFF: compression may make data longer


def save(
    photo: Photo,
    target: str | Path,
    chroma: Chroma,
    mark: provenance.Provenance,
    *,
    coarse: pyvips.Image | None = None,
    overwrite: bool = True,
    unfinished: Path | None = None,
    sign: Callable[[Path], None] | None = None,
    big: bool = False,
) -> None:
    """Write the photograph with chroma to `target`, whole or not at all, in its own format.

    WebP and TIFF are written lossless, as the luma could not be kept otherwise. A thumbnail inside
    the EXIF data stays gray.

    Parameters
    ----------
    chroma
        Is given the luma of the picture as stored, from the top to the bottom, at the size of the
        file's chroma (half for most JPEGs), and gives Cb and Cr for it.
    mark
        Goes into the XMP.
    coarse
        What `decode_coarse` gave, if it was called already.
    overwrite
        Whether a file may be in the place of `target`.
    unfinished
        The folder for the file while it is written, on the same disk; without one it lies beside
        `target`.
    sign
        May change the file before it takes its place.
    big
        Whether a TIFF is to be a BigTIFF, however small it is.

    Raises
    ------
    PhotographError
        Where the photograph cannot be read or written; nothing is left behind.
    """
    target = Path(target)
    if target.suffix.lower() not in SUFFIXES[photo.format]:
        raise PhotographError(
            f"'{target}' would be a {photo.format.upper()} file, as '{photo.source.name}' becomes; "
            f"give it a name that ends in {photo.suffix}"
        )
    with writing_photograph(target, unfinished=unfinished, overwrite=overwrite) as part:
        if photo.format == "jpeg":
            _save_jpeg(photo, part, chroma, mark, coarse or decode_coarse(photo))
        else:
            _save_pixels(photo, part, chroma, mark, big=big)
        if sign:
            sign(part)
        with reading(photo.source):
            changed = stamp(photo.source) != photo.stamp
        if changed:
            raise PhotographError(
                f"'{photo.source}' changed while it was being coloured; colour it again when it is "
                "complete"
            )


def _save_jpeg(
    photo: Photo,
    part: Path,
    chroma: Chroma,
    mark: provenance.Provenance,
    coarse: pyvips.Image,
) -> None:
    size = photo.chroma_size[::-1]
    planes = raster.chroma_levels(raster.array(coarse), chroma, size, photo.chroma_step)
    with reading(photo.path):
        content = photo.path.read_bytes()
        taken = jpeg.read(content, str(photo.path))
    gray = jpeg_dct.without_chroma(taken)
    separate = jpeg_dct.keeps_scans(gray)  # then the planes stay as they are coded here
    options = {"restart_interval": gray.restart_interval} if separate else {}
    cb, cr = (
        pyvips.Image.new_from_array(plane).jpegsave_buffer(
            Q=jpeg.CHROMA_QUALITY,
            optimize_coding=separate,
            interlace=gray.progressive,
            keep="none",
            **options,
        )
        for plane in planes
    )
    del planes  # what follows needs the memory
    coded = list(jpeg.chroma_beside(gray, cb, cr, photo.chroma_factors))
    if not separate:
        coded = jpeg_dct.interleaved(coded, taken)
    changed = photo.colored_profile != photo.profile
    profile = (photo.colored_profile or b"") if changed else None
    about = jpeg.about_color(provenance.marked(gray, mark), profile)
    with part.open("xb") as file:
        file.writelines(jpeg.written(multi_picture.moved([*about, *coded], taken, content)))
        file.write(taken.trailer)


def _save_pixels(
    photo: Photo, part: Path, chroma: Chroma, mark: provenance.Provenance, *, big: bool
) -> None:
    packet = provenance.merged(photo.xmp, mark)
    made, rows = (part.with_name(f"{part.name}-{what}") for what in ("pixels", "rows"))
    try:
        picture = pixels(photo, "random")  # for strips of any height
        rgb = raster.written_in_color(picture, chroma, rows, multiply=photo.multiplied)
        if photo.format == "tiff":
            _save_tiff(photo, part, rgb, packet, big=big)
        elif photo.format == "png":
            how = {"bitdepth": photo.bits, "palette": False, "filter": "all"}
            rgb.pngsave(os.fsencode(made), keep="none", **how)
            png.graft(photo.path, made, part, packet, photo.colored_profile)
        else:
            rgb.webpsave(os.fsencode(made), keep="none", lossless=True, exact=True)
            webp.graft(photo.path, made, part, packet, photo.colored_profile)
    finally:
        made.unlink(missing_ok=True)
        rows.unlink(missing_ok=True)


def _save_tiff(photo: Photo, part: Path, rgb: pyvips.Image, packet: bytes, *, big: bool) -> None:
    if photo.colored_profile:
        rgb.set_type(pyvips.GValue.blob_type, "icc-profile-data", photo.colored_profile)
    rgb.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
    big = big or is_large([photo])
    predictor = "horizontal" if photo.bits == 8 else "none"  # Java reads none of more bits
    rgb.tiffsave(os.fsencode(part), compression="deflate", predictor=predictor, bigtiff=big)
    tiff.graft(photo.path, part, photo.page)


def is_large(pages: Iterable[Photo]) -> bool:
    """Whether a TIFF of these pictures in color is a BigTIFF."""
    return sum(page.width * page.height * 4 * -(-page.bits // 16) * 2 for page in pages) > _LARGE
