import io
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

import colorear
from colorear import Colorizer, verify
from colorear.photo.provenance import SOURCE_TYPE, Provenance, merged, read
from photo.test_xmp import LIGHTROOM, told

MARK = Provenance("0.1.0", "acuarela", "7ab61f9d", "00ff" * 16)

# name -> ending, type of a sample, bands, how it is saved
KINDS = {
    "JPEG, grey": (".jpg", np.uint8, 1, {}),
    "JPEG, colour": (".jpg", np.uint8, 3, {}),
    "JPEG, grey, progressive": (".jpg", np.uint8, 1, {"interlace": True}),
    "JPEG, colour, progressive": (".jpg", np.uint8, 3, {"interlace": True}),
    "PNG, 8 bit": (".png", np.uint8, 1, {}),
    "PNG, 16 bit": (".png", np.uint16, 1, {}),
    "PNG, 16 bit, colour": (".png", np.uint16, 3, {}),
    "TIFF, 8 bit": (".tif", np.uint8, 1, {}),
    "TIFF, 16 bit": (".tif", np.uint16, 3, {}),
    "BigTIFF, 16 bit": (".tif", np.uint16, 1, {"bigtiff": True}),
    "WebP": (".webp", np.uint8, 3, {"lossless": True}),
}


@pytest.fixture(scope="session")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


def written(folder: Path, kind: str, packet: bytes | None) -> Path:
    suffix, sample, bands, options = KINDS[kind]
    gray = np.add.outer(np.arange(32), np.arange(48)).astype(sample) + 60
    image = pyvips.Image.new_from_array(np.dstack([gray] * bands) if bands > 1 else gray)
    if packet is not None:
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
    path = folder / f"old{suffix}"
    image.write_to_file(str(path), **options)
    return path


def packet_of(path: str | Path) -> bytes:
    """By libvips, and by Pillow if it can open such a file."""
    found = pyvips.Image.new_from_file(str(path)).get("xmp-data")
    try:
        image = Image.open(io.BytesIO(Path(path).read_bytes()))
    except OSError:  # 16-bit colour TIFF
        return found
    by_pillow = image.info["xmp"]
    assert (by_pillow.encode() if isinstance(by_pillow, str) else by_pillow) == found
    iptc = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert [element.text for element in ET.fromstring(found).iter(iptc)] == [SOURCE_TYPE]
    return found


def test_every_format_is_marked(tmp_path, colorizer, kind):
    source = written(tmp_path, kind, None)
    done = colorizer.colorize(source)
    packet = packet_of(done.output)
    card = colorizer.network.card
    mark = Provenance(colorear.__version__, "known", card.version, card.sha256)
    assert read(packet) == mark == colorizer.mark
    assert packet == merged(None, mark)
    promise = verify(source, done.output)
    assert (promise.ok, promise.provenance) == (True, mark)
    again = colorizer.colorize(source, tmp_path / f"again{source.suffix}")
    assert Path(again.output).read_bytes() == Path(done.output).read_bytes()


def test_what_the_original_says_is_kept(tmp_path, colorizer, kind):
    source = written(tmp_path, kind, LIGHTROOM)
    done = colorizer.colorize(source)
    packet = packet_of(done.output)
    assert told(unmarked(packet)) == told(LIGHTROOM)
    assert packet.count(SOURCE_TYPE.encode()) == 1
    assert b"negativeFilm" not in packet
    twice = colorizer.colorize(done.output)
    assert packet_of(twice.output) == packet
    if source.suffix == ".jpg":
        assert Path(twice.output).read_bytes().count(b"http://ns.adobe.com/xap/1.0/\0") == 1


def unmarked(packet: bytes) -> bytes:
    """Without the properties of colorear's own."""
    root = ET.fromstring(packet)
    for parent in root.iter():
        for element in [child for child in parent if child.tag.startswith("{urn:colorear:")]:
            parent.remove(element)
    return ET.tostring(root)


def test_damaged_xmp_is_replaced(tmp_path, colorizer, kind):
    source = written(tmp_path, kind, LIGHTROOM[:500])
    done = colorizer.colorize(source)
    assert packet_of(done.output) == merged(None, colorizer.mark)
    assert verify(source, done.output).ok


def test_a_compressed_packet_and_a_second_one_in_a_png(tmp_path, colorizer):
    about = PngInfo()
    about.add_itxt("XML:com.adobe.xmp", LIGHTROOM.decode(), zip=True)
    about.add_itxt("XML:com.adobe.xmp", LIGHTROOM.decode())
    Image.new("L", (20, 10), 90).save(tmp_path / "old.png", pnginfo=about)
    done = colorizer.colorize(tmp_path / "old.png")
    assert told(unmarked(packet_of(done.output))) == told(LIGHTROOM)
    assert Path(done.output).read_bytes().count(b"XML:com.adobe.xmp") == 1


@pytest.mark.parametrize("kind_of_tag", [1, 7])
def test_a_tiff_whose_tag_is_bytes_or_undefined(tmp_path, colorizer, kind_of_tag):
    about = ImageFileDirectory_v2()
    about.tagtype[700] = kind_of_tag
    about[700] = LIGHTROOM
    Image.new("L", (20, 10), 90).save(tmp_path / "old.tif", tiffinfo=about)
    done = colorizer.colorize(tmp_path / "old.tif")
    assert told(unmarked(packet_of(done.output))) == told(LIGHTROOM)


def test_a_jpeg_with_as_much_xmp_as_fits(tmp_path, colorizer):
    filled = LIGHTROOM.replace(b"two&#xA;lines", b"m" * (65_400 - len(LIGHTROOM)))
    Image.new("L", (20, 10), 90).save(tmp_path / "old.jpg", xmp=filled)
    done = colorizer.colorize(tmp_path / "old.jpg")
    assert verify(tmp_path / "old.jpg", done.output).provenance == colorizer.mark
    content = Path(done.output).read_bytes()
    assert content.count(b"http://ns.adobe.com/xmp/extension/\0") == 1
    assert content.count(b"m" * 60_000) == 1
    assert len(Image.open(io.BytesIO(content)).info["xmp"]) < 2000
    assert read(Image.open(io.BytesIO(content)).info["xmp"]) == colorizer.mark


def test_what_is_no_mark():
    assert read(None) is None
    assert read(b"") is None
    assert read(LIGHTROOM) is None
    changed = merged(None, MARK).replace(b"compositeWithTrainedAlgorithmicMedia", b"digitalCapture")
    assert read(changed) is None
    bare = merged(None, MARK).replace(b"colorear:Version>", b"colorear:Edition>")
    assert read(bare) is None


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


@given(NAMES.map(str.strip), NAMES.map(str.strip))
def test_any_name_comes_back(name, version):
    mark = Provenance("1", name, version, "ff")
    assert read(merged(LIGHTROOM, mark)) == mark


def test_names_that_no_xml_can_hold():
    name = b"l\xe9gende".decode("utf-8", "surrogateescape") + "\0"
    assert read(merged(None, Provenance("1", name, "", "ff"))).network == "l\ufffdgende\ufffd"
