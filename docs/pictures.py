"""Make the example photographs of the package and the README's two strips from free pictures.

    python docs/pictures.py

The pictures come with scikit-image and scikit-learn; CREDITS.md names their
makers. One strip shows grey, colour by the bundled network, original; the other grey, what each
autoencoder of the catalogue makes, original.
"""

import tempfile
from pathlib import Path

import numpy as np
import pyvips
import skimage.data
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
IN_STRIP = ("china.jpg", "flower.jpg", "astronaut.jpg")
HEIGHT = 240
SIDE = 160  # what the autoencoders learnt from


def main() -> None:
    """Write the examples, then the strips."""
    originals = {name: pyvips.Image.new_from_array(load()) for name, load in PICTURES.items()}
    for name, picture in originals.items():
        gray = (luma(picture) * 255).rint().cast("uchar")
        gray.write_to_file(str(EXAMPLES / name), keep="none", **SAVED_AS[name])
    _strip_of_the_bundled_network(originals)
    _strip_of_the_autoencoders(originals)


def _strip_of_the_bundled_network(originals: dict[str, pyvips.Image]) -> None:
    colorizer = Colorizer()
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        for name in IN_STRIP:
            colored = Path(folder, name)
            colorizer.colorize(EXAMPLES / name, colored)
            gray, truth = (
                pyvips.Image.new_from_file(str(source)).colourspace("srgb")
                for source in (EXAMPLES / name, colored)
            )
            shown += [gray, truth, originals[name]]
        size = HEIGHT * 4 // 3
        cells = [
            pyvips.Image.new_from_array(np.ascontiguousarray(picture.numpy())).thumbnail_image(
                size, height=HEIGHT, crop="centre"
            )
            for picture in shown
        ]
    _save(cells, 3, "strip.jpg")


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
