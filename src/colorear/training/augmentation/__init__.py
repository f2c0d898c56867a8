"""Augmentation of photographs before a network is shown them: degradation, other colors, hints.

It is random by its seed alone, and touches no network.
"""
