"""Whether XMP packets say the same, but for what colorear says in them."""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable

__all__ = ["say_the_same"]

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_OURS = ("{urn:colorear:provenance:1.0/}", "{http://ns.adobe.com/xmp/note/}HasExtendedXMP")
_SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
_LARGEST, _MOST = 16_000_000, 500_000  # bytes, and "<" or "="; larger ones are not taken at all
_DEEPEST = 100

Statements = Counter[tuple[str, ...]]


def say_the_same(before: Iterable[bytes], after: Iterable[bytes]) -> bool:
    """Whether nothing but colorear's own properties differs, wherever it stands.

    A packet that is no XML must be there byte for byte around them, if it has an end at all.
    """
    new = list(after)
    there = sum(map(_statements, new), Counter())
    expected: Statements = Counter()
    for packet in before:
        statements = _statements(packet)
        if statements or _parsed(packet) is not None:
            expected += statements
        elif b"</rdf:RDF>" in packet and not _is_refused(packet):
            return any(_holds(one, packet) for one in new)
    return there == expected


def _holds(new: bytes, old: bytes) -> bool:
    """Whether the old packet is the new one but for one stretch of either."""
    pairs = enumerate(zip(new, old, strict=False))
    same = next((i for i, (one, other) in pairs if one != other), len(old))
    return new.endswith(old[same:]) or b"urn:colorear:" in old  # which has given way to the new


def _statements(packet: bytes) -> Statements:
    """Each text and attribute, with the elements that it stands in."""
    root = _parsed(packet)
    found: Statements = Counter()
    pending: list[tuple[tuple[str, ...], ET.Element]] = [] if root is None else [((), root)]
    while pending:
        path, element = pending.pop()
        outside = not path and not element.tag.startswith(f"{_RDF}Description")
        if len(path) > _DEEPEST or (_is_ours(element.tag) and len(path) == 1):
            continue
        here = path if outside else (*path, element.tag)
        if text := (element.text or "").strip():
            found[*here, text] += 1
        for name, value in element.attrib.items():
            property_of_file = len(here) == 1 and not name.startswith(_RDF)
            if property_of_file and not _is_ours(name):
                found[*here, name, value.strip()] += 1  # the short form of an element
            elif not property_of_file and name != f"{_RDF}about" and not outside:
                found[*here, f"@{name}", value] += 1
        pending += [(here, child) for child in element]
    return found


def _is_ours(name: str) -> bool:
    return name.startswith(_OURS) or name == _SOURCE_TYPE


def _parsed(packet: bytes) -> ET.Element | None:
    """The root; None where it is no XML, or too much of it."""
    if _is_refused(packet):
        return None
    for text in (packet, packet.rstrip(b"\0")):
        try:
            return ET.fromstring(text)
        except (ET.ParseError, LookupError, ValueError):
            continue
    return None


def _is_refused(packet: bytes) -> bool:
    size = len(packet) > _LARGEST or packet.count(b"<") + packet.count(b"=") > _MOST
    return size or b"<!DOCTYPE" in packet
