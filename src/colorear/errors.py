"""The errors that colorear raises on purpose, the exit codes they end a command with, and what
the errors of others become.

Each error is one sentence for the person who caused it: what came, what was expected, what to do.
`docs/errors.md` is made of this module.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import ClassVar, Literal, NamedTuple, Self

__all__ = [
    "FOREIGN",
    "BatchError",
    "ColorearError",
    "DataError",
    "EvaluationError",
    "ExitCode",
    "Foreign",
    "HintError",
    "MetricError",
    "MissingExtraError",
    "ModelError",
    "NothingToDoError",
    "PhotographError",
    "RecipeError",
    "SigningError",
    "TrainingError",
    "UsageError",
    "VideoError",
    "foreign",
    "reason_of",
    "translated",
]

Action = Literal["read", "written", "made"]


class ExitCode(IntEnum):
    """The status with which a command ends: the same mistake has the same one in every command."""

    meaning: str
    """In words, for people."""

    def __new__(cls, value: int, meaning: str) -> Self:
        """Make a number that has a meaning."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    DONE = 0, "all that was asked for is done, now or by an earlier run"
    FAILED = 1, "something failed, and was named with its reason; the rest is done"
    WRONG_USAGE = 2, "what was typed cannot be done, whatever the photographs are; nothing was done"
    NOTHING_TO_DO = 3, "no photograph was found in what was named"
    STOPPED = 130, "stopped by Ctrl-C; what was done so far is whole and stays"


class ColorearError(Exception):
    """Something a person can mend; every error below is one of these."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class UsageError(ColorearError):
    """What was asked for contradicts itself, or cannot be had of what was named."""

    exit_code = ExitCode.WRONG_USAGE


class NothingToDoError(ColorearError):
    """There is no photograph in what was named."""

    exit_code = ExitCode.NOTHING_TO_DO


class PhotographError(ColorearError):
    """A file cannot be read, or written, as a photograph."""


class VideoError(ColorearError):
    """A file cannot be read, or written, as a film."""


class BatchError(ColorearError):
    """The place that photographs go to, or another run, forbids to color many of them."""


class SigningError(ColorearError):
    """A certificate or key cannot sign."""

    exit_code = ExitCode.WRONG_USAGE


class HintError(ColorearError):
    """What is asked of the colors cannot be had: a hint without a place or color, say."""

    exit_code = ExitCode.WRONG_USAGE


class ModelError(ColorearError):
    """A network or its card is missing, damaged, or breaks the contract."""

    exit_code = ExitCode.WRONG_USAGE


class DataError(ColorearError):
    """A folder of photographs cannot be learnt from or judged on."""


class RecipeError(ColorearError):
    """A recipe has an unknown key or a value out of range."""

    exit_code = ExitCode.WRONG_USAGE


class TrainingError(ColorearError):
    """A training run cannot start, go on or be resumed."""


class MetricError(ColorearError):
    """Photographs, or features of them, are not what a metric is defined on."""


class EvaluationError(ColorearError):
    """Scores cannot be read, joined or compared."""


class MissingExtraError(ColorearError):
    """A feature needs packages that come with one of colorear's extras."""

    exit_code = ExitCode.WRONG_USAGE

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed; "
            f"install them with: pip install 'colorear[{extra}]'"
        )


class Foreign(NamedTuple):
    """An error of Python or of a library, and what becomes of it."""

    raised: str
    """Its class, with its module; a class derived from it counts too. `*` is any of a module."""
    code: str
    """Its `errno`, SQLite's name for it or what libvips reports, where that decides."""
    says: str
    """What follows the name of the file; `{action}` is read or written, `{reason}` its own word."""
    advice: str
    """What to do; may be empty."""

    def sentence(self, subject: str, action: Action, error: BaseException) -> str:
        """What is said of `subject`, the name of a file in quotation marks, say."""
        said = self.says.format(action=action, reason=reason_of(error))
        return f"{subject} {said}" + (f"; {self.advice}" if self.advice else "")


_NETWORK = "onnxruntime.capi.onnxruntime_pybind11_state.*"  # its classes share no base

