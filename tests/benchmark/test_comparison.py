"""In which environment commands are timed."""

from colorear.benchmark.comparison import as_installed


def test_what_python_compiles_is_kept_and_all_else_as_it_is(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("OF_THE_USER", "kept")
    environment = as_installed()
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["OF_THE_USER"] == "kept"
