from pathlib import Path

import pytest
from pydantic import ValidationError

from colorear.errors import RecipeError
from colorear.learn.recipe import read_recipe

PUBLISHED = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_recipes_are_valid(path):
    assert read_recipe(path).name == path.stem


@pytest.fixture
def text():
    return next(path for path in PUBLISHED if path.stem == "acuarela-first").read_text()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("batch = 32", "bacth = 32", "bacth: Extra inputs are not permitted"),
        ("crop = [160]", "corp = [160]", "data.corp: Extra inputs"),
        ("batch = 32", "batch = 0", "batch: Input should be greater than or equal to 1"),
        (
            "crop = [160]",
            "crop = [150]",
            "data.crop.0: Input should be a multiple of 32",
        ),
        (
            'loss = "squared"',
            'loss = "cubed"',
            "loss: Input should be 'absolute', 'squared'",
        ),
        ("batch = 32", "batch = ", "is not TOML"),
        (
            "crop = [160]",
            "whole = true\ncrop = [96, 160]",
            "whole photographs are seen at one size",
        ),
        ('kind = "acuarela"', 'kind = "aquarela"', "does not match any of the expected tags"),
        ("[data]", "[lesson]\nhinted = 0.5\n[data]", "set both network.hints and lesson.hinted"),
        ("decoder = [", "hints = true\ndecoder = [", "set both network.hints and lesson.hinted"),
        ("decoder = [", "only_hints = true\ndecoder = [", "only_hints keeps all else"),
        ("[data]", "[lesson]\nagreement = 1.0\n[data]", "agreement is that of"),
        ("[data]", "[lesson]\nrecoloured = 0.5\n[data]", "nobody can guess"),
        ('"photos-val"', '"else/landscapes-val"', "validation folders need different names"),
    ],
)
def test_a_faulty_recipe_is_named(tmp_path, text, before, after, told):
    path = tmp_path / "faulty.toml"
    path.write_text(text.replace(before, after))
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_epochs_and_precision_may_be_others(tmp_path, text):
    path = tmp_path / "acuarela-first.toml"
    path.write_text(text)
    written = read_recipe(path)
    other = read_recipe(path, epochs=3, precision="bfloat16")
    assert written.epochs != 3
    assert other == written.model_copy(update={"epochs": 3, "precision": "bfloat16"})
    with pytest.raises(RecipeError, match="epochs: Input should be greater"):
        read_recipe(path, epochs=0)


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.toml: cannot be read"):
        read_recipe(tmp_path / "none.toml")


def test_a_recipe_cannot_be_changed(recipe):
    with pytest.raises(ValidationError, match="frozen"):
        recipe.batch = 1
