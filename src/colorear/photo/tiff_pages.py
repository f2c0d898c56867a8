"""Directories of TIFFs: those of pages put together, and others in the place of what there was."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from colorear.photo.tiff import UNITS, Reader, Tag, append, appended, write_directory

__all__ = ["add_page", "numbers", "set_pages"]

_PLACES = {273: 279, 324: 325}  # of strips and of tiles, and how large they are: sections 3, 15


def add_page(made: Path, page: Path) -> None:
    """Append the only page of one file to another that was made here, as its last page.

    Raises
    ------
    struct.error
        Where the file would be larger than its numbers can tell.
    """
    with page.open("rb") as source, made.open("rb+") as file:
        theirs, ours = Reader(source, page), Reader(file, made)
        found = {tag.number: tag for tag in theirs.directory(theirs.first())}
        where = next(number for number in _PLACES if number in found)
        places, sizes = (numbers(found[n], theirs.layout.order) for n in (where, _PLACES[where]))
        moved = [append(file, theirs.read(*one)) for one in zip(places, sizes, strict=True)]
        content = np.array(moved, f"{theirs.layout.order}u8").tobytes()
        found[where] = Tag(where, 16, len(moved), content)  # which `_fitting` shortens
        entries = [appended(file, ours.layout, tag, theirs.layout.order) for tag in found.values()]
        *_, last = ours.places()
        write_directory(file, ours.layout, entries, ours.link(last))


def set_pages(made: Path, pages: Iterable[Iterable[Tag]]) -> None:
    """Give a file these pages and no others; what the tags lead to is in it already.

    Raises
    ------
    struct.error
        Where the file would be larger than its numbers can tell.
    """
    link = 0
    for page in pages:
        with made.open("rb+") as file:
            reader = Reader(file, made)
            layout = reader.layout
            entries = [appended(file, layout, tag, layout.order) for tag in page]
            place = write_directory(file, layout, entries, link or layout.first)
        link = place + layout.length.size + len(entries) * layout.entry.size


def numbers(tag: Tag, order: str) -> list[int]:
    """The unsigned numbers in a tag."""
    content = tag.content if isinstance(tag.content, bytes) else b""
    return [int(n) for n in np.frombuffer(content, f"{order}u{UNITS[tag.kind]}")]
