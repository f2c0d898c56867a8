"""Random photographs of every kind that is taken, and their luma by decoders other than colorear's.

JPEGs are read by jpeglib (libjpeg 6b), PNGs by Pillow (8 bits) and OpenCV (16), TIFFs by tifffile,
WebPs by Pillow; none of these is libvips or turbojpeg, by which colorear reads and writes.
"""

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import jpeglib
import numpy as np
import tifffile
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from fuzz.parsers import PACKET
from photo.test_icc import PROFILES

__all__ = ["FORMATS", "Photograph", "luma_of", "made", "told"]

Random = np.random.Generator
FORMATS = ("jpeg", "png", "tiff", "webp")
SUFFIXES = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp"}
SIDES = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 40)
SAMPLINGS = {"4:4:4": 0x111111, "4:2:2": 0x211111, "4:2:0": 0x221111, "4:4:0": 0x121111}
SAMPLINGS |= {"4:1:1": 0x411111}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


@dataclass
class Photograph:
    """One of them, and what it is, for whoever wants to know which one failed."""

    form: str
    what: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""
    luma: np.ndarray | None = None
    """What was put in, in levels; None where coding it has changed it."""


def made(seed: int, form: str) -> Photograph:
    """The photograph of that number."""
    random = np.random.default_rng([seed, FORMATS.index(form)])
    photograph = Photograph(form)
    {"jpeg": _jpeg, "png": _png, "tiff": _tiff, "webp": _webp}[form](random, photograph)
    return photograph


def luma_of(path: Path, form: str) -> Any:
    """Luma in levels, as a decoder of others reads it; of a JPEG coefficients and their table."""
    if form == "jpeg":
        coefficients = jpeglib.read_dct(str(path))
        table = coefficients.get_component_qt(0)
        return np.concatenate([coefficients.Y.reshape(-1, 64), table.reshape(1, 64)])
    return _luma(_pixels(path, form))


def told(path: Path) -> tuple[int, bytes | None, tuple[int, int]]:
    """Orientation, ICC profile and size as stored, as Pillow or tifffile reads them."""
    if path.suffix == ".tif":  # Pillow loses its way in BigTIFFs of Motorola's byte order
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            size = page.imagewidth, page.imagelength
            return int(page.tags[274].value), page.iccprofile, size
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        profile = image.info.get("icc_profile")
        return image.getexif().get(0x0112, 1), profile, image.size


def _pixels(path: Path, form: str) -> np.ndarray:
    if form == "tiff":
        with tifffile.TiffFile(path) as file:
            pixels = file.pages[0].asarray()
            return np.moveaxis(pixels, 0, -1) if file.pages[0].axes == "SYX" else pixels
    content = path.read_bytes()
    if form == "png" and content[24] == 16:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
        return pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0]]
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


def _luma(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim == 2 or pixels.shape[-1] < 3:
        return pixels.reshape(*pixels.shape[:2], -1)[..., 0].astype(int)
    return np.rint(pixels[..., :3] @ LUMA).astype(int)


def _picture(random: Random, bands: int, bits: int = 8) -> np.ndarray:
    """Noise, a ramp or one level; of three bands gray, sepia, or of any color."""
    height, width = (int(side) for side in random.choice(SIDES, 2))
    top = 2**bits - 1
    across = np.linspace(random.uniform(), random.uniform(), width)
    down = np.linspace(random.uniform(), random.uniform(), height)
    gray = {
        "noise": random.random((height, width)),
        "ramp": np.add.outer(down, across) / 2,
        "flat": np.full((height, width), random.uniform()),
    }[str(random.choice(["noise", "ramp", "flat"]))]
    if bands == 1:
        return np.rint(gray * top).astype(np.uint8 if bits == 8 else np.uint16)
    tint = {"gray": (1, 1, 1), "sepia": (1, 0.85, 0.65), "any": random.random(3)}
    levels = gray[..., None] * tint[str(random.choice(list(tint)))]
    levels = np.concatenate([levels, random.random((height, width, bands - 3))], axis=2)
    return np.rint(levels * top).astype(np.uint8 if bits == 8 else np.uint16)


def _about(random: Random, photograph: Photograph, gray: bool) -> dict[str, Any]:
    """What is told beside the pixels, as options of Pillow's."""
    options: dict[str, Any] = {}
    if random.random() < 0.5:
        orientation = int(random.integers(1, 9))
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = orientation, "grandmother"
        options["exif"], photograph.what["orientation"] = exif, orientation
    if random.random() < 0.5:
        name = str(random.choice(list(PROFILES))) if gray else "sRGB"
        options["icc_profile"] = PROFILES[name] if gray else SRGB
        photograph.what["profile"] = name
    return options


def _saved(pixels: np.ndarray | Image.Image, form: str, **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _jpeg(random: Random, photograph: Photograph) -> None:
    gray = bool(random.random() < 0.5)
    pixels = _picture(random, 1 if gray else 3)
    what = {"gray": gray, "quality": int(random.integers(5, 101))}
    what["progressive"] = bool(random.random() < 0.4)
    sampling = str(random.choice(list(SAMPLINGS)))
    if not gray and sampling in ("4:4:0", "4:1:1"):  # Pillow writes none of these
        flags = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling]]
        flags += [cv2.IMWRITE_JPEG_QUALITY, what["quality"]]
        flags += [cv2.IMWRITE_JPEG_PROGRESSIVE, int(what["progressive"])]
        done, coded = cv2.imencode(".jpg", pixels[..., ::-1], flags)
        assert done
        photograph.content = coded.tobytes()
        photograph.what |= what | {"sampling": sampling}
        return
    options = what | _about(random, photograph, gray)
    del options["gray"]
    if not gray:
        options["subsampling"] = what["sampling"] = sampling
    if random.random() < 0.3:
        options["optimize"] = True
    if random.random() < 0.3:
        options["restart_marker_blocks"] = what["restarts"] = int(random.integers(1, 9))
    if random.random() < 0.2:
        options["qtables"] = [random.integers(1, 256, 64).tolist() for _ in range(2)]
        what["tables"] = "own"
    if random.random() < 0.2:
        options["xmp"] = PACKET
    photograph.what |= what
    photograph.content = _saved(pixels, "jpeg", **options)


