"""The pictures in one file: one, or the pages of a TIFF."""

from pathlib import Path

from colorear.errors import PhotographError
from colorear.photo.photograph import Photo, open_photo
from colorear.photo.sniffing import format_of, reading
from colorear.photo.tiff_kinds import pages as page_numbers

__all__ = ["left_out", "open_pages", "place_of"]


def open_pages(path: str | Path) -> tuple[list[Photo], list[str]]:
    """All pictures in a file, opened, and what is said of the pages that are none.

    Raises
    ------
    PhotographError
        As `open_photo`, where there is none.
    """
    path = Path(path)
    with reading(path):
        numbers = page_numbers(path) if format_of(path) == "tiff" else ()
    if len(numbers) < 2:
        return [open_photo(path)], []
    pages, others = [], []
    for place, number in enumerate(numbers, 1):
        try:
            pages.append(open_photo(path, number))
        except PhotographError as error:
            others.append(left_out(place, error))
    if not pages:
        raise PhotographError(others[0])
    return pages, others


def place_of(photo: Photo) -> int:
    """Which of the pictures in its file it is, counted from 1."""
    return photo.pages.index(photo.number) + 1


def left_out(place: int, why: PhotographError) -> str:
    """What is said of a page where a file gets the others only."""
    return f"page {place} is left out: {why}"
