"""The one way from a photograph to the same photograph in colour."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import color, models
from colorear.errors import ModelError
from colorear.hints import Hint, Unreachable, Wishes, unreachable
from colorear.inference.suggestions import predict, suggestions
from colorear.inference.upsampling import EdgeChroma, follow_edges
from colorear.models import Prediction
from colorear.models.resize import resized
from colorear.photo import photograph, raster
from colorear.photo.atomic_write import check_target, replacing
from colorear.photo.c2pa import Signer
from colorear.photo.photograph import Photo
from colorear.photo.provenance import Provenance
from colorear.photo.sniffing import Format, ending_for, format_of, reading
from colorear.version import __version__

__all__ = ["Colorizer", "Coloured", "beside", "colorize", "coloured_name"]

Planes = NDArray[np.float32]

_MAP = 1024  # pixels, the most along a picture of what is sure


@dataclass(frozen=True)
class Coloured:
    """What was done for one photograph."""

    source: str
    output: str
    seconds: float
    megapixels: float
    model: str
    unreachable: tuple[Unreachable, ...] = ()
    """The hints whose colours do not exist at the lightness of their places."""


class Colorizer:
    """A network, loaded once, that puts colour into files and arrays.

    `model` is a name of `colorear models` or the path of an .onnx file; `threads` limits the
    processor cores that the network uses; a `signer` signs every file. Raises ModelError.

    >>> grey = np.full((40, 60), 128, np.uint8)
    >>> colour = Colorizer()(grey)
    >>> colour.shape, colour.dtype
    ((40, 60, 3), dtype('uint8'))
    """

    def __init__(
        self,
        model: str | Path = "acuarela",
        *,
        threads: int | None = None,
        signer: Signer | None = None,
    ) -> None:
        self.network = models.load(model, threads=threads)
        self._signer = signer

    def __call__(
        self,
        picture: NDArray[Any],
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
    ) -> NDArray[Any]:
        """Colour for an array: (h, w) grey or (h, w, 3) sRGB, uint8 or uint16.

        Gives (h, w, 3) of the same type, whose luma differs by at most one level from that of what
        came in. Colour that came in is replaced. `hints` is what is known of the colours;
        `vividness` is 0 for grey and 1 for the colours of life; a `variant` from 1 on has other
        plausible colours. Raises PhotographError for any other array, HintError for a number out of
        range, and ModelError where the network cannot do what is asked.
        """
        wishes = Wishes(tuple(hints), vividness, variant)
        image = raster.from_array(picture)
        seen = self._shown(image)
        prediction = predict(self.network, seen, wishes)
        rgb: NDArray[Any] = raster.coloured(image, _edges(seen, prediction.ab).at).numpy()
        return rgb

    def uncertainty(
        self,
        picture: NDArray[Any],
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
    ) -> Planes:
        """How far off the colours that a call gives may be, (h, w): expected CIELAB distances.

        Raises as a call does, and ModelError if the network does not tell.
        """
        wishes = Wishes(tuple(hints), vividness, variant)
        seen = self._shown(raster.from_array(picture))
        told = self._uncertainty(predict(self.network, seen, wishes))
        return resized(told, *picture.shape[:2])

    def suggestions(
        self, picture: NDArray[Any], place: tuple[float, float], *, hints: Sequence[Hint] = ()
    ) -> list[str]:
        """Up to six colours `#rrggbb` that are likely at a place of an array, likeliest first.

        `place` is x and y as fractions of width and height. Raises as a call does, and ModelError
        if the network does not tell.
        """
        seen = self._shown(raster.from_array(picture))
        return suggestions(self.network(seen, hints), seen, Hint(*place, "gray"))

    def colorize(
        self,
        source: str | Path,
        target: str | Path | None = None,
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
        overwrite: bool = False,
        unfinished: Path | None = None,
    ) -> Coloured:
        """Write the photograph `source`, in colour, to `target`; without one beside `source`.

        `hints`, `vividness` and `variant` are as in a call; places are those of the photograph seen
        upright. Its XMP says that the colour is synthetic, and which network made it.
        The format follows `source`, which is never replaced itself. `unfinished` is the folder for
        the file while it is written, on the disk of `target`; without one it lies beside it. Raises
        PhotographError, and HintError and ModelError as a call does; leaves nothing half-written.
        """
        started = time.perf_counter()
        wishes = Wishes(tuple(hints), vividness, variant)
        opened = photograph.open_photo(source)
        path = Path(target) if target else beside(source)
        check_target(path, opened.path, overwrite=overwrite)
        seen = self._seen(opened)
        ab = predict(self.network, seen, wishes).ab
        edges = _edges(
            seen,
            ab,
            lambda srgb: photograph.to_device(
                opened, photograph.as_stored(srgb, opened.orientation)
            ),
        )
        sign = partial(self._sign, opened)
        photograph.save(opened, path, edges.at, self.mark, unfinished=unfinished, sign=sign)
        told = self._coloured(opened, source, path, started)
        return replace(told, unreachable=unreachable(wishes.hints, seen))

    def confidence(
        self,
        source: str | Path,
        target: str | Path,
        *,
        hints: Sequence[Hint] = (),
        vividness: float = 1.0,
        variant: int = 0,
        overwrite: bool = False,
        unfinished: Path | None = None,
    ) -> Coloured:
        """Write how sure the colours of `source` are, as `colorize` gives them, to `target`.

        A grey PNG of 8 bits: white is sure; each CIELAB unit by which the colour is expected to be
        off takes five levels, so that black is 51 units or more. It is upright, at most 1024
        pixels long. Raises ModelError if the network does not tell, and as `colorize` does.
        """
        started = time.perf_counter()
        opened = photograph.open_photo(source)
        check_target(Path(target), opened.path, overwrite=overwrite)
        wishes = Wishes(tuple(hints), vividness, variant)
        told = self._uncertainty(predict(self.network, self._seen(opened), wishes))
        height, width = _upright_size(opened)
        shrink = max(1, height / _MAP, width / _MAP)
        size = max(1, round(height / shrink)), max(1, round(width / shrink))
        levels = np.clip(255 - 5 * resized(told, *size), 0, 255).round().astype(np.uint8)
        with replacing(Path(target), unfinished) as part:
            pyvips.Image.new_from_array(levels).pngsave(os.fsencode(part))
        return self._coloured(opened, source, target, started)

    @property
    def mark(self) -> Provenance:
        """What every file that it colours says of the colour."""
        card = self.network.card
        return Provenance(__version__, card.name, card.version, card.sha256)

    def _sign(self, opened: Photo, part: Path) -> None:
        if self._signer:
            self._signer.sign(part, opened.format, opened.path, self.mark)

    def _shown(self, image: pyvips.Image) -> Planes:
        """L* of a picture, at the size that the network wants."""
        height, width = self.network.fit(image.height, image.width)
        return raster.grey_lightness(raster.shrunk(image, height, width))

    def _seen(self, opened: Photo) -> Planes:
        """L* of a file, upright, at the size that the network wants."""
        height, width = self.network.fit(*_upright_size(opened))
        stored = (width, height) if opened.orientation >= 5 else (height, width)
        return photograph.upright(photograph.lightness(opened, *stored), opened.orientation)

    def _uncertainty(self, prediction: Prediction) -> Planes:
        """Its uncertainty (h, w)."""
        if prediction.uncertainty is None:
            raise ModelError(
                f"{self.network.card.name} does not tell how sure it is; choose a network that does"
            )
        uncertainty: Planes = prediction.uncertainty[0]
        return uncertainty

    def _coloured(
        self, opened: Photo, source: str | Path, target: str | Path, started: float
    ) -> Coloured:
        return Coloured(
            source=str(source),
            output=str(target),
            seconds=time.perf_counter() - started,
            megapixels=opened.width * opened.height / 1e6,
            model=self.network.card.name,
        )


def _upright_size(opened: Photo) -> tuple[int, int]:
    """Height and width, seen upright."""
    size = opened.height, opened.width
    return size[::-1] if opened.orientation >= 5 else size


def _edges(
    lightness: Planes, ab: Planes, stored: Callable[[Planes], Planes] = lambda srgb: srgb
) -> EdgeChroma:
    """The colour of L* (h, w), as a function of the luma of the picture that will hold it.

    `stored` takes (3, h, w) sRGB to that picture's own orientation and RGB.
    """
    grey = np.concatenate((lightness[None], np.zeros_like(ab)))
    luma = color.luma(color.lab_to_srgb(grey))
    chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
    ycc = color.srgb_to_ycc(stored(color.ycc_to_srgb(np.concatenate((luma, chroma)))))
    return follow_edges(ycc[:1], ycc[1:])


def beside(source: str | Path, folder: Path | None = None) -> Path:
    """Where the coloured `source` goes: `<stem>-color<ext>` beside it, or in `folder`.

    The ending is that of the format that the file really has. Raises PhotographError.
    """
    path = Path(source)
    with reading(path):
        form = format_of(path)
    return (folder or path.parent) / coloured_name(path.name, form)


def coloured_name(name: str, form: Format) -> str:
    """What the coloured file of that name and format is called.

    >>> coloured_name("old.jpg", "jpeg"), coloured_name("old.jpg", "png")
    ('old-color.jpg', 'old-color.png')
    """
    path = Path(name)
    return f"{path.stem}-color{ending_for(path, form)}"


def colorize(
    source: str | Path,
    target: str | Path | None = None,
    *,
    model: str | Path = "acuarela",
    hints: Sequence[Hint] = (),
    vividness: float = 1.0,
    variant: int = 0,
    overwrite: bool = False,
) -> Coloured:
    """Write one photograph in colour; for many, make one `Colorizer` and keep it."""
    return Colorizer(model).colorize(
        source, target, hints=hints, vividness=vividness, variant=variant, overwrite=overwrite
    )
