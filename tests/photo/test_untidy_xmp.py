import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from colorear import Colorizer
from colorear.photo import provenance, xmp
from colorear.photo.photograph import open_photo
from metadata import exiftool

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MARK = provenance.Provenance("0.1.0", "acuarela", "7ab61f9d", "00ff" * 16)
OTHER = provenance.Provenance("0.2.0", "Tom & Ana <x>", "", "ff00" * 16)


def packet(body: str) -> bytes:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        f' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">{body}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode("latin-1")


CITY = "<photoshop:City>Toledo</photoshop:City>"
UNTIDY = {
    "ampersand": packet(f"{CITY}<xmp:Label>Tom & Ana</xmp:Label>"),
    "encoding": packet(f"{CITY}<xmp:Label>Caf\xe9</xmp:Label>"),
    "prefix": packet(f"{CITY}<nobody:Knows>it</nobody:Knows>"),
    "twice": packet(CITY).replace(b"<rdf:Description", b"<rdf:Description xmp:a='1' xmp:a='1'"),
    "garbled": b"\xff\xfe" + packet(CITY),
    "after": packet(CITY) + b"more",
}


@pytest.mark.parametrize("name", UNTIDY)
def test_nothing_in_it_is_touched(name):
    with pytest.raises(ET.ParseError):
        ET.fromstring(UNTIDY[name])
    marked = provenance.merged(UNTIDY[name], MARK)
    assert provenance.read(marked) == MARK
    assert len(set(UNTIDY[name].splitlines()) - set(marked.splitlines())) <= 1
    start = marked.index(b'<rdf:Description xmlns:rdf="')
    end = marked.index(b"</rdf:Description>", start) + len(b"</rdf:Description>")
    assert marked[:start] + marked[end:] == UNTIDY[name]
    again = provenance.merged(marked, OTHER)
    assert provenance.read(again) == OTHER
    assert again[:start] == marked[:start]
    assert provenance.merged(again, MARK) == marked


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_letters(encoding):
    wide = UNTIDY["ampersand"].decode().encode(encoding)
    marked = provenance.merged(wide, MARK)
    assert provenance.read(marked) == MARK
    assert "Tom & Ana" in marked.decode(encoding)


@pytest.mark.parametrize("name", ["ampersand", "encoding", "prefix"])
@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_exiftool_reads_as_much_as_before(tmp_path, known_network, name, suffix):
    source, target = tmp_path / f"old{suffix}", tmp_path / f"new{suffix}"
    Image.new("RGB", (20, 10), (90, 90, 90)).save(source, xmp=UNTIDY[name])
    colorizer = Colorizer(known_network)
    colorizer.colorize(source, target)
    groups = ("XMP-photoshop", "XMP-xmp", "XMP-nobody")
    before, after = exiftool(source, *groups), exiftool(target, *groups)
    assert before["XMP-photoshop:City"] == "Toledo"
    assert after == before
    assert "XMP-iptcExt:DigitalSourceType" in exiftool(target, "XMP-iptcExt")
    assert provenance.read(open_photo(target).xmp) == colorizer.mark


def test_what_has_no_end_is_replaced():
    cut = UNTIDY["ampersand"].partition(b"</rdf:RDF>")[0]
    assert provenance.merged(cut, MARK) == provenance.merged(None, MARK)
    opened = cut + b'<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    assert xmp.values(opened, ["{x}y"]) == {}
