"""The command speaks the language of the locale, and JSON is the same in every one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from colorear import models

CHINA = Path(models.__file__).parents[1] / "examples" / "china.jpg"


def run(*words: object, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "colorear", *map(str, words)]
    clean = {
        name: value for name, value in os.environ.items() if name not in ("LC_ALL", "LANGUAGE")
    }
    told = clean | {"LANG": "es_ES.UTF-8"} | environment
    return subprocess.run(command, env=told, capture_output=True, text=True, check=False)


@pytest.fixture
def attic(tmp_path) -> Path:
    attic = tmp_path / "ático"
    attic.mkdir()
    Image.open(CHINA).convert("L").resize((90, 60)).save(attic / "abuela mía.jpg")
    for name in ("cartas.txt", "diario.txt"):
        (attic / name).write_text("querido diario")
    (attic / "nada.png").write_bytes(b"")
    return attic


def test_what_becomes_of_a_folder_is_said_in_spanish(attic, known_network):
    answer = run("colorize", attic, "-o", attic.parent / "out", "--model", known_network)
    assert answer.returncode == 1
    error, summary, others = answer.stderr.splitlines()
    assert "nada.png» está vacío, y hace falta una foto JPEG" in error
    assert summary.startswith("1 foto coloreada, 1 sin hacer; ")
    assert summary.endswith(" megapíxeles/s")
    assert others == "2 archivos más se dejaron como están: 2 .txt"

    original = attic / "abuela mía.jpg"
    said = run("verify", original, attic.parent / "out" / "abuela mía-color.jpg").stdout
    assert "coeficientes DCT de la luma: idénticos" in said
    assert "cambió además: nada" in said
    assert "color: sintético, de colorear" in said
    assert said.endswith("la promesa se cumple\n")


def test_json_is_the_same_in_every_language(attic, known_network):
    words = ("colorize", attic, "--json", "--model", known_network, "-o")
    told = [
        run(*words, attic.parent / language, LANG=language).stdout
        for language in ("es_ES.UTF-8", "C.UTF-8")
    ]
    spanish, english = ([json.loads(line) for line in lines.splitlines()] for lines in told)
    failed = [one for one in spanish if one.get("state") == "failed"]
    assert failed == [one for one in english if one.get("state") == "failed"]
    assert "is empty, but a JPEG" in failed[0]["error"]
    assert [set(one) for one in spanish] == [set(one) for one in english]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("colorize", "no.jpg"), 1, "error: «no.jpg» no existe; revise el nombre\n"),
        (("colorize", "no.jpg", "--certificate", "a"), 2, "van juntos, y llegó solo uno"),
        (("verify", "a b.jpg", "c.jpg"), 1, "error: «a b.jpg» no existe; revise el nombre\n"),
        (("models", "remove", "acuarela"), 2, "error: acuarela viene con colorear"),
        (("colorize", "no.jpg", "--model", "x"), 2, "no hay una red llamada 'x'; se conocen: "),
    ],
)
def test_errors_are_said_in_spanish_with_the_same_exit_status(words, code, said):
    answer = run(*words)
    assert said in answer.stderr
    english = run(*words, LC_ALL="C.UTF-8")
    assert answer.returncode == english.returncode == code
    assert answer.stderr != english.stderr
    assert " the " not in answer.stderr


def test_english_loads_no_catalog():
    check = (
        "import sys; from colorear.cli import output;"
        "output.said('the promise is kept'); output.counted(1, '{count} frame', '{count} frames');"
        "sys.exit('polib' in sys.modules)"
    )
    environment = os.environ | {"LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", check], env=environment, check=True)


def test_what_is_known_of_a_network_is_said_in_spanish():
    said = run("models", "show", "acuarela").stdout
    assert "aprendió son datos de investigación" in " ".join(said.split())
    names = {line.split("  ")[0] for line in said.splitlines()}
    same = {"bytes"}
    assert not names & ({*models.Card.__struct_fields__, "True"} - same)
    assert "fotos en color de" in run("models").stdout
    assert "colour photographs" in run("models", "list", "--json").stdout
