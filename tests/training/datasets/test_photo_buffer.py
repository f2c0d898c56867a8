import cv2
import numpy as np
import pytest
import torch

from colorear.training.datasets.photo_buffer import PhotoBuffer

CPU = torch.device("cpu")


@pytest.fixture
def photographs(free_pictures):
    pictures = [picture[:120, :150] for picture in list(free_pictures.values())[:3]]
    return [*pictures, pictures[0][:100, ::-1].copy()]


@pytest.fixture
def buffer(photographs):
    made = PhotoBuffer(sum(picture.size for picture in photographs), CPU)
    made.add(photographs[:2], ["one", "two"])
    made.add(photographs[2:], ["one", "two"])
    assert made.refresh()
    return made


def test_the_last_of_each_shard_are_held_out_and_never_drawn(buffer):
    assert buffer.held_out.tolist() == [1, 3]
    assert set(buffer.draw(500).tolist()) == {0, 2}
    assert buffer.free == 0
    assert not buffer.refresh()


def test_groups_are_drawn_by_their_shares():
    torch.manual_seed(0)
    buffer = PhotoBuffer(10**6, CPU)
    tiny = np.zeros((8, 8, 3), np.uint8)
    buffer.add([tiny] * 606, ["many"] * 499 + ["few"] * 100 + ["many"] * 7)
    buffer.refresh()
    many = (buffer.draw(20_000) < 499).float().mean().item()
    assert many == pytest.approx(0.5, abs=0.02)
    assert buffer.counts.tolist() == [499, 100]  # the last seven are held out


def test_squares_are_the_middle_of_the_photographs(buffer, photographs):
    squares = buffer.squares(torch.tensor([0, 3]), 64).numpy()
    for square, picture in (
        (squares[0], photographs[0][:, 15:135]),
        (squares[1], photographs[3][:, 25:125]),
    ):
        expected = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
        assert np.abs(square.astype(int) - expected).mean() < 4
    same = buffer.squares(torch.tensor([3]), 100).numpy()[0]
    np.testing.assert_array_equal(same, photographs[3][:, 25:125])


def test_crops_are_parts_of_the_photograph_that_was_drawn():
    torch.manual_seed(0)
    rows, columns = np.meshgrid(np.arange(100), np.arange(140), indexing="ij")
    picture = np.stack((rows, columns, 0 * rows), -1).astype(np.uint8)
    buffer = PhotoBuffer(2 * picture.size, CPU)
    buffer.add([picture, picture], ["it", "it"])
    buffer.refresh()
    crops = buffer.crop(torch.zeros(400, dtype=torch.long), 32, min_crop=0.5).float()
    heights = (crops[:, -1, 0, 0] - crops[:, 0, 0, 0]) * 32 / 31
    widths = (crops[:, 0, -1, 1] - crops[:, 0, 0, 1]) * 32 / 31
    flipped = widths < 0
    assert 0.4 < flipped.float().mean() < 0.6
    sides = (heights * widths.abs()).sqrt()
    assert 45 < sides.min() < 55
    assert 92 < sides.max() < 103
    aspects = widths.abs() / heights
    assert 0.7 < aspects.min() < 0.85
    assert 1.2 < aspects.max() < 1.42
    assert crops[..., 0].min() < 5
    assert crops[..., 0].max() > 93  # every part of it
    assert crops[..., 1].min() < 5
    assert crops[..., 1].max() > 133
