"""The networks, layer by layer, and how they become smaller or faster.

A line in it changes what weights mean: weights and exports of before must fit still.
"""
