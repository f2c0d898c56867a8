from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from colorear import Colorizer
from colorear.errors import DataError
from colorear.models.card import read_card
from colorear.models.network import SAFE
from colorear.training.datasets.photographs import list_photographs, pack_squares
from colorear.training.export.scores import put_on_card, score
from colorear.training.recipe import Folder

SHARED = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def photographs(data):
    return pack_squares(list_photographs(data, Folder(folder="judged")), 64)


def test_the_gray_copy_scores_one_and_half_the_way_a_quarter(photographs):
    def gray(luma):
        return np.repeat(luma[..., None], 3, axis=2)

    truths = iter([photographs[i] for i in range(len(photographs))])

    def halfway(luma):
        return (next(truths).astype(float) + gray(luma)) / 2

    assert score(gray, photographs, "judged") == {
        "mse_ratio": 1,
        "chroma_ratio": pytest.approx(0, abs=1e-5),
    }
    scores = score(halfway, photographs, "judged")
    assert scores["mse_ratio"] == pytest.approx(0.25)
    assert 0.4 < scores["chroma_ratio"] < 0.6


def test_photographs_without_color_cannot_be_judged_on(photographs):
    gray = replace(photographs, pixels=np.full_like(photographs.pixels, 128))
    with pytest.raises(DataError, match="photographs of judged are all grey"):
        score(lambda luma: np.repeat(luma[..., None], 3, axis=2), gray, "judged")


def test_scores_go_on_the_card(exported, finished_run, data, photographs):
    card = put_on_card(finished_run, exported, data)
    expected = score(Colorizer(exported), photographs, "judged")
    assert card.scores == {"judged": {f"{name}_64": value for name, value in expected.items()}}
    assert read_card(exported.with_suffix(".json")) == card


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the photographs of ../shared/data are not here")
@pytest.mark.parametrize(
    ("folder", "vividness", "most"),
    [
        ("landscapes-val", SAFE, 0.58),
        ("landscapes-val", 1.0, 0.75),
        ("photos-val", SAFE, 0.78),
        ("photos-val", 1.0, 1.0),
    ],
)
def test_the_bundled_network_beats_the_gray_copy(folder, vividness, most):
    """On every fifth photograph that it never learnt from."""
    paths = list_photographs(SHARED, Folder(folder=folder))[::5]
    color = partial(Colorizer(), vividness=vividness)
    assert score(color, pack_squares(paths, 160), folder)["mse_ratio"] < most
