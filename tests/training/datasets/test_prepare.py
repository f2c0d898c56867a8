import errno
import hashlib
import itertools
import json
import zipfile
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from colorear import color
from colorear.errors import DataError
from colorear.evaluation.dataset import find_photographs
from colorear.training.datasets.manifest import Manifest, encode
from colorear.training.datasets.photographs import list_photographs
from colorear.training.datasets.prepare import NEAR_GRAY_BELOW, prepare
from colorear.training.recipe import Folder

SHARED = Path(__file__).parents[4] / "shared" / "data"
SIDE = 96


@pytest.fixture(scope="session")
def crops(free_pictures):
    """Twenty different pictures (96, 96, 3)."""
    corners = itertools.product(free_pictures.values(), (0, 100), (50, 200))
    return [p[top : top + SIDE, left : left + SIDE] for p, top, left in corners][:20]


def save(path, srgb, *options):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(coded(path.suffix, srgb, *options))


def coded(suffix, picture, *options):
    return cv2.imencode(suffix, picture[..., ::-1] if picture.ndim == 3 else picture, options)[1]


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def zipped(folder, path, top=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, f"{top}{file.relative_to(folder).as_posix()}")
    return path


def names(manifest):
    return [photograph.name for photograph in manifest.photographs]


def read(path, flag=cv2.IMREAD_COLOR_RGB):
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), flag)


@pytest.fixture
def colors(tmp_path, crops):
    """A folder of twelve colour photographs: 1.png .. 12.png."""
    for i, cut in enumerate(crops[:12], start=1):
        save(tmp_path / "colours" / f"{i}.png", cut)
    return tmp_path / "colours"


@pytest.fixture
def kaggle(tmp_path, crops):
    """`color/` as PNG and `gray/` as JPEG, of five."""
    for i, cut in enumerate(crops[:5]):
        save(tmp_path / "kaggle" / "color" / f"{i}.png", cut)
        gray = np.rint(255 - cut @ np.array(color.LUMA)).astype(np.uint8)  # to be told from ours
        save(tmp_path / "kaggle" / "gray" / f"{i}.jpg", gray)
    return tmp_path / "kaggle"


def test_color_photographs_are_made_square_and_gray(tmp_path, colors, crops):
    before = tree(colors)
    manifest = prepare(colors, tmp_path / "out", size=64)
    assert tree(colors) == before
    assert names(manifest) == [f"{i}.png" for i in range(1, 13)]
    assert manifest.split == {"train": (0, 9), "validate": (9, 10), "test": (10, 12)}
    assert [p.part for p in manifest.photographs] == ["train"] * 9 + ["validate"] + ["test"] * 2
    for folder in ("color", "gray"):
        paths = list_photographs(tmp_path / "out", Folder(folder=folder))
        assert [path.name for path in paths] == names(manifest)
    for i, cut in enumerate(crops[:12], start=1):
        ours = read(tmp_path / "out" / "color" / f"{i}.png")
        assert np.array_equal(ours, cv2.resize(cut, (64, 64), interpolation=cv2.INTER_LINEAR))
        gray = read(tmp_path / "out" / "gray" / f"{i}.png", cv2.IMREAD_UNCHANGED)
        assert gray.shape == (64, 64)
        assert np.abs(gray - ours @ np.array(color.LUMA)).max() <= 0.5 + 1e-9
    second = manifest.photographs[1]
    assert (second.source, second.width, second.gray_source) == ("2.png", SIDE, None)
    assert second.sha256 == before["2.png"]
    assert (manifest.layout, manifest.size, manifest.skipped, manifest.duplicates) == (
        "color",
        64,
        [],
        [],
    )
    assert (manifest.width.min, manifest.width.max, manifest.height.median) == (SIDE, SIDE, SIDE)
    written = (tmp_path / "out" / "manifest.json").read_bytes()
    assert msgspec.json.decode(written, type=Manifest) == manifest
    assert str(tmp_path).encode() not in written
    assert list(json.loads(written)) == sorted(json.loads(written))
    assert {path.name for path in tmp_path.iterdir()} == {"colours", "out"}


