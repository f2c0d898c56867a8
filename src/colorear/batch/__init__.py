"""Many photographs: found, compared with what is done, colored by workers that may die.

A line in it may lose no photograph and do none twice; what colors is `inference`.
"""
