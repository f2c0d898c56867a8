import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from colorear.errors import PhotographError
from colorear.inference.verify import Verification, verify
from colorear.photo.inspection.pixels import decoded
from colorear.photo.photograph import open_photo
from colorear.photo.provenance import Provenance
from colorear.photo.saving import save
from photo.test_icc import PROFILES

PACKET = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="the attic"/></rdf:RDF>'
)
MARK = Provenance("0.1.0", "acuarela", "7ab61f9d", "00ff" * 16)


def reopened(path) -> Image.Image:
    """What Pillow makes of a file, which it does not keep open."""
    return Image.open(io.BytesIO(Path(path).read_bytes()))


@pytest.fixture
def gray(free_pictures) -> np.ndarray:
    return free_pictures["coffee"][:99, :150, 1]


def tinted(*_):
    return lambda luma, _: luma * (1 - luma) * np.array([0.3, -0.4], np.float32)[:, None, None]


def pair(folder, gray, suffix, **options):
    source, target = folder / f"old{suffix}", folder / f"new{suffix}"
    Image.fromarray(gray).save(source, **options)
    save(open_photo(source), target, tinted, MARK)
    return source, target


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg(tmp_path, gray, progressive):
    source, target = pair(tmp_path, gray, ".jpg", progressive=progressive)
    assert verify(source, target) == Verification(True, 0, MARK)
    assert verify(source, target).ok


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_other_formats(tmp_path, gray, suffix):
    options = {"lossless": True} if suffix == ".webp" else {}
    promise = verify(*pair(tmp_path, gray, suffix, **options))
    assert promise.identical_dct is None
    assert promise.max_luma_difference <= 1
    assert promise.provenance == MARK
    assert promise.ok


def test_a_mark_decides_nothing(tmp_path, gray):
    source, target = pair(tmp_path, gray, ".png")
    reopened(target).save(tmp_path / "bare.png")
    bare = verify(source, tmp_path / "bare.png")
    assert (bare.provenance, bare.changed, bare.ok) == (None, (), True)
    save(open_photo(target), tmp_path / "dark.png", tinted, MARK)
    Image.fromarray(gray // 2).save(source)
    dark = verify(source, tmp_path / "dark.png")
    assert (dark.provenance, dark.ok) == (MARK, False)


def test_a_recompressed_jpeg_breaks_it(tmp_path, gray):
    source, target = pair(tmp_path, gray, ".jpg", quality=90)
    reopened(target).save(target, quality=80)
    promise = verify(source, target)
    assert promise.identical_dct is False
    assert promise.max_luma_difference > 1
    assert not promise.ok


def test_one_coefficient_or_table_entry_breaks_it(tmp_path, gray):
    source, target = pair(tmp_path, gray, ".jpg", quality=90)
    content = bytearray(target.read_bytes())
    content[content.index(b"\xff\xdb") + 5] += 1  # the luma table's DC entry
    target.write_bytes(content)
    assert verify(source, target).identical_dct is False


def test_a_jpeg_made_png_is_not_the_same(tmp_path, gray):
    source, target = pair(tmp_path, gray, ".jpg")
    reopened(target).save(tmp_path / "new.png")
    promise = verify(source, tmp_path / "new.png")
    assert promise.identical_dct is False
    assert not promise.ok


@pytest.mark.parametrize(
    ("change", "difference", "ok"), [(0, 0, True), (1, 1, True), (3, 3, False)]
)
@pytest.mark.parametrize("bits", [8, 16])
def test_differences_are_in_levels(tmp_path, change, difference, ok, bits):
    kind = np.uint8 if bits == 8 else np.uint16
    before = np.full((20, 30), 100, kind)
    after = before.copy()
    after[7, 11] += kind(change)
    Image.fromarray(before).save(tmp_path / "old.png")
    Image.fromarray(after).save(tmp_path / "new.png")
    promise = verify(tmp_path / "old.png", tmp_path / "new.png")
    assert promise == Verification(None, difference)
    assert promise.ok is ok


def test_what_cannot_be_compared(tmp_path, gray):
    source, target = pair(tmp_path, gray, ".png")
    reopened(target).crop((0, 0, 10, 10)).save(tmp_path / "small.png")
    with pytest.raises(PhotographError, match=r"150 x 99 pixels and '.*' 10 x 10, but equal sizes"):
        verify(source, tmp_path / "small.png")
    with pytest.raises(PhotographError, match=r"missing\.png' does not exist"):
        verify(source, tmp_path / "missing.png")


@pytest.mark.parametrize("damaged", ["old", "new"])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_the_damaged_one_is_named(tmp_path, gray, damaged, suffix):
    paths = pair(tmp_path, gray, suffix)
    path = tmp_path / f"{damaged}{suffix}"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(PhotographError, match=f"{damaged}{suffix}' is .*damaged"):
        verify(*paths)


EXIF = Image.Exif()
EXIF[0x010E], EXIF[0x0112] = "grandmother", 6
XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Label='attic'/>"
    b"</rdf:RDF></x:xmpmeta>"
)


