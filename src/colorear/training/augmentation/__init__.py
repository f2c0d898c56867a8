"""What befalls photographs before a network sees them: age, other colours, hints.

What is here is random by its seed alone, and touches no network.
"""
