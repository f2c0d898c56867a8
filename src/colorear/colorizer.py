"""The one way from a photograph to the same photograph in colour."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorear import color, models, photo, pixels
from colorear.chroma import EdgeChroma, follow_edges
from colorear.errors import ColorearError, PhotographError
from colorear.files import check_target
from colorear.photo import Photo

__all__ = ["Colorizer", "Coloured", "Failed", "beside", "colorize", "colorize_each"]

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Coloured:
    """What was done for one photograph."""

    source: str
    output: str
    seconds: float
    megapixels: float
    model: str


@dataclass(frozen=True)
class Failed:
    """Why a photograph could not be coloured, in one sentence."""

    source: str
    error: str


class Colorizer:
    """A network, loaded once, that puts colour into files and arrays.

    `model` is a name of `colorear models` or the path of an .onnx file; `threads` limits the
    processor cores that the network uses. Raises ModelError.

    >>> grey = np.full((40, 60), 128, np.uint8)
    >>> colour = Colorizer()(grey)
    >>> colour.shape, colour.dtype
    ((40, 60, 3), dtype('uint8'))
    """

    def __init__(self, model: str | Path = "acuarela", *, threads: int | None = None) -> None:
        self.network = models.load(model, threads=threads)

    def __call__(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Colour for an array: (h, w) grey or (h, w, 3) sRGB, uint8 or uint16.

        Gives (h, w, 3) of the same type, whose luma differs by at most one level from that of what
        came in. Colour that came in is replaced. Raises PhotographError for any other array.
        """
        image = pixels.from_array(picture)
        height, width = self.network.fit(image.height, image.width)
        edges = self._edges(pixels.grey_lightness(pixels.shrunk(image, height, width)))
        rgb: NDArray[Any] = pixels.coloured(image, edges.at).numpy()
        return rgb

    def colorize(
        self, source: str | Path, target: str | Path | None = None, *, overwrite: bool = False
    ) -> Coloured:
        """Write the photograph `source`, in colour, to `target`; without one beside `source`.

        The format follows `source`, which is never replaced itself. Raises PhotographError, and
        leaves nothing half-written.
        """
        started = time.perf_counter()
        opened = photo.open_photo(source)
        path = Path(target) if target else beside(source)
        check_target(path, opened.path, overwrite=overwrite)
        photo.save(opened, path, self._edges_of_file(opened).at)
        return Coloured(
            source=str(source),
            output=str(path),
            seconds=time.perf_counter() - started,
            megapixels=opened.width * opened.height / 1e6,
            model=self.network.card.name,
        )

    def _edges_of_file(self, opened: Photo) -> EdgeChroma:
        turned = opened.orientation >= 5  # stored on its side; the network sees it upright
        size = (opened.width, opened.height) if turned else (opened.height, opened.width)
        height, width = self.network.fit(*size)
        stored = (width, height) if turned else (height, width)
        seen = photo.upright(photo.lightness(opened, *stored), opened.orientation)
        return self._edges(
            seen, lambda srgb: photo.to_device(opened, photo.as_stored(srgb, opened.orientation))
        )

    def _edges(
        self, lightness: Planes, stored: Callable[[Planes], Planes] = lambda srgb: srgb
    ) -> EdgeChroma:
        """Colour for L* (h, w), as a function of the luma of the picture that will hold it.

        `stored` takes (3, h, w) sRGB to that picture's own orientation and RGB.
        """
        ab = self.network(lightness).ab
        grey = np.concatenate((lightness[None], np.zeros_like(ab)))
        luma = color.luma(color.lab_to_srgb(grey))
        chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
        ycc = color.srgb_to_ycc(stored(color.ycc_to_srgb(np.concatenate((luma, chroma)))))
        return follow_edges(ycc[:1], ycc[1:])


def beside(source: str | Path, folder: Path | None = None) -> Path:
    """Where the coloured `source` goes: `<stem>-color<ext>` beside it, or in `folder`.

    The ending is that of the format that the file really has. Raises PhotographError.
    """
    opened = photo.open_photo(source)
    return (folder or opened.path.parent) / f"{opened.path.stem}-color{opened.suffix}"


def colorize_each(
    colorizer: Colorizer,
    sources: Iterable[Path],
    out: Path | None = None,
    *,
    overwrite: bool = False,
) -> Iterator[Coloured | Failed]:
    """Write many photographs in colour, and tell what became of each: none stops the others.

    `out` is a folder that exists or, for one photograph, a file; without it each goes beside its
    source.
    """
    sources = list(sources)
    owners = {os.path.realpath(source): source for source in sources}
    for source in sources:
        answer: Coloured | Failed
        try:
            target = out if out and not out.is_dir() else beside(source, out)
            owner = owners.setdefault(os.path.realpath(target), source)
            if owner != source:
                raise PhotographError(
                    f"'{source}' would become '{target}', which is that of '{owner}'; "
                    "give it another name, or colour it into another folder"
                )
            answer = colorizer.colorize(source, target, overwrite=overwrite)
        except ColorearError as error:
            answer = Failed(str(source), str(error))  # the error itself keeps open files alive
        yield answer


def colorize(
    source: str | Path,
    target: str | Path | None = None,
    *,
    model: str | Path = "acuarela",
    overwrite: bool = False,
) -> Coloured:
    """Write one photograph in colour; for many, make one `Colorizer` and keep it."""
    return Colorizer(model).colorize(source, target, overwrite=overwrite)
