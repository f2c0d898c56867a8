"""The REST API: its routes, what they take, what they answer, what is counted.

What is here is public: a line in it may break programs that others wrote.
"""
