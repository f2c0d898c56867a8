from pathlib import Path

import numpy as np
import pytest

from colorear import Colorizer
from colorear.learn.data import list_photographs, squares
from colorear.learn.recipe import Folder
from colorear.learn.scores import mse_ratio, put_on_card
from colorear.models.card import read_card

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def photographs(data):
    return squares(list_photographs(data, Folder(folder="judged")), 64)


def test_the_grey_copy_scores_one_and_half_the_way_a_quarter(photographs):
    def grey(luma):
        return np.repeat(luma[..., None], 3, axis=2)

    truths = iter([photographs[i] for i in range(len(photographs))])

    def halfway(luma):
        return (next(truths).astype(float) + grey(luma)) / 2

    assert mse_ratio(grey, photographs, "judged") == 1
    assert mse_ratio(halfway, photographs, "judged") == pytest.approx(0.25)


def test_scores_go_on_the_card(exported, finished_run, data, photographs):
    card = put_on_card(finished_run, exported, data)
    expected = mse_ratio(Colorizer(exported), photographs, "judged")
    assert card.scores == {"judged": {"mse_ratio_64": expected}}
    assert read_card(exported.with_suffix(".json")) == card


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the photographs of ../shared/data are not here")
@pytest.mark.parametrize(("folder", "most"), [("landscapes-val", 0.64), ("photos-val", 0.88)])
def test_the_bundled_network_beats_the_grey_copy(folder, most):
    """On every fifth photograph that it never learnt from."""
    paths = list_photographs(SHARED, Folder(folder=folder))[::5]
    assert mse_ratio(Colorizer(), squares(paths, 160), folder) < most
