import shutil

import cv2
import numpy as np
import pytest

from colorear.errors import DataError
from colorear.training.datasets.packing import pack_shards
from colorear.training.datasets.shards import read_shard


def test_what_is_gray_small_damaged_or_repeated_is_left_out_and_counted(tmp_path, data):
    mixed = tmp_path / "mixed"
    shutil.copytree(data / "colour", mixed / "things")
    some = sorted((mixed / "things").glob("*.png"))
    gray = cv2.imread(str(some[0]), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(mixed / "gray.jpg"), gray)
    cv2.imwrite(str(mixed / "gray-in-color.jpg"), cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
    cv2.imwrite(str(mixed / "tiny.png"), cv2.imread(str(some[1]))[:20])
    (mixed / "cut.png").write_bytes(some[2].read_bytes()[:500])
    shutil.copy(some[3], mixed / "again.png")
    summary = pack_shards([mixed, data / "judged"], tmp_path / "shards", size=64)
    assert (summary.gray, summary.small) == (2, 1)
    assert [bad.source for bad in summary.skipped] == [str(mixed / "cut.png")]
    assert summary.photographs == sum(summary.groups.values())
    assert {"mixed/things", "judged"} <= set(summary.groups)
    distinct = {
        path.read_bytes() for place in ("colour", "judged") for path in (data / place).iterdir()
    }
    assert summary.photographs == len(distinct)
    files = len(list((data / "colour").iterdir())) + len(list((data / "judged").iterdir()))
    assert summary.duplicates == files + 1 - len(distinct)


def test_photographs_keep_their_look_and_are_not_enlarged(tmp_path, data):
    pack_shards([data / "colour"], tmp_path / "shards", size=160)
    shard = read_shard(tmp_path / "shards" / "0000.shard")
    originals = [cv2.imread(str(path)) for path in (data / "colour").iterdir()]
    for file in shard.files[:5]:
        packed = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
        assert packed.shape == (96, 96, 3)
        off = min(np.abs(packed.astype(int) - original).mean() for original in originals)
        assert off < 8


def test_shards_are_no_larger_than_was_said_and_have_all_groups(tmp_path):
    rng = np.random.default_rng(0)
    for group in ("one", "two"):
        (tmp_path / "in" / group).mkdir(parents=True)
        for i in range(60):
            noise = rng.integers(0, 255, (128, 128, 3)).astype(np.uint8)
            cv2.imwrite(str(tmp_path / "in" / group / f"{i}.png"), noise)
    summary = pack_shards([tmp_path / "in"], tmp_path / "out", size=128, mebibytes=1)
    assert len(summary.shards) >= 2
    paths = [tmp_path / "out" / name for name in summary.shards]
    assert all(path.stat().st_size <= 2**20 for path in paths)
    assert summary.bytes == sum(path.stat().st_size for path in paths)
    assert summary.groups == {"in/one": 60, "in/two": 60}
    assert all(len(set(read_shard(path).contents.groups)) == 2 for path in paths[:-1])


def test_packing_again_or_nothing_is_refused(tmp_path, data):
    with pytest.raises(DataError, match="is not a folder"):
        pack_shards([tmp_path / "none"], tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no photographs; give folders"):
        pack_shards([tmp_path / "empty"], tmp_path / "out")
    cv2.imwrite(str(tmp_path / "empty" / "gray.png"), np.full((64, 64), 90, np.uint8))
    with pytest.raises(DataError, match=r"none of 1 photographs .*1 have no color"):
        pack_shards([tmp_path / "empty"], tmp_path / "out")
    pack_shards([data / "judged"], tmp_path / "out")
    with pytest.raises(DataError, match="holds shards already"):
        pack_shards([data / "judged"], tmp_path / "out")