# The first row that fits is taken, so that a special case stands before the general one.
FOREIGN: tuple[Foreign, ...] = (
    Foreign("builtins.FileNotFoundError", "", "does not exist", "check the name"),
    Foreign("builtins.IsADirectoryError", "", "is a folder", "name a file in it"),
    Foreign("builtins.OSError", "ENOSPC", "cannot be {action}: {reason}", "make room on that disk"),
    Foreign("builtins.OSError", "EDQUOT", "cannot be {action}: {reason}", "make room on that disk"),
    Foreign(
        "builtins.OSError", "EROFS", "cannot be {action}: {reason}", "name a place on another disk"
    ),
    Foreign("builtins.OSError", "ENAMETOOLONG", "cannot be {action}: {reason}", "make it shorter"),
    Foreign("builtins.OSError", "", "cannot be {action}: {reason}", ""),
    Foreign("builtins.MemoryError", "", "needs more memory than there is", "make it smaller"),
    Foreign(
        "pyvips.error.Error",
        "CODEC",
        "is compressed in a way that cannot be read here ({reason})",
        "save it without compression, or with LZW or Deflate",
    ),
    Foreign(
        "pyvips.error.Error",
        "PLANES",
        "has tiles that hold one channel each, which cannot be read here",
        "save it with all channels of a pixel side by side",
    ),
    Foreign(
        "pyvips.error.Error",
        "STORED",
        "is stored in a way that cannot be read here ({reason})",
        "save it anew with a program that opens it",
    ),
    Foreign(
        "pyvips.error.Error",
        "SAMPLES",
        "has samples of a size that cannot be read here ({reason})",
        "save it as TIFF of 8 or 16 bits",
    ),
    Foreign(
        "pyvips.error.Error", "", "is damaged or cut short ({reason})", "use an intact copy of it"
    ),
    Foreign(
        "av.error.FFmpegError",
        "",
        "cannot be {action} as a film ({reason})",
        "use an intact copy of it, or another container",
    ),
    Foreign(
        "sqlite3.DatabaseError",
        "BUSY",
        "is being used by another run",
        "wait until it has ended, or give another folder",
    ),
    Foreign(
        "sqlite3.DatabaseError",
        "FULL",
        "cannot be {action}: the disk is full",
        "make room, and the same command goes on",
    ),
    Foreign("sqlite3.DatabaseError", "READONLY", "cannot be {action}", "give another folder"),
    Foreign("sqlite3.DatabaseError", "CANTOPEN", "cannot be {action}", "give another folder"),
    Foreign(
        "sqlite3.DatabaseError",
        "IOERR",
        "cannot be {action}: the disk failed ({reason})",
        "see whether it is full or damaged, and the same command goes on",
    ),
    Foreign("sqlite3.DatabaseError", "", "cannot be used ({reason})", ""),
    Foreign(_NETWORK, "MEMORY", "needs more memory than there is", "end other programs"),
    Foreign(
        _NETWORK,
        "",
        "cannot be loaded as an ONNX network ({reason})",
        "expected one self-contained .onnx file",
    ),
    Foreign("pyarrow.lib.ArrowException", "", "cannot be {action}: {reason}", ""),
)

_LONGEST = 300  # characters of what others say
_REPORTS = {  # of ONNX Runtime, of libvips, and of the libraries that it reads by
    "std::bad_alloc": "MEMORY",
    "compression support is not configured": "CODEC",
    "tiled separate planes not supported": "PLANES",
    "not a whole number of bytes": "SAMPLES",
    "samples out of range": "SAMPLES",
    "not supported": "STORED",
}


def foreign(error: BaseException) -> Foreign | None:
    """The row of the table that an error of others belongs to, if there is one."""
    classes = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    classes |= {f"{kind.__module__}.*" for kind in type(error).__mro__}
    code = _code(error)
    fitting = (row for row in FOREIGN if row.raised in classes and row.code in ("", code))
    return next(fitting, None)


def reason_of(error: BaseException) -> str:
    """What an error of others says by itself, on one line.

    Of libvips' reports the line that tells the most: its first after what it was unable to do, but
    for places that it did not find.
    """
    said = getattr(error, "strerror", None)  # of the system's errors and of FFmpeg's
    if said:
        return str(said)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if lines[0].startswith("unable to "):
        telling = [line.strip() for line in lines[1:] if ": bad seek to " not in line]
        return [*telling, lines[-1].strip()][0]
    told = " ".join(" ".join(lines).split()).rstrip(".")
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"  # libtiff repeats itself


@contextmanager
def translated(kind: type[ColorearError], subject: str, action: Action = "read") -> Iterator[None]:
    """Within it, an error of others that the table has becomes one of `kind`.

    `subject` is what the sentence is about, as people call it; `action` what was tried. Errors of
    colorear and those that the table does not have pass as they are.
    """
    try:
        yield
    except ColorearError:
        raise
    except Exception as error:
        row = foreign(error)
        if row is None:
            raise
        raise kind(row.sentence(subject, action, error)) from error


def _code(error: BaseException) -> str:
    if isinstance(error, OSError):
        return errno.errorcode.get(error.errno or 0, "")
    if name := str(getattr(error, "sqlite_errorname", "")):
        return name.removeprefix("SQLITE_").partition("_")[0]
    return next((code for report, code in _REPORTS.items() if report in str(error)), "")
