"""Where the further pictures of a JPEG are: told anew after the first one's length has changed.

Telephones and cameras put previews, gain maps, depth and second views behind a photograph, and an
index of them into it (CIPA DC-007, the Multi-Picture Format). Clauses are those of DC-007-2009.
"""

import struct
from collections.abc import Sequence

from colorear.photo.jpeg import Jpeg, Segment

__all__ = ["moved"]

_APP2 = 0xE2
_LABEL = b"MPF\0"  # 5.2.1
_ENTRIES = 0xB002  # the tag of the index: 5.2.3.3
_ENTRY = 16  # bytes: attributes, size, offset, two dependent pictures


def moved(segments: Sequence[Segment], original: Jpeg, content: bytes) -> list[Segment]:
    """The segments of a file before the same further pictures, their index as it is true for it.

    Parameters
    ----------
    segments
        All of the new file.
    original
        The file from which the index comes.
    content
        All bytes of that.
    """
    ends = len(content) - len(original.trailer), 4 + sum(map(_size, segments))
    found = list(segments)
    at = 2
    for number, segment in enumerate(segments):
        if segment.marker == _APP2 and segment.payload.startswith(_LABEL):
            head = len(_LABEL) + 4
            heads = content.find(segment.payload) + len(_LABEL), at + head
            index = _index(segment.payload[len(_LABEL) :], heads, ends)
            found[number] = Segment(_APP2, _LABEL + index)
        at += _size(segment)
    return found


def _size(segment: Segment) -> int:
    return 4 + len(segment.payload) + len(segment.scan)


def _index(index: bytes, heads: tuple[int, int], ends: tuple[int, int]) -> bytes:
    """The index; both before and now: where its offsets count from, and where the picture ends."""
    order = "<" if index[:2] == b"II" else ">"
    changed = bytearray(index)
    try:
        (directory,) = struct.unpack_from(f"{order}I", index, 4)
        (count,) = struct.unpack_from(f"{order}H", index, directory)
        for place in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, _, size, start = struct.unpack_from(f"{order}HHII", index, place)
            for entry in range(start, start + size, _ENTRY) if tag == _ENTRIES else ():
                length, offset = struct.unpack_from(f"{order}II", index, entry + 4)
                if offset == 0:  # the first picture: 5.2.3.3.3
                    length = ends[1]
                elif heads[0] + offset + length > ends[0]:  # some are told to begin too early
                    offset += heads[0] - ends[0] + ends[1] - heads[1]
                struct.pack_into(f"{order}II", changed, entry + 4, length, offset)
    except struct.error:  # damaged: nobody finds anything by it
        return index
    return bytes(changed)
