"""Films: one in, the same one in color out, its luma untouched and its color steady.

A line in it may deal with streams, frames and times; how one picture gets its color is said above.
"""
