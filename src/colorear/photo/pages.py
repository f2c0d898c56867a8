"""The pictures in one file: one, or the pages of a TIFF."""

from collections.abc import Sequence
from pathlib import Path

from colorear.errors import PhotographError
from colorear.photo.photograph import Photo, open_photo
from colorear.photo.sniffing import format_of, reading
from colorear.photo.tiff_kinds import ends_early
from colorear.photo.tiff_kinds import pages as page_numbers

__all__ = ["left_out", "missing", "open_pages", "place_of"]


def open_pages(path: str | Path) -> tuple[list[Photo], list[str]]:
    """All pictures in a file, opened, and what is said of the pages that are none.

    Raises
    ------
    PhotographError
        As `open_photo`, where there is none.
    """
    path = Path(path)
    with reading(path):
        is_tiff = format_of(path) == "tiff"
        numbers = page_numbers(path) if is_tiff else ()
        lost = is_tiff and ends_early(path)
    if len(numbers) < 2 and not lost:
        return [open_photo(path)], []
    pages, others = [], []
    for place, number in enumerate(numbers, 1):
        try:
            pages.append(open_photo(path, number))
        except PhotographError as error:
            others.append(left_out(place, error))
    if lost:
        said = (
            f"'{path}' is damaged or cut short (it ends before that page); use an intact copy of it"
        )
        others.append(left_out(len(numbers) + 1, PhotographError(said)))
    if not pages:
        raise PhotographError(others[0])
    return pages, others


def missing(photos: Sequence[Photo]) -> list[int]:
    """Which pictures of the file of these are not among them, counted from 1; lost ones too."""
    photo = photos[0]
    lost = photo.format == "tiff" and ends_early(photo.source)
    places = range(1, len(photo.pages) + 1 + lost)
    return [place for place in places if place not in {place_of(each) for each in photos}]


def place_of(photo: Photo) -> int:
    """Which of the pictures in its file it is, counted from 1."""
    return photo.pages.index(photo.number) + 1


def left_out(place: int, why: PhotographError) -> str:
    """What is said of a page where a file gets the others only."""
    return f"page {place} is left out: {why}"
