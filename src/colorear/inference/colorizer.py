"""The one way from a photograph to the same photograph in color."""

import time
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import models
from colorear.errors import ModelError, SigningError
from colorear.hints import Hint, unreachable
from colorear.inference.chroma import chroma_of_array, chroma_of_file
from colorear.inference.colored import Colored, Notes, done
from colorear.inference.inputs import Source, Target, as_array, through_files
from colorear.inference.naming import beside
from colorear.inference.options import DEFAULT_MODEL, ColorizeOptions
from colorear.inference.pages import save_pages
from colorear.inference.suggestions import predict, suggestions
from colorear.inference.uncertainty_map import save_uncertainty
from colorear.models.resize import resized
from colorear.photo import photograph, raster
from colorear.photo.appearance import Appearance, appearance_of_all
from colorear.photo.atomic_write import check_target
from colorear.photo.c2pa import Signer
from colorear.photo.pages import open_pages
from colorear.photo.photograph import Photo, decode_coarse, open_photo, upright
from colorear.photo.provenance import Provenance
from colorear.photo.raster import Chroma
from colorear.photo.saving import save
from colorear.version import __version__

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Colored", "Colorizer", "colorize"]

Planes = NDArray[np.float32]
Coarse: TypeAlias = pyvips.Image | None


class Colorizer:
    """A network, loaded once, that puts color into files and arrays.

    Safe to share among threads: it has no state but the network, which ONNX Runtime runs for
    several threads at once. It is not carried to other processes; make one in each.

    Parameters
    ----------
    model
        A name of `colorear models`, or the path of an .onnx file, which runs in this process; one
        of somebody unknown is tried first, in a process with limits, by `models.try_out`.
    threads
        How many processor cores the network uses at the most; None for all.
    signer
        Signs every file, if there is one.

    Raises
    ------
    ModelError
        Where the network is missing, damaged, or breaks the contract.

    Examples
    --------
    >>> gray = np.full((40, 60), 128, np.uint8)
    >>> colored = Colorizer()(gray)
    >>> colored.shape, colored.dtype
    ((40, 60, 3), dtype('uint8'))
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        threads: int | None = None,
        signer: Signer | None = None,
    ) -> None:
        self.network = models.load(model, threads=threads)
        self._signer = signer

    def __call__(
        self,
        picture: "NDArray[Any] | Image",
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
    ) -> NDArray[Any]:
        """Color an array.

        Parameters
        ----------
        picture : (h, w) gray or (h, w, 3) sRGB, uint8 or uint16; or an image of Pillow
            Color that comes in is replaced, alpha left out.
        hints
            What is known of the colors.
        vividness
            0 for gray, 1 for the colors of life, up to 3 for stronger ones.
        variant
            0 for what the network holds for best, from 1 on for other plausible colors.

        Returns
        -------
        ndarray, (h, w, 3) sRGB of the same type
            Its luma differs by at most one level from that of `picture`.

        Raises
        ------
        PhotographError
            For any other array.
        HintError
            For a number out of its range.
        ModelError
            Where the network cannot do what is asked.
        """
        picture = as_array(picture)
        image = raster.from_array(picture)
        lightness = self._lightness_of_array(image)
        options = ColorizeOptions(hints=tuple(hints), vividness=vividness)
        prediction = predict(self.network, lightness, options, variant)
        return raster.colored(picture, chroma_of_array(lightness, prediction.ab))

    def uncertainty(
        self,
        picture: "NDArray[Any] | Image",
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
    ) -> Planes:
        """How far off the colors that a call gives may be.

        Parameters are those of a call.

        Returns
        -------
        ndarray of float32, (h, w)
            The expected distance in CIELAB units from the true a*, b*.

        Raises
        ------
        ModelError
            Where the network does not tell, too; and all that a call raises.
        """
        picture = as_array(picture)
        lightness = self._lightness_of_array(raster.from_array(picture))
        options = ColorizeOptions(hints=tuple(hints), vividness=vividness)
        uncertainty = self._uncertainty(predict(self.network, lightness, options, variant))
        return resized(uncertainty, *picture.shape[:2])

    def suggestions(
        self,
        picture: "NDArray[Any] | Image | str | Path",
        place: tuple[float, float],
        *,
        hints: Sequence[Hint] = (),
    ) -> list[str]:
        """Colors that are likely at a place of an array, or of a photograph file seen upright.

        Parameters
        ----------
        picture, hints
            As in a call; or the path of a file.
        place
            x and y, 0..1 of width and height.

        Returns
        -------
        list of str
            Up to six `#rrggbb`, the likeliest first.

        Raises
        ------
        ModelError
            Where the network does not tell, too; and all that a call raises.
        """
        where = Hint(*place, "gray").place  # which checks it
        if isinstance(picture, str | Path):
            photo = open_photo(picture)
            lightness = self._lightness_of_file(photo, decode_coarse(photo))
        else:
            lightness = self._lightness_of_array(raster.from_array(as_array(picture)))
        return suggestions(self.network(lightness, hints), lightness, where)

    def colorize(
        self,
        source: Source,
        target: Target = None,
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
        overwrite: bool = False,
        unfinished: Path | None = None,
        appearance: Appearance | None = None,
    ) -> Colored:
        """Write a photograph in color, in its own format, whole or not at all.

        Its XMP says that the color is synthetic, and which network made it. Of a TIFF all pages are
        colored, but those that are damaged.

        Parameters
        ----------
        source
            The photograph, which is never replaced itself: a path, the bytes of a file, or a file
            object.
        target
            The path to write, or a file object; without one `beside(source)`, if that is a path.
        hints, vividness, variant
            As in a call; places are those of the photograph seen upright, of several pages of the
            first.
        overwrite
            Whether another file may be in the place of `target`.
        unfinished
            The folder for the file while it is written, on the disk of `target`; without one it
            lies beside it.
        appearance
            What `appearance_of` found, if it was called already.

        Raises
        ------
        PhotographError
            Where the photograph cannot be read or written.
        UsageError
            Where bytes or a file object come without a target.
        SigningError
            Where it has several pages, and is to be signed.
        HintError, ModelError
            As a call does.
        """
        if not (isinstance(source, str | Path) and isinstance(target, str | Path | None)):
            how: dict[str, Any] = {"hints": hints, "vividness": vividness, "variant": variant}
            again = partial(self.colorize, overwrite=overwrite, unfinished=unfinished, **how)
            return through_files(again, source, target)
        started = time.perf_counter()
        options = ColorizeOptions(hints=tuple(hints), vividness=vividness)
        pages, left_out = open_pages(source)
        path = Path(target) if target else beside(source)
        check_target(path, pages[0].source, overwrite=overwrite)
        where: dict[str, Any] = {"overwrite": overwrite, "unfinished": unfinished}
        coarse = decode_coarse(pages[0])
        notes = Notes()
        if len(pages) + len(left_out) == 1:
            sign = partial(self._sign, pages[0])
            chroma = self._chroma(pages[0], options, variant, notes, coarse)
            save(pages[0], path, chroma, self.mark, coarse=coarse, sign=sign, **where)
        elif self._signer:
            raise SigningError(
                f"'{source}' has several pages, and signed it would be refused by libvips; "
                "save the pages as files of their own, or color them unsigned"
            )
        else:
            write = partial(self._write_page, options, variant, notes)
            left_out += save_pages(pages, path, write, **where)
        seen = notes.appearance(appearance or appearance_of_all(pages, coarse=coarse), self.network)
        made = done(pages, source, path, self.network.card.name, seen, started)
        return replace(made, unreachable=tuple(notes.unreachable), left_out=tuple(left_out))

    def uncertainty_map(
        self,
        source: str | Path,
        target: str | Path,
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
        overwrite: bool = False,
        unfinished: Path | None = None,
        appearance: Appearance | None = None,
    ) -> Colored:
        """Write how far off the colors of a photograph may be, as `colorize` gives them.

        A gray PNG of 8 bits, upright, at most 1024 pixels long: black is sure; each CIELAB unit by
        which the color is expected to be off takes five levels, so that white is 51 units or more.
        Parameters are those of `colorize`.

        Raises
        ------
        ModelError
            Where the network does not tell, too; and all that `colorize` raises.
        """
        started = time.perf_counter()
        options = ColorizeOptions(hints=tuple(hints), vividness=vividness)
        photo = open_photo(source)
        check_target(Path(target), photo.source, overwrite=overwrite)
        coarse = decode_coarse(photo)
        lightness = self._lightness_of_file(photo, coarse)
        prediction = predict(self.network, lightness, options, variant)
        where: dict[str, Any] = {"overwrite": overwrite, "unfinished": unfinished}
        save_uncertainty(self._uncertainty(prediction), photo.upright_size, Path(target), **where)
        seen = appearance or appearance_of_all([photo], coarse=coarse)
        seen = Notes(first=(lightness, prediction)).appearance(seen, self.network)
        return done([photo], source, target, self.network.card.name, seen, started)

    def seeing(self, size: int) -> "Colorizer":
        """The same, whose network sees shorter sides of `size` pixels, 1..1024; or ModelError."""
        other = copy(self)
        other.network = self.network.seeing(size)
        return other

    @property
    def mark(self) -> Provenance:
        """What every file that it colors says of the color."""
        card = self.network.card
        return Provenance(__version__, card.name, card.version, card.sha256)

    def _write_page(
        self,
        options: ColorizeOptions,
        variant: int,
        notes: Notes,
        photo: Photo,
        path: Path,
        *,
        big: bool,
    ) -> None:
        """One page of several; hints are about the first."""
        if photo.number != photo.pages[0]:
            options = replace(options, hints=())
        save(photo, path, self._chroma(photo, options, variant, notes, None), self.mark, big=big)

    def _chroma(
        self, photo: Photo, options: ColorizeOptions, variant: int, notes: Notes, coarse: Coarse
    ) -> Chroma:
        """The colors of one page, with what is to be said of it noted."""
        lightness = self._lightness_of_file(photo, coarse)
        notes.unreachable += unreachable(options.hints, lightness)
        prediction = predict(self.network, lightness, options, variant)
        notes.first = notes.first or (lightness, prediction)
        return chroma_of_file(photo, lightness, prediction.ab)

    def _sign(self, photo: Photo, part: Path) -> None:
        if self._signer:
            self._signer.sign(part, photo.format, photo.path, self.mark)

    def _lightness_of_array(self, image: pyvips.Image) -> Planes:
        """L* (h, w), at the size that the network wants."""
        height, width = self.network.fit(image.height, image.width)
        return raster.gray_lightness(raster.shrunk(image, height, width))

    def _lightness_of_file(self, photo: Photo, coarse: pyvips.Image | None) -> Planes:
        """L* (h, w), upright, at the size that the network wants."""
        height, width = self.network.fit(*photo.upright_size)
        stored = (width, height) if photo.orientation >= 5 else (height, width)
        return upright(photograph.lightness(photo, *stored, coarse=coarse), photo.orientation)

    def _uncertainty(self, prediction: models.Prediction) -> Planes:
        """Its uncertainty (h, w)."""
        if prediction.uncertainty is None:
            raise ModelError(
                f"{self.network.card.name} does not tell how sure it is; choose a network that does"
            )
        return np.asarray(prediction.uncertainty[0])


def colorize(
    source: Source,
    target: Target = None,
    *,
    model: str | Path = DEFAULT_MODEL,
    hints: Sequence[Hint] = (),
    vividness: float = 1.0,
    variant: int = 0,
    overwrite: bool = False,
) -> Colored:
    """Write one photograph in color; for many, make one `Colorizer` and keep it.

    `model` is as in `Colorizer`, everything else as in `Colorizer.colorize`, which tells what is
    raised, too.
    """
    return Colorizer(model).colorize(
        source, target, hints=hints, vividness=vividness, variant=variant, overwrite=overwrite
    )
