import shutil
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

import networks
from colorear.errors import ColorearError, EvaluationError, ModelError
from colorear.evaluation import evaluate as evaluating
from colorear.evaluation.dataset import find_photographs, gray
from colorear.evaluation.evaluate import evaluate
from colorear.evaluation.metrics import standard
from colorear.evaluation.report.rendering import kept, pictures_of
from colorear.evaluation.scores import Scores, read_scores, write_scores

NAMES = ["gray", "mean-color", "acuarela"]


@pytest.fixture(scope="module")
def scores(tmp_path_factory, landscapes):
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    assert evaluate(NAMES, landscapes, path, size=64) == []
    return path


def test_every_network_gets_a_row_for_every_photograph_of_the_test_part(scores):
    found = read_scores([scores])
    assert found.about.data.name == "landscapes/color [10:12]"
    assert sorted(found.done) == sorted((n, p) for n in NAMES for p in ("10.png", "11.png"))
    assert not found.table.drop(columns="photograph").isna().any(axis=None)
    truth = found.about.truth["10.png"]
    assert truth.chroma > 1
    assert 0 < truth.lightness < 100


def test_the_gray_rows_are_what_the_metrics_say_of_gray_copies(scores, landscapes):
    judged = find_photographs(landscapes, size=64)
    truth = torch.from_numpy(judged.pixels[0].copy()).permute(2, 0, 1)[None].float() / 255
    copy = torch.from_numpy(gray(judged.pixels[0])).expand(1, 3, 64, 64).float() / 255
    table = read_scores([scores]).table.set_index(["model", "photograph"])
    row = table.loc[("gray", "10.png")]
    for name, value in standard.score(truth, copy).items():
        assert row[name] == pytest.approx(value.item(), rel=1e-6)
    assert table.loc[("mean-color", "10.png")]["mse"] != row["mse"]


def test_a_stopped_judgment_goes_on_and_ends_alike(tmp_path, scores, landscapes, monkeypatch):
    path = tmp_path / "scores.parquet"
    evaluate(NAMES[:2], landscapes, path, size=64)
    monkeypatch.setattr(evaluating, "_AT_ONCE", 1)
    monkeypatch.setattr(evaluating, "_SAVED_EVERY", 0.0)
    true_score, calls = standard.score, []

    def score(*pair):
        calls.append(pair)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return true_score(*pair)

    monkeypatch.setattr(standard, "score", score)
    with pytest.raises(KeyboardInterrupt):
        evaluate(NAMES, landscapes, path, size=64)
    assert len(read_scores([path]).table) == 5
    evaluate(NAMES, landscapes, path, size=64)
    assert len(calls) == 3
    one, other = read_scores([scores]), read_scores([path])
    assert one.table.equals(other.table)
    assert one.about.models["acuarela"].frechet == pytest.approx(
        other.about.models["acuarela"].frechet, rel=1e-4
    )
    assert [invocation.command for invocation in other.about.invocations] == [
        f"colorear evaluate {named} --data {landscapes} --out {path} "
        "--convention standard --size 64"
        for named in ("gray mean-color", "gray mean-color acuarela")
    ]


def test_a_network_that_fails_on_one_photograph_is_told_and_the_others_judged(
    tmp_path, landscapes, monkeypatch
):
    found = evaluating.find_candidates(["gray"], find_photographs(landscapes, size=64))

    def fails_once(picture, calls=[]):  # noqa: B006
        calls.append(picture)
        if len(calls) == 1:
            raise ModelError("it is too dark")
        return found[0].colorize(picture)

    failing = evaluating.Candidate("clumsy", fails_once)
    monkeypatch.setattr(evaluating, "find_candidates", lambda *_: [failing, *found])
    failures = evaluate(["clumsy", "gray"], landscapes, tmp_path / "s.parquet", size=64)
    assert [(f.model, f.photograph, f.error) for f in failures] == [
        ("clumsy", "10.png", "it is too dark")
    ]
    table = read_scores([tmp_path / "s.parquet"]).table
    assert sorted(table["model"]) == ["clumsy", "gray", "gray"]


