"""Where a run by minutes is, and how much of its time is over."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["RunClock", "TimedState"]


@dataclass
class TimedState:
    """Where a run is, beyond weights and optimizer; saved in every checkpoint."""

    step: int = 0
    samples: int = 0
    done: float = 0.0
    """The part of the learning rate's cycle that is over."""
    seconds: float = 0.0
    """Of training, over all times that the run was resumed."""
    history: list[dict[str, float]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """From a checkpoint."""
        for name, value in state.items():
            setattr(self, name, value)


class RunClock:
    """Counts the time of training into a state, from now on until `deadline` (monotonic seconds).

    What was left of the cycle fits the time that is left.
    """

    def __init__(self, state: TimedState, deadline: float) -> None:
        self._state, self._deadline = state, deadline
        self._first, self._done, self._seconds = time.monotonic(), state.done, state.seconds
        self._samples = state.samples

    def count(self) -> bool:
        """Bring the state up to date; says whether there is time for another step."""
        now, state = time.monotonic(), self._state
        state.seconds = self._seconds + now - self._first
        if now >= self._deadline:
            state.done = 1.0
            return False
        part = (now - self._first) / (self._deadline - self._first)
        state.done = self._done + (1 - self._done) * part
        return True

    @property
    def speed(self) -> float:
        """Samples a second since the clock began."""
        elapsed = max(1e-9, time.monotonic() - self._first)
        return (self._state.samples - self._samples) / elapsed
