"""Export of a finished run as an ONNX file with its card and its scores.

It writes what `colorear.models` reads, and compares it with torch before.
"""
