"""Bad files get the sentence of their kind, and no other: two of each kind, in `make fuzz` many."""

import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorear import Colorizer
from colorear.batch.journal import Journal
from colorear.errors import ColorearError, ExitCode
from colorear.hints import read_hints
from colorear.models import load
from colorear.models.card import read_card
from colorear.training.recipe_file import read_recipe
from fuzz.bad_files import KINDS
from fuzz.limits import bounded

CODES = {"photograph": ExitCode.FAILED, "journal": ExitCode.FAILED}
FEW, ALL = 2, 14


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network)


def read(door: str, path: Path, colorizer: Colorizer) -> object:
    match door:
        case "photograph":
            return colorizer.colorize(path, path.with_name(f"made{path.suffix}"))
        case "hints":
            return read_hints(path)
        case "card":
            return read_card(path)
        case "recipe":
            return read_recipe(path)
        case "journal":
            with closing(Journal(path.parent)) as journal:
                return [journal.entry(f"{i}.jpg") for i in range(50)]
    return load(path)


def test_there_are_many_kinds():
    assert len(KINDS) >= 60
    assert len(KINDS) * ALL > 500


@pytest.mark.parametrize("name", KINDS)
def test_its_sentence(tmp_path, colorizer, name, how_many, record_property):
    kind = KINDS[name]
    random = np.random.default_rng(sum(name.encode()))
    many = how_many(FEW, ALL)
    for number in range(many):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = kind.place(random, folder)
        before = sorted(folder.iterdir())
        with bounded(), pytest.raises(ColorearError) as told:
            read(kind.door, path, colorizer)
        said = str(told.value)
        assert re.search(kind.says, said), said
        assert str(folder) in said or kind.door == "hints"  # of these the places are told
        assert "\n" not in said
        assert "report it" not in said
        assert told.value.exit_code is CODES.get(kind.door, ExitCode.WRONG_USAGE)
        assert sorted(folder.iterdir()) == before  # nothing half-made
    record_property("bad files", many)
    record_property("kinds of bad files", 1)


def test_all_of_them_by_one_command(tmp_path, free_pictures, known_network, how_many):
    """Some hundred bad photographs at once, and a good one after each: none stops the others."""
    kinds = {name: kind for name, kind in KINDS.items() if kind.door == "photograph"}
    random = np.random.default_rng(1)
    places, good = {}, []
    for number in range(how_many(0, 5)):
        for name, kind in kinds.items():
            folder = tmp_path / f"{name}-{number}"
            folder.mkdir()
            if name not in ("folder", "loop"):  # neither is a file that can get another name
                path = kind.place(random, folder)
                alone = folder / f"{name}-{number}{path.suffix}"  # all colors go to one folder
                if path.exists():  # one kind is missing
                    path.rename(alone)
                places[str(alone)] = kind.says
                good.append(folder / f"good-{name}-{number}.png")
                Image.fromarray(free_pictures["coffee"][:40, :50, 1]).save(good[-1])
    if not places:
        pytest.skip("only with --fuzz")
    command = [sys.executable, "-m", "colorear", "colorize", "--json", "--model", known_network]
    both = [path for pair in zip(places, good, strict=True) for path in pair]
    command += ["-o", tmp_path / "out", *both]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.FAILED
    assert done.stderr == ""
    *answers, _ = [json.loads(line) for line in done.stdout.splitlines()]
    told = {answer["source"]: answer["error"] for answer in answers if "error" in answer}
    assert set(told) == set(places)
    assert [said for path, said in told.items() if not re.search(places[path], said)] == []
    made = sorted(path.name for path in (tmp_path / "out").glob("good-*"))
    assert made == sorted(path.name for path in good)
