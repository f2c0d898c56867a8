import numpy as np
import pytest

from colorear.errors import EvaluationError
from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.figures import figures, read_history
from made_scores import FOUR, by_quality, made_comparison


def test_figures_come_only_of_what_is_there():
    compared = made_comparison(by_quality({"a": 0.0}, metrics=("mse",), count=3))
    assert set(figures(compared, ENGLISH, {})) == {"metrics"}


def test_one_photograph_can_be_drawn():
    compared = made_comparison(by_quality(dict.fromkeys(FOUR, 0.0), metrics=("mse",), count=1))
    assert set(figures(compared, ENGLISH, {})) == {"metrics", "effects"}


def test_a_history_is_read_as_the_trainer_wrote_it(tmp_path):
    (tmp_path / "history.csv").write_text(
        "epoch,step,loss,accuracy,minutes,color loss,color mse ratio\n"
        "1.0,10.0,0.5,0.3,1.0,0.4,1.2\n2.0,20.0,0.4,0.4,2.0,0.3,0.9\n"
    )
    history = read_history(tmp_path)
    assert history["epoch"] == [1, 2]
    assert history["color mse ratio"] == [1.2, 0.9]
    compared = made_comparison({"a": {"mse": np.ones(2)}})
    assert "training" in figures(compared, ENGLISH, {"run": history})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read as the history of a run"),
        ("epoch,loss\n1,x\n", "cannot be read as the history of a run"),
        ("epoch,loss\n1\n", "cannot be read as the history of a run"),
        ("", "has no epochs"),
    ],
)
def test_what_is_no_history_is_refused(tmp_path, text, told):
    if text is not None:
        (tmp_path / "history.csv").write_text(text)
    with pytest.raises(EvaluationError, match=told):
        read_history(tmp_path)
