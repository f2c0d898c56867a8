import base64

import numpy as np
import pytest
import pyvips

from colorear import Hint
from colorear.errors import PhotographError
from colorear.server.ui.previews import (
    Part,
    jpeg_data_url,
    load_detail,
    load_preview,
    thumbnail,
    uncertainty_data_url,
    unreachable_hints,
)
from colorear.server.ui.routes import EXAMPLES


def read(url: str, kind: str) -> np.ndarray:
    head, content = url.split(",")
    assert head == f"data:image/{kind};base64"
    return pyvips.Image.new_from_buffer(base64.b64decode(content), "").numpy()


def test_a_preview_is_the_photograph_upright_and_small(tmp_path):
    gray = np.tile(np.linspace(0, 255, 3000).astype(np.uint8), (900, 1))
    image = pyvips.Image.new_from_array(gray)
    for orientation, shape in ((1, (307, 1024)), (6, (1024, 307))):
        path = tmp_path / f"{orientation}.jpg"
        turned = image.copy()
        turned.set_type(pyvips.GValue.gint_type, "orientation", orientation)
        turned.jpegsave(str(path), Q=95)
        preview = load_preview(path, megapixels=5)
        assert preview.format == "jpeg"
        assert preview.gray.shape == shape
        seen = preview.gray[shape[0] // 2] if orientation == 1 else preview.gray[:, 150]
        assert np.abs(seen - np.linspace(0, 255, 1024)).max() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_part_has_the_pixels_of_the_file_upright(tmp_path, orientation):
    gray = (np.arange(60 * 40) % 251).astype(np.uint8).reshape(60, 40)
    image = pyvips.Image.new_from_array(gray).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    path = tmp_path / "any.tif"
    image.tiffsave(str(path))
    upright = pyvips.Image.new_from_file(str(path)).autorot().numpy()
    height, width = upright.shape
    preview = load_preview(path, megapixels=1)
    assert (preview.width, preview.height) == (width, height)
    part = Part(5 / width, 10 / height, 15 / width, 30 / height)
    seen = load_detail(path, part, longest=2048)
    assert seen.tolist() == upright[10:40, 5:20].tolist()
    assert load_detail(path, part, longest=10).shape == (10, 5)
    whole = load_detail(path, Part(0, 0, 1, 1), longest=2048)
    assert whole.tolist() == upright.tolist()
    assert load_detail(path, Part(1, 1, 0, 0), longest=8).tolist() == [[upright[-1, -1]]]


def test_a_small_photograph_keeps_its_size(tmp_path):
    pyvips.Image.new_from_array(np.array([[7]], np.uint8)).pngsave(str(tmp_path / "1.png"))
    assert load_preview(tmp_path / "1.png", megapixels=1).gray.tolist() == [[7]]


def test_too_many_pixels_are_refused():
    with pytest.raises(PhotographError, match=r"at most 0\.1 million are taken here"):
        load_preview(EXAMPLES["china"], megapixels=0.1)


def test_a_picture_becomes_a_url_of_the_size_that_is_wanted():
    picture = np.full((40, 80, 3), (200, 40, 60), np.uint8)
    shown = read(jpeg_data_url(picture, longest=20), "jpeg")
    assert shown.shape == (10, 20, 3)
    assert np.abs(shown.astype(int) - (200, 40, 60)).max() < 8
    assert read(jpeg_data_url(picture), "jpeg").shape == (40, 80, 3)


def test_doubt_is_clear_where_the_network_is_sure():
    told = np.repeat(np.array([[2, 6, 18, 30, 60]], np.float32), 3, axis=0)
    alpha = read(uncertainty_data_url(told), "png")[1, :, 3]
    assert alpha[:2].tolist() == [0, 0]
    assert 0 < alpha[2] < alpha[3] == alpha[4] < 200
    assert read(uncertainty_data_url(np.zeros((600, 1200), np.float32)), "png").shape == (
        256,
        512,
        4,
    )


def test_what_is_too_dark_for_its_color_is_told():
    gray = np.zeros((40, 40), np.uint8)
    gray[:, 20:] = 120
    hints = [Hint(0.1, 0.5, "red"), Hint(0.9, 0.5, "firebrick")]
    assert [one.hint for one in unreachable_hints(gray, hints)] == hints[:1]


def test_examples_have_stamps():
    shown = pyvips.Image.new_from_buffer(thumbnail(EXAMPLES["chelsea"]), "")
    assert (shown.width, shown.height) == (240, 240)
