"""What colored files are called."""

from pathlib import Path

from colorear.photo.sniffing import Format, ending_for, format_of, reading

__all__ = ["beside", "colored_name"]


def beside(source: str | Path, folder: Path | None = None) -> Path:
    """Where the colored `source` goes: `<stem>-color<ext>` beside it, or in `folder`.

    The ending is that of the format that the file really has.

    Raises
    ------
    PhotographError
        Where the file cannot be read, or is no photograph.
    """
    path = Path(source)
    with reading(path):
        form = format_of(path)
    return (folder or path.parent) / colored_name(path.name, form)


def colored_name(name: str, form: Format) -> str:
    """What the colored file of that name and format is called.

    >>> colored_name("old.jpg", "jpeg"), colored_name("old.jpg", "png")
    ('old-color.jpg', 'old-color.png')
    """
    path = Path(name)
    return f"{path.stem}-color{ending_for(path, form)}"
