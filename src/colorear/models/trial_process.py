"""What runs in the process of a trial: `python -m colorear.models.trial_process`.

It reads a question from standard input and answers with a card, or with a sentence and status 3.
"""

import sys
from pathlib import Path

import msgspec

from colorear.errors import ColorearError
from colorear.models.card import Kind, encode_card
from colorear.models.registry import examine
from colorear.models.trial import REFUSED, Limits

__all__ = ["main"]


class _Question(msgspec.Struct):
    path: str
    name: str
    kind: Kind | None
    limits: Limits


def main() -> None:
    """Try one network."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=_Question)
    try:
        _limit(question.limits, question.path)
        card = examine(question.path, question.name, question.kind)
    except MemoryError:
        sys.stdout.write(f"{question.path} needs more memory than a network may; take another one")
        sys.exit(REFUSED)
    except ColorearError as error:
        sys.stdout.buffer.write(str(error).encode(errors="surrogateescape"))
        sys.exit(REFUSED)
    sys.stdout.buffer.write(encode_card(card))


def _limit(limits: Limits, path: str) -> None:
    """Have the system end this process, or refuse it memory, beyond the limits."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows: the clock of whoever started this remains
        return
    file = Path(path)
    size = file.stat().st_size if file.exists() else 0
    most = limits.megabytes * 10**6 + 8 * size
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    seconds = limits.processor_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