def test_pairs_keep_their_own_gray(tmp_path, kaggle):
    manifest = prepare(kaggle, tmp_path / "out", size=None)
    assert (manifest.layout, manifest.size, manifest.filter) == ("pairs", None, None)
    assert manifest.gray == "that of the source"
    third = manifest.photographs[2]
    assert (third.source, third.gray_source) == ("color/2.png", "gray/2.jpg")
    for i in range(5):
        mine, theirs = tmp_path / "out" / "gray" / f"{i}.png", kaggle / "gray" / f"{i}.jpg"
        flag = cv2.IMREAD_GRAYSCALE
        assert np.array_equal(read(mine, cv2.IMREAD_UNCHANGED), read(theirs, flag))
        assert third.gray_sha256 == tree(kaggle)["gray/2.jpg"]


@pytest.mark.parametrize("top", ["", "archive/landscape Images/"])
def test_a_zip_file_gives_what_its_folder_gives(tmp_path, kaggle, top):
    (kaggle / ".hidden.jpg").touch()
    (kaggle / "notes.txt").touch()
    prepare(kaggle, tmp_path / "from folder")
    manifest = prepare(zipped(kaggle, tmp_path / "a.zip", top), tmp_path / "from zip")
    assert manifest.photographs[0].source == f"{top}color/0.png"
    ours, theirs = tree(tmp_path / "from folder"), tree(tmp_path / "from zip")
    if top:
        del ours["manifest.json"], theirs["manifest.json"]  # the names in the source differ
    assert ours == theirs


def test_equal_sources_give_equal_bytes(tmp_path, colors):
    prepare(colors, tmp_path / "one")
    (tmp_path / "elsewhere").mkdir()
    prepare(colors, tmp_path / "elsewhere" / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "elsewhere" / "two")


