import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorear import Colorizer
from colorear.batch.discovery import discover
from colorear.errors import UsageError

GRAY = Image.fromarray(np.arange(48 * 64, dtype=np.uint8).reshape(48, 64))


@pytest.fixture
def attic(tmp_path) -> Path:
    """Photographs at several depths, and what else lies about in attics."""
    attic = tmp_path / "attic"
    for name in (
        "b.jpg",
        "a.png",
        "1950/x.tif",
        "1950/summer/y.webp",
        "wrong.jpg",
        ".hidden/z.jpg",
    ):
        (attic / name).parent.mkdir(parents=True, exist_ok=True)
        GRAY.save(attic / name, "png" if name == "wrong.jpg" else None)
    GRAY.save(attic / "no ending", "jpeg")
    for name in ("letter.txt", "film.MOV", "notes", "._b.jpg"):
        (attic / name).write_text("dear diary")
    return attic


def targets(made, out):
    return [str(Path(photograph.target).relative_to(out)) for photograph in made.items]


def test_a_folder_is_mirrored(attic, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    made = discover([attic], out)
    assert targets(made, out) == [
        "a-color.png",
        "b-color.jpg",
        "no ending-color.jpg",
        "wrong-color.png",
        "1950/x-color.tif",
        "1950/summer/y-color.webp",
    ]
    assert made.left_alone == {".txt": 1, ".mov": 1, "": 1}
    assert made.failed == []


def test_several_folders_get_their_names_and_files_go_beside_them(attic, tmp_path):
    other = tmp_path / "cellar"
    other.mkdir()
    for name in ("a.png", "c.png"):
        GRAY.save(other / name)
    made = discover([attic, other, other / "c.png"], tmp_path)
    found = targets(made, tmp_path)
    assert {"attic/a-color.png", "cellar/a-color.png", "c-color.png"} <= set(found)


def test_what_should_be_a_photograph_and_is_not(attic, tmp_path):
    (attic / "broken.jpg").write_bytes(b"")
    os.mkfifo(attic / "pipe")
    os.mkfifo(attic / "pipe.jpg")
    made = discover([attic, tmp_path / "nobody.jpg"], tmp_path)
    reasons = {Path(failed.source).name: failed.error for failed in made.failed}
    assert set(reasons) == {"broken.jpg", "pipe.jpg", "nobody.jpg"}
    assert "is empty, but a JPEG" in reasons["broken.jpg"]
    assert "is a pipe or a device" in reasons["pipe.jpg"]
    assert "does not exist" in reasons["nobody.jpg"]
    assert made.left_alone[""] == 2


def test_what_was_made_is_not_made_again(attic):
    out = attic / "in" / "colour"
    out.mkdir(parents=True)
    GRAY.save(out / "b-color.jpg")
    assert len(discover([attic], out).items) == 6


def test_links_are_photographs_but_circles_end(attic, tmp_path):
    (attic / "link.png").symlink_to(attic / "a.png")
    (attic / "circle").symlink_to(attic)
    made = discover([attic], tmp_path)
    assert len(made.items) == 7
    assert made.failed == []


def test_two_that_would_become_one(attic, tmp_path):
    GRAY.save(attic / "wrong.png")
    made = discover([attic], tmp_path)
    (failed,) = made.failed
    assert failed.source == str(attic / "wrong.png")
    assert f"which is that of '{attic}/wrong.jpg'" in failed.error
    assert len(made.items) == 6


def test_what_is_named_twice_counts_once(attic, tmp_path, monkeypatch):
    (attic / "link.png").symlink_to(attic / "a.png")
    (attic / "broken.jpg").touch()
    (tmp_path / "door").symlink_to(attic)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(attic)
    same = ["a.png", "../attic/a.png", attic / "a.png", tmp_path / "door/a.png", "./a.png"]
    names = ["b.jpg", *same, "link.png", "broken.jpg", "./broken.jpg"]
    made = discover([Path(name) for name in names], out)
    assert [photograph.source for photograph in made.items] == ["b.jpg", "a.png", "link.png"]
    assert [failed.source for failed in made.failed] == ["broken.jpg"]
    folders = [attic, Path(), tmp_path / "door", Path("1950/..")]
    assert discover(folders, out) == discover([attic], out)


def test_a_photograph_keeps_its_place(tmp_path):
    for name in ("a.png", "a-color.png"):
        GRAY.save(tmp_path / name)
    made = discover([tmp_path / "a.png", tmp_path / "a-color.png"])
    (failed,) = made.failed
    assert failed.source == str(tmp_path / "a.png")
    assert targets(made, tmp_path) == ["a-color-color.png"]


def test_variants_and_how_sure_they_are(attic, tmp_path):
    made = discover([attic / "b.jpg", attic / "no ending"], tmp_path, variants=3, uncertainty=True)
    assert targets(made, tmp_path) == [
        "b-color.jpg",
        "b-color-2.jpg",
        "b-color-3.jpg",
        "b-uncertainty.png",
        "no ending-color.jpg",
        "no ending-color-2.jpg",
        "no ending-color-3.jpg",
        "no ending-uncertainty.png",
    ]
    told = [(photograph.variant, photograph.product) for photograph in made.items[:4]]
    assert told == [(0, "color"), (1, "color"), (2, "color"), (0, "uncertainty")]
    assert {photograph.source for photograph in made.items[:4]} == {str(attic / "b.jpg")}


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("new.jpg", ["new-2.jpg", "new-uncertainty.png"]),
        ("new-color.jpg", ["new-color-2.jpg", "new-uncertainty.png"]),
        ("a.b-color.x.jpg", ["a.b-color.x-2.jpg", "a.b-color.x-uncertainty.png"]),
    ],
)
def test_variants_of_one_that_is_named(attic, tmp_path, name, others):
    made = discover([attic / "b.jpg"], tmp_path / name, variants=2, uncertainty=True)
    assert targets(made, tmp_path) == [name, *others]


