import functools
import http.server
import socket
import threading

import pytest

from colorear.errors import ModelError
from colorear.models import add, fetch, is_here, load, registry


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def elsewhere(tmp_path, make_contract, added_folder, monkeypatch):
    """A folder with large.onnx, whose card alone is in the package."""
    folder, package = tmp_path / "elsewhere", tmp_path / "package"
    folder.mkdir()
    package.mkdir()
    (folder / "large.onnx").write_bytes(make_contract(4))
    add(folder / "large.onnx", "large", "contract")
    (added_folder / "large.json").replace(package / "large.json")
    (added_folder / "large.onnx").unlink()
    monkeypatch.setattr(registry, "BUNDLED", package)
    return folder


@pytest.fixture
def address(elsewhere):
    handler = functools.partial(Quiet, directory=str(elsewhere))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("end", ["", "/large.onnx"])
def test_a_file_or_its_folder_is_taken(elsewhere, added_folder, end):
    assert not is_here("large")
    assert fetch("large", f"{elsewhere}{end}") == added_folder / "large.onnx"
    assert load("large").card.name == "large"
    with pytest.raises(ModelError, match="is here already; use it with --model large"):
        fetch("large", str(elsewhere))


@pytest.mark.parametrize("end", ["", "/", "/large.onnx"])
def test_it_comes_over_http(address, added_folder, end):
    assert fetch("large", address + end) == added_folder / "large.onnx"
    assert load("large").card.name == "large"


@pytest.mark.parametrize("more", [b"", b"more"])
def test_another_file_is_not_kept(elsewhere, added_folder, more, make_contract):
    (elsewhere / "large.onnx").write_bytes(make_contract(4) + more if more else make_contract(2))
    with pytest.raises(ModelError, match="not the file that the card of large describes"):
        fetch("large", str(elsewhere))
    assert list(added_folder.iterdir()) == []


def test_what_cannot_be_read_is_named(elsewhere, address):
    with pytest.raises(ModelError, match=r"none\.onnx cannot be read: No such file or directory"):
        fetch("large", str(elsewhere / "none.onnx"))
    with pytest.raises(ModelError, match=r"none/large\.onnx cannot be read: (?i:file not found)"):
        fetch("large", f"{address}/none")
    with pytest.raises(ModelError, match="cannot be read"):
        fetch("large", "http://")


@pytest.mark.usefixtures("elsewhere")
def test_an_answer_that_is_no_http_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            line, _ = server.accept()
            with line:
                line.recv(1000)
                line.sendall(b"dear diary\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(
            ModelError, match=r"large\.onnx cannot be read: .*; name a file, a fold"
        ):
            fetch("large", f"http://127.0.0.1:{server.getsockname()[1]}/large.onnx")
        thread.join()


def test_an_unknown_network_is_not_fetched(elsewhere):
    with pytest.raises(ModelError, match="no network called 'other'"):
        fetch("other", str(elsewhere))
