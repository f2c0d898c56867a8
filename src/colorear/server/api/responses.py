"""A coloured file on its way out, with what is to be said of it in the headers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from starlette.responses import StreamingResponse

from colorear.server.api.tasks import Outcome, said_of
from colorear.server.filenames import disposition

__all__ = ["HEADERS", "file_response"]

HEADERS = {
    "Content-Disposition": "The name of the file: `<stem>-color<ending>`.",
    "Colorear-Model": "The network that made the colour.",
    "Colorear-Model-Version": "Its version.",
    "Colorear-Model-SHA256": "Of the network's file.",
    "Colorear-Scores": "How good it is: JSON, data set -> metric -> value, as on its card.",
    "Colorear-Seconds": "How long a worker took, checking included.",
    "Colorear-Megapixels": "The size of the photograph.",
    "Colorear-Luma": "What `colorear verify` found: JSON, `ok` if nothing but colour was added.",
    "Colorear-Unreachable": "JSON, if hints have colours that do not exist at the lightness of "
    "their places: place, wish and nearest colour of the first twenty.",
}
_CHUNK = 256 * 1024
_UNREACHABLE = 20  # some clients take no more than 8 KB of headers


def file_response(outcome: Outcome) -> StreamingResponse:
    """The file, named, and measured."""
    headers = {
        "Content-Length": str(outcome.path.stat().st_size),
        "Content-Disposition": disposition(outcome.name),
        "Colorear-Model": outcome.card.name,
        "Colorear-Model-Version": _ascii(outcome.card.version),
        "Colorear-Model-SHA256": outcome.card.sha256,
        "Colorear-Scores": json.dumps(_rounded(outcome.card.scores)),
        "Colorear-Seconds": f"{outcome.seconds:.3f}",
        "Colorear-Megapixels": f"{outcome.megapixels:.3f}",
        "Colorear-Luma": json.dumps(said_of(outcome.promise)),
    }
    if outcome.unreachable:
        told = [
            {"x": one.hint.x, "y": one.hint.y, "color": one.hint.color, "nearest": one.nearest}
            for one in outcome.unreachable[:_UNREACHABLE]
        ]
        headers["Colorear-Unreachable"] = json.dumps(told)
    return StreamingResponse(_chunks(outcome.path), 200, headers, outcome.media_type)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while chunk := await file.read(_CHUNK):
            yield chunk


def _rounded(scores: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        data: {metric: round(value, 4) for metric, value in told.items()}
        for data, told in scores.items()
    }


def _ascii(text: str) -> str:
    """As a header can hold it."""
    plain = text.encode("ascii", "backslashreplace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())
