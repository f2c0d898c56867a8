import io

import numpy as np
import pytest
import turbojpeg
from PIL import Image

from colorear.errors import PhotographError
from colorear.photo import jpeg, jpeg_dct
from photo.test_jpeg import encoded, luma_of, same_luma


@pytest.fixture
def picture(free_pictures) -> np.ndarray:
    return free_pictures["chelsea"][:123, :77]


def taken(content: bytes) -> jpeg.Jpeg:
    return jpeg.read(content, "scan.jpg")


def test_a_grayscale_file_comes_back_as_it_is(picture):
    gray = taken(encoded(picture[..., 0]))
    assert jpeg_dct.without_chroma(gray) is gray


@pytest.mark.parametrize("progressive", [False, True])
def test_without_chroma_is_a_grayscale_file(picture, progressive):
    content = encoded(picture, progressive=progressive, comment=b"kept")
    gray = jpeg_dct.without_chroma(taken(content))
    assert gray.about == taken(content).about
    assert not gray.progressive
    alone = b"".join(jpeg.written(gray.coded))
    assert Image.open(io.BytesIO(alone)).mode == "L"
    assert same_luma(content, alone)


@pytest.mark.parametrize(
    "other",
    [{"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 3}, {"comment": b"new"}],
)
def test_a_key_does_not_depend_on_the_coding(picture, other):
    plain, again = encoded(picture, quality=90), encoded(picture, quality=90, **other)
    assert jpeg_dct.luma_key(taken(plain)) == jpeg_dct.luma_key(taken(again))
    gray = jpeg_dct.without_chroma(taken(again))
    assert jpeg_dct.luma_key(taken(plain)) == jpeg_dct.luma_key(gray)


def test_a_key_tells_one_coefficient_and_one_step_of_the_table(picture):
    gray = picture[..., 1].copy()
    plain = encoded(gray, quality=100)
    gray[60:68, 30:38] += 1
    changed = encoded(gray, quality=100)
    blocks, others = luma_of(plain)[0], luma_of(changed)[0]
    assert 0 < np.count_nonzero(blocks != others) < 100
    assert jpeg_dct.luma_key(taken(plain)) != jpeg_dct.luma_key(taken(changed))
    at = plain.index(b"\xff\xdb") + 5 + 20
    coarser = plain[:at] + bytes([plain[at] + 1]) + plain[at + 1 :]
    assert jpeg_dct.luma_key(taken(plain)) != jpeg_dct.luma_key(taken(coarser))
    wider = encoded(np.pad(picture[..., 1], ((0, 0), (0, 1)), mode="edge"), quality=100)
    assert jpeg_dct.luma_key(taken(plain)) != jpeg_dct.luma_key(taken(wider))


def test_damage_is_one_sentence(picture):
    content = encoded(picture)
    for cut in (len(content) // 2, len(content) - 40):
        damaged = taken(content[:cut] + b"\xff\xd9")
        with pytest.raises(PhotographError, match=r"'scan\.jpg' is a JPEG with damaged coeff"):
            jpeg_dct.without_chroma(damaged)


def test_without_the_library(picture, monkeypatch):
    monkeypatch.setattr(jpeg_dct, "can_transform", lambda: False)
    gray, color = taken(encoded(picture[..., 0])), taken(encoded(picture))
    assert jpeg_dct.chroma_factors(gray) == (1, 1)
    assert jpeg_dct.without_chroma(gray) is gray
    with pytest.raises(PhotographError, match="is a JPEG in color, and what takes the color out"):
        jpeg_dct.without_chroma(color)


def test_the_library_is_found():
    assert jpeg_dct.can_transform()
    assert turbojpeg.transform


@pytest.mark.parametrize(("across", "down"), [(3, 1), (1, 3), (2, 4), (4, 4), (3, 3)])
def test_rare_samplings_become_usual_ones(across, down):
    """Luma of them is kept, and the chroma, which is new, is sampled as programs expect."""
    rng = np.random.default_rng(0)
    height, width = 70, 90
    planes = [
        encoded(rng.integers(0, 256, (-(-height // d), -(-width // a)), np.uint8))
        for a, d in ((1, 1), (across, down), (across, down))
    ]
    gray = taken(planes[0])
    coded = list(jpeg.chroma_beside(gray, *planes[1:], (across, down)))
    content = b"".join(jpeg.written([*gray.about, *coded]))
    parts = taken(content)
    assert parts.factors == (across, down)
    assert jpeg_dct.chroma_factors(parts) == (2, 2)
    without = jpeg_dct.without_chroma(parts)
    assert same_luma(planes[0], b"".join(jpeg.written(without.coded)))
