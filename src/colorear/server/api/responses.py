"""A colored file on its way out, with what is to be said of it in the headers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from starlette.responses import StreamingResponse

from colorear.server.api.tasks import Result, verification_json
from colorear.server.filenames import content_disposition

__all__ = ["HEADERS", "file_response"]

HEADERS = {
    "Content-Disposition": "The name of the file: `<stem>-color<ending>`.",
    "Colorear-Model": "The network that made the color.",
    "Colorear-Model-Version": "Its version.",
    "Colorear-Model-SHA256": "Of the network's file.",
    "Colorear-Scores": "How good it is: JSON, data set -> metric -> value, as on its card.",
    "Colorear-Seconds": "How long a worker took, checking included.",
    "Colorear-Megapixels": "The size of the photograph.",
    "Colorear-Luma": "What `colorear verify` found: JSON, `ok` if nothing but color was added.",
    "Colorear-Appearance": "What came: `gray` or `toned`; `color`, or `colored` by colorear, which "
    "was replaced; `bilevel` or `halftone`, which hardly any color fits; `negative`, of which the "
    "network tells that light and dark are exchanged.",
    "Colorear-Left-Out": "JSON, if a TIFF has damaged pages, which the answer lacks: what is "
    "said of the first twenty.",
    "Colorear-Unreachable": "JSON, if hints have colors that do not exist at the lightness of "
    "their places: place, wish and nearest color of the first twenty.",
}
_CHUNK = 256 * 1024
_TOLD = 20  # some clients take no more than 8 KB of headers


def file_response(result: Result) -> StreamingResponse:
    """The file, named, and measured."""
    headers = {
        "Content-Length": str(result.path.stat().st_size),
        "Content-Disposition": content_disposition(result.name),
        "Colorear-Model": result.card.name,
        "Colorear-Model-Version": _ascii(result.card.version),
        "Colorear-Model-SHA256": result.card.sha256,
        "Colorear-Scores": json.dumps(_rounded(result.card.scores)),
        "Colorear-Seconds": f"{result.seconds:.3f}",
        "Colorear-Megapixels": f"{result.megapixels:.3f}",
        "Colorear-Luma": json.dumps(verification_json(result.verification)),
        "Colorear-Appearance": result.appearance,
    }
    if result.left_out:
        headers["Colorear-Left-Out"] = json.dumps(result.left_out[:_TOLD])
    if result.unreachable:
        told = [
            {"x": one.hint.x, "y": one.hint.y, "color": one.hint.color, "nearest": one.nearest}
            for one in result.unreachable[:_TOLD]
        ]
        headers["Colorear-Unreachable"] = json.dumps(told)
    return StreamingResponse(_chunks(result.path), 200, headers, result.media_type)


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
