"""The training loop: steps, checkpoints, validation, curves, sample pictures, signals.

Whatever is changed here, a resumed run stays equal, bit for bit, to one that never stopped.
"""