def test_what_is_learned_from_is_what_the_manifest_has_written_down(tmp_path, colors):
    manifest = prepare(colors, tmp_path / "out")
    out, about = tmp_path / "out", tmp_path / "out" / "manifest.json"

    def listed(part):
        return [path.name for path in list_photographs(out, Folder(folder="color", part=part))]

    for part in ("train", "validate", "test"):
        assert listed(part) == [each.name for each in manifest.photographs if each.part == part]
    split = msgspec.structs.replace(
        manifest, split={"train": (0, 6), "validate": (6, 9), "test": (9, 12)}
    )
    about.write_bytes(encode(split))
    assert listed("validate") == ["7.png", "8.png", "9.png"]
    judged = find_photographs(out, size=32)
    assert judged.names == ("10.png", "11.png", "12.png")
    assert [path.name for path in judged.others] == [f"{i}.png" for i in range(1, 10)]
    (out / "color" / "9.png").rename(out / "color" / "13.png")
    with pytest.raises(DataError, match=r"names \(9\.png is gone\); prepare the photographs again"):
        listed("train")
    (out / "color" / "13.png").replace(out / "color" / "9.png")
    (out / "color" / "13.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"names \(13\.png is new\); prepare"):
        find_photographs(out, size=32)
    about.write_bytes(b"{}")
    with pytest.raises(DataError, match=r"manifest\.json: cannot be read \(.*; prepare"):
        listed("train")
    about.unlink()
    assert listed("test") == ["12.png", "13.png"]


def test_names_in_folders_are_mirrored_in_natural_order(tmp_path, crops):
    source = tmp_path / "source"
    given = ["10.jpg", "2.JPG", "mañana/7.webp", "b/10.png", "b/9.tif", "02.jpg"]
    for name, cut in zip(given, crops, strict=False):
        save(source / name.lower(), cut)
    (source / "2.jpg").rename(source / "2.JPG")
    manifest = prepare(source, tmp_path / "out")
    expected = ["02.png", "2.png", "10.png", "b/9.png", "b/10.png", "mañana/7.png"]
    assert names(manifest) == expected
    place = tmp_path / "out" / "color"
    listed = list_photographs(tmp_path / "out", Folder(folder="color"))
    assert [path.relative_to(place).as_posix() for path in listed] == expected


def test_color_alone_and_pictures_beside_the_pairs(tmp_path, kaggle):
    save(kaggle / "results" / "1.png", np.zeros((8, 8, 3), np.uint8))
    assert prepare(kaggle, tmp_path / "pairs").ignored == 1
    for folder in ("gray", "results"):
        (kaggle / folder).rename(tmp_path / folder)
    manifest = prepare(kaggle, tmp_path / "colour")
    assert (manifest.layout, names(manifest)[0]) == ("color", "0.png")
    (kaggle / "color").rename(kaggle / "gray")
    with pytest.raises(DataError, match=r"has grey photographs in gray/ but none in color/"):
        prepare(kaggle, tmp_path / "none")


def test_folders_of_pairs_in_capitals_and_apart(tmp_path, kaggle):
    pairs = prepare(kaggle, tmp_path / "small")
    for folder in ("color", "gray"):
        (kaggle / folder).rename(kaggle / folder.capitalize())
    capitals = prepare(kaggle, tmp_path / "capitals")
    assert (capitals.layout, names(capitals)) == ("pairs", names(pairs))
    assert capitals.pixels_sha256 == pairs.pixels_sha256
    (kaggle / "one").mkdir()
    (kaggle / "Gray").rename(kaggle / "one" / "Gray")
    told = r"kaggle: has Color/ and one/Gray/, which are expected beside one another"
    with pytest.raises(DataError, match=told):
        prepare(kaggle, tmp_path / "apart")


def test_a_photograph_is_turned_upright(tmp_path, colors, crops):
    wide = np.ascontiguousarray(crops[0][:48])
    jpeg = bytes(coded(".jpg", wide))
    exif = (
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # 6: turn right
    )
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (colors / "1.png").unlink()
    (colors / "1.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    manifest = prepare(colors, tmp_path / "out", size=None)
    assert (manifest.photographs[0].width, manifest.photographs[0].height) == (48, SIDE)
    turned = read(tmp_path / "out" / "color" / "1.png").astype(float)
    assert np.abs(turned - np.rot90(wide, -1)).mean() < 10


def damage(colors, crops):
    """Six bad files in the folder, and what is said of them."""
    jpeg = bytes(coded(".jpg", crops[0]))
    (colors / "20.jpg").write_bytes(jpeg[:-200])  # decoders fill the rest with grey
    (colors / "21.jpg").write_bytes(b"")
    (colors / "22.jpg").write_bytes(b"no picture at all")
    (colors / "23.png").write_bytes(bytes(coded(".png", crops[0]))[:-2000])
    middle = len(jpeg) // 2  # which decoders mend, to another picture
    (colors / "24.jpg").write_bytes(jpeg[:middle] + jpeg[middle + 30 :])
    save(colors / "12.webp", crops[0])
    return {
        "12.webp": "has the name of 12.png but for its suffix",
        "20.jpg": "is not a picture, or is damaged or cut short",
        "21.jpg": "is empty",
        "22.jpg": "is not a picture, or is damaged or cut short",
        "23.png": "is not a picture, or is damaged or cut short",
        "24.jpg": "is not a picture, or is damaged or cut short",
    }


def test_bad_photographs_are_named_and_counted(tmp_path, colors, crops, capfd):
    skipped = damage(colors, crops)
    text = (
        r"colours: 6 of its photographs cannot be used \(12\.webp: has the name .*; 20\.jpg: .*; "
        r"21\.jpg: is empty; and 3 more\); mend or remove them, or leave them out \(--skip-bad\)$"
    )
    with pytest.raises(DataError, match=text):
        prepare(colors, tmp_path / "out")
    assert not list(tmp_path.glob("*out*")) + list(tmp_path.glob(".colorear*"))
    manifest = prepare(colors, tmp_path / "out", skip_bad=True)
    assert {each.source: each.reason for each in manifest.skipped} == skipped
    assert names(manifest) == [f"{i}.png" for i in range(1, 13)]
    assert capfd.readouterr() == ("", "")  # nor does a decoder speak
    of_zip = prepare(zipped(colors, tmp_path / "a.zip"), tmp_path / "zip", skip_bad=True)
    assert of_zip == manifest


def test_broken_pairs_are_named(tmp_path, kaggle, crops):
    (kaggle / "gray" / "0.jpg").unlink()
    (kaggle / "color" / "1.png").unlink()
    save(kaggle / "gray" / "2.jpg", crops[2][:40, :, 0])
    for i in (7, 8, 9):
        save(kaggle / "color" / f"{i}.jpg", crops[i])
        save(kaggle / "gray" / f"{i}.png", crops[i][..., 1])
    (kaggle / "gray" / "9.png").write_bytes(b"")
    manifest = prepare(kaggle, tmp_path / "out", skip_bad=True)
    assert [(each.source, each.reason) for each in manifest.skipped] == [
        ("color/0.png", "has no photograph of its name in gray/"),
        ("color/2.png", "is 96 x 96, but gray/2.jpg is 96 x 40"),
        ("gray/1.jpg", "has no photograph of its name in color/"),
        ("gray/9.png", "is empty"),
    ]
    assert names(manifest) == ["3.png", "4.png", "7.png", "8.png"]
    with pytest.raises(DataError, match=r"4 of its photographs .*color/0\.png: has no photograph"):
        prepare(kaggle, tmp_path / "again")


def test_too_few_photographs(tmp_path, colors):
    for i in range(3, 13):
        (colors / f"{i}.png").unlink()
    with pytest.raises(DataError, match="holds 2 photographs that can be used, but at least 3"):
        prepare(colors, tmp_path / "out")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError, match="holds no photographs"):
        prepare(tmp_path / "nothing", tmp_path / "out")


def test_too_large_files_and_pictures(tmp_path, colors, monkeypatch):
    monkeypatch.setattr("colorear.training.datasets.pictures.PIXEL_LIMIT", SIDE * SIDE)
    save(colors / "20.png", np.zeros((SIDE, SIDE + 1, 3), np.uint8))
    with pytest.raises(DataError, match=r"20\.png: has 97 x 96 pixels, more than 9,216"):
        prepare(colors, tmp_path / "out")
    (colors / "20.png").write_bytes(bytes(1_000_000))
    monkeypatch.setattr("colorear.training.datasets.pictures.BYTE_LIMIT", 100_000)
    for source in (colors, zipped(colors, tmp_path / "bomb.zip")):
        with pytest.raises(DataError, match=r"20\.png: has 1,000,000 bytes, more than 100,000"):
            prepare(source, tmp_path / "out")


def test_nearly_gray_photographs_are_listed(tmp_path, colors, crops):
    for number, chroma in ((20, NEAR_GRAY_BELOW - 0.5), (21, NEAR_GRAY_BELOW + 0.5)):
        lab = np.full((3, SIDE, SIDE), 50.0)
        lab[1], lab[2] = 0, chroma
        save(
            colors / f"{number}.png",
            (color.lab_to_srgb(lab) * 255).round().astype(np.uint8).transpose(1, 2, 0),
        )
    save(colors / "22.png", crops[0][..., :1].repeat(3, axis=2))
    assert prepare(colors, tmp_path / "out").near_gray == ["20.png", "22.png"]


def test_repeated_photographs_and_leaks_are_found(tmp_path, crops):
    source = tmp_path / "source"
    for i, cut in enumerate(crops[:16]):
        save(source / f"{i}.png", cut)
    brighter = np.clip(crops[4] * 1.1 + 10, 0, 255).astype(np.uint8)
    save(source / "16.png", crops[2])
    save(source / "17.jpg", brighter, cv2.IMWRITE_JPEG_QUALITY, 60)
    save(source / "5b.tif", crops[5])
    save(source / "19.jpg", crops[19])
    save(source / "20.jpg", crops[19], cv2.IMWRITE_JPEG_QUALITY, 50)
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    for i, level in enumerate((0, 30), start=1):
        save(source / f"7-flat-{i}.png", flat + level)  # no form: not like each other
    manifest = prepare(source, tmp_path / "out")
    assert names(manifest)[manifest.split["test"][0] :] == ["17.png", "19.png", "20.png"]
    found = {(each.name, each.original): each.match for each in manifest.duplicates}
    assert found == {
        ("5b.png", "5.png"): "pixels",
        ("16.png", "2.png"): "file",
        ("17.png", "4.png"): "near",
        ("20.png", "19.png"): "near",
    }
    assert all(each.bits <= manifest.near_bits for each in manifest.duplicates)
    assert manifest.leaks == [each for each in manifest.duplicates if each.name == "17.png"]


def test_the_destination_must_be_new_or_empty_and_outside(tmp_path, colors):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").touch()
    with pytest.raises(DataError, match="full: is there already, and a new or empty folder"):
        prepare(colors, full)
    with pytest.raises(DataError, match=r"mine\.txt: is there already"):
        prepare(colors, full / "mine.txt")
    for inside in (colors, colors / "out", tmp_path / "full" / ".." / "colours" / "out"):
        with pytest.raises(DataError, match=r"lies inside .*colours, which is not to change"):
            prepare(colors, inside)
    with pytest.raises(DataError, match=r"there is no folder .*nowhere; make it first"):
        prepare(colors, tmp_path / "nowhere" / "out")
    (tmp_path / "empty").mkdir()
    prepare(colors, tmp_path / "empty")
    assert (tmp_path / "empty" / "manifest.json").exists()
    assert [path.name for path in full.iterdir()] == ["mine.txt"]


def test_what_is_no_source(tmp_path):
    with pytest.raises(
        DataError, match=r"nowhere: cannot be read \(No such file or directory\); give"
    ):
        prepare(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "file").write_bytes(b"text")
    with pytest.raises(DataError, match="file: is neither a folder nor a zip file"):
        prepare(tmp_path / "file", tmp_path / "out")
    with pytest.raises(DataError, match="a size of 0 pixels came"):
        prepare(tmp_path, tmp_path / "out", size=0)


def test_a_full_disk_leaves_nothing_behind(tmp_path, colors, monkeypatch):
    write, writes = Path.write_bytes, itertools.count()

    def full(path, content):
        if next(writes) == 7:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    before = set(tmp_path.iterdir())
    monkeypatch.setattr(Path, "write_bytes", full)
    text = r"out: cannot be written \(No space left on device\), nothing is left of it; make room"
    with pytest.raises(DataError, match=text):
        prepare(colors, tmp_path / "out")
    assert set(tmp_path.iterdir()) == before


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the photographs of ../shared/data are not here")
def test_the_landscapes(tmp_path):
    """About half a minute."""
    manifest = prepare(SHARED / "landscapes", tmp_path / "out")
    assert manifest.split == {"train": (0, 2375), "validate": (2375, 2500), "test": (2500, 3000)}
    assert names(manifest) == [f"{i}.png" for i in range(3000)]
    assert len(manifest.near_gray) == 30
    found = {(each.name, each.original) for each in manifest.duplicates}
    same_scene = {("477.png", "120.png"), ("1562.png", "1107.png"), ("2281.png", "1558.png")}
    assert same_scene <= found
    assert len(found) < 10
    assert manifest.leaks == []
