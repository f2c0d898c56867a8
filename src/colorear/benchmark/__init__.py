"""How fast this machine colours, in how much memory, and beside what.

What is here measures; a line in it may change nothing that others compute.
"""