def scan(folder, gray, suffix, **options):
    """A pair with all that a file may say of itself."""
    if suffix == ".png":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"].add_text("Title", "La abuela")
        options["pnginfo"].add_text("Late", "as well", zip=True)
    elif suffix == ".tif":
        options["tiffinfo"] = {700: XMP, 33432: "nobody", **EXIF}
    else:
        options["xmp"] = XMP
    if suffix == ".jpg":
        options["comment"] = "from the attic"
    if suffix != ".webp":
        options["dpi"] = (300, 300)
    profile = PROFILES["dot gain"]
    return pair(folder, gray, suffix, exif=EXIF, icc_profile=profile, **options)


SUFFIXES = [".jpg", ".png", ".tif", ".webp"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_everything_is_compared(tmp_path, gray, suffix):
    lossless = {"lossless": True} if suffix == ".webp" else {}
    assert verify(*scan(tmp_path, gray, suffix, **lossless)).changed == ()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("tags", "names"),
    [
        ("-Orientation=Horizontal (normal)", {"orientation"}),
        ("-ImageDescription=grandfather", {"EXIF", "TIFF tag 270"}),
        ("-XMP-xmp:Label=cellar", {"XMP"}),
        ("-XMP-dc:Title=more", {"XMP"}),
        ("-ICC_Profile:all=", {"ICC profile"}),
        ("-XResolution=72", {"resolution"}),
        ("-Comment=changed", {"comments", "texts", "chunk"}),
    ],
)
def test_what_another_program_changed_is_named(tmp_path, gray, suffix, tags, names):
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    if "Comment" in tags and suffix in (".tif", ".webp"):
        pytest.skip("it has none")
    source, target = scan(tmp_path, gray, suffix)
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", tags, str(target)],
        check=True,
        capture_output=True,
    )
    found = verify(source, target)
    assert names & set(found.changed), found.changed
    assert not found.ok


@pytest.mark.parametrize("kept", [b"eXIf", b"pHYs", b"tEXt", b"zTXt", b"iCCP"])
def test_a_missing_chunk_is_named(tmp_path, gray, kept):
    source, target = scan(tmp_path, gray, ".png")
    content = target.read_bytes()
    at = content.index(kept) - 4
    size = int.from_bytes(content[at : at + 4], "big") + 12
    target.write_bytes(content[:at] + content[at + size :])
    assert verify(source, target).changed
    for end in (-4, -12, -20):  # within the end, before it, and within a chunk after the pixels
        target.write_bytes((content[:-12] + b"\0\0\0\x0eteSt" + bytes(18) + content[-12:])[:end])
        with pytest.raises(PhotographError, match=r"new\.png' is damaged or cut short \(its chunk"):
            verify(source, target)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("bits", [8, 16])
def test_alpha_is_compared(tmp_path, gray, suffix, bits):
    if bits == 16 and suffix == ".webp":
        pytest.skip("a WebP has 8 bits")
    kind = np.uint8 if bits == 8 else np.uint16
    rgba = np.dstack([gray, gray, gray, 255 - gray]).astype(kind) * (1 if bits == 8 else 257)
    names = [tmp_path / f"{name}{suffix}" for name in ("old", "new", "zeroed", "opaque")]
    form = {".png": "png", ".tif": "tiff", ".webp": "webp"}[suffix]
    lossless = {"lossless": True} if form == "webp" else {}
    for name, changed in zip(names, (rgba, rgba, rgba * [1, 1, 1, 0], rgba[..., :3]), strict=True):
        interpretation = "srgb" if bits == 8 else "rgb16"
        image = pyvips.Image.new_from_array(changed.astype(kind), interpretation=interpretation)
        getattr(image, f"{form}save")(str(name), **lossless)
    assert verify(names[0], names[1]).ok
    for name in names[2:]:
        assert "alpha" in verify(names[0], name).changed
        assert not verify(names[0], name).ok


