import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import pyvips

import networks
from colorear import models
from colorear.errors import PhotographError
from colorear.hints import Hint
from colorear.inference.colorizer import Colorizer
from colorear.inference.options import ColorizeOptions
from colorear.inference.verify import Verification, verify
from colorear.photo.provenance import Provenance
from colorear.server.api.tasks import (
    UploadedPhoto,
    colorize_upload,
    inspect_upload,
    verification_json,
)
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.uploads import Upload
from server.conftest import EXAMPLES

RAMP = np.linspace(20, 220, 48 * 64).reshape(48, 64).astype(np.uint8)


@pytest.fixture
def able(able_network) -> Colorizer:
    return Colorizer(able_network, threads=1)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Where the photograph lies that came."""
    folder = tmp_path / "private"
    folder.mkdir()
    return folder


def came(folder: Path, ending: str = ".jpg", name: str = "abuela.jpg") -> UploadedPhoto:
    """A small gray photograph in that format, as it lies in the folder."""
    written = folder / f"any{ending}"
    pyvips.Image.new_from_array(RAMP).write_to_file(str(written))
    path = written.rename(folder / "photograph")
    return inspect_upload(Upload(path, name, {}), Settings())


def options(**wishes) -> ColorizeOptions:
    return ColorizeOptions(**{"model": "able"} | wishes)


def saturation(path: Path) -> int:
    """The largest difference between the channels of one pixel."""
    return int(np.ptp(pyvips.Image.new_from_file(str(path)).numpy().astype(int), axis=2).max())


def test_an_upload_is_looked_at():
    seen = inspect_upload(Upload(EXAMPLES / "chelsea.tif", "cat", {}), Settings())
    assert seen == UploadedPhoto(EXAMPLES / "chelsea.tif", "cat", "tiff", 451 * 300 / 1e6)


def test_pixels_are_limited_by_the_header():
    upload = Upload(EXAMPLES / "china.jpg", "old.jpg", {})
    assert inspect_upload(upload, Settings(megapixels=0.27328)).megapixels == 0.27328
    with pytest.raises(
        ProblemError, match=r"'old\.jpg' has 640 x 427 pixels, but at most 0\.27 "
    ) as no:
        inspect_upload(upload, Settings(megapixels=0.27))
    assert no.value.kind == "too-many-pixels"


def test_what_is_no_photograph_is_told_by_the_name_that_its_owner_knows(folder):
    (folder / "photograph").write_bytes(b"GIF89a")
    with pytest.raises(PhotographError, match=r"^'abuela\.jpg' is a GIF") as told:
        inspect_upload(Upload(folder / "photograph", "abuela.jpg", {}), Settings())
    assert str(folder) not in str(told.value)


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        (".jpg", "image/jpeg"),
        (".png", "image/png"),
        (".tif", "image/tiff"),
        (".webp", "image/webp"),
    ],
)
def test_each_format_keeps_its_type_and_ending(able, folder, tmp_path, ending, media_type):
    photograph = came(folder, ending, "no ending")
    shutil.copy(photograph.path, tmp_path / "before")
    heard = []
    made = colorize_upload(photograph, options(), able, report=heard.append)
    assert (made.name, made.media_type) == (f"no ending-color{ending}", media_type)
    assert heard == [1]
    assert made.verification == verify(tmp_path / "before", made.path)
    assert made.verification.ok
    assert made.card.name == "able"
    assert made.megapixels == 48 * 64 / 1e6
    assert made.seconds > 0
    assert list(folder.iterdir()) == [made.path]


def test_variants_come_as_a_zip(able, folder, tmp_path):
    heard = []
    made = colorize_upload(came(folder), options(variants=3), able, report=heard.append)
    assert (made.name, made.media_type) == ("abuela-color.zip", "application/zip")
    assert heard == pytest.approx([1 / 3, 2 / 3, 1])
    assert list(folder.iterdir()) == [made.path]
    with zipfile.ZipFile(made.path) as archive:
        names = archive.namelist()
        assert names == ["abuela-color.jpg", "abuela-color-2.jpg", "abuela-color-3.jpg"]
        assert len({archive.read(name) for name in names}) == 3
        archive.extractall(tmp_path)
    before = came(tmp_path).path
    assert all(verify(before, tmp_path / name).ok for name in names)


def test_a_picture_of_the_doubt_comes_beside_the_colors(able, folder, tmp_path):
    photograph = came(folder)
    expected = tmp_path / "expected.png"
    able.uncertainty_map(photograph.path, expected, vividness=0.5)
    wish = options(vividness=0.5)
    made = colorize_upload(photograph, wish, able, uncertainty=True)
    assert (made.name, made.media_type) == ("abuela-color.zip", "application/zip")
    assert list(folder.iterdir()) == [made.path]
    with zipfile.ZipFile(made.path) as archive:
        assert archive.namelist() == ["abuela-color.jpg", "abuela-uncertainty.png"]
        assert archive.read("abuela-uncertainty.png") == expected.read_bytes()


def test_doubt_is_refused_where_the_network_does_not_tell(added, folder):
    added(networks.contract(uncertainty=False), name="plain")
    with pytest.raises(ProblemError, match="plain does not tell how sure it is; name"):
        colorize_upload(came(folder), options(model="plain"), Colorizer("plain"), uncertainty=True)


def test_hints_and_vividness_are_heeded(able, folder):
    hints = (Hint(0.5, 0.5, "blue", 0.3),)
    plain = colorize_upload(came(folder, ".png"), options(), able).path.rename(folder / "plain")
    told = colorize_upload(came(folder, ".png"), options(hints=hints), able)
    assert [one.hint for one in told.unreachable] == list(hints)
    assert saturation(told.path) > 2 * saturation(plain)
    told.path.unlink()
    assert saturation(colorize_upload(came(folder, ".png"), options(vividness=0), able).path) == 0


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"hints": (Hint(0, 0, "red"),)}, "plain takes no hints; name a network that does"),
        ({"variants": 2}, "plain makes no variants; name a network that does"),
    ],
)
def test_what_the_network_cannot_do_is_refused(known_network, folder, wishes, said):
    models.add(known_network, "plain", "contract")
    with pytest.raises(ProblemError, match=said) as told:
        colorize_upload(came(folder), options(model="plain", **wishes), Colorizer("plain"))
    assert told.value.kind == "wrong-field"


def test_a_damaged_photograph_is_told_by_its_name_and_deleted(able, folder):
    path = folder / "photograph"
    path.write_bytes((EXAMPLES / "coffee.png").read_bytes()[:-40_000])
    photograph = inspect_upload(Upload(path, "cut.png", {}), Settings())
    with pytest.raises(PhotographError, match=r"'cut\.png' is damaged") as told:
        colorize_upload(photograph, options(), able)
    assert str(folder) not in str(told.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("difference", "ok"), [(1, True), (2, False)])
def test_of_a_promise_is_said_what_became_of_the_luma(difference, ok):
    verification = Verification(None, difference, Provenance("1", "able", "", "00"))
    told = {"identical_dct": None, "max_luma_difference": difference, "ok": ok}
    assert verification_json(verification) == told
