"""Make the example photographs of the package and the strip of the README from free pictures.

    python docs/pictures.py

The pictures come with scikit-image and scikit-learn; src/colorear/examples/CREDITS.txt names their
makers. The strip shows grey, colour by the bundled network, original.
"""

import tempfile
from pathlib import Path

import numpy as np
import pyvips
import skimage.data
from sklearn.datasets import load_sample_image

from colorear import Colorizer
from colorear.pixels import luma

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


def main() -> None:
    """Write the examples, then the strip."""
    originals = {name: pyvips.Image.new_from_array(load()) for name, load in PICTURES.items()}
    for name, picture in originals.items():
        grey = (luma(picture) * 255).rint().cast("uchar")
        grey.write_to_file(str(EXAMPLES / name), keep="none", **SAVED_AS[name])
    colorizer = Colorizer()
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        for name in IN_STRIP:
            coloured = Path(folder, name)
            colorizer.colorize(EXAMPLES / name, coloured)
            grey, colour = (
                pyvips.Image.new_from_file(str(source)).colourspace("srgb")
                for source in (EXAMPLES / name, coloured)
            )
            shown += [grey, colour, originals[name]]
        size = HEIGHT * 4 // 3
        cells = [
            pyvips.Image.new_from_array(np.ascontiguousarray(picture.numpy())).thumbnail_image(
                size, height=HEIGHT, crop="centre"
            )
            for picture in shown
        ]
        strip = pyvips.Image.arrayjoin(cells, across=3, shim=4, background=255)
        strip.jpegsave(str(ROOT / "docs" / "strip.jpg"), Q=88, keep="none")


if __name__ == "__main__":
    main()
