"""What the API answers when it refuses: problem details (RFC 9457), which say what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from colorear.errors import ColorearError, HintError, PhotographError
from colorear.server.model_cache import NoSuchNetworkError, UnusableNetworkError
from colorear.server.worker_pool import ClientLimit, QueueFull, Stopping, Timeout

__all__ = [
    "MEDIA_TYPE",
    "STATUS",
    "Kind",
    "Problem",
    "ProblemError",
    "problem_document",
    "to_problem_error",
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
    "not-a-photograph",
    "foreign-host",
    "wrong-field",
    "too-many-of-yours",
    "upload-too-slow",
    "server-error",
    "queue-full",
    "stopping",
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
    "not-a-photograph": 415,
    "foreign-host": 421,
    "wrong-field": 422,
    "too-many-of-yours": 429,
    "server-error": 500,
    "queue-full": 503,
    "stopping": 503,
    "took-too-long": 504,
}
_URN = "urn:problem-type:colorear:"
_SERVER_ERROR = (
    "something went wrong in the server, whose log tells what; try another photograph, and tell "
    "whoever runs the server"
)
_STOPPED_FOR = 30  # seconds after which a server that was stopped may be back


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


def to_problem_error(error: Exception) -> ProblemError:
    """What is answered to a request that ended in this error."""
    match error:
        case ProblemError():
            return error
        case ClientLimit() | QueueFull():
            kind: Kind = "too-many-of-yours" if isinstance(error, ClientLimit) else "queue-full"
            return ProblemError(kind, str(error), {"Retry-After": str(error.retry_after)})
        case Stopping():
            return ProblemError("stopping", str(error), {"Retry-After": str(_STOPPED_FOR)})
        case Timeout():
            return ProblemError("took-too-long", str(error))
        case HintError() | NoSuchNetworkError():
            return ProblemError("wrong-field", str(error))
        case PhotographError() if not isinstance(error.__cause__, OSError):
            return ProblemError("not-a-photograph", str(error))
        case UnusableNetworkError():
            return ProblemError("server-error", str(error))
        case _:  # its text may tell of files, or worse
            return ProblemError("server-error", _SERVER_ERROR)


def problem_document(problem_error: ProblemError) -> Problem:
    """The document that says so."""
    status = STATUS[problem_error.kind]
    return Problem(
        type=_URN + problem_error.kind,
        title=problem_error.kind.replace("-", " ").capitalize(),
        status=status,
        detail=str(problem_error) or HTTPStatus(status).phrase,
    )
