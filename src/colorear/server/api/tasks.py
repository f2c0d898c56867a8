"""What a worker does for the API: a photograph in color, checked, and one answer's file of it."""

import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from colorear.hints import Place, Unreachable
from colorear.inference.colorizer import Colored, Colorizer
from colorear.inference.naming import colored_name
from colorear.inference.options import ColorizeOptions
from colorear.inference.suggestions import lacking
from colorear.inference.verify import Verification, verify
from colorear.models.card import Card
from colorear.photo.appearance import Appearance
from colorear.photo.pages import open_pages
from colorear.photo.photograph import Photo
from colorear.photo.sniffing import SUFFIXES, Format
from colorear.server.filenames import named_in_errors
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.uploads import Upload
from colorear.server.workers import Report

__all__ = [
    "Result",
    "UploadedPhoto",
    "colorize_upload",
    "inspect_upload",
    "suggest_colors",
    "verification_json",
]

_SIZES = 3  # of pages that are told
_MEDIA_TYPES: Mapping[Format, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "tiff": "image/tiff",
    "webp": "image/webp",
}


@dataclass(frozen=True)
class UploadedPhoto:
    """One that a client sent, found to be one."""

    path: Path
    name: str
    """What the client calls it, which errors say."""
    format: Format
    megapixels: float


@dataclass(frozen=True)
class Result:
    """A file to answer with, and what is to be said of it."""

    path: Path
    name: str
    media_type: str
    card: Card
    seconds: float
    megapixels: float
    verification: Verification
    """What `verify` found; of several variants the one that differs most."""
    unreachable: Sequence[Unreachable]
    appearance: Appearance
    """What the photograph looked like."""
    left_out: Sequence[str] = ()
    """What is said of pages that the file lacks."""


def inspect_upload(upload: Upload, settings: Settings) -> UploadedPhoto:
    """Read the header of an upload.

    Raises PhotographError, and ProblemError for too many pixels.
    """
    with named_in_errors(upload.photograph, upload.name):
        pages, _ = open_pages(upload.photograph)
    photo, megapixels = pages[0], sum(page.width * page.height for page in pages) / 1e6
    if megapixels > settings.megapixels:
        raise ProblemError(
            "too-many-pixels",
            f"'{upload.name}' has {_size(pages)} pixels, but at most "
            f"{settings.megapixels:g} megapixels are taken; make it smaller, or color it with "
            "the command colorear",
        )
    return UploadedPhoto(upload.photograph, upload.name, photo.format, megapixels)


def colorize_upload(
    photograph: UploadedPhoto,
    options: ColorizeOptions,
    colorizer: Colorizer,
    *,
    uncertainty: bool = False,
    report: Report | None = None,
) -> Result:
    """Color a photograph in the folder where it lies, check it, and delete the original.

    Parameters
    ----------
    photograph
        The upload; errors tell the client's name for it.
    options
        More than one of `variants` come as a zip.
    colorizer
        Of the network that the options name.
    uncertainty
        Whether a picture of how unsure the colors are comes beside it, in a zip.
    report
        Hears how much is done, from 0 to 1.

    Raises
    ------
    PhotographError
        Where the photograph is damaged.
    ProblemError
        Where the network cannot do what is asked.
    """
    started = time.perf_counter()
    _check_able(colorizer, options, uncertainty=uncertainty)
    doubt = photograph.path.with_name("uncertainty.png")
    made: list[tuple[Colored, Verification]] = []
    try:
        with named_in_errors(photograph.path, photograph.name):
            for variant in range(options.variants):
                target = photograph.path.with_name(f"{variant}{SUFFIXES[photograph.format][0]}")
                colored = colorizer.colorize(
                    photograph.path,
                    target,
                    hints=options.hints,
                    vividness=options.vividness,
                    variant=variant,
                )
                made.append((colored, verify(photograph.path, target)))
                if report:
                    report((variant + 1) / (options.variants + uncertainty))
            if uncertainty:
                colorizer.uncertainty_map(
                    photograph.path, doubt, hints=options.hints, vividness=options.vividness
                )
    finally:
        photograph.path.unlink(missing_ok=True)  # answers may lie there for a while
    name = colored_name(photograph.name, photograph.format)
    path, media_type = Path(made[0][0].output), _MEDIA_TYPES[photograph.format]
    if options.variants > 1 or uncertainty:
        path = _zipped([Path(colored.output) for colored, _ in made], name, doubt)
        name, media_type = f"{Path(name).stem}.zip", "application/zip"
    return Result(
        path=path,
        name=name,
        media_type=media_type,
        card=colorizer.network.card,
        seconds=time.perf_counter() - started,
        megapixels=photograph.megapixels,
        verification=max(
            (verification for _, verification in made),
            key=lambda found: (not found.ok, found.max_luma_difference),
        ),
        unreachable=made[0][0].unreachable,
        appearance=made[0][0].appearance,
        left_out=made[0][0].left_out,
    )


def suggest_colors(
    photograph: UploadedPhoto, options: ColorizeOptions, place: Place, colorizer: Colorizer
) -> list[str]:
    """Colors `#rrggbb` that are likely at a place of a photograph, the likeliest first.

    Raises
    ------
    PhotographError
        Where the photograph is damaged.
    ProblemError
        Where the network takes no hints, but some came, or does not tell what is likely.
    """
    _check_able(colorizer, options, uncertainty=False)
    if not colorizer.network.tells_likelihood:
        what = "does not tell what is likely"
        raise ProblemError("wrong-field", f"{options.model} {what}; name a network that does")
    with named_in_errors(photograph.path, photograph.name):
        return colorizer.suggestions(photograph.path, place, hints=options.hints)


def verification_json(verification: Verification) -> dict[str, bool | int | None]:
    """The promise as JSON has it."""
    return {
        "identical_dct": verification.identical_dct,
        "max_luma_difference": verification.max_luma_difference,
        "ok": verification.ok,
    }


def _size(pages: Sequence[Photo]) -> str:
    """Of its first pages."""
    sizes = [f"{page.width} x {page.height}" for page in pages[:_SIZES]]
    return " + ".join(sizes + ["…"] * (len(pages) > _SIZES))


def _check_able(colorizer: Colorizer, options: ColorizeOptions, *, uncertainty: bool) -> None:
    network = colorizer.network
    if what := lacking(network, options, uncertainty=uncertainty):
        raise ProblemError("wrong-field", f"{options.model} {what}; name a network that does")


def _zipped(files: Sequence[Path], name: str, doubt: Path) -> Path:
    """A zip of the variants, and of the picture of their doubt if there is one, in their place."""
    path = files[0].with_suffix(".zip")
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as archive:  # they are compressed already
        for number, file in enumerate(files, 1):
            first = Path(name)
            member = name if number == 1 else f"{first.stem}-{number}{first.suffix}"
            archive.write(file, member)
            file.unlink()
        if doubt.exists():
            archive.write(doubt, f"{Path(name).stem.removesuffix('-color')}-uncertainty.png")
            doubt.unlink()
    return path