def test_a_webp_that_tells_of_alpha_and_has_none(tmp_path, gray):
    """Its header has a flag that libwebp does not set where all is opaque."""
    source, target = tmp_path / "old.webp", tmp_path / "new.webp"
    Image.fromarray(np.dstack([gray, gray, gray])).save(source, quality=90, xmp=b"<a/>")
    content = bytearray(source.read_bytes())
    assert content[12:16] == b"VP8X"
    content[20] |= 0x10
    source.write_bytes(content)
    assert pyvips.Image.new_from_file(str(source)).hasalpha()
    save(open_photo(source), target, tinted, MARK)
    found = verify(source, target)
    assert "alpha" not in found.changed
    assert found.max_luma_difference <= 1
    half = pyvips.Image.new_from_file(str(target))[:3].bandjoin(128)
    half.webpsave(str(target), lossless=True)
    assert "alpha" in verify(source, target).changed


def test_xmp_of_a_png_whose_sum_is_wrong(tmp_path, gray):
    """libvips reads it all the same: what is in it is kept, and compared."""
    source, target = tmp_path / "old.png", tmp_path / "new.png"
    about = PngInfo()
    about.add_itxt("XML:com.adobe.xmp", PACKET)
    Image.fromarray(gray).save(source, pnginfo=about)
    content = source.read_bytes()
    source.write_bytes(content.replace(b"the attic", b"The attic"))
    save(open_photo(source), target, tinted, MARK)
    assert b"The attic" in target.read_bytes()
    assert verify(source, target).ok
    target.write_bytes(target.read_bytes().replace(b"The attic", b"the attic"))
    with pytest.raises(PhotographError, match="its chunk iTXt is not whole"):
        verify(source, target)


def test_one_pixel_of_alpha(tmp_path, gray):
    changed = gray.copy()
    changed[7, 11] ^= 1
    for name, alpha in (("old", gray), ("new", changed)):
        Image.fromarray(np.dstack([gray, alpha]), "LA").save(tmp_path / f"{name}.png")
    assert verify(tmp_path / "old.png", tmp_path / "new.png").changed == ("alpha",)


def test_two_segments_that_disagree_on_colors(tmp_path, gray):
    """Programs that go by the second one show green and pink."""
    source, target = pair(tmp_path, gray, ".jpg")
    content = target.read_bytes()
    for transforms, ok in (((1,), True), ((1, 0), False), ((0,), False), ((1, 1), True)):
        adobe = [b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([t]) for t in transforms]
        target.write_bytes(content[:2] + b"".join(adobe) + content[2:])
        found = verify(source, target)
        assert found.changed == (() if ok else ("how its colors are to be read",))
        assert found.identical_dct
        assert found.ok is ok


@pytest.mark.parametrize("transforms", [(2,), (1, 2), (0, 1)])
def test_an_original_that_is_unclear_on_colors(tmp_path, gray, transforms):
    """Read as YCbCr by libjpeg, and said to be so once it is colored."""
    source, target = tmp_path / "old.jpg", tmp_path / "new.jpg"
    Image.fromarray(gray).convert("RGB").save(source)
    content = source.read_bytes()
    adobe = [b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([t]) for t in transforms]
    frame = content.index(b"\xff\xdb")
    source.write_bytes(content[:2] + b"".join(adobe) + content[frame:])  # without JFIF
    save(open_photo(source), target, tinted, MARK)
    assert verify(source, target).ok
    assert verify(source, source).changed == ()


def test_what_another_decoder_sees_decides_too(tmp_path, gray, monkeypatch):
    """libvips here takes both files for black, as it might take some of an unusual coding."""
    source, target = tmp_path / "old.tif", tmp_path / "new.tif"
    Image.fromarray(gray).save(source)
    Image.fromarray(np.zeros_like(gray)).save(target)
    black = pyvips.Image.black(*gray.shape[::-1]).copy(interpretation="b-w")
    monkeypatch.setattr("colorear.photo.photograph.opened", lambda *_, **_how: black)
    found = verify(source, target)
    assert found.max_luma_difference == 0
    assert found.changed == ("luma as another decoder reads it",)
    assert not found.ok


def test_a_file_that_another_decoder_does_not_open(tmp_path, gray, monkeypatch):
    source, target = pair(tmp_path, gray, ".tif")

    def failing(path, form, page):
        if path == target:
            raise OSError("no strip")
        return decoded(path, form, page)

    monkeypatch.setattr("colorear.photo.inspection.differences.decoded", failing)
    with pytest.raises(PhotographError, match=r"new\.tif' cannot be opened .* \(no strip\)"):
        verify(source, target)


def test_large_ones_are_decoded_once(tmp_path, gray, monkeypatch):
    monkeypatch.setattr("colorear.inference.verify.MOST_PIXELS", 100)
    found = verify(*pair(tmp_path, gray, ".png"))
    assert (found.decoded_twice, found.ok) == (False, True)
