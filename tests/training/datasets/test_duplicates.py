import cv2
import numpy as np
import pytest

from colorear.training.datasets.duplicates import (
    NEAR_BITS,
    NEAR_CORRELATION,
    Sketch,
    repeats,
    sketch,
)


def brute(sketches, first, before):
    """The same, pair by pair."""
    found = []
    for i in range(first, len(sketches)):
        near = []
        for j in range(min(i, before)):
            bits = int((sketches[i].hash != sketches[j].hash).sum())
            correlation = np.corrcoef(sketches[i].luma.ravel(), sketches[j].luma.ravel())[0, 1]
            if bits <= NEAR_BITS and correlation >= NEAR_CORRELATION:
                near.append((bits, j))
        if near:
            bits, j = min(near)
            found.append((i, j, "near", bits))
    return found


@pytest.mark.parametrize(("first", "before"), [(0, None), (300, 300), (310, 20)])
def test_the_nearest_is_what_comparing_each_pair_finds(first, before):
    """More than one block of them, in fifty families."""
    rng = np.random.default_rng(3)
    families = [sketch(rng.integers(0, 256, (64, 64), np.uint8)) for _ in range(50)]
    sketches = []
    for _ in range(320):
        of = families[rng.integers(50)]
        flipped = (rng.random(256) < 0.12).astype(np.uint8)
        noise = rng.normal(0, 2.5, (16, 16))
        luma = np.clip(of.luma + noise, 0, 255).astype(np.uint8)
        sketches.append(Sketch(of.hash ^ flipped, luma))
    ids = [str(i) for i in range(320)]
    found = repeats(ids, ids, sketches, first=first, before=before)
    assert found == brute(sketches, first, 320 if before is None else before)
    assert 0 < len(found) < 320 - first or before == 300


def test_equal_files_and_pixels_go_before_near_ones():
    flat = sketch(np.full((20, 20), 7, np.uint8))
    found = repeats("aabca", "xxxyx", [flat] * 5)
    assert [(each.later, each.earlier, each.match) for each in found] == [
        (1, 0, "file"),
        (2, 0, "pixels"),
        (4, 0, "file"),
    ]
    assert repeats("aabca", "xxxyx", [flat] * 5, first=3, before=0) == []


def test_a_copy_is_near_and_another_picture_is_not(free_pictures):
    lumas = [pixels[:288, :400, 1] for pixels in free_pictures.values()]
    jpegs = [cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 60])[1] for luma in lumas]
    small = [cv2.resize(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), (150, 150)) for jpeg in jpegs]
    brighter = [np.clip(luma * 1.1 + 10.0, 0, 255).astype(np.uint8) for luma in lumas]
    for copies in (small, brighter):
        sketches = [sketch(luma) for luma in (*lumas, *copies)]
        ids = [str(i) for i in range(len(sketches))]
        found = repeats(ids, ids, sketches)
        assert [(each.later, each.earlier) for each in found] == [(i + 6, i) for i in range(6)]
