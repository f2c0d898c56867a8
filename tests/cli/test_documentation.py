"""Every command and every error is documented, and the pages are those of today."""

import importlib
import pkgutil
import runpy
from pathlib import Path

import onnxruntime
import pyarrow as pa
import pytest
import pyvips

import colorear
from colorear.errors import FOREIGN, ColorearError, ExitCode, foreign

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = runpy.run_path(str(DOCS / "commands.py"))
ERRORS = runpy.run_path(str(DOCS / "errors.py"))


@pytest.mark.parametrize("made", [COMMANDS, ERRORS], ids=["commands", "errors"])
def test_the_page_is_that_of_today(made):
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"]()


@pytest.mark.parametrize(
    "command", [pytest.param(each, id=path) for path, each in COMMANDS["commands"]()]
)
def test_every_command_and_option_says_what_it_is(command):
    assert command.help
    assert command.help.strip().partition("\n")[0].endswith((".", ","))
    assert [parameter.name for parameter in command.params if not parameter.help] == []


def test_every_error_has_an_exit_code():
    for module in pkgutil.walk_packages(colorear.__path__, "colorear."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    pending, kinds = [ColorearError], set()
    while pending:
        kinds.add(kind := pending.pop())
        pending += kind.__subclasses__()
    assert len(kinds) > 20
    assert {type(kind.exit_code) for kind in kinds} == {ExitCode}
    assert not any(kind.exit_code in (ExitCode.DONE, ExitCode.STOPPED) for kind in kinds)


def raised(call):
    with pytest.raises(Exception) as info:  # noqa: PT011 - whatever it is
        call()
    return info.value


def test_the_table_knows_what_the_libraries_raise(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    errors = {
        "builtins.FileNotFoundError": raised(lambda: (tmp_path / "none").read_bytes()),
        "builtins.IsADirectoryError": raised(tmp_path.read_bytes),
        "pyvips.error.Error": raised(lambda: pyvips.Image.jpegload(str(tmp_path / "x.jpg"))),
        "onnxruntime.capi.onnxruntime_pybind11_state.*": raised(
            lambda: onnxruntime.InferenceSession(b"dear diary")
        ),
        "pyarrow.lib.ArrowException": raised(lambda: pa.array(["a"]).cast(pa.int8())),
    }
    assert {name: foreign(error).raised for name, error in errors.items()} == {
        name: name for name in errors
    }
    assert foreign(RuntimeError("a bug of ours")) is None


def test_no_row_of_the_table_is_hidden_by_an_earlier_one():
    seen = set()
    for row in FOREIGN:
        assert (row.raised, "") not in seen
        assert (row.raised, row.code) not in seen
        seen.add((row.raised, row.code))
