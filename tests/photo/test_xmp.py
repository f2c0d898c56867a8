import hashlib
import io
import re
import struct
import tracemalloc
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorear.errors import PhotographError
from colorear.photo import jpeg, xmp

DC, IPTC = "http://purl.org/dc/elements/1.1/", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SOURCE_TYPE, NETWORK = f"{{{IPTC}}}DigitalSourceType", "{urn:colorear:provenance:1.0/}Network"
MARK = {SOURCE_TYPE: "synthetic", NETWORK: "x" * 800}
EXTENDED = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP"

LIGHTROOM = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
   xmp:Rating="4" ext:DigitalSourceType="negativeFilm" xmp:Label="two&#xA;lines">
   <dc:title>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">La abuela &amp; el \xc3\xb1and\xc3\xba</rdf:li>
    </rdf:Alt>
   </dc:title>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def packet(body: str, declared: str = "") -> bytes:
    rdf = f'<rdf:RDF xmlns:rdf="{RDF}"{declared}>{body}</rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'.encode()


def described(properties: str) -> str:
    return f"<rdf:Description>{properties}</rdf:Description>"


def told(content: bytes) -> ET.Element:
    """The canonical form of all that a packet says but the mark."""
    root = ET.fromstring(content)
    for description in root.iter(f"{{{RDF}}}Description"):
        for name in MARK:
            description.attrib.pop(name, None)
            for element in description.findall(name):
                description.remove(element)
    return ET.canonicalize(ET.tostring(root), strip_text=True, rewrite_prefixes=True)


def test_a_new_packet_is_wrapped_as_the_specification_says():
    new = xmp.merged(None, MARK)
    assert new.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n')
    assert new.endswith(b'\n<?xpacket end="w"?>')
    assert xmp.values(new, MARK) == MARK
    (description,) = ET.fromstring(new).iter(f"{{{RDF}}}Description")
    assert description.get(f"{{{RDF}}}about") == ""
    assert b"<Iptc4xmpExt:DigitalSourceType>" in new


def test_everything_else_is_kept_under_its_own_prefix():
    new = xmp.merged(LIGHTROOM, MARK)
    assert xmp.values(new, MARK) == MARK
    assert told(new) == told(LIGHTROOM)
    assert new.count(b"DigitalSourceType") == 2  # one element
    for as_it_was in ("xmp:Rating=", "two&#10;lines", "<ext:Digital", 'xml:lang="x-default"', "ñ"):
        assert as_it_was in new.decode()
    assert b"ns0" not in new


def test_what_was_marked_is_marked_once_and_the_same():
    once = xmp.merged(LIGHTROOM, MARK)
    assert xmp.merged(once, MARK) == once
    other = {**MARK, NETWORK: "another"}
    assert xmp.merged(xmp.merged(LIGHTROOM, other), MARK) == once


@pytest.mark.parametrize(
    "body",
    [
        f'<rdf:Description rdf:about="" i:DigitalSourceType="old" xmlns:i="{IPTC}"/>',
        described(f'<i:DigitalSourceType xmlns:i="{IPTC}"> old </i:DigitalSourceType>'),
        described(f'<i:DigitalSourceType xmlns:i="{IPTC}" rdf:resource="old"/>'),
        f'<rdf:Description/><rdf:Description i:DigitalSourceType="old" xmlns:i="{IPTC}"/>',
    ],
)
def test_every_form_of_a_property_is_read_and_replaced(body):
    assert xmp.values(packet(body), MARK) == {SOURCE_TYPE: "old"}
    new = xmp.merged(packet(body), MARK)
    assert xmp.values(new, MARK) == MARK
    assert b"old" not in new


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_every_encoding_becomes_utf_8(encoding):
    new = xmp.merged(LIGHTROOM.decode().encode(encoding), MARK)
    assert told(new) == told(LIGHTROOM)
    assert xmp.merged(LIGHTROOM + bytes(300), MARK) == new  # and zeros at the end are none of it


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"dear diary",
        LIGHTROOM[:400],
        b"<?xml version='1.0' encoding='nobody'?><x/>",
        b"<html>no XMP</html>",
        packet("<a>" * 5000 + "</a>" * 5000),
        b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
        + b"".join(b"<!ENTITY %c '%b'>" % (c, b"&%c;" % (c - 1) * 10) for c in b"bcdefghij")
        + b"]>"
        + packet(described("&j;")),
    ],
    ids=["empty", "text", "cut", "encoding", "html", "deep", "bomb"],
)
def test_what_cannot_be_read_is_replaced(damaged):
    assert xmp.merged(damaged, MARK) == xmp.merged(None, MARK)
    assert xmp.values(damaged, MARK) == {}


