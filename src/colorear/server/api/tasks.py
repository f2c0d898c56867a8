"""What a worker does for the API: a photograph in colour, checked, and one answer's file of it."""

import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from colorear.hints import Unreachable
from colorear.inference.colorizer import Colored, Colorizer, colored_name
from colorear.inference.options import ColorizeOptions
from colorear.inference.suggestions import lacking
from colorear.inference.verify import Verification, verify
from colorear.models.card import Card
from colorear.photo.photograph import open_photo
from colorear.photo.sniffing import SUFFIXES, Format
from colorear.server.filenames import called
from colorear.server.problems import Refusal
from colorear.server.settings import Settings
from colorear.server.uploads import Upload

__all__ = ["Outcome", "Photograph", "look_at", "make", "said_of"]

_MEDIA_TYPES: Mapping[Format, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "tiff": "image/tiff",
    "webp": "image/webp",
}


@dataclass(frozen=True)
class Photograph:
    """One that a client sent, found to be one."""

    path: Path
    name: str
    """What the client calls it, which errors say."""
    format: Format
    megapixels: float


@dataclass(frozen=True)
class Outcome:
    """A file to answer with, and what is to be said of it."""

    path: Path
    name: str
    media_type: str
    card: Card
    seconds: float
    megapixels: float
    promise: Verification
    """What `verify` found; of several variants the one with the largest difference."""
    unreachable: Sequence[Unreachable]


def look_at(upload: Upload, settings: Settings) -> Photograph:
    """Read the header of an upload. Raises PhotographError, and Refusal for too many pixels."""
    with called(upload.photograph, upload.name):
        photo = open_photo(upload.photograph)
    megapixels = photo.width * photo.height / 1e6
    if megapixels > settings.megapixels:
        raise Refusal(
            "too-many-pixels",
            f"'{upload.name}' has {photo.width} x {photo.height} pixels, but at most "
            f"{settings.megapixels:g} megapixels are taken; make it smaller, or colour it with "
            "the command colorear",
        )
    return Photograph(upload.photograph, upload.name, photo.format, megapixels)


def make(
    photograph: Photograph,
    wanted: ColorizeOptions,
    told: Callable[[float], None],
    colorizer: Colorizer,
) -> Outcome:
    """Colour it in the folder where it lies. `told` hears how much is done, from 0 to 1.

    Raises ColorearError, with the client's name of the photograph in it.
    """
    started = time.perf_counter()
    _check_able(colorizer, wanted)
    made: list[tuple[Colored, Verification]] = []
    try:
        with called(photograph.path, photograph.name):
            for variant in range(wanted.variants):
                target = photograph.path.with_name(f"{variant}{SUFFIXES[photograph.format][0]}")
                coloured = colorizer.colorize(
                    photograph.path,
                    target,
                    hints=wanted.hints,
                    vividness=wanted.vividness,
                    variant=variant,
                )
                made.append((coloured, verify(photograph.path, target)))
                told((variant + 1) / wanted.variants)
    finally:
        photograph.path.unlink(missing_ok=True)  # answers may lie there for a while
    name = colored_name(photograph.name, photograph.format)
    path, media_type = Path(made[0][0].output), _MEDIA_TYPES[photograph.format]
    if wanted.variants > 1:
        path = _zipped([Path(coloured.output) for coloured, _ in made], name)
        name, media_type = f"{Path(name).stem}.zip", "application/zip"
    return Outcome(
        path=path,
        name=name,
        media_type=media_type,
        card=colorizer.network.card,
        seconds=time.perf_counter() - started,
        megapixels=photograph.megapixels,
        promise=max((promise for _, promise in made), key=lambda p: p.max_luma_difference),
        unreachable=made[0][0].unreachable,
    )


def said_of(promise: Verification) -> dict[str, bool | int | None]:
    """The promise as JSON has it."""
    told = asdict(promise) | {"ok": promise.ok}
    del told["provenance"]
    return told


def _check_able(colorizer: Colorizer, wanted: ColorizeOptions) -> None:
    network = colorizer.network
    if what := lacking(network, wanted):
        raise Refusal("wrong-field", f"{wanted.model} {what}; name a network that does")


def _zipped(files: Sequence[Path], name: str) -> Path:
    """A zip of the variants, in place of them."""
    path = files[0].with_suffix(".zip")
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as archive:  # they are compressed already
        for number, file in enumerate(files, 1):
            first = Path(name)
            member = name if number == 1 else f"{first.stem}-{number}{first.suffix}"
            archive.write(file, member)
            file.unlink()
    return path
