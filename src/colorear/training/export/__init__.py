"""A finished run becomes an ONNX file with its card and its scores.

What is here writes what `models` reads, and compares it with torch before.
"""
