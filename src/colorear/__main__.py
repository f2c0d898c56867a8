"""`python -m colorear` is the command `colorear`."""

import errno
import sys

from colorear.cli import app
from colorear.cli.output import said
from colorear.errors import ExitCode

__all__ = ["main"]

_OF_WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EPIPE}


def main() -> None:
    """Run the command."""
    try:
        app()
    except OSError as error:
        if error.filename is not None or error.errno not in _OF_WRITING:
            raise  # not the answer's: it should have got a sentence of its own
        sys.stdout = None  # Python would write to it again at its end
        sentence = f"the answer cannot be written: {error.strerror}; redirect it elsewhere"
        print(f"error: {said(sentence)}", file=sys.stderr)
        sys.exit(ExitCode.FAILED)


if __name__ == "__main__":
    main()
