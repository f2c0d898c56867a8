"""ONNX Runtime, imported without its telemetry: nothing else of colorear imports it.

Since 1.29 the import alone writes an identifier of the device under the home folder and looks up a
host of its maker, also on Linux, unless this variable stands in the environment before. Whoever
wants the telemetry sets it to 0.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]
