"""What differs between a photograph and its colored file, besides color."""

from pathlib import Path

from colorear.errors import PhotographError
from colorear.photo.inspection.contents import changed_items
from colorear.photo.inspection.files import read_contents
from colorear.photo.inspection.packets import say_the_same
from colorear.photo.inspection.pixels import decoded, largest_differences
from colorear.photo.inspection.profiles import show_the_same
from colorear.photo.sniffing import Format, reading

__all__ = ["LUMA", "changed_metadata", "changed_pixels"]

LUMA = "luma as another decoder reads it"


def changed_metadata(
    before: Path, after: Path, form: Format, pages: tuple[int, int] = (0, 0)
) -> list[str]:
    """What the files hold besides pixels and is not the same, by name.

    Parameters
    ----------
    pages
        Of TIFFs: which page of either.

    Raises
    ------
    PhotographError
        Where one of them cannot be taken apart, or the colored one is not whole.
    """
    with reading(before):
        old = read_contents(before, form, whole=False, page=pages[0])
    with reading(after):
        new = read_contents(after, form, whole=True, page=pages[1])
    found = changed_items(old, new)
    if new.transforms not in ([], old.transforms):  # coloring makes them YCbCr
        found.append("how its colors are to be read")
    if old.profile_counts:
        same = show_the_same(old.profile, new.profile)
    else:  # nobody shows the picture by it
        same = new.profile in (None, old.profile)
    if not same:
        found.append("ICC profile")
    if not say_the_same(old.xmp, new.xmp):
        found.append("XMP")
    return found


def changed_pixels(
    before: Path, after: Path, form: Format, pages: tuple[int, int] = (0, 0), *, bits: int
) -> list[str] | None:
    """What another decoder sees changed; None if it cannot read the photograph.

    Raises
    ------
    PhotographError
        Where it does not open the colored file.
    """
    if bits > 16:  # of which Pillow knows no colors
        return None
    try:
        old = decoded(before, form, pages[0])
    except OSError:
        return None
    if old is None:
        return None
    try:
        new = decoded(after, form, pages[1])
    except OSError as error:
        raise _not_opened(after, str(error)) from error
    if new is None:
        raise _not_opened(after, "of a kind that it does not know")
    if old.levels.shape[:2] != new.levels.shape[:2]:
        return ["size"]
    luma, alpha = largest_differences(old, new)
    found = ["alpha"] if alpha > (0 if bits == 8 else 1) else []
    most = 2 if bits == 16 or old.multiplied else 1
    return [*found, LUMA] if luma > most else found


def _not_opened(path: Path, why: str) -> PhotographError:
    return PhotographError(f"'{path}' cannot be opened by another decoder ({why}); color it anew")
