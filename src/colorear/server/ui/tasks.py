"""What the workers do for the page: functions that run in another process and return JSON."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.hints import Hint
from colorear.inference.chroma import chroma_of_array
from colorear.inference.colorizer import Colorizer
from colorear.inference.options import ColorizeOptions
from colorear.inference.suggestions import can_choose, predict
from colorear.models import Network, Prediction
from colorear.models.framing import find_frame
from colorear.models.resize import resized
from colorear.photo import photograph, raster
from colorear.photo.appearance import REASONS
from colorear.photo.sniffing import SUFFIXES, reading
from colorear.server.ui import previews

__all__ = [
    "Halves",
    "PartRequest",
    "Payload",
    "PreviewRequest",
    "color_draft",
    "color_one_of_many",
    "color_preview",
    "color_suggestions",
    "colorize_file",
    "invert_photo",
    "open_preview",
    "photo_detail",
    "uncertainty_tint",
]

Payload = dict[str, Any]
"""A JSON object for the page's scripts."""
Bytes = NDArray[np.uint8]
Planes = NDArray[np.float32]
Halves = NDArray[np.float16]

Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]

_SMALL = 320  # pixels, of the longer side, of variants side by side
_LIGHTNESS = color.luma_to_lightness(np.linspace(0, 1, 256, dtype=np.float32))  # of each level
_DRAFT = 2  # times as coarse as what the network sees: the bundled one tells its colors so


class PartRequest(msgspec.Struct, frozen=True):
    """A part of the photograph that is open, in fractions of its width and height."""

    left: Fraction
    top: Fraction
    width: Fraction
    height: Fraction
    longest: Annotated[int, msgspec.Meta(ge=1, le=2048)]
    """Pixels, the most that are wanted."""


