"""The page for short films: what visitors send, what they are shown first, and what they take home.

What is here knows the page of photographs only by its look and its lock.
"""