def test_a_variant_takes_the_place_of_nothing(attic):
    GRAY.save(attic / "b-color-2.jpg")
    GRAY.save(attic / "a.tif")
    sources = [attic / name for name in ("b.jpg", "b-color-2.jpg", "a.png", "a.tif")]
    made = discover(sources, variants=2, uncertainty=True)
    reasons = [failed.error for failed in made.failed]
    assert len(reasons) == 2
    assert f"'{attic}/b-color-2.jpg', which is that of '{attic}/b-color-2.jpg'" in reasons[0]
    assert f"'{attic}/a-uncertainty.png', which is that of '{attic}/a.png'" in reasons[1]
    assert len(made.items) == 4 * 3 - 2


@pytest.mark.parametrize("out", [None, "attic", "attic/../attic"])
def test_a_folder_needs_another(attic, out):
    with pytest.raises(UsageError, match="is a folder; name another folder for its colored"):
        discover([attic], out and attic.parent / out)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_nobody_may_read(attic, tmp_path):
    (attic / "1950").chmod(0)
    made = discover([attic], tmp_path)
    (attic / "1950").chmod(0o755)
    assert [failed.source for failed in made.failed] == [str(attic / "1950")]


def test_what_systems_make_and_what_is_excluded_is_left_out(attic, tmp_path):
    for name in ("@eaDir/b.jpg/thumb.jpg", "#recycle/x.jpg", "lost+found/y.jpg", "__MACOSX/z.jpg"):
        (attic / name).parent.mkdir(parents=True)
        GRAY.save(attic / name)
    whole = discover([attic], tmp_path)
    assert len(whole.items) == 6
    fewer = discover([attic], tmp_path, exclude=["*.tif", "1950/summer"])
    left_out = {i.source for i in whole.items} - {i.source for i in fewer.items}
    assert left_out == {str(attic / "1950/x.tif"), str(attic / "1950/summer/y.webp")}


def test_what_colorear_made_is_no_photograph_to_color(tmp_path, known_network):
    for name in ("a.png", "b.jpg"):
        GRAY.save(tmp_path / name)
        Colorizer(known_network).colorize(tmp_path / name)
    GRAY.save(tmp_path / "c-color.png")  # only its name says so
    GRAY.save(tmp_path / "c.png")
    sources = sorted(tmp_path.iterdir())
    made = discover(sources)
    names = sorted(Path(skipped.source).name for skipped in made.skipped)
    assert names == ["a-color.png", "b-color.jpg"]
    assert "it was colored by colorear" in made.skipped[0].reason
    names = [Path(item.source).name for item in made.items]
    assert names == ["a.png", "b.jpg", "c-color.png"]
    assert "which is that of" in made.failed[0].error
    anew = discover(sources, recolor=True)
    assert anew.skipped == []
    assert Path(anew.items[0].target).name == "a-color-color.png"
