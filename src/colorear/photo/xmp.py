"""XMP packets: properties read, replaced and written, and their place in a JPEG.

Only simple properties of the whole file are touched; everything else that a packet says stays as
it is, under the prefixes that it had. Comments and padding are left out.

Clauses are those of Adobe's XMP specification: part 1 is ISO 16684-1, part 3 tells where packets
lie in files.
"""

import hashlib
import itertools
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import replace

from colorear.errors import PhotographError
from colorear.photo.jpeg import Jpeg, Segment
from colorear.photo.untidy_xmp import described, with_description

__all__ = ["LARGEST_IN_JPEG", "check_size", "in_jpeg", "merged", "of_jpeg", "values"]

LARGEST_IN_JPEG = 65502
"""Bytes of the packet in a JPEG (part 3, 1.1.3); what is longer goes into an extension."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_META = "{adobe:ns:meta/}"
_EXTENDED = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP"  # part 3, 1.1.3.1
_DEEPEST = 100  # elements within elements; real packets have some ten
_LONGEST = 16_000_000  # bytes; telephones put depth maps of some millions into extensions
_MOST = 500_000  # "<" and "=", of 300 bytes of memory each; Photoshop lists ancestors without end
_XML = "http://www.w3.org/XML/1998/namespace"  # its prefix is never declared
_PREFIXES = {
    "adobe:ns:meta/": "x",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "urn:colorear:provenance:1.0/": "colorear",
}
_HEADER = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'  # part 1, 7.3.2
_TRAILER = '\n<?xpacket end="w"?>'
_NO_TEXT = "[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # XML 1.0, 2.2
_APP0, _APP1 = 0xE0, 0xE1
_LABEL = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION_LABEL = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENSION_HEAD = struct.Struct(">32sII")  # MD5 of the whole in hexadecimal, its length, offset
_EXTENSION_CHUNK = 65400


def values(packet: bytes | None, names: Iterable[str]) -> dict[str, str]:
    """Those of the simple properties `{namespace}name` that the packet has.

    Raises PhotographError where it is too large.
    """
    root = _parsed(packet)[0]
    found = {name: _value(root, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def merged(packet: bytes | None, properties: Mapping[str, str]) -> bytes:
    """The packet with these simple properties `{namespace}name`, in place of any of those names.

    A packet that is no XML, though some programs may read it, stays as it is but for them; one that
    is nothing, or made to do harm, is replaced. The same packet and properties always give the same
    bytes. Raises PhotographError where it is too large.
    """
    found = _read(packet)
    if packet and found is None:
        description = ET.Element(f"{_RDF}Description", {f"{_RDF}about": ""})
        for name, value in properties.items():
            _append(description, name, value)
        if untidy := with_description(packet, _written(description, {})):
            return untidy
    root, prefixes = found or _nothing()
    _remove(root, properties)
    _add(root, properties)
    return (_HEADER + _written(root, prefixes) + _TRAILER).encode()


def check_size(packet: bytes | None, name: str) -> None:
    """Raise PhotographError where the packet of a file, that is called `name`, is too large."""
    packet = packet or b""
    if len(packet) > _LONGEST or packet.count(b"<") + packet.count(b"=") > _MOST:  # any encoding
        raise PhotographError(
            f"{name} has XMP metadata that is too large: it may have at most {_LONGEST:,} bytes "
            f"and {_MOST:,} tags and attributes; remove what is not needed of it"
        )


def of_jpeg(jpeg: Jpeg) -> bytes | None:
    """The first packet of a JPEG, without its extension, which libvips takes for a packet."""
    return next((s.payload[len(_LABEL) :] for s in jpeg.segments if _is(s, _LABEL)), None)


def in_jpeg(jpeg: Jpeg, properties: Mapping[str, str]) -> Jpeg:
    """The JPEG with its packet merged with these properties; an extension stays as it is.

    If the packet grows too long, or the extension has some of the properties itself, everything
    else goes into a new extension. Raises PhotographError where either is too large.
    """
    packet, extension = of_jpeg(jpeg), _extension(jpeg)
    check_size(extension, f"'{jpeg.name}'")
    new = merged(packet, properties)
    if len(new) <= LARGEST_IN_JPEG and not values(extension, properties):
        return _with_packet(jpeg, new)
    root, prefixes = _parsed(packet)
    more, more_prefixes = _parsed(extension)
    _rdf(root).extend(_rdf(more))
    _remove(root, {*properties, _EXTENDED})
    rest = _written(root, more_prefixes | prefixes).encode()
    short = merged(None, {_EXTENDED: _digest(rest).decode(), **properties})
    return _with_packet(jpeg, short, rest)


def _parsed(packet: bytes | None) -> tuple[ET.Element, dict[str, str]]:
    """The x:xmpmeta or rdf:RDF of the packet, and namespace -> prefix; empty if there is none.

    Of a packet that is no XML, what was put into it.
    """
    return _read(packet) or _read(described(packet or b"")) or _nothing()


def _nothing() -> tuple[ET.Element, dict[str, str]]:
    return ET.Element(f"{_META}xmpmeta"), {}


def _read(packet: bytes | None) -> tuple[ET.Element, dict[str, str]] | None:
    """As `_parsed`; None where it breaks the rules of XML, but does no harm."""
    untidy = True
    for text in dict.fromkeys((packet or b"", (packet or b"").rstrip(b"\0"))):  # some add zeros
        try:
            root, declared = _tree(text)
        except ET.ParseError:
            continue
        except (LookupError, ValueError):  # in no encoding that is known, or made to do harm
            untidy = False
            continue
        untidy = False
        if root.tag in (f"{_META}xmpmeta", f"{_RDF}RDF") or root.find(f".//{_RDF}RDF") is not None:
            return root, _distinct(declared)
    return None if untidy else _nothing()


def _tree(text: bytes) -> tuple[ET.Element, list[tuple[str, str]]]:
    """The root, and prefixes with their namespaces; ValueError if it is nested too deeply."""
    check_size(text, "a photograph")
    growing = _Growing()
    parser = ET.XMLParser(target=growing)
    parser.feed(text)
    root: ET.Element = parser.close()
    return root, growing.declared


class _Growing:
    """What a parser makes of a packet."""

    def __init__(self) -> None:
        self.declared: list[tuple[str, str]] = []
        self._builder = ET.TreeBuilder()
        self._depth = 0

    def doctype(self, *_: str | None) -> None:
        """Refuse it: its entities could make a large tree of a few bytes, and no XMP has any."""
        raise ValueError

    def start_ns(self, prefix: str, uri: str) -> None:
        self.declared.append((prefix, uri))

    def start(self, tag: str, attributes: dict[str, str]) -> ET.Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(self._depth)
        return self._builder.start(tag, attributes)

    def end(self, tag: str) -> ET.Element:
        self._depth -= 1
        return self._builder.end(tag)

    def data(self, text: str) -> None:
        self._builder.data(text)

    def close(self) -> ET.Element:
        return self._builder.close()


def _distinct(declared: list[tuple[str, str]]) -> dict[str, str]:
    """Namespace -> prefix, where one prefix may have meant several or, being empty, none."""
    prefixes: dict[str, str] = {}
    used: set[str] = set()
    taken = {prefix for prefix, _ in declared}
    fresh = (name for n in itertools.count() if (name := f"ns{n}") not in taken)
    for prefix, uri in declared:
        if uri not in prefixes and uri != _XML:
            prefixes[uri] = prefix if prefix and prefix not in used else next(fresh)
            used.add(prefixes[uri])
    return prefixes


def _rdf(root: ET.Element) -> ET.Element:
    """The rdf:RDF, made if need be."""
    found = root if root.tag == f"{_RDF}RDF" else root.find(f".//{_RDF}RDF")
    return ET.SubElement(root, f"{_RDF}RDF") if found is None else found


def _value(root: ET.Element, name: str) -> str | None:
    for description in _rdf(root).findall(f"{_RDF}Description"):
        if name in description.attrib:  # part 1, 7.9.2.2: the short form
            return description.attrib[name]
        element = description.find(name)
        if element is not None:
            return element.get(f"{_RDF}resource") or (element.text or "").strip()
    return None


def _remove(root: ET.Element, names: Iterable[str]) -> None:
    """Each element is looked at once: taken out one by one, all others would move each time."""
    gone = set(names)
    for description in _rdf(root).findall(f"{_RDF}Description"):
        for name in gone:
            description.attrib.pop(name, None)
        description[:] = [element for element in description if element.tag not in gone]


def _add(root: ET.Element, properties: Mapping[str, str]) -> None:
    """To the first description, since all must be about the same (part 1, 7.4)."""
    rdf = _rdf(root)
    description = rdf.find(f"{_RDF}Description")
    if description is None:
        description = ET.SubElement(rdf, f"{_RDF}Description", {f"{_RDF}about": ""})
    for name, value in properties.items():
        _append(description, name, value)


def _append(description: ET.Element, name: str, value: str) -> None:
    ET.SubElement(description, name).text = re.sub(_NO_TEXT, "\ufffd", value)


def _written(root: ET.Element, prefixes: Mapping[str, str]) -> str:
    """The XML; `root` is used up. ElementTree alone would name the namespaces ns0, ns1..."""
    names = (name for element in root.iter() for name in (element.tag, *element.attrib))
    used = dict.fromkeys(name[1:].partition("}")[0] for name in names if name[0] == "{")
    declared = [(prefix, uri) for uri, prefix in prefixes.items()]
    distinct = _distinct(declared + [(_PREFIXES.get(uri, ""), uri) for uri in used])

    def short(name: str) -> str:
        uri, _, local = name[1:].partition("}")
        return f"{distinct.get(uri, 'xml')}:{local}" if name[0] == "{" else name

    ET.indent(root, " ")
    for element in root.iter():
        element.tag = short(element.tag)
        attributes = {short(name): value for name, value in element.attrib.items()}
        element.attrib.clear()
        if element is root:
            element.attrib |= {f"xmlns:{prefix}": uri for uri, prefix in distinct.items()}
        element.attrib |= attributes
    return ET.tostring(root, "unicode").replace("\r", "&#13;")  # left bare, it would become \n


def _is(segment: Segment, label: bytes) -> bool:
    return segment.marker == _APP1 and segment.payload.startswith(label)


def _extension(jpeg: Jpeg) -> bytes | None:
    """The extension that the packet names, if it is whole."""
    name = values(of_jpeg(jpeg), [_EXTENDED]).get(_EXTENDED, "").encode()
    content = b""
    chunks = [s.payload[len(_EXTENSION_LABEL) :] for s in jpeg.segments if _is(s, _EXTENSION_LABEL)]
    for chunk in sorted(chunks, key=lambda chunk: chunk[36:40]):  # by their offsets
        if chunk[:32] == name:
            content += chunk[_EXTENSION_HEAD.size :]
    return content if _digest(content) == name.upper() else None


def _with_packet(jpeg: Jpeg, packet: bytes, extension: bytes = b"") -> Jpeg:
    """In place of its packets and, where there is another one, of its extension."""
    old = (_LABEL, _EXTENSION_LABEL) if extension else (_LABEL,)
    kept = [s for s in jpeg.segments if not any(_is(s, label) for label in old)]
    new = [Segment(_APP1, _LABEL + packet)]
    for at in range(0, len(extension), _EXTENSION_CHUNK):
        head = _EXTENSION_HEAD.pack(_digest(extension), len(extension), at)
        chunk = extension[at : at + _EXTENSION_CHUNK]
        new.append(Segment(_APP1, _EXTENSION_LABEL + head + chunk))
    # JFIF and Exif both want to come first
    first = itertools.takewhile(lambda s: s.marker == _APP0 or _is(s, b"Exif\0"), kept)
    place = len(list(first))
    return replace(jpeg, segments=(*kept[:place], *new, *kept[place:]))


def _digest(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).hexdigest().upper().encode()
