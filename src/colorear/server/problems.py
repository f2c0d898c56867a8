"""What the API answers when it refuses: problem details (RFC 9457), which say what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from colorear.errors import ColorearError, HintError, PhotographError
from colorear.languages import Language, translated
from colorear.server.model_cache import NoSuchNetworkError, UnusableNetworkError
from colorear.server.worker_pool import ClientLimit, NotReady, QueueFull, Stopping
from colorear.server.workers import OutOfMemory, Timeout, WorkerLost

__all__ = [
    "MEDIA_TYPE",
    "STATUS",
    "Kind",
    "Problem",
    "ProblemError",
    "problem_document",
    "to_problem_error",
    "too_large",
    "too_slow",
]

MEDIA_TYPE = "application/problem+json"

Kind = Literal[
    "malformed-request",
    "token-needed",
    "foreign-site",
    "not-found",
    "method-not-allowed",
    "not-finished",
    "too-many-bytes",
    "too-many-pixels",
    "too-much-memory",
    "not-a-photograph",
    "foreign-host",
    "wrong-field",
    "too-many-of-yours",
    "upload-too-slow",
    "server-error",
    "queue-full",
    "stopping",
    "not-ready",
    "took-too-long",
]

STATUS: Mapping[Kind, int] = {
    "malformed-request": 400,
    "token-needed": 401,
    "foreign-site": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "upload-too-slow": 408,
    "not-finished": 409,
    "too-many-bytes": 413,
    "too-many-pixels": 413,
    "too-much-memory": 413,
    "not-a-photograph": 415,
    "foreign-host": 421,
    "wrong-field": 422,
    "too-many-of-yours": 429,
    "server-error": 500,
    "queue-full": 503,
    "stopping": 503,
    "not-ready": 503,
    "took-too-long": 504,
}
_URN = "urn:problem-type:colorear:"
_SERVER_ERROR = (
    "something went wrong in the server, whose log tells what; try another photograph, and tell "
    "whoever runs the server"
)
_RETRY_AFTER: Mapping[Kind, int] = {"stopping": 30, "not-ready": 5}  # seconds


class Problem(BaseModel):
    """Why a request was refused, and what to do about it (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(
        description="A name for this kind of problem, which programs may rely on.",
        json_schema_extra={"enum": [_URN + kind for kind in get_args(Kind)]},
    )
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What came, what was expected and what to do.")


class ProblemError(ColorearError):
    """A request that is not done, and what is answered."""

    def __init__(self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[type["ProblemError"], tuple[Kind, str, dict[str, str]]]:
        """Be sent from a worker's process."""
        return type(self), (self.kind, str(self), self.headers)


_KINDS: Mapping[type[ColorearError], Kind] = {  # subclasses before their bases
    ClientLimit: "too-many-of-yours",
    QueueFull: "queue-full",
    Stopping: "stopping",
    NotReady: "not-ready",
    Timeout: "took-too-long",
    OutOfMemory: "too-much-memory",
    WorkerLost: "server-error",
    HintError: "wrong-field",
    NoSuchNetworkError: "wrong-field",
    UnusableNetworkError: "server-error",
    PhotographError: "not-a-photograph",
}
"""What each error is to a client, who is told its text."""


def to_problem_error(error: Exception) -> ProblemError:
    """Make of any error the one that is answered; of an unforeseen one the text is not told."""
    if isinstance(error, ProblemError):
        return error
    is_disk = isinstance(error, PhotographError) and isinstance(error.__cause__, OSError)
    kind = next((_KINDS[kind] for kind in _KINDS if isinstance(error, kind)), None)
    if kind is None or is_disk:  # the text may tell of files, or worse
        return ProblemError("server-error", _SERVER_ERROR)
    retry_after = error.retry_after if isinstance(error, QueueFull) else _RETRY_AFTER.get(kind)
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return ProblemError(kind, str(error), headers)


def problem_document(problem_error: ProblemError, language: Language = "en") -> Problem:
    """The document that says so, in that language."""
    status = STATUS[problem_error.kind]
    return Problem(
        type=_URN + problem_error.kind,
        title=problem_error.kind.replace("-", " ").capitalize(),
        status=status,
        detail=translated(str(problem_error), language) or HTTPStatus(status).phrase,
    )


def too_slow(seconds: float) -> ProblemError:
    """What is answered to an upload that had not arrived after so many seconds."""
    return ProblemError(
        "upload-too-slow",
        f"the upload had not arrived after {seconds:g} seconds; "
        "send a smaller file, or from a faster connection",
        {"Connection": "close"},
    )


def too_large(most: int) -> ProblemError:
    """What is answered to an upload of more bytes."""
    return ProblemError(
        "too-many-bytes",
        f"the upload is larger than the {most / 1e6:g} MB that are taken; send a smaller file, or "
        "color it with the command colorear",
        {"Connection": "close"},
    )
