"""Numbers for one coloured photograph beside the true one, and for two sets of them.

Pure functions of tensors; a line in it may not know networks, files or reports.
"""
