"""The command `colorear serve`."""

import socket
import subprocess
import sys

import pytest

COMMAND = "from colorear.cli import app; app()"


def run(code: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_without_the_extra_it_says_what_to_install():
    code = f"import sys; sys.modules['uvicorn'] = None; {COMMAND}"
    answer = run(code, "serve")
    assert answer.returncode == 2
    assert "pip install 'colorear[web]'" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_help_of_the_command_loads_nothing_of_the_server_nor_of_films():
    code = (
        "import sys\ntry:\n    from colorear.cli import app; app()\nfinally:\n"
        "    print({'fastapi', 'uvicorn', 'pydantic', 'colorear.video.film'} & set(sys.modules))"
    )
    assert "set()" in run(code, "--help").stdout


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("COLOREAR_QUEUE", "many", "error: COLOREAR_QUEUE holds what it cannot"),
        ("COLOREAR_MODEL", "acuarella", "error: there is no network called 'acuarella' here"),
    ],
)
def test_wrong_settings_are_told(monkeypatch, variable, value, said):
    monkeypatch.setenv(variable, value)
    answer = run(COMMAND, "serve")
    assert answer.returncode == 2
    assert answer.stderr.startswith(said)


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run(COMMAND, "serve", "--port", str(port))
    assert answer.returncode == 2
    assert answer.stderr == (
        f"error: 127.0.0.1:{port} cannot be listened at: Address already in use; name another "
        "place (--host, --port)\n"
    )