class PreviewRequest(msgspec.Struct, frozen=True):
    """What a visitor asks for the photograph that is open."""

    session: str
    model: str
    hints: tuple[Hint, ...] = ()
    vividness: float = 1.0
    variant: int = 0
    view: Annotated[float, msgspec.Meta(ge=1, le=2)] = 1.0
    """How finely the network looks: times the size at which it sees photographs by itself."""
    small: bool = False
    """Whether a picture of 320 pixels will do."""
    draft: bool = False
    """Whether one of 384 pixels will do, which is made sooner."""
    x: float = 0.5
    y: float = 0.5
    """Where colors are suggested, as fractions of width and height."""
    part: PartRequest | None = None
    """Of which the file's own pixels are wanted."""
    number: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Which one of many photographs is meant."""


def open_preview(
    path: Path, megapixels: float, colorizer: Colorizer
) -> tuple[previews.Preview, Payload]:
    """Load the preview of a photograph, with what the page shows of it.

    Raises PhotographError, also where it has more than so many millions of pixels.
    """
    preview = previews.load_preview(path, megapixels=megapixels)
    height, width = preview.gray.shape
    before = previews.jpeg_data_url(preview.gray)
    abilities = _abilities(colorizer.network)
    pixels = [preview.width, preview.height]
    return preview, {
        "width": width,
        "height": height,
        "pixels": pixels,
        "before": before,
        "notices": _notices(preview, colorizer.network),
        **abilities,
    }


def _notices(preview: previews.Preview, network: Network) -> list[str]:
    """What whoever opened the photograph may not expect of its colors."""
    notices: list[str] = [preview.appearance] if preview.appearance in REASONS else []
    lightness = color.luma_to_lightness(preview.gray.astype(np.float32) / 255)
    if find_frame(resized(lightness, *network.fit(*lightness.shape))):  # as it will be shown
        notices.append("framed")
    return notices


def photo_detail(path: Path, request: PartRequest, _: Colorizer) -> str:
    """Show a part of a photograph file in gray, as a `data:` URL. Raises PhotographError."""
    part = previews.Part(request.left, request.top, request.width, request.height)
    gray = previews.load_detail(path, part, longest=request.longest)
    return previews.jpeg_data_url(gray, longest=request.longest)


def invert_photo(path: Path, target: Path, _: Colorizer) -> None:
    """Write a photograph file in gray, upright, with light and dark exchanged, as a PNG.

    Raises PhotographError.
    """
    photo = photograph.open_photo(path)
    with reading(path):
        image = photograph.pixels(photo, "random")
        is_8 = raster.bits(image) == 8
        most, kind, gray = (255, "uchar", "b-w") if is_8 else (65535, "ushort", "grey16")
        levels = (most * (1 - raster.luma(image))).rint().cast(kind).copy(interpretation=gray)
        profile = "icc" if image.bands < 3 else "none"  # one of color does not go with gray
        levels.autorot().pngsave(os.fsencode(target), keep=profile)


def color_draft(
    gray: Bytes, draft: Bytes, request: PreviewRequest, colorizer: Colorizer
) -> tuple[Halves, Payload]:
    """Color a draft (h, w) as soon as can be, by what the network sees in the coarse preview.

    Gives the a*b* (2, h', w') that the network told, too: the fine one is colored by them. Whether
    it is a negative is told before anything is corrected.
    """
    lightness, prediction = _predicted(gray, request, colorizer)
    ab = prediction.ab
    size = [max(1, side // _DRAFT) for side in lightness.shape]
    chroma = chroma_of_array(resized(lightness, *size), resized(ab, *size))
    url = previews.jpeg_data_url(raster.colored(draft, chroma))
    plain = not request.hints and not request.variant and request.view == 1
    negative = plain and colorizer.network.is_negative(lightness, prediction)
    return ab.astype(np.float16), {"after": url, "negative": negative}


def color_preview(
    gray: Bytes, request: PreviewRequest, ab: Halves | None, colorizer: Colorizer
) -> Payload:
    """Color a preview (h, w), the coarse one where a small picture will do.

    By `ab`, if `color_draft` told them for the same request. The numbers of the hints are told that
    cannot be had as they are.
    """
    hints = _hints(request, colorizer)
    if ab is None:
        lightness, prediction = _predicted(gray, request, colorizer)
        told = prediction.ab
    else:
        lightness, told = _lightness(gray, *ab.shape[1:]), ab.astype(np.float32)
    rgb = raster.colored(gray, chroma_of_array(lightness, told))
    unreachable = [] if request.small else previews.unreachable_hints(gray, hints)
    return {
        "after": previews.jpeg_data_url(rgb, **({"longest": _SMALL} if request.small else {})),
        "unreachable": [hints.index(one.hint) for one in unreachable],
        **_abilities(colorizer.network),
    }


def _predicted(
    gray: Bytes, request: PreviewRequest, colorizer: Colorizer
) -> tuple[Planes, Prediction]:
    """L* of a preview at the size that the network wants, and what it tells."""
    network = _seeing(request, colorizer).network
    lightness = _lightness(gray, *network.fit(*gray.shape))
    options = ColorizeOptions(hints=tuple(_hints(request, colorizer)), vividness=request.vividness)
    return lightness, predict(network, lightness, options, request.variant)


def _lightness(gray: Bytes, height: int, width: int) -> Planes:
    image = raster.from_array(gray)
    small = image.resize(width / image.width, vscale=height / image.height, kernel="linear")
    lightness: Planes = _LIGHTNESS[raster.array(small)[..., 0]]
    return lightness


def color_suggestions(gray: Bytes, request: PreviewRequest, colorizer: Colorizer) -> list[str]:
    """Suggest colors `#rrggbb` that the network holds for likely at a place of a preview (h, w)."""
    if not colorizer.network.tells_likelihood:
        return []
    return _seeing(request, colorizer).suggestions(
        gray, (request.x, request.y), hints=request.hints
    )


def uncertainty_tint(gray: Bytes, request: PreviewRequest, colorizer: Colorizer) -> str:
    """Draw a tint where the network is not sure of a preview (h, w), as a `data:` URL."""
    uncertainty = _seeing(request, colorizer).uncertainty(
        gray,
        hints=_hints(request, colorizer),
        vividness=request.vividness,
        variant=request.variant,
    )
    return previews.uncertainty_data_url(uncertainty)


def colorize_file(
    source: Path, target: Path, request: PreviewRequest, colorizer: Colorizer
) -> Payload:
    """Color a photograph file at full size. Raises as `Colorizer.colorize` does."""
    hints = _hints(request, colorizer)
    colored = _seeing(request, colorizer).colorize(
        source, target, hints=hints, vividness=request.vividness, variant=request.variant
    )
    return {
        "seconds": round(colored.seconds, 2),
        "megapixels": round(colored.megapixels, 1),
        "unreachable": [hints.index(one.hint) for one in colored.unreachable],
        "notice": colored.appearance if colored.appearance in REASONS else None,
    }


def color_one_of_many(
    source: Path, megapixels: float, request: PreviewRequest, colorizer: Colorizer
) -> tuple[Path, Payload]:
    """Color a photograph file at full size in its place; gives the file and what is told of it.

    Raises PhotographError, also where it has more than so many millions of pixels.
    """
    photo = previews.open_limited(source, megapixels=megapixels)
    target = source.with_name(f"colored{SUFFIXES[photo.format][0]}")
    about = colorize_file(source, target, request, colorizer)
    source.unlink()
    stamp = previews.stamp_data_url(target, longest=_SMALL)
    return target, {"format": photo.format, "stamp": stamp, **about}


def _seeing(request: PreviewRequest, colorizer: Colorizer) -> Colorizer:
    return colorizer.seeing(round(request.view * colorizer.network.card.size))


def _hints(request: PreviewRequest, colorizer: Colorizer) -> Sequence[Hint]:
    return request.hints if colorizer.network.card.hints else ()


def _abilities(network: Network) -> Payload:
    """What the network can do, for the page's controls."""
    return {
        "abilities": {
            "hints": network.card.hints,
            "suggestions": network.card.hints and network.tells_likelihood,
            "uncertainty": network.tells_uncertainty,
            "variants": can_choose(network),
            "safe": network.has_safe_colors,
            "views": network.has_sizes,
        }
    }
