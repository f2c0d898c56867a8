from pathlib import Path

import pytest
from pydantic import ValidationError

from colorear.errors import RecipeError
from colorear.training.recipe import (
    AugmentationSpec,
    AutoencoderSpec,
    DataSpec,
    Folder,
    OptimizerSpec,
)
from colorear.training.recipe_file import read_recipe

PUBLISHED = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_recipes_are_valid(path):
    assert read_recipe(path).name == path.stem


@pytest.mark.parametrize("name", ["plain-shallow", "plain-deep", "skip-shallow", "skip-deep"])
def test_the_slides_recipe_is_theirs(name):
    """Adam and MAE by Keras's defaults, 50 epochs of batches of 50, validation_split=0.05."""
    recipe = read_recipe(PUBLISHED[0].with_name(f"slides-{name}.toml"))
    assert (recipe.loss, recipe.batch_size, recipe.epochs, recipe.keep) == (
        "absolute",
        50,
        50,
        "best",
    )
    assert (recipe.ema_decay, recipe.recalibration, recipe.precision) == (0, 0, "float32")
    assert recipe.network == AutoencoderSpec(kind="autoencoder", name=name, start="random")
    assert recipe.data == DataSpec(
        train=(Folder(folder="color", part="train"),),
        validation=(Folder(folder="color", part="validate"),),
        whole=True,
        crop=(160,),
        validation_size=160,
    )
    assert recipe.augmentation == AugmentationSpec()
    assert recipe.optimizer == OptimizerSpec(
        learning_rate=0.001,
        schedule="constant",
        weight_decay=0,
        epsilon=1e-7,
        epsilon_on="uncorrected",
    )


@pytest.fixture
def text():
    return next(path for path in PUBLISHED if path.stem == "acuarela-first").read_text()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("batch_size = 32", "bacth_size = 32", "bacth_size: there is no such key"),
        ("crop = [160]", "corp = [160]", "data.corp: there is no such key"),
        ("[data]", "[more]", "data: Field required"),
        (
            "batch_size = 32",
            "batch_size = 0",
            "batch_size: Input should be greater than or equal to 1",
        ),
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
        ("batch_size = 32", "batch_size = ", "is not TOML"),
        (
            "crop = [160]",
            "whole = true\ncrop = [96, 160]",
            "whole photographs are used at one size",
        ),
        ('kind = "acuarela"', 'kind = "aquarela"', "does not match any of the expected tags"),
        (
            "[data]",
            "[augmentation]\nhinted = 0.5\n[data]",
            "set both hints_in_encoder or hints_propagated, and augmentation.hinted",
        ),
        (
            "decoder = [",
            "hints_propagated = true\ndecoder = [",
            "set both hints_in_encoder or hints_propagated, and augmentation.hinted",
        ),
        ("decoder = [", "only_hints = true\ndecoder = [", "only_hints keeps all else"),
        ("decoder = [", "int8 = true\ndecoder = [", "start from an exported one"),
        ("decoder = [", "distilled = true\ndecoder = [", "start from an exported one"),
        ("[data]", "[augmentation]\nconsistency = 1.0\n[data]", "consistency is that of"),
        ("[data]", "[augmentation]\nrecolored = 0.5\n[data]", "a network cannot guess"),
        ("stop = 2375", 'stop = 2375, part = "train"', "by part or by start and stop; give one"),
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
    assert len(str(caught.value)) < len(str(path)) + 250  # not the whole recipe


def test_epochs_and_precision_may_be_others(tmp_path, text):
    path = tmp_path / "acuarela-first.toml"
    path.write_text(text)
    written = read_recipe(path)
    other = read_recipe(path, epochs=3, precision="bfloat16")
    assert written.epochs != 3
    assert other == written.model_copy(update={"epochs": 3, "precision": "bfloat16"})
    with pytest.raises(RecipeError, match="epochs: Input should be greater"):
        read_recipe(path, epochs=0)


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda path: path.stem)
def test_a_published_recipe_is_found_by_its_name(published, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_recipe(Path(published.stem)) == read_recipe(published)


def test_a_name_of_no_recipe_gets_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"'slides-skip-dep'; did you mean 'slides-skip-deep'\?"):
        read_recipe(Path("slides-skip-dep"))
    with pytest.raises(RecipeError, match=r"known are: .*finetune.*must end in \.toml"):
        read_recipe(Path("other"))


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.toml: cannot be read"):
        read_recipe(tmp_path / "none.toml")


def test_a_recipe_cannot_be_changed(recipe):
    with pytest.raises(ValidationError, match="frozen"):
        recipe.batch_size = 1
