"""Several pages of a TIFF in color, in one file: one of them at a time is in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from colorear.errors import PhotographError
from colorear.photo.atomic_write import writing_photograph
from colorear.photo.pages import left_out, place_of
from colorear.photo.photograph import Photo, luma
from colorear.photo.saving import is_large
from colorear.photo.sniffing import reading
from colorear.photo.tiff_pages import add_page

__all__ = ["WritePage", "save_pages"]


class WritePage(Protocol):
    """What writes one page to a file of its own."""

    def __call__(self, photo: Photo, path: Path, *, big: bool) -> None:
        """As a BigTIFF if it is to be `big`."""


def save_pages(
    pages: Sequence[Photo],
    target: Path,
    write: WritePage,
    *,
    overwrite: bool = True,
    unfinished: Path | None = None,
) -> list[str]:
    """Write the pages that are whole to `target`, all of them or nothing.

    Parameters
    ----------
    overwrite, unfinished
        As `saving.save` has them.

    Returns
    -------
    list of str
        What is said of the pages that are damaged, and are left out.

    Raises
    ------
    PhotographError
        Where none is whole, or the file cannot be written; nothing is left behind.
    """
    others: list[str] = []
    big = is_large(pages)
    with writing_photograph(target, unfinished=unfinished, overwrite=overwrite) as part:
        alone = part.with_name(f"{part.name}.tif")
        try:
            for photo in pages:
                try:
                    with reading(photo.path):
                        luma(photo).avg()
                except PhotographError as error:
                    others.append(left_out(place_of(photo), error))
                    continue
                write(photo, alone, big=big)
                if part.exists():
                    add_page(part, alone)
                else:
                    alone.replace(part)
        finally:
            alone.unlink(missing_ok=True)
        if not part.exists():
            raise PhotographError(others[0])
    return others
