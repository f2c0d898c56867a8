import os
import shutil

import numpy as np
import pytest

import networks
from colorear import color, models
from colorear.errors import EvaluationError, ModelError
from colorear.evaluation import candidates
from colorear.evaluation.candidates import find_candidates
from colorear.evaluation.dataset import find_photographs, gray
from colorear.training import run_folder
from colorear.training.recipe import Recipe
from colorear.training.run_folder import save_weights
from colorear.training.tasks import build


@pytest.fixture
def dataset(landscapes):
    return find_photographs(landscapes, size=64)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of an autoencoder that gives what it gets."""
    recipe = Recipe.model_validate(
        {
            "name": "tiny",
            "card": {"license": "CC0", "trained_on": "nothing", "size": 64},
            "data": {"train": [{"folder": "."}], "validation": [{"folder": "."}]},
            "network": {"kind": "autoencoder", "name": "skip-shallow", "start": "gray-copy"},
        }
    )
    folder = tmp_path_factory.mktemp("runs") / "passer"
    run_folder.begin(folder, recipe, {}, resume=False)
    save_weights(folder, build(recipe.network))
    return folder


def test_a_run_is_exported_once_until_its_weights_are_others(dataset, run, tmp_path, monkeypatch):
    asked = []

    def counting(folder, file):
        asked.append(folder)
        file.write_bytes(networks.painter())  # torch would take its time

    monkeypatch.setattr(candidates, "export", counting)
    copy = shutil.copytree(run, tmp_path / "copy")
    for _ in range(2):
        find_candidates([str(copy), f"{copy}@luma"], dataset)
    assert asked == [copy.resolve()]
    weights = copy / "weights.safetensors"
    os.utime(weights, (0, 0))
    find_candidates([str(copy)], dataset)
    assert len(asked) == 2


def test_gray_and_mean_color_do_nothing(dataset):
    nothing, mean = find_candidates(["gray", "mean-color"], dataset)
    picture = gray(dataset.pixels[0])
    assert np.array_equal(nothing.colorize(picture) * 255, np.stack([picture] * 3))
    lab = color.srgb_to_lab(mean.colorize(np.full((8, 8), 128, np.uint8)))
    pixels = np.stack([color.srgb_to_lab(p.transpose(2, 0, 1) / 255) for p in _learned(dataset)])
    assert lab[1:].mean((1, 2)) == pytest.approx(pixels[:, 1:].mean((0, 2, 3)), abs=0.05)


def _learned(dataset):
    from colorear.training.datasets.photographs import pack_squares

    photographs = pack_squares(dataset.others, 64)
    return [photographs[i].astype(np.float32) for i in range(len(photographs))]


def test_opposite_hues_are_turned_by_half_a_circle_with_luma_and_chroma_kept(dataset):
    (turned,) = find_candidates(["opposite-hues"], dataset)
    true = dataset.pixels[0]
    srgb = true.transpose(2, 0, 1) / 255
    made = turned.predict(true)
    assert np.abs(color.luma(made) * 255 - color.luma(srgb) * 255).max() < 1
    before, after = (color.srgb_to_lab(each)[1:] for each in (srgb, made))
    chroma = np.hypot(*before)
    strong = chroma > 10
    assert strong.any()
    # where the opposite color is outside sRGB its chroma is limited, but its hue is not
    cosine = (before * after).sum(0) / (chroma * np.hypot(*after)).clip(1e-6)
    assert np.median(cosine[strong]) < -0.95
    assert np.hypot(*after)[strong].max() <= chroma[strong].max() * 1.05


def test_a_run_that_makes_photographs_is_evaluated_by_them_and_when_asked_with_the_promise(
    dataset, run
):
    own, kept = find_candidates([str(run), f"{run}@luma"], dataset)
    assert (own.name, kept.name) == ("passer", "passer@luma")
    assert own.about.given == str(run)
    picture = gray(dataset.pixels[0])
    assert np.abs(own.colorize(picture) * 255 - picture).max() < 0.2
    assert np.abs(kept.colorize(picture) * 255 - picture).max() <= 1.01
    assert kept.about.given == f"{run}@luma"


def test_names_that_mean_nothing_or_the_same_are_told(dataset, landscapes):
    with pytest.raises(ModelError, match="there is no network called 'aquarela'; did you mean"):
        find_candidates(["aquarela"], dataset)
    with pytest.raises(EvaluationError, match="acuarela always keeps luma"):
        find_candidates(["acuarela@luma"], dataset)
    with pytest.raises(EvaluationError, match="'gray' was named twice"):
        find_candidates(["gray", "gray"], dataset)
    with pytest.raises(EvaluationError, match="all of these are evaluated"):
        find_candidates(["mean-color"], find_photographs(landscapes, size=64, part="all"))


def test_safe_colors_are_half_as_vivid(dataset, tmp_path):
    """With a network that multiplies by the vividness."""
    path = tmp_path / "vivid.onnx"
    path.write_bytes(networks.contract(vividness=True))
    usual, safe = find_candidates([str(path), f"{path}@safe"], dataset)
    assert (usual.name, safe.name) == ("vivid", "vivid@safe")
    picture = np.full((64, 64), 128, np.uint8)
    chroma = [
        np.hypot(*color.srgb_to_lab(each.colorize(picture))[1:]).mean() for each in (usual, safe)
    ]
    assert chroma[1] == pytest.approx(chroma[0] / 2, rel=0.1)


def test_a_network_without_vividness_has_no_safe_colors(dataset, known_network):
    with pytest.raises(
        EvaluationError, match="known takes no vividness, so it has no colors that are"
    ):
        find_candidates([f"{known_network}@safe"], dataset)


def test_a_file_is_tried_apart_before_it_is_loaded(monkeypatch, known_network):
    """It may take its process down; a network that was added has been tried then."""

    def refuses(path) -> None:
        raise ModelError(f"{path} was tried")

    monkeypatch.setattr(models, "try_out", refuses)
    with pytest.raises(ModelError, match=r"known\.onnx was tried"):
        find_candidates([str(known_network)], None)
    assert find_candidates(["gray", "acuarela"], None)[1].name == "acuarela"
