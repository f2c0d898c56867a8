"""Bytes, file objects and images of Pillow."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from colorear import Colorizer, verify
from colorear.errors import PhotographError, UsageError

GRAY = Image.fromarray(astronaut()).convert("L").crop((0, 0, 90, 60))


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


@pytest.fixture
def photograph(tmp_path) -> Path:
    path = tmp_path / "old.png"
    GRAY.save(path)
    return path


def test_bytes_and_file_objects(tmp_path, colorizer, photograph):
    colorizer.colorize(photograph, tmp_path / "known.png")
    known = (tmp_path / "known.png").read_bytes()
    content = photograph.read_bytes()
    made = colorizer.colorize(content, tmp_path / "new.png")
    assert (made.source, made.output) == ("", str(tmp_path / "new.png"))
    assert (tmp_path / "new.png").read_bytes() == known
    for source in (content, io.BytesIO(content), str(photograph)):
        out = io.BytesIO()
        colorizer.colorize(source, out)
        assert out.getvalue() == known
    with photograph.open("rb") as source, (tmp_path / "out").open("wb") as target:
        made = colorizer.colorize(source, target, vividness=0.5)
    assert made.megapixels == 0.0054
    assert verify(photograph, tmp_path / "out").ok
    assert (tmp_path / "out").read_bytes() != known


def test_what_cannot_be_colored(colorizer, tmp_path):
    out = io.BytesIO()
    with pytest.raises(PhotographError, match=r"^the photograph is not an image, but"):
        colorizer.colorize(b"dear diary", out)
    assert out.getvalue() == b""
    with pytest.raises(UsageError, match="name a target"):
        colorizer.colorize(b"dear diary")
    (tmp_path / "there.png").write_bytes(b"mine")
    content = io.BytesIO()
    GRAY.save(content, "png")
    with pytest.raises(PhotographError, match="exists already"):
        colorizer.colorize(content.getvalue(), tmp_path / "there.png")


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA", "P", "1", "CMYK"])
def test_images_of_pillow(colorizer, mode):
    image = GRAY.convert(mode)
    values = np.asarray(image if mode in ("L", "RGB") else image.convert("RGB"))
    assert np.array_equal(colorizer(image), colorizer(values))


def test_deep_images_of_pillow(colorizer):
    deep = np.asarray(GRAY).astype(np.uint16) * 257
    made = colorizer(Image.fromarray(deep))
    assert made.dtype == np.uint16
    assert np.array_equal(made, colorizer(deep))
    with pytest.raises(PhotographError, match="type float32"):
        colorizer(Image.fromarray(deep.astype(np.float32)))