def test_scores_of_something_else_are_not_added_to(scores, landscapes, tmp_path):
    with pytest.raises(EvaluationError, match="with another size: 64 there, 48 here"):
        evaluate(["gray"], landscapes, scores, size=48)
    with pytest.raises(EvaluationError, match="with another fingerprint of the data"):
        evaluate(["gray"], landscapes, scores, size=64, part="all")
    path = tmp_path / "acuarela.onnx"
    path.write_bytes(networks.contract())
    with pytest.raises(EvaluationError, match="scores of another network called 'acuarela'"):
        evaluate([str(path)], landscapes, scores, size=64)


def test_the_same_photographs_may_be_named_otherwise(tmp_path, scores, landscapes, monkeypatch):
    shutil.copy(scores, tmp_path)
    monkeypatch.chdir(landscapes)
    assert evaluate(["gray"], Path(), tmp_path / scores.name, size=64) == []
    monkeypatch.chdir(landscapes / "color")
    assert evaluate(["gray"], Path(), tmp_path / scores.name, size=64, part="test") == []


def test_the_pictures_that_the_slides_show_are_kept(scores, landscapes):
    found = read_scores([scores])
    show, whose, photographs = kept(found, NAMES)
    assert whose == NAMES
    assert photographs == ["10.png", "11.png"]
    again = pictures_of([scores], landscapes)
    for name in NAMES[::2]:
        for mine, remade in zip(show(name, "11.png"), again(name, "11.png"), strict=True):
            assert mine.shape == remade.shape
            assert np.abs(mine.astype(int) - remade).mean() < 3  # levels, that JPEG costs
    assert not np.array_equal(show("gray", "11.png")[1], show("acuarela", "11.png")[1])


def test_scores_without_pictures_get_them_and_keep_their_numbers(
    tmp_path, scores, landscapes, monkeypatch
):
    found = read_scores([scores])
    truth = {n: msgspec.structs.replace(t, picture=None) for n, t in found.about.truth.items()}
    bare = Scores(
        found.table.assign(picture=None), msgspec.structs.replace(found.about, truth=truth)
    )
    write_scores(tmp_path / "bare.parquet", bare)
    assert kept(read_scores([tmp_path / "bare.parquet"]), NAMES)[1:] == ([], [])
    monkeypatch.setattr(standard, "score", None)  # nothing is judged again
    assert evaluate(NAMES, landscapes, tmp_path / "bare.parquet", size=64) == []
    filled = read_scores([tmp_path / "bare.parquet"])
    assert filled.table.equals(found.table)
    assert filled.about.truth == found.about.truth
    assert filled.about.models == found.about.models  # times and distances, too


def test_scores_to_publish_hold_no_photographs(tmp_path, landscapes):
    out = tmp_path / "scores.parquet"
    evaluate(["gray"], landscapes, out, size=64)
    before = read_scores([out]).table
    assert before["picture"].notna().all()
    evaluate(["gray"], landscapes, out, size=64, pictures=False)
    found = read_scores([out])
    assert found.table.equals(before.assign(picture=None))
    assert not any(truth.picture for truth in found.about.truth.values())
    assert found.about.invocations[-1].command.endswith(" --no-pictures")
    assert kept(found, ["gray"])[1:] == ([], [])


def test_scores_of_earlier_versions_have_no_pictures(tmp_path, scores):
    table = pq.read_table(scores)
    pq.write_table(table.drop_columns("picture"), tmp_path / "old.parquet")
    assert read_scores([tmp_path / "old.parquet"]).table["picture"].isna().all()


def test_what_was_judged_can_be_shown(tmp_path, scores, landscapes):
    show = pictures_of([scores], landscapes)
    shown, colored, true = show("acuarela", "11.png")
    assert np.array_equal(shown, gray(true))
    assert colored.shape == true.shape == (64, 64, 3)
    assert np.abs(gray(colored).astype(int) - shown).max() <= 1
    shutil.copy(landscapes / "color" / "11.png", tmp_path)
    with pytest.raises(ColorearError, match="does not hold the photographs that were judged"):
        pictures_of([scores], tmp_path)


def test_a_network_that_has_changed_is_not_shown(tmp_path, landscapes):
    network, out = tmp_path / "mine.onnx", tmp_path / "scores.parquet"
    network.write_bytes(networks.contract())
    evaluate([str(network)], landscapes, out, size=64)
    assert pictures_of([out], landscapes)("mine", "11.png")
    network.write_bytes(networks.contract(1))
    with pytest.raises(EvaluationError, match="'mine' is another network now"):
        pictures_of([out], landscapes)
