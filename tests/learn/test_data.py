import cv2
import numpy as np
import pytest

from colorear.errors import DataError
from colorear.learn.data import Cuts, list_photographs, pack, squares
from colorear.learn.recipe import Folder


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
    judging = list_photographs(tmp_path, Folder(folder=".", one_of=3))
    assert [path.name for path in judging] == ["1.JPG", "3.png"]
    learnt = list_photographs(tmp_path, Folder(folder=".", but_one_of=3))
    assert [path.name for path in learnt] == ["2.jpg", "10.jpg"]
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
    stretched = squares(paths, 64)
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


def test_cuts_depend_on_nothing_but_seed_epoch_and_position(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    cuts = Cuts(photographs, recipe.data, batch=4, epochs=5, seed=1)
    whole = list(cuts.epoch(3))
    assert len(whole) == len(cuts) == len(photographs) // 4
    assert whole[0].pixels.shape == (4, 32, 32, 3)
    assert whole[0].pixels.dtype == np.uint8
    assert len({chance for batch in whole for chance in batch.chances}) == 4 * len(whole)
    for late, again in zip(whole[2:], cuts.epoch(3, first=2), strict=True):
        assert all(map(np.array_equal, late, again))
    other = next(Cuts(photographs, recipe.data, batch=4, epochs=4, seed=2).epoch(3))
    for another in (next(cuts.epoch(4)), other):
        assert not any(map(np.array_equal, whole[0], another))


def test_fewer_photographs_than_a_batch_are_refused(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.validate_on[0]), 64)
    with pytest.raises(DataError, match="do not fill one batch of 400"):
        Cuts(photographs, recipe.data, batch=400, epochs=4, seed=1)


def test_crops_grow_over_the_epochs(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    spec = recipe.data.model_copy(update={"crop": (32, 32, 64, 96)})
    cuts = Cuts(photographs, spec, batch=4, epochs=8, seed=1)
    sides = [next(cuts.epoch(i)).pixels.shape[1] for i in range(8)]
    assert sides == [32, 32, 32, 32, 64, 64, 96, 96]


def test_mixed_sides_take_turns_over_all_batches(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    spec = recipe.data.model_copy(update={"crop": (32, 64, 96), "mixed": True})
    cuts = Cuts(photographs, spec, batch=5, epochs=2, seed=1)
    sides = [batch.pixels.shape[1] for epoch in range(2) for batch in cuts.epoch(epoch)]
    assert sides == [(32, 64, 96)[i % 3] for i in range(len(sides))]
    assert len(cuts) % 3  # so that an epoch goes on where the last one ended
    later = next(cuts.epoch(1, first=2))
    assert later.pixels.shape[1] == sides[len(cuts) + 2]


def test_whole_photographs_are_each_seen_once_an_epoch(data, recipe):
    photographs = squares(list_photographs(data, recipe.data.train[0]), 32)
    spec = recipe.data.model_copy(update={"whole": True})
    cuts = Cuts(photographs, spec, batch=7, epochs=2, seed=1)
    batches = [batch.pixels for batch in cuts.epoch(0)]
    assert [len(batch) for batch in batches] == [7, 7, 7, len(photographs) % 7]
    seen = sorted(picture.tobytes() for picture in np.concatenate(batches))
    assert seen == sorted(photographs[i].tobytes() for i in range(len(photographs)))
    assert not np.array_equal(batches[0], next(cuts.epoch(1)).pixels)


def test_shares_are_the_batch_cut_in_parts(data, recipe):
    photographs = pack(list_photographs(data, recipe.data.train[0]), recipe.data.shorter_side)
    whole, *shares = (
        list(Cuts(photographs, recipe.data, batch=5, epochs=1, seed=1, share=share).epoch(0))
        for share in ((0, 1), (0, 3), (1, 3), (2, 3))
    )
    for batch, *parts in zip(whole, *shares, strict=True):
        for ours, theirs in zip(batch, zip(*parts, strict=True), strict=True):
            assert np.array_equal(ours, np.concatenate(theirs))
        assert sorted(len(part.pixels) for part in parts) == [1, 2, 2]
    with pytest.raises(DataError, match="6 processes cannot share a batch of 5; start at most 5"):
        Cuts(photographs, recipe.data, batch=5, epochs=1, seed=1, share=(0, 6))
