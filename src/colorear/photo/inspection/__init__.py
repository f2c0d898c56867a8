"""Two photograph files compared by everything but the coded luma, to see what coloring changed.

A line in it may share nothing with what writes photographs: files are read anew, by simple code of
its own and by Pillow, so that a mistake of a writer is not made twice.
"""
