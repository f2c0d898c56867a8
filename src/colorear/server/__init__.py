"""The page and the REST API (extra: web): one process, which keeps what it promises under load.

What is here is met by strangers: a line in it may trust nothing that a client sends.
"""
