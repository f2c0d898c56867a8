"""The page and the REST API (extra: web): one process, which keeps what it promises under load."""
