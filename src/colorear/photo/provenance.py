"""What a coloured file says of its colour, in XMP: that it is synthetic, and what made it.

`Iptc4xmpExt:DigitalSourceType` is IPTC's property for it, which other programs look for; its value
is that of pictures to which a trained algorithm added something. colorear's own properties are all
text, in the namespace `urn:colorear:provenance:1.0/`:

    colorear:Version         of colorear
    colorear:Network         the name of the network
    colorear:NetworkVersion  as its card has it; empty where it has none
    colorear:NetworkSHA256   of its .onnx file

There is no time among them: the same photograph always gives the same file.
"""

from dataclasses import dataclass

from colorear.photo import xmp
from colorear.photo.jpeg import Jpeg

__all__ = ["SOURCE_TYPE", "Provenance", "marked", "merged", "read"]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
_OWN = {
    "version": "{urn:colorear:provenance:1.0/}Version",
    "network": "{urn:colorear:provenance:1.0/}Network",
    "network_version": "{urn:colorear:provenance:1.0/}NetworkVersion",
    "sha256": "{urn:colorear:provenance:1.0/}NetworkSHA256",
}


@dataclass(frozen=True)
class Provenance:
    """What made the colour of a file."""

    version: str
    """Of colorear."""
    network: str
    network_version: str
    """Empty where the network's card has none."""
    sha256: str
    """Of the network's .onnx file."""


def merged(packet: bytes | None, mark: Provenance) -> bytes:
    """An XMP packet, or a new one, with the mark in place of an older one.

    What it says else stays. A packet that cannot be parsed, which no reader could, is replaced.

    >>> mark = Provenance("0.1.0", "acuarela", "7ab61f9d", "00ff")
    >>> read(merged(None, mark)) == mark
    True
    """
    return xmp.merged(packet, _properties(mark))


def marked(jpeg: Jpeg, mark: Provenance) -> Jpeg:
    """A JPEG with the mark merged into its XMP; what no longer fits goes into ExtendedXMP."""
    return xmp.in_jpeg(jpeg, _properties(mark))


def read(packet: bytes | None) -> Provenance | None:
    """The mark in an XMP packet; None if it does not say that colorear's colour is synthetic."""
    found = xmp.values(packet, (_SOURCE_TYPE, *_OWN.values()))
    if found.get(_SOURCE_TYPE) != SOURCE_TYPE or _OWN["version"] not in found:
        return None
    return Provenance(**{field: found.get(name, "") for field, name in _OWN.items()})


def _properties(mark: Provenance) -> dict[str, str]:
    return {_SOURCE_TYPE: SOURCE_TYPE} | {n: getattr(mark, field) for field, n in _OWN.items()}
