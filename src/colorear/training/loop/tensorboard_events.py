"""The events of a run, for TensorBoard."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from accelerate import Accelerator

from colorear.errors import TrainingError

__all__ = ["EventLog"]

_FOLDER = "events"


class EventLog:
    """The events of a run, which the main process writes into the run's folder.

    Every method raises TrainingError where it cannot write.
    """

    def __init__(self, accelerator: Accelerator, run: Path) -> None:
        self._accelerator, self._folder = accelerator, run / _FOLDER

    def begin(self, step: int) -> None:
        """Go on after `step`; events of later steps are no longer shown."""
        with self._writing():
            self._accelerator.init_trackers(
                _FOLDER, init_kwargs={"tensorboard": {"purge_step": step}}
            )

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Add values as they are after `step`."""
        with self._writing():
            self._accelerator.log(values, step)

    def end(self) -> None:
        """Write whatever is not written yet."""
        with self._writing():
            for tracker in self._accelerator.trackers:
                tracker.finish()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f"{self._folder}: cannot be written ({error.strerror}); make room and go on with "
                "--resume"
            ) from error
