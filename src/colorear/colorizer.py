"""The one way from a photograph to the same photograph in colour."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorear import color, models, photo, pixels
from colorear.chroma import EdgeChroma, follow_edges
from colorear.files import Format, check_target, ending_for, format_of, reading
from colorear.photo import Photo
from colorear.provenance import Provenance
from colorear.signing import Signer
from colorear.version import __version__

__all__ = ["Colorizer", "Coloured", "beside", "colorize", "coloured_name"]

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Coloured:
    """What was done for one photograph."""

    source: str
    output: str
    seconds: float
    megapixels: float
    model: str


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
        self,
        source: str | Path,
        target: str | Path | None = None,
        *,
        overwrite: bool = False,
        unfinished: Path | None = None,
    ) -> Coloured:
        """Write the photograph `source`, in colour, to `target`; without one beside `source`.

        Its XMP says that the colour is synthetic, and which network made it.
        The format follows `source`, which is never replaced itself. `unfinished` is the folder for
        the file while it is written, on the disk of `target`; without one it lies beside it. Raises
        PhotographError, and leaves nothing half-written.
        """
        started = time.perf_counter()
        opened = photo.open_photo(source)
        path = Path(target) if target else beside(source)
        check_target(path, opened.path, overwrite=overwrite)
        chroma = self._edges_of_file(opened).at
        sign = partial(self._sign, opened)
        photo.save(opened, path, chroma, self.mark, unfinished=unfinished, sign=sign)
        return Coloured(
            source=str(source),
            output=str(path),
            seconds=time.perf_counter() - started,
            megapixels=opened.width * opened.height / 1e6,
            model=self.network.card.name,
        )

    @property
    def mark(self) -> Provenance:
        """What every file that it colours says of the colour."""
        card = self.network.card
        return Provenance(__version__, card.name, card.version, card.sha256)

    def _sign(self, opened: Photo, part: Path) -> None:
        if self._signer:
            self._signer.sign(part, opened.format, opened.path, self.mark)

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
    overwrite: bool = False,
) -> Coloured:
    """Write one photograph in colour; for many, make one `Colorizer` and keep it."""
    return Colorizer(model).colorize(source, target, overwrite=overwrite)
