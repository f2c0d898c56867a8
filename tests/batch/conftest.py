import pytest

import s3
from colorear.batch import lock


@pytest.fixture(scope="module")
def server():
    """A store, whose bucket this is."""
    with s3.served() as bucket:
        yield bucket


@pytest.fixture
def bucket(server, monkeypatch):
    """It, empty; nobody waits to see whether it grants a lock to two."""
    monkeypatch.setattr(lock, "_SETTLES", 0)
    server.empty()
    return server
