"""An ONNX file, opened and run: whatever ONNX Runtime objects to becomes one sentence."""

import ctypes
import os
import platform
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorear.errors import ModelError

__all__ = ["Port", "Session", "cores"]

_FLOAT32 = "tensor(float)"
_QUIET = 4  # ONNX Runtime's "fatal only": what it would log is raised, and told once, here


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Port:
    """One input or output of a network, as the file declares it."""

    def __init__(self, name: str, kind: str, shape: Sequence[int | str | None]) -> None:
        self.name = name
        self.float32 = kind == _FLOAT32
        self.kind = kind
        self.shape = tuple(n if isinstance(n, int) and n > 0 else None for n in shape)
        """None where the file leaves the length open."""


class Session:
    """A network on the processor. `threads` limits its cores; None leaves that to ONNX Runtime.

    `name` is what the errors call it. Raises ModelError.
    """

    def __init__(self, name: str, model: bytes, *, threads: int | None = None) -> None:
        from colorear.models.onnx_runtime import onnxruntime  # late: it takes half a second

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(threads or 0, cores())  # each is started at once
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # one for each size of photograph: 40 % more memory
        options.log_severity_level = _QUIET
        self.name = name
        try:
            self._session: Any = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors share no narrower base
            raise ModelError(
                f"{name} cannot be loaded as an ONNX network ({_first_line(error)}); "
                f"expected one self-contained .onnx file"
            ) from error
        self._session._model_bytes = None  # noqa: SLF001 -- it keeps the whole file "indefinitely"
        _return_freed_memory()
        self.inputs = [Port(p.name, p.type, p.shape) for p in self._session.get_inputs()]
        self.outputs = [Port(p.name, p.type, p.shape) for p in self._session.get_outputs()]
        for port in (*self.inputs, *self.outputs):
            if not port.float32:
                raise ModelError(
                    f"{name} has {port.kind} at {port.name!r}, expected 32-bit floats at every "
                    f"input and output; export it so (its weights may stay 16-bit)"
                )

    def run(self, feeds: dict[str, NDArray[np.float32]], outputs: list[str]) -> list[Any]:
        """The outputs named, for these inputs; all finite."""
        try:
            answers = self._session.run(outputs, feeds)
        except Exception as error:  # as above
            shapes = ", ".join(f"{name} {value.shape}" for name, value in feeds.items())
            raise ModelError(
                f"{self.name} failed on {shapes} ({_first_line(error)}); "
                f"check its sizes, or export it again"
            ) from error
        for output, answer in zip(outputs, answers, strict=True):
            if not np.isfinite(answer).all():
                raise ModelError(
                    f"{self.name} answered with values that are not numbers in {output!r}; "
                    f"the file is damaged or was exported from a failed training"
                )
        return list(answers)


def _return_freed_memory() -> None:
    """Give back what opening a network took for a moment, where the C library is glibc.

    ONNX Runtime writes the weights several times over while it improves the graph: of 98 MB that
    the bundled network took, 46 are freed, which glibc keeps for what may come (mallopt(3),
    M_MMAP_THRESHOLD: it has grown meanwhile).
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(" .")
