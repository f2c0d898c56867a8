import io
import struct
from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, TiffImagePlugin

from colorear import Colorizer, verify
from colorear.errors import PhotographError
from colorear.photo import photograph, tiff, tiff_kinds
from metadata import exiftool


@pytest.fixture(params=[np.uint8, ">u2"], ids=["II", "MM"])
def original(request, tmp_path) -> Path:
    """A scan with texts, EXIF and GPS; Pillow writes 16-bit big-endian pixels as such a file."""
    path = tmp_path / "old.tif"
    pixels = Image.fromarray(np.zeros((5, 6), request.param))
    order = b"MM\0*" if pixels.mode == "I;16B" else b"II*\0"
    told = TiffImagePlugin.ImageFileDirectory_v2(ifh=order + bytes(4))
    told[271], told[272], told[306] = "Epson", "V6", "2001:01:01 00:00:00"
    told[34665] = {36867: "1949:05:06 07:08:09", 33434: TiffImagePlugin.IFDRational(1, 60)}
    told[34853] = {1: "N", 2: tuple(TiffImagePlugin.IFDRational(n, 7) for n in (1, 2, 3))}
    pixels.save(path, tiffinfo=told)
    assert path.read_bytes()[:4] == order
    return path


@pytest.mark.parametrize("big", [False, True])
def test_graft(tmp_path, original, big):
    made = tmp_path / "new.tif"
    colors = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    pyvips.Image.new_from_array(colors).tiffsave(str(made), bigtiff=big, compression="deflate")
    tiff.graft(original, made)
    image = Image.open(io.BytesIO(made.read_bytes()))
    assert np.array_equal(np.asarray(image), colors)
    assert np.array_equal(pyvips.Image.tiffload(str(made)).numpy(), colors)
    exif = image.getexif()
    assert (exif[271], exif[272], exif[306]) == ("Epson", "V6", "2001:01:01 00:00:00")
    assert exif.get_ifd(34665)[36867] == "1949:05:06 07:08:09"
    assert exif.get_ifd(34665)[33434] == pytest.approx(1 / 60)
    assert exif.get_ifd(34853)[1] == "N"
    assert exif.get_ifd(34853)[2] == pytest.approx((1 / 7, 2 / 7, 3 / 7))
    numbers = [tag.number for tag in tiff.tags(made)]
    assert numbers == sorted(set(numbers))


def exif_entry(content: bytes) -> tuple[int, str]:
    """Where it is, and the order of bytes."""
    order = "little" if content[:2] == b"II" else "big"
    return content.index((34665).to_bytes(2, order) + (4).to_bytes(2, order)), order


def test_a_damaged_directory_is_left_out(original):
    content = bytearray(original.read_bytes())
    entry, order = exif_entry(content)
    content[entry + 8 : entry + 12] = (10**9).to_bytes(4, order)
    original.write_bytes(content)
    numbers = [tag.number for tag in tiff.tags(original)]
    assert 34665 not in numbers
    assert {271, 272, 306, 34853} <= set(numbers)


def test_a_directory_may_be_called_one(original):
    """libtiff writes the type IFD, others LONG."""
    with original.open("ab") as file:
        file.write(bytes(2**24))  # as pixels may follow
    before = tiff.tags(original)
    content = bytearray(original.read_bytes())
    entry, order = exif_entry(content)
    content[entry + 2 : entry + 4] = (13).to_bytes(2, order)
    original.write_bytes(content)
    assert [tag.content for tag in tiff.tags(original)] == [tag.content for tag in before]


def test_more_than_four_gigabytes(tmp_path, original):
    made = tmp_path / "new.tif"
    pyvips.Image.black(6, 5, bands=3).tiffsave(str(made), bigtiff=True)
    with made.open("rb+") as file:
        file.truncate(2**32 + 1)  # a hole, which takes no room
    tiff.graft(original, made)
    (about,) = (tag.content for tag in tiff.tags(made) if tag.number == 34665)
    assert {tag.number: tag.content for tag in about}[36867] == b"1949:05:06 07:08:09\0"


def pages(path: Path, **options: bool) -> int:
    wide = pyvips.Image.black(900, 600).cast("ushort").copy(interpretation="grey16")
    wide.tiffsave(str(path), tile=True, **options)
    return pyvips.Image.new_from_file(str(path)).get("n-pages")


