"""A store that knows conditional requests, one that does not, and one that says nothing."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from obstore.exceptions import GenericError

from colorear.batch import conditional

PLACE = "s3", "bucket", "lock"


class Answers(BaseHTTPRequestHandler):
    """Always the same status, after those that come first; 0 closes the line."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        conditions = self.headers.get("If-None-Match"), self.headers.get("If-Match")
        self.server.asked.append((self.command, *conditions))
        status = self.server.first.pop(0) if self.server.first else self.server.status
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"a"')
        self.send_header("Last-Modified", "Sat, 28 Nov 2026 00:00:00 GMT")
        self.end_headers()

    do_GET = do_PUT = answer  # noqa: N815 - as the server calls them

    def log_message(self, *_) -> None:
        """Not on the terminal."""


@pytest.fixture
def store(monkeypatch):
    """Tell it the status of its answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.asked, server.first = [], []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(conditional, "_PATIENCE", 0)
    conditional._client.cache_clear()
    yield server
    conditional._client.cache_clear()
    server.shutdown()
    server.server_close()
    thread.join()


def requests():
    return (
        lambda: conditional.create(*PLACE, b"content"),
        lambda: conditional.read(*PLACE),
        lambda: conditional.replace(*PLACE, b"content", 'tag "a"'),
    )


def test_what_is_granted_has_the_version_of_the_store(store):
    store.status = 200
    create, read, replace = requests()
    assert (create(), read(), replace()) == ('tag "a"', (b"", 'tag "a"'), 'tag "a"')
    assert store.asked == [("PUT", "*", None), ("GET", None, None), ("PUT", None, '"a"')]


@pytest.mark.parametrize("request_number", range(3))
def test_a_store_that_is_busy_is_asked_again(store, monkeypatch, request_number):
    monkeypatch.setattr(conditional, "_PATIENCE", 30)
    store.first, store.status = [503, 503], 200
    assert requests()[request_number]()
    assert len(store.asked) == 3


@pytest.mark.parametrize("status", [409, 412])
def test_what_is_not_granted(store, status):
    store.status = status
    create, _, replace = requests()
    assert (create(), replace()) == (None, None)


def test_what_is_not_there(store):
    store.status = 404
    _, read, replace = requests()
    assert (read(), replace()) == (None, None)


@pytest.mark.parametrize("status", [400, 401, 403, 405, 501])
def test_a_store_that_refuses_such_requests_knows_none(store, status):
    store.status = status
    for request in requests():
        with pytest.raises(conditional.UnknownRequestError):
            request()


@pytest.mark.parametrize("status", [0, 500, 503])
def test_a_store_that_does_not_answer_may_know_them(store, status):
    store.status = status
    for request in requests():
        with pytest.raises(GenericError):
            request()


def test_other_stores_know_none(store):
    store.status = 200
    for scheme in ("file", "sftp"):
        with pytest.raises(conditional.UnknownRequestError):
            conditional.create(scheme, "", "a", b"")
    with pytest.raises(conditional.UnknownRequestError):
        conditional.replace(*PLACE, b"", conditional.version_of(b"what was there"))
    assert store.asked == []


@pytest.mark.parametrize("name", ["tab\there", "two//slashes", "a/../b", "a/./b"])
def test_names_that_the_client_does_not_take_are_no_reason_to_give_up(store, name):
    for request in (
        lambda: conditional.create("s3", "bucket", name, b""),
        lambda: conditional.read("s3", "bucket", name),
        lambda: conditional.replace("s3", "bucket", name, b"", 'tag "a"'),
    ):
        with pytest.raises(conditional.UnknownRequestError):
            request()
    assert store.asked == []


def test_a_photograph_may_take_longer_than_a_lock(store, monkeypatch):
    """Half a minute is the client's own limit, in which many a line does not carry a scan."""
    clients, client = [], conditional._client
    store.status = 200
    with monkeypatch.context() as patch:
        patch.setattr(conditional, "_client", lambda *how: clients.append(how) or client(*how))
        assert conditional.create(*PLACE, bytes(65536))
        assert conditional.create(*PLACE, bytes(65537), {"Content-Type": "image/png"})
    assert clients == [("s3", "bucket", 30), ("s3", "bucket", 3600)]


@pytest.mark.parametrize(
    ("said", "is_silence"),
    [
        ("performing PUT http://169.254.169.254/latest/api/token in 1s - HTTP error: error", False),
        ("performing GET http://metadata.google.internal/a - HTTP error: error", False),
        ("performing PUT http://store/lock in 30.0s - HTTP error: error sending request", True),
        ("HTTP error: request or response body error", True),
    ],
)
def test_machines_without_keys_from_their_cloud_are_no_silent_store(said, is_silence):
    assert conditional._is_silence(said) is is_silence
