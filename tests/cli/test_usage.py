"""Help and what is said of wrong usage, in the language of the locale."""

import inspect
import re
import runpy
from pathlib import Path

import pytest
import typer.main
from typer import rich_utils
from typer.testing import CliRunner

from colorear.cli import app, output
from colorear.cli.usage import TITLES
from colorear.errors import ExitCode
from colorear.languages import translated

COMMANDS = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "commands.py"))["commands"]
PATHS = [path for path, _ in COMMANDS()]
SAME = {"N", "X", "Error"}  # in both languages


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(rich_utils, "MAX_WIDTH", 1000)  # so that no sentence is broken
    for name in TITLES:
        monkeypatch.setattr(rich_utils, name, getattr(rich_utils, name))  # and put back

    def answer(words: str, language: str = "es"):
        monkeypatch.setattr(output, "LANGUAGE", language)
        return CliRunner().invoke(app, words.split())

    return answer


def sentences(path: str) -> set[str]:
    """What the help of a command says in English."""
    command = typer.main.get_command(app)
    for name in path.split()[1:]:
        command = command.commands[name]
    context = typer.Context(command)
    parameters = [*command.get_params(context)]
    below = getattr(command, "commands", {}).values()
    texts = [command.help, *(one.help.split("\n\n")[0] for one in below)]
    texts += [parameter.help for parameter in parameters]
    texts += [one.metavar for one in parameters if one.metavar in ("TEXT", "PATH")]
    paragraphs = (one for text in texts for one in inspect.cleandoc(text).split("\n\n"))
    return {" ".join(one.split()) for one in paragraphs}


@pytest.mark.parametrize("path", PATHS)
def test_every_sentence_of_help_is_in_spanish(path, run):
    words = f"{path.removeprefix('colorear')} --help"
    shown = {language: run(words, language).stdout for language in ("es", "en")}
    for sentence in sentences(path):
        said = translated(sentence, "es", context="help")
        assert said != sentence
        pattern = rf"(?<!\w){re.escape(sentence.replace('`', ''))}(?!\w)"
        assert re.search(pattern, shown["en"])
        assert not re.search(pattern, shown["es"])
        assert said.replace("`", "") in shown["es"]
    assert shown["es"].lstrip().startswith(f"Uso: {path} [OPCIONES]")
    assert not re.search("Options|Arguments|Commands|default:|required", shown["es"])


@pytest.mark.parametrize("name", TITLES)
def test_what_stands_around_it_is_typers_own_in_english(name):
    assert TITLES[name] == getattr(rich_utils, name)
    assert TITLES[name] in SAME or translated(TITLES[name], "es", context="help") != TITLES[name]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nope", "No existe la orden 'nope'."),
        ("models ad", "No existe la orden 'ad'. ¿Quiso decir 'add'?"),
        ("serve --zzz", "No existe la opción --zzz"),
        ("serve --hosts", "No existe la opción --hosts (parecidas: --host"),
        ("serve --host", "La opción '--host' necesita un valor."),
        ("colorize a --overwrite=1", "La opción '--overwrite' no lleva ningún valor."),
        ("colorize", "Falta el argumento 'SOURCE'."),
        ("data pack a", "Falta la opción '-o' / '--out'."),
        ("verify a b c", "Sobran "),
        ("serve --port x", "Valor no válido para '--port': 'x' no es un número entero."),
        ("colorize a --vividness x", "Valor no válido para '--vividness': 'x' no es un número."),
        ("serve --port 70000", "'--port': 70000 no está en el intervalo 0<=x<=65535."),
        ("colorize a --on x", "'--on': 'x' no es ninguno de 'local', 'ray'."),
    ],
)
def test_wrong_usage_is_told_in_spanish(words, said, run):
    answer = run(words)
    assert answer.exit_code == ExitCode.WRONG_USAGE
    assert said in answer.stderr
    assert not re.search("Try|Usage|Invalid|Missing|No such|OPTIONS|is not", answer.stderr)


def test_wrong_usage_shows_how_it_is_typed_and_where_help_is(run):
    said = run("serve --port x").stderr
    assert said.startswith("Uso: colorear serve [OPCIONES]\n")
    assert "Pruebe «colorear serve --help» para ver la ayuda." in said


def test_help_is_in_english_again(run):
    spanish = run("serve --help").stdout
    english = run("serve --help", "en").stdout
    assert "[por omisión: 7860]" in spanish
    assert "[default: 7860]" in english
    assert "Usage: colorear serve [OPTIONS]" in english