@pytest.mark.parametrize("big", [False, True])
def test_a_pyramid_is_one_picture(tmp_path, known_network, big):
    assert pages(tmp_path / "a.tif", pyramid=True, bigtiff=big) > 1
    assert tiff_kinds.pages(tmp_path / "a.tif") == (0,)
    Colorizer(known_network).colorize(tmp_path / "a.tif", tmp_path / "b.tif")
    assert verify(tmp_path / "a.tif", tmp_path / "b.tif").ok


def test_pages_are_several_pictures(tmp_path):
    gray = Image.new("L", (9, 9))
    gray.save(tmp_path / "a.tif", save_all=True, append_images=[gray])
    assert tiff_kinds.pages(tmp_path / "a.tif") == (0, 1)
    (tmp_path / "b.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:50])
    assert tiff_kinds.pages(tmp_path / "b.tif") == (0,)


HEIGHT = (257, 4, 1, 9)


@pytest.mark.parametrize("order", ["<", ">"], ids=["II", "MM"])
@pytest.mark.parametrize(
    ("about", "found"),
    [
        ([(254, 4, 1, 0), (254, 4, 1, 2)], (0, 1)),  # NewSubfileType: a page of several
        ([(254, 4, 1, 1), (254, 4, 1, 0)], (1,)),  # a smaller copy comes first
        ([(254, 4, 1, 0), (254, 4, 1, 4)], (0,)),  # a mask
        ([(255, 3, 1, 3), (255, 3, 1, 2), (255, 3, 1, 3)], (0, 2)),  # as before TIFF 6.0
        ([(254, 4, 1, 0), (513, 4, 1, 8)], (0,)),  # EXIF's thumbnail
    ],
)
def test_which_pages_are_pictures(tmp_path, about, found, order):
    size = len(directory(about[0], HEIGHT))
    content = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    for number, entry in enumerate(about, 1):
        following = 8 + number * size if number < len(about) else 0
        rest = () if entry[0] == 513 else (HEIGHT,)
        content += directory(entry, *rest, following=following, order=order)
    (tmp_path / "a.tif").write_bytes(content)
    assert tiff_kinds.pages(tmp_path / "a.tif") == found


IPTC = b"\x1c\x02\x78\0\x0bOld harbour\x1c\x02\x50\0\x03Ana"  # caption, by-line
TAGS = {  # number: type, count, value
    270: (2, 6, b"Caf\xe9s\0"),  # a caption that is not UTF-8
    271: (2, 6, b"Epson\0"),
    282: (5, 1, (600, 1)),
    283: (5, 1, (599, 1)),
    296: (3, 1, 2),
    297: (3, 2, (3, 7)),  # PageNumber
    318: (5, 2, (3127, 10000, 3290, 10000)),  # WhitePoint
    33550: (12, 3, (1.5, 1.5, 0.0)),  # GeoTIFF
    33922: (12, 6, (0.0, 0.0, 0.0, 440720.0, 3751320.0, 0.0)),
    34735: (3, 8, (1, 1, 0, 1, 1024, 0, 1, 1)),
    34737: (2, 4, b"NAD\0"),
    34377: (7, 12, b"8BIM\4\4\0\0\0\0\0\0"),  # Photoshop's resources
    37724: (7, 40, b"Adobe Photoshop Document Data Block\0abcd"),  # and layers
    65000: (1, 3, b"abc"),  # private
    65001: (11, 2, (0.25, -1.0)),
}


def scan(path: Path, pixels: np.ndarray, order: str, tags=TAGS, iptc=True, **options) -> Path:
    extra = [(number, *tag, True) for number, tag in tags.items() if number not in (282, 283, 296)]
    if iptc:  # as numbers, which many programs write
        content = IPTC.ljust(-(-len(IPTC) // 4) * 4, b"\0")
        numbers = struct.unpack(f"{order}{len(content) // 4}I", content)
        extra.append((33723, 4, len(numbers), numbers, True))
    resolution = {"resolution": (600, 599), "resolutionunit": 2} if 282 in tags else {}
    tifffile.imwrite(
        path, pixels, byteorder=order, extratags=extra, metadata=None, **resolution, **options
    )
    return path


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("big", [False, True], ids=["TIFF", "BigTIFF"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_tag_that_codes_no_pixels_is_kept(tmp_path, known_network, order, big, bits):
    pixels = np.full((20, 30), 90, np.uint8 if bits == 8 else np.uint16)
    source = scan(tmp_path / "old.tif", pixels, order, bigtiff=big, photometric="minisblack")
    target = tmp_path / "new.tif"
    Colorizer(known_network).colorize(source, target)
    with tifffile.TiffFile(source) as old, tifffile.TiffFile(target) as new:
        before, after = old.pages[0].tags, new.pages[0].tags
        for number in TAGS:
            assert after[number].value == before[number].value, number
            assert after[number].dtype == before[number].dtype, number
        assert set(after.keys()) - set(before.keys()) <= {258, 277, 284, 317, 700, 338, 339}
    before, after = (exiftool(path, "IPTC", "Photoshop") for path in (source, target))
    assert after["IPTC:Caption-Abstract"] == "Old harbour"
    assert after == before


def test_no_resolution_is_invented(tmp_path, known_network):
    tags = {271: TAGS[271]}
    pixels = np.full((20, 30), 90, np.uint8)
    source = scan(tmp_path / "old.tif", pixels, "<", tags, iptc=False, photometric="minisblack")
    content = bytearray(source.read_bytes())
    for number in (282, 283, 296):  # tifffile writes them always
        at = content.index(struct.pack("<HH", number, 3 if number == 296 else 5))
        content[at : at + 2] = struct.pack("<H", 65100 + number)
    source.write_bytes(content)
    Colorizer(known_network).colorize(source, tmp_path / "new.tif")
    with tifffile.TiffFile(tmp_path / "new.tif") as new:
        assert not {282, 283, 296} & set(new.pages[0].tags.keys())
        assert {65382, 65383, 65396} <= set(new.pages[0].tags.keys())


@pytest.mark.parametrize("meaning", [None, 0, 1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_another_channel_means_what_it_meant(tmp_path, known_network, channels, meaning):
    """An infrared channel, alpha that colors were multiplied by, alpha; or nobody has said it."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, channels + 1), np.uint8)
    source, target = tmp_path / "old.tif", tmp_path / "new.tif"
    photometric = "minisblack" if channels == 1 else "rgb"
    options = {"extrasamples": [meaning or 0], "planarconfig": "contig"}
    tifffile.imwrite(source, pixels, photometric=photometric, metadata=None, **options)
    if meaning is None:
        content = source.read_bytes()
        entry = struct.pack("<HHII", 338, 3, 1, 0)
        source.write_bytes(content.replace(entry, struct.pack("<HHII", 337, 3, 1, 1)))
    Colorizer(known_network).colorize(source, target)
    with tifffile.TiffFile(target) as new:
        if meaning is None:
            assert 338 not in new.pages[0].tags
        else:
            assert [int(value) for value in new.pages[0].tags[338].value] == [meaning]
        assert np.array_equal(new.pages[0].asarray()[..., -1], pixels[..., -1])
    found = verify(source, target)
    assert "what the other channels mean" not in found.changed


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_colors_that_alpha_was_multiplied_into_stay_so(tmp_path, known_network, channels, bits):
    rng = np.random.default_rng(0)
    top = 2**bits - 1
    alpha = rng.integers(top // 4, top + 1, (20, 30, 1))
    straight = rng.integers(0, top + 1, (20, 30, channels))
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = np.dstack([straight * alpha // top, alpha]).astype(kind)
    source, target = tmp_path / "old.tif", tmp_path / "new.tif"
    photometric = "minisblack" if channels == 1 else "rgb"
    options = {"extrasamples": [1], "planarconfig": "contig"}
    tifffile.imwrite(source, pixels, photometric=photometric, metadata=None, **options)
    Colorizer(known_network).colorize(source, target)
    with tifffile.TiffFile(target) as new:
        assert [int(value) for value in new.pages[0].tags[338].value] == [1]
        made = new.pages[0].asarray()
    assert np.array_equal(made[..., -1], pixels[..., -1])
    weights = [0.299, 0.587, 0.114]
    before = pixels[..., :3] @ weights if channels == 3 else pixels[..., 0]
    assert np.abs(np.rint(made[..., :3] @ weights) - np.rint(before)).max() <= 1
    assert verify(source, target).ok


def test_sixteen_bits_have_no_predictor(tmp_path, known_network):
    """Java's reader knows it for eight bits alone."""
    for bits, predictor in ((8, 2), (16, 1)):
        pixels = np.full((20, 30), 90, np.uint8 if bits == 8 else np.uint16)
        tifffile.imwrite(tmp_path / f"{bits}.tif", pixels)
        Colorizer(known_network).colorize(tmp_path / f"{bits}.tif", tmp_path / f"new-{bits}.tif")
        with tifffile.TiffFile(tmp_path / f"new-{bits}.tif") as new:
            assert new.pages[0].predictor == predictor


def directory(*entries: tuple[int, int, int, int], following: int = 0, order: str = "<") -> bytes:
    """A directory of a TIFF whose tags have numbers for values, or places of them."""
    body = b"".join(
        struct.pack(f"{order}HHI{'H2x' if kind == 3 else 'I'}", number, kind, many, value)
        for number, kind, many, value in entries
    )
    return struct.pack(f"{order}H", len(entries)) + body + struct.pack(f"{order}I", following)


@pytest.fixture
def steps(monkeypatch) -> list[int]:
    """How many bytes are read each time."""
    sizes: list[int] = []
    read = tiff.Reader.read

    def counted(self, at: int, size: int) -> bytes:
        content = read(self, at, size)
        sizes.append(len(content))
        return content

    monkeypatch.setattr(tiff.Reader, "read", counted)
    return sizes


def test_a_directory_that_leads_back_to_itself_is_read_once(tmp_path, steps):
    many = 60_000
    path = tmp_path / "loop.tif"
    path.write_bytes(b"II*\0\x08\0\0\0" + directory(*[(34665, 4, 1, 8)] * many))
    assert tiff.tags(path) == []
    assert sum(steps) <= path.stat().st_size
    assert len(steps) == 3


def test_tags_that_share_one_text_are_refused(tmp_path, steps):
    many, long = 5_000, 1_000_000
    entries = [(65000 + i % 500, 2, long, 8 + 6 + 12 * many) for i in range(many)]
    path = tmp_path / "shared.tif"
    path.write_bytes(b"II*\0\x08\0\0\0" + directory(*entries) + b"x" * long)
    with pytest.raises(PhotographError, match="is a TIFF whose tags lie upon one another"):
        tiff.tags(path)
    assert sum(steps) <= 2 * path.stat().st_size


def test_directories_upon_one_another_are_refused(tmp_path, steps):
    """Each two bytes after the other, of as many tags as there can be."""
    path = tmp_path / "upon.tif"
    exif = [(34665, 4, 1, 20 + 2 * i) for i in range(3000)]
    path.write_bytes(b"II*\0\x08\0\0\0" + directory(*exif) + b"\xff" * 100_000)
    with pytest.raises(PhotographError, match="lie upon one another"):
        tiff.tags(path)
    assert sum(steps) <= 2 * path.stat().st_size
    assert len(steps) < 2 * len(exif)


def test_pages_that_lead_back_end(tmp_path, steps):
    path = tmp_path / "pages.tif"
    smaller = directory((254, 4, 1, 1), HEIGHT, following=38)
    first = directory((254, 4, 1, 0), HEIGHT, following=38)
    path.write_bytes(b"II*\0\x08\0\0\0" + first + smaller)
    assert tiff_kinds.pages(path) == (0,)
    assert len(steps) < 12


@pytest.mark.parametrize(("pages", "each"), [(1, 1001), (201, 1000), (2001, 100)])
def test_tags_without_end_are_refused_before_libtiff_compares_them(
    tmp_path, monkeypatch, pages, each
):
    """Of 3,000 that it does not know in each of 20 pages it takes 4 s each time it opens them."""
    monkeypatch.setattr(photograph, "opened", None)
    unknown = [(20_000 + number, 3, 1, 7) for number in range(each - 1)]
    size = len(directory(HEIGHT, *unknown))
    places = [8 + size * number for number in range(1, pages)]
    content = b"".join(directory(HEIGHT, *unknown, following=place) for place in [*places, 0])
    path = tmp_path / "many.tif"
    path.write_bytes(b"II*\0\x08\0\0\0" + content)
    with pytest.raises(PhotographError, match=r"many\.tif' is a TIFF of so many tags that no prog"):
        photograph.open_photo(path)
    fewer = directory(HEIGHT, *unknown[:999], following=0)
    path.write_bytes(b"II*\0\x08\0\0\0" + fewer)
    assert tiff_kinds.pages(path) == (0,)


@pytest.mark.parametrize("place", [2**63, 2**64 - 1])
def test_places_that_no_file_has(tmp_path, place):
    """BigTIFF has room for more than a system's files: as if there were nothing."""
    path = tmp_path / "far.tif"
    path.write_bytes(struct.pack("<2sHHHQ", b"II", 43, 8, 0, place))
    assert tiff.tags(path) == []
    assert tiff_kinds.pages(path) == ()
    tag = struct.pack("<QHHQQ", 1, 270, 2, 100, place) + bytes(8)
    path.write_bytes(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) + tag)
    assert tiff.tags(path) == []
