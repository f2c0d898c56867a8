"""The promise on pairs of films, and the contact sheet."""

import cv2
import pytest

import made_films as made
from colorear.errors import UsageError, VideoError
from colorear.video.options import VideoOptions
from colorear.video.verify import is_film, verify


def test_the_promise_is_kept_and_its_breach_is_seen(colorizer, lumas, tmp_path):
    luma = [made.coded(one) for one in lumas]
    source = made.write(tmp_path / "old.mkv", luma)
    colorizer.colorize(source, tmp_path / "new.mkv", VideoOptions(steady=0))
    kept = verify(source, tmp_path / "new.mkv")
    assert (kept.ok, kept.identical_luma, kept.frames, kept.psnr) == (True, True, 12, None)
    assert kept.provenance == colorizer.mark
    luma[7] = luma[7].copy()
    luma[7][3, 3] += 2
    broken = verify(source, made.write(tmp_path / "changed.mkv", luma))
    assert (broken.ok, broken.max_luma_difference, broken.provenance) == (False, 2, None)
    short = verify(source, made.write(tmp_path / "short.mkv", luma[:5]))
    assert (short.ok, short.frames_colored) == (False, 5)
    lossy = VideoOptions(steady=0, codec="h264", quality=30)
    colorizer.colorize(source, tmp_path / "lossy.mkv", lossy)
    found = verify(source, tmp_path / "lossy.mkv")
    assert (found.ok, found.identical_luma, found.lossless) == (True, False, False)
    assert 25 < found.psnr < 60
    small = made.write(tmp_path / "small.mkv", [one[:32, :32] for one in luma])
    with pytest.raises(VideoError, match=r"64 x 48 pixels of 8 bits .* 32 x 32 of 8"):
        verify(source, small)


def test_films_are_told_from_photographs(lumas, tmp_path):
    for name in ("a.mkv", "a.mp4", "a.avi", "a.nut", "a.ts"):
        codec = "mpeg4" if name in ("a.avi", "a.ts") else "ffv1"
        codec = "mpeg2video" if name == "a.ts" else codec
        path = made.write(tmp_path / name, [made.coded(lumas[0])], codec=codec)
        assert is_film(path), name
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(20))
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    (tmp_path / "a.webp").write_bytes(b"RIFF\0\0\0\0WEBP" + bytes(20))
    assert not any(is_film(tmp_path / name) for name in ("a.jpg", "a.heic", "a.webp"))


def test_the_contact_sheet_has_each_shot(colorizer, free_pictures, tmp_path):
    shots = [made.camera(free_pictures[name], frames=6) for name in ("coffee", "china")]
    luma = [made.coded(one) for shot in shots for one in made.luma_of(shot.frames)]
    source = made.write(tmp_path / "old.mkv", luma)
    done = colorizer.preview(source, tmp_path / "sheet.png")
    assert done.shots == pytest.approx((0, 0.25), abs=1e-3)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape == (180 + 24 + 16, 2 * (320 + 8) + 8, 3)
    apart = sheet[:, :, 2].astype(int) - sheet[:, :, 1]
    assert apart[8:188, 8:328].mean() > 10  # the known network's red
    with pytest.raises(UsageError, match="a preview is a picture"):
        colorizer.preview(source, tmp_path / "sheet.mkv")
