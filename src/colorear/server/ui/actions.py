"""What the page asks for, and gets: a photograph opened, its colours, doubts, suggestions, files.

Every answer is an object for the page's scripts: what was asked for; or `problem`, a sentence; or
`gone`, where the sitting has ended.
"""

import asyncio
import shutil
import zipfile
from collections.abc import Awaitable, Mapping, Sequence
from logging import getLogger
from pathlib import Path
from typing import Any

import msgspec

from colorear.errors import HintError, PhotographError
from colorear.hints import Hint, parse_hints
from colorear.inference.colorizer import Colorizer, colored_name
from colorear.inference.suggestions import can_choose
from colorear.models import Network
from colorear.server.filenames import called
from colorear.server.problems import Refusal, problem_of, refusal_of
from colorear.server.ui import previews
from colorear.server.ui.session import File, Gone, Opened, Sitting, Sittings
from colorear.server.uploads import Upload
from colorear.server.worker_pool import Studio

__all__ = ["Answer", "Desk", "answered"]

Answer = dict[str, Any]

_SMALL = 320  # pixels, of the longer side, of variants side by side
_MANY = 200  # photographs in one zip

_log = getLogger(__name__)


class _Wish(msgspec.Struct, frozen=True):
    """What a visitor wishes of the photograph that is open."""

    sitting: str
    model: str
    hints: tuple[Hint, ...] = ()
    vividness: float = 1.0
    variant: int = 0
    small: bool = False
    """Whether a picture of the size of a stamp will do."""
    x: float = 0.5
    y: float = 0.5


