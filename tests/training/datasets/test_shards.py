import cv2
import msgspec
import numpy as np
import pytest
import torch

from colorear.errors import DataError
from colorear.training.datasets.packing import pack_shards
from colorear.training.datasets.shard_loader import ShardLoader
from colorear.training.datasets.shards import ShardError, read_contents, read_shard

CPU = torch.device("cpu")


def decoded(file):
    return cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)


def test_a_shard_holds_what_was_packed(shards):
    [path] = shards.glob("*.shard")
    shard = read_shard(path)
    contents = shard.contents
    assert contents == read_contents(path)
    assert [name.partition("/")[2] for name in contents.group_names] == ["colour", "judged"]
    sizes = list(zip(contents.heights, contents.widths, strict=True))
    assert [decoded(file).shape[:2] for file in shard.files] == sizes
    assert {min(size) for size in sizes} == {64}
    assert contents.decoded_bytes == sum(3 * h * w for h, w in sizes)
    assert len(set(contents.digests)) == len(shard.files)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: content[:-1], r"bytes instead of .*; copy it again"),
        (lambda content: content + b"x", r"bytes instead of .*; copy it again"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "its bytes have changed"),
        (lambda _: b"", "is no shard"),
        (lambda content: b"\x89PNG\r\n" + content, "is no shard"),
        (lambda content: b"{}\n" + content, "is no shard"),
        (lambda content: content.replace(b'"groups":[0', b'"groups":[7', 1), "is no shard"),
        (lambda content: content.replace(b'"lengths":[', b'"lengths":[9,', 1), "is no shard"),
    ],
)
def test_a_cut_or_wrong_shard_is_refused(tmp_path, shards, damage, told):
    [path] = shards.glob("*.shard")
    content = path.read_bytes()
    if b'"groups":[1' in content:
        content = content.replace(b'"groups":[1', b'"groups":[0', 1)
    changed = damage(content)
    assert changed != content
    (tmp_path / "0.shard").write_bytes(changed)
    with pytest.raises(ShardError, match=told):
        read_shard(tmp_path / "0.shard")


def test_the_loader_tells_what_it_leaves_out_and_takes_what_comes_later(tmp_path, shards):
    [path] = shards.glob("*.shard")
    content = path.read_bytes()
    (tmp_path / "0.shard").write_bytes(content[:-9])
    (tmp_path / "1.shard").write_bytes(content)
    (tmp_path / "2.shard").write_bytes(content)
    told = []
    loader = ShardLoader(tmp_path, CPU, told.append)
    try:
        loader.begin()
        assert loader.refresh()
        count = len(loader.photographs)
        assert count == len(read_contents(path).digests)
        (tmp_path / "0.shard").write_bytes(content[:-5])  # as if it was still being copied
        for _ in range(200):
            if "2.shard" in loader.left_out and "5" in loader.left_out.get("0.shard", ""):
                break
            loader._stopped.wait(0.05)
    finally:
        loader.stop()
    assert set(loader.left_out) == {"0.shard", "2.shard"}
    assert "copy it again; it is left out" in told[0]
    assert "repeats 1.shard" in loader.left_out["2.shard"]
    assert [shard["photographs"] for shard in loader.read.values()] == [count]
    assert not loader.refresh()


def test_photographs_that_an_earlier_shard_has_are_not_taken_again(tmp_path, data, shards):
    pack_shards([data / "colour"], tmp_path / "more", size=64)
    [first] = shards.glob("*.shard")
    [second] = (tmp_path / "more").glob("*.shard")
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "0.shard").write_bytes(first.read_bytes())
    (tmp_path / "both" / "1.shard").write_bytes(second.read_bytes())
    loader = ShardLoader(tmp_path / "both", CPU, lambda _: None)
    for path in loader._paths():
        loader._take(path)
    assert len(loader.photographs) == len(read_contents(first).digests)
    assert loader.duplicates == len(read_contents(second).digests)


def test_without_a_whole_shard_there_is_nothing_to_train_on(tmp_path):
    with pytest.raises(DataError, match=r"holds no shards .*colorear data pack"):
        ShardLoader(tmp_path, CPU, lambda _: None)
    (tmp_path / "0.shard").write_bytes(b"no")
    with pytest.raises(DataError, match=r"no shard could be used .*0.shard: is no shard"):
        ShardLoader(tmp_path, CPU, lambda _: None).begin()


def test_what_does_not_fit_the_memory_is_refused_before_it_is_read(shards, monkeypatch):
    name = "colorear.training.datasets.shard_loader.device_memory"
    monkeypatch.setattr(name, lambda _: 10_000)
    told = r"take .* GB decoded, and cpu has 1e-05 GB free, of which .*; give fewer shards"
    with pytest.raises(DataError, match=told):
        ShardLoader(shards, CPU, lambda _: None)


def test_a_shard_that_comes_later_and_does_not_fit_is_left_out(tmp_path, data, shards, monkeypatch):
    [path] = shards.glob("*.shard")
    (tmp_path / "0.shard").write_bytes(path.read_bytes())
    needed = read_contents(path).decoded_bytes
    name = "colorear.training.datasets.shard_loader.device_memory"
    monkeypatch.setattr(name, lambda _: needed * 2.3)
    loader = ShardLoader(tmp_path, CPU, lambda _: None)
    loader._take(tmp_path / "0.shard")
    pack_shards([data / "colour"], tmp_path / "more", size=48)
    [later] = (tmp_path / "more").glob("*.shard")
    loader._digests.clear()
    loader._take(later)
    assert "are free" in loader.left_out[later.name]


def test_contents_are_json_that_other_programs_read(shards):
    [path] = shards.glob("*.shard")
    line = path.read_bytes().partition(b"\n")[0]
    assert msgspec.json.decode(line)["format"] == "colorear-shard-1"
