"""Many photographs: found, compared with what is done, coloured by workers that may die.

A line in it may lose no photograph and do none twice; what colours is `inference`.
"""
