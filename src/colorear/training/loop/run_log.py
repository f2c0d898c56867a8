"""The log of a run: what it tells while it goes on, on the terminal and in its folder."""

import time
from pathlib import Path

from rich.console import Console

from colorear.errors import TrainingError

__all__ = ["RunLog"]


class RunLog:
    """Tells sentences, each with the seconds since it was made, and keeps them in `log.txt`.

    Several threads may use it.
    """

    def __init__(self, run: Path) -> None:
        self._path, self._started = run / "log.txt", time.monotonic()
        self._console = Console()

    def tell(self, sentence: str) -> None:
        """Tell a sentence. Raises TrainingError if it cannot be kept."""
        line = f"{time.monotonic() - self._started:7.1f} s  {sentence}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise TrainingError(
                f"{self._path}: could not be written ({error.strerror}); make room and go on with "
                "--resume"
            ) from error
