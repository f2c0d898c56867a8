from pathlib import Path

import pytest

import networks
from colorear.errors import EvaluationError
from colorear.evaluation import candidates
from colorear.evaluation import study as studying
from colorear.evaluation.scores import read_scores
from colorear.evaluation.study import slides_recipe, study
from colorear.training.recipe_file import read_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize("name", ["plain-shallow", "plain-deep", "skip-shallow", "skip-deep"])
def test_its_recipes_are_those_that_are_published(name):
    ours, published = slides_recipe(name), read_recipe(RECIPES / f"slides-{name}.toml")
    assert ours.model_copy(update={"card": published.card}) == published
    assert slides_recipe(name, seed=3).seed == 3


@pytest.fixture
def small(monkeypatch):
    """One network, one epoch, batches that twelve photographs fill; torch exports nothing.

    That takes it half a minute each time; test_notebook.py has it done for all networks.
    """
    monkeypatch.setattr(studying, "_NETWORKS", ("plain-shallow",))
    monkeypatch.setattr(studying, "_QUICK_EPOCHS", 1)
    monkeypatch.setattr(studying, "_QUICK_BATCH", 4)

    def exported(run, file):
        assert (run / "weights.safetensors").exists()
        file.write_bytes(networks.painter())

    monkeypatch.setattr(candidates, "export", exported)


@pytest.mark.usefixtures("small")
def test_from_photographs_to_report_and_not_again(tmp_path, landscapes, monkeypatch):
    out, lines = tmp_path / "study", []
    assert study(landscapes / "color", out, seeds=2, quick=True, say=lines.append) == []
    models = set(read_scores([out / "scores.parquet"]).about.models)
    seeds = {"slides-plain-shallow-seed1", "slides-plain-shallow-seed2"}
    assert models == {*seeds, "gray", "mean-color", "opposite-hues"}
    page = (out / "report" / "index.html").read_text(encoding="utf-8")
    assert "other trainings" in page
    assert "slides-plain-shallow" in page
    weights = {path: path.stat().st_mtime_ns for path in out.rglob("weights.safetensors")}
    assert len(weights) == 2

    def refuse(*_, **__):
        raise AssertionError("it was trained again")

    monkeypatch.setattr(studying, "train", refuse)
    study(landscapes / "color", out, seeds=2, quick=True, say=lines.append)
    assert "slides-plain-shallow-seed1 is trained already" in lines
    assert weights == {path: path.stat().st_mtime_ns for path in weights}


@pytest.mark.usefixtures("small")
def test_a_run_that_was_stopped_is_told_and_resumed(tmp_path, landscapes, monkeypatch):
    resumed = []

    def stopped(_recipe, _data, run, *, resume):
        resumed.append(resume)
        run.mkdir(parents=True, exist_ok=True)
        (run / "run.json").write_text("{}")

    monkeypatch.setattr(studying, "train", stopped)
    for _ in range(2):
        with pytest.raises(EvaluationError, match="was stopped before its end"):
            study(landscapes / "color", tmp_path / "study", quick=True, say=lambda _: None)
    assert resumed == [False, True]