def _png(random: Random, photograph: Photograph) -> None:
    mode = str(random.choice(["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "RGB16", "RGBA16"]))
    photograph.what["mode"] = mode
    if mode in ("RGB16", "RGBA16"):
        pixels = _picture(random, len(mode) - 2, 16)
        order = [2, 1, 0, 3][: pixels.shape[2]]
        done, coded = cv2.imencode(".png", pixels[..., order])
        assert done
        photograph.content = coded.tobytes()
        photograph.luma = _luma(pixels)
        return
    bands = {"RGB": 3, "P": 3, "RGBA": 4}.get(mode, 1)
    image = Image.fromarray(_picture(random, bands, 16 if mode == "I;16" else 8))
    if mode in ("1", "LA", "P"):
        image = image.convert(mode)
    options = _about(random, photograph, mode in ("1", "L", "LA", "I;16"))
    if random.random() < 0.3:
        text = PngInfo()
        text.add_text("Title", "grandmother", zip=True)
        options["pnginfo"] = text
    photograph.content = _saved(image, "png", compress_level=int(random.integers(0, 10)), **options)
    levels = image if mode == "I;16" else image.convert("RGB" if bands > 1 else "L")
    photograph.luma = _luma(np.asarray(levels))


def _tiff(random: Random, photograph: Photograph) -> None:
    bands, bits = int(random.choice([1, 3, 4])), int(random.choice([8, 16]))
    pixels = _picture(random, bands, bits)
    options: dict[str, Any] = {
        "byteorder": str(random.choice(["<", ">"])),
        "bigtiff": bool(random.random() < 0.3),
        "compression": random.choice([None, "zlib"]),
        "photometric": "rgb" if bands > 1 else "minisblack",
    }
    if bands == 4:
        options["extrasamples"] = ["unassalpha"]
    if bands > 1 and random.random() < 0.3:
        options["planarconfig"] = "separate"
    if random.random() < 0.3 and "planarconfig" not in options:  # no tiles of planes in libvips
        options["tile"] = (16, 16)
    elif random.random() < 0.5:
        options["rowsperstrip"] = int(random.integers(1, 9))
    as_given = pixels.transpose(2, 0, 1) if options.get("planarconfig") else pixels
    orientation = int(random.integers(1, 9))
    more = [(274, "H", 1, orientation, True)]
    photograph.what |= options | {"bits": bits, "bands": bands, "orientation": orientation}
    if random.random() < 0.5:
        options["iccprofile"] = SRGB if bands > 1 else PROFILES["dot gain"]
        photograph.what["profile"] = "sRGB" if bands > 1 else "dot gain"
    file = io.BytesIO()
    tifffile.imwrite(file, as_given, metadata=None, extratags=more, **options)
    photograph.content = file.getvalue()
    photograph.luma = _luma(pixels)


def _webp(random: Random, photograph: Photograph) -> None:
    pixels = _picture(random, int(random.choice([3, 4])))
    what: dict[str, Any] = {"lossless": bool(random.random() < 0.5)}
    what["quality"] = int(random.integers(5, 101))
    options = what | _about(random, photograph, gray=False)
    photograph.what |= what | {"bands": pixels.shape[2]}
    photograph.content = _saved(pixels, "webp", exact=True, **options)
    if what["lossless"]:
        photograph.luma = _luma(pixels)


def is_rgb(profile: bytes) -> bool:
    """Whether it is an ICC profile of RGB values (ICC.1:2022, 7.2.6)."""
    (size,) = struct.unpack(">I", profile[:4])
    return size == len(profile) and profile[16:20] == b"RGB "
