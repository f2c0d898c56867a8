"""From many scores to intervals, tests, ranks and effects.

What is here sees tables of scores, never pictures; its chance is seeded.
"""
