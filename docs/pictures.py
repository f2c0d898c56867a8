"""Make the example photographs of the package and the documents' two strips from free pictures.

    python docs/pictures.py

The examples come with scikit-image and scikit-learn, the old photographs are in `docs/plates`;
CREDITS.md names their makers. One strip shows old photographs, their color by the bundled network
and by the three plates that were exposed behind color filters; the other the examples in gray, what
each autoencoder of the catalogue makes of them, and as they were.
"""

import tempfile
from pathlib import Path

import numpy as np
import pyvips
import skimage.data
from numpy.typing import NDArray
from skimage.filters import sobel
from skimage.registration import phase_cross_correlation
from sklearn.datasets import load_sample_image

from colorear import Colorizer, color, models
from colorear.photo.raster import luma

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "src" / "colorear" / "examples"
PICTURES = {
    "astronaut.jpg": skimage.data.astronaut,
    "chelsea.tif": skimage.data.chelsea,
    "china.jpg": lambda: load_sample_image("china.jpg"),
    "coffee.png": skimage.data.coffee,
    "flower.jpg": lambda: load_sample_image("flower.jpg"),
    "rocket.jpg": skimage.data.rocket,
}
SAVED_AS = {
    "astronaut.jpg": {"Q": 90, "interlace": True},
    "china.jpg": {"Q": 90},
    "flower.jpg": {"Q": 90},
    "rocket.jpg": {"Q": 90},
    "chelsea.tif": {"compression": "deflate", "predictor": "horizontal"},
    "coffee.png": {"compression": 9, "filter": "all"},
}
PLATES = ("monastery.jpg", "cathedral.jpg", "settlers.jpg")
EDGE = 28  # pixels of a plate that are frame, or that another plate does not have
HEIGHT = 240
SIDE = 160  # what the autoencoders learnt from


def main() -> None:
    """Write the examples, then the strips."""
    originals = {name: pyvips.Image.new_from_array(load()) for name, load in PICTURES.items()}
    for name, picture in originals.items():
        gray = (luma(picture) * 255).rint().cast("uchar")
        gray.write_to_file(str(EXAMPLES / name), keep="none", **SAVED_AS[name])
    _strip_of_old_photographs()
    _strip_of_the_autoencoders(originals)


def _strip_of_old_photographs() -> None:
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        for name in PLATES:
            truth = _three_colors(ROOT / "docs" / "plates" / name)
            plate = Path(folder, name).with_suffix(".png")
            pyvips.Image.new_from_array(truth[..., 1].copy()).write_to_file(str(plate))
            colored = Path(folder, name).with_suffix(".color.png")
            Colorizer().colorize(plate, colored)
            shown += [pyvips.Image.new_from_file(str(each)) for each in (plate, colored)]
            shown.append(pyvips.Image.new_from_array(truth))
        cells = [
            picture.colourspace("srgb").thumbnail_image(
                HEIGHT * 4 // 3, height=HEIGHT, crop="centre"
            )
            for picture in shown
        ]
        _save(cells, len(shown) // len(PLATES), "strip.jpg")


def _three_colors(path: Path) -> NDArray[np.uint8]:
    """The color (h,w,3) of three plates, one above the other, behind blue, green and red filters.

    Blue and red are moved onto green, edge on edge: a thing has other levels in each.
    """
    plates = pyvips.Image.new_from_file(str(path)).numpy()
    height = len(plates) // 3
    blue, green, red = (plates[i * height : (i + 1) * height] for i in range(3))
    inner = slice(EDGE, -EDGE)
    moved = []
    for plate in (red, green, blue):
        edges = (sobel(each)[inner, inner] for each in (green, plate))
        shift = phase_cross_correlation(*edges)[0].astype(int)
        moved.append(np.roll(plate, tuple(shift), (0, 1))[inner, inner])
    return np.stack(moved, -1)


def _strip_of_the_autoencoders(originals: dict[str, pyvips.Image]) -> None:
    here = [name for name, card in models.cards().items() if card.layers and models.is_here(name)]
    networks = [models.load(name) for name in here]
    cells = []
    for original in originals.values():
        square = original.thumbnail_image(SIDE, height=SIDE, crop="centre")
        gray = luma(square).numpy().astype(np.float32)
        made = [network.srgb(color.luma_to_lightness(gray)) for network in networks]
        for planes in (np.stack([gray] * 3), *made):
            pixels = (255 * planes.clip(0, 1)).round().astype(np.uint8).transpose(1, 2, 0)
            cells.append(pyvips.Image.new_from_array(np.ascontiguousarray(pixels)))
        cells.append(square)
    _save(cells, len(networks) + 2, "autoencoders.jpg")


def _save(cells: list[pyvips.Image], across: int, name: str) -> None:
    strip = pyvips.Image.arrayjoin(cells, across=across, shim=4, background=255)
    strip.jpegsave(str(ROOT / "docs" / name), Q=88, keep="none")


if __name__ == "__main__":
    main()
