"""One photograph in, the same photograph in colour out.

What is here joins files and networks; a line in it may decide colours, never luma.
"""
