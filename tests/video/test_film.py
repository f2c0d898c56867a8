"""Films that are read: their frames, and what is said of damaged ones."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

import made_films as made
from colorear.errors import VideoError
from colorear.video.film import Film


def damaged(path, target, *, keep=1.0, at=None):
    content = bytearray(path.read_bytes())
    if at is not None:
        where = int(len(content) * at)
        content[where : where + 40] = bytes(byte ^ 0x5A for byte in content[where : where + 40])
    target.write_bytes(content[: int(len(content) * keep)])
    return target


def test_a_damaged_frame_is_told_with_its_time(lumas, tmp_path):
    luma = [made.coded(one) for one in lumas]
    options = {"level": "3", "slicecrc": "1"}
    source = made.write(tmp_path / "old.mkv", luma, options=options)
    film = Film(damaged(source, tmp_path / "bad.mkv", at=0.5))
    pictures = [*film.pictures()]
    wrong = [
        number
        for number, picture in enumerate(pictures)
        if not np.array_equal(picture.luma, luma[number])
    ]
    ((seconds, what),) = film.report.damaged
    assert len(pictures) == 12
    assert wrong[0] in (5, 6)
    assert seconds == pytest.approx(wrong[0] / 24, abs=0.001)
    assert "CRC" in what
    assert film.report.ends_early is None


def test_a_film_that_is_cut_short_is_read_up_to_there(lumas, tmp_path):
    luma = [made.coded(one) for one in np.concatenate([lumas] * 4)]
    source = made.write(tmp_path / "old.mkv", luma)
    film = Film(damaged(source, tmp_path / "short.mkv", keep=0.5))
    count = len([*film.pictures()])
    assert 20 <= count <= 25
    ends, says = film.report.ends_early
    assert ends == pytest.approx(count / 24, abs=0.01)
    assert says == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (None, "does not exist; check the name"),
        (b"", "cannot be read as a film .* use an intact copy"),
        (b"text" * 500, "cannot be read as a film .* use an intact copy"),
    ],
)
def test_what_is_no_film_is_one_sentence(tmp_path, content, match):
    path = tmp_path / "it's 100 %.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=match):
        Film(path)


def test_a_folder_and_a_film_without_pictures(tmp_path):
    with pytest.raises(VideoError, match="is a folder; name a film in it"):
        Film(tmp_path)
    path = tmp_path / "sound.mka"
    with av.open(str(path), "w", format="matroska") as file:
        sound = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    with pytest.raises(VideoError, match=r"has no moving pictures \(it holds audio\); name a film"):
        Film(path)
    for name in ("still.png", "still.jpg"):
        cv2.imwrite(str(tmp_path / name), np.zeros((16, 16), np.uint8))
        with pytest.raises(VideoError, match=r"has no moving pictures \(it holds a still picture"):
            Film(tmp_path / name)


def test_a_film_is_read_from_any_time_on(lumas, tmp_path):
    luma = [made.coded(one) for one in np.concatenate([lumas] * 5)]
    source = made.write(
        tmp_path / "old.mp4",
        luma,
        codec="libx264",
        options={"g": "12", "qp": "0"},
        time_base=Fraction(1, 24),
    )
    film = Film(source)
    every = [*film.pictures()]
    part = [*film.pictures(every[31].time, every[45].time)]
    assert [picture.time for picture in part] == [picture.time for picture in every[31:45]]
    for mine, theirs in zip(part, every[31:45], strict=True):
        np.testing.assert_array_equal(mine.luma, theirs.luma)
    np.testing.assert_array_equal(part[0].luma, luma[31])


@pytest.mark.parametrize(
    ("codec", "form", "container", "full"),
    [("ffv1", "gray", "matroska", True), ("libx265", "gray", "mp4", False)],
)
def test_gray_that_does_not_tell_its_range(lumas, tmp_path, codec, form, container, full):
    """FFmpeg's grey is of full range; H.265 says that what is silent is limited."""
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    source = made.write(
        tmp_path / "old",
        [made.coded(lumas[0])],
        codec=codec,
        form=form,
        container=container,
        full_range=None,
        options=options,
    )
    assert Film(source).facts.layout.full_range is full


def test_red_green_and_blue_become_luma(tmp_path):
    path = tmp_path / "old.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 8, 8, "bgr0"
        for number, rgb in enumerate([(90, 90, 90), (200, 100, 50)]):
            picture = np.full((8, 8, 3), rgb, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    film = Film(path)
    gray, red = (picture.luma for picture in film.pictures())
    assert film.facts.layout.full_range
    assert np.unique(gray).tolist() == [90]
    assert np.unique(red).tolist() == [round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]
