"""Steps, one after the other: checkpoints, curves, samples, an end at the right time.

A line in it must leave a resumed run equal, bit for bit, to one that never stopped.
"""
