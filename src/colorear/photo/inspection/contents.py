"""What a file holds besides its pixels, under the names that people have for it."""

from collections import defaultdict
from dataclasses import dataclass, field

from colorear.errors import PhotographError

__all__ = ["Contents", "changed_items", "damaged"]


@dataclass
class Contents:
    """Everything in a file that coloring must not change."""

    items: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))
    """By what it is: as many values as there are, which are equal where nothing has changed."""
    profile: bytes | None = None
    """The ICC profile."""
    profile_counts: bool = True
    """Whether it is one for the values that the file has."""
    xmp: list[bytes] = field(default_factory=list)
    """The packets, each with what extends it."""
    transforms: list[int] = field(default_factory=list)
    """Of a JPEG of three components: what Adobe's segments say that these are, unless all of them
    say YCbCr; programs do not agree on what they see then."""

    def add(self, name: str, value: object) -> None:
        """One more value under a name."""
        self.items[name].append(value)


def changed_items(before: Contents, after: Contents) -> list[str]:
    """The names of what is not the same in two files, in the order of the alphabet."""
    names = before.items.keys() | after.items.keys()
    return sorted(n for n in names if before.items.get(n, []) != after.items.get(n, []))


def damaged(name: str, what: str) -> PhotographError:
    """The error for a file that cannot be taken apart."""
    return PhotographError(f"'{name}' is damaged or cut short ({what}); use an intact copy of it")
