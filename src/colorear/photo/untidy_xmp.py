"""XMP packets that are no well-formed XML, though some programs read them: one more description.

Bare ampersands, letters in another encoding or prefixes that nobody declared keep XML parsers from
reading a packet, but not exiftool. So nothing in it is touched: what is told is put before its end.
"""

__all__ = ["described", "with_description"]

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OPENED = f'<rdf:Description xmlns:rdf="{_RDF}"'  # it declares all that it needs itself
_CLOSED = "</rdf:Description>"
_END = "</rdf:RDF>"
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def described(packet: bytes) -> bytes | None:
    """The description that was put into the packet, as a packet of its own; None if none was."""
    for encoding in _ENCODINGS:
        if place := _place(packet, encoding):
            text = packet[slice(*place)].decode(encoding, "replace")
            return f'<rdf:RDF xmlns:rdf="{_RDF}">{text}</rdf:RDF>'.encode()
    return None


def with_description(packet: bytes, description: str) -> bytes | None:
    """The packet with a description in place of the one that was put in; None if it has no end.

    Parameters
    ----------
    description
        An rdf:Description that declares the namespace rdf first, and all others.
    """
    for encoding in _ENCODINGS:
        start, end = _place(packet, encoding) or (-1, -1)
        if start < 0:
            start = end = packet.rfind(_END.encode(encoding))
        if start >= 0:
            return packet[:start] + description.encode(encoding) + packet[end:]
    return None


def _place(packet: bytes, encoding: str) -> tuple[int, int] | None:
    """Where the description that was put in starts and ends."""
    closed = _CLOSED.encode(encoding)
    start = packet.rfind(_OPENED.encode(encoding))
    end = packet.find(closed, start) if start >= 0 else -1
    return (start, end + len(closed)) if end >= 0 else None