@pytest.mark.parametrize(
    "body",
    [
        "<a/>" * 600_000,
        "<a " + " ".join(f'a{n}="1"' for n in range(600_000)) + "/>",
        "".join(f'<a xmlns:p{n}="u{n}"/>' for n in range(300_000)),
        "m" * 16_000_000,
    ],
    ids=["elements", "attributes", "namespaces", "text"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_what_would_take_much_memory_is_refused(body, encoding):
    large = packet(described(body)).decode().encode(encoding)
    tracemalloc.start()
    try:
        with pytest.raises(PhotographError, match="has XMP metadata that is too large: it"):
            xmp.merged(large, MARK)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(large)
    finally:
        tracemalloc.stop()


def test_few_bytes_that_stand_for_much_are_not_read():
    entities = f'<!DOCTYPE x [<!ENTITY a "{"<a/>" * 100}"><!ENTITY b "{"&a;" * 100}">]>'.encode()
    assert xmp.merged(entities + packet(described("&b;")), MARK) == xmp.merged(None, MARK)


def test_many_namespaces_are_kept():
    """Work that grows with the square of their number would not end."""
    many = "".join(f'<p{n}:a xmlns:p{n}="u{n}"/>' for n in range(20_000))
    new = xmp.merged(packet(described(many)), MARK).decode()
    assert all(f'="u{n}"' in new for n in (0, 9_999, 19_999))


def test_what_is_no_xmp_is_parsed_once(monkeypatch):
    parsed, tree = [], xmp._tree
    monkeypatch.setattr(xmp, "_tree", lambda text: parsed.append(text) or tree(text))
    xmp.merged(b"<html>no XMP</html>", MARK)
    assert len(parsed) == 1


def test_external_entities_are_not_fetched():
    evil = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    new = xmp.merged(evil + packet(described("&a;")), MARK)
    assert b"root" not in new


def test_prefixes_that_mean_several_things():
    twice = "".join(
        f'<rdf:Description xmlns:p="urn:{n}/" xmlns:ns0="urn:ns{n}/" p:a="{n}" ns0:b="{n}"/>'
        for n in "xy"
    )
    plain = f'<Description xmlns="{RDF}" about=""><c xmlns="urn:z/">3</c></Description>'
    colorear = '<rdf:Description xmlns:colorear="urn:somebody/" colorear:Network="theirs"/>'
    original = packet(twice + plain + colorear)
    new = xmp.merged(original, MARK)
    assert told(new) == told(original)
    assert xmp.values(new, [*MARK, "{urn:somebody/}Network"]) == {
        **MARK,
        "{urn:somebody/}Network": "theirs",
    }
    assert xmp.merged(new, MARK) == new


def test_bare_rdf_and_meta_without_rdf():
    bare = re.search(rb"<rdf:RDF.*</rdf:RDF>", LIGHTROOM, re.DOTALL)[0]
    assert told(xmp.merged(bare, MARK)) == told(bare)
    assert xmp.values(xmp.merged(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", MARK), MARK) == MARK


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
XML_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
)


@given(
    titles=st.lists(XML_TEXTS | st.sampled_from(["a\r\nb", "\t", "]]>", "&amp;"]), max_size=4),
    value=TEXTS,
)
def test_any_text_survives(titles, value):
    root = ET.fromstring(packet("<rdf:Description/>"))
    description = next(root.iter(f"{{{RDF}}}Description"))
    for n, title in enumerate(titles):
        description.set(f"{{urn:{n}/}}short", title)
        ET.SubElement(description, f"{{{DC}}}t{n}").text = title
    original = ET.tostring(root).replace(b"\r", b"&#13;")
    new = xmp.merged(original, {NETWORK: value})
    names = [f"{{urn:{n}/}}short" for n in range(len(titles))]
    assert xmp.values(new, names) == dict(zip(names, titles, strict=True))
    kept = ET.fromstring(new)
    for n, title in enumerate(titles):
        assert (kept.find(f".//{{{DC}}}t{n}").text or "") == title
    assert xmp.merged(new, {NETWORK: value}) == new
    assert NETWORK in xmp.values(new, [NETWORK])


# in a JPEG


def encoded(*payloads: bytes) -> jpeg.Jpeg:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(buffer, "JPEG")
    parts = jpeg.read(buffer.getvalue(), "old.jpg")
    first, *others = parts.segments
    new = (jpeg.Segment(0xE1, payload) for payload in payloads)
    content = b"".join(jpeg.written([first, *new, *others]))
    return jpeg.read(content, "old.jpg")


LABEL = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def extended(content: bytes, size: int = 65400) -> list[bytes]:
    digest = hashlib.md5(content).hexdigest().upper().encode()
    return [
        EXTENSION + digest + struct.pack(">II", len(content), at) + content[at : at + size]
        for at in range(0, len(content), size)
    ]


def extension_of(parts: jpeg.Jpeg) -> bytes:
    """Put together, and checked as Adobe's specification, part 3, 1.1.3.1, asks."""
    packet = xmp.of_jpeg(parts)
    assert len(packet) <= 65502
    name = xmp.values(packet, [EXTENDED])[EXTENDED].encode()
    chunks = [s.payload for s in parts.segments if s.payload.startswith(EXTENSION)]
    content = b"".join(chunk[75:] for chunk in chunks)
    at = 0
    for chunk in chunks:
        assert len(chunk) <= 65533
        assert chunk[35:75] == name + struct.pack(">II", len(content), at)
        at += len(chunk) - 75
    assert hashlib.md5(content).hexdigest().upper().encode() == name
    return content


def test_the_packet_of_a_jpeg_is_replaced():
    before = encoded(LABEL + LIGHTROOM, b"Exif\0\0", LABEL + b"<a/>")
    after = xmp.in_jpeg(before, MARK)
    assert xmp.of_jpeg(before) == LIGHTROOM
    assert xmp.of_jpeg(after) == xmp.merged(LIGHTROOM, MARK)
    assert sum(s.payload.startswith(LABEL) for s in after.segments) == 1
    assert [s.payload[:5] for s in after.about[:3]] == [b"JFIF\0", b"Exif\0", LABEL[:5]]
    others = [s for s in before.segments if not s.payload.startswith(LABEL)]
    assert [s for s in after.segments if not s.payload.startswith(LABEL)] == others
    assert xmp.of_jpeg(xmp.in_jpeg(encoded(), MARK)) == xmp.merged(None, MARK)


def with_note(digest: str) -> bytes:
    note = 'xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP'
    return LIGHTROOM.replace(b"xmp:Rating", f'{note}="{digest}" xmp:Rating'.encode())


def test_an_extension_stays_as_it_is():
    content = packet(described(f'<m xmlns="urn:depth/">{"m" * 99_999}</m>'))
    segments = extended(content)
    note = LABEL + with_note(hashlib.md5(content).hexdigest().upper())
    after = xmp.in_jpeg(encoded(note, *segments), MARK)
    assert [s.payload for s in after.segments if s.payload.startswith(EXTENSION)] == segments
    assert extension_of(after) == content
    assert xmp.values(xmp.of_jpeg(after), MARK) == MARK


@pytest.mark.parametrize("size", [64_000, 65_000, 65_400])
def test_a_packet_that_grows_too_long(size):
    filled = LIGHTROOM.replace(b"two&#xA;lines", b"m" * (size - len(LIGHTROOM)))
    after = xmp.in_jpeg(encoded(LABEL + filled), MARK)
    assert xmp.values(xmp.of_jpeg(after), MARK) == MARK
    if size == 64_000:
        assert xmp.of_jpeg(after) == xmp.merged(filled, MARK)
    else:
        assert told(extension_of(after)) == told(filled)
        assert b"negativeFilm" not in extension_of(after)
    again = xmp.in_jpeg(after, MARK)
    assert again.segments == after.segments


def test_a_long_packet_with_an_extension():
    filled = with_note("0" * 32).replace(b"two&#xA;lines", b"m" * 64_500)
    content = packet('<rdf:Description xmlns:d="urn:depth/" d:map="deep"/>')
    filled = filled.replace(b"0" * 32, hashlib.md5(content).hexdigest().upper().encode())
    after = xmp.in_jpeg(encoded(LABEL + filled, *extended(content)), MARK)
    rest = extension_of(after)
    assert xmp.values(rest, ["{urn:depth/}map", EXTENDED]) == {"{urn:depth/}map": "deep"}
    assert b"m" * 64_500 in rest
    damaged = xmp.in_jpeg(encoded(LABEL + filled, *extended(content + b" ")), MARK)
    assert b"deep" not in extension_of(damaged)


def test_an_extension_that_claims_another_origin():
    body = f'<rdf:Description xmlns:i="{IPTC}" i:DigitalSourceType="negativeFilm"/>'
    content = packet(body)
    note = LABEL + with_note(hashlib.md5(content).hexdigest().upper())
    after = xmp.in_jpeg(encoded(note, *extended(content)), MARK)
    assert b"negativeFilm" not in extension_of(after)
    assert b"La abuela" in extension_of(after)
    assert xmp.values(xmp.of_jpeg(after), MARK) == MARK


class Counting(ET.Element):
    """An element that counts what taking children out one by one moves."""

    moved = 0

    def remove(self, child: ET.Element) -> None:
        self.moved += len(self)
        super().remove(child)


def test_removing_properties_is_linear():
    name, many = "{urn:colorear:provenance:1.0/}Version", 2000
    root = ET.Element("{adobe:ns:meta/}xmpmeta")
    rdf = ET.SubElement(root, "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF")
    description = Counting("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    rdf.append(description)
    description.extend([ET.Element(name) for _ in range(many)])
    description.append(ET.Element("kept"))
    xmp._remove(root, [name])
    assert [element.tag for element in description] == ["kept"]
    assert description.moved <= many
