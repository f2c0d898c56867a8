"""The page for people: what is seen, what its scripts ask for, what a visitor has open.

What is here uses the workers of the server, and nothing of the API.
"""