class Desk:
    """What visitors may ask for. `client` is who is counted, where the workers have a queue."""

    def __init__(self, studio: Studio, sittings: Sittings) -> None:
        self._studio, self._sittings = studio, sittings

    async def opened(self, client: str, secret: str, model: str, upload: Upload) -> Answer:
        """The photograph that was uploaded into a sitting becomes the one that is worked on."""
        sitting = self._sittings.of(secret)
        path, limit = upload.photograph, self._studio.settings.megapixels

        def look(colorizer: Colorizer) -> tuple[previews.Preview, Answer]:
            preview = previews.preview_of(path, megapixels=limit)
            return preview, _able(colorizer.network)

        with called(path, upload.name):
            preview, able = await self._studio.run(client, model, look)
        self._sittings.of(secret)  # it may have ended meanwhile
        if sitting.opened:
            _remove(sitting.opened.path)
        sitting.opened = Opened(path, upload.name, preview)
        self._sittings.weigh(sitting)
        height, width = preview.grey.shape
        before = previews.as_jpeg(preview.grey)
        return {"name": upload.name, "width": width, "height": height, "before": before, **able}

    async def colours(self, client: str, asked: Mapping[str, Any]) -> Answer:
        """The preview in colour, and which hints cannot be had as they are."""
        wish, _, opened = self._wish(asked)
        grey = opened.preview.grey

        def colour(colorizer: Colorizer) -> Answer:
            network = colorizer.network
            hints = wish.hints if network.card.hints else ()
            rgb = colorizer(grey, hints=hints, vividness=wish.vividness, variant=wish.variant)
            far = [] if wish.small else previews.out_of_reach(grey, hints)
            return {
                "after": previews.as_jpeg(rgb, **({"longest": _SMALL} if wish.small else {})),
                "unreachable": [hints.index(one.hint) for one in far],
                **_able(network),
            }

        return await self._studio.run(client, wish.model, colour)

    async def suggestions(self, client: str, asked: Mapping[str, Any]) -> Answer:
        """Colours that the network holds for likely at a place."""
        wish, _, opened = self._wish(asked)

        def suggest(colorizer: Colorizer) -> list[str]:
            if not colorizer.network.tells_likelihood:
                return []
            return colorizer.suggestions(opened.preview.grey, (wish.x, wish.y), hints=wish.hints)

        return {"colours": await self._studio.run(client, wish.model, suggest)}

    async def doubt(self, client: str, asked: Mapping[str, Any]) -> Answer:
        """A tint where the network is not sure."""
        wish, _, opened = self._wish(asked)

        def tell(colorizer: Colorizer) -> str:
            hints = wish.hints if colorizer.network.card.hints else ()
            grey = opened.preview.grey
            told = colorizer.uncertainty(
                grey, hints=hints, vividness=wish.vividness, variant=wish.variant
            )
            return previews.doubt_picture(told)

        return {"tint": await self._studio.run(client, wish.model, tell)}

    async def file(self, client: str, asked: Mapping[str, Any]) -> Answer:
        """The photograph at full size, in its own format, ready to be fetched."""
        wish, sitting, opened = self._wish(asked)
        file, told = await self._colour(client, wish, sitting, opened)
        return {"file": self._sittings.publish(sitting, file), "name": file.name, **told}

    async def one_of_many(self, client: str, secret: str, model: str, upload: Upload) -> Answer:
        """Colour an uploaded photograph at full size and keep it for the zip."""
        sitting = self._sittings.of(secret)
        if len(sitting.many) >= _MANY or self._sittings.is_full(sitting):
            raise Refusal(
                "too-many-of-yours",
                f"{len(sitting.many)} photographs are here for one zip, and there is no room for "
                "more; fetch it and begin again, or colour the folder with the command colorear",
            )
        await self.opened(client, secret, model, upload)
        opened = sitting.opened
        if opened is None:
            raise Gone
        wish = _Wish(secret, model)
        try:
            file, told = await self._colour(client, wish, sitting, opened)
        except BaseException:  # whoever took the upload in deletes it then
            if sitting.opened is opened:
                sitting.opened = None
            raise
        sitting.many.append(_unlike(file, sitting.many))
        return {"name": sitting.many[-1].name, **told}

    async def zipped(self, _: str, asked: Mapping[str, Any]) -> Answer:
        """All that was coloured for the zip, in one file."""
        sitting = self._sittings.of(asked.get("sitting"))
        if not sitting.many:
            raise PhotographError(
                "there are no photographs for this zip any more, since nobody used the page for "
                "long; colour them again"
            )
        path, members = sitting.room() / "coloured.zip", list(sitting.many)
        await asyncio.to_thread(_zip, path, members)
        file = File(path, "colorear.zip")
        return {"file": self._sittings.publish(sitting, file), "name": file.name}

    async def emptied(self, _: str, asked: Mapping[str, Any]) -> Answer:
        """Begin another zip, with all the room there is."""
        sitting = self._sittings.of(asked.get("sitting"))
        for file in sitting.many:
            _remove(file.path)
        sitting.many.clear()
        if sitting.opened:
            _remove(sitting.opened.path)
            sitting.opened = None
        self._sittings.withdraw(sitting)
        self._sittings.weigh(sitting)
        return {}

    async def hints(self, _: str, asked: Mapping[str, Any]) -> Answer:
        """The hints in the text of a file that was saved on another day, colours as `#rrggbb`."""
        self._sittings.of(asked.get("sitting"))
        text = str(asked.get("text", "")).encode(errors="replace")
        hints = self._few(parse_hints(text, repr(str(asked.get("name", "hints.json")))))
        return {
            "hints": [
                msgspec.to_builtins(hint) | {"color": f"#{bytes(hint.srgb).hex()}"}
                for hint in hints
            ]
        }

    def _few(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        most = self._studio.settings.hints
        if len(hints) > most:
            raise HintError(f"{len(hints)} hints came, but at most {most} are taken; use fewer")
        return hints

    def _wish(self, asked: Mapping[str, Any]) -> tuple[_Wish, Sitting, Opened]:
        """What is asked, in a sitting where a photograph is open. Raises ColorearError."""
        sitting = self._sittings.of(asked.get("sitting"))
        if sitting.opened is None:
            raise Gone
        try:
            wish = msgspec.convert(asked, _Wish)
        except msgspec.ValidationError as error:
            raise HintError(f"the page asked for what cannot be ({error}); load it anew") from None
        self._few(wish.hints)
        return wish, sitting, sitting.opened

    async def _colour(
        self, client: str, wish: _Wish, sitting: Sitting, opened: Opened
    ) -> tuple[File, Answer]:
        name = colored_name(opened.name, opened.preview.format)
        target = sitting.room() / f"coloured{Path(name).suffix}"

        def colour(colorizer: Colorizer) -> Answer:
            hints = wish.hints if colorizer.network.card.hints else ()
            told = colorizer.colorize(
                opened.path,
                target,
                hints=hints,
                vividness=wish.vividness,
                variant=wish.variant,
            )
            return {
                "seconds": round(told.seconds, 2),
                "megapixels": round(told.megapixels, 1),
                "unreachable": [hints.index(one.hint) for one in told.unreachable],
            }

        with called(opened.path, opened.name), called(target, name):
            told = await self._studio.run(client, wish.model, colour)
        self._sittings.weigh(sitting)
        return File(target, name), told


async def answered(answer: Awaitable[Answer]) -> Answer:
    """What is answered in the end, with every error told as the page tells it."""
    try:
        return await answer
    except Gone:
        return {"gone": True}
    except Exception as error:
        refusal = refusal_of(error)
        if refusal.kind == "server-error":
            _log.exception("the page asked for something, and it failed")
        return {"problem": problem_of(refusal).detail}


def _able(network: Network) -> Answer:
    """What the network can do, for the page's controls."""
    return {
        "able": {
            "hints": network.card.hints,
            "suggestions": network.card.hints and network.tells_likelihood,
            "doubt": network.tells_uncertainty,
            "variants": can_choose(network),
        }
    }


def _unlike(file: File, others: Sequence[File]) -> File:
    """The same file, with a name that none of the others has."""
    taken = {other.name for other in others}
    name, number = Path(file.name), 1
    while file.name in taken:
        number += 1
        file = File(file.path, f"{name.stem} ({number}){name.suffix}")
    return file


def _zip(path: Path, members: Sequence[File]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # they are compressed already
        for member in members:
            archive.write(member.path, member.name)


def _remove(path: Path) -> None:
    """The file, and the folder it had for itself; both may be gone already."""
    shutil.rmtree(path.parent, ignore_errors=True)
