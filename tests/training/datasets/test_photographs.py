import cv2
import numpy as np
import pytest

from colorear.errors import DataError
from colorear.training.datasets.photographs import list_photographs, pack, pack_squares
from colorear.training.recipe import Folder


def test_names_are_in_natural_order_and_parts_are_cut(tmp_path):
    for name in ("10.jpg", "2.jpg", "1.JPG", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "3.png").touch()
    (tmp_path / "._2.jpg").touch()  # as a Mac leaves beside 2.jpg
    (tmp_path / ".thumbnails").mkdir()
    (tmp_path / ".thumbnails" / "2.jpg").touch()
    names = [path.name for path in list_photographs(tmp_path, Folder(folder="."))]
    assert names == ["1.JPG", "2.jpg", "10.jpg", "3.png"]
    part = list_photographs(tmp_path, Folder(folder=".", start=1, stop=3))
    assert [path.name for path in part] == ["2.jpg", "10.jpg"]
    validation_paths = list_photographs(tmp_path, Folder(folder=".", every=3))
    assert [path.name for path in validation_paths] == ["1.JPG", "3.png"]
    learned = list_photographs(tmp_path, Folder(folder=".", except_every=3))
    assert [path.name for path in learned] == ["2.jpg", "10.jpg"]
    with pytest.raises(DataError, match=r"holds 4 photographs, none in \[9:\]"):
        list_photographs(tmp_path, Folder(folder=".", start=9))
    with pytest.raises(DataError, match="is not a folder"):
        list_photographs(tmp_path, Folder(folder="nowhere"))


def test_packing_keeps_shape_and_order_and_does_it_once(tmp_path, free_pictures):
    paths = []
    for i, pixels in enumerate(free_pictures.values()):
        paths.append(tmp_path / f"{i}.png")
        cv2.imwrite(str(paths[-1]), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    packed = pack(paths, 64)
    for i, pixels in enumerate(free_pictures.values()):
        height, width = pixels.shape[:2]
        assert min(packed[i].shape[:2]) == 64
        assert packed[i].shape[0] / packed[i].shape[1] == pytest.approx(height / width, rel=0.02)
        assert np.abs(packed[i].mean((0, 1)) - pixels.mean((0, 1))).max() < 1
    stretched = pack_squares(paths, 64)
    assert {stretched[i].shape for i in range(len(paths))} == {(64, 64, 3)}
    assert pack(paths, 64).fingerprint == packed.fingerprint
    assert len({packed.fingerprint, stretched.fingerprint, pack(paths[1:], 64).fingerprint}) == 3


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    with pytest.raises(DataError, match=r"broken\.jpg: is not a picture"):
        pack([tmp_path / "broken.jpg"], 64)
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = cv2.imencode(".jpg", noise)[1].tobytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.jpg: is not a picture, or is .* cut short; mend"):
        pack([tmp_path / "cut.jpg"], 64)
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    with pytest.raises(DataError, match=r"gone\.jpg: is not a file"):
        pack(list_photographs(tmp_path, Folder(folder=".", start=2)), 64)


def test_a_cache_that_cannot_be_written_is_told(tmp_path, data, recipe, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cannot be kept there \(Not a directory\); make room"):
        pack(list_photographs(data, recipe.data.train[0]), 48)
