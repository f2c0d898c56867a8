"""Photographs to learn from: found, prepared, split, decoded once, cut.

A line in it may decide which pixels a network sees, so it changes every later run.
"""
